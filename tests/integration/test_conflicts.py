"""What a change in the store does, whatever became of the ERP document meanwhile: the whole table, end to end.

| store event                      | document open                     | shipped, gone, or changed by hand      |
|----------------------------------|-----------------------------------|----------------------------------------|
| edited, partly refunded          | it follows                        | a person, told on both sides           |
| cancelled, trashed, deleted, refunded in full | it is closed, stock goes back | a person, told on both sides  |
| un-cancelled                     | reopened; a new one where it's gone | a person, told on both sides         |
| cancelled before it was applied  | never created                     |                                        |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syncctl.db.contract import DecideDeadLetter, ListDeadLetters, StagedOrder
from syncctl.demo.store_edits import Shopkeeper
from syncctl.services.reconcile import reconcile
from syncctl.services.run_context import RunContext
from syncctl.services.stage import Stager
from syncctl.stores.content import ContentBuilder
from tests.crash.conftest import Shop
from tests.raws import raw_order
from tests.shop import Shop as Erp

D = Decimal
REVIEW = "syncctl: this order needs a person. "
HELD = {"TEE-BLK": D(3), "MUG": D(1)}
TOTAL = D("72.97")


class Counter:
    """One order of three shirts and a mug, and both ends of its way."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.keeper: Shopkeeper = shop.store.shopkeeper
        self.erp = Erp(shop.database, shop.database.query)  # type: ignore[attr-defined]
        self.number = self.keeper.place(raw_order(("TEE-BLK", 3, "19.99"), ("MUG", 1, "8.00"), status="processing"))

    def poll(self) -> None:
        """Poll; and since a poll can't see what was deleted for good, compare, too."""
        self.shop.stage()
        client = self.shop.client()
        content = ContentBuilder(create_statuses=("processing", "completed", "on-hold"), timezone=ZoneInfo("UTC"))
        stager = Stager(database=self.shop.database, store=client, content=content, context=RunContext(run_id="compare"))
        now = self.shop.clock()
        reconcile(stager, since=now - timedelta(days=60), until=now + timedelta(days=1))
        client.close()

    def follow(self) -> None:
        """What the scheduler does next."""
        self.poll()
        self.shop.catch_up()

    @property
    def staged(self) -> StagedOrder:
        return self.shop.order(self.number)

    @property
    def doc(self) -> int:
        return int(self.staged.cp_doc_id or 0)

    @property
    def in_store(self) -> dict[str, Any] | None:
        """The order in the store, in the trash or not."""
        return self.shop.store.state.orders.get(self.number)

    @property
    def status(self) -> str | None:
        return None if self.in_store is None else str(self.in_store["status"])

    def notes(self, start: str) -> list[str]:
        """The order's notes in the store that begin so, each as often as it is there."""
        found = self.shop.store.count_notes(self.number)
        return sorted(text for text, count in found.items() if text.startswith(start) for _ in range(count))

    def document(self) -> list[str]:
        """Everything of the document but its notes."""
        tables = ("PS_DOC_HDR", "PS_DOC_LIN", "PS_DOC_HDR_TOT", "PS_DOC_HDR_MISC_CHRG", "IM_INV")
        rows = [row for table in tables for row in self.erp.query(f"SELECT * FROM dbo.{table}", ())]
        return sorted(repr(tuple(row)) for row in rows)

    def document_notes(self) -> dict[str, str]:
        return {row["NOTE_ID"]: row["NOTE"] for row in self.erp.query("SELECT NOTE_ID, NOTE FROM dbo.PS_DOC_NOTE", ())}


@pytest.fixture(params=["embedded", pytest.param("sqlserver", marks=pytest.mark.sqlserver)])
def url(request: pytest.FixtureRequest) -> str:
    """Each engine in turn; the contract suite looks at each document state on both, so one event of each kind is enough here."""
    if request.param == "embedded":
        return str(request.getfixturevalue("empty_embedded"))
    parameters = request.node.callspec.params
    if parameters.get("name", "quantity") not in ("quantity", "deleted") or parameters.get("meanwhile", "shipped") == "gone":
        pytest.skip("NOT tested on SQL Server, because the contract suite looks at each document state there")
    return str(request.getfixturevalue("empty_sqlserver"))


