"""Work on staged orders: who holds which, what a failure leads to, what a stale worker can't do."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier

import pytest

from syncctl.db.contract import (
    CancelOrderFromStaging,
    ClaimStagedOrders,
    CreateOrderFromStaging,
    FailStagedOrder,
    ListRetryPolicies,
    ListStagedOrders,
    ProcessStagedOrder,
    ReleaseStagedOrder,
    SetRetryPolicy,
    StageOrders,
    UpdateOrderFromStaging,
)
from syncctl.errors import BadArgument, Conflict, LeaseLost, NotFound
from tests.orders import line, order, stage


@pytest.fixture
def claim(database):
    """Claims as one worker."""

    def run(worker_id="worker", batch_size=10, **more):
        return database.run(ClaimStagedOrders(worker_id=worker_id, batch_size=batch_size, **more))

    return run


@pytest.fixture
def fail(database):
    """Fails a claimed order."""

    def run(claimed, worker_id="worker", error_class="deadlock", message="The database was busy.", **more):
        (result,) = database.run(
            FailStagedOrder(
                staging_id=claimed.staging_id,
                worker_id=worker_id,
                attempt_no=claimed.attempt_no,
                error_class=error_class,
                error_code=more.pop("error_code", None),
                message=message,
                **more,
            )
        )
        return result

    return run


@pytest.fixture
def staged(query):
    """Reads a staged order's row."""

    def read(staging_id):
        (row,) = query("SELECT * FROM dbo.USER_ORDER_STAGING WHERE STAGING_ID = ?", (staging_id,))
        return row

    return read


@pytest.fixture
def events(query):
    """Reads the kinds of an order's events, in order, without those of staging."""

    def read(staging_id):
        rows = query("SELECT EVENT_TYPE FROM dbo.USER_ORDER_EVENT WHERE STAGING_ID = ? ORDER BY EVENT_ID", (staging_id,))
        return [row["EVENT_TYPE"] for row in rows if row["EVENT_TYPE"] != "STAGED"]

    return read


# --- claims ---


def test_a_claim_says_what_there_is_to_do_and_until_when(database, claim, clock):
    stage(database, order(4711))
    (claimed,) = claim(lease_seconds=60)
    assert (claimed.store_id, claimed.woo_order_id, claimed.woo_order_no) == ("woocommerce", 4711, "4711")
    assert (claimed.pending_action, claimed.attempt_no, claimed.max_attempts, claimed.is_validated) == ("create", 1, None, False)
    assert claimed.lease_until_dt == clock() + timedelta(seconds=60)


def test_a_claimed_order_is_not_claimed_again(database, claim):
    stage(database, order(1), order(2), order(3))
    assert [row.attempt_no for row in claim("first")] == [1, 1, 1]
    assert claim("second") == []


def test_the_oldest_come_first_and_no_more_than_asked_for(database, claim):
    stage(database, order(3), order(1), order(2))
    assert [row.woo_order_id for row in claim(batch_size=2)] == [3, 1]
    assert [row.woo_order_id for row in claim(batch_size=2)] == [2]


def test_a_dead_workers_orders_come_back_with_one_attempt_more(database, claim, clock, query, events):
    stage(database, order(1))
    (lost,) = claim("dies", lease_seconds=60)
    clock.move(timedelta(seconds=59))
    assert claim("heir") == []
    clock.move(timedelta(seconds=1))
    (taken,) = claim("heir")
    assert taken.attempt_no == 2
    (attempt,) = query("SELECT * FROM dbo.USER_ORDER_ATTEMPT")
    assert (attempt["ERROR_CLASS"], attempt["WORKER_ID"], attempt["ATTEMPT_NO"]) == ("crash", "dies", 1)
    assert events(lost.staging_id) == ["CLAIMED"]


