"""The outbox: each message delivered in its order's order, tried again by the policy, finished once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest

from syncctl.db.contract import ClaimOutbox, CompleteOutbox, FailOutbox, ListOutbox, ReleaseOutbox, RetryOutbox, SetRetryPolicy
from syncctl.errors import BadArgument, LeaseLost, NotFound


@pytest.fixture
def queue(query, clock):
    """Puts a message into the outbox, as the procedures that change the ERP do."""
    count = 0

    def run(order_id=4711, kind="applied", *, status="processing", note="", tag="", staging_id=1, store="woocommerce"):
        nonlocal count
        count += 1
        query(
            "INSERT INTO dbo.USER_STORE_OUTBOX "
            "(STORE_ID, WOO_ORDER_ID, STAGING_ID, KIND, DEDUP_KEY, TARGET_STATUS, NOTE, TAG_VALUE, NEXT_ATTEMPT_DT, CREATED_DT) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (store, order_id, staging_id, kind, f"{kind}:{count}", status, note, tag, clock(), clock()),
        )
        return query("SELECT MAX(OUTBOX_ID) AS OUTBOX_ID FROM dbo.USER_STORE_OUTBOX")[0]["OUTBOX_ID"]

    return run


@pytest.fixture
def claim(database):
    """Claims as one worker."""

    def run(worker_id="worker", batch_size=10, **more):
        return database.run(
            ClaimOutbox(store_id=more.pop("store_id", "woocommerce"), worker_id=worker_id, batch_size=batch_size, **more)
        )

    return run


@pytest.fixture
def complete(database):
    """Finishes a claimed message."""

    def run(*messages, worker_id="worker", result="delivered", detail=None):
        told = [
            {"id": message.outbox_id, "attempt": message.attempt_no, "result": result, "detail": detail} for message in messages
        ]
        return [row.state for row in database.run(CompleteOutbox(worker_id=worker_id, messages=json.dumps(told)))]

    return run


@pytest.fixture
def fail(database):
    """Fails a claimed message."""

    def run(message, worker_id="worker", error_class="store", text="The store answered 503.", **more):
        (result,) = database.run(
            FailOutbox(
                outbox_id=message.outbox_id,
                worker_id=worker_id,
                attempt_no=message.attempt_no,
                error_class=error_class,
                error_code=more.pop("error_code", "503"),
                message=text,
                **more,
            )
        )
        return result

    return run


@pytest.fixture
def stored(query):
    """Reads a message's row."""

    def read(outbox_id):
        (row,) = query("SELECT * FROM dbo.USER_STORE_OUTBOX WHERE OUTBOX_ID = ?", (outbox_id,))
        return row

    return read


@pytest.fixture
def events(query):
    """Reads the kinds and texts of an order's events, in order."""

    def read(order_id=4711):
        rows = query("SELECT EVENT_TYPE, MESSAGE FROM dbo.USER_ORDER_EVENT WHERE WOO_ORDER_ID = ? ORDER BY EVENT_ID", (order_id,))
        return [(row["EVENT_TYPE"], row["MESSAGE"]) for row in rows]

    return read


# --- claims ---


def test_a_claim_says_what_to_tell_the_store(queue, claim, clock):
    outbox_id = queue(4711, status="processing", note="Order created.", tag="101000000001/1", staging_id=12)
    (message,) = claim(lease_seconds=60)
    assert (message.outbox_id, message.store_id, message.woo_order_id, message.staging_id) == (outbox_id, "woocommerce", 4711, 12)
    assert (message.kind, message.target_status, message.note) == ("applied", "processing", "Order created.")
    assert (message.tag_value, message.attempt_no) == ("101000000001/1", 1)
    assert message.lease_until_dt == clock() + timedelta(seconds=60)


def test_a_claimed_message_is_not_claimed_again(queue, claim):
    queue(1)
    assert len(claim("first")) == 1
    assert claim("second") == []


def test_the_oldest_come_first_and_no_more_than_asked_for(queue, claim):
    for order_id in (3, 1, 2):
        queue(order_id)
    assert [message.woo_order_id for message in claim(batch_size=2)] == [3, 1]
    assert [message.woo_order_id for message in claim(batch_size=2)] == [2]


def test_another_stores_messages_are_left_alone(queue, claim):
    queue(1, store="shopify")
    assert claim() == []
    assert len(claim(store_id="shopify")) == 1


