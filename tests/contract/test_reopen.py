"""What a person gave up can be taken back: `reopen` puts the order into review again, as it was."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from syncctl.db.contract import DecideDeadLetter, Decision, GetPayload, ListDeadLetters, RollbackOrder
from syncctl.errors import NotFound, WrongState
from tests.orders import fail, line, order, set_aside, stage
from tests.shop import Shop


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


@pytest.fixture
def staged(query):
    """Returns an order's staging row."""
    sql = "SELECT * FROM dbo.USER_ORDER_STAGING WHERE WOO_ORDER_ID = ?"
    return lambda order_id=4711: query(sql, (order_id,))[0]


def decide(database, staging_id, decision, *, by="ada", reason=None):
    """Decides on an order and returns what became of it."""
    return database.run(DecideDeadLetter(staging_id=staging_id, decision=decision, decided_by=by, reason=reason))


def test_an_order_that_was_given_up_comes_back_into_review_with_its_reason(database, staged, clock, query):
    [staging_id] = set_aside(database, order(4711), message="Item BÜCHER-7 is not in IM_ITEM.")
    before = staged()
    decide(database, staging_id, "cancel", reason="a mistake")
    clock.move(timedelta(hours=1))
    assert decide(database, staging_id, "reopen", by="grace", reason="it was not") == [
        Decision(staging_id, "NEEDS_MANUAL_REVIEW")
    ]
    after = staged()
    kept = ("STATE", "STATE_REASON", "PENDING_ACTION", "ERROR_CLASS", "VALIDATION_ERROR", "CONTENT_HASH", "LEASE_OWNER")
    assert [after[name] for name in kept] == [before[name] for name in kept]
    [given_up, waiting] = database.run(ListDeadLetters(include_decided=True))
    assert (given_up.decision, given_up.decided_by, given_up.decision_reason) == ("cancel", "ada", "a mistake")
    same = ("woo_order_no", "pending_action", "error_class", "error_code", "error_message", "attempts")
    assert [getattr(waiting, name) for name in same] == [getattr(given_up, name) for name in same]
    assert (waiting.decision, waiting.created_dt) == (None, clock.now)
    event = query("SELECT * FROM dbo.USER_ORDER_EVENT ORDER BY EVENT_ID")[-1]
    assert (event["EVENT_TYPE"], event["MESSAGE"]) == ("REOPEN_DECIDED", "reopen decided by grace: it was not")
    [then] = database.run(GetPayload(staging_id=staging_id, dead_letter_id=waiting.dead_letter_id))
    assert json.loads(then.order_json)["BILL"]["CITY"] == "London"
    assert decide(database, staging_id, "retry") == [Decision(staging_id, "PENDING")]
    assert staged()["PENDING_ACTION"] == "create"


def test_reopening_twice_is_reopening_once(database, query):
    [staging_id] = set_aside(database, order(4711))
    assert decide(database, staging_id, "reopen") == [Decision(staging_id, "NEEDS_MANUAL_REVIEW")]
    decide(database, staging_id, "cancel")
    for _ in range(2):
        assert decide(database, staging_id, "reopen") == [Decision(staging_id, "NEEDS_MANUAL_REVIEW")]
    assert len(database.run(ListDeadLetters(include_decided=True))) == 2
    events = [row["EVENT_TYPE"] for row in query("SELECT EVENT_TYPE FROM dbo.USER_ORDER_EVENT ORDER BY EVENT_ID")]
    assert events[-2:] == ["CANCEL_DECIDED", "REOPEN_DECIDED"]