def test_what_waited_behind_another_when_its_worker_died_comes_back_as_it_was(database, claim, clock, query, events):
    stage(database, order(1), order(2), order(3))
    lost = claim("dies", lease_seconds=60)
    clock.move(timedelta(seconds=60))
    assert [(row.woo_order_id, row.attempt_no) for row in claim("heir", batch_size=2, lease_seconds=60)] == [(1, 2), (2, 1)]
    assert [(row.woo_order_id, row.attempt_no) for row in claim("other", lease_seconds=60)] == [(3, 1)], (
        "one death is one lost attempt"
    )
    attempts = query("SELECT STAGING_ID, ATTEMPT_NO, WORKER_ID FROM dbo.USER_ORDER_ATTEMPT")
    assert [tuple(row) for row in attempts] == [(lost[0].staging_id, 1, "dies")]
    assert events(lost[1].staging_id) == ["CLAIMED"], "the story tells of the lease that ran out"


def test_what_only_ever_waits_goes_to_nobody(database, claim, clock, query):
    database.run(SetRetryPolicy(error_class="crash", max_attempts=2))
    stage(database, order(1), order(2), order(3))
    for number in range(2):
        assert [row.woo_order_id for row in claim(f"dies-{number}", lease_seconds=60)] == [1, 2, 3]
        clock.move(timedelta(seconds=60))
    assert [(row.woo_order_id, row.attempt_no) for row in claim("heir")] == [(2, 1), (3, 1)]
    assert len(query("SELECT STAGING_ID FROM dbo.USER_ORDER_DEAD_LETTER")) == 1


def test_an_order_is_in_hand_from_its_call_on_whatever_becomes_of_that(database, claim, query):
    stage(database, order(1), order(2), order(3))
    _, second, _ = claim("worker")
    in_hand = "SELECT IS_IN_HAND FROM dbo.USER_ORDER_STAGING ORDER BY STAGING_ID"
    assert [bool(row["IS_IN_HAND"]) for row in query(in_hand)] == [True, False, False]
    query("UPDATE dbo.USER_ORDER_STAGING SET PENDING_ACTION = 'cancel'")
    with pytest.raises(Conflict):  # there is no document: all that the call did is undone
        database.run(ProcessStagedOrder(staging_id=second.staging_id, worker_id="worker", attempt_no=1))
    assert [bool(row["IS_IN_HAND"]) for row in query(in_hand)] == [True, True, False]


def test_of_few_orders_each_worker_takes_its_share(database, claim):
    stage(database, *(order(number) for number in range(1, 11)))
    sizes = [len(claim(f"worker-{number}", batch_size=20, workers=4)) for number in range(8)]
    assert sizes == [3, 2, 2, 1, 1, 1, 0, 0]
    with pytest.raises(BadArgument, match="@WORKERS"):
        claim(workers=0)


@pytest.mark.parametrize("scope", ["pending", "failed", "listed"])
def test_a_dead_workers_orders_come_back_in_every_scope(database, claim, clock, scope):
    stage(database, order(1))
    (lost,) = claim("dies", lease_seconds=60)
    clock.move(timedelta(seconds=61))
    assert [row.attempt_no for row in claim("heir", scope=scope, staging_ids=json.dumps([lost.staging_id]))] == [2]


def test_one_death_is_once(database, claim, clock, staged):
    stage(database, order(1))
    database.run(SetRetryPolicy(error_class="crash", max_attempts=1))
    (lost,) = claim("dies", lease_seconds=60)
    clock.move(timedelta(seconds=60))
    assert claim("heir") == []
    row = staged(lost.staging_id)
    assert row["VALIDATION_ERROR"] == "The worker died (or was stopped hard) once while it held this order."


def test_an_order_that_kills_its_workers_goes_to_a_person(database, claim, clock, staged, query, events):
    stage(database, order(1), order(2))
    (poison,) = claim("worker-1", batch_size=1, lease_seconds=60)
    for worker in ("worker-2", "worker-3"):
        clock.move(timedelta(seconds=60))
        claim(worker, batch_size=1, lease_seconds=60)
    clock.move(timedelta(seconds=60))
    assert [row.woo_order_id for row in claim("worker-4")] == [2]
    row = staged(poison.staging_id)
    assert (row["STATE"], row["ERROR_CLASS"], row["LEASE_OWNER"]) == ("NEEDS_MANUAL_REVIEW", "crash", None)
    assert row["VALIDATION_ERROR"] == "The worker died (or was stopped hard) 3 times while it held this order."
    (letter,) = query("SELECT * FROM dbo.USER_ORDER_DEAD_LETTER")
    assert (letter["STAGING_ID"], letter["ERROR_CLASS"], letter["ATTEMPTS"]) == (poison.staging_id, "crash", 3)
    assert events(poison.staging_id) == ["CLAIMED", "CLAIMED", "REVIEW"]
    attempts = query("SELECT ATTEMPT_NO, WORKER_ID FROM dbo.USER_ORDER_ATTEMPT ORDER BY ATTEMPT_ID")
    assert [tuple(attempt) for attempt in attempts] == [(1, "worker-1"), (2, "worker-2"), (3, "worker-3")]