def test_an_orders_messages_go_out_one_after_the_other(queue, claim, complete):
    queue(1, "applied")
    queue(2, "applied")
    queue(1, "status", status="completed")
    first, other = claim()
    assert (first.woo_order_id, first.kind, other.woo_order_id) == (1, "applied", 2)
    assert claim() == []
    complete(first)
    assert [(message.woo_order_id, message.kind) for message in claim()] == [(1, "status")]


def test_a_message_waits_while_an_earlier_one_of_its_order_waits_for_its_next_attempt(queue, claim, fail, clock):
    queue(1, "applied")
    queue(1, "status")
    (first,) = claim()
    due = fail(first).next_attempt_dt
    assert claim() == []
    clock.now = due
    assert [message.kind for message in claim()] == ["applied"]


def test_a_message_left_to_a_person_holds_up_nothing(queue, claim, fail):
    queue(1, "applied")
    queue(1, "status")
    (first,) = claim()
    assert fail(first, error_class="validation").state == "FAILED"
    assert [message.kind for message in claim()] == ["status"]


def test_a_message_made_due_again_waits_for_a_later_one_that_is_on_its_way(database, queue, claim, complete, fail):
    queue(1, "applied")
    queue(1, "status")
    fail(*claim(), error_class="validation")
    (later,) = claim()
    database.run(RetryOutbox())
    assert claim() == []
    complete(later)
    assert [message.kind for message in claim()] == ["applied"]


def test_a_dead_workers_messages_come_back_with_one_attempt_more(queue, claim, clock):
    queue(1, "applied")
    queue(1, "status")
    claim("dies", lease_seconds=60)
    clock.move(timedelta(seconds=59))
    assert claim("heir") == []
    clock.move(timedelta(seconds=1))
    assert [(message.kind, message.attempt_no) for message in claim("heir")] == [("applied", 2)]


def test_a_message_that_kills_its_workers_is_left_to_a_person(database, queue, claim, clock, stored, events):
    database.run(SetRetryPolicy(error_class="store", max_attempts=2))
    outbox_id = queue(4711)
    for _ in range(2):
        assert len(claim(lease_seconds=60)) == 1
        clock.move(timedelta(seconds=60))
    assert claim() == []
    row = stored(outbox_id)
    assert (row["STATE"], row["ERROR_CLASS"], row["LEASE_OWNER"]) == ("FAILED", "crash", None)
    assert [kind for kind, _ in events()] == ["WRITE_BACK_FAILED"]


def test_one_orders_messages_can_be_claimed_alone_and_early(queue, claim, fail):
    queue(1, staging_id=11)
    queue(2, staging_id=12)
    for message in claim():
        fail(message)
    assert claim(staging_ids="[12, 13]") == []
    assert [message.woo_order_id for message in claim(staging_ids="[12, 13]", ignore_due=True)] == [2]


def test_every_bad_argument_is_named_at_once(database):
    with pytest.raises(BadArgument) as raised:
        database.run(ClaimOutbox(store_id="", worker_id="", batch_size=0, lease_seconds=86_401))
    for name in ("@STORE_ID", "@WORKER_ID", "@BATCH_SIZE", "@LEASE_SECONDS"):
        assert name in str(raised.value)


def test_eight_workers_share_the_messages_and_keep_each_orders_order(new_connection, queue, query):
    for order_id in range(1, 101):
        queue(order_id, "applied")
        queue(order_id, "status")
    barrier = Barrier(8)

    def drain(worker: int) -> list[tuple[int, int]]:
        connection = new_connection()
        worker_id = f"worker-{worker}"
        taken: list[tuple[int, int]] = []
        barrier.wait(timeout=60)
        # Whoever finishes a message claims again, so that the last worker to stop leaves nothing behind.
        while claimed := connection.run(ClaimOutbox(store_id="woocommerce", worker_id=worker_id, batch_size=5)):
            assert len({message.woo_order_id for message in claimed}) == len(claimed)
            told = [{"id": message.outbox_id, "attempt": 1, "result": "delivered"} for message in claimed]
            done = connection.run(CompleteOutbox(worker_id=worker_id, messages=json.dumps(told)))
            assert {row.state for row in done} == {"DONE"}
            taken += [(message.woo_order_id, message.outbox_id) for message in claimed]
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = [entry for entries in pool.map(drain, range(8)) for entry in entries]
    assert len(taken) == len(set(taken)) == 200
    delivered = query(
        "SELECT MESSAGE, WOO_ORDER_ID FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'WRITTEN_BACK' ORDER BY EVENT_ID"
    )
    assert len(delivered) == 200
    kinds: dict[int, list[str]] = {}
    for row in delivered:
        kinds.setdefault(row["WOO_ORDER_ID"], []).append(row["MESSAGE"].split(":")[0])
    assert set(map(tuple, kinds.values())) == {("applied", "status")}


