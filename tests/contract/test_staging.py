"""What staging promises: every order seen is in one state with the reason, and the same page again changes nothing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from syncctl.db.connect import open_database
from syncctl.db.contract import (
    ClaimStagedOrders,
    DecideDeadLetter,
    FailStagedOrder,
    ListDeadLetters,
    ListStagedOrders,
    ListStoreOrders,
    ListWalks,
    RollbackOrder,
    StageOrders,
    TraceOrder,
    Walk,
)
from syncctl.errors import BadArgument, LeaseLost
from tests.orders import line, order, stage
from tests.shop import Shop

DEAD: dict[str, Any] = {
    "STATUS_GROUP": "dead",
    "ORD_STATUS": "cancelled",
    "STATUS_REASON": "cancelled in the store (status cancelled)",
}
WAIT: dict[str, Any] = {
    "STATUS_GROUP": "wait",
    "ORD_STATUS": "pending",
    "STATUS_REASON": "waits for its payment (status pending)",
}
GONE: dict[str, Any] = {"WOO_ORDER_ID": 4711, "VANISHED": 1}


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
    """Returns an order's events, type and message."""
    sql = "SELECT EVENT_TYPE, MESSAGE FROM dbo.USER_ORDER_EVENT WHERE WOO_ORDER_ID = ? ORDER BY EVENT_ID"
    return lambda order_id=4711: [(row["EVENT_TYPE"], row["MESSAGE"]) for row in query(sql, (order_id,))]


def outcomes(results):
    return [(result.woo_order_id, result.outcome, result.reason) for result in results]


def fail(database, staging_id, error_class="unknown", worker="worker"):
    [claimed] = database.run(ClaimStagedOrders(worker_id=worker, batch_size=1, scope="listed", staging_ids=f"[{staging_id}]"))
    database.run(
        FailStagedOrder(
            staging_id=staging_id,
            worker_id=worker,
            attempt_no=claimed.attempt_no,
            error_class=error_class,
            error_code=None,
            message="it broke",
        )
    )


# === An order not seen before ===


def test_a_live_order_is_staged_with_all_its_content(database, staged, events):
    [result] = stage(database, order(4711, line(1, "TEE-BLK", "2", "39.98"), SHIP_NAM="Zoë Łęcka"))
    row = staged()
    assert (result.outcome, result.staging_id) == ("staged", row["STAGING_ID"])
    assert (row["STATE"], row["PENDING_ACTION"], row["ATTEMPT_NO"], row["STATUS_GROUP"]) == ("PENDING", "create", 0, "live")
    assert (row["IS_VALIDATED"], row["IS_APPLIED"], row["BATCH_ID"], row["SOURCE_SYSTEM"]) == (
        False,
        False,
        "test-run",
        "woocommerce",
    )
    assert (row["WOO_ORDER_NO"], row["CURRENCY"], row["WOO_CUST_ID"], row["SHIP_NAM"]) == ("4711", "USD", 5, "Zoë Łęcka")
    assert (row["SUBTOT"], row["DISC_AMT"], row["TOT_AMT"]) == (Decimal("39.98"), Decimal(0), Decimal("39.98"))
    assert row["WOO_MODIFIED_DT"] == datetime(2026, 11, 20, 11, 30, tzinfo=UTC)
    assert row["TKT_DT"] == datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
    assert row["ORD_DAT"].isoformat() == "2026-11-20"
    assert json.loads(row["LINE_ITEMS_JSON"])[0]["SUBTOT_AMT"] == "39.98"
    assert json.loads(row["ORDER_JSON"])["BILL"]["ADRS_1"] == "12 St James's Square"
    assert events() == [("STAGED", "status processing")]


@pytest.mark.parametrize("status", [WAIT, DEAD], ids=["wait", "dead"])
def test_an_order_that_is_not_live_is_kept_with_the_reason(database, staged, events, status):
    assert outcomes(stage(database, order(4711, **status))) == [(4711, "skipped", status["STATUS_REASON"])]
    assert (staged()["STATE"], staged()["PENDING_ACTION"]) == ("SKIPPED", None)
    assert staged()["STATE_REASON"] == status["STATUS_REASON"]
    assert events() == [("SKIPPED", status["STATUS_REASON"])]