@pytest.fixture
def counter(shop: Shop) -> Counter:
    return Counter(shop)


@pytest.fixture
def applied(counter: Counter) -> Counter:
    """The order is in the ERP, and the store knows."""
    counter.follow()
    assert (counter.staged.state, counter.status) == ("APPLIED", "processing")
    assert counter.shop.on_order() == HELD
    assert counter.erp.totals(counter.doc)["TOT"] == TOTAL
    return counter


@dataclass(frozen=True)
class Event:
    """Something that happens to an order in the store, and where an open document stands afterwards."""

    happens: Callable[[Shopkeeper, int], object]
    state: str
    total: str
    on_order: dict[str, int]
    status: str | None
    """In the store: what the shopkeeper made of it, since syncctl must not change it."""
    reads: bool = True
    """Whether the store's order can be written to: nobody writes into the trash, or to what is gone."""


EVENTS = {
    "quantity": Event(
        lambda keeper, n: keeper.change_quantity(n, 5), "APPLIED", "112.95", {"TEE-BLK": 5, "MUG": 1}, "processing"
    ),
    "price": Event(lambda keeper, n: keeper.change_price(n, "10.00"), "APPLIED", "43.00", {"TEE-BLK": 3, "MUG": 1}, "processing"),
    "line-added": Event(
        lambda keeper, n: keeper.add_line(n, "CAP", "12.00"), "APPLIED", "84.97", {"TEE-BLK": 3, "MUG": 1, "CAP": 1}, "processing"
    ),
    "line-removed": Event(lambda keeper, n: keeper.remove_line(n, line=1), "APPLIED", "64.97", {"TEE-BLK": 3}, "processing"),
    "address": Event(
        lambda keeper, n: keeper.change_address(n, city="Leeds"), "APPLIED", "72.97", {"TEE-BLK": 3, "MUG": 1}, "processing"
    ),
    "customer": Event(
        lambda keeper, n: keeper.change_customer(n, 6, "grace@example.test"),
        "APPLIED",
        "72.97",
        {"TEE-BLK": 3, "MUG": 1},
        "processing",
    ),
    "units-refunded": Event(
        lambda keeper, n: keeper.refund_units(n, 1), "APPLIED", "52.98", {"TEE-BLK": 2, "MUG": 1}, "processing"
    ),
    "amount-refunded": Event(
        lambda keeper, n: keeper.refund_amount(n, "2.97"), "APPLIED", "70.00", {"TEE-BLK": 3, "MUG": 1}, "processing"
    ),
    "cancelled": Event(Shopkeeper.cancel, "CANCELLED", "0.00", {}, "cancelled"),
    "refunded": Event(Shopkeeper.refund_all, "CANCELLED", "0.00", {}, "refunded"),
    "trashed": Event(Shopkeeper.trash, "CANCELLED", "0.00", {}, "trash", reads=False),
    "deleted": Event(Shopkeeper.delete, "CANCELLED", "0.00", {}, None, reads=False),
}


@pytest.mark.parametrize("name", EVENTS)
def test_an_open_document_follows(applied: Counter, name: str) -> None:
    event = EVENTS[name]
    doc = applied.doc
    event.happens(applied.keeper, applied.number)
    for _ in range(2):  # and a second round changes nothing more
        applied.follow()
        assert applied.staged.state == event.state
        assert applied.erp.totals(doc)["TOT"] == D(event.total)
        assert applied.shop.on_order() == event.on_order
        assert applied.status == event.status
        assert len(applied.erp.query("SELECT DOC_ID FROM dbo.PS_DOC_HDR", ())) == 1
        assert applied.shop.database.run(ListDeadLetters(include_decided=True)) == []
        closed = event.state == "CANCELLED"
        assert ("SYNC-CANCEL" in applied.document_notes()) is closed
        assert len(applied.notes("Order closed in CounterPoint. ")) == (1 if closed and event.reads else 0)
        assert applied.notes(REVIEW) == []
        assert [row["STATE"] for row in applied.erp.outbox()] == ["DONE"] + ["DONE" if event.reads else "DROPPED"] * closed
    if name == "customer":
        assert applied.erp.header(doc)["CUST_NO"] == "C200"
    if name == "address":
        assert applied.erp.contact(doc, 2)["CITY"] == "Leeds"
    assert applied.shop.store.went_backwards() == []


