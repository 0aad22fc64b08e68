"""Bad input and bad days: one line that says what to do, the right exit code, JSON that stays JSON, and nothing lost."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from syncctl.clock import system_clock
from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Ended, Program
from tests.certificates import make_certificate
from tests.nobody import gone
from tests.raws import raw_order

WINDOWS = os.name == "nt"
ROOT = not WINDOWS and os.geteuid() == 0
PRODUCTS = [{"id": 1, "type": "simple", "name": "Tee", "sku": "TEE", "price": "10.00", "stock_quantity": 100, "variations": []}]
STAGE = ("stage", "--since", "2026-10-01")
STAGED = "SELECT COUNT(*) FROM USER_ORDER_STAGING"
DOCUMENTS = "SELECT COUNT(*) FROM PS_DOC_HDR"


@pytest.fixture
def shop(syncctl: Program, store: SimulatedStore) -> SimulatedStore:
    """A store with three orders, and an ERP that takes them."""
    syncctl.settings["SYNCCTL_UNKNOWN_CUSTOMER"] = "create"
    store.load([raw_order(("TEE", 1, "10.00"), id=n, number=str(n)) for n in (1, 2, 3)], products=PRODUCTS)
    assert syncctl("db", "seed", "--from-store").code == 0
    return store


def one_line(ended: Ended, code: int, *said: str) -> None:
    """Hold a run to what every failed run owes a person."""
    assert ended.code == code, ended.err
    assert len(ended.err.splitlines()) == 1, ended.err
    assert ended.err.startswith("syncctl: ")
    for words in said:
        assert words in ended.err
    assert "Traceback" not in ended.err
    assert "sqlite3." not in ended.err


def in_json(ended: Ended, code: int, *said: str) -> None:
    """Hold a run with --json to its contract."""
    told = ended.json
    assert told["exit_code"] == ended.code == code
    assert told["status"] == {1: "some_failed", 2: "usage_error", 69: "unavailable", 78: "config_error"}[code]
    assert {"schema_version", "run_id", "command", "started_at", "duration_seconds", "counts", "items"} <= set(told)
    for words in said:
        assert words in told["errors"][-1]["message"]


# The store


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        pytest.param("SYNCCTL_WOO_CONSUMER_SECRET", "cs_wrong", "SYNCCTL_WOO_CONSUMER_SECRET", id="wrong secret"),
        pytest.param("SYNCCTL_WOO_CONSUMER_KEY", "ck_wrong", "SYNCCTL_WOO_CONSUMER_KEY", id="wrong key"),
    ],
)
def test_wrong_keys(syncctl: Program, shop: SimulatedStore, setting: str, value: str, said: str):
    right = syncctl.settings[setting]
    syncctl.settings[setting] = value
    one_line(syncctl(*STAGE), 78, said, "HTTP 401")
    in_json(syncctl(*STAGE, "--json"), 78, said)
    syncctl.settings[setting] = right
    assert syncctl(*STAGE, "--json").json["counts"]["staged"] == 3


def test_a_read_only_key_costs_no_document_and_every_message_waits(syncctl: Program, shop: SimulatedStore):
    shop.gate.writable = False
    assert syncctl(*STAGE).code == 0
    told = syncctl("process", "--json")
    in_json(told, 78, "read-only", "Read/Write")
    assert told.json["counts"]["write_back_pending"] == told.json["counts"]["created"] > 0
    shop.gate.writable = True
    syncctl("process")
    assert syncctl("write-back", "retry").code == 0
    assert syncctl("retry-failed").code == 0
    assert syncctl.query(DOCUMENTS) == [(3,)]
    for order_id in (1, 2, 3):
        assert sum(shop.count_notes(order_id).values()) == 1


def test_a_wrong_address(syncctl: Program, shop: SimulatedStore):
    syncctl.settings["SYNCCTL_WOO_URL"] = f"{shop.url}/nowhere"
    one_line(syncctl(*STAGE), 78, "no WooCommerce REST API", "SYNCCTL_WOO_URL", "Permalinks")
    in_json(syncctl(*STAGE, "--json"), 78, "SYNCCTL_WOO_URL")


@pytest.mark.parametrize("status", [400, 405, 410, 422])
def test_a_list_that_the_store_refuses(syncctl: Program, shop: SimulatedStore, status: int):
    shop.fail("status", status=status, times=1000)
    for command in (STAGE, ("stage", "--reconcile", "--since", "1d")):
        ended = syncctl(*command)
        one_line(ended, 78, f"HTTP {status}", "firewall")
        assert "stage: nothing done" in ended.out


@pytest.mark.parametrize("status", [400, 405, 410])
def test_a_firewall_that_lets_no_write_through_burns_no_message(syncctl: Program, shop: SimulatedStore, status: int):
    assert syncctl(*STAGE).code == 0
    shop.fail("status", status=status, times=1000, methods=("POST", "PUT"))
    in_json(syncctl("process", "--json"), 78, f"HTTP {status}", "firewall")
    assert set(syncctl.query("SELECT STATE, ATTEMPT_NO FROM USER_STORE_OUTBOX")) == {("PENDING", 0)}


def test_an_address_that_is_none(syncctl: Program, shop: SimulatedStore):
    syncctl.settings["SYNCCTL_WOO_URL"] = "shop.example.com"
    one_line(syncctl(*STAGE), 78, "SYNCCTL_WOO_URL", "https://")
    in_json(syncctl(*STAGE, "--json"), 78, "SYNCCTL_WOO_URL")


def test_a_name_that_nobody_knows(syncctl: Program, shop: SimulatedStore):
    syncctl.settings |= {"SYNCCTL_WOO_URL": "https://shop.invalid", "NO_PROXY": "*", "no_proxy": "*"}
    one_line(syncctl(*STAGE), 69, "shop.invalid", "SYNCCTL_WOO_URL")
    in_json(syncctl(*STAGE, "--json"), 69, "SYNCCTL_WOO_URL")


def test_a_refused_connection(syncctl: Program, shop: SimulatedStore):
    gone(shop)
    one_line(syncctl(*STAGE), 69, "no connection", "SYNCCTL_WOO_URL")
    assert syncctl.waited == [1, 2], "it was tried three times"
    in_json(syncctl(*STAGE, "--json"), 69, "no connection")
    assert syncctl.query(STAGED) == [(0,)]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param("html", "a web page instead of data", id="a proxy's page"),
        pytest.param("truncated", "broke off", id="broken connection"),
        pytest.param("cut_off", "breaks off after", id="half a body"),
    ],
)
def test_an_answer_that_is_none_moves_no_watermark(syncctl: Program, shop: SimulatedStore, fault: str, said: str):
    syncctl.settings["ORDER_POLLING_BATCH_SIZE"] = "1"
    assert syncctl("stage", "--since", "2026-10-01", "--max-pages", "1", "--json").json["unfinished"] is True
    shop.fail(fault, path=r"/orders$", times=12)
    one_line(syncctl("stage"), 69, said)
    assert sorted(syncctl.waited) == [1, 1, 2, 2], "each of the two lists, asked side by side, was tried three times"
    in_json(syncctl("stage", "--json"), 69, said)
    assert syncctl("stage", "--json").json["exit_code"] == 0
    assert syncctl.query(STAGED) == [(3,)]


def test_a_clock_that_is_off_by_an_hour_and_signed_requests(syncctl: Program, shop: SimulatedStore):
    for hours, said in ((1, "60 minutes behind the store's"), (-1, "60 minutes ahead of the store's")):
        shop.skew = timedelta(hours=hours)
        one_line(syncctl(*STAGE), 78, said)
        in_json(syncctl(*STAGE, "--json"), 78, said)
    shop.skew = timedelta(0)
    assert syncctl(*STAGE, "--json").json["counts"]["staged"] == 3


@pytest.mark.parametrize("hours", [1, -1])
def test_a_store_whose_clock_is_off_and_then_put_right_loses_nothing(syncctl: Program, tmp_path: Path, hours: int):
    """Windows are told from the store's own clock; one that was set back must not hide what happens until it catches up."""
    certificate = make_certificate(tmp_path)
    off = [timedelta(hours=hours)]

    def clock() -> datetime:
        return system_clock() + off[0]

    with SimulatedStore(clock=clock, certificate=certificate) as shop:
        syncctl.connect_to(shop)
        syncctl.settings["SYNCCTL_WOO_CA_BUNDLE"] = str(certificate[0])
        assert syncctl("stage").code == 0
        for turn in range(4):
            if turn == 2:
                off[0] = timedelta(0)
            shop.shopkeeper.place(raw_order(("TEE", 1, "10.00")))
            assert syncctl("stage", "--json").json["counts"]["staged"] == 1, turn
        shop.shopkeeper.change_quantity(1, 5)  # placed by the wrong clock, edited by the right one
        shop.shopkeeper.cancel(2)
        told = syncctl("stage", "--json").json["counts"]
        assert (told["restaged"], told["skipped"]) == (1, 1)