def test_an_order_that_vanished_before_it_was_staged_leaves_nothing(database, query):
    assert outcomes(stage(database, GONE)) == [(4711, "skipped", "not staged")]
    assert query("SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING") == []
    assert query("SELECT EVENT_ID FROM dbo.USER_ORDER_EVENT") == []


def test_texts_that_were_cut_and_warnings_go_into_the_orders_story(database, events):
    stage(database, order(4711, CUTS=["SHIP_NAM: 'long…' cut to 40 characters"], WARNINGS=["a date was guessed", "twice"]))
    assert events()[1:] == [
        ("CUT", "SHIP_NAM: 'long…' cut to 40 characters"),
        ("WARNING", "a date was guessed"),
        ("WARNING", "twice"),
    ]


def test_the_outcomes_come_in_the_order_of_the_page_and_the_latest_version_of_an_order_counts(database, staged):
    first = order(1, line(1, total="1.00"), WOO_MODIFIED_DT="2026-11-20T11:30:01.000")
    older = order(1, line(1, total="2.00"), WOO_MODIFIED_DT="2026-11-20T11:30:00.999")
    tied = order(3, line(1, total="3.00"))
    results = stage(database, order(2), first, tied, older, order(3, line(1, total="4.00")))
    assert [result.woo_order_id for result in results] == [2, 1, 3]
    assert (staged(1)["TOT_AMT"], staged(3)["TOT_AMT"]) == (Decimal(1), Decimal(4))


def test_every_order_of_a_mixed_page_gets_what_is_its_own(database, query, events):
    def broken(order_id):
        return {"WOO_ORDER_ID": order_id, "UNREADABLE": 1, "STATUS_REASON": f"{order_id} makes no sense"}

    stage(database, order(1), order(2), order(3, **WAIT))
    results = stage(
        database, order(4), broken(5), order(1), order(2, TOT_AMT="9.00"), broken(6), order(7, **WAIT), order(3), GONE, order(8)
    )
    assert [(result.woo_order_id, result.outcome) for result in results] == [
        (4, "staged"),
        (5, "set_aside"),
        (1, "unchanged"),
        (2, "restaged"),
        (6, "set_aside"),
        (7, "skipped"),
        (3, "restaged"),
        (4711, "skipped"),
        (8, "staged"),
    ]
    rows = {row["WOO_ORDER_ID"]: row for row in query("SELECT * FROM dbo.USER_ORDER_STAGING")}
    assert {result.woo_order_id: result.staging_id for result in results} == {
        **{order_id: row["STAGING_ID"] for order_id, row in rows.items()},
        4711: None,
    }
    assert rows[2]["TOT_AMT"] == Decimal("9.00") != rows[1]["TOT_AMT"]
    assert events(2)[1:] == [("RESTAGED", "status processing")]
    assert events(5) == [("REVIEW", "5 makes no sense")]


def test_an_id_that_was_given_once_is_never_given_again(database, query):
    given = [stage(database, order(number))[0].staging_id or 0 for number in (1, 2)]
    query("DELETE FROM dbo.USER_ORDER_STAGING WHERE WOO_ORDER_ID = 2")
    given.append(stage(database, order(3))[0].staging_id or 0)
    assert given == sorted(set(given))


def test_another_stores_order_of_the_same_number_is_another_order(database, query):
    for store in ("woocommerce", "outlet"):
        page = json.dumps([order(4711)])
        database.run(StageOrders(store_id=store, source_system="woocommerce", sync_id="test-run", orders=page))
    rows = query("SELECT STORE_ID, STATE FROM dbo.USER_ORDER_STAGING ORDER BY STORE_ID")
    assert [(row["STORE_ID"], row["STATE"]) for row in rows] == [("outlet", "PENDING"), ("woocommerce", "PENDING")]


# === An order that waits, or was skipped ===


def test_the_same_content_again_refreshes_only_when_it_was_seen_and_its_status(database, staged, events, clock):
    stage(database, order(4711))
    clock.move(timedelta(minutes=10))
    again = order(4711, ORD_STATUS="on-the-way", WOO_MODIFIED_DT="2026-11-20T12:05:00.000")
    assert outcomes(stage(database, again)) == [(4711, "unchanged", None)]
    row = staged()
    assert (row["ORD_STATUS"], row["LAST_SEEN_DT"], row["UPDATED_DT"]) == ("on-the-way", clock.now, None)
    assert row["WOO_MODIFIED_DT"] == datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
    assert len(events()) == 1


