"""The command line from outside: exit codes, what goes where, signals, locks, and errors that say what to do."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from syncctl import __version__
from syncctl.db.connect import identity
from syncctl.demo.store import SimulatedStore
from syncctl.lock import only_once
from tests.acceptance.program import Program
from tests.clocks import PATIENCE
from tests.crash.hosts import ORDERS, Held, ask_to_stop, ended, running
from tests.nobody import gone
from tests.raws import raw_order

ENDLESS_JOB = """
import sys
from syncctl.cli.run import Call, Common, Job, execute
def body(run):
    run.report.counts = {"claimed": 0}
    print("working", file=sys.stderr, flush=True)
    while True:
        run.stop.wait(60)
        if "stubborn" not in sys.argv:
            return
sys.exit(execute(Call("process", Common(json=True), job=Job("X", {})), body))
"""
needs_posix_signals = pytest.mark.skipif(
    os.name == "nt", reason="NOT tested on Windows, because it can't send SIGTERM; CTRL_BREAK has the same handler"
)


def test_the_guides_that_messages_speak_of_are_there_and_installed_with_the_program(syncctl: Program):
    said = "".join(syncctl("--help").out.split())
    project = Path(__file__).resolve().parents[2]
    assert f"Theguides(docs/…)liein{''.join(str(project / 'docs').split())}." in said
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (project / "syncctl").rglob("*.py"))
    for name in set(re.findall(r"docs/([A-Z_]+\.md)", sources)):
        assert (project / "docs" / name).is_file(), name
    packed = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert packed["force-include"]["docs"] == "syncctl/_data/docs"
    assert packed["force-include"]["schedules"] == "syncctl/_data/schedules", "guides point to it as ../schedules"


def test_version_and_help(syncctl: Program):
    assert syncctl("--version").out == f"syncctl {__version__}\n"
    helped = syncctl("--help")
    assert helped.code == 0
    assert "stage" in helped.out
    assert "Exit codes" in helped.out
    bare = syncctl.run()
    assert bare.code == 2
    assert "Usage" in bare.out
    assert bare.err == ""


def test_common_options_stand_before_or_after_the_command(syncctl: Program):
    before, after = syncctl("--json", "config", "show", "store_id"), syncctl("config", "show", "store_id", "--json")
    assert (
        before.json["items"]
        == after.json["items"]
        == [
            {
                "name": "SYNCCTL_STORE_ID",
                "value": "woocommerce",
                "origin": "default",
                "group": "Store",
                "secret": False,
                "file": None,
            }
        ]
    )
    assert after.json["command"] == "config show"
    named = syncctl("config", "show", "database", "--json", "--database", "sqlite:///other.db").json["items"][0]
    assert (named["value"], named["origin"]) == ("sqlite:///other.db", "flag")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["staeg"], "No such command 'staeg'"),
        (["stage", "--lookbak", "3"], "--lookback"),
        (["stage", "--lookback", "soon"], "--lookback is 'soon', but takes a whole number from 0"),
        (["stage", "--batch-size", "251"], "--batch-size is '251', but takes a whole number from 1 to 250"),
        (["rollback", "5"], "--reason"),
        (["process", "abc"], "ID is 'abc', but takes a whole number."),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_2(syncctl: Program, arguments: list[str], said: str):
    ended = syncctl(*arguments)
    assert ended.code == 2
    assert said in ended.err
    assert ended.err.startswith("syncctl: ")
    assert len(ended.err.splitlines()) == 1
    assert ended.out == ""
    told = syncctl(*arguments, "--json").json
    assert told["status"] == "usage_error"
    assert said in told["errors"][0]["message"]


def test_wrong_settings_are_all_named_and_exit_78(syncctl: Program):
    syncctl.settings |= {"SYNCCTL_LEASE_SECONDS": "x", "ORDER_POLLING_MAX_PAGES": "0"}
    told = syncctl("process", "--json").json
    assert (told["exit_code"], told["status"]) == (78, "config_error")
    assert "SYNCCTL_LEASE_SECONDS" in told["errors"][0]["message"]
    assert "ORDER_POLLING_MAX_PAGES" in told["errors"][0]["message"]


def test_without_a_store_stage_says_what_to_set(syncctl: Program):
    ended = syncctl("stage")
    assert ended.code == 78
    assert "SYNCCTL_WOO_URL is not set" in ended.err
    assert "SYNCCTL_WOO_CONSUMER_KEY is not set" in ended.err


def test_the_env_file_is_read_from_the_current_folder_and_a_misspelt_name_is_told(syncctl: Program):
    (syncctl.folder / ".env").write_text("SYNCCTL_STORE_ID=shop2\nSYNCCTL_LEASE_SECOND=9\n", encoding="utf-8")
    ended = syncctl("config", "show", "store_id", "--json")
    assert ended.json["items"][0]["value"] == "shop2"
    assert "SYNCCTL_LEASE_SECOND is no setting of syncctl and was ignored. Did you mean SYNCCTL_LEASE_SECONDS?" in ended.err


def test_config_set_writes_what_config_show_reads_and_asks_nothing_without_a_terminal(syncctl: Program):
    assert syncctl("config", "set", "MAX_RETRIES", "5").code == 0
    item = syncctl("config", "show", "max_retries", "--json").json["items"][0]
    assert (item["value"], item["origin"]) == ("5", ".env")
    refused = syncctl("config", "set", "max_retries", "lots")
    assert refused.code == 2
    assert "from 1 to 100" in refused.err
    asked = syncctl("config", "set", "woo_consumer_key")
    assert asked.code == 2
    assert "No value for SYNCCTL_WOO_CONSUMER_KEY" in asked.err


def test_config_check_finds_each_thing_that_is_wrong(syncctl: Program, store: SimulatedStore):
    assert syncctl("config", "check", "--json").json["counts"] == {"checked": 6, "failed": 0}
    syncctl.settings["SYNCCTL_WOO_CONSUMER_SECRET"] = "cs_wrong"
    told = syncctl("config", "check", "--json").json
    assert told["exit_code"] == 78
    assert [item["what"] for item in told["items"] if not item["ok"]] == ["store"]
    gone(store)
    assert syncctl("config", "check").code == 69


def test_config_check_finds_a_read_only_key_before_the_first_order_does(syncctl: Program, store: SimulatedStore):
    store.gate.writable = False
    ended = syncctl("config", "check", "--json")
    assert ended.code == 78
    [error] = ended.json["errors"]
    assert "read-only" in error["message"]


def test_retry_policy_and_site_settings_can_be_read_and_changed(syncctl: Program):
    assert syncctl("config", "policy", "set", "deadlock", "--max-attempts", "4", "--json").json["items"][0]["max_attempts"] == 4
    policies = {item["error_class"]: item for item in syncctl("config", "policy", "list", "--json").json["items"]}
    assert policies["deadlock"]["max_attempts"] == 4
    assert policies["validation"]["destination"] == "review"
    assert syncctl("config", "erp", "set", "sta_id", "103", "--json").json["items"][0]["value"] == "103"
    assert "103" in syncctl("config", "erp", "list").out
    unknown = syncctl("config", "erp", "set", "NO_SUCH", "1")
    assert unknown.code == 2
    assert len(unknown.err.splitlines()) == 1


def test_a_run_with_nothing_to_do_ends_well_and_leaves_its_row_and_log(syncctl: Program):
    told = syncctl("process", "--json").json
    assert told["counts"] == {
        "claimed": 0,
        "created": 0,
        "updated": 0,
        "cancelled": 0,
        "failed": 0,
        "review": 0,
        "written_back": 0,
        "write_back_pending": 0,
    }
    [row] = rows(syncctl, "SELECT SYNC_ID, OPERATION_TYPE, SUCCESS, EXIT_CODE, HOST, PROCESS_ID, END_TIME FROM USER_SYNC_LOG")
    assert row[:4] == (told["run_id"], "process", 1, 0)
    assert all(row[4:])
    [log] = (syncctl.folder / "logs").glob("woo_order_processing_*.log")
    assert told["run_id"] in log.read_text(encoding="utf-8")


def test_quiet_runs_are_silent(syncctl: Program):
    ended = syncctl.run("retry-failed", "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_an_unknown_staging_id_is_said_and_nothing_is_done(syncctl: Program):
    ended = syncctl("process", "12345")
    assert ended.code == 2
    assert "12345" in ended.err
    assert rows(syncctl, "SELECT EXIT_CODE, SUCCESS FROM USER_SYNC_LOG") == [(2, 0)]


def test_the_second_of_a_job_exits_75_and_touches_nothing_and_parallel_lifts_it(syncctl: Program):
    with only_once(syncctl.folder / "locks", "process", scope=f"{identity(syncctl.database)}\nwoocommerce"):
        told = syncctl("process", "--json").json
        assert (told["exit_code"], told["status"]) == (75, "already_running")
        assert rows(syncctl, "SELECT * FROM USER_SYNC_LOG") == []
        assert syncctl("process", "--parallel").code == 0
        assert syncctl("retry-failed").code == 0
    assert syncctl("process").code == 0


def test_another_way_to_write_the_databases_name_is_no_second_database(syncctl: Program):
    with only_once(syncctl.folder / "locks", "process", scope=f"{identity(syncctl.database)}\nwoocommerce"):
        for way in ("sqlite:///shop.db", "sqlite:///./x/../shop.db", "sqlite:///link.db"):
            if way.endswith("link.db"):
                if os.name == "nt":
                    continue
                (syncctl.folder / "link.db").symlink_to(syncctl.folder / "shop.db")
            assert syncctl("process", "--database", way).code == 75, way
        assert syncctl("db", "seed", "--empty", "--database", "sqlite:///other.db").code == 0
        assert syncctl("config", "erp", "import", "--yes", "--database", "sqlite:///other.db").code == 0
        assert syncctl("process", "--database", "sqlite:///other.db").code == 0


@needs_posix_signals
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_job_in_good_order(syncctl: Program, number: signal.Signals, code: int):
    with syncctl.start(python=("-c", ENDLESS_JOB)) as process:
        wait_for(process, "working")
        process.send_signal(number)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert json.loads(out)["status"] == "stopped"
    assert rows(syncctl, "SELECT EXIT_CODE, END_TIME IS NOT NULL FROM USER_SYNC_LOG") == [(code, 1)]


@needs_posix_signals
def test_a_second_signal_ends_a_job_at_once_and_its_lock_is_free(syncctl: Program):
    with syncctl.start("stubborn", python=("-c", ENDLESS_JOB)) as process:
        wait_for(process, "working")
        process.send_signal(signal.SIGTERM)
        wait_for(process, "stopping")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 143
    assert syncctl("process").code == 0


@needs_posix_signals
def test_stage_stopped_in_mid_walk_keeps_its_place(syncctl: Program, store: SimulatedStore):
    store.load([raw_order(id=number, number=str(number)) for number in range(1, 7)])
    held = Held(store, ORDERS)
    with running(syncctl, "stage", "--since", "2026-11-01", "--batch-size", "2", "--json", held=held) as process:
        ask_to_stop(process)
        held.go.set()
        told = ended(process)
    assert process.returncode == 143, told.err
    first = told.json
    assert first["unfinished"] is True or first["counts"]["polled"] < 6
    second = syncctl("stage", "--since", "2026-11-01", "--json").json
    assert second["exit_code"] == 0
    assert rows(syncctl, "SELECT COUNT(*) FROM USER_ORDER_STAGING") == [(6,)]


def test_a_reader_that_goes_away_is_no_error(syncctl: Program):
    with syncctl.start("config", "show", "--docs") as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        err = process.stderr.read()
        process.wait(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")


def test_output_is_utf_8_whatever_the_locale(syncctl: Program):
    syncctl.settings |= {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "LANG": "C"}
    (syncctl.folder / ".env").write_text("SYNCCTL_GUEST_CUST_NO=Käse 🎉\n", encoding="utf-8")
    assert syncctl.run("config", "show", "guest_cust_no", "--json").json["items"][0]["value"] == "Käse 🎉"
    assert "Käse 🎉" in syncctl.run("config", "show", "guest_cust_no").out


def test_a_database_that_cannot_be_used_exits_69_with_one_line(syncctl: Program):
    (syncctl.folder / "shop.db").write_text("this is no database, but a letter to my aunt " * 20, encoding="utf-8")
    ended = syncctl("process")
    assert ended.code == 69
    assert len(ended.err.splitlines()) == 1
    assert "shop.db" in ended.err


def test_a_database_that_cannot_be_made_exits_69_and_says_where(syncctl: Program):
    (syncctl.folder / "file").touch()
    ended = syncctl("db", "seed", "--empty", "--database", f"sqlite:///{(syncctl.folder / 'file' / 'shop.db').as_posix()}")
    assert ended.code == 69
    assert "shop.db" in ended.err
    assert len(ended.err.splitlines()) == 1


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="NOT tested here, because this account may write read-only files"
)
def test_a_read_only_database_is_said_and_nothing_is_lost(syncctl: Program):
    assert syncctl("process").code == 0
    syncctl.folder.chmod(0o500)
    try:
        (syncctl.folder / "shop.db").chmod(0o400)
        ended = syncctl("process")
    finally:
        syncctl.folder.chmod(0o700)
    assert ended.code == 69


def test_a_database_that_another_program_holds_exits_69(syncctl: Program):
    assert syncctl("process").code == 0
    syncctl.settings["SYNCCTL_DATABASE_QUERY_TIMEOUT"] = "1"
    holder = sqlite3.connect(syncctl.folder / "shop.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    ended = syncctl("process")
    holder.rollback()
    holder.close()
    assert ended.code == 69
    assert len(ended.err.splitlines()) == 1
    assert syncctl("process").code == 0


def test_what_is_not_needed_is_not_imported(syncctl: Program):
    """Schedulers start this every minute: neither HTTP nor ODBC nor Rich's tables load for a run with nothing to do."""
    script = (
        "import sys; from syncctl.cli.app import run_app; code = run_app(sys.argv[1:]); "
        "print([name for name in ('requests', 'pyodbc', 'rich.table', 'rich.progress') if name in sys.modules], code)"
    )
    assert syncctl.run("process", "--quiet", python=("-c", script)).out == "[] 0\n"
    assert syncctl.run("--version", python=("-c", script)).out.endswith("[] 0\n")