def test_an_orders_own_number_of_attempts_counts_for_crashes_too(database, query, claim, clock, staged):
    stage(database, order(1))
    (claimed,) = claim(lease_seconds=60)
    query("UPDATE dbo.USER_ORDER_STAGING SET MAX_ATTEMPTS = 1")
    clock.move(timedelta(seconds=60))
    assert claim("heir") == []
    assert staged(claimed.staging_id)["STATE"] == "NEEDS_MANUAL_REVIEW"


def test_failed_orders_are_due_at_their_time(database, claim, fail, clock):
    stage(database, order(1), order(2))
    first, _ = claim()
    fail(first, retry_after_seconds=Decimal(30))
    assert claim() == []
    assert claim(scope="failed") == []
    clock.move(timedelta(seconds=29, milliseconds=999))
    assert claim(scope="failed") == []
    clock.move(timedelta(milliseconds=1))
    assert [row.attempt_no for row in claim(scope="failed")] == [2]


def test_failed_orders_can_be_taken_before_their_time(database, claim, fail):
    stage(database, order(1))
    fail(*claim())
    assert [row.attempt_no for row in claim(scope="failed", ignore_due=True)] == [2]


def test_listed_orders_are_taken_due_or_not_and_no_others(database, claim, fail):
    stage(database, order(1), order(2), order(3))
    failed, second, _ = claim()
    fail(failed)
    database.run(ReleaseStagedOrder(staging_id=second.staging_id, worker_id="worker", attempt_no=1))
    wanted = json.dumps([failed.staging_id, second.staging_id, 999])
    assert [row.woo_order_id for row in claim("other", scope="listed", staging_ids=wanted)] == [2, 1], "what failed comes behind"


def test_orders_that_need_nothing_are_never_claimed(database, claim, query):
    stage(database, order(1), order(2, STATUS_GROUP="wait", STATUS_REASON="status pending"), order(3))
    query("UPDATE dbo.USER_ORDER_STAGING SET STATE = 'APPLIED' WHERE WOO_ORDER_ID = ?", (3,))
    ids = json.dumps([row["STAGING_ID"] for row in query("SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING")])
    assert [row.woo_order_id for row in claim(scope="listed", staging_ids=ids)] == [1]


def test_a_duplicate_row_is_never_claimed(database, claim, query):
    stage(database, order(1), order(2))
    query("UPDATE dbo.USER_ORDER_STAGING SET DUPLICATE_OF_ID = STAGING_ID WHERE WOO_ORDER_ID = ?", (1,))
    assert [row.woo_order_id for row in claim()] == [2]


def test_every_bad_argument_is_named_at_once(database):
    with pytest.raises(BadArgument) as raised:
        database.run(ClaimStagedOrders(worker_id="", batch_size=1001, lease_seconds=0, scope="all"))
    for name in ("@WORKER_ID", "@BATCH_SIZE", "@LEASE_SECONDS", "@SCOPE"):
        assert name in str(raised.value)
    assert raised.value.code == "50001"


@pytest.mark.parametrize("staging_ids", [None, "", "12, 13"])
def test_a_list_of_orders_must_be_one(database, staging_ids):
    with pytest.raises(BadArgument, match="@STAGING_IDS"):
        database.run(ClaimStagedOrders(worker_id="worker", batch_size=1, scope="listed", staging_ids=staging_ids))