def test_an_older_version_does_not_replace_a_newer_one(database, staged):
    stage(database, order(4711, line(1, total="20.00")))
    older = order(4711, line(1, total="10.00"), WOO_MODIFIED_DT="2026-11-20T11:29:59.000", ORD_STATUS="pending")
    assert outcomes(stage(database, older)) == [(4711, "unchanged", "older than the version staged")]
    assert (staged()["TOT_AMT"], staged()["ORD_STATUS"]) == (Decimal(20), "processing")


def test_an_older_date_counts_where_the_order_was_asked_for_by_its_id(database, staged):
    stage(database, order(4711))
    edited = order(4711, line(1, total="10.00"), WOO_MODIFIED_DT="2026-11-20T11:29:59.000", CONFIRMED=1)
    assert outcomes(stage(database, edited)) == [(4711, "restaged", None)]
    assert staged(4711)["TOT_AMT"] == Decimal("10.00")


def test_an_edit_starts_a_failed_order_afresh_and_settles_its_dead_letter(database, staged, events):
    [result] = stage(database, order(4711))
    fail(database, result.staging_id, "mapping")
    assert staged()["STATE"] == "NEEDS_MANUAL_REVIEW"
    assert outcomes(stage(database, order(4711))) == [(4711, "unchanged", None)]
    assert staged()["STATE"] == "NEEDS_MANUAL_REVIEW"
    assert outcomes(stage(database, order(4711, line(1, "MUG")))) == [(4711, "restaged", None)]
    row = staged()
    assert (row["STATE"], row["PENDING_ACTION"], row["ATTEMPT_NO"]) == ("PENDING", "create", 0)
    assert (row["VALIDATION_ERROR"], row["ERROR_CLASS"], row["NEXT_ATTEMPT_DT"]) == (None, None, None)
    assert database.run(ListDeadLetters()) == []
    [letter] = database.run(ListDeadLetters(include_decided=True))
    assert (letter.decision, letter.decided_by) == ("restaged", "test-run")
    assert events()[-1][0] == "RESTAGED"


def test_an_edit_takes_the_order_from_the_worker_that_holds_it(database, staged, events):
    stage(database, order(4711))
    [claimed] = database.run(ClaimStagedOrders(worker_id="busy", batch_size=1))
    stage(database, order(4711, line(1, "MUG")))
    assert (staged()["STATE"], staged()["LEASE_OWNER"], staged()["LEASE_UNTIL_DT"]) == ("PENDING", None, None)
    assert events()[-1] == ("RESTAGED", "status processing; taken from worker busy, which held it for attempt 1")
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


def test_the_same_content_leaves_the_lease_of_a_worker_alone(database, staged):
    stage(database, order(4711))
    database.run(ClaimStagedOrders(worker_id="busy", batch_size=1))
    stage(database, order(4711))
    assert (staged()["STATE"], staged()["LEASE_OWNER"]) == ("CLAIMED", "busy")


def test_an_order_cancelled_before_it_was_applied_is_never_created(database, staged):
    stage(database, order(4711))
    assert outcomes(stage(database, order(4711, **DEAD))) == [(4711, "skipped", DEAD["STATUS_REASON"])]
    assert (staged()["STATE"], staged()["PENDING_ACTION"], staged()["STATE_REASON"]) == ("SKIPPED", None, DEAD["STATUS_REASON"])
    assert database.run(ClaimStagedOrders(worker_id="worker", batch_size=1)) == []


def test_an_order_that_is_paid_at_last_is_staged(database, staged):
    stage(database, order(4711, **WAIT))
    assert outcomes(stage(database, order(4711))) == [(4711, "restaged", None)]
    assert (staged()["STATE"], staged()["PENDING_ACTION"], staged()["STATE_REASON"]) == ("PENDING", "create", None)


def test_the_reason_of_a_skipped_order_follows_the_store(database, staged, events):
    stage(database, order(4711, **WAIT))
    on_hold: dict[str, Any] = {**WAIT, "ORD_STATUS": "on-hold", "STATUS_REASON": "on hold in the store (status on-hold)"}
    assert outcomes(stage(database, order(4711, **on_hold))) == [(4711, "unchanged", None)]
    assert staged()["STATE_REASON"] == on_hold["STATUS_REASON"]
    assert len(events()) == 1


