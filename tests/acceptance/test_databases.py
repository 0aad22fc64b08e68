"""Which commands make a database, what the others say where there is none, and which database is left alone."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from syncctl.cli.app import whole_app
from syncctl.db.connect import open_database
from syncctl.db.contract import CountStates
from syncctl.db.embedded.engine import schema_version
from syncctl.demo.store import SimulatedStore
from syncctl.errors import ConfigError
from tests.acceptance.program import Ended, Program
from tests.commands import Command, commands
from tests.raws import raw_order

POSIX = os.name != "nt"
MAKES = {("stage",), ("db", "seed"), ("demo",)}
NEEDS_NONE = {
    ("alerts", "test"),
    ("config", "show"),
    ("config", "profiles"),
    ("config", "set"),
    ("config", "erp", "column"),
    ("db", "deploy"),
    ("db", "check"),
    ("schedule", "show"),
    ("schedule", "install"),
    ("schedule", "status"),
    ("schedule", "remove"),
    ("schedule", "run"),
    ("completion",),
    ("alerts", "test"),
}
"""Commands that look at settings only, at a SQL Server only, at the host's scheduler, or at the ways to people."""
WORKS_ON_ONE = [command for command in commands(whole_app()) if command.path not in MAKES | NEEDS_NONE]


@pytest.fixture
def empty_handed(newcomer: Program, tmp_path: Path) -> Program:
    """The program where nothing is set: a job that was started in the wrong folder, with an account of its own."""
    home = tmp_path / "home"
    home.mkdir()
    newcomer.folder = tmp_path / "elsewhere"
    newcomer.folder.mkdir()
    for name in ("SYNCCTL_DATABASE", "SYNCCTL_LOG_DIR", "SYNCCTL_LOCK_DIR"):
        newcomer.settings[name] = ""
    newcomer.settings |= {"HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "LOCALAPPDATA": str(home / "data")}
    return newcomer


def databases(folder: Path) -> list[Path]:
    """Every SQLite database under a folder."""
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix == ".db"]


def refused(ended: Ended, *said: str) -> None:
    """Hold a run to one line and 78."""
    assert ended.code == 78, (ended.out, ended.err)
    [line] = ended.err.splitlines()
    for words in said:
        assert words in line


def reported(ended: Ended, *said: str) -> None:
    """Hold a command that reports what it finds to 78 and the same words."""
    assert ended.code == 78, (ended.out, ended.err)
    shown = " ".join(re.sub(r"\s+", " ", ended.out + ended.err).split())
    for words in said:
        assert words in shown


REPORTS = {("health",), ("config", "check"), ("alerts", "run")}


@pytest.mark.parametrize("command", WORKS_ON_ONE, ids=str)
def test_a_command_that_works_on_a_database_makes_none(newcomer: Program, command: Command):
    ended = newcomer(*command.sound())
    check = reported if command.path in REPORTS else refused
    check(ended, "There is no database", "shop.db")
    assert databases(newcomer.folder) == []


@pytest.mark.parametrize("job", ["pod-fetch", "pod-retry", "process", "retry-failed", "sync-status", "stage", "validate"])
def test_a_job_in_the_wrong_folder_succeeds_at_nothing(empty_handed: Program, tmp_path: Path, job: str):
    ended = empty_handed(job)
    assert ended.code == 78
    assert len(ended.err.splitlines()) == 1
    if job != "stage":
        assert f"there is no settings file .env in {empty_handed.folder}" in ended.err
        assert "--env-file" in ended.err
    assert databases(tmp_path) == []


def test_the_first_stage_makes_a_database_and_says_where(new_shop: Program):
    ended = new_shop("stage")
    assert ended.code == 0
    assert f"syncctl: Made the embedded database {new_shop.folder / 'shop.db'}." in ended.err.splitlines()
    assert new_shop("stage").err == ""
    assert new_shop("process").code == 78, "the site is not set up"
    assert new_shop("config", "erp", "import", "--yes").code == 0
    assert new_shop("process").code == 0


def test_seeding_makes_a_database_and_says_where(new_shop: Program):
    made = f"Made the embedded database {new_shop.folder / 'shop.db'}."
    assert made in new_shop("db", "seed", "--from-store").err
    (new_shop.folder / "shop.db").unlink()
    assert made in new_shop("db", "seed", "--empty").err
    assert new_shop("pod", "add", "CL-1", "--carrier", "UPS", "--tracking", "1Z999AA10123456784").code == 0


def test_a_store_that_cannot_be_read_makes_no_database(new_shop: Program):
    new_shop.settings["SYNCCTL_WOO_CONSUMER_SECRET"] = "cs_wrong"
    assert new_shop("db", "seed", "--from-store").code == 78
    new_shop.settings["SYNCCTL_WOO_CONSUMER_KEY"] = ""
    assert "SYNCCTL_WOO_CONSUMER_KEY is not set" in new_shop("stage").err
    assert databases(new_shop.folder) == []


def test_a_file_with_nothing_in_it_is_no_database(newcomer: Program):
    (newcomer.folder / "shop.db").touch()
    refused(newcomer("process"), "There is nothing of syncctl in", "shop.db")


