"""`health` as monitoring calls it: one line, and an exit code from 0 to 3, whatever comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import SLOW_IS_WELL, Ended, Program
from tests.crash.hosts import Held
from tests.nobody import gone
from tests.raws import raw_order


def one_line(ended: Ended, level: str) -> str:
    """Make sure that this is a plugin's answer, and return what it says."""
    assert ended.code == {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}[level], ended
    [line] = ended.out.splitlines()
    assert line.startswith(f"SYNCCTL {level} - "), line
    return line


@pytest.fixture
def polled(syncctl: Program, store: SimulatedStore) -> Program:
    """A store that was polled just now."""
    assert syncctl("stage").code == 0
    syncctl.settings |= SLOW_IS_WELL
    return syncctl


def test_all_is_well_is_one_line_with_figures(polled: Program) -> None:
    line = one_line(polled("health", "--nagios"), "OK")
    assert "all is well | " in line
    for figure in ("pending=0", "failed=0", "last_poll=", "clock="):
        assert f" {figure}" in line


def test_what_is_wrong_is_one_line(polled: Program, store: SimulatedStore) -> None:
    gone(store)
    ended = polled("health", "--nagios")
    line = one_line(ended, "CRITICAL")
    assert "store: " in line
    assert line.count("|") == 1, "what is behind it are figures"
    assert ended.err == ""


def test_a_store_that_was_only_asked_for_single_orders_was_never_polled(syncctl: Program, store: SimulatedStore) -> None:
    number = store.shopkeeper.place(raw_order(("TEE-BLK", 1, "19.99"), status="pending"))
    assert syncctl("stage", "--order-id", str(number)).code == 0
    assert "last_poll: the store was never polled to the end" in one_line(syncctl("health", "--nagios"), "CRITICAL")


@pytest.mark.parametrize("options", [("health", "--nagios"), ("--no-color", "health", "--nagios")])
def test_a_bad_setting_is_unknown(syncctl: Program, options: tuple[str, ...]) -> None:
    syncctl.settings["SYNCCTL_MAX_RETRIES"] = "lots"
    ended = syncctl(*options)
    line = one_line(ended, "UNKNOWN")
    assert "SYNCCTL_MAX_RETRIES (from environment) is 'lots', but takes a whole number from 1 to 100." in line
    assert "is 'lots'" not in ended.err, "it is said once"
    assert syncctl("health").code == 78


def test_a_settings_file_that_can_not_be_read_is_unknown(syncctl: Program) -> None:
    (syncctl.folder / ".env").write_bytes(b"SYNCCTL_STORE_ID=\xff\xfe\n")
    assert "can't be read" in one_line(syncctl("health", "--nagios"), "UNKNOWN")
    (syncctl.folder / ".env").unlink()
    assert "There is no settings file" in one_line(syncctl("health", "--nagios", "--env-file", "none.env"), "UNKNOWN")


def test_a_database_that_is_not_there_is_unknown_and_none_is_made(syncctl: Program, store: SimulatedStore) -> None:
    (syncctl.folder / "shop.db").unlink()
    assert "There is no database" in one_line(syncctl("health", "--nagios"), "UNKNOWN")
    ended = syncctl("health", "--json")
    assert (ended.code, ended.json["status"]) == (78, "unknown")
    gone(store)
    assert syncctl("health").code == 78
    assert not (syncctl.folder / "shop.db").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--pending-minutes", "soon"), "--pending-minutes is 'soon', but takes a whole number"),
        (("--no-such-option",), "No such option"),
        (("--pending-minutes",), "--pending-minutes"),
        (("extra",), "extra"),
    ],
)
def test_a_wrong_command_line_is_unknown(syncctl: Program, options: tuple[str, ...], said: str) -> None:
    assert said in one_line(syncctl("health", "--nagios", *options), "UNKNOWN")
    assert syncctl("health", *options).code == 2


def test_json_tells_the_same_exit_code(syncctl: Program) -> None:
    syncctl.settings["SYNCCTL_MAX_RETRIES"] = "lots"
    told = syncctl("health", "--nagios", "--json").json
    assert (told["exit_code"], told["status"]) == (3, "unknown")
    assert "lots" in told["errors"][0]["message"]