def test_eight_workers_share_a_thousand_orders_and_take_none_twice(database, new_connection, query):
    stage(database, *(order(number) for number in range(1, 1001)))
    barrier = Barrier(8)

    def drain(worker: int) -> list[int]:
        connection = new_connection()
        taken: list[int] = []
        barrier.wait(timeout=60)
        while True:
            claimed = connection.run(ClaimStagedOrders(worker_id=f"worker-{worker}", batch_size=20))
            taken += [row.staging_id for row in claimed]
            assert all(row.attempt_no == 1 for row in claimed)
            if not claimed:
                return taken

    with ThreadPoolExecutor(8) as pool:
        taken = [staging_id for ids in pool.map(drain, range(8)) for staging_id in ids]
    assert len(taken) == 1000
    assert len(set(taken)) == 1000
    owned = query("SELECT COUNT(*) AS CLAIMED FROM dbo.USER_ORDER_STAGING WHERE STATE = 'CLAIMED' AND ATTEMPT_NO = 1")
    assert owned[0]["CLAIMED"] == 1000


# --- release ---


def test_a_released_order_is_as_it_was(database, claim, staged, events):
    stage(database, order(1))
    (claimed,) = claim("stops")
    database.run(ReleaseStagedOrder(staging_id=claimed.staging_id, worker_id="stops", attempt_no=1, reason="stopped by a signal"))
    row = staged(claimed.staging_id)
    assert (row["STATE"], row["ATTEMPT_NO"], row["LEASE_OWNER"], row["LEASE_UNTIL_DT"]) == ("PENDING", 0, None, None)
    assert [taken.attempt_no for taken in claim("next")] == [1]
    assert events(claimed.staging_id) == ["RELEASED"]


def test_a_released_order_that_had_failed_is_failed_again_with_its_time(database, claim, fail, staged):
    stage(database, order(1))
    (claimed,) = claim()
    due = fail(claimed, retry_after_seconds=Decimal(600)).next_attempt_dt
    (again,) = claim(scope="failed", ignore_due=True)
    database.run(ReleaseStagedOrder(staging_id=again.staging_id, worker_id="worker", attempt_no=2))
    row = staged(claimed.staging_id)
    assert (row["STATE"], row["ATTEMPT_NO"], row["NEXT_ATTEMPT_DT"]) == ("FAILED", 1, due)


# --- the fence ---

WRITES = [
    ReleaseStagedOrder,
    CreateOrderFromStaging,
    UpdateOrderFromStaging,
    CancelOrderFromStaging,
    FailStagedOrder,
]


def _write(procedure, staging_id, worker_id, attempt_no):
    more = {"error_class": "deadlock", "error_code": None, "message": "late"} if procedure is FailStagedOrder else {}
    return procedure(staging_id=staging_id, worker_id=worker_id, attempt_no=attempt_no, **more)


@pytest.mark.parametrize("procedure", WRITES)
def test_a_stale_worker_can_write_nothing(database, claim, clock, staged, procedure):
    stage(database, order(4711))
    (stale,) = claim("stale", lease_seconds=60)
    clock.move(timedelta(seconds=61))
    claim("heir")
    before = tuple(staged(stale.staging_id))
    with pytest.raises(LeaseLost, match=r"4711.*stale") as raised:
        database.run(_write(procedure, stale.staging_id, "stale", 1))
    assert raised.value.code == "50010"
    assert tuple(staged(stale.staging_id)) == before


@pytest.mark.parametrize("procedure", WRITES)
def test_an_older_attempt_of_the_same_worker_can_write_nothing(database, claim, clock, procedure):
    stage(database, order(1))
    (first,) = claim("worker", lease_seconds=60)
    clock.move(timedelta(seconds=61))
    claim("worker")
    with pytest.raises(LeaseLost):
        database.run(_write(procedure, first.staging_id, "worker", 1))


@pytest.mark.parametrize("procedure", WRITES)
def test_an_order_that_changed_in_the_store_breaks_the_lease(database, claim, procedure):
    stage(database, order(1))
    (claimed,) = claim()
    stage(database, order(1, line(qty="2", total="39.98")))
    with pytest.raises(LeaseLost):
        database.run(_write(procedure, claimed.staging_id, "worker", 1))


@pytest.mark.parametrize("procedure", WRITES)
def test_an_order_that_nobody_claimed_can_not_be_written(database, query, procedure):
    stage(database, order(1))
    (row,) = query("SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING")
    with pytest.raises(LeaseLost):
        database.run(_write(procedure, row["STAGING_ID"], "worker", 0))