def test_the_message_says_where_the_name_came_from(newcomer: Program):
    refused(newcomer("process", "--database", "sqlite:///typo.db"), "Is --database right?", "typo.db")
    refused(newcomer("process"), "SYNCCTL_DATABASE right (from environment)")
    newcomer.settings["SYNCCTL_DATABASE"] = ""
    (newcomer.folder / ".env").write_text("SYNCCTL_DATABASE=sqlite:///other.db\n", encoding="utf-8")
    refused(newcomer("process"), "SYNCCTL_DATABASE right (from .env)", str(newcomer.folder / "other.db"))


@pytest.fixture
def new_shop(newcomer: Program, store: SimulatedStore) -> Program:
    """The program, with a store and no database yet."""
    (newcomer.folder / "shop.db").unlink()
    newcomer.connect_to(store)
    return newcomer


@contextmanager
def newer(program: Program) -> Iterator[int]:
    """A database that a later version of syncctl has brought up to date."""
    version = schema_version() + 3
    with closing(sqlite3.connect(program.folder / "shop.db")) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    yield version


@pytest.mark.parametrize(
    "command", [command for command in commands(whole_app()) if command.path not in NEEDS_NONE | {("demo",)}], ids=str
)
def test_a_newer_database_is_left_alone_by_every_command(syncctl: Program, store: SimulatedStore, command: Command):
    store.load([raw_order(id=1, number="1")])
    with newer(syncctl) as version:
        before = (syncctl.folder / "shop.db").read_bytes()
        ended = syncctl(*command.sound())
        check = reported if command.path in REPORTS else refused
        check(ended, f"is of version {version}", f"knows versions up to {schema_version()}")
        assert (syncctl.folder / "shop.db").read_bytes() == before


def test_the_demo_leaves_a_newer_database_alone(syncctl: Program):
    with newer(syncctl) as version:
        refused(syncctl("demo", "--database", syncctl.database), f"is of version {version}")


@pytest.mark.skipif(
    not POSIX, reason="NOT tested on Windows, because its rights are no modes: files lie in the account's own folder there"
)
def test_what_the_program_writes_is_for_its_account_alone(new_shop: Program, store: SimulatedStore):
    before = os.umask(0)
    try:
        place = new_shop.folder / "data" / "deep"
        new_shop.settings |= {
            "SYNCCTL_DATABASE": f"sqlite:///{place / 'shop.db'}",
            "SYNCCTL_LOG_DIR": str(new_shop.folder / "logs" / "deep"),
            "SYNCCTL_LOCK_DIR": str(new_shop.folder / "locks" / "deep"),
        }
        store.load([raw_order(id=1, number="1")])
        assert new_shop("stage", "--since", "2026-10-01").code == 0
        assert new_shop("config", "set", "http_read_timeout", "60").code == 0
        with closing(open_database(new_shop.settings["SYNCCTL_DATABASE"])) as database, database.exclusive("stage main"):
            database.run(CountStates())
            found = (path for path in new_shop.folder.rglob("*") if "bin" not in path.relative_to(new_shop.folder).parts)
            modes = {path: stat.S_IMODE(path.stat().st_mode) for path in found}
    finally:
        os.umask(before)
    names = {path.name for path in modes}
    assert {"shop.db", "shop.db-wal", "shop.db-shm", ".env"} <= names, names
    assert any(name.endswith(".pid") for name in names)
    assert any(name.endswith(".log") for name in names)
    assert sum(name.endswith(".lock") for name in names) >= 2
    wrong = {str(path): oct(mode) for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)}
    assert wrong == {}


@pytest.mark.skipif(
    not POSIX, reason="NOT tested on Windows, because its rights are no modes: files lie in the account's own folder there"
)
def test_config_check_warns_of_keys_and_data_that_others_may_read(syncctl: Program, store: SimulatedStore):
    assert "others" not in syncctl("config", "check").out
    (syncctl.folder / ".env").write_text("SYNCCTL_STORE_ID=main\n", encoding="utf-8")
    (syncctl.folder / ".env").chmod(0o640)
    (syncctl.folder / "shop.db").chmod(0o604)
    ended = syncctl("config", "check", "--json")
    assert ended.code == 0, "a warning keeps nothing from working"
    warned = [item for item in ended.json["items"] if "other accounts" in item["detail"]]
    assert [(item["ok"], item["warning"]) for item in warned] == [(True, True)] * 2
    assert [Path(re.search(r"chmod 600 (\S+)", item["detail"])[1].rstrip("`")).name for item in warned] == [".env", "shop.db"]  # type: ignore[index]
    told = syncctl("config", "set", "store_id", "other")
    assert "can be read by other accounts" in told.err


def test_a_newer_server_is_refused_in_the_same_words():
    from syncctl.db.deploy_scripts import refuse_newer, schema_version

    refuse_newer(schema_version())
    with pytest.raises(ConfigError, match=rf"is of version {schema_version() + 1}; this syncctl .* up to {schema_version()}"):
        refuse_newer(schema_version() + 1)