BY_HAND: dict[str, tuple[Callable[[Erp, int], None], str]] = {
    "shipped": (Erp.ship, "released"),
    "gone": (Erp.post, "it is no longer among the open documents"),
    "changed-by-hand": (Erp.add_line_by_hand, "1 of its lines was added by hand"),
}


@pytest.mark.parametrize("meanwhile", BY_HAND)
@pytest.mark.parametrize("name", EVENTS)
def test_a_document_that_moved_on_is_left_to_a_person_and_both_sides_are_told(
    applied: Counter, name: str, meanwhile: str
) -> None:
    event, (moves_on, why) = EVENTS[name], BY_HAND[meanwhile]
    doc = applied.doc
    moves_on(applied.erp, doc)
    before = applied.document()
    event.happens(applied.keeper, applied.number)
    for _ in range(2):
        applied.follow()
        assert (applied.staged.state, applied.staged.is_applied, applied.doc) == ("NEEDS_MANUAL_REVIEW", True, doc)
        assert applied.document() == before, "the document and the stock are the person's now"
        [letter] = applied.shop.database.run(ListDeadLetters())
        assert (letter.error_class, letter.error_code, letter.attempts) == ("conflict", "50030", 1)
        assert why in letter.error_message
        assert f"syncctl dead-letter cancel {applied.staged.staging_id}" in letter.error_message, "it says what to do"
        assert applied.notes(REVIEW) == ([REVIEW + letter.error_message] if event.reads else [])
        told = REVIEW + letter.error_message
        assert applied.document_notes().get("SYNC-REVIEW") == (None if meanwhile == "gone" else told)
        assert applied.status == event.status
    applied.shop.database.run(
        DecideDeadLetter(staging_id=applied.staged.staging_id, decision="retry", decided_by="ann", reason="once more")
    )
    applied.shop.catch_up()
    assert applied.staged.state == "NEEDS_MANUAL_REVIEW"
    assert len(applied.notes(REVIEW)) == (1 if event.reads else 0), "the same thing is told once"
    applied.shop.database.run(
        DecideDeadLetter(staging_id=applied.staged.staging_id, decision="cancel", decided_by="ann", reason="done by hand")
    )
    applied.follow()
    assert applied.staged.state == "APPLIED"
    assert applied.document() == before
    assert applied.shop.store.went_backwards() == []


@pytest.fixture
def closed(applied: Counter) -> Counter:
    """The order was cancelled, and its document closed."""
    applied.keeper.cancel(applied.number)
    applied.follow()
    assert (applied.staged.state, applied.shop.on_order()) == ("CANCELLED", {})
    return applied


def test_an_uncancelled_order_reopens_its_document(closed: Counter) -> None:
    doc = closed.doc
    closed.keeper.set_status(closed.number, "on-hold")
    for _ in range(2):
        closed.follow()
        assert (closed.staged.state, closed.doc, closed.status) == ("APPLIED", doc, "on-hold")
        assert closed.shop.on_order() == HELD
        assert closed.erp.totals(doc)["TOT"] == TOTAL
        assert len(closed.notes("Order reopened (2) in CounterPoint. ")) == 1
        assert "SYNC-CANCEL" not in closed.document_notes()
    assert closed.erp.one("SELECT REVISION FROM dbo.USER_ORDER_LINK")["REVISION"] == 2


def test_an_uncancelled_order_whose_closed_document_is_gone_gets_a_new_one(closed: Counter) -> None:
    doc = closed.doc
    closed.erp.post(doc)
    closed.keeper.set_status(closed.number, "on-hold")
    for _ in range(2):
        closed.follow()
        assert (closed.staged.state, closed.status) == ("APPLIED", "on-hold")
        assert closed.doc != doc
        assert closed.shop.on_order() == HELD
        assert len(closed.erp.query("SELECT DOC_ID FROM dbo.PS_DOC_HDR", ())) == 1
        assert len(closed.notes("Order created in CounterPoint. ")) == 1
        assert len(closed.notes("Order created (2) in CounterPoint. ")) == 1
    assert closed.erp.one("SELECT REVISION FROM dbo.USER_ORDER_LINK")["REVISION"] == 2