@pytest.mark.parametrize("procedure", WRITES)
def test_an_unknown_staging_id_is_said_to_be_unknown(database, procedure):
    with pytest.raises(NotFound, match="12345") as raised:
        database.run(_write(procedure, 12345, "worker", 1))
    assert raised.value.code == "50004"


# --- failures ---


def test_a_failure_is_kept_with_its_attempt_in_the_run(database, claim, fail, staged, query, events):
    stage(database, order(1))
    (claimed,) = claim()
    result = fail(claimed, error_code="1205", message="Deadlock.", run_attempt=2, run_attempts=3, retry_after_seconds=Decimal(4))
    row = staged(claimed.staging_id)
    assert (result.state, row["STATE"]) == ("FAILED", "FAILED")
    assert row["VALIDATION_ERROR"] == "[Attempt 2/3] Deadlock."
    assert (row["ERROR_CLASS"], row["LEASE_OWNER"], row["LEASE_UNTIL_DT"], row["ATTEMPT_NO"]) == ("deadlock", None, None, 1)
    (attempt,) = query("SELECT * FROM dbo.USER_ORDER_ATTEMPT")
    assert (attempt["STAGING_ID"], attempt["ATTEMPT_NO"], attempt["WORKER_ID"], attempt["PENDING_ACTION"]) == (
        claimed.staging_id,
        1,
        "worker",
        "create",
    )
    assert (attempt["ERROR_CLASS"], attempt["ERROR_CODE"], attempt["ERROR_MESSAGE"]) == ("deadlock", "1205", "Deadlock.")
    assert events(claimed.staging_id) == ["FAILED"]


def test_the_documented_monitoring_query_finds_it(database, claim, fail, query):
    stage(database, order(1))
    fail(*claim(), run_attempt=3, run_attempts=3)
    rows = query(
        "SELECT STAGING_ID, WOO_ORDER_ID, VALIDATION_ERROR, IS_APPLIED, CREATED_DT FROM dbo.USER_ORDER_STAGING "
        "WHERE IS_APPLIED = 0 AND VALIDATION_ERROR LIKE '%Attempt%'"
    )
    assert [row["VALIDATION_ERROR"] for row in rows] == ["[Attempt 3/3] The database was busy."]


def test_in_the_run_the_order_waits_as_long_as_it_is_told(database, claim, fail, clock):
    stage(database, order(1))
    assert fail(*claim(), retry_after_seconds=Decimal("2.5")).next_attempt_dt == clock() + timedelta(seconds=2.5)


def test_between_runs_the_policy_says_how_long(database, claim, fail, clock):
    stage(database, order(1))
    waits = []
    for scope in ("pending", *["failed"] * 7):
        (claimed,) = claim(scope=scope, ignore_due=True)
        waits.append((fail(claimed).next_attempt_dt - clock()).total_seconds())
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]


@pytest.mark.parametrize(("jitter", "seconds"), [("0", 60), ("0.5", 63), ("1", 66)])
def test_jitter_adds_up_to_a_tenth(database, claim, fail, clock, jitter, seconds):
    stage(database, order(1))
    assert fail(*claim(), jitter=Decimal(jitter)).next_attempt_dt == clock() + timedelta(seconds=seconds)


def test_the_last_attempt_of_the_policy_leads_to_a_person(database, claim, fail, staged, query, events):
    stage(database, order(1))
    database.run(SetRetryPolicy(error_class="deadlock", max_attempts=2))
    (first,) = claim()
    assert fail(first).state == "FAILED"
    (second,) = claim(scope="failed", ignore_due=True)
    result = fail(second, error_code="1205", message="Deadlock.", run_attempt=3, run_attempts=3)
    assert (result.state, result.next_attempt_dt) == ("NEEDS_MANUAL_REVIEW", None)
    row = staged(first.staging_id)
    assert (row["STATE"], row["NEXT_ATTEMPT_DT"], row["VALIDATION_ERROR"]) == (
        "NEEDS_MANUAL_REVIEW",
        None,
        "[Attempt 3/3] Deadlock.",
    )
    (letter,) = query("SELECT * FROM dbo.USER_ORDER_DEAD_LETTER")
    assert (letter["ERROR_CLASS"], letter["ERROR_CODE"], letter["ERROR_MESSAGE"]) == ("deadlock", "1205", "Deadlock.")
    assert (letter["ATTEMPTS"], letter["DECISION"], letter["WOO_ORDER_NO"]) == (2, None, "1")
    assert json.loads(letter["LINE_ITEMS_JSON"])[0]["SKU"] == "TEE-BLK"
    assert events(first.staging_id) == ["FAILED", "CLAIMED", "REVIEW"]
    assert claim(scope="listed", staging_ids=json.dumps([first.staging_id])) == []