def test_every_command_works_where_pyodbc_cannot_be_imported(syncctl: Program):
    script = (
        "import sys; sys.modules['pyodbc'] = None; from syncctl.cli.app import run_app; "
        "print([run_app(each.split()) for each in sys.argv[1:]], file=sys.stderr)"
    )
    commands = ["process", "validate", "dead-letter list", "write-back list", "trace 1", "health", "config check", "stage"]
    ended = syncctl.run(*commands, python=("-c", script))
    assert ended.err.splitlines()[-1] == "[0, 0, 0, 0, 1, 1, 78, 78]"
    assert "odbc" not in (ended.out + ended.err).lower()
    refused = syncctl.run("process --database SERVER=sql01;DATABASE=SHOP;UID=sa;PWD=geheim", python=("-c", script))
    assert refused.err.splitlines()[-1] == "[78]"
    assert "odbc" in refused.err.lower()
    assert "geheim" not in refused.err


def rows(syncctl: Program, query: str) -> list[tuple[object, ...]]:
    """Look into the database."""
    connection = sqlite3.connect(syncctl.folder / "shop.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def wait_for(process: subprocess.Popen[str], said: str) -> None:
    """Read stderr until a line says so."""
    assert process.stderr
    while said not in (line := process.stderr.readline()):
        assert line, f"the process ended without saying {said!r}"


def test_the_module_and_the_script_are_the_same(syncctl: Program):
    script = Path(sys.executable).with_name("syncctl.exe" if os.name == "nt" else "syncctl")
    assert (
        subprocess.run([script, "--version"], capture_output=True, check=True, text=True).stdout == syncctl.run("--version").out
    )
