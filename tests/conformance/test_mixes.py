"""Each store with each ERP: what a person does to an order in the shop, and what becomes of its document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from syncctl.db.contract import AuditOrders
from syncctl.services.process import ProcessOptions, ProcessResult
from syncctl.services.reconcile import reconcile
from syncctl.services.retry_failed import retry_failed
from syncctl.services.run_context import RunContext
from syncctl.services.stage import Stager, Staging, Window
from syncctl.services.validate import Rules
from syncctl.services.workers import process
from tests.conformance.ledgers import Ledger
from tests.conformance.storefronts import Storefront
from tests.engines import Kept

D = Decimal
TEE, MUG, CAP = ("TEE-BLK", 2, "19.99"), ("MUG", 1, "10.00"), ("CAP", 1, "12.00")
ENOUGH = timedelta(days=30)


@dataclass
class Mix:
    """A shop, an ERP, and what runs between them every ten minutes."""

    shop: Storefront
    ledger: Ledger
    ended: list[Any] = field(default_factory=list)

    def stage(self, work: Callable[[Stager], object] | None = None) -> Staging:
        """Poll the store, or do something else with it."""
        store = self.shop.open()
        stager = Stager(database=self.ledger.database, store=store, content=self.shop.front.content(), context=self._context())
        try:
            if work is None:
                stager.poll(Window(lookback=ENOUGH, batch_size=3, max_pages=100))
            else:
                work(stager)
        finally:
            store.close()
        return stager.result

    def process(self, run: Callable[..., ProcessResult] = process, scope: str = "pending") -> ProcessResult:
        """Bring what is staged into the ERP, and tell the store."""
        options = ProcessOptions(rules=Rules(), store_id=self.shop.source, scope=scope, max_retries=1, ignore_due=True)
        result = run(lambda: Kept(self.ledger.database), self.shop.open, options, self._context())
        assert not result.ended_by, result.ended_by
        return result

    def follow(self) -> ProcessResult:
        """Poll, enter, tell, as ten minutes later."""
        self.shop.clock.move(timedelta(minutes=10))
        staged = self.stage()
        assert staged.counts["errors"] == 0, staged.counts
        return self.process()

    def place(self, *lines: tuple[str, int, str], **how: Any) -> tuple[int, int]:
        """Let an order come in and be entered; returns its id and its document's."""
        order_id = self.shop.place(*lines, **how)
        self.follow()
        return order_id, self.doc(order_id)

    def edit(self, edit: Callable[..., object], order_id: int, *how: Any, **more: Any) -> None:
        """Edit an order in the shop, and let the ERP follow."""
        self.shop.clock.move(timedelta(minutes=1))
        edit(order_id, *how, **more)
        self.follow()

    def doc(self, order_id: int) -> int:
        """Return the document of an order that is in the ERP."""
        row = self.row(order_id)
        assert row["CP_DOC_ID"], (row["STATE"], row["VALIDATION_ERROR"], row["STATE_REASON"])
        return int(row["CP_DOC_ID"])

    def row(self, order_id: int) -> Any:
        """Return an order's staging row."""
        return self.ledger.staged(order_id)

    def written(self) -> dict[str, list[str]]:
        """Return every row of the ERP's tables."""
        return {name: rows for name, rows in self.ledger.rows().items() if name in self.ledger.tables}

    def intact(self) -> None:
        """Assert that the ERP's rows and ours say the same, and that the store's promises were kept."""
        assert self.ledger.database.run(AuditOrders(inventory=True)) == []
        assert {name: broken for name, broken in self.shop.front.promises().items() if broken} == {}

    def _context(self) -> RunContext:
        return RunContext(run_id="mix", clock=self.shop.clock, sleeper=self.shop.clock.sleep)


@pytest.fixture
def mix(shop: Storefront, ledger: Ledger) -> Mix:
    return Mix(shop, ledger)


# The scenarios of an edited order.


def test_a_changed_quantity(mix: Mix):
    order_id, doc = mix.place(TEE)
    mix.edit(mix.shop.keeper.change_quantity, order_id, 5)
    assert mix.ledger.sold(doc) == [("TEE-BLK", D(5), D("99.95"))]
    assert (mix.ledger.on_order(), mix.ledger.total(doc)) == ({"TEE-BLK": D(5)}, D("104.95"))
    mix.intact()


def test_a_product_added_and_one_removed(mix: Mix):
    order_id, doc = mix.place(TEE)
    mix.edit(mix.shop.keeper.add_line, order_id, "MUG", "10.00", quantity=3)
    assert mix.ledger.sold(doc) == [("TEE-BLK", D(2), D("39.98")), ("MUG", D(3), D("30.00"))]
    assert mix.ledger.on_order() == {"MUG": D(3), "TEE-BLK": D(2)}
    mix.edit(mix.shop.keeper.remove_line, order_id, line=0)
    assert mix.ledger.sold(doc) == [("MUG", D(3), D("30.00"))]
    assert (mix.ledger.on_order(), mix.ledger.total(doc)) == ({"MUG": D(3)}, D("35.00"))
    mix.intact()