def test_an_orders_own_number_of_attempts_comes_before_the_policys(database, query, claim, fail):
    stage(database, order(1))
    (claimed,) = claim()
    query("UPDATE dbo.USER_ORDER_STAGING SET MAX_ATTEMPTS = 1")
    assert fail(claimed).state == "NEEDS_MANUAL_REVIEW"


def test_a_runs_number_of_attempts_comes_before_both_and_stays_on_no_order(database, claim, fail, staged):
    stage(database, order(1), order(2))
    first, second = claim(batch_size=2)
    assert fail(first, max_attempts=1).state == "NEEDS_MANUAL_REVIEW"
    assert staged(first.staging_id)["MAX_ATTEMPTS"] is None
    assert fail(second).state == "FAILED"


def test_what_failed_goes_behind_what_did_not_and_what_this_run_has_had_is_left_out(database, claim, fail, clock):
    stage(database, order(1), order(2), order(3))
    first, second, _ = claim(batch_size=3)
    fail(first, retry_after_seconds=30)
    fail(second, retry_after_seconds=10)
    clock.move(timedelta(seconds=40))
    (taken,) = claim(scope="failed", batch_size=1)
    assert taken.staging_id == second.staging_id, "due first"
    fail(taken, retry_after_seconds=60)
    passed = json.dumps([second.staging_id])
    assert [row.staging_id for row in claim(scope="failed", ignore_due=True, batch_size=9, passed=passed)] == [first.staging_id]


def test_what_is_left_out_has_to_be_a_list(database):
    with pytest.raises(BadArgument, match="PASSED"):
        database.run(ClaimStagedOrders(worker_id="worker", batch_size=1, passed="12"))


@pytest.mark.parametrize("error_class", ["validation", "mapping", "conflict", "constraint"])
def test_what_a_retry_can_not_mend_goes_to_a_person_at_once(database, claim, fail, staged, error_class):
    stage(database, order(1))
    (claimed,) = claim()
    assert fail(claimed, error_class=error_class, message="SKU GONE-1 is unknown.").state == "NEEDS_MANUAL_REVIEW"
    assert staged(claimed.staging_id)["VALIDATION_ERROR"] == "SKU GONE-1 is unknown."


def test_a_class_without_a_policy_is_treated_as_unknown(database, claim, fail, clock, staged):
    stage(database, order(1))
    (claimed,) = claim()
    assert fail(claimed, error_class="solar_flare").next_attempt_dt == clock() + timedelta(seconds=300)
    assert staged(claimed.staging_id)["ERROR_CLASS"] == "solar_flare"


def test_a_long_message_is_cut_on_the_row_and_whole_in_the_history(database, claim, fail, staged, query):
    stage(database, order(1))
    (claimed,) = claim()
    message = "Zażółć gęślą jaźń. " * 100
    fail(claimed, message=message)
    cut = staged(claimed.staging_id)["VALIDATION_ERROR"]
    assert len(cut) == 500
    assert f"[Attempt 1/1] {message}".startswith(cut)
    assert query("SELECT ERROR_MESSAGE FROM dbo.USER_ORDER_ATTEMPT")[0]["ERROR_MESSAGE"] == message


def test_an_applied_order_stays_applied_when_its_update_fails(database, claim, fail, staged, query):
    stage(database, order(1))
    query("UPDATE dbo.USER_ORDER_STAGING SET IS_APPLIED = 1, PENDING_ACTION = 'update'")
    (claimed,) = claim()
    fail(claimed)
    assert bool(staged(claimed.staging_id)["IS_APPLIED"]) is True