def test_a_vanished_order_that_waits_is_skipped_and_keeps_its_content(database, staged):
    stage(database, order(4711))
    assert outcomes(stage(database, GONE)) == [(4711, "skipped", "gone from the store")]
    row = staged()
    assert (row["STATE"], row["STATUS_GROUP"], row["TOT_AMT"]) == ("SKIPPED", "dead", Decimal("19.99"))
    assert (row["ORD_STATUS"], row["WOO_ORDER_NO"]) == ("processing", "4711")
    assert outcomes(stage(database, GONE)) == [(4711, "unchanged", None)]


def test_what_a_person_cancelled_stays_cancelled_until_the_store_changes_it(database, staged):
    stage(database, order(4711))
    fail(database, staged()["STAGING_ID"], "mapping")
    database.run(DecideDeadLetter(staging_id=staged()["STAGING_ID"], decision="cancel", decided_by="ada", reason="a test order"))
    assert outcomes(stage(database, order(4711))) == [(4711, "unchanged", None)]
    assert (staged()["STATE"], staged()["STATE_REASON"]) == ("SKIPPED", "cancel decided by ada: a test order")


# === An order that the ERP holds ===


def test_an_edit_of_an_applied_order_waits_as_an_update(shop, staged):
    shop.apply(line(1))
    assert outcomes(stage(shop.database, order(4711, line(1, qty="2", total="39.98")))) == [(4711, "restaged", None)]
    row = staged()
    assert (row["STATE"], row["PENDING_ACTION"], row["IS_APPLIED"], row["IS_VALIDATED"]) == ("PENDING", "update", True, False)
    assert row["CP_DOC_ID"] is not None


def test_the_write_back_of_our_own_status_is_no_change(shop, staged):
    shop.apply(line(1))
    seen = order(4711, line(1), ORD_STATUS="completed", WOO_MODIFIED_DT="2026-11-20T12:30:00.000")
    assert outcomes(stage(shop.database, seen)) == [(4711, "unchanged", None)]
    assert (staged()["STATE"], staged()["ORD_STATUS"]) == ("APPLIED", "completed")


def test_an_order_edited_back_to_what_the_erp_holds_has_nothing_to_do(shop, staged, events):
    shop.apply(line(1))
    stage(shop.database, order(4711, line(1, qty="2", total="39.98")))
    assert outcomes(stage(shop.database, order(4711, line(1)))) == [(4711, "unchanged", "edited back to what the ERP holds")]
    assert (staged()["STATE"], staged()["PENDING_ACTION"]) == ("APPLIED", None)
    assert staged()["CONTENT_HASH"] == staged()["APPLIED_HASH"]
    assert events()[-1][0] == "EDITED_BACK"
    assert shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1)) == []


def test_an_applied_order_that_waits_again_in_the_store_stays_as_it_is(shop, staged):
    shop.apply(line(1))
    assert outcomes(stage(shop.database, order(4711, line(1), **WAIT))) == [(4711, "unchanged", None)]
    assert (staged()["STATE"], staged()["STATUS_GROUP"], staged()["STATE_REASON"]) == ("APPLIED", "wait", None)


@pytest.mark.parametrize("gone", [order(4711, line(1), **DEAD), GONE], ids=["cancelled", "vanished"])
def test_an_applied_order_that_ends_in_the_store_waits_to_be_cancelled(shop, staged, events, gone):
    shop.apply(line(1))
    reason = gone.get("STATUS_REASON") or "gone from the store"
    assert outcomes(stage(shop.database, gone)) == [(4711, "cancel_staged", reason)]
    row = staged()
    assert (row["STATE"], row["PENDING_ACTION"], row["STATE_REASON"], row["IS_APPLIED"]) == ("PENDING", "cancel", reason, True)
    assert events()[-1] == ("CANCEL_STAGED", reason)
    assert outcomes(stage(shop.database, gone)) == [(4711, "unchanged", None)]


