"""An order that the store has and that can't be read: set aside, kept as it was, asked for again, taken up when it is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncctl.db.contract import (
    ClaimStagedOrders,
    DecideDeadLetter,
    FailStagedOrder,
    ListDeadLetters,
    ListOrdersToReadAgain,
    RollbackOrder,
    TraceOrder,
)
from syncctl.errors import BadArgument, LeaseLost, WrongState
from tests.orders import line, order, stage
from tests.shop import Shop

LATER = "2026-11-20T12:30:00.000"
MINUTES_5 = timedelta(minutes=5)


def broken(order_id: int = 4711, why: str = "total is 'a lot'", **more: Any) -> dict[str, Any]:
    return {"WOO_ORDER_ID": order_id, "WOO_ORDER_NO": str(order_id), "UNREADABLE": 1, "STATUS_REASON": why, **more}


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


@pytest.fixture
def staged(query):
    """Returns an order's live staging row."""
    sql = "SELECT * FROM dbo.USER_ORDER_STAGING WHERE WOO_ORDER_ID = ? AND DUPLICATE_OF_ID IS NULL"
    return lambda order_id=4711: query(sql, (order_id,))[0]


@pytest.fixture
def events(query):
    """Returns the types of an order's events."""
    sql = "SELECT EVENT_TYPE FROM dbo.USER_ORDER_EVENT WHERE WOO_ORDER_ID = ? ORDER BY EVENT_ID"
    return lambda order_id=4711: [row["EVENT_TYPE"] for row in query(sql, (order_id,))]


@pytest.fixture
def due(database):
    return lambda **more: [
        row.woo_order_id for row in database.run(ListOrdersToReadAgain(**{"store_id": "woocommerce", "batch_size": 20, **more}))
    ]


def outcomes(results):
    return [(result.woo_order_id, result.outcome, result.reason) for result in results]


def decide(database, row, decision):
    return database.run(DecideDeadLetter(staging_id=row["STAGING_ID"], decision=decision, decided_by="ada", reason="why"))


def without(row, *names):
    return {key: row[key] for key in row.keys() if key not in names}  # noqa: SIM118 - a row isn't a mapping


MOVED = (
    "STATE",
    "ERROR_CLASS",
    "VALIDATION_ERROR",
    "ATTEMPT_NO",
    "NEXT_ATTEMPT_DT",
    "UPDATED_DT",
    "LAST_SEEN_DT",
    "LEASE_OWNER",
    "LEASE_UNTIL_DT",
)
"""What setting an order aside may change."""


def test_an_order_not_seen_before_is_kept_with_the_reason_and_a_dead_letter(database, staged, events, clock):
    [result] = stage(database, broken(ERROR_CODE="500", ORD_STATUS="processing", WOO_MODIFIED_DT="2026-11-20T11:30:00.000"))
    row = staged()
    assert (result.outcome, result.reason, result.staging_id) == ("set_aside", "total is 'a lot'", row["STAGING_ID"])
    assert (row["STATE"], row["ERROR_CLASS"], row["VALIDATION_ERROR"]) == (
        "NEEDS_MANUAL_REVIEW",
        "unreadable",
        "total is 'a lot'",
    )
    assert (row["PENDING_ACTION"], row["CONTENT_HASH"], row["IS_APPLIED"], row["WOO_ORDER_NO"]) == (None, None, False, "4711")
    assert (row["ATTEMPT_NO"], row["NEXT_ATTEMPT_DT"]) == (1, clock.now + MINUTES_5)
    assert (row["ORD_STATUS"], row["WOO_MODIFIED_DT"]) == ("processing", datetime(2026, 11, 20, 11, 30, tzinfo=UTC))
    [letter] = database.run(ListDeadLetters())
    assert (letter.error_class, letter.error_code, letter.error_message, letter.attempts) == (
        "unreadable",
        "500",
        "total is 'a lot'",
        1,
    )
    assert events() == ["REVIEW"]
    assert database.run(ClaimStagedOrders(worker_id="worker", batch_size=10)) == []


def test_the_rest_of_the_page_is_staged(database, staged):
    results = stage(database, order(1), broken(2), order(3))
    assert [result.outcome for result in results] == ["staged", "set_aside", "staged"]
    assert [staged(number)["STATE"] for number in (1, 2, 3)] == ["PENDING", "NEEDS_MANUAL_REVIEW", "PENDING"]