@pytest.fixture
def in_the_erp(query, clock):
    """Gives a staged order a document and a link, as `sp_CreateOrderFromStaging` does."""

    def run(claimed, doc_id=101000000001):
        query(
            "INSERT INTO dbo.PS_DOC_HDR (DOC_ID, DOC_GUID, DOC_TYP, STR_ID, STA_ID, TKT_NO, TKT_TYP, DRW_ID, USR_ID, RET_LINS,"
            " GFC_LINS, SVC_LINS, BO_LINS, SO_LINS, DS_LINS, TO_REL_LINS, TO_LEAVE_LINS, RET_LIN_TOT, IS_OFFLINE, TIMES_PRTD,"
            " IS_DOC_COMMITTED, IS_REL_TKT, REQ_REPRICE, HAS_ENTD_LINS, HAS_PCKD_LINS, HAS_PCKVRFD_LINS, HAS_INVCD_LINS,"
            " HAS_RLSD_LINS)"
            " VALUES (?, ?, 'O', '01', '101', '101-000001', 'T', '101', 'SYNCCTL', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,"
            " 'N', 'N', 'N', 'N', 'N', 'N', 'N', 'N')",
            (doc_id, "6F9619FF-8B86-D011-B42D-00C04FC964FF"),
        )
        query(
            "INSERT INTO dbo.USER_ORDER_LINK (STORE_ID, WOO_ORDER_ID, STAGING_ID, DOC_ID, TKT_NO, TOT, CREATED_DT) "
            "VALUES (?, ?, ?, ?, 'T-1', ?, ?)",
            (claimed.store_id, claimed.woo_order_id, claimed.staging_id, doc_id, Decimal("19.99"), clock()),
        )

    return run


def test_a_conflict_is_noted_on_the_document_and_told_to_the_store(database, claim, fail, query, in_the_erp):
    stage(database, order(4711))
    (claimed,) = claim()
    in_the_erp(claimed)
    fail(claimed, error_class="conflict", message="Document 101000000001 was shipped.")
    told = "syncctl: this order needs a person. Document 101000000001 was shipped."
    (note,) = query("SELECT * FROM dbo.PS_DOC_NOTE")
    assert (note["DOC_ID"], note["NOTE_ID"], note["NOTE"]) == (101000000001, "SYNC-REVIEW", told)
    (message,) = query("SELECT * FROM dbo.USER_STORE_OUTBOX")
    assert (message["KIND"], message["TARGET_STATUS"], message["NOTE"], message["STATE"]) == ("review", None, told, "PENDING")
    assert message["DEDUP_KEY"].startswith("review:")


def test_a_conflict_of_an_order_without_a_document_tells_nobody(database, claim, fail, query):
    stage(database, order(1))
    fail(*claim(), error_class="conflict")
    assert query("SELECT * FROM dbo.USER_STORE_OUTBOX") == []
    assert query("SELECT * FROM dbo.PS_DOC_NOTE") == []


def test_the_same_conflict_again_is_told_once_and_its_note_replaced(database, claim, fail, query, in_the_erp):
    stage(database, order(1))
    (first,) = claim()
    in_the_erp(first)
    fail(first, error_class="conflict", message="It was shipped.")
    query("UPDATE dbo.USER_ORDER_STAGING SET STATE = 'PENDING'")
    (second,) = claim()
    fail(second, error_class="conflict", message="It was shipped yesterday.")
    assert len(query("SELECT * FROM dbo.USER_STORE_OUTBOX")) == 1
    (note,) = query("SELECT * FROM dbo.PS_DOC_NOTE")
    assert note["NOTE"].endswith("It was shipped yesterday.")
    (letter,) = query("SELECT * FROM dbo.USER_ORDER_DEAD_LETTER")
    assert (letter["ERROR_MESSAGE"], letter["ATTEMPTS"]) == ("It was shipped yesterday.", 2)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"error_class": ""}, "@ERROR_CLASS"),
        ({"message": ""}, "@MESSAGE"),
        ({"run_attempt": 0}, "@RUN_ATTEMPT"),
        ({"run_attempt": 4, "run_attempts": 3}, "@RUN_ATTEMPTS"),
        ({"jitter": Decimal("1.5")}, "@JITTER"),
    ],
)
def test_a_failure_needs_sound_arguments(database, claim, fail, arguments, name):
    stage(database, order(1))
    (claimed,) = claim()
    with pytest.raises(BadArgument, match=name):
        fail(claimed, **arguments)