def test_a_cancellation_overtakes_an_edit_that_failed(shop, staged):
    shop.apply(line(1))
    [edited] = stage(shop.database, order(4711, line(1, qty="2", total="39.98")))
    fail(shop.database, edited.staging_id, "conflict")
    stage(shop.database, order(4711, line(1, qty="2", total="39.98"), **DEAD))
    assert (staged()["STATE"], staged()["PENDING_ACTION"], staged()["ATTEMPT_NO"]) == ("PENDING", "cancel", 0)
    assert shop.database.run(ListDeadLetters()) == []


def test_an_order_uncancelled_before_the_erp_heard_of_it_has_nothing_to_do(shop, staged):
    shop.apply(line(1))
    shop.stage_cancelled(line(1))
    stage(shop.database, order(4711, line(1)))
    assert (staged()["STATE"], staged()["PENDING_ACTION"], staged()["STATE_REASON"]) == ("APPLIED", None, None)


def test_an_order_uncancelled_after_its_document_was_closed_is_created_again(shop, staged):
    shop.apply(line(1))
    shop.cancel(line(1))
    assert staged()["STATE"] == "CANCELLED"
    shop.stage_cancelled(line(1))
    assert outcomes(stage(shop.database, order(4711, line(1, qty="3", total="59.97"), **DEAD))) == [(4711, "unchanged", None)]
    assert (staged()["STATE"], staged()["TOT_AMT"]) == ("CANCELLED", Decimal("59.97"))
    assert outcomes(stage(shop.database, order(4711, line(1)))) == [(4711, "restaged", None)]
    assert (staged()["STATE"], staged()["PENDING_ACTION"]) == ("PENDING", "create")


def test_what_was_rolled_back_for_good_comes_again_only_with_new_content(shop, staged):
    applied = shop.apply(line(1))
    shop.database.run(RollbackOrder(staging_id=applied.staging_id, reason="typed in by hand", decided_by="ada"))
    shop.stage_cancelled(line(1))
    assert outcomes(stage(shop.database, order(4711, line(1)))) == [(4711, "unchanged", None)]
    assert staged()["STATE"] == "CANCELLED"
    assert outcomes(stage(shop.database, order(4711, line(1, "MUG")))) == [(4711, "restaged", None)]
    assert (staged()["STATE"], staged()["PENDING_ACTION"]) == ("PENDING", "create")


# === Rows of a site that was there before ===


def legacy(query, **columns):
    values = {
        "BATCH_ID": "old",
        "STORE_ID": "woocommerce",
        "WOO_ORDER_ID": 4711,
        "CREATED_DT": "2026-01-05 10:00:00.000",
        **columns,
    }
    names = ", ".join(values)
    query(f"INSERT INTO dbo.USER_ORDER_STAGING ({names}) VALUES ({', '.join('?' * len(values))})", tuple(values.values()))


def test_an_order_applied_by_an_older_system_is_adopted_as_it_is(database, query, staged):
    legacy(query, STATE="APPLIED", IS_APPLIED=1, CP_DOC_ID="103398648478")
    assert outcomes(stage(database, order(4711))) == [(4711, "unchanged", "adopted")]
    row = staged()
    assert (row["STATE"], row["PENDING_ACTION"], row["TOT_AMT"]) == ("APPLIED", None, Decimal("19.99"))
    assert row["CONTENT_HASH"] == row["APPLIED_HASH"] == order(4711)["CONTENT_HASH"]
    assert outcomes(stage(database, order(4711))) == [(4711, "unchanged", None)]
    assert outcomes(stage(database, order(4711, line(1, "MUG")))) == [(4711, "restaged", None)]


def test_an_order_applied_by_an_older_system_and_cancelled_since_waits_to_be_cancelled(database, query, staged):
    legacy(query, STATE="APPLIED", IS_APPLIED=1, CP_DOC_ID="103398648478")
    assert outcomes(stage(database, order(4711, **DEAD))) == [(4711, "cancel_staged", DEAD["STATUS_REASON"])]


def test_a_duplicate_row_is_never_staged_onto(database, query, staged):
    legacy(query, STATE="SKIPPED", DUPLICATE_OF_ID=999)
    legacy(query, STATE="PENDING", PENDING_ACTION="create")
    kept = staged()["STAGING_ID"]
    query("UPDATE dbo.USER_ORDER_STAGING SET DUPLICATE_OF_ID = ? WHERE DUPLICATE_OF_ID IS NOT NULL", (kept,))
    assert [(result.outcome, result.staging_id) for result in stage(database, order(4711))] == [("restaged", kept)]
    [other] = query("SELECT STATE, CONTENT_HASH, LAST_SEEN_DT FROM dbo.USER_ORDER_STAGING WHERE DUPLICATE_OF_ID IS NOT NULL")
    assert (other["STATE"], other["CONTENT_HASH"], other["LAST_SEEN_DT"]) == ("SKIPPED", None, None)