def test_an_order_that_waited_keeps_its_content_and_goes_on_when_it_is_read_again(database, staged, events):
    stage(database, order(4711))
    before = staged()
    stage(database, broken())
    assert without(staged(), *MOVED) == without(before, *MOVED)
    assert database.run(ClaimStagedOrders(worker_id="worker", batch_size=10)) == []
    assert outcomes(stage(database, order(4711))) == [(4711, "restaged", "it can be read again")]
    row = staged()
    assert (row["STATE"], row["PENDING_ACTION"], row["ATTEMPT_NO"]) == ("PENDING", "create", 0)
    assert (row["ERROR_CLASS"], row["VALIDATION_ERROR"], row["NEXT_ATTEMPT_DT"]) == (None, None, None)
    assert database.run(ListDeadLetters()) == []
    [letter] = database.run(ListDeadLetters(include_decided=True))
    assert (letter.decision, letter.decided_by) == ("restaged", "test-run")
    assert events() == ["STAGED", "REVIEW", "RESTAGED"]
    assert outcomes(stage(database, order(4711))) == [(4711, "unchanged", None)]


def test_an_applied_order_keeps_its_document_and_its_fields(shop, staged, events):
    shop.apply(line(1))
    before = staged()
    documents = shop.snapshot()["PS_DOC_HDR"]
    stage(shop.database, broken(WOO_MODIFIED_DT=LATER, ORD_STATUS="cancelled"))
    assert staged()["STATE"] == "NEEDS_MANUAL_REVIEW"
    assert without(staged(), *MOVED) == without(before, *MOVED)
    assert shop.snapshot()["PS_DOC_HDR"] == documents
    assert outcomes(stage(shop.database, order(4711, line(1)))) == [(4711, "unchanged", "it can be read again")]
    assert (staged()["STATE"], staged()["PENDING_ACTION"]) == ("APPLIED", None)
    assert shop.database.run(ListDeadLetters()) == []
    assert events()[-1] == "READ_AGAIN"


def test_an_applied_order_that_was_edited_meanwhile_waits_as_an_update(shop, staged):
    shop.apply(line(1))
    stage(shop.database, broken())
    assert outcomes(stage(shop.database, order(4711, line(1, qty="2", total="39.98")))) == [(4711, "restaged", None)]
    assert (staged()["STATE"], staged()["PENDING_ACTION"]) == ("PENDING", "update")
    stage(shop.database, broken())
    assert outcomes(stage(shop.database, order(4711, line(1)))) == [(4711, "unchanged", "edited back to what the ERP holds")]
    assert (staged()["STATE"], staged()["PENDING_ACTION"]) == ("APPLIED", None)


def test_an_applied_order_that_ends_in_the_store_waits_to_be_cancelled(shop, staged):
    shop.apply(line(1))
    shop.stage_cancelled(line(1))
    stage(shop.database, broken())
    again = order(4711, line(1), STATUS_GROUP="dead", ORD_STATUS="cancelled", STATUS_REASON="cancelled")
    assert outcomes(stage(shop.database, again)) == [(4711, "restaged", "it can be read again")]
    assert (staged()["STATE"], staged()["PENDING_ACTION"], staged()["STATE_REASON"]) == ("PENDING", "cancel", "cancelled")


def test_an_order_adopted_from_an_older_system_is_adopted_all_the_same(database, query, staged):
    query(
        "INSERT INTO dbo.USER_ORDER_STAGING (BATCH_ID, STORE_ID, WOO_ORDER_ID, CREATED_DT, STATE, IS_APPLIED, CP_DOC_ID)"
        " VALUES ('old', 'woocommerce', 4711, '2026-01-05 10:00:00.000', 'APPLIED', 1, '103398648478')"
    )
    stage(database, broken())
    assert outcomes(stage(database, order(4711))) == [(4711, "unchanged", "it can be read again")]
    row = staged()
    assert (row["STATE"], row["APPLIED_HASH"], row["CP_DOC_ID"]) == ("APPLIED", order(4711)["CONTENT_HASH"], "103398648478")


def test_what_was_skipped_or_rolled_back_goes_back_to_that(shop, staged):
    stage(shop.database, order(1, STATUS_GROUP="wait", ORD_STATUS="pending", STATUS_REASON="unpaid"))
    applied = shop.apply(line(1))
    shop.database.run(RollbackOrder(staging_id=applied.staging_id, reason="typed in by hand", decided_by="ada"))
    shop.stage_cancelled(line(1))
    stage(shop.database, broken(1), broken(4711))
    assert {staged(number)["STATE"] for number in (1, 4711)} == {"NEEDS_MANUAL_REVIEW"}
    stage(
        shop.database,
        order(1, STATUS_GROUP="wait", ORD_STATUS="pending", STATUS_REASON="unpaid"),
        order(4711, line(1)),
    )
    assert (staged(1)["STATE"], staged(1)["STATE_REASON"]) == ("SKIPPED", "unpaid")
    assert staged(4711)["STATE"] == "CANCELLED"


