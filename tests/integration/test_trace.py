"""`trace` answers "why is order X not in the ERP?", whatever the reason, and tells each thing that happened once, in order."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from syncctl.db.contract import ClaimStagedOrders, DecideDeadLetter, RollbackOrder
from syncctl.services.process import ProcessOptions
from syncctl.services.run_context import RunContext
from syncctl.services.trace import Trace, trace as tell
from syncctl.services.validate import Rules, validate
from syncctl.services.workers import process
from tests.acceptance.program import Program
from tests.crash.conftest import Shop
from tests.faults import Failing, FaultyDatabase
from tests.integration.test_process import DEADLOCK
from tests.nobody import gone
from tests.raws import raw_order


@pytest.fixture
def url(empty_embedded: str) -> str:
    return empty_embedded


def trace(shop: Shop, reference: object, *, store_id: str = "woocommerce", offline: bool = False) -> Trace:
    ask = None if offline else shop.client
    return tell(shop.database, str(reference), store_id=store_id, open_store=ask, offline=offline, clock=shop.clock)


def placed(shop: Shop, sku: str = "TEE-BLK", status: str = "processing") -> int:
    return shop.store.shopkeeper.place(raw_order((sku, 1, "19.99"), status=status))


def staged(shop: Shop, sku: str = "TEE-BLK", status: str = "processing") -> int:
    number = placed(shop, sku, status)
    shop.stage()
    return number


def deadlocked(shop: Shop) -> int:
    """An order that failed once, for a reason that passes."""
    number = staged(shop)
    options = ProcessOptions(rules=Rules(), retry=False)
    fault = Failing("sp_ProcessStagedOrder", DEADLOCK)
    process(lambda: FaultyDatabase(shop.connect(), before=fault), None, options, RunContext(run_id="r", clock=shop.clock))
    return number


def test_in_the_erp(shop: Shop) -> None:
    number = staged(shop)
    shop.catch_up()
    told = trace(shop, number)
    assert told.verdict == "It is in the ERP as document 101000000001 (ticket 101-000001)."
    assert (told.found, told.advice) == (True, "")


def test_waiting_for_process(shop: Shop) -> None:
    number = staged(shop)
    told = trace(shop, number)
    assert told.verdict == "It is not in the ERP yet. It waits for the next `process` run."
    assert told.advice == "syncctl process 1"


def test_filtered_by_its_status(shop: Shop) -> None:
    told = trace(shop, staged(shop, status="pending"))
    assert told.verdict.startswith(
        "It was not brought into the ERP: it isn't paid: its status is pending; only processing, completed, on-hold"
    )


def test_cancelled_before_it_came(shop: Shop) -> None:
    told = trace(shop, staged(shop, status="cancelled"))
    assert told.verdict == "It was not brought into the ERP: cancelled in the store (status cancelled)."


def test_in_the_trash_after_it_was_staged(shop: Shop) -> None:
    number = staged(shop)
    shop.store.shopkeeper.trash(number)
    shop.stage()
    assert trace(shop, number).verdict == "It was not brought into the ERP: moved to the store's trash."


def test_unreadable(shop: Shop) -> None:
    number = placed(shop)
    shop.store.state.orders[number]["total"] = "a lot"
    shop.stage()
    told = trace(shop, number)
    assert told.verdict.startswith("It is not in the ERP; it can't be taken over from the store: total of 1 is 'a lot'")
    assert "`stage` asks for it again from" in told.verdict
    assert f"syncctl stage --order-id {number}" in told.advice


def test_unreadable_after_it_came_to_the_erp(shop: Shop) -> None:
    number = staged(shop)
    shop.catch_up()
    shop.store.state.orders[number]["total"] = "a lot"
    shop.store.shopkeeper.set_status(number, "completed")
    shop.stage()
    assert trace(shop, number).verdict.startswith("It is in the ERP as document ")


def test_invalid_but_not_processed_yet(shop: Shop) -> None:
    number = staged(shop, "NO-SUCH")
    validate(shop.database, rules=Rules())
    told = trace(shop, number)
    assert told.verdict.startswith(
        "It is not in the ERP yet. It waits for the next `process` run, which will refuse it as it is: "
    )
    assert "NO-SUCH" in told.verdict
    assert "syncctl validate 1" in told.advice


def test_in_review(shop: Shop) -> None:
    number = staged(shop, "NO-SUCH")
    shop.catch_up()
    told = trace(shop, number)
    assert told.verdict.startswith("It is not in the ERP; it needs a person: ")
    assert "NO-SUCH" in told.verdict
    assert "syncctl dead-letter retry 1" in told.advice


def test_of_more_than_one_customer_before_and_after_it_is_processed_in_the_same_words(shop: Shop) -> None:
    shop.rows("UPDATE dbo.USER_CUSTOMER_MAP SET IS_ACTIVE = 0")
    shop.rows("INSERT INTO dbo.AR_CUST (CUST_NO, NAM, EMAIL_ADRS_1) VALUES ('S2', 'Eve', 'Ada@example.test')")
    number = staged(shop)
    [checked] = validate(shop.database, rules=Rules()).orders
    [said] = [found.message for found in checked.violations if found.code == "ambiguous_customer"]
    assert said.startswith("By its customer id and e-mail the order may be of customer S1, S2; name and postcode fit none.")
    assert said in trace(shop, number).verdict
    shop.catch_up()
    told = trace(shop, number)
    assert told.verdict == f"It is not in the ERP; it needs a person: {said}"
    assert "syncctl dead-letter retry 1" in told.advice


def test_an_id_that_was_given_to_another_order(shop: Shop) -> None:
    number = staged(shop)
    shop.catch_up()
    raw = shop.store.state.orders[number]
    raw |= {"customer_id": 6, "date_created": "2026-01-02T03:04:05", "date_created_gmt": "2026-01-02T03:04:05"}
    shop.store.shopkeeper.change_quantity(number, 2)
    shop.stage()
    told = trace(shop, number)
    assert told.verdict.startswith("It is in the ERP as document 101000000001 (ticket 101-000001)")
    assert "another order" in told.verdict
    assert f"`syncctl stage --order-id {number}" in told.advice


def test_in_review_with_a_document(shop: Shop) -> None:
    number = staged(shop)
    shop.catch_up()
    shop.rows("UPDATE dbo.PS_DOC_LIN SET QTY_SHIPPED = QTY_SOLD, QTY_TO_REL = 0")
    shop.store.shopkeeper.cancel(number)
    shop.stage()
    shop.catch_up()
    told = trace(shop, number)
    assert told.verdict.startswith(
        "It is in the ERP as document 101000000001 (ticket 101-000001), but a change (cancel) could not"
    )
    assert "released" in told.verdict


def test_given_up_by_a_person(shop: Shop) -> None:
    number = staged(shop, "NO-SUCH")
    shop.catch_up()
    shop.database.run(DecideDeadLetter(staging_id=1, decision="cancel", decided_by="ann", reason="test order"))
    assert trace(shop, number).verdict == "It was not brought into the ERP: cancel decided by ann: test order."


def test_failed_and_waiting(shop: Shop) -> None:
    number = deadlocked(shop)
    told = trace(shop, number)
    assert told.verdict.startswith(
        "It is not in the ERP yet. Attempt 1 failed: [Attempt 1/1] deadlock victim. It is tried again at 20"
    )
    assert told.advice == "syncctl retry-failed 1"
    shop.clock.move(timedelta(days=1))
    assert "It is tried again by the next `retry-failed` run." in trace(shop, number).verdict


def test_a_change_that_waits(shop: Shop) -> None:
    number = staged(shop)
    shop.catch_up()
    shop.store.shopkeeper.change_quantity(number, 2)
    shop.stage()
    assert trace(shop, number).verdict == (
        "It is in the ERP as document 101000000001 (ticket 101-000001); a change from the store waits (update). "
        "It waits for the next `process` run."
    )


def test_claimed_by_a_worker_that_lives_and_by_one_that_died(shop: Shop) -> None:
    number = staged(shop)
    shop.database.run(ClaimStagedOrders(worker_id="host/1", batch_size=1, lease_seconds=300))
    assert "Worker host/1 is on it, until 2026-11-20 12:05:" in trace(shop, number).verdict
    shop.clock.move(timedelta(minutes=6))
    told = trace(shop, number)
    assert "Worker host/1 took it and died, or was stopped hard: its lease ended at 2026-11-20 12:05:" in told.verdict
    assert told.advice == "syncctl process 1"


@pytest.mark.parametrize(
    ("then", "says"),
    [
        ("cancel", "It was in the ERP and was removed from there again: "),
        ("reset", "It is not in the ERP yet. It waits for the next `process` run (rolled back: wrong customer)."),
    ],
)
def test_rolled_back(shop: Shop, then: str, says: str) -> None:
    number = staged(shop)
    shop.catch_up()
    shop.database.run(RollbackOrder(staging_id=1, reason="wrong customer", decided_by="ann", then=then))
    told = trace(shop, number)
    assert told.verdict.startswith(says)
    assert "wrong customer" in told.verdict
    assert "ROLLED_BACK" in [event.event_type for event in told.story]


def test_closed(shop: Shop) -> None:
    number = staged(shop)
    shop.catch_up()
    shop.store.shopkeeper.cancel(number)
    shop.stage()
    shop.catch_up()
    assert trace(shop, number).verdict == (
        "It was in the ERP and is closed there, document 101000000001 (ticket 101-000001): "
        "cancelled in the store (status cancelled)."
    )


def test_a_duplicate_row_of_an_old_site(shop: Shop) -> None:
    number = staged(shop)
    shop.rows(
        "INSERT INTO dbo.USER_ORDER_STAGING (BATCH_ID, STORE_ID, WOO_ORDER_ID, WOO_ORDER_NO, STATE, STATE_REASON,"
        " DUPLICATE_OF_ID, CREATED_DT) VALUES ('old', 'woocommerce', ?, ?, 'SKIPPED', 'repeats 1', 1,"
        " '2026-11-20 10:00:00.000')",
        number,
        str(number),
    )
    told = trace(shop, number)
    assert told.order is not None
    assert told.order.staging_id == 1, "the row that counts is the one that is told of"
    assert [(row.staging_id, row.duplicate_of_id) for row in told.others] == [(2, 1)]


def test_never_polled(shop: Shop) -> None:
    told = trace(shop, placed(shop))
    assert told.verdict.startswith(
        "It is in the store (status processing, last changed 2026-11-20 12:00:00 UTC) but was never staged"
    )
    assert "the store was never polled to the end" in told.verdict
    assert told.advice == "syncctl stage --order-id 1"
    assert not told.found


def test_not_polled_yet_and_older_than_every_poll(shop: Shop) -> None:
    shop.stage()
    shop.clock.move(timedelta(seconds=5))
    late = placed(shop)
    assert "it changed after the last complete poll (2026-11-20 12:00:0" in trace(shop, late).verdict
    assert trace(shop, late).verdict.endswith("the next `stage` brings it.")
    old = raw_order(id=900, number="900", date_modified_gmt="2026-01-02T00:00:00", date_created_gmt="2026-01-01T00:00:00")
    shop.store.load([old])
    told = trace(shop, 900)
    assert "polls read what changed since the one before" in told.verdict
    assert told.advice == "syncctl stage --order-id 900"


def test_in_the_trash_and_never_staged(shop: Shop) -> None:
    shop.stage()
    trashed = raw_order(
        id=900, number="900", status="trash", date_modified_gmt="2026-01-02T00:00:00", date_created_gmt="2026-01-01T00:00:00"
    )
    shop.store.load([trashed])
    assert "it lies in the trash" in trace(shop, 900).verdict


def test_not_in_the_store(shop: Shop) -> None:
    told = trace(shop, 4711)
    assert told.verdict.startswith("The store has no order with the id 4711 (any more), and none of that id or number was staged")


def test_a_number_that_is_no_id(shop: Shop) -> None:
    told = trace(shop, "WEB-4711")
    assert "'WEB-4711' is a number of its own kind" in told.verdict
    assert "id" in told.advice


def test_the_store_is_down_or_not_to_be_asked(shop: Shop) -> None:
    gone(shop.store)
    told = trace(shop, 4711)
    assert "It was never staged; the store was never polled to the end. The store could not be asked: " in told.verdict
    assert shop.store.url in told.verdict
    offline = trace(shop, 4711, offline=True)
    assert offline.verdict.endswith("The store was not asked (--offline).")
    assert offline.advice == "syncctl trace 4711"


def test_no_store_is_configured(shop: Shop) -> None:
    told = tell(shop.database, "4711", store_id="woocommerce", clock=shop.clock)
    assert told.verdict.endswith("No store is configured to ask.")
    assert "SYNCCTL_WOO_URL" in told.advice


def test_staged_for_another_store(shop: Shop) -> None:
    number = staged(shop)
    told = trace(shop, number, store_id="shop2")
    assert told.verdict.startswith(
        "It belongs to the store woocommerce, not to shop2, which this command is set to. It is not in the ERP yet."
    )
    assert told.advice == "choose the store woocommerce (--profile, SYNCCTL_STORE_ID), then: syncctl process 1"
    assert told.events


def test_the_story_is_in_time_order_and_tells_each_thing_once(shop: Shop) -> None:
    number = deadlocked(shop)
    shop.catch_up("failed")
    shop.rows("UPDATE dbo.PS_DOC_LIN SET QTY_SHIPPED = QTY_SOLD, QTY_TO_REL = 0")
    shop.store.shopkeeper.cancel(number)
    shop.stage()
    shop.catch_up()
    told = trace(shop, number)
    assert [event.event_type for event in told.story] == [
        "STAGED",
        "FAILED",
        "CLAIMED",
        "VALIDATED",
        "CREATED",
        "WRITTEN_BACK",
        "CANCEL_STAGED",
        "REVIEW",
        "WRITTEN_BACK",
    ]
    moments = [event.event_dt for event in told.story]
    assert moments == sorted(moments)
    assert len(told.story) < len(told.events), "what the tables say in their own words stays for machines"


def test_what_the_store_was_not_told_yet_is_in_the_story(shop: Shop) -> None:
    number = staged(shop)
    process(shop.connect, None, ProcessOptions(rules=Rules()), RunContext(run_id="r", clock=shop.clock))
    assert [event.event_type for event in trace(shop, number).story][-1] == "QUEUED"
    shop.catch_up()
    assert [event.event_type for event in trace(shop, number).story][-1] == "WRITTEN_BACK"


def test_the_text_has_no_line_twice(shop: Shop, tmp_path: Path) -> None:
    number = staged(shop)
    shop.catch_up()
    program = Program(tmp_path)
    program.connect_to(shop.store)
    shown = program("trace", str(number)).out
    assert shown.count("Order created in CounterPoint. DOC_ID: 101000000001") == 1
    assert "written back" in shown
    assert shown.splitlines()[-1] == "It is in the ERP as document 101000000001 (ticket 101-000001)."
    assert len(program("trace", str(number), "--json").json["items"]) > shown.count("2026-11-2")