# === Dry runs, walks, arguments ===


def test_a_dry_run_decides_the_same_and_writes_nothing(shop):
    shop.apply(line(1))
    walk = {"WALK_NAME": "orders", "WATERMARK_DT": "2026-11-20T11:00:00.000"}
    page = [order(4711, line(1), **DEAD), order(1), order(2, **WAIT), {"WOO_ORDER_ID": 3, "VANISHED": 1}]
    before = shop.snapshot()
    dry = stage(shop.database, *page, walk=walk, dry_run=True)
    assert shop.snapshot() == before
    assert shop.database.run(ListWalks(store_id="woocommerce")) == []
    assert [result.staging_id for result in dry] == [shop.staged()["STAGING_ID"], None, None, None]
    assert outcomes(stage(shop.database, *page, walk=walk)) == outcomes(dry)


def test_a_walk_is_noted_with_the_page_the_whole_row(database, clock):
    watermark = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
    unfinished = {
        "WALK_NAME": "orders",
        "WATERMARK_DT": "2026-11-20T11:00:00.000",
        "SINCE_DT": "2026-11-20T11:00:00.000",
        "UNTIL_DT": "2026-11-20T12:00:00.250",
        "LAST_ID": 5_000_000_000,
        "ROW_OFFSET": 7,
    }
    stage(database, order(4711), walk=unfinished)
    until = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)
    assert database.run(ListWalks(store_id="woocommerce")) == [
        Walk("orders", watermark, watermark, until, 5_000_000_000, 7, clock.now, any_due=False)
    ]
    clock.move(timedelta(minutes=1))
    stage(database, walk={"WALK_NAME": "orders", "WATERMARK_DT": "2026-11-20T11:00:00.000", "SINCE_DT": None})
    stage(database, walk={"WALK_NAME": "trash", "WATERMARK_DT": None})
    assert database.run(ListWalks(store_id="woocommerce")) == [
        Walk("orders", watermark, None, None, None, None, clock.now, any_due=False),
        Walk("trash", None, None, None, None, None, clock.now, any_due=False),
    ]
    assert database.run(ListWalks(store_id="outlet")) == []


def test_a_walk_keeps_the_moment_when_it_last_came_to_its_end(database, clock, query):
    def finished():
        return [row["FINISHED_DT"] for row in query("SELECT FINISHED_DT FROM dbo.USER_SYNC_WALK WHERE WALK_NAME = 'orders'", ())]

    under_way = {"WALK_NAME": "orders", "SINCE_DT": "2026-11-20T11:00:00.000", "UNTIL_DT": "2026-11-20T12:00:00.000"}
    stage(database, order(4711), walk=under_way)
    assert finished() == [None]
    clock.move(timedelta(minutes=1))
    ended = clock.now
    stage(database, walk={"WALK_NAME": "orders", "WATERMARK_DT": "2026-11-20T12:00:00.000"})
    assert finished() == [ended]
    clock.move(timedelta(minutes=1))
    stage(database, order(4712), walk=under_way | {"WATERMARK_DT": "2026-11-20T12:00:00.000"})
    assert finished() == [ended], "the next one is under way"
    clock.move(timedelta(minutes=1))
    again = clock.now
    stage(database, walk={"WALK_NAME": "orders", "WATERMARK_DT": "2026-11-20T12:05:00.000"})
    assert finished() == [again]


