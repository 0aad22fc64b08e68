"""What the operating procedures promise: runs, health, counts, orders set aside for a person, site settings."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from syncctl.db.contract import (
    ClaimOutbox,
    ClaimStagedOrders,
    CompleteOutbox,
    CountStates,
    DeadLetter,
    DecideDeadLetter,
    Decision,
    ErpSetting,
    FailOutbox,
    FinishRun,
    GetHealth,
    GetPayload,
    Health,
    ListDeadLetters,
    ListErpSettings,
    ListOrderAttempts,
    ListReviewCauses,
    ListStatusMap,
    ListStorePolls,
    OrderAttempt,
    ReleaseStagedOrder,
    ReviewCause,
    SetErpSetting,
    StageOrders,
    StartRun,
    StateCount,
    StatusMapping,
    StorePoll,
    ValidateStagedOrder,
)
from syncctl.errors import BadArgument, NotFound, WrongState
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


def start(database, sync_id="run-1", operation_type="process", *, dry_run=False, store_id=None):
    database.run(
        StartRun(
            sync_id=sync_id,
            operation_type=operation_type,
            direction="store_to_erp",
            dry_run=dry_run,
            host="SHOP01",
            process_id=4321,
            created_by="scheduler",
            store_id=store_id,
        )
    )


def finish(database, sync_id="run-1", **changed):
    figures: dict[str, Any] = {
        "records_input": 5,
        "records_created": 2,
        "records_updated": 1,
        "records_skipped": 1,
        "records_failed": 1,
        "success": True,
        "exit_code": 0,
        **changed,
    }
    database.run(FinishRun(sync_id=sync_id, **figures))


# === Runs ===


@pytest.fixture
def logged(query):
    """Returns the rows of the runs, the first one first."""
    return lambda: query("SELECT * FROM dbo.USER_SYNC_LOG ORDER BY LOG_ID")


def test_a_run_is_logged_from_its_start_to_its_end(database, logged, clock):
    start(database)
    begun = clock.now
    [run] = logged()
    told = [run[column] for column in ("SYNC_ID", "OPERATION_TYPE", "DRY_RUN", "HOST", "PROCESS_ID")]
    assert told == ["run-1", "process", False, "SHOP01", 4321]
    assert [run[column] for column in ("START_TIME", "END_TIME", "SUCCESS", "EXIT_CODE")] == [begun, None, None, None]
    clock.move(timedelta(seconds=12, milliseconds=345))
    finish(database, success=False, exit_code=1, error_message="Bestellung 4711: Straße fehlt", metrics_json='{"store_ms": 12}')
    [run] = logged()
    assert (run["END_TIME"], run["DURATION_SECONDS"]) == (clock.now, Decimal("12.35"))
    assert [run[f"RECORDS_{name}"] for name in ("INPUT", "CREATED", "UPDATED", "SKIPPED", "FAILED")] == [5, 2, 1, 1, 1]
    assert (run["SUCCESS"], run["EXIT_CODE"], run["ERROR_MESSAGE"]) == (False, 1, "Bestellung 4711: Straße fehlt")
    assert (run["DIRECTION"], run["CREATED_BY"]) == ("store_to_erp", "scheduler")
    assert json.loads(run["METRICS_JSON"]) == {"store_ms": 12}


def test_only_the_run_that_ends_is_closed(database, logged):
    start(database, "run-1")
    start(database, "run-2")
    finish(database, "run-1")
    assert [(run["SYNC_ID"], run["SUCCESS"]) for run in logged()] == [("run-1", True), ("run-2", None)]


def test_a_run_that_was_never_started_cannot_end(database):
    with pytest.raises(NotFound, match="Run nobody was never started"):
        finish(database, "nobody")


def test_a_run_needs_a_name(database):
    with pytest.raises(BadArgument, match=r"@SYNC_ID is required\. @OPERATION_TYPE is required\."):
        start(database, "", "")


# === Health ===


def test_an_empty_database_is_healthy(database, clock):
    zero = dict.fromkeys(
        ("pending", "claimed", "failed", "review", "stuck", "write_back_pending", "write_back_failed", "recent_errors"), 0
    )
    moments = ("oldest_pending_dt", "oldest_failed_due_dt", "oldest_write_back_dt", "oldest_write_back_due_dt")
    never = dict.fromkeys((*moments, "last_success_dt", "last_stage_dt", "last_applied_dt"), None)
    assert database.run(GetHealth()) == [Health(**zero, **never, now_dt=clock.now)]


def test_health_counts_orders_by_state_and_finds_lost_leases(database, clock):
    stage(database, *(order(number) for number in range(1, 6)))
    [held, lost, *_] = database.run(ClaimStagedOrders(worker_id="worker", batch_size=2, lease_seconds=60))
    set_aside(database, order(6))
    stage(database, order(7))
    [later] = [result.staging_id for result in stage(database, order(8))]
    fail(database, later, error_class="unknown")
    health = database.run(GetHealth())[0]
    assert (health.pending, health.claimed, health.failed, health.review, health.stuck) == (4, 2, 1, 1, 0)
    clock.move(timedelta(seconds=60))
    assert database.run(GetHealth())[0].stuck == 2
    assert held.staging_id != lost.staging_id


def test_an_order_waits_since_it_was_last_sent_round_not_since_it_was_first_seen(database, clock):
    waiting: dict[str, Any] = {"STATUS_GROUP": "wait", "STATUS_REASON": "waits for its payment"}
    stage(database, order(4711, **waiting))
    clock.move(timedelta(days=3))
    stage(database, order(4711))
    paid = clock.now
    clock.move(timedelta(minutes=5))
    stage(database, order(4712))
    assert database.run(GetHealth())[0].oldest_pending_dt == paid
    # A poll that sees it again, or a worker that takes it and gives it back, doesn't make it younger.
    stage(database, order(4711))
    [claimed] = database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    database.run(ReleaseStagedOrder(staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no))
    assert database.run(GetHealth())[0].oldest_pending_dt == paid


def test_health_knows_the_last_runs_and_the_failed_ones_of_a_day(database, clock):
    def run(sync_id, operation_type, *, success=True, dry_run=False, exit_code=1):
        start(database, sync_id, operation_type, dry_run=dry_run)
        clock.move(timedelta(seconds=1))
        finish(database, sync_id, success=success, exit_code=0 if success else exit_code)
        return clock.now

    run("old", "process", success=False)
    clock.move(timedelta(hours=23))
    run("one order by its id", "stage")
    processed = run("process", "process")
    run("dry", "stage", dry_run=True)
    run("bad", "process", success=False)
    run("second", "stage", success=False, exit_code=75)  # another host was polling: nothing went wrong
    health = database.run(GetHealth())[0]
    assert (health.last_stage_dt, health.last_success_dt, health.recent_errors) == (None, processed, 2)
    clock.move(timedelta(hours=1))
    assert database.run(GetHealth())[0].recent_errors == 1


def test_health_sees_what_the_store_was_not_told(shop, clock):
    shop.apply(line(1))
    applied = clock.now
    health = shop.database.run(GetHealth())[0]
    assert (health.write_back_pending, health.write_back_failed) == (1, 0)
    assert (health.oldest_write_back_dt, health.last_applied_dt) == (applied, applied)
    clock.move(timedelta(minutes=1))
    stage(shop.database, order(4712, line(1)))
    shop.work(shop.claim())
    assert shop.database.run(GetHealth())[0].oldest_write_back_dt == applied
    [first, second] = shop.database.run(ClaimOutbox(store_id="woocommerce", worker_id="teller", batch_size=2))
    shop.database.run(
        CompleteOutbox(
            worker_id="teller",
            messages=json.dumps([{"id": first.outbox_id, "attempt": first.attempt_no, "result": "delivered"}]),
        )
    )
    shop.database.run(
        FailOutbox(
            outbox_id=second.outbox_id,
            worker_id="teller",
            attempt_no=second.attempt_no,
            error_class="validation",
            error_code=None,
            message="no",
        )
    )
    health = shop.database.run(GetHealth())[0]
    assert (health.write_back_pending, health.write_back_failed, health.oldest_write_back_dt) == (0, 1, None)


def test_health_knows_since_when_a_failed_order_could_have_been_tried_again(database, clock):
    stage(database, order(1), order(2), order(3))
    due = []
    for staging_id in (1, 2):
        failed = fail(database, staging_id, error_class="unknown")
        due.append(failed.next_attempt_dt)
        clock.move(timedelta(minutes=1))
    assert database.run(GetHealth())[0].oldest_failed_due_dt == due[0]
    database.run(ClaimStagedOrders(worker_id="worker", batch_size=1, scope="listed", staging_ids="[1]"))
    assert database.run(GetHealth())[0].oldest_failed_due_dt == due[1]


def test_a_failed_order_without_a_time_is_due_since_it_was_last_touched(database, clock, query):
    stage(database, order(1))
    fail(database, 1, error_class="unknown")
    touched = clock.now
    query("UPDATE dbo.USER_ORDER_STAGING SET NEXT_ATTEMPT_DT = NULL", ())
    clock.move(timedelta(days=9))
    assert database.run(GetHealth())[0].oldest_failed_due_dt == touched


def test_health_knows_since_when_a_message_could_have_been_delivered(shop, clock):
    shop.apply(line(1))
    applied = clock.now
    assert shop.database.run(GetHealth())[0].oldest_write_back_due_dt == applied
    shop.database.run(ClaimOutbox(store_id="woocommerce", worker_id="teller", batch_size=1, lease_seconds=60))
    assert shop.database.run(GetHealth())[0].oldest_write_back_due_dt == applied + timedelta(seconds=60), (
        "its worker has it until then"
    )


def walk(database, store_id, name="orders", **place):
    """Note how far a walk through a store has come; without a place it is at its end."""
    page = json.dumps({"WALK_NAME": name, "WATERMARK_DT": "2026-11-20T11:00:00.000", **place})
    database.run(StageOrders(store_id=store_id, source_system="woocommerce", sync_id="run", orders="[]", walk=page))


def test_every_store_that_is_known_is_listed_with_its_last_complete_poll(database, clock):
    assert database.run(ListStorePolls()) == []
    for store_id in ("outlet", "by-id-only"):
        page = json.dumps([order(1), order(2)])
        database.run(StageOrders(store_id=store_id, source_system="woocommerce", sync_id="run", orders=page))
    walk(database, "outlet", "trash")
    walk(database, "shop")
    polled = clock.now
    clock.move(timedelta(minutes=10))
    walk(database, "shop", SINCE_DT="2026-11-20T11:00:00.000", UNTIL_DT="2026-11-20T12:00:00.000", LAST_ID=77)
    since = datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert database.run(ListStorePolls()) == [
        StorePoll("by-id-only", None, None, None, None),
        StorePoll("outlet", None, None, None, None),
        StorePoll("shop", polled, since, 77, clock.now),
    ]
    assert database.run(GetHealth())[0].last_stage_dt == polled


def test_orders_in_review_are_counted_by_class_with_the_oldest_as_the_example(database, query):
    set_aside(database, order(1), error_class="mapping", message="no item A")
    set_aside(database, order(2), error_class="validation", message="no total")
    set_aside(database, order(3, WOO_ORDER_NO="A-3"), error_class="mapping", message="no item B")
    stage(database, order(4))
    nothing = "ERROR_CLASS = NULL, VALIDATION_ERROR = NULL, STATE_REASON = 'by hand'"
    query(f"UPDATE dbo.USER_ORDER_STAGING SET {nothing} WHERE STAGING_ID = 2", ())
    assert database.run(ListReviewCauses()) == [
        ReviewCause("mapping", 2, 1, "woocommerce", 1, "1", "no item A"),
        ReviewCause("unknown", 1, 2, "woocommerce", 2, "2", "by hand"),
    ]


def test_states_are_counted_for_one_store_or_all(database):
    stage(database, order(1), order(2), order(3, STATUS_GROUP="dead", STATUS_REASON="cancelled"))
    page = json.dumps([order(1)])
    database.run(StageOrders(store_id="outlet", source_system="woocommerce", sync_id="test-run", orders=page))
    assert database.run(CountStates()) == [StateCount("PENDING", 3), StateCount("SKIPPED", 1)]
    assert database.run(CountStates(store_id="outlet")) == [StateCount("PENDING", 1)]


# === Orders set aside ===


def test_an_order_set_aside_is_listed_with_why_and_its_attempts(database, clock, query):
    [staging_id] = set_aside(database, order(4711, WOO_ORDER_NO="A-1"), message="Item BÜCHER-7 is not in IM_ITEM.")
    [letter] = database.run(ListDeadLetters())
    assert letter == DeadLetter(
        dead_letter_id=letter.dead_letter_id,
        staging_id=staging_id,
        store_id="woocommerce",
        woo_order_id=4711,
        woo_order_no="A-1",
        pending_action="create",
        error_class="mapping",
        error_code="E1",
        error_message="Item BÜCHER-7 is not in IM_ITEM.",
        attempts=1,
        created_dt=clock.now,
        decision=None,
        decided_by=None,
        decided_dt=None,
        decision_reason=None,
    )
    assert database.run(ListOrderAttempts(staging_id=staging_id)) == [
        OrderAttempt(clock.now, 1, "worker", "create", "mapping", "E1", "Item BÜCHER-7 is not in IM_ITEM.")
    ]
    assert database.run(ListOrderAttempts(staging_id=staging_id + 99)) == []


def test_dead_letters_are_filtered_by_order_and_class(database):
    [first, second] = set_aside(database, order(1), order(2))
    [third] = set_aside(database, order(3), error_class="conflict")
    assert [letter.staging_id for letter in database.run(ListDeadLetters())] == [first, second, third]
    assert [letter.staging_id for letter in database.run(ListDeadLetters(error_class="conflict"))] == [third]
    assert [letter.staging_id for letter in database.run(ListDeadLetters(staging_id=second))] == [second]
    assert [letter.staging_id for letter in database.run(ListDeadLetters(batch_size=2))] == [first, second]


def test_dead_letters_are_read_page_by_page_and_by_what_was_decided(database):
    staging_ids = set_aside(database, *(order(number) for number in range(1, 6)))
    [first, second] = database.run(ListDeadLetters(batch_size=2))
    rest = database.run(ListDeadLetters(after_id=second.dead_letter_id))
    assert [letter.staging_id for letter in (first, second, *rest)] == staging_ids
    for staging_id, decision in zip(staging_ids, ("cancel", "retry", "cancel"), strict=False):
        database.run(DecideDeadLetter(staging_id=staging_id, decision=decision, decided_by="ada"))
    given_up = database.run(ListDeadLetters(include_decided=True, decision="cancel"))
    assert [letter.staging_id for letter in given_up] == [staging_ids[0], staging_ids[2]]
    assert database.run(ListDeadLetters(decision="cancel")) == []


def test_a_retry_starts_afresh_and_the_history_stays(database, staged, clock, query):
    [staging_id] = set_aside(database, order(4711))
    clock.move(timedelta(hours=1))
    decide = DecideDeadLetter(staging_id=staging_id, decision="retry", decided_by="ada", reason="item added")
    assert database.run(decide) == [Decision(staging_id, "PENDING")]
    row = staged()
    assert (row["STATE"], row["PENDING_ACTION"], row["ATTEMPT_NO"], row["IS_VALIDATED"]) == ("PENDING", "create", 0, False)
    assert (row["VALIDATION_ERROR"], row["ERROR_CLASS"]) == (None, None)
    assert database.run(ListDeadLetters()) == []
    [letter] = database.run(ListDeadLetters(include_decided=True))
    assert (letter.decision, letter.decided_by, letter.decision_reason) == ("retry", "ada", "item added")
    assert letter.decided_dt == clock.now
    assert len(database.run(ListOrderAttempts(staging_id=staging_id))) == 1
    event = query("SELECT * FROM dbo.USER_ORDER_EVENT ORDER BY EVENT_ID")[-1]
    assert (event["EVENT_TYPE"], event["MESSAGE"]) == ("RETRY_DECIDED", "retry decided by ada: item added")

    fail(database, staging_id)
    letters = database.run(ListDeadLetters(include_decided=True))
    assert [(letter.decision, letter.attempts) for letter in letters] == [("retry", 1), (None, 1)]
    assert [attempt.attempt_no for attempt in database.run(ListOrderAttempts(staging_id=staging_id))] == [1, 1]


def test_a_cancelled_order_that_never_reached_the_erp_is_skipped(database, staged, query):
    [staging_id] = set_aside(database, order(4711))
    assert database.run(DecideDeadLetter(staging_id=staging_id, decision="cancel", decided_by="ada")) == [
        Decision(staging_id, "SKIPPED")
    ]
    row = staged()
    assert (row["PENDING_ACTION"], row["STATE_REASON"]) == (None, "cancel decided by ada")
    assert database.run(ClaimStagedOrders(worker_id="worker", batch_size=1)) == []
    assert query("SELECT EVENT_TYPE FROM dbo.USER_ORDER_EVENT ORDER BY EVENT_ID")[-1]["EVENT_TYPE"] == "CANCEL_DECIDED"


def test_a_cancelled_change_of_an_applied_order_leaves_it_as_it_stands(shop, staged):
    doc = shop.apply(line(1)).doc_id
    [staging_id] = set_aside(shop.database, order(4711, line(1, qty="2", total="39.98")), error_class="conflict")
    before = shop.lines(doc)
    decide = DecideDeadLetter(staging_id=staging_id, decision="cancel", decided_by="ada", reason="shipped as it was")
    assert shop.database.run(decide) == [Decision(staging_id, "APPLIED")]
    assert (staged()["IS_APPLIED"], staged()["PENDING_ACTION"], shop.lines(doc)) == (True, None, before)


def test_a_retried_cancellation_still_knows_why_the_store_cancelled(shop, staged):
    shop.apply(line(1))
    shop.stage_cancelled(line(1))
    staging_id = staged()["STAGING_ID"]
    fail(shop.database, staging_id, error_class="conflict")
    shop.database.run(DecideDeadLetter(staging_id=staging_id, decision="retry", decided_by="ada"))
    assert (staged()["PENDING_ACTION"], staged()["STATE_REASON"]) == ("cancel", "cancelled")


@pytest.mark.parametrize("decision", ["retry", "cancel"])
def test_only_an_order_in_review_is_decided_on_and_once(database, staged, decision):
    stage(database, order(4711))
    staging_id = staged()["STAGING_ID"]
    with pytest.raises(WrongState, match=f"Order 4711 .staging id {staging_id}. is PENDING") as raised:
        database.run(DecideDeadLetter(staging_id=staging_id, decision=decision, decided_by="ada"))
    assert raised.value.code == "50020"
    fail(database, staging_id)
    database.run(DecideDeadLetter(staging_id=staging_id, decision=decision, decided_by="ada"))
    with pytest.raises(WrongState):
        database.run(DecideDeadLetter(staging_id=staging_id, decision="cancel", decided_by="grace"))
    [letter] = database.run(ListDeadLetters(include_decided=True))
    assert (letter.decision, letter.decided_by) == (decision, "ada")


def test_a_repeated_row_of_an_older_system_can_be_closed_but_not_applied_again(database, query):
    stage(database, order(4711))
    [kept] = query("SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING")
    columns = "BATCH_ID, STORE_ID, WOO_ORDER_ID, STATE, IS_APPLIED, DUPLICATE_OF_ID, CREATED_DT"
    values = ("old", "woocommerce", 4711, "NEEDS_MANUAL_REVIEW", 1, kept["STAGING_ID"], datetime(2026, 1, 5, tzinfo=UTC))
    query(f"INSERT INTO dbo.USER_ORDER_STAGING ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    [repeated] = query("SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING WHERE DUPLICATE_OF_ID IS NOT NULL")
    with pytest.raises(WrongState, match=f"repeats staging id {kept['STAGING_ID']}"):
        database.run(DecideDeadLetter(staging_id=repeated["STAGING_ID"], decision="retry", decided_by="ada"))
    decide = DecideDeadLetter(staging_id=repeated["STAGING_ID"], decision="cancel", decided_by="ada")
    assert database.run(decide) == [Decision(repeated["STAGING_ID"], "SKIPPED")]


def test_a_decision_names_what_is_wrong_with_it(database):
    with pytest.raises(BadArgument, match=r"@DECISION takes retry, cancel, reopen\. @DECIDED_BY is required\."):
        database.run(DecideDeadLetter(staging_id=1, decision="maybe", decided_by=""))
    with pytest.raises(NotFound, match="Staging id 1 does not exist"):
        database.run(DecideDeadLetter(staging_id=1, decision="retry", decided_by="ada"))


def test_a_payload_is_that_of_now_and_a_dead_letters_that_of_then(database, staged):
    [staging_id] = set_aside(database, order(4711, line(1, "TÄSSCHEN")))
    [letter] = database.run(ListDeadLetters())
    stage(database, order(4711, line(1, "MUG")))

    def sku(payload):
        return json.loads(payload.line_items_json)[0]["SKU"]

    [now] = database.run(GetPayload(staging_id=staging_id))
    [then] = database.run(GetPayload(staging_id=staging_id, dead_letter_id=letter.dead_letter_id))
    assert (now.staging_id, sku(now), then.staging_id, sku(then)) == (staging_id, "MUG", staging_id, "TÄSSCHEN")
    assert json.loads(then.order_json)["BILL"]["CITY"] == "London"
    with pytest.raises(NotFound, match=f"Staging id {staging_id + 1} does not exist"):
        database.run(GetPayload(staging_id=staging_id + 1))
    with pytest.raises(NotFound, match="has no dead letter 999"):
        database.run(GetPayload(staging_id=staging_id, dead_letter_id=999))


def test_an_order_that_breaks_a_rule_reaches_a_person_with_the_words_of_the_rule(shop):
    stage(shop.database, order(4711, line(1, "NO-SUCH-ITEM")))
    staging_id = shop.staged()["STAGING_ID"]
    found = shop.database.run(ValidateStagedOrder(staging_id=staging_id))
    message = "; ".join(row.message for row in found if row.severity == "error")
    fail(shop.database, staging_id, error_class="validation", message=message)
    [letter] = shop.database.run(ListDeadLetters())
    assert "NO-SUCH-ITEM" in letter.error_message


# === Settings ===


def test_site_settings_have_defaults_and_can_be_changed(database):
    settings = {setting.name: setting for setting in database.run(ListErpSettings())}
    assert list(settings) == sorted(settings)
    assert (settings["STA_ID"].value, settings["DOC_TYP"].value, settings["TAX_COD"].value) == ("101", "O", None)
    changed = ErpSetting("STA_ID", "103", settings["STA_ID"].descr, None)
    assert database.run(SetErpSetting(setting_name="STA_ID", value="103")) == [changed]
    assert changed in database.run(ListErpSettings())


def test_only_some_settings_may_be_empty(database):
    assert database.run(SetErpSetting(setting_name="TAX_COD", value="X"))[0].value == "X"
    assert database.run(SetErpSetting(setting_name="TAX_COD", value=""))[0].value is None
    with pytest.raises(BadArgument, match="STA_ID takes a value"):
        database.run(SetErpSetting(setting_name="STA_ID", value=None))
    with pytest.raises(NotFound, match="No ERP setting is called STATION"):
        database.run(SetErpSetting(setting_name="STATION", value="1"))


def test_the_status_map_has_defaults_for_every_store(database):
    assert database.run(ListStatusMap()) == [
        StatusMapping("*", "closed", "cancelled"),
        StatusMapping("*", "gone", None),
        StatusMapping("*", "open", "processing"),
        StatusMapping("*", "shipped", "completed"),
    ]
