"""`alerts` as a scheduler and a person call it; pings; a job without settings; odd settings; nothing secret anywhere."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import SLOW_IS_WELL, Program
from tests.clocks import PATIENCE
from tests.nobody import gone
from tests.receivers import Receiver, receiver

SECRETS = ("s3kret", "t0ken")


@pytest.fixture
def people() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def watched(syncctl: Program, store: SimulatedStore, people: Receiver) -> Program:
    """A store that was polled just now, and people who are told."""
    assert syncctl("stage").code == 0
    syncctl.settings |= {"SYNCCTL_NOTIFY_OPERATOR_URL": people.url, **SLOW_IS_WELL}
    return syncctl


def assert_nothing_secret(program: Program, *texts: str) -> None:
    """Neither what was said nor a log file holds a password or token; the file of last known ways may."""
    logs = [path.read_text(encoding="utf-8") for path in (program.folder / "logs").glob("*")]
    for text in (*texts, *logs):
        assert not [secret for secret in SECRETS if secret in text]


def test_an_incident_from_its_beginning_to_its_end(watched: Program, store: SimulatedStore, people: Receiver) -> None:
    assert watched("alerts", "run", "--json").json["counts"] == {"incidents": 0, "told": 0, "undelivered": 0}
    gone(store)
    told = watched("alerts", "run", "--json").json
    assert (told["exit_code"], told["told"][0]["what"]) == (0, "opened")
    assert people.titles() == ["[CRITICAL] The store can't be used (woocommerce)"]
    listed = watched("alerts", "list", "--json").json["items"]
    assert [(each["rule_name"], each["tellings"]) for each in listed] == [("store_down", 1)]
    number = str(listed[0]["incident_id"])
    assert watched("alerts", "ack", number, "--by", "ada", "--note", "the host is moved").code == 0
    assert "(ada: the host is moved)" in " ".join(watched("alerts", "list").out.split())
    assert "taken by ada" in watched("alerts", "list").out
    assert watched("alerts", "run").code == 0
    assert people.titles() == []
    runs = watched.query("SELECT OPERATION_TYPE, EXIT_CODE FROM USER_SYNC_LOG WHERE OPERATION_TYPE = 'alerts run'")
    assert runs == [("alerts run", 0)] * 3


def test_where_nobody_can_be_told_the_run_says_so(syncctl: Program) -> None:
    ended = syncctl("alerts", "run")
    assert ended.code == 78
    assert "There is no way to tell anybody: set SYNCCTL_NOTIFY_OPERATOR_URL" in ended.err
    assert "no run has ever succeeded" in ended.err, "what nobody was told of"
    assert syncctl("alerts", "list", "--json").json["counts"]["open"] == 1
    assert syncctl("alerts", "test").code == 78


def test_a_database_that_is_gone_is_told_once(watched: Program, people: Receiver) -> None:
    (watched.folder / "shop.db").rename(watched.folder / "away.db")
    for _ in range(2):
        ended = watched("alerts", "run")
        assert ended.code == 69
        assert "The incidents could not be noted: There is no database" in ended.err
    assert people.titles() == ["[CRITICAL] The database can't be used"]
    (watched.folder / "away.db").rename(watched.folder / "shop.db")
    assert watched("alerts", "run").code == 0
    assert people.titles() == ["[RECOVERED] The database can't be used"]


def test_a_message_that_is_not_taken_is_an_error_that_shows_no_password(watched: Program, people: Receiver) -> None:
    people.status = 500
    (watched.folder / ".env").write_text("")
    watched.settings["SYNCCTL_HEALTH_DISK_WARNING_MB"] = "100000000"
    ended = watched("alerts", "run", "-vv")
    assert ended.code == 1
    assert "was not delivered: Not delivered: " in ended.err
    shown = watched("config", "show")
    [message] = watched("alerts", "messages", "--json").json["items"]
    assert (message["state"], message["recipient_id"], message["attempt_no"]) == ("PENDING", "operator:1", 1)
    assert "Something needs attention" in watched("alerts", "messages").out
    as_json = watched("alerts", "run", "--json")
    assert_nothing_secret(watched, ended.out + ended.err, shown.out, as_json.out + as_json.err)


# --- Trying the ways ----------------------------------------------------------------------------------------------------


def test_each_way_is_tried(watched: Program, people: Receiver, tmp_path: Path) -> None:
    watched.settings["SYNCCTL_ALERT_CRITICAL_URL"] = "json://s3kret:pw@127.0.0.1:9"
    ended = watched("alerts", "test")
    assert (ended.code, people.titles()) == (0, ["syncctl: a test"])
    assert "operator:1" in ended.out and "critical:1" not in ended.out
    ended = watched("alerts", "test", "--critical", "--json")
    assert ended.code == 1
    assert {item["way"]: item["ok"] for item in ended.json["items"]} == {"operator:1": True, "critical:1": False}
    assert_nothing_secret(watched, ended.out + ended.err)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        (
            "SYNCCTL_NOTIFY_OPERATOR_URL",
            "nonsense://s3kret",
            "address 1 of SYNCCTL_NOTIFY_OPERATOR_URL is none that Apprise knows",
        ),
        ("SYNCCTL_ALERT_CRITICAL_URL", "mailto://", "address 1 of SYNCCTL_ALERT_CRITICAL_URL is none that Apprise knows"),
        pytest.param(
            "SYNCCTL_ALERT_EVENT_LOG",
            "on",
            "this system has no Windows Event Log",
            marks=pytest.mark.skipif(os.name == "nt", reason="NOT tested on Windows, because it has an Event Log"),
        ),
    ],
)
def test_an_odd_address_is_told_by_config_check_and_alerts_test(watched: Program, setting: str, value: str, said: str) -> None:
    watched.settings[setting] = value
    for command in (("config", "check"), ("alerts", "test", "--critical")):
        ended = watched(*command)
        assert (ended.code, said in " ".join(ended.out.split())) == (78, True), ended
        assert "***@mail" not in ended.out, "an example has nothing secret in it"
        assert_nothing_secret(watched, ended.out + ended.err)


def test_a_message_that_waits_for_its_address_to_be_put_right_says_which(watched: Program, people: Receiver) -> None:
    watched.settings["SYNCCTL_NOTIFY_OPERATOR_URL"] += " nonsense://s3kret"
    watched.settings |= {f"SYNCCTL_HEALTH_DISK_{level}_MB": "100000000" for level in ("WARNING", "CRITICAL")}
    ended = watched("alerts", "run")
    assert ended.code == 1
    assert "address 2 of SYNCCTL_NOTIFY_OPERATOR_URL is no address that Apprise knows" in ended.err
    assert len(people.titles()) == 1
    assert_nothing_secret(watched, ended.out + ended.err)


@pytest.mark.parametrize("value", ["hc-ping.com/s3kret/{job}", "https://hc-ping.com/s3kret", "nobody=https://hc-ping.com/s3kret"])
def test_an_odd_address_for_pings_is_told_by_config_check(watched: Program, value: str) -> None:
    watched.settings["SYNCCTL_PING_URL"] = value
    ended = watched("config", "check")
    assert (ended.code, "part 1 of SYNCCTL_PING_URL" in " ".join(ended.out.split())) == (78, True)
    assert_nothing_secret(watched, ended.out + ended.err)


@pytest.mark.parametrize(
    ("setting", "value", "takes"),
    [
        ("SYNCCTL_ALERT_QUIET_HOURS", "22-7", "two times of day, such as 22:00-07:00"),
        ("SYNCCTL_ALERT_QUIET_HOURS", "22:00-22:00", "two times of day"),
        ("SYNCCTL_ALERT_DIGEST_TIME", "25:00", "a time of day, such as 07:30"),
        ("SYNCCTL_ALERT_SYSLOG", "ftp://log", "a local socket such as /dev/log"),
        ("SYNCCTL_ALERT_OFF", "everything", "rules between commas: retries_exhausted"),
        ("SYNCCTL_ALERT_TIMEZONE", "Mars/Olympus", "a time zone's name"),
    ],
)
def test_an_odd_setting_is_refused_with_what_it_takes(watched: Program, setting: str, value: str, takes: str) -> None:
    watched.settings[setting] = value
    ended = watched("config", "check")
    assert (ended.code, f"but takes {takes}" in ended.err) == (78, True), ended.err


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999"])
def test_an_incident_that_makes_no_sense(watched: Program, number: str) -> None:
    ended = watched("alerts", "ack", number)
    assert ended.code == 2, ended
    assert "Traceback" not in ended.err
    assert watched("alerts", "ack", "4711").code == 2
    assert "--by takes at most 100 characters" in watched("alerts", "ack", "1", "--by", "x" * 101).err


# --- A job without settings ---------------------------------------------------------------------------------------------


def test_a_job_that_fails_before_it_has_settings_tells_once_and_its_end(watched: Program, people: Receiver) -> None:
    assert watched("alerts", "run").code == 0
    watched.settings["SYNCCTL_MAX_RETRIES"] = "lots"
    del watched.settings["SYNCCTL_NOTIFY_OPERATOR_URL"]
    for command in ("process", "stage", "process"):
        ended = watched(command, "--quiet")
        assert ended.code == 78
        assert_nothing_secret(watched, ended.out + ended.err)
    assert people.titles() == ["[CRITICAL] The settings make no sense (process)"]
    assert watched("health").code == 78
    assert people.titles() == [], "health is no job"
    del watched.settings["SYNCCTL_MAX_RETRIES"]
    watched.settings["SYNCCTL_NOTIFY_OPERATOR_URL"] = people.url
    assert watched("alerts", "run").code == 0
    assert people.titles() == ["[RECOVERED] The settings make no sense"]


def test_alerts_that_get_no_lock_tell_that_for_nobody_else_would(watched: Program, people: Receiver) -> None:
    assert watched("alerts", "run").code == 0
    (watched.folder / "a file").write_text("")
    ours = watched.settings.get("SYNCCTL_LOCK_DIR", "")
    watched.settings["SYNCCTL_LOCK_DIR"] = str(watched.folder / "a file")
    for command in (("stage",), ("alerts", "run"), ("alerts", "run")):
        ended = watched(*command)
        assert (ended.code, "SYNCCTL_LOCK_DIR" in ended.err) == (78, True)
    assert people.titles() == ["[CRITICAL] The settings make no sense (alerts run)"]
    watched.settings["SYNCCTL_LOCK_DIR"] = ours
    assert watched("alerts", "run").code == 0
    assert people.titles() == ["[RECOVERED] The settings make no sense"]


def test_where_nothing_is_known_a_job_without_settings_ends_as_ever(syncctl: Program) -> None:
    syncctl.settings["SYNCCTL_MAX_RETRIES"] = "lots"
    ended = syncctl("process")
    assert ended.code == 78
    assert not (syncctl.folder / "data").exists()


# --- Pings --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pings(syncctl: Program, store: SimulatedStore) -> Iterator[Receiver]:
    with receiver() as made:
        syncctl.settings["SYNCCTL_PING_URL"] = f"http://{made.where}/s3kret/{{job}}"
        yield made


def test_each_job_tells_its_start_and_its_end(syncctl: Program, pings: Receiver) -> None:
    syncctl("stage")
    syncctl("stage", "--reconcile")
    assert pings.paths == ["/s3kret/stage/start", "/s3kret/stage", "/s3kret/reconcile/start", "/s3kret/reconcile"]
    assert pings.bodies == [b"", b"exit code 0"] * 2


def test_a_job_that_fails_tells_so(syncctl: Program, store: SimulatedStore, pings: Receiver) -> None:
    gone(store)
    assert syncctl("stage").code == 69
    assert (pings.paths, pings.bodies[-1]) == (["/s3kret/stage/start", "/s3kret/stage/fail"], b"exit code 69")
    (syncctl.folder / "shop.db").unlink()
    assert syncctl("process").code == 78
    assert pings.paths[2:] == ["/s3kret/process/start", "/s3kret/process/fail"]


def test_only_jobs_of_a_schedule_are_pinged_and_no_dry_run(syncctl: Program, pings: Receiver) -> None:
    syncctl("stage", "--dry-run")
    syncctl("validate")
    syncctl("health")
    assert pings.paths == []
    syncctl.settings["SYNCCTL_PING_URL"] = f"process=http://{pings.where}/only"
    syncctl("stage")
    syncctl("process")
    assert pings.paths == ["/only/start", "/only"]


def test_a_service_that_does_not_answer_fails_no_job_and_holds_it_up_no_longer_than_its_time(
    syncctl: Program, pings: Receiver
) -> None:
    syncctl.settings["SYNCCTL_PING_SECONDS"] = "1"
    pings.hold.clear()
    begun = time.monotonic()
    ended = syncctl("stage", "-vv")
    assert ended.code == 0
    assert time.monotonic() - begun < PATIENCE
    syncctl.settings["SYNCCTL_PING_URL"] = "http://127.0.0.1:9/s3kret/{job}"
    ended = syncctl("stage", "-vv")
    assert ended.code == 0
    assert "The ping did not arrive" in ended.err
    assert_nothing_secret(syncctl, ended.out + ended.err)


def test_a_job_without_settings_pings_its_failure(syncctl: Program, pings: Receiver, people: Receiver) -> None:
    syncctl.settings["SYNCCTL_NOTIFY_OPERATOR_URL"] = people.url
    syncctl("alerts", "run")
    pings.paths.clear()
    syncctl.settings["SYNCCTL_MAX_RETRIES"] = "lots"
    assert syncctl("stage").code == 78
    assert pings.paths == ["/s3kret/stage/fail"]