def test_a_reopened_cancellation_still_knows_why_the_store_cancelled(shop, staged):
    shop.apply(line(1))
    shop.stage_cancelled(line(1))
    staging_id = staged()["STAGING_ID"]
    fail(shop.database, staging_id, error_class="conflict")
    assert decide(shop.database, staging_id, "cancel", reason="shipped") == [Decision(staging_id, "APPLIED")]
    decide(shop.database, staging_id, "reopen")
    row = staged()
    assert (row["STATE"], row["PENDING_ACTION"], row["STATE_REASON"]) == ("NEEDS_MANUAL_REVIEW", "cancel", "cancelled")
    decide(shop.database, staging_id, "retry")
    assert shop.work(shop.claim()).outcome == "cancelled"


def test_an_order_that_was_rolled_back_for_good_can_be_wanted_again(shop, staged):
    first = shop.apply(line(1)).doc_id
    staging_id = staged()["STAGING_ID"]
    shop.database.run(RollbackOrder(staging_id=staging_id, reason="a test order", decided_by="ada"))
    assert staged()["STATE"] == "CANCELLED"
    assert decide(shop.database, staging_id, "reopen") == [Decision(staging_id, "NEEDS_MANUAL_REVIEW")]
    [letter] = shop.database.run(ListDeadLetters())
    assert (letter.pending_action, letter.error_class, letter.error_message) == (
        "create",
        "conflict",
        "rolled back: a test order",
    )
    row = staged()
    assert (row["PENDING_ACTION"], row["VALIDATION_ERROR"], row["STATE_REASON"]) == ("create", "rolled back: a test order", None)
    decide(shop.database, staging_id, "retry")
    second = shop.work(shop.claim())
    assert (second.outcome, second.doc_id == first) == ("created", False)


def test_what_was_rolled_back_and_then_cancelled_in_the_store_stays_out(shop, staged):
    shop.apply(line(1))
    staging_id = staged()["STAGING_ID"]
    shop.database.run(RollbackOrder(staging_id=staging_id, reason="a test order", decided_by="ada"))
    shop.stage_cancelled(line(1))
    with pytest.raises(WrongState, match=r"Order 4711 .* is cancelled in the store") as raised:
        decide(shop.database, staging_id, "reopen")
    assert raised.value.code == "50020"
    assert staged()["STATE"] == "CANCELLED"


def test_only_what_a_person_gave_up_is_reopened(shop, staged):
    stage(shop.database, order(4711))
    staging_id = staged()["STAGING_ID"]

    def refused(state):
        before = shop.snapshot()
        with pytest.raises(WrongState, match=f"Order 4711 .staging id {staging_id}. is {state}") as raised:
            decide(shop.database, staging_id, "reopen")
        assert raised.value.code == "50020"
        assert shop.snapshot() == before

    refused("PENDING")
    fail(shop.database, staging_id)
    decide(shop.database, staging_id, "retry")
    refused("PENDING")
    shop.stage_cancelled()
    refused("SKIPPED")
    stage(shop.database, order(4711))
    shop.work(shop.claim())
    refused("APPLIED")
    shop.cancel()
    refused("CANCELLED")
    with pytest.raises(NotFound, match="Staging id 99 does not exist"):
        decide(shop.database, 99, "reopen")


def test_an_order_that_moved_on_after_it_was_given_up_is_not_reopened(database, staged):
    [staging_id] = set_aside(database, order(4711))
    decide(database, staging_id, "cancel")
    dead = {"STATUS_GROUP": "dead", "ORD_STATUS": "cancelled", "STATUS_REASON": "cancelled in the store"}
    stage(database, order(4711, **dead))
    assert (staged()["STATE"], staged()["STATE_REASON"]) == ("SKIPPED", "cancelled in the store")
    with pytest.raises(WrongState, match=r"is SKIPPED \(cancelled in the store\)"):
        decide(database, staging_id, "reopen")


def test_a_reason_of_any_length_can_be_taken_back(database):
    [staging_id] = set_aside(database, order(4711))
    decide(database, staging_id, "cancel", by="ä" * 100, reason="😀" * 249)
    assert decide(database, staging_id, "reopen") == [Decision(staging_id, "NEEDS_MANUAL_REVIEW")]