# --- what becomes of a message ---


def test_a_delivered_message_is_done(queue, claim, complete, stored, clock, events):
    outbox_id = queue(4711, note="Order created.")
    (message,) = claim()
    clock.move(timedelta(seconds=5))
    complete(message)
    row = stored(outbox_id)
    assert (row["STATE"], row["DELIVERED_DT"], row["LEASE_UNTIL_DT"]) == ("DONE", clock(), None)
    assert events() == [("WRITTEN_BACK", "applied: Order created.")]
    assert claim(ignore_due=True) == []


def test_a_message_that_makes_no_sense_any_more_is_dropped_with_the_reason(queue, claim, complete, stored, events):
    outbox_id = queue(4711)
    complete(*claim(), result="dropped", detail="the order is in the trash")
    row = stored(outbox_id)
    assert (row["STATE"], row["DETAIL"], row["DELIVERED_DT"]) == ("DROPPED", "the order is in the trash", None)
    assert events() == [("WRITE_BACK_DROPPED", "applied: the order is in the trash")]


@pytest.mark.parametrize("result", ["delivered", "dropped"])
def test_finishing_twice_is_finishing_once(queue, claim, complete, stored, clock, events, result):
    outbox_id = queue(4711)
    (message,) = claim()
    complete(message, result=result, detail="first")
    before = tuple(stored(outbox_id))
    clock.move(timedelta(seconds=5))
    complete(message, result=result, detail="second")
    assert tuple(stored(outbox_id)) == before
    assert len(events()) == 1


def test_only_known_results_are_taken(database, queue, claim, complete):
    queue(1)
    with pytest.raises(BadArgument, match="result"):
        complete(*claim(), result="lost")
    with pytest.raises(BadArgument, match="@MESSAGES"):
        database.run(CompleteOutbox(worker_id="worker", messages="12"))


def test_many_are_finished_in_one_call_and_each_has_its_own_fence(queue, claim, complete, stored, clock, events):
    numbers = [queue(order_id) for order_id in (4711, 4712, 4713)]
    messages = claim(lease_seconds=60)
    complete(messages[1], result="dropped", detail="the order is in the trash")
    clock.move(timedelta(seconds=61))
    (taken,) = claim("heir", batch_size=1)
    assert taken.outbox_id == numbers[0]
    assert complete(*messages) == ["LOST", "DROPPED", "DONE"]
    assert [stored(number)["STATE"] for number in numbers] == ["CLAIMED", "DROPPED", "DONE"]
    assert [kind for kind, _ in events(4711) + events(4712) + events(4713)] == ["WRITE_BACK_DROPPED", "WRITTEN_BACK"]


def test_a_note_is_looked_for_unless_nobody_can_have_posted_it(database, queue, claim, query, clock):
    queue(1)
    assert [message.look_first for message in claim()] == [True], "what was put there by hand, or by an older version"
    query("UPDATE dbo.USER_STORE_OUTBOX SET STATE = 'PENDING', LEASE_OWNER = NULL, LOOK_FIRST = 0")
    (message,) = claim()
    assert message.look_first is False
    database.run(ReleaseOutbox(outbox_id=message.outbox_id, worker_id="worker", attempt_no=message.attempt_no))
    assert [again.look_first for again in claim("next", lease_seconds=60)] == [True], "given back, or not: it may have been told"
    clock.move(timedelta(seconds=61))
    assert [again.look_first for again in claim("heir")] == [True]


def test_a_failed_delivery_is_tried_again_when_the_policy_says_so(queue, claim, fail, stored, clock, events):
    outbox_id = queue(4711)
    waits = []
    for attempt in range(1, 5):
        (message,) = claim(ignore_due=True)
        assert message.attempt_no == attempt
        result = fail(message)
        assert result.state == "PENDING"
        waits.append((result.next_attempt_dt - clock()).total_seconds())
    assert waits == [60, 120, 240, 480]
    row = stored(outbox_id)
    assert (row["ERROR_CLASS"], row["ERROR_CODE"], row["ERROR_MESSAGE"]) == ("store", "503", "The store answered 503.")
    assert (row["STATE"], row["LEASE_OWNER"]) == ("PENDING", None)
    assert events() == [("WRITE_BACK_FAILED", "applied: The store answered 503.")] * 4


