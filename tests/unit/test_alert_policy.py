"""When people are told of an incident."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syncctl.db.contract import NotedIncident
from syncctl.services.alert_policy import Policy

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NIGHT = Policy(quiet=(time(22), time(7)))


def incident(**changed: Any) -> NotedIncident:
    none = dict.fromkeys(
        (
            "notified_dt",
            "told_severity",
            "told_mark",
            "acknowledged_dt",
            "acknowledged_by",
            "acknowledged_note",
            "recovered_dt",
            "recovery_told_dt",
            "last_told_dt",
        )
    )
    held = {"incident_id": 1, "rule_name": "store_down", "subject": "shop", "source": "store", "severity": "warning"}
    moments = {"opened_dt": NOON, "last_seen_dt": NOON}
    return NotedIncident(**{**held, "message": "m", "mark": 0, "tellings": 0, **moments, **none, **changed})


def told(**changed: Any) -> NotedIncident:
    """One that people were told of at noon, as a warning."""
    known = {"tellings": 1, "notified_dt": NOON, "last_told_dt": NOON, "told_severity": "warning", "told_mark": 0}
    return incident(**{**known, **changed})


def at(hour: int, minute: int = 0) -> datetime:
    return NOON.replace(hour=hour, minute=minute)


def test_what_is_new_is_told_at_once_and_once():
    assert Policy().due(incident(), NOON) == "opened"
    assert Policy().due(told(), NOON + timedelta(days=30)) is None


def test_more_of_it_is_told_after_the_cool_down():
    assert Policy().due(told(mark=1), NOON + timedelta(minutes=59)) is None
    assert Policy().due(told(mark=1), NOON + timedelta(minutes=60)) == "again"
    assert Policy(cooldown=timedelta(0)).due(told(mark=1), NOON) == "again"
    assert Policy().due(told(mark=1, told_mark=2), NOON + timedelta(minutes=60)) is None, "there is less of it"


def test_what_gets_worse_is_told_at_once_whatever_else():
    worse = told(severity="critical", acknowledged_dt=NOON)
    assert NIGHT.due(worse, at(23)) == "again"
    assert Policy().due(worse, NOON) == "again"
    assert Policy().due(told(severity="critical", told_severity="critical"), NOON) is None
    assert Policy().due(told(severity="warning", told_severity="critical"), NOON + timedelta(days=1)) is None, "it got better"


def test_what_comes_and_goes_is_told_no_sooner_than_the_cool_down():
    again = incident(last_told_dt=NOON)
    assert Policy().due(again, NOON + timedelta(minutes=10)) is None
    assert Policy().due(again, NOON + timedelta(minutes=60)) == "opened"


def test_whoever_looks_after_it_needs_no_reminder_but_hears_of_the_end():
    assert Policy().due(incident(acknowledged_dt=NOON), NOON) is None
    assert Policy().due(told(mark=5, acknowledged_dt=NOON), NOON + timedelta(days=1)) is None
    assert Policy().due(told(acknowledged_dt=NOON, recovered_dt=NOON), NOON) == "recovered"


def test_the_end_is_told_once_and_only_of_what_was_told():
    assert Policy().due(incident(recovered_dt=NOON), NOON) is None
    assert Policy().due(told(recovered_dt=NOON), NOON) == "recovered"
    assert Policy().due(told(recovered_dt=NOON, recovery_told_dt=NOON), NOON) is None


@pytest.mark.parametrize(("hour", "quiet"), [(21, False), (22, True), (23, True), (0, True), (6, True), (7, False), (12, False)])
def test_quiet_hours_span_midnight(hour: int, quiet: bool):
    assert NIGHT.is_quiet(at(hour)) is quiet
    assert Policy(quiet=(time(7), time(22))).is_quiet(at(hour)) is not quiet


def test_in_quiet_hours_warnings_wait_and_what_is_critical_does_not():
    assert NIGHT.due(incident(), at(23)) is None
    assert NIGHT.due(incident(), at(7)) == "opened"
    assert NIGHT.due(incident(severity="critical"), at(23)) == "opened"
    assert NIGHT.due(told(recovered_dt=at(23)), at(23)) is None
    assert NIGHT.due(told(recovered_dt=at(23), told_severity="critical"), at(23)) == "recovered"


def test_quiet_hours_and_the_digest_go_by_their_own_zone():
    paris = Policy(quiet=(time(22), time(7)), digest_at=time(7, 30), zone=ZoneInfo("Europe/Paris"))
    assert paris.is_quiet(at(21, 30))
    assert not paris.is_quiet(at(20, 30))
    assert paris.digest_day(at(6, 29)) is None
    assert paris.digest_day(at(6, 30)) == "2026-11-20"
    assert paris.digest_day(at(23, 30)) is None, "of tomorrow, there"
    assert Policy().digest_day(NOON) is None