def test_an_order_that_a_worker_holds_is_taken_from_it(database, staged, query):
    stage(database, order(4711))
    [claimed] = database.run(ClaimStagedOrders(worker_id="busy", batch_size=1))
    stage(database, broken())
    assert (staged()["STATE"], staged()["LEASE_OWNER"]) == ("NEEDS_MANUAL_REVIEW", None)
    [told] = query("SELECT MESSAGE FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'REVIEW'")
    assert told["MESSAGE"] == "total is 'a lot'; taken from worker busy, which held it for attempt 1"
    with pytest.raises(LeaseLost):
        database.run(
            FailStagedOrder(
                staging_id=claimed.staging_id,
                worker_id="busy",
                attempt_no=1,
                error_class="unknown",
                error_code=None,
                message="too late",
            )
        )
    stage(database, order(4711))
    assert (staged()["STATE"], staged()["PENDING_ACTION"]) == ("PENDING", "create")


def test_each_failed_reading_is_an_attempt_further_apart_and_only_news_is_an_event(database, staged, events, clock):
    stage(database, broken())
    waits = [staged()["NEXT_ATTEMPT_DT"] - clock.now]
    for _ in range(3):
        clock.move(timedelta(hours=1))
        assert outcomes(stage(database, broken())) == [(4711, "set_aside", "total is 'a lot'")]
        waits.append(staged()["NEXT_ATTEMPT_DT"] - clock.now)
    assert waits == [MINUTES_5, 2 * MINUTES_5, 4 * MINUTES_5, 8 * MINUTES_5]
    assert (staged()["ATTEMPT_NO"], events()) == (4, ["REVIEW"])
    stage(database, broken(why="its refunds: HTTP 500"))
    assert events() == ["REVIEW", "REVIEW"]
    [letter] = database.run(ListDeadLetters())
    assert (letter.error_message, letter.attempts) == ("its refunds: HTTP 500", 5)


def test_after_the_policys_last_attempt_it_is_left_to_a_person(database, staged, due, query, clock):
    query("UPDATE dbo.USER_RETRY_POLICY SET MAX_ATTEMPTS = 2 WHERE ERROR_CLASS = 'unreadable'")
    stage(database, broken())
    stage(database, broken())
    assert (staged()["ATTEMPT_NO"], staged()["NEXT_ATTEMPT_DT"]) == (2, None)
    clock.move(timedelta(days=400))
    assert due() == []


def test_what_is_due_is_asked_for_again_the_oldest_first(database, due, clock):
    stage(database, broken(1))
    clock.move(timedelta(minutes=1))
    stage(database, broken(2), order(3), broken(-4))
    assert due() == []
    clock.move(MINUTES_5)
    assert due() == [1, 2], "a row of the list without an id can't be asked for"
    assert due(batch_size=1) == [1]
    assert due(store_id="outlet") == []
    with pytest.raises(BadArgument, match="@BATCH_SIZE takes 1 to 10000"):
        due(batch_size=0)


def test_to_retry_is_to_ask_the_store_again_and_never_to_process_what_is_there(database, staged, due, clock):
    stage(database, order(4711))
    stage(database, broken())
    clock.move(timedelta(minutes=1))
    [decided] = decide(database, staged(), "retry")
    assert decided.state == "NEEDS_MANUAL_REVIEW"
    row = staged()
    assert (row["STATE"], row["ERROR_CLASS"], row["PENDING_ACTION"], row["ATTEMPT_NO"]) == (
        "NEEDS_MANUAL_REVIEW",
        "unreadable",
        "create",
        0,
    )
    assert due() == [4711]
    assert len(database.run(ListDeadLetters())) == 1
    assert database.run(ClaimStagedOrders(worker_id="worker", batch_size=10)) == []
    stage(database, order(4711))
    assert staged()["STATE"] == "PENDING"


def test_a_row_without_an_id_can_only_be_given_up(database, staged):
    stage(database, broken(-99, "a row of the list has the id true"))
    with pytest.raises(WrongState, match="has no id that the store could be asked for"):
        decide(database, staged(-99), "retry")
    assert decide(database, staged(-99), "cancel")[0].state == "SKIPPED"


