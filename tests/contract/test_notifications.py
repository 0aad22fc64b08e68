"""What messages to people promise: queued once, sent by one worker, kept whatever becomes of them. On each engine."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from syncctl.db.contract import (
    ClaimedNotification,
    ClaimNotifications,
    CompleteNotification,
    Database,
    FailNotification,
    ListNotifications,
    QueuedNotification,
    QueueNotification,
    ReleaseNotification,
    SetNotifyPreference,
)
from syncctl.errors import BadArgument, LeaseLost, NotFound


def queue(database: Database, key: str = "k", **more: Any) -> QueuedNotification:
    given = {
        "event_type": "pod_failed",
        "audience": "client",
        "template": "pod_failed",
        "data_json": '{"a": "é"}',
        "recipient_id": "C1",
    }
    return database.run(QueueNotification(dedup_key=key, **{**given, "address": "a@example.com", **more}))[0]


def claim(database: Database, worker: str = "w", **more: Any) -> list[ClaimedNotification]:
    return database.run(ClaimNotifications(worker_id=worker, **{"batch_size": 10, **more}))


def states(database: Database) -> list[str]:
    return [entry.state for entry in database.run(ListNotifications())]


def test_a_message_is_queued_once_for_its_key(database):
    first, again = queue(database), queue(database)
    assert (first.queued, again.queued, first.notification_id == again.notification_id) == (True, False, True)
    assert states(database) == ["PENDING"]


def test_a_message_waits_for_its_time_and_is_sent_by_one(database, clock):
    queue(database, not_before_dt=clock() + timedelta(hours=1))
    assert claim(database) == []
    clock.move(timedelta(hours=1))
    [message] = claim(database)
    assert (message.wanted, message.address, message.data_json.replace(" ", "")) == (True, "a@example.com", '{"a":"é"}')
    assert claim(database, "other") == []
    database.run(CompleteNotification(notification_id=message.notification_id, worker_id="w", attempt_no=1, result="sent"))
    assert states(database) == ["SENT"]
    with pytest.raises(LeaseLost):
        database.run(CompleteNotification(notification_id=message.notification_id, worker_id="w", attempt_no=1, result="sent"))


def test_a_failed_delivery_is_tried_again_then_kept_as_failed(database, clock):
    queue(database)
    [message] = claim(database)
    database.run(
        FailNotification(
            notification_id=message.notification_id, worker_id="w", attempt_no=1, message="no route", retry_after_seconds=60
        )
    )
    assert claim(database) == []
    clock.move(timedelta(seconds=60))
    [message] = claim(database)
    assert message.attempt_no == 2
    database.run(FailNotification(notification_id=message.notification_id, worker_id="w", attempt_no=2, message="no route"))
    [entry] = database.run(ListNotifications(states="FAILED"))
    assert (entry.error_message, entry.ended_dt) == ("no route", clock())
    clock.move(timedelta(days=9))
    assert claim(database) == []


def test_a_dead_senders_message_comes_back(database, clock):
    queue(database)
    claim(database)
    clock.move(timedelta(seconds=300))
    [message] = claim(database, "heir")
    assert message.attempt_no == 2
    with pytest.raises(LeaseLost):
        database.run(CompleteNotification(notification_id=message.notification_id, worker_id="w", attempt_no=1, result="sent"))


def test_a_message_that_kills_its_senders_is_given_up_and_kept(database, clock):
    queue(database)
    queue(database, "sound")
    for attempt in (1, 2):
        [message] = claim(database, batch_size=1, max_attempts=2)
        assert (message.attempt_no, states(database)) == (attempt, ["PENDING", "CLAIMED"])
        clock.move(timedelta(seconds=300))
    [sound] = claim(database, max_attempts=2)
    assert sound.notification_id != message.notification_id, "the one behind it goes out at last"
    [given_up] = database.run(ListNotifications(states="FAILED"))
    assert given_up.dedup_key == "k"
    assert (given_up.attempt_no, given_up.ended_dt) == (2, clock())
    assert given_up.error_message == "The worker died (or was stopped hard) while it delivered this message."
    with pytest.raises(LeaseLost):
        database.run(CompleteNotification(notification_id=given_up.notification_id, worker_id="w", attempt_no=2, result="sent"))


def test_a_last_try_that_is_still_going_on_is_not_given_up(database, clock):
    queue(database)
    [message] = claim(database, max_attempts=1)
    clock.move(timedelta(seconds=299))
    assert claim(database, "other", max_attempts=1) == []
    database.run(CompleteNotification(notification_id=message.notification_id, worker_id="w", attempt_no=1, result="sent"))
    assert states(database) == ["SENT"]


def test_a_released_message_is_as_it_was_and_a_run_that_had_it_leaves_it_out(database, clock):
    queue(database)
    queue(database, "2")
    [message] = claim(database, batch_size=1)
    fence = {"notification_id": message.notification_id, "worker_id": "w", "attempt_no": 1}
    clock.move(timedelta(seconds=1))
    database.run(ReleaseNotification(**fence))
    entries = {entry.dedup_key: entry for entry in database.run(ListNotifications())}
    assert (entries["k"].state, entries["k"].attempt_no) == ("PENDING", 0)
    assert entries["k"].next_attempt_dt == entries["2"].next_attempt_dt
    with pytest.raises(LeaseLost):
        database.run(ReleaseNotification(**fence))
    [other] = claim(database, passed=json.dumps([message.notification_id, 99]))
    assert other.notification_id != message.notification_id
    [again] = claim(database)
    assert (again.notification_id, again.attempt_no) == (message.notification_id, 1)


def test_messages_to_some_may_be_left_out(database):
    queue(database)
    queue(database, "2", audience="operator", recipient_id=None)
    assert [message.audience for message in claim(database, excluded='["client"]')] == ["operator"]
    assert claim(database, excluded='["client", "operator"]') == []
    assert [message.audience for message in claim(database)] == ["client"]


@pytest.mark.parametrize(
    ("wishes", "wanted", "address"),
    [
        ([("pod_failed", False, None)], False, "a@example.com"),
        ([("*", False, None)], False, "a@example.com"),
        ([("*", False, None), ("pod_failed", True, "b@example.com")], True, "b@example.com"),
        ([("other", False, None)], True, "a@example.com"),
        ([("pod_failed", False, None), ("pod_failed", True, None)], True, "a@example.com"),
    ],
)
def test_the_recipients_wishes_travel_with_the_message(database, wishes, wanted, address):
    for event, wish, where in wishes:
        database.run(SetNotifyPreference(recipient_id="C1", event_type=event, is_wanted=wish, address=where))
    queue(database)
    [message] = claim(database)
    assert (message.wanted, message.address) == (wanted, address)


def test_bad_arguments(database):
    with pytest.raises(BadArgument, match="@AUDIENCE"):
        queue(database, audience="everybody")
    with pytest.raises(BadArgument, match="@STATES"):
        database.run(ListNotifications(states="LOST"))
    with pytest.raises(BadArgument, match=r"@PASSED takes a JSON array\. @EXCLUDED takes a JSON array\."):
        claim(database, passed="1", excluded="client")
    with pytest.raises(BadArgument, match=r"@MAX_ATTEMPTS takes 1 to 100\."):
        claim(database, max_attempts=0)
    with pytest.raises(NotFound):
        database.run(ReleaseNotification(notification_id=99, worker_id="w", attempt_no=1))
    with pytest.raises(NotFound):
        database.run(CompleteNotification(notification_id=99, worker_id="w", attempt_no=1, result="sent"))