@pytest.mark.parametrize("meanwhile", ["shipped", "changed-by-hand"])
def test_an_uncancelled_order_whose_closed_document_moved_on_needs_a_person(closed: Counter, meanwhile: str) -> None:
    moves_on, why = BY_HAND[meanwhile]
    moves_on(closed.erp, closed.doc)
    before = closed.document()
    closed.keeper.set_status(closed.number, "on-hold")
    for _ in range(2):
        closed.follow()
        assert closed.staged.state == "NEEDS_MANUAL_REVIEW"
        [letter] = closed.shop.database.run(ListDeadLetters())
        assert (letter.error_class, why in letter.error_message) == ("conflict", True)
        assert closed.notes(REVIEW) == [REVIEW + letter.error_message]
        assert closed.document_notes()["SYNC-REVIEW"] == REVIEW + letter.error_message
        assert closed.document() == before
        assert closed.status == "on-hold"


def test_an_order_uncancelled_before_anybody_decided_is_as_if_nothing_had_happened(applied: Counter) -> None:
    applied.erp.ship(applied.doc)
    applied.keeper.cancel(applied.number)
    applied.follow()
    assert applied.staged.state == "NEEDS_MANUAL_REVIEW"
    applied.keeper.set_status(applied.number, "processing")
    applied.follow()
    assert (applied.staged.state, applied.staged.is_applied) == ("APPLIED", True)
    assert applied.shop.database.run(ListDeadLetters()) == []
    assert [letter.decision for letter in applied.shop.database.run(ListDeadLetters(include_decided=True))] == ["restaged"]
    assert applied.shop.on_order() == HELD


def test_an_edit_and_then_a_cancellation_of_a_shipped_order_are_each_told_once(applied: Counter) -> None:
    applied.erp.ship(applied.doc)
    applied.keeper.change_quantity(applied.number, 5)
    applied.follow()
    applied.keeper.cancel(applied.number)
    applied.follow()
    applied.follow()
    verbs = sorted(note.split("released. ")[1].split(" ")[0] for note in applied.notes(REVIEW))
    assert verbs == ["Cancel", "Change"]
    assert [letter.decision for letter in applied.shop.database.run(ListDeadLetters(include_decided=True))] == ["restaged", None]


@pytest.mark.parametrize("name", ["cancelled", "refunded", "trashed", "deleted"])
def test_an_order_that_ends_before_it_was_applied_is_never_created(counter: Counter, name: str) -> None:
    counter.poll()
    assert counter.staged.state == "PENDING"
    event = EVENTS[name]
    event.happens(counter.keeper, counter.number)
    for _ in range(2):
        counter.follow()
        assert (counter.staged.state, counter.staged.pending_action) == ("SKIPPED", None)
        assert counter.staged.state_reason
        assert counter.erp.query("SELECT DOC_ID FROM dbo.PS_DOC_HDR", ()) == []
        assert counter.erp.outbox() == []
        assert (counter.shop.on_order(), counter.status) == ({}, event.status)


def test_an_order_that_comes_back_before_it_was_applied_is_created(counter: Counter) -> None:
    counter.keeper.cancel(counter.number)
    counter.follow()
    assert counter.staged.state == "SKIPPED"
    counter.keeper.set_status(counter.number, "on-hold")
    counter.follow()
    assert (counter.staged.state, counter.status) == ("APPLIED", "on-hold")
    assert counter.shop.on_order() == HELD


def test_an_order_that_comes_back_from_the_trash_is_reopened(applied: Counter) -> None:
    applied.keeper.trash(applied.number)
    applied.follow()
    assert applied.staged.state == "CANCELLED"
    applied.keeper.untrash(applied.number)
    applied.keeper.set_status(applied.number, "on-hold")
    applied.follow()
    assert (applied.staged.state, applied.status) == ("APPLIED", "on-hold")
    assert applied.shop.on_order() == HELD