def test_the_store_may_say_itself_how_long_to_wait(queue, claim, fail, clock):
    queue(1)
    assert fail(*claim(), retry_after_seconds=Decimal(17)).next_attempt_dt == clock() + timedelta(seconds=17)
    assert claim() == []
    clock.move(timedelta(seconds=17))
    assert len(claim()) == 1


def test_jitter_adds_up_to_a_tenth(queue, claim, fail, clock):
    queue(1)
    assert fail(*claim(), jitter=Decimal("0.5")).next_attempt_dt == clock() + timedelta(seconds=63)


def test_the_last_attempt_of_the_policy_leads_to_a_person(database, queue, claim, fail, stored):
    database.run(SetRetryPolicy(error_class="store", max_attempts=2))
    outbox_id = queue(1)
    assert fail(*claim()).state == "PENDING"
    result = fail(*claim(ignore_due=True))
    assert (result.state, result.next_attempt_dt) == ("FAILED", None)
    assert stored(outbox_id)["STATE"] == "FAILED"
    assert claim(ignore_due=True) == []


def test_a_delivery_clears_the_error_of_the_one_before(queue, claim, fail, complete, stored):
    outbox_id = queue(1)
    fail(*claim())
    complete(*claim(ignore_due=True))
    row = stored(outbox_id)
    assert (row["ERROR_CLASS"], row["ERROR_CODE"], row["ERROR_MESSAGE"]) == (None, None, None)


def test_a_released_message_is_as_it_was(database, queue, claim, stored):
    outbox_id = queue(1)
    (message,) = claim("stops")
    database.run(ReleaseOutbox(outbox_id=message.outbox_id, worker_id="stops", attempt_no=1))
    row = stored(outbox_id)
    assert (row["STATE"], row["ATTEMPT_NO"], row["LEASE_OWNER"], row["LEASE_UNTIL_DT"]) == ("PENDING", 0, None, None)
    assert [again.attempt_no for again in claim("next")] == [1]


# --- the fence ---


def _write(procedure, outbox_id, worker_id, attempt_no):
    arguments: dict[Any, dict[str, Any]] = {
        FailOutbox: {"error_class": "store", "error_code": None, "message": "late"},
        ReleaseOutbox: {},
    }
    more = arguments[procedure]
    return procedure(outbox_id=outbox_id, worker_id=worker_id, attempt_no=attempt_no, **more)


@pytest.mark.parametrize("result", ["delivered", "dropped"])
def test_what_a_stale_worker_told_is_lost(queue, claim, complete, clock, stored, result):
    outbox_id = queue(4711)
    (stale,) = claim("stale", lease_seconds=60)
    clock.move(timedelta(seconds=61))
    claim("heir")
    before = tuple(stored(outbox_id))
    assert complete(stale, worker_id="stale", result=result) == ["LOST"]
    assert complete(stale, worker_id="heir", result=result) == ["LOST"], "the heir's is another attempt"
    assert tuple(stored(outbox_id)) == before


@pytest.mark.parametrize("procedure", [FailOutbox, ReleaseOutbox])
def test_a_stale_worker_can_write_nothing(database, queue, claim, clock, stored, procedure):
    outbox_id = queue(4711)
    claim("stale", lease_seconds=60)
    clock.move(timedelta(seconds=61))
    claim("heir")
    before = tuple(stored(outbox_id))
    with pytest.raises(LeaseLost, match=r"4711.*stale") as raised:
        database.run(_write(procedure, outbox_id, "stale", 1))
    assert raised.value.code == "50010"
    assert tuple(stored(outbox_id)) == before


@pytest.mark.parametrize("procedure", [FailOutbox, ReleaseOutbox])
def test_an_older_attempt_of_the_same_worker_can_write_nothing(database, queue, claim, clock, procedure):
    outbox_id = queue(1)
    claim("worker", lease_seconds=60)
    clock.move(timedelta(seconds=61))
    claim("worker")
    with pytest.raises(LeaseLost):
        database.run(_write(procedure, outbox_id, "worker", 1))


@pytest.mark.parametrize("procedure", [FailOutbox, ReleaseOutbox])
def test_a_finished_message_stays_finished(database, queue, claim, complete, procedure):
    outbox_id = queue(1)
    complete(*claim())
    with pytest.raises(LeaseLost):
        database.run(_write(procedure, outbox_id, "worker", 1))


