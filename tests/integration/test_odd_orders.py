"""One odd order never stops the poll: it is set aside with its reason, the rest is staged, the watermark moves on, it heals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syncctl.db.contract import (
    Database,
    ListDeadLetters,
    ListStagedOrders,
    ListWalks,
    NoteWalks,
    Procedure,
    StagedOrder,
    StageOrders,
)
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from syncctl.errors import ConfigError, DatabaseUnavailable, PermanentError, StoreMisconfigured, StoreUnavailable
from syncctl.secret import Secret
from syncctl.services.intake import READ_AGAIN
from syncctl.services.reconcile import Reconciliation, reconcile
from syncctl.services.run_context import RunContext
from syncctl.services.stage import Stager, Staging, Window
from syncctl.stop import Stop
from syncctl.stores.base import ORDERS_WALK
from syncctl.stores.content import ContentBuilder
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.clocks import MovableClock
from tests.faults import FaultyDatabase
from tests.raws import raw_order

BAD = 305
SOUND = [number for number in range(300, 312) if number != BAD]


@dataclass
class Shop:
    """A store of twelve orders, a database, and polls."""

    store: SimulatedStore
    database: Database
    clock: MovableClock
    stop: Stop = field(default_factory=Stop)
    rows: list[int] = field(default_factory=list)
    """The ids of the orders that polls have told of."""

    def stager(self, client: WooCommerce, database: Database | None = None, *, dry_run: bool = False) -> Stager:
        return Stager(
            database=database or self.database,
            store=client,
            content=ContentBuilder(create_statuses=("processing",), timezone=ZoneInfo("UTC")),
            context=RunContext(run_id="poll", clock=self.clock, sleeper=self.clock.sleep, stop=self.stop),
            dry_run=dry_run,
            show=lambda item: self.rows.append(item.woo_order_id),
        )

    def client(self) -> WooCommerce:
        keys = {"consumer_key": Secret(self.store.key), "consumer_secret": Secret(self.store.secret)}
        return WooCommerce(Connection(url=self.store.url, **keys), clock=self.clock, sleeper=self.clock.sleep)

    def poll(self, database: Database | None = None, *, dry_run: bool = False, **window: Any) -> Staging:
        with closing(self.client()) as client:
            stager = self.stager(client, database, dry_run=dry_run)
            try:
                return stager.poll(Window(**{"lookback": timedelta(days=1), **window}))
            finally:
                self.last = stager.result

    def fetch(self, *order_ids: int) -> Staging:
        with closing(self.client()) as client:
            return self.stager(client).fetch(order_ids)

    def compare(self, batch_size: int = 100) -> Reconciliation:
        with closing(self.client()) as client:
            now = self.clock()
            return reconcile(self.stager(client), since=now - timedelta(days=30), until=now, batch_size=batch_size)

    @property
    def staged(self) -> dict[int, StagedOrder]:
        return {order.woo_order_id: order for order in self.database.run(ListStagedOrders())}

    @property
    def aside(self) -> list[StagedOrder]:
        return [order for order in self.staged.values() if order.error_class == "unreadable"]

    @property
    def waiting(self) -> list[int]:
        return sorted(order.woo_order_id for order in self.staged.values() if order.state == "PENDING")

    @property
    def watermark(self) -> datetime | None:
        walks = {walk.walk_name: walk for walk in self.database.run(ListWalks(store_id="woocommerce"))}
        return walks[ORDERS_WALK].watermark_dt if ORDERS_WALK in walks else None


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    clock = MovableClock()
    database = EmbeddedDatabase(tmp_path / "poll.db", clock=clock)
    with SimulatedStore(clock=clock) as store:
        store.load(raw_order(id=number, number=str(number)) for number in range(300, 312))
        yield Shop(store, database, clock)
    database.close()


def refunded(shop: Shop) -> None:
    shop.store.shopkeeper.refund_amount(BAD, "1.00")


def shown(**fields: Any) -> Callable[[Shop], None]:
    def change(shop: Shop) -> None:
        shop.store.odd.shown[BAD] = fields

    return change


def breaks(how: Any) -> Callable[[Shop], None]:
    def change(shop: Shop) -> None:
        shop.store.odd.breaks[BAD] = how

    return change


def refunds(answer: Any) -> Callable[[Shop], None]:
    def change(shop: Shop) -> None:
        refunded(shop)
        shop.store.odd.refunds[BAD] = answer

    return change


def lines(change: Callable[[dict[str, Any]], Any]) -> Callable[[Shop], None]:
    def changed(shop: Shop) -> None:
        raw = shop.store.state.order(BAD)
        shop.store.odd.shown[BAD] = {"line_items": change(raw["line_items"][0])}

    return changed


DEEP = "raw-json:" + "[" * 100_000 + "]" * 100_000
ODD = {
    "refunds 500": refunds(500),
    "refunds 403": refunds((403, {"code": "rest_forbidden", "message": "No."})),
    "refunds 401": refunds((401, {"code": "woocommerce_rest_cannot_view", "message": "No."})),
    "refunds 404 of another code": refunds((404, {"code": "plugin_says_no", "message": "No."})),
    "refunds 404 of a page": refunds((404, "<html>Not found</html>")),
    "refunds 404 of an order that is there": refunds((404, {"code": "woocommerce_rest_order_invalid_id", "message": "No."})),
    "refunds of an error object": refunds((200, {"code": "internal", "message": "No.", "data": {}})),
    "refunds of nothing": refunds((200, "")),
    "refunds of a page": refunds((200, "<html>Maintenance</html>")),
    "refunds of words": refunds((200, ["x"])),
    "page 500": breaks("page"),
    "page empty": breaks("empty"),
    "total 1e999": shown(total="raw-json:1e999"),
    "total 1e30": shown(total="raw-json:1e30"),
    "total of 400 digits": shown(total="raw-json:" + "9" * 400),
    "total of 5,000 digits": shown(total="raw-json:" + "9" * 5000),
    "total text 1e999": shown(total="1e999"),
    "total NaN": shown(total="raw-json:NaN"),
    "total of 10^11": shown(total="100000000000.00"),
    "total null": shown(total=None),
    "created in the year 1": shown(date_created_gmt="0001-01-01T00:00:00"),
    "created in the year 999": shown(date_created_gmt="0999-06-01T00:00:00"),
    "changed in the year 9999": shown(date_modified_gmt="9999-12-31T23:59:59"),
    "customer of 80 bits": shown(customer_id=2**80),
    "lines of words": lines(lambda line: "none"),
    "lines of one line": lines(lambda line: line),
    "lines with null": lines(lambda line: [line, None]),
    "lines without end": lines(lambda line: [line] * 5001),
    "quantity 10^12": lines(lambda line: [{**line, "quantity": 10**12}]),
    "quantity of five decimals": lines(lambda line: [{**line, "quantity": "0.00001"}]),
    "lines that sum up beyond": lines(lambda line: [{**line, "total": "60000000000.00", "subtotal": "60000000000.00"}] * 2),
    "line id of 80 bits": lines(lambda line: [{**line, "id": 2**80}]),
    "nested too deep": shown(meta_data=DEEP),
}


@pytest.mark.parametrize("oddity", ODD.values(), ids=ODD.keys())
def test_an_odd_order_is_set_aside_and_nothing_else_is_disturbed(shop: Shop, oddity: Callable[[Shop], None]) -> None:
    oddity(shop)
    result = shop.poll()
    assert shop.waiting == SOUND
    [aside] = shop.aside
    assert (aside.woo_order_id, aside.state, aside.woo_order_no) == (BAD, "NEEDS_MANUAL_REVIEW", str(BAD))
    assert aside.validation_error
    assert (result.counts["errors"], result.counts["staged"], result.unfinished) == (1, 11, False)
    assert any("dead-letter list --class unreadable" in note for note in result.notes)
    [letter] = shop.database.run(ListDeadLetters(error_class="unreadable"))
    assert letter.woo_order_id == BAD
    assert shop.watermark is not None
    # It heals by itself once it is well, though no poll lists it any more.
    shop.store.odd.clear()
    shop.clock.move(timedelta(days=3))
    shop.poll(lookback=timedelta(minutes=1))
    assert shop.waiting == sorted([*SOUND, BAD])
    assert shop.database.run(ListDeadLetters()) == []


def test_an_order_that_breaks_lists_only_is_staged_as_usual(shop: Shop) -> None:
    shop.store.odd.breaks[BAD] = "list"
    assert shop.poll().counts["errors"] == 0
    assert shop.waiting == sorted([*SOUND, BAD])


ACCEPTED = {
    "id as text": shown(id=str(BAD)),
    "id with a decimal point": shown(id="raw-json:305.0"),
    "half a letter": shown(customer_note='raw-json:"\\ud83d alone"', status="processing"),
    "half a letter in the number": shown(number='raw-json:"305\\udc00"'),
    "lines as an object": lines(lambda line: {"0": line, "2": {**line, "id": 777}}),
    "a note of megabytes": shown(customer_note="x" * 3_000_000),
    "an unset date": shown(date_created_gmt="0000-00-00T00:00:00"),
}


@pytest.mark.parametrize("oddity", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_has_one_meaning_is_taken(shop: Shop, oddity: Callable[[Shop], None]) -> None:
    oddity(shop)
    assert shop.poll().counts["errors"] == 0
    assert shop.waiting == sorted([*SOUND, BAD])


def test_lines_that_come_as_an_object_are_all_there(shop: Shop) -> None:
    lines(lambda line: {"0": line, "2": {**line, "id": 777}})(shop)
    shop.poll()
    rows = shop.database.query("SELECT LINE_ITEMS_JSON FROM dbo.USER_ORDER_STAGING WHERE WOO_ORDER_ID = 305")  # type: ignore[attr-defined]
    assert [line["WOO_LINE_ID"] for line in json.loads(rows[0][0])] == [100, 777]


NAMELESS = {
    "null": shown(id=None),
    "true": shown(id=True),
    "80 bits": shown(id=2**80),
    "negative": shown(id=-5),
    "zero": shown(id=0),
    "an object": shown(id={"value": 305}),
    "words": shown(id="three hundred"),
}


@pytest.mark.parametrize("oddity", NAMELESS.values(), ids=NAMELESS.keys())
def test_a_row_without_a_usable_id_is_set_aside_under_its_number(shop: Shop, oddity: Callable[[Shop], None]) -> None:
    oddity(shop)
    result = shop.poll()
    assert shop.waiting == SOUND
    [aside] = shop.aside
    assert aside.woo_order_id < 0
    assert (aside.woo_order_no, aside.state) == (str(BAD), "NEEDS_MANUAL_REVIEW")
    assert "which is no order's" in (aside.validation_error or "")
    assert result.counts["errors"] == 1
    assert shop.watermark is not None
    shop.clock.move(timedelta(minutes=10))
    shop.poll()
    assert len(shop.aside) == 1, "the same row gets the same place again"


def test_a_row_without_a_usable_id_is_set_aside_under_its_number_on_a_broken_page_too(shop: Shop) -> None:
    shown(id=None)(shop)
    shop.store.odd.breaks[BAD + 2] = "page"
    shop.poll()
    [nameless, broken] = sorted(shop.aside, key=lambda order: order.woo_order_id)
    assert (nameless.woo_order_no, broken.woo_order_id) == (str(BAD), BAD + 2)
    assert "which is no order's" in (nameless.validation_error or "")
    assert shop.waiting == [number for number in SOUND if number != BAD + 2]


def test_a_row_whose_id_can_not_even_be_learnt_is_set_aside_between_its_neighbours(shop: Shop) -> None:
    shop.store.odd.breaks[BAD] = "ids"
    shop.poll()
    assert shop.waiting == SOUND
    [aside] = shop.aside
    assert aside.woo_order_id < 0
    assert "behind order 304 and before order 306" in (aside.validation_error or "")
    assert shop.watermark is not None


def test_many_broken_orders_cost_a_bounded_number_of_requests_and_hold_nothing_up(shop: Shop) -> None:
    bad = list(range(300, 312, 2))
    shop.store.odd.breaks.update(dict.fromkeys(bad, "page"))
    shop.poll()
    assert shop.waiting == [number for number in range(300, 312) if number not in bad]
    assert [order.woo_order_id for order in shop.aside] == bad
    assert len(shop.store.requests) < 150


def test_lists_in_which_no_row_has_an_id_are_the_stores_fault(shop: Shop) -> None:
    for number in range(300, 312):
        shop.store.odd.shown[number] = {"id": None}
    with pytest.raises(StoreUnavailable, match="no list of objects with an id"):
        shop.poll()
    assert (shop.staged, shop.watermark) == ({}, None)


def test_a_store_that_is_down_is_not_asked_in_pieces_for_ever(shop: Shop) -> None:
    with closing(shop.client()) as client:
        client.ping()
    shop.store.fail("status", status=503, times=10_000)
    with pytest.raises(StoreUnavailable):
        shop.poll()
    assert len(shop.store.requests) < 20
    assert shop.staged == {}


def test_a_store_that_goes_down_while_a_page_is_taken_apart_has_no_broken_rows(shop: Shop) -> None:
    shop.store.odd.breaks[BAD] = "ids"
    seen: list[str] = []

    def down_after_a_while(_method: str, path: str, query: dict[str, str]) -> None:
        seen.append(path)
        if query.get("_fields") == "id" and query.get("per_page") == "1" and "modified_after" in query:
            shop.store.fail("status", status=503, times=10_000)

    shop.store.before_request = down_after_a_while
    with pytest.raises(StoreUnavailable):
        shop.poll()
    assert shop.aside == []
    assert shop.watermark is None


def test_a_store_that_goes_down_in_the_middle_of_a_page_keeps_what_was_read_and_its_place(shop: Shop) -> None:
    refunded(shop)

    def down_at_the_refunds(_method: str, path: str, _query: dict[str, str]) -> None:
        if path.endswith("/refunds"):
            shop.store.fail("status", status=503, times=10_000)

    shop.store.before_request = down_at_the_refunds
    with pytest.raises(StoreUnavailable):
        shop.poll()
    assert shop.waiting == [300, 301, 302, 303, 304]
    assert (shop.aside, shop.watermark) == ([], None)
    assert shop.last.counts["staged"] == 5
    shop.store.before_request = None
    shop.store.faults.clear()
    shop.poll()
    assert shop.waiting == sorted([*SOUND, BAD])


def test_keys_that_stop_working_are_a_matter_of_the_set_up(shop: Shop) -> None:
    refunded(shop)

    def revoke(_method: str, path: str, _query: dict[str, str]) -> None:
        if path.endswith("/refunds"):
            shop.store.gate.secret = "cs_another"

    shop.store.before_request = revoke
    with pytest.raises(StoreMisconfigured) as raised:
        shop.poll()
    assert raised.value.exit_code == 78
    assert (shop.aside, shop.watermark) == ([], None)


def test_a_stop_in_the_middle_of_a_page_stages_no_more_of_it_and_keeps_the_place(shop: Shop) -> None:
    refunded(shop)

    def stop_at_the_refunds(_method: str, path: str, _query: dict[str, str]) -> None:
        if path.endswith("/refunds"):
            shop.stop.set()

    shop.store.before_request = stop_at_the_refunds
    result = shop.poll()
    assert result.unfinished
    assert shop.waiting == [300, 301, 302, 303, 304, 305]
    assert shop.watermark is None
    shop.stop = Stop()
    shop.store.before_request = None
    shop.poll()
    assert shop.waiting == sorted([*SOUND, BAD])


def test_an_order_of_the_erp_keeps_its_document_and_heals(shop: Shop) -> None:
    shop.poll()
    shop.database.query(  # type: ignore[attr-defined]
        "UPDATE dbo.USER_ORDER_STAGING SET STATE = 'APPLIED', IS_APPLIED = 1, PENDING_ACTION = NULL, CP_DOC_ID = '103',"
        " APPLIED_HASH = CONTENT_HASH"
    )
    before = shop.staged[BAD]
    shop.clock.move(timedelta(minutes=5))
    shop.store.shopkeeper.set_status(BAD, "completed")
    shop.store.odd.shown[BAD] = {"total": "1e999"}
    shop.poll()
    after = shop.staged[BAD]
    assert (after.state, after.cp_doc_id, after.content_hash) == ("NEEDS_MANUAL_REVIEW", "103", before.content_hash)
    assert (after.tot_amt, after.ord_status) == (before.tot_amt, before.ord_status)
    shop.store.odd.clear()
    assert shop.fetch(BAD).counts["errors"] == 0
    assert (shop.staged[BAD].state, shop.staged[BAD].ord_status) == ("APPLIED", "completed")


def test_an_order_that_can_not_be_read_is_neither_gone_nor_skipped(shop: Shop) -> None:
    shop.poll()
    shop.store.odd.breaks[BAD] = "page"
    result = shop.fetch(BAD)
    assert [(item.outcome, item.status) for item in result.aside] == [("set_aside", "unknown")]
    assert shop.staged[BAD].state == "NEEDS_MANUAL_REVIEW"


# === Asked again ===


def test_it_is_asked_for_again_when_it_is_due_and_no_sooner(shop: Shop) -> None:
    refunds(500)(shop)
    shop.clock.move(timedelta(minutes=1))
    shop.poll()
    asked: list[str] = []
    shop.store.before_request = lambda _method, path, _query: asked.append(path)
    shop.clock.move(timedelta(minutes=4))
    shop.poll(lookback=timedelta(0))
    assert not any(path.endswith(f"/orders/{BAD}") for path in asked)
    shop.clock.move(timedelta(minutes=2))
    shop.poll(lookback=timedelta(0))
    assert any(path.endswith(f"/orders/{BAD}") for path in asked)
    assert [order.attempt_no for order in shop.aside] == [2]
    assert shop.last.counts["errors"] == 1


def test_no_more_than_so_many_are_asked_for_in_one_run(shop: Shop) -> None:
    shop.store.load(raw_order(id=number, number=str(number), total="a lot") for number in range(400, 430))
    for number in range(400, 430):
        shop.store.state.order(number)["total"] = "a lot"
    shop.poll()
    assert len(shop.aside) == 30
    shop.clock.move(timedelta(hours=1))
    shop.poll(lookback=timedelta(0))
    assert shop.last.counts["polled"] == READ_AGAIN


def test_one_that_was_deleted_meanwhile_is_asked_for_no_more(shop: Shop) -> None:
    shop.store.state.order(BAD)["total"] = "a lot"
    shop.poll()
    shop.store.shopkeeper.delete(BAD)
    shop.clock.move(timedelta(hours=1))
    shop.poll(lookback=timedelta(0))
    assert (shop.staged[BAD].state, shop.staged[BAD].state_reason) == ("SKIPPED", "deleted from the store")
    assert shop.database.run(ListDeadLetters()) == []


def test_a_dry_run_says_what_would_be_set_aside_and_writes_nothing(shop: Shop) -> None:
    shop.store.odd.breaks[BAD] = "page"
    assert shop.poll(dry_run=True).counts == {
        "polled": 12,
        "staged": 11,
        "restaged": 0,
        "cancel_staged": 0,
        "unchanged": 0,
        "skipped": 0,
        "errors": 1,
    }
    assert shop.staged == {}


# === What the database doesn't take ===


def refusing(database: Database, *order_ids: int) -> FaultyDatabase:
    """A database that takes no page with one of these orders in it, unless it is set aside."""

    def before(call: Procedure[Any]) -> Exception | None:
        if isinstance(call, StageOrders):
            rows = [row for row in json.loads(call.orders) if not row.get("UNREADABLE")]
            if any(row["WOO_ORDER_ID"] in order_ids for row in rows):
                return PermanentError("arithmetic overflow", code=8115, error_class="constraint")
        return None

    return FaultyDatabase(database, before=before)


def test_an_order_that_the_database_does_not_take_is_found_and_set_aside(shop: Shop) -> None:
    shop.poll(refusing(shop.database, BAD, 309))
    assert shop.waiting == [number for number in range(300, 312) if number not in (BAD, 309)]
    assert [order.woo_order_id for order in shop.aside] == [BAD, 309]
    assert "the database doesn't take it: arithmetic overflow" in (shop.aside[0].validation_error or "")
    assert shop.rows == list(range(300, 312)), "in their order"
    assert shop.watermark is not None
    shop.clock.move(timedelta(hours=1))
    shop.poll(lookback=timedelta(0))
    assert shop.aside == []


def test_an_unforeseen_error_of_the_database_is_one_rows_too(shop: Shop) -> None:
    def before(call: Procedure[Any]) -> Exception | None:
        held = isinstance(call, StageOrders) and any(
            row["WOO_ORDER_ID"] == BAD and not row.get("UNREADABLE") for row in json.loads(call.orders)
        )
        return OverflowError("int too large") if held else None

    shop.poll(FaultyDatabase(shop.database, before=before))
    assert [order.woo_order_id for order in shop.aside] == [BAD]
    assert shop.waiting == SOUND


def test_the_place_is_kept_only_with_the_last_part(shop: Shop) -> None:
    parts: list[tuple[int, bool]] = []
    real = refusing(shop.database, BAD)

    def after(call: Procedure[Any]) -> Exception | None:
        if isinstance(call, StageOrders):
            parts.append((len(json.loads(call.orders)), call.walk is not None))
        if isinstance(call, NoteWalks):
            parts.append((0, True))
        return None

    shop.poll(FaultyDatabase(real, after=after))
    assert [saves for _, saves in parts] == [False] * (len(parts) - 1) + [True]
    assert sum(rows for rows, _ in parts) == len(SOUND) + 1


def test_a_database_that_takes_nothing_blames_no_order(shop: Shop) -> None:
    def before(call: Procedure[Any]) -> Exception | None:
        refused = isinstance(call, StageOrders) and call.orders != "[]"
        return PermanentError("invalid object name", error_class="unknown") if refused else None

    with pytest.raises(PermanentError, match="invalid object name"):
        shop.poll(FaultyDatabase(shop.database, before=before))
    assert (shop.staged, shop.watermark) == ({}, None)


@pytest.mark.parametrize("error", [DatabaseUnavailable("gone"), ConfigError("EXECUTE denied")], ids=["down", "set-up"])
def test_a_database_that_is_down_or_not_set_up_ends_the_poll(shop: Shop, error: Exception) -> None:
    with pytest.raises(type(error)):
        shop.poll(FaultyDatabase(shop.database, before=lambda call: error if isinstance(call, StageOrders) else None))
    assert shop.watermark is None


# === The end of a list ===


@pytest.mark.parametrize("hidden", [range(300, 306), range(303, 309), range(306, 312)], ids=["front", "middle", "end"])
def test_hidden_orders_end_no_poll_and_their_number_is_told(shop: Shop, hidden: range) -> None:
    shop.store.odd.hidden |= set(hidden)
    result = shop.poll(batch_size=2, max_pages=100)
    assert shop.waiting == [number for number in range(300, 312) if number not in hidden]
    assert any("counts 6 orders more than it shows" in note for note in result.notes)
    assert shop.watermark is not None
    assert not result.unfinished


def test_pages_of_nothing_but_hidden_orders_are_not_counted(shop: Shop) -> None:
    shop.store.odd.hidden |= set(range(301, 311))
    result = shop.poll(batch_size=1, max_pages=3)
    assert shop.waiting == [300, 311]
    assert not result.unfinished


@pytest.mark.parametrize("totals", ["right", "none", "first", 500])
@pytest.mark.parametrize("setting", ["page_cap", "page_size"])
def test_hosts_that_cap_their_pages_lose_no_order(shop: Shop, setting: str, totals: Any) -> None:
    shop.store.load(raw_order(id=number, number=str(number)) for number in range(400, 460))
    setattr(shop.store.odd, setting, 10)
    shop.store.odd.totals = totals
    shop.poll(max_pages=100)
    assert len(shop.waiting) == 72
    assert shop.watermark is not None


def test_hidden_and_capped_products_customers_and_refunds_come_whole(shop: Shop) -> None:
    shop.store.load(
        products=[{"id": number, "name": f"P{number}", "type": "simple", "sku": f"S{number}"} for number in range(1, 41)],
        customers=[{"id": number, "email": f"c{number}@example.test", "role": "customer"} for number in range(1, 41)],
    )
    shop.store.odd.page_cap = 10
    shop.store.odd.hidden |= set(range(1, 16))
    for _ in range(13):
        shop.store.shopkeeper.refund_amount(BAD, "0.10")
    with closing(shop.client()) as client:
        assert [product.product_id for product in client.products()] == list(range(16, 41))
        assert [customer.customer_id for customer in client.customers()] == list(range(16, 41))
        order = client.get(BAD)
    assert order is not None
    assert len([charge for charge in order.charges if charge.kind == "refund"]) == 13


def test_a_broken_product_says_so_and_the_rest_comes(shop: Shop) -> None:
    shop.store.load(products=[{"id": number, "name": f"P{number}", "type": "simple", "sku": "S"} for number in range(1, 6)])
    shop.store.odd.breaks[3] = "page"
    with closing(shop.client()) as client:
        assert [(each.product_id, each.unreadable) for each in client.products()] == [
            *((1, False), (2, False), (3, True), (4, False), (5, False))
        ]


# === The comparison ===


def test_a_comparison_sets_aside_what_can_not_be_read(shop: Shop) -> None:
    shop.poll()
    shop.store.odd.breaks[BAD] = "page"
    found = shop.compare()
    assert (found.whole, found.in_store, found.not_listed) == (True, 12, [])
    assert [order.woo_order_id for order in shop.aside] == [BAD]


def test_a_comparison_takes_hidden_orders_for_there(shop: Shop) -> None:
    shop.poll()
    shop.store.odd.hidden |= {303, 304}
    found = shop.compare()
    assert (found.not_listed, found.not_shown) == ([303, 304], 2)
    assert shop.staged[303].state == "PENDING"


def test_a_comparison_obeys_the_batch_size(shop: Shop) -> None:
    asked: list[str] = []
    shop.store.before_request = lambda _method, _path, query: asked.append(query.get("per_page", ""))
    shop.compare(batch_size=5)
    assert "5" in asked
    assert "100" not in asked


def test_a_comparison_stops_between_pages_and_takes_nothing_for_gone(shop: Shop) -> None:
    shop.poll()
    shop.store.shopkeeper.delete(311)
    pages: list[str] = []

    def stop_at_the_second_page(_method: str, path: str, query: dict[str, str]) -> None:
        if path.endswith("/orders"):
            pages.append(path)
            if len(pages) == 2:
                shop.stop.set()

    shop.store.before_request = stop_at_the_second_page
    found = shop.compare(batch_size=3)
    assert (found.whole, found.in_store) == (False, 6)
    assert shop.staged[311].state == "PENDING"


def test_a_comparison_stops_between_the_orders_that_it_asks_for(shop: Shop) -> None:
    shop.poll()
    for number in (303, 304, 305):
        shop.store.shopkeeper.delete(number)

    def stop_at_the_second(_method: str, path: str, _query: dict[str, str]) -> None:
        if path.endswith("/orders/304"):
            shop.stop.set()

    shop.store.before_request = stop_at_the_second
    assert not shop.compare().whole
    assert [shop.staged[number].state for number in (303, 304, 305)] == ["SKIPPED", "SKIPPED", "PENDING"]


@pytest.mark.parametrize("cap", [3, 4, 5, 10])
def test_a_broken_page_of_a_host_that_caps_its_pages_loses_no_order(shop: Shop, cap: int) -> None:
    more = list(range(312, 440))
    shop.store.load(raw_order(id=number, number=str(number)) for number in more)
    shop.store.odd.breaks[BAD] = "ids"
    shop.store.odd.page_cap = cap
    shop.poll(max_pages=1000)
    assert shop.waiting == [*SOUND, *more]
    assert len(shop.aside) == 1