def test_what_a_person_gave_up_stays_so_until_the_store_changes_it(shop, staged, clock):
    clock.move(timedelta(hours=1))
    shop.apply(line(1))
    seen = broken(WOO_MODIFIED_DT=LATER)
    stage(shop.database, seen, broken(1))
    decide(shop.database, staged(), "cancel")
    decide(shop.database, staged(1), "cancel")
    assert (staged()["STATE"], staged(1)["STATE"]) == ("APPLIED", "SKIPPED")
    assert outcomes(stage(shop.database, seen, broken(1))) == [
        (4711, "unchanged", "it can't be read, and was given up"),
        (1, "unchanged", "it can't be read, and was given up"),
    ]
    assert (staged()["STATE"], staged(1)["STATE"]) == ("APPLIED", "SKIPPED")
    changed = broken(WOO_MODIFIED_DT="2026-11-20T14:00:00.000")
    assert [result.outcome for result in stage(shop.database, changed)] == ["set_aside"]
    assert staged()["STATE"] == "NEEDS_MANUAL_REVIEW"


def test_what_was_given_up_and_is_reopened_is_asked_for_again(database, staged, due, clock):
    stage(database, order(4711))
    stage(database, broken())
    decide(database, staged(), "cancel")
    assert due() == []
    clock.move(timedelta(minutes=1))
    assert decide(database, staged(), "reopen")[0].state == "NEEDS_MANUAL_REVIEW"
    assert due() == [4711]
    assert [result.outcome for result in stage(database, broken())] == ["set_aside"]
    stage(database, order(4711))
    assert (staged()["STATE"], staged()["PENDING_ACTION"]) == ("PENDING", "create")


def test_one_that_is_gone_from_the_store_is_no_longer_asked_for(shop, staged, due, clock):
    shop.apply(line(1))
    stage(shop.database, broken(), broken(1))
    gone = [{"WOO_ORDER_ID": number, "VANISHED": 1, "STATUS_REASON": "deleted from the store"} for number in (4711, 1)]
    assert outcomes(stage(shop.database, *gone)) == [
        (4711, "cancel_staged", "deleted from the store"),
        (1, "skipped", "deleted from the store"),
    ]
    assert (staged()["PENDING_ACTION"], staged(1)["STATE"]) == ("cancel", "SKIPPED")
    clock.move(timedelta(days=1))
    assert due() == []
    assert shop.database.run(ListDeadLetters()) == []


def test_an_older_version_that_cannot_be_read_says_nothing_of_the_newer_one(database, staged):
    stage(database, order(4711))
    older = broken(WOO_MODIFIED_DT="2026-11-20T11:00:00.000")
    assert outcomes(stage(database, older)) == [(4711, "unchanged", "older than the version staged")]
    assert staged()["STATE"] == "PENDING"


def test_an_order_in_review_for_another_reason_starts_afresh_when_it_is_read_again(database, staged):
    [result] = stage(database, order(4711))
    [claimed] = database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    database.run(
        FailStagedOrder(
            staging_id=result.staging_id,
            worker_id="worker",
            attempt_no=claimed.attempt_no,
            error_class="mapping",
            error_code=None,
            message="no such item",
        )
    )
    stage(database, broken())
    [letter] = database.run(ListDeadLetters())
    assert letter.error_class == "unreadable"
    stage(database, order(4711))
    assert (staged()["STATE"], staged()["PENDING_ACTION"]) == ("PENDING", "create")


def test_a_dry_run_says_the_same_and_writes_nothing(shop):
    shop.apply(line(1))
    before = shop.snapshot()
    dry = stage(shop.database, broken(), broken(1), dry_run=True)
    assert shop.snapshot() == before
    assert outcomes(dry) == outcomes(stage(shop.database, broken(), broken(1)))
    before = shop.snapshot()
    dry = stage(shop.database, order(4711, line(1)), dry_run=True)
    assert shop.snapshot() == before
    assert outcomes(dry) == [(4711, "unchanged", "it can be read again")]


def test_the_reason_is_required(database):
    with pytest.raises(BadArgument, match="An unreadable order needs STATUS_REASON"):
        stage(database, {"WOO_ORDER_ID": 1, "UNREADABLE": 1})


def test_the_story_tells_it(database, clock):
    stage(database, order(4711))
    clock.move(timedelta(minutes=1))
    stage(database, broken())
    clock.move(timedelta(minutes=1))
    stage(database, order(4711))
    told = [(event.source, event.event_type) for event in database.run(TraceOrder(store_id="woocommerce", woo_order_id=4711))]
    for expected in [("event", "STAGED"), ("event", "REVIEW"), ("attempt", "ATTEMPT"), ("dead_letter", "SET_ASIDE")]:
        assert expected in told
    assert ("event", "RESTAGED") in told