@pytest.mark.parametrize("procedure", [FailOutbox, ReleaseOutbox])
def test_an_unknown_message_is_said_to_be_unknown(database, procedure):
    with pytest.raises(NotFound, match="12345"):
        database.run(_write(procedure, 12345, "worker", 1))


# --- lists and retries ---


def test_the_list_shows_what_is_not_delivered_yet(database, queue, claim, complete, fail):
    for order_id in (1, 2, 3, 4):
        queue(order_id)
    done, failed, held = claim(batch_size=3)
    complete(done)
    fail(failed, error_class="validation", text="The store refused it.")
    listed = database.run(ListOutbox())
    assert [(entry.woo_order_id, entry.state) for entry in listed] == [(2, "FAILED"), (3, "CLAIMED"), (4, "PENDING")]
    assert held.woo_order_id == 3
    assert listed[0].error_message == "The store refused it."


def test_the_list_takes_states_an_order_and_a_length(database, queue, claim, complete):
    for order_id in (1, 2, 3):
        queue(order_id)
    complete(*claim(batch_size=1))
    assert [entry.woo_order_id for entry in database.run(ListOutbox(states="DONE,DROPPED"))] == [1]
    assert [entry.woo_order_id for entry in database.run(ListOutbox(states="DONE,PENDING"))] == [1, 2, 3]
    assert [entry.woo_order_id for entry in database.run(ListOutbox(woo_order_id=3))] == [3]
    assert [entry.woo_order_id for entry in database.run(ListOutbox(batch_size=1))] == [2]


@pytest.mark.parametrize(("arguments", "name"), [({"states": "DONE,LOST"}, "@STATES"), ({"batch_size": 0}, "@BATCH_SIZE")])
def test_the_list_needs_sound_arguments(database, arguments, name):
    with pytest.raises(BadArgument, match=name):
        database.run(ListOutbox(**arguments))


def test_a_retry_makes_failed_and_waiting_messages_due_afresh(database, queue, claim, complete, fail, clock):
    failed, waiting, done = (queue(order_id) for order_id in (1, 2, 3))
    queue(4)
    first, second, third, _ = claim()
    fail(first, error_class="validation")
    fail(second)
    complete(third)
    changed = database.run(RetryOutbox())
    assert [(entry.outbox_id, entry.state, entry.attempt_no) for entry in changed] == [
        (failed, "PENDING", 0),
        (waiting, "PENDING", 0),
    ]
    assert all(entry.next_attempt_dt == clock() for entry in changed)
    assert done not in [entry.outbox_id for entry in changed]
    assert [message.attempt_no for message in claim()] == [1, 1]


def test_a_retry_can_be_of_one_message(database, queue, claim, fail):
    first, second = queue(1), queue(2)
    for message in claim():
        fail(message, error_class="validation")
    assert [entry.outbox_id for entry in database.run(RetryOutbox(outbox_id=second))] == [second]
    assert [entry.outbox_id for entry in database.run(ListOutbox(states="FAILED"))] == [first]


def test_a_delivered_message_is_not_retried(database, queue, claim, complete):
    outbox_id = queue(1)
    complete(*claim())
    assert database.run(RetryOutbox(outbox_id=outbox_id)) == []


def test_an_unknown_message_can_not_be_retried(database):
    with pytest.raises(NotFound, match="12345"):
        database.run(RetryOutbox(outbox_id=12345))


def test_a_message_that_fails_goes_behind_the_others(queue, claim, fail, clock):
    numbers = [queue(order_id) for order_id in (1, 2, 3)]
    clock.move(timedelta(minutes=1))
    (first,) = claim(batch_size=1)
    fail(first, retry_after_seconds=Decimal(5))
    clock.move(timedelta(minutes=1))
    assert [message.outbox_id for message in claim()] == [numbers[1], numbers[2], numbers[0]]


def test_a_message_that_this_run_has_had_is_left_out(queue, claim, fail):
    failing, other = queue(1), queue(2)
    (first,) = claim(batch_size=1)
    fail(first)
    assert [message.outbox_id for message in claim(ignore_due=True, passed=f"[{failing}]")] == [other]
    assert [message.outbox_id for message in claim("heir", ignore_due=True)] == [failing]


def test_what_is_left_out_or_asked_for_has_to_be_a_list(claim):
    with pytest.raises(BadArgument, match=r"STAGING_IDS.*PASSED"):
        claim(passed="12", staging_ids="12")