@pytest.mark.parametrize("max_attempts", [0, 101])
def test_a_failure_takes_one_to_a_hundred_attempts(database, claim, fail, max_attempts):
    stage(database, order(1))
    (claimed,) = claim()
    with pytest.raises(BadArgument, match="@MAX_ATTEMPTS"):
        fail(claimed, max_attempts=max_attempts)


# --- the policy ---


def test_the_policy_can_be_read(database):
    policies = {policy.error_class: policy for policy in database.run(ListRetryPolicies())}
    assert list(policies) == sorted(policies)
    assert {"deadlock", "lock_timeout", "connection", "throttle", "store", "crash", "unknown"} <= set(policies)
    deadlock = policies["deadlock"]
    assert (deadlock.max_attempts, deadlock.backoff_seconds, deadlock.backoff_factor) == (12, 60, 2)
    assert (deadlock.backoff_cap_seconds, deadlock.destination) == (3600, "retry")
    assert policies["mapping"].destination == "review"


def test_the_policy_can_be_changed_and_takes_effect(database, claim, fail, clock):
    (policy,) = database.run(SetRetryPolicy(error_class="deadlock", backoff_seconds=10, backoff_factor=3, backoff_cap_seconds=25))
    assert (policy.max_attempts, policy.backoff_seconds, policy.backoff_factor, policy.backoff_cap_seconds) == (12, 10, 3, 25)
    stage(database, order(1))
    assert fail(*claim()).next_attempt_dt == clock() + timedelta(seconds=10)
    (again,) = claim(scope="failed", ignore_due=True)
    assert fail(again).next_attempt_dt == clock() + timedelta(seconds=25)
    database.run(SetRetryPolicy(error_class="deadlock", destination="review"))
    (last,) = claim(scope="failed", ignore_due=True)
    assert fail(last).state == "NEEDS_MANUAL_REVIEW"


def test_a_policy_that_makes_no_sense_is_refused_whole(database):
    before = database.run(ListRetryPolicies())
    with pytest.raises(BadArgument) as raised:
        database.run(
            SetRetryPolicy(
                error_class="deadlock",
                max_attempts=0,
                backoff_seconds=-1,
                backoff_factor=0,
                backoff_cap_seconds=10**9,
                destination="bin",
            )
        )
    for name in ("@MAX_ATTEMPTS", "@BACKOFF_SECONDS", "@BACKOFF_FACTOR", "@BACKOFF_CAP_SECONDS", "@DESTINATION"):
        assert name in str(raised.value)
    assert database.run(ListRetryPolicies()) == before


def test_a_class_that_does_not_exist_has_no_policy_to_change(database):
    with pytest.raises(NotFound, match="solar_flare; `syncctl config policy list` lists them"):
        database.run(SetRetryPolicy(error_class="solar_flare", max_attempts=3))


def test_the_moment_of_a_claim_is_aware_utc(database, claim, clock):
    clock.now = datetime(2026, 3, 29, 1, 30, 0, 123000, tzinfo=UTC)
    stage(database, order(1))
    (claimed,) = claim(lease_seconds=1)
    assert claimed.lease_until_dt == datetime(2026, 3, 29, 1, 30, 1, 123000, tzinfo=UTC)
    assert claimed.lease_until_dt.utcoffset() == timedelta(0)


def test_a_claim_for_one_store_takes_no_other_stores_orders(database):
    stage(database, order(1))
    database.run(
        StageOrders(
            store_id="second", source_system="woocommerce", sync_id="test", orders=json.dumps([order(1, WOO_ORDER_NO="2-1")])
        )
    )
    for store in ("second", "woocommerce", "second"):
        claimed = database.run(ClaimStagedOrders(worker_id=f"of-{store}", batch_size=10, store_id=store))
        assert {claim.store_id for claim in claimed} <= {store}
    states = database.run(ListStagedOrders())
    assert {row.store_id: row.lease_owner for row in states} == {"woocommerce": "of-woocommerce", "second": "of-second"}