# The database


def test_a_locked_database(syncctl: Program, shop: SimulatedStore):
    syncctl(*STAGE)
    syncctl.settings |= {"SYNCCTL_DATABASE_QUERY_TIMEOUT": "1", "SYNCCTL_RETRY_DELAY_BASE": "0"}
    with closing(sqlite3.connect(syncctl.folder / "shop.db", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        one_line(syncctl("process"), 69, "locked", "shop.db", "run the command again")
        in_json(syncctl("process", "--json"), 69, "locked")
        holder.execute("ROLLBACK")
    assert syncctl("process", "--json").json["counts"]["created"] == 3


def test_a_file_that_is_no_database(syncctl: Program, shop: SimulatedStore):
    other = syncctl.folder / "letter.txt"
    other.write_text("Dear aunt, " * 200, encoding="utf-8")
    named = ("--database", f"sqlite:///{other.as_posix()}")
    one_line(syncctl("process", *named), 69, "letter.txt is not a database", "SYNCCTL_DATABASE")
    in_json(syncctl("process", *named, "--json"), 69, "SYNCCTL_DATABASE")
    assert other.read_text(encoding="utf-8").startswith("Dear aunt, "), "a stranger's file stays as it is"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of its own at `folder`, as large as `size` says."""
    mount = shutil.which("mount")
    if not ROOT or mount is None:
        pytest.skip("a disk that is full or read-only is NOT tested here: only root can mount one (the next test limits a file)")
    folder.mkdir()
    made = subprocess.run([mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("a disk that is full or read-only is NOT tested here: this host lets nobody mount one")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


def test_a_full_disk_and_room_again(syncctl: Program, shop: SimulatedStore):
    disk = syncctl.folder / "disk"
    with small_disk(disk, "4m"):
        syncctl.settings |= {
            "SYNCCTL_DATABASE": f"sqlite:///{(disk / 'shop.db').as_posix()}",
            "SYNCCTL_LOG_DIR": str(disk / "logs"),
        }
        assert syncctl("db", "seed", "--from-store").code == 0
        assert syncctl(*STAGE, "--json").json["counts"]["staged"] == 3
        filler = disk / "filler"
        fill(filler)
        one_line(syncctl("process"), 69, "disk", "Make room")
        in_json(syncctl("process", "--json"), 69, "Make room")
        filler.unlink()
        assert syncctl("process", "--json").json["counts"]["created"] == 3
        for order_id in (1, 2, 3):
            assert sum(shop.count_notes(order_id).values()) == 1


def test_a_disk_that_is_full_from_the_beginning(syncctl: Program, shop: SimulatedStore):
    disk = syncctl.folder / "disk"
    with small_disk(disk, "64k"):
        named = ("--database", f"sqlite:///{(disk / 'shop.db').as_posix()}")
        one_line(syncctl("db", "seed", "--empty", *named), 69, "Make room")
        in_json(syncctl("db", "seed", "--empty", *named, "--json"), 69, "Make room")


def fill(path: Path) -> None:
    """Write into a file until the disk is full."""
    with path.open("wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC


LIMITED = """
import resource, sys
from syncctl.cli.app import run_app
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.exit(run_app(sys.argv[2:]))
"""


@pytest.mark.skipif(WINDOWS, reason="NOT tested on Windows, because a process's files can't be limited there")
def test_a_file_that_may_not_grow(syncctl: Program, shop: SimulatedStore):
    """What a quota does to a process: no write beyond it succeeds."""
    assert syncctl(*STAGE, "--json").json["counts"]["staged"] == 3
    syncctl.settings["SYNCCTL_RETRY_DELAY_BASE"] = "0"
    limited = ("-c", LIMITED)
    one_line(syncctl.run("4096", "process", python=limited), 69, "shop.db")
    in_json(syncctl.run("4096", "process", "--json", python=limited), 69, "shop.db")
    assert syncctl.query(DOCUMENTS) == [(0,)]
    assert syncctl("process", "--json").json["counts"]["created"] == 3


def test_a_read_only_disk(syncctl: Program, shop: SimulatedStore):
    disk = syncctl.folder / "disk"
    with small_disk(disk, "4m"):
        syncctl.settings["SYNCCTL_DATABASE"] = f"sqlite:///{(disk / 'shop.db').as_posix()}"
        assert syncctl("db", "seed", "--from-store").code == 0
        assert syncctl(*STAGE).code == 0
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True, capture_output=True)
        one_line(syncctl("process"), 69, "shop.db", "may write")
        in_json(syncctl("process", "--json"), 69, "may write")
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True, capture_output=True)
        assert syncctl("process", "--json").json["counts"]["created"] == 3


@pytest.mark.parametrize("folder_too", [False, True])
def test_a_read_only_file(syncctl: Program, shop: SimulatedStore, folder_too: bool):
    (syncctl.folder / "data").mkdir()
    database = syncctl.folder / "data" / "shop.db"
    syncctl.settings["SYNCCTL_DATABASE"] = f"sqlite:///{database.as_posix()}"
    syncctl("db", "seed", "--from-store")
    assert syncctl(*STAGE).code == 0
    database.chmod(0o400)
    if folder_too:
        database.parent.chmod(0o500)
    try:
        if writable(database):
            pytest.skip(
                "NOT tested here, because this account may write to read-only files, as root may: test_a_read_only_disk is for it"
            )
        one_line(syncctl("process"), 69, "shop.db", "may write")
        in_json(syncctl("process", "--json"), 69, "may write")
    finally:
        database.parent.chmod(0o700)
        database.chmod(0o600)
    assert syncctl("process", "--json").json["counts"]["created"] == 3


def writable(path: Path) -> bool:
    """Whether this account may write to a file."""
    try:
        path.open("r+b").close()
    except OSError:
        return False
    return True


# The command line and the settings


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("process", "12345"), "12345"),
        (("process", "--order", "no-such"), "no-such"),
        (("validate", "12345"), "12345"),
        (("dead-letter", "show", "12345"), "12345"),
        (("process", "abc"), "'abc'"),
        (("process", "--limit", "0"), "--limit is '0', but takes a whole number from 1."),
        (("process", "--workers", "0"), "--workers is '0', but takes a whole number from 1 to 64."),
        (("process", "--max-runtime", "soon"), "15m"),
        (("stage", "--since", "yesterday"), "a date (2026-11-20)"),
        (("stage", "--since", "2026-11-20", "--until", "2026-11-19"), "must be before"),
        (("stage", "--since", "2999-01-01"), "in the future"),
        (("stage", "--batch-size", "1000"), "from 1 to 250"),
        (("stage", "--order-id", "-1"), "--order-id is '-1', but takes a whole number from 1."),
        (("stage", "--order-id", str(2**63)), f"takes a whole number from 1 to {2**63 - 1}"),
        (("trace",), "--staging-id ID"),
        (("demo", "--orders", "3"), "from 10 to 5000"),
        (("rollback", "1", "--reason", "x", "--then", "delete"), "'delete' is not one of"),
    ],
    ids=" ".join,
)
def test_a_command_line_that_makes_no_sense(syncctl: Program, shop: SimulatedStore, arguments: tuple[str, ...], said: str):
    one_line(syncctl(*arguments), 2, said)
    in_json(syncctl(*arguments, "--json"), 2, said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SYNCCTL_LEASE_SECONDS=soon\n", "SYNCCTL_LEASE_SECONDS"),
        ("SYNCCTL_UNKNOWN_CUSTOMER=ignore\n", "SYNCCTL_UNKNOWN_CUSTOMER"),
        ("SYNCCTL_ERP_TIMEZONE=Mars/Olympus\n", "SYNCCTL_ERP_TIMEZONE"),
        ("SYNCCTL_DATABASE=oracle://x\n", "SYNCCTL_DATABASE"),
    ],
)
def test_a_wrong_value_in_the_settings_file(syncctl: Program, text: str, said: str):
    (syncctl.folder / ".env").write_text(text, encoding="utf-8")
    if said == "SYNCCTL_DATABASE":
        syncctl.settings["SYNCCTL_DATABASE"] = ""  # one that is empty counts for nothing
    one_line(syncctl("process"), 78, said)
    in_json(syncctl("process", "--json"), 78, said)


def test_a_settings_file_that_is_no_text(syncctl: Program):
    (syncctl.folder / ".env").write_bytes(b"SYNCCTL_STORE_ID=\xff\xfe\n")
    one_line(syncctl("process"), 78, ".env", "UTF-8")
    in_json(syncctl("process", "--json"), 78, ".env")


def test_a_settings_file_that_is_not_there(syncctl: Program):
    one_line(syncctl("process", "--env-file", "no-such.env"), 78, "no-such.env")
    in_json(syncctl("process", "--env-file", "no-such.env", "--json"), 78, "no-such.env")


def test_a_settings_file_with_lines_that_are_none(syncctl: Program):
    (syncctl.folder / ".env").write_text("# shop\nthis is no setting\nSYNCCTL_STORE_ID=main\n", encoding="utf-8")
    ended = syncctl("config", "show", "store_id", "--json")
    assert ended.json["items"][0]["value"] == "main"
    assert ".env" in ended.err
    assert "line 2" in ended.err


def test_the_program_needs_no_terminal_and_no_home(syncctl: Program):
    syncctl.settings |= {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "20"}
    ended = syncctl.run("health")
    assert ended.code in (0, 1)
    assert "\x1b" not in ended.out