def test_a_page_that_fails_leaves_neither_orders_nor_walk(shop):
    before = shop.snapshot()
    shop.break_statement("USER_SYNC_WALK", "INSERT")
    with pytest.raises(Exception, match="injected failure"):
        stage(shop.database, order(1), order(2), walk={"WALK_NAME": "orders"})
    shop.mend()
    assert shop.snapshot() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"store_id": "", "sync_id": ""}, "@STORE_ID is required. @SYNC_ID is required."),
        ({"orders": "{}"}, "@ORDERS takes a JSON array"),
        ({"orders": "no JSON"}, "@ORDERS takes a JSON array"),
        ({"walk": "{}"}, "@WALK takes a JSON object with WALK_NAME"),
        ({"orders": '[{"STATUS_GROUP": "live", "CONTENT_HASH": "x"}]'}, "Every order needs WOO_ORDER_ID"),
        (
            {"orders": '[{"WOO_ORDER_ID": 1, "STATUS_GROUP": "alive", "CONTENT_HASH": "x"}]'},
            "STATUS_GROUP takes live, wait, dead",
        ),
        ({"orders": '[{"WOO_ORDER_ID": 1, "STATUS_GROUP": "live"}]'}, "Every order needs CONTENT_HASH"),
    ],
)
def test_bad_arguments_are_named_together_and_nothing_is_staged(database, query, arguments, message):
    call: dict[str, Any] = {
        "store_id": "woocommerce",
        "source_system": "woocommerce",
        "sync_id": "test-run",
        "orders": "[]",
        **arguments,
    }
    with pytest.raises(BadArgument, match=message) as raised:
        database.run(StageOrders(**call))
    assert raised.value.code == "50001"
    assert query("SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING") == []


def test_two_that_stage_the_same_new_orders_at_once_stage_each_once(url, clock, query):
    page = [order(order_id) for order_id in range(1, 41)]
    barrier = Barrier(2, timeout=30)

    def poll(_number):
        connection = open_database(url, clock=clock)
        try:
            barrier.wait()
            return [result.outcome for result in stage(connection, *page)]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = [outcome for outcomes_ in pool.map(poll, range(2)) for outcome in outcomes_]
    assert sorted(found) == ["staged"] * 40 + ["unchanged"] * 40
    assert query("SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING")[0][0] == 40


# === Lists ===


def test_the_reconciliation_reads_a_window_of_orders_page_by_page(database):
    for number, day in enumerate((18, 19, 20, 21), start=1):
        stage(database, order(number, WOO_CREATED_DT=f"2026-11-{day}T00:00:00.000"))
    window: dict[str, Any] = {"since_dt": datetime(2026, 11, 19, tzinfo=UTC), "until_dt": datetime(2026, 11, 21, tzinfo=UTC)}
    rows = database.run(ListStoreOrders(store_id="woocommerce", **window))
    assert [(row.woo_order_id, row.state, row.status_group) for row in rows] == [(2, "PENDING", "live"), (3, "PENDING", "live")]
    assert rows[0].woo_created_dt == datetime(2026, 11, 19, tzinfo=UTC)
    page = ListStoreOrders(store_id="woocommerce", **window, after_id=2, batch_size=1)
    assert [row.woo_order_id for row in database.run(page)] == [3]
    assert database.run(ListStoreOrders(store_id="outlet", **window)) == []


def test_staged_orders_are_found_by_every_filter(database, query):
    stage(database, order(4711, WOO_ORDER_NO="A-1"), order(4712, WOO_ORDER_NO="4711"), order(4713, **WAIT))

    def found(**filters):
        return [row.woo_order_id for row in database.run(ListStagedOrders(**filters))]

    [row] = query("SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING WHERE WOO_ORDER_ID = 4712")
    assert found() == [4711, 4712, 4713]
    assert found(order_ref="4711") == [4711, 4712]
    assert found(order_ref="A-1") == [4711]
    assert found(order_ref="no number") == []
    assert found(states="SKIPPED") == [4713]
    assert found(states="PENDING, SKIPPED", store_id="woocommerce") == [4711, 4712, 4713]
    assert found(store_id="outlet") == []
    assert found(staging_id=row["STAGING_ID"]) == [4712]
    assert found(after_id=row["STAGING_ID"]) == [4713]
    assert found(batch_size=2) == [4711, 4712]
    [listed] = database.run(ListStagedOrders(order_ref="A-1"))
    assert (listed.tot_amt, listed.currency, listed.cust_email) == (Decimal("19.99"), "USD", "ada@example.test")
    assert listed.content_hash == order(4711, WOO_ORDER_NO="A-1")["CONTENT_HASH"]