def test_a_changed_price_leaves_the_stock_alone(mix: Mix):
    order_id, doc = mix.place(TEE, MUG)
    mix.edit(mix.shop.keeper.change_price, order_id, "15.00")
    assert mix.ledger.sold(doc) == [("TEE-BLK", D(2), D("30.00")), ("MUG", D(1), D("10.00"))]
    assert (mix.ledger.on_order(), mix.ledger.total(doc)) == ({"MUG": D(1), "TEE-BLK": D(2)}, D("45.00"))
    mix.intact()


def test_another_customer_and_another_address(mix: Mix):
    order_id, doc = mix.place(TEE)
    assert mix.ledger.customer(doc) == "C100"
    mix.edit(mix.shop.keeper.change_customer, order_id, 6, "grace@example.test")
    assert mix.ledger.customer(doc) == "C200"
    mix.edit(mix.shop.keeper.change_address, order_id, address_1="1 New Street", city="Zürich")
    assert "1 New Street" in mix.ledger.ships_to(doc) and "Zürich" in mix.ledger.ships_to(doc)
    mix.intact()


def test_a_line_set_to_quantity_0_goes(mix: Mix):
    order_id, doc = mix.place(TEE, MUG)
    mix.edit(mix.shop.keeper.change_quantity, order_id, 0)
    assert mix.ledger.sold(doc) == [("MUG", D(1), D("10.00"))]
    assert mix.ledger.on_order() == {"MUG": D(1)}
    mix.intact()


def test_two_lines_of_one_item_are_told_apart(mix: Mix):
    order_id, doc = mix.place(("MUG", 1, "10.00"), ("MUG", 2, "8.00"))
    assert mix.ledger.on_order() == {"MUG": D(3)}
    mix.edit(mix.shop.keeper.change_quantity, order_id, 5, line=1)
    assert mix.ledger.sold(doc) == [("MUG", D(1), D("10.00")), ("MUG", D(5), D("40.00"))]
    mix.edit(mix.shop.keeper.remove_line, order_id, line=0)
    assert mix.ledger.sold(doc) == [("MUG", D(5), D("40.00"))]
    assert mix.ledger.on_order() == {"MUG": D(5)}
    mix.intact()


def test_shipping_outlives_its_lines_and_follows_the_store(mix: Mix):
    order_id, doc = mix.place(TEE, MUG)
    mix.edit(mix.shop.keeper.remove_line, order_id, line=0)
    assert (mix.ledger.shipping(doc), mix.ledger.total(doc)) == (D("5.00"), D("15.00"))
    for amount in ("7.50", "0.00", "3.00"):
        mix.edit(mix.shop.keeper.change_shipping, order_id, amount)
        assert (mix.ledger.shipping(doc), mix.ledger.total(doc)) == (D(amount), D("10.00") + D(amount))
    mix.intact()


def test_a_taxed_order_comes_to_the_stores_total_before_and_after_an_edit(mix: Mix):
    order_id, doc = mix.place(("TEE-BLK", 3, "19.99"), MUG, rate=19)
    assert mix.ledger.total(doc) == D("89.21")  # 59.97 + 11.39, 10.00 + 1.90, 5.00 + 0.95
    mix.edit(mix.shop.keeper.change_quantity, order_id, 1)
    assert mix.ledger.total(doc) == D("41.64")  # 19.99 + 3.80
    mix.intact()


def test_edited_and_edited_back_between_two_polls_is_no_change(mix: Mix):
    order_id, _ = mix.place(TEE, MUG)
    before = mix.written()
    mix.shop.clock.move(timedelta(minutes=1))
    mix.shop.keeper.change_quantity(order_id, 5)
    mix.edit(mix.shop.keeper.change_quantity, order_id, 2)
    assert mix.written() == before


# Cancelled, refunded, gone, and come back.


def test_an_order_cancelled_is_closed_and_opened_again_when_it_comes_back(mix: Mix):
    order_id, doc = mix.place(TEE, MUG)
    mix.edit(mix.shop.keeper.cancel, order_id)
    assert mix.ledger.is_closed(doc) and mix.ledger.on_order() == {}
    assert mix.row(order_id)["STATE"] == "CANCELLED"
    mix.intact()
    mix.edit(mix.shop.keeper.uncancel, order_id)
    assert mix.doc(order_id) == doc and not mix.ledger.is_closed(doc)
    assert mix.ledger.sold(doc) == [("TEE-BLK", D(2), D("39.98")), ("MUG", D(1), D("10.00"))]
    assert mix.ledger.on_order() == {"MUG": D(1), "TEE-BLK": D(2)}
    mix.intact()


@pytest.mark.parametrize("seen", [False, True], ids=["unseen", "staged"])
def test_an_order_cancelled_before_it_was_entered_never_is(mix: Mix, seen: bool):
    before = mix.written()
    order_id = mix.shop.place(TEE)
    if seen:
        mix.stage()
    mix.edit(mix.shop.keeper.cancel, order_id)
    assert mix.row(order_id)["STATE"] == "SKIPPED"
    assert mix.written() == before
    assert mix.shop.front.notes_of(order_id) == [] or mix.shop.source == "woocommerce"


