"""Incidents: opened, gone on with, told of, acknowledged, recovered. On each engine."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from syncctl.db.contract import (
    AcknowledgeIncident,
    ClaimNotifications,
    CountReviews,
    Incident,
    ListIncidents,
    ListNotifications,
    NotedIncident,
    NoteIncidents,
    PurgeHistory,
    ReviewCount,
    TellIncident,
)
from syncctl.errors import BadArgument, NotFound, WrongState
from tests.orders import order, set_aside


def seen(rule: str = "store_down", subject: str = "shop", **more: Any) -> dict[str, Any]:
    found = {"SOURCE": "store", "SEVERITY": "warning", "MESSAGE": "no answer", "MARK": 0}
    return {"RULE_NAME": rule, "SUBJECT": subject, **found, **more}


@pytest.fixture
def note(database):
    """Notes what is wrong; both checks could be looked at."""

    def noting(*found: dict[str, Any], looked: tuple[str, ...] = ("store", "review")) -> list[NotedIncident]:
        incidents: list[NotedIncident] = database.run(NoteIncidents(seen=json.dumps(found), looked=json.dumps(looked)))
        return incidents

    return noting


@pytest.fixture
def tell(database):
    """Tells of an incident in one way; returns how many messages were queued."""

    def telling(incident: NotedIncident, what: str = "opened", ways: tuple[str, ...] = ("operator:1",)) -> int:
        messages = [{"WAY": way, "TEMPLATE": "alert", "DATA": {"title": "Ü|'"}} for way in ways]
        call = TellIncident(
            incident_id=incident.incident_id, tellings=incident.tellings, what=what, messages=json.dumps(messages)
        )
        [told] = database.run(call)
        return int(told.queued)

    return telling


def test_what_goes_on_is_one_incident(note, clock):
    [first] = note(seen())
    opened = clock.now
    clock.move(timedelta(minutes=5))
    [again] = note(seen(SEVERITY="critical", MESSAGE="still none: Ü", MARK=7))
    assert (again.incident_id, again.opened_dt, again.last_seen_dt) == (first.incident_id, opened, clock.now)
    assert (again.severity, again.message, again.mark, again.tellings) == ("critical", "still none: Ü", 7, 0)
    assert (first.told_severity, first.last_told_dt, first.recovered_dt) == (None, None, None)


def test_a_rule_has_one_incident_for_each_of_its_subjects(note):
    assert [(found.rule_name, found.subject) for found in note(seen(), seen(subject="outlet"), seen("order_in_review", ""))] == [
        ("store_down", "shop"),
        ("store_down", "outlet"),
        ("order_in_review", ""),
    ]


def test_what_could_not_be_looked_at_neither_goes_on_nor_recovers(note, database, clock):
    [first] = note(seen())
    assert [found.incident_id for found in note(looked=("review",))] == [first.incident_id]
    clock.move(timedelta(minutes=5))
    assert note() == [], "nobody was told of it: nobody has to hear that it is over"
    [recovered] = database.run(ListIncidents(since_dt=clock.now))
    assert (recovered.recovered_dt, recovered.last_seen_dt) == (clock.now, clock.now - timedelta(minutes=5))
    [again] = note(seen())
    assert again.incident_id != first.incident_id


def test_telling_queues_a_message_for_each_way_and_notes_it(note, tell, database, clock):
    [incident] = note(seen(MARK=3))
    assert tell(incident, ways=("operator:1", "syslog")) == 2
    queued = database.run(ListNotifications(states="PENDING"))
    assert {(row.recipient_id, row.audience, row.event_type, row.template) for row in queued} == {
        ("operator:1", "operator", "alert", "alert"),
        ("syslog", "operator", "alert", "alert"),
    }
    assert json.loads(queued[0].data_json) == {"title": "Ü|'"}
    [told] = note(seen(SEVERITY="critical", MARK=4))
    assert (told.tellings, told.notified_dt, told.told_severity, told.told_mark) == (1, clock.now, "warning", 3)
    assert tell(told, "again") == 1
    [told] = note(seen(MARK=4))
    assert (told.tellings, told.told_severity, told.told_mark) == (2, "critical", 4)
    assert tell(told, "again") == 1
    assert note(seen())[0].told_severity == "critical", "whoever was woken is told of the end"


def test_who_comes_second_tells_nobody(note, tell, database):
    [incident] = note(seen())
    assert [tell(incident), tell(incident)] == [1, 0]
    assert len(database.run(ListNotifications())) == 1
    with pytest.raises(NotFound, match="Incident 4711 does not exist"):
        database.run(TellIncident(incident_id=4711, tellings=0, what="opened", messages="[]"))


def test_the_end_is_told_once_of_what_was_told(note, tell, clock):
    [incident] = note(seen())
    tell(incident)
    clock.move(timedelta(minutes=5))
    [over] = note()
    assert (over.recovered_dt, over.recovery_told_dt, over.last_told_dt) == (
        clock.now,
        None,
        clock.now - timedelta(minutes=5),
    )
    assert [found.incident_id for found in note()] == [over.incident_id], "until somebody has told it"
    assert tell(over, "recovered") == 1
    assert note() == []
    clock.move(timedelta(minutes=5))
    [again] = note(seen())
    assert (again.tellings, again.last_told_dt) == (0, clock.now - timedelta(minutes=10))


def test_an_end_that_nobody_told_for_a_week_is_history(note, tell, clock):
    [incident] = note(seen())
    tell(incident)
    note()
    clock.move(timedelta(days=8))
    assert note() == []


def test_a_person_acknowledges_an_open_incident(note, database, clock):
    [incident] = note(seen())
    for who in ("ada", "Zoë"):
        call = AcknowledgeIncident(incident_id=incident.incident_id, acknowledged_by=who, note="the host is moved")
        database.run(call)
    [known] = database.run(ListIncidents())
    assert isinstance(known, Incident)
    assert (known.acknowledged_by, known.acknowledged_note, known.acknowledged_dt) == ("Zoë", "the host is moved", clock.now)
    note()
    with pytest.raises(WrongState, match="has recovered"):
        database.run(AcknowledgeIncident(incident_id=incident.incident_id, acknowledged_by="ada"))
    with pytest.raises(NotFound, match="Incident 4711 does not exist"):
        database.run(AcknowledgeIncident(incident_id=4711, acknowledged_by="ada"))
    with pytest.raises(BadArgument, match="@ACKNOWLEDGED_BY is required"):
        database.run(AcknowledgeIncident(incident_id=incident.incident_id, acknowledged_by=""))


def test_incidents_are_listed_latest_first(note, database, clock):
    note(seen(), seen("order_in_review", "mapping", SOURCE="review"))
    clock.move(timedelta(hours=1))
    note(seen())
    assert [found.rule_name for found in database.run(ListIncidents())] == ["store_down"]
    assert [found.rule_name for found in database.run(ListIncidents(since_dt=clock.now))] == ["order_in_review", "store_down"]
    assert len(database.run(ListIncidents(since_dt=clock.now, batch_size=1))) == 1
    with pytest.raises(BadArgument, match="@BATCH_SIZE takes 1 to 10000"):
        database.run(ListIncidents(batch_size=0))


def test_no_json_is_refused(database):
    with pytest.raises(BadArgument, match=r"@SEEN takes a JSON array\. @LOOKED takes a JSON array\."):
        database.run(NoteIncidents(seen="", looked="{"))
    with pytest.raises(BadArgument, match=r"@WHAT takes opened, again, recovered\. @MESSAGES takes a JSON array\."):
        database.run(TellIncident(incident_id=1, tellings=0, what="x", messages=""))


def test_a_way_that_is_down_is_left_out_and_the_others_go_on(note, tell, database):
    [incident] = note(seen())
    tell(incident, ways=("operator:1", "operator:2"))
    claimed = database.run(ClaimNotifications(worker_id="w", batch_size=9, excluded=json.dumps(["operator:1"])))
    assert [message.recipient_id for message in claimed] == ["operator:2"]


def test_what_came_to_a_person_is_counted_by_class_with_the_latest(database, query):
    def counted() -> list[tuple[str | None, int, int]]:
        return [(row.error_class, row.orders, row.mismatched) for row in database.run(CountReviews())]

    assert database.run(CountReviews()) == [ReviewCount(None, 0, 0, 0)]
    for number, error_class in enumerate(("validation", "validation", "mapping"), 1):
        set_aside(database, order(number), error_class=error_class)
    query("UPDATE dbo.USER_ORDER_DEAD_LETTER SET ERROR_CODE = 'total' WHERE WOO_ORDER_ID = 1")
    assert counted() == [(None, 1, 1), ("mapping", 1, 0), ("validation", 2, 0)]
    latest = query("SELECT MAX(DEAD_LETTER_ID) AS N FROM dbo.USER_ORDER_DEAD_LETTER")[0]["N"]
    assert {row.error_class: row.latest_id for row in database.run(CountReviews())}["mapping"] == latest
    query("UPDATE dbo.USER_ORDER_DEAD_LETTER SET CREATED_DT = '2020-01-01 00:00:00.000'")
    assert counted()[0] == (None, 0, 0)
    with pytest.raises(BadArgument, match="@HOURS takes 1 to 8760"):
        database.run(CountReviews(hours=0))


def test_incidents_that_are_long_over_are_forgotten(note, tell, database, clock):
    [incident, _] = note(seen(), seen(subject="outlet"))
    tell(incident)
    note(seen(subject="outlet"))
    clock.move(timedelta(days=200))
    call = PurgeHistory(kind="incidents", before_dt=clock() - timedelta(days=180))
    assert database.run(call)[0].purged_rows == 1
    assert [found.subject for found in database.run(ListIncidents(since_dt=clock() - timedelta(days=999)))] == ["outlet"]