def test_an_unforeseen_end_is_unknown_too(syncctl: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a | in the text\nand a second line")

    monkeypatch.setattr("syncctl.services.health.health", broken)
    line = one_line(syncctl("health", "--nagios"), "UNKNOWN")
    assert "ZeroDivisionError: a / in the text and a second line" in line


def test_a_store_that_hangs_holds_up_neither_the_verdict_nor_the_end_of_the_process(
    polled: Program, store: SimulatedStore
) -> None:
    polled.settings["SYNCCTL_HEALTH_DEADLINE_SECONDS"] = "1"
    held = Held(store, ".")
    ended = polled.run("health", "--nagios")
    held.go.set()
    assert "store: no answer within 1 s" in one_line(ended, "CRITICAL")
    assert ended.err == ""


def test_a_database_that_is_locked_for_long_is_critical(polled: Program, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(polled.folder / "shop.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ended = polled.run("health", "--nagios", "--deadline-seconds", "1")
        other.execute("ROLLBACK")
    assert "database: no answer within 1 s" in one_line(ended, "CRITICAL")


def test_one_check_alone(polled: Program, store: SimulatedStore) -> None:
    assert one_line(polled("health", "--nagios", "--check", "pending"), "OK").endswith("| pending=0 oldest_pending=0s;;3600")
    gone(store)
    assert polled("health", "--check", "pending", "--check", "last-poll").code == 0
    assert one_line(polled("health", "--nagios", "--check", "store"), "CRITICAL")
    none = one_line(polled("health", "--nagios", "--check", "polls"), "UNKNOWN")
    assert "There is no check 'polls'; there are database," in none


def test_every_check_tells_its_figure_its_limits_and_what_to_do(polled: Program) -> None:
    told = polled("health", "--json").json
    by_name = {item["name"]: item for item in told["items"]}
    assert {"database", "schema", "store", "keys", "clock", "pending", "last_poll", "notifications", "disk"} <= set(by_name)
    assert (by_name["clock"]["unit"], by_name["clock"]["warning"], by_name["clock"]["critical"]) == ("s", 60, 300)
    assert by_name["pending"]["also"][0]["critical"] == 3600
    assert [name for name, item in by_name.items() if not item["advice"]] == ["schema", "store"], "which are well"


def test_the_table_fits_eighty_columns_and_says_what_to_do(polled: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    polled.settings |= {"COLUMNS": "80", "SYNCCTL_HEALTH_DISK_WARNING_MB": "100000000"}
    ended = polled("health")
    assert ended.code == 1
    assert max(len(line) for line in ended.out.splitlines()) <= 80
    said = " ".join(ended.out.split())
    assert "make room there" in said
    assert "Needs attention: disk." in said


def test_figures_for_prometheus_are_written_whole_or_not_at_all(polled: Program) -> None:
    file = polled.folder / "syncctl.prom"
    file.write_text("old\n")
    assert polled("health", "--quiet", "--prometheus", str(file)).code == 0
    written = file.read_text()
    assert "syncctl_health_level 0.0\n" in written
    assert 'syncctl_check_value{check="pending",figure="pending",unit=""} 0.0\n' in written
    assert 'syncctl_check_critical_threshold{check="clock",figure="clock",unit="seconds"} 300.0\n' in written
    assert [path.name for path in polled.folder.glob("*.prom*")] == ["syncctl.prom"], "no half of one is left"
    polled.settings["SYNCCTL_MAX_RETRIES"] = "lots"
    assert polled("health", "--prometheus", str(file)).code == 78
    assert "syncctl_health_level 3.0\n" in file.read_text(), "what could not look is no verdict of before"


def test_nothing_but_a_file_is_replaced_by_figures(polled: Program) -> None:
    place = polled.folder / "folder"
    place.mkdir()
    ended = polled("health", "--prometheus", str(place))
    assert (ended.code, "is no file that could be written" in ended.err) == (78, True)


@pytest.mark.skipif(not Path("/dev/null").is_char_device(), reason="a device is NOT tried here: there is no /dev/null")
def test_no_device_is_replaced_by_figures(polled: Program) -> None:
    assert polled("health", "--prometheus", "/dev/null").code == 78
    assert Path("/dev/null").is_char_device()


def test_a_file_for_prometheus_that_can_not_be_written_is_said(polled: Program) -> None:
    ended = polled("health", "--prometheus", str(polled.folder / "none" / "x.prom"))
    assert (ended.code, "can't be written: No such file" in ended.err) == (78, True)
    assert one_line(polled("health", "--nagios", "--prometheus", str(polled.folder / "none" / "x.prom")), "UNKNOWN")


def test_a_full_disk_that_takes_no_file_for_prometheus_is_told_all_the_same(polled: Program) -> None:
    polled.settings |= {f"SYNCCTL_HEALTH_DISK_{level}_MB": "100000000" for level in ("WARNING", "CRITICAL")}
    file = str(polled.folder / "none" / "x.prom")
    line = one_line(polled("health", "--nagios", "--prometheus", file), "CRITICAL")
    assert "disk: " in line
    assert "x.prom can't be written" in line
    ended = polled("health", "--prometheus", file)
    assert (ended.code, "Needs attention: disk." in ended.out, "x.prom can't be written" in ended.err) == (78, True, True)
    assert ended.out.count("disk") > 1
    told = polled("health", "--json", "--prometheus", file).json
    assert (told["exit_code"], told["status"]) == (78, "critical")
    assert {error.get("check") for error in told["errors"]} == {"disk", None}


@pytest.mark.parametrize("odd", ["stage", "nobody=5", "stage=-1", "stage=5,stage=6", "stage=soon", ","])
def test_odd_intervals_of_jobs_are_told(syncctl: Program, odd: str) -> None:
    syncctl.settings["SYNCCTL_JOB_INTERVALS"] = odd
    ended = syncctl("config", "check")
    assert (ended.code, "but takes jobs with their minutes between commas, such as stage=5" in ended.err) == (78, True)


def test_intervals_of_jobs_are_taken(polled: Program) -> None:
    polled.settings["SYNCCTL_JOB_INTERVALS"] = "pod-fetch=30, sync-status = 0"
    ended = polled("health", "--json")
    assert [error["message"] for error in ended.json["errors"]] == ["job pod fetch: has never run"]
    assert polled("config", "show", "job_intervals", "--json").json["items"][0]["value"] == "pod-fetch=30,sync-status=0"