def test_what_comes_back_in_part_follows_and_what_comes_back_whole_is_closed(mix: Mix):
    order_id, doc = mix.place(TEE, MUG)
    mix.edit(mix.shop.keeper.refund_units, order_id, 1)
    assert mix.ledger.sold(doc) == [("TEE-BLK", D(1), D("19.99")), ("MUG", D(1), D("10.00"))]
    assert mix.ledger.on_order() == {"MUG": D(1), "TEE-BLK": D(1)}
    mix.edit(mix.shop.keeper.refund_amount, order_id, "3.00")
    assert mix.ledger.total(doc) == D("31.99")
    mix.intact()
    mix.edit(mix.shop.keeper.refund_all, order_id)
    assert mix.ledger.is_closed(doc) and mix.ledger.on_order() == {}
    mix.intact()


def test_an_order_deleted_for_good_is_found_by_comparing_and_closed(mix: Mix):
    order_id, doc = mix.place(TEE)
    kept, other = mix.place(MUG)
    mix.shop.keeper.delete(order_id)
    mix.follow()
    assert not mix.ledger.is_closed(doc)
    now = mix.shop.clock()
    mix.stage(lambda stager: reconcile(stager, since=now - ENOUGH, until=now))
    mix.process()
    assert mix.ledger.is_closed(doc) and not mix.ledger.is_closed(other)
    assert mix.ledger.on_order() == {"MUG": D(1)}
    assert mix.row(kept)["STATE"] == "APPLIED"
    mix.intact()


@pytest.mark.parametrize("happens", ["cancel", "change_quantity", "refund_all"])
def test_what_was_handed_over_is_left_to_a_person(mix: Mix, happens: str):
    order_id, doc = mix.place(TEE, MUG)
    mix.ledger.deliver(doc)
    before = {name: rows for name, rows in mix.written().items() if name != "OrderHistory"}
    mix.edit(getattr(mix.shop.keeper, happens), order_id, *([5] if happens == "change_quantity" else []))
    assert mix.row(order_id)["STATE"] == "NEEDS_MANUAL_REVIEW"
    assert {name: rows for name, rows in mix.written().items() if name in before} == before, "that it waits may be noted there"


# What fails, and what moves meanwhile.


def test_an_update_that_fails_in_its_middle_leaves_the_order_as_it_was(mix: Mix):
    order_id, doc = mix.place(TEE, MUG)
    before = mix.written()
    mix.ledger.break_at(mix.ledger.tables[1], "UPDATE")
    mix.shop.keeper.add_line(order_id, "CAP", "12.00")
    mix.edit(mix.shop.keeper.change_quantity, order_id, 5)
    assert mix.row(order_id)["STATE"] in ("FAILED", "NEEDS_MANUAL_REVIEW")
    assert "injected failure" in mix.row(order_id)["VALIDATION_ERROR"]
    assert mix.written() == before
    mix.ledger.mend()
    mix.ledger.query("UPDATE dbo.USER_ORDER_STAGING SET STATE = 'FAILED', ATTEMPT_NO = 0", ())
    mix.process(retry_failed, "failed")
    assert mix.ledger.sold(doc) == [("TEE-BLK", D(5), D("99.95")), ("MUG", D(1), D("10.00")), ("CAP", D(1), D("12.00"))]
    mix.intact()


def test_too_many_requests_in_the_middle_of_a_page_lose_and_double_nobody(mix: Mix):
    ids = [mix.shop.place(TEE, MUG) for _ in range(7)]
    for after in (1, 2, 4):
        mix.shop.when_asked(mix.shop.crowd, after=after)
        mix.follow()
    assert len({mix.doc(order_id) for order_id in ids}) == len(ids)
    assert mix.ledger.on_order() == {"MUG": D(7), "TEE-BLK": D(14)}
    assert mix.shop.clock.slept
    mix.intact()


def test_an_order_edited_while_it_is_read_is_in_the_end_as_the_store_has_it(mix: Mix):
    many = [("MUG", 1, f"{number}.00") for number in range(1, 13)]
    order_id, doc = mix.place(*many)
    mix.shop.keeper.refund_amount(order_id, "1.00")
    mix.shop.clock.move(timedelta(minutes=10))

    def edited() -> None:
        mix.shop.keeper.remove_line(order_id, line=0)
        mix.shop.keeper.change_quantity(order_id, 4, line=-1)

    mix.shop.while_read(edited)
    mix.stage()
    mix.follow()
    sold = [(quantity, amount) for item, quantity, amount in mix.ledger.sold(doc) if item == "MUG"]
    assert sold == [*((D(1), D(number)) for number in range(2, 12)), (D(4), D("48.00"))]
    assert mix.ledger.total(doc) == D("117.00")
    assert mix.ledger.on_order() == {"MUG": D(14)}
    mix.intact()