@pytest.mark.parametrize("size", [0, 10_001])
def test_a_list_has_a_length(database, size):
    with pytest.raises(BadArgument, match="@BATCH_SIZE takes 1 to 10000"):
        database.run(ListStagedOrders(batch_size=size))


def test_the_story_of_an_order_is_told_from_every_table_in_time_order(shop, clock):
    stage(shop.database, order(4711, line(1)))
    staging_id = shop.staged()["STAGING_ID"]
    clock.move(timedelta(minutes=1))
    fail(shop.database, staging_id, "mapping")
    clock.move(timedelta(minutes=1))
    shop.database.run(DecideDeadLetter(staging_id=staging_id, decision="retry", decided_by="ada", reason="item added"))
    clock.move(timedelta(minutes=1))
    shop.work(shop.claim())
    story = shop.database.run(TraceOrder(store_id="woocommerce", woo_order_id=4711))
    assert [event.event_dt for event in story] == sorted(event.event_dt for event in story)
    told = [(event.source, event.event_type) for event in story]
    for expected in [
        ("event", "STAGED"),
        ("attempt", "ATTEMPT"),
        ("event", "REVIEW"),
        ("dead_letter", "SET_ASIDE"),
        ("event", "RETRY_DECIDED"),
        ("event", "CREATED"),
        ("outbox", "QUEUED"),
    ]:
        assert expected in told
    assert told[0] == ("event", "STAGED")
    assert told[-1] == ("outbox", "QUEUED")
    [attempt] = [event for event in story if event.source == "attempt"]
    assert (attempt.message, attempt.worker_id, attempt.attempt_no) == ("mapping: it broke", "worker", 1)
    [letter] = [event for event in story if event.source == "dead_letter"]
    assert letter.message == "after 1 attempt(s), mapping: it broke"
    assert "Order created in CounterPoint" in story[-1].message


def test_an_order_never_seen_has_no_story(database):
    assert database.run(TraceOrder(store_id="woocommerce", woo_order_id=99)) == []


# === Any order, any repetition ===

VERSION = st.tuples(st.integers(1, 3), st.integers(0, 5))
"""An order's id and the minute of a version; the content of a version follows from both."""


def version(order_id: int, minute: int):
    status: dict[str, Any] = ({}, WAIT, DEAD)[(order_id * 7 + minute * 5) % 3]
    modified = f"2026-11-20T11:{30 + minute}:00.000"
    return order(order_id, line(1, qty=str(1 + minute % 4), total=f"{minute % 4}.50"), WOO_MODIFIED_DT=modified, **status)


CONTENT_COLUMNS = (
    "STORE_ID, WOO_ORDER_ID, STATE, PENDING_ACTION, STATE_REASON, STATUS_GROUP, ORD_STATUS, CONTENT_HASH, TOT_AMT,"
    " ATTEMPT_NO, IS_VALIDATED, IS_APPLIED, WOO_MODIFIED_DT"
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_pages_in_any_order_and_repetition_end_in_the_same_table(database, query, data):
    versions = data.draw(st.lists(VERSION, min_size=1, max_size=8, unique=True))
    story = data.draw(st.permutations(versions + data.draw(st.lists(st.sampled_from(versions), max_size=6))))
    # Every final version comes in the end at the latest: what a poll that never loses an order brings.
    final = {order_id: max(minute for known, minute in versions if known == order_id) for order_id, _ in versions}

    def table():
        rows = query(f"SELECT {CONTENT_COLUMNS} FROM dbo.USER_ORDER_STAGING WHERE WOO_ORDER_ID < 1000 ORDER BY WOO_ORDER_ID")
        return [tuple(row) for row in rows]

    def start_over():
        query("DELETE FROM dbo.USER_ORDER_STAGING")

    start_over()
    while story:
        size = data.draw(st.integers(1, 4))
        page, story = [version(*each) for each in story[:size]], story[size:]
        stage(database, *page)
        before = (table(), query("SELECT COUNT(*) FROM dbo.USER_ORDER_EVENT")[0][0])
        assert {result.outcome for result in stage(database, *page)} == {"unchanged"}
        assert (table(), query("SELECT COUNT(*) FROM dbo.USER_ORDER_EVENT")[0][0]) == before
    in_any_order = table()

    start_over()
    stage(database, *(version(order_id, minute) for order_id, minute in final.items()))
    assert in_any_order == table()
