"""What a store's adapter promises the services (`stores/base.Store`), whatever store it is, against its simulated shop."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from syncctl.demo.orders import KINDS, catalogue
from syncctl.errors import StoreMisconfigured, StoreUnavailable, UnreadableError
from syncctl.models import Order
from syncctl.stores.base import Asked, Listed, Page, PriceWrite, Product, StatusWrite, StockWrite, Store, WalkState
from tests.conformance.storefronts import Storefront

D = Decimal
TEE, MUG = ("TEE-BLK", 2, "19.99"), ("MUG", 1, "10.00")
NOTE = "Order created in CounterPoint. DOC_ID: 103398648478, TKT_NO: 101-000001"


@pytest.fixture
def store(shop: Storefront) -> Store:
    return shop.store()


def begun(shop: Storefront, name: str) -> WalkState:
    return WalkState(name=name, since_dt=shop.clock() - timedelta(days=1))


def listed(shop: Storefront, store: Store, *, batch_size: int = 3) -> list[Listed]:
    """Walk through everything that changed."""
    found: list[Listed] = []
    for name in store.walks:
        pages = list(store.pages(begun(shop, name), batch_size=batch_size))
        assert pages[-1].after.finished and not any(page.after.finished for page in pages[:-1])
        assert all(len(page.listed) <= batch_size for page in pages)
        found += [each for page in pages for each in page.listed]
    return found


def read(store: Store, order_id: int) -> Order:
    order = store.get(order_id)
    assert order is not None
    return order


def lines(order: Order) -> list[tuple[str | None, Decimal, Decimal]]:
    return [(line.sku, line.quantity, line.total) for line in order.lines if line.quantity]


def place(shop: Storefront, count: int = 1, *, apart: timedelta = timedelta(minutes=1)) -> list[int]:
    """Let orders come in, the last of them a while ago."""
    ids = []
    for _ in range(count):
        ids.append(shop.place(TEE, MUG))
        shop.clock.move(apart)
    shop.clock.move(timedelta(minutes=5))
    return ids


# Lists.


def test_it_offers_all_that_the_services_ask_of_a_store(store: Store):
    wanted = [name for name in dir(Store) if not name.startswith("_")]
    assert [name for name in wanted if not hasattr(store, name)] == []


def test_an_order_is_listed_once_however_small_the_pages_are(shop: Storefront, store: Store):
    ids = place(shop, 8)
    assert Counter(each.order_id for each in listed(shop, store)) == Counter(ids)
    shop.clock.move(timedelta(days=2))
    assert listed(shop, store) == []


def test_orders_of_one_second_are_all_listed(shop: Storefront, store: Store):
    ids = place(shop, 11, apart=timedelta(0))
    assert Counter(each.order_id for each in listed(shop, store, batch_size=4)) == Counter(ids)


def test_a_walk_that_was_broken_off_is_gone_on_with(shop: Storefront, store: Store):
    ids = place(shop, 8)
    seen: list[int] = []
    for name in store.walks:
        walk = begun(shop, name)
        while not walk.finished:
            page: Page = next(iter(store.pages(walk, batch_size=3)))
            seen += [each.order_id for each in page.listed]
            assert page.after != walk
            walk = page.after
    assert set(seen) == set(ids)


def test_an_order_that_changes_while_the_list_is_read_is_in_it_or_in_the_next_one(shop: Storefront, store: Store):
    ids = place(shop, 9)
    versions: dict[int, str] = {}
    for name in store.walks:
        walk = begun(shop, name)
        for turn, page in enumerate(store.pages(walk, batch_size=3)):
            versions |= {each.order_id: each.version for each in page.listed}
            walk = page.after
            if turn == 0 and page.listed:
                shop.clock.move(timedelta(minutes=3))
                shop.keeper.change_quantity(ids[0], 4)
                shop.keeper.change_quantity(ids[-1], 4)
        assert walk.finished
        shop.clock.move(timedelta(minutes=5))
        for page in store.pages(WalkState(name=name, since_dt=walk.watermark), batch_size=3):
            versions |= {each.order_id: each.version for each in page.listed}
    assert set(versions) == set(ids)
    now = {each.order_id: each.version for each in listed(shop, store)}
    assert now == versions


def test_what_the_list_says_tells_whether_an_order_changed(shop: Storefront, store: Store):
    [order_id] = place(shop)
    [before] = listed(shop, store)
    [again] = listed(shop, store)
    assert before.version == again.version != ""
    shop.keeper.change_address(order_id, city="Zürich")
    shop.clock.move(timedelta(minutes=5))
    [after] = listed(shop, store)
    assert after.version != before.version


def test_orders_are_listed_by_creation_and_by_id(shop: Storefront, store: Store):
    ids = place(shop, 6)
    shop.keeper.change_quantity(ids[0], 3)
    begin = shop.clock() - timedelta(days=1)
    pages = [*store.created(begin, shop.clock(), batch_size=3)]
    assert [each.order_id for page in pages for each in page.listed] == ids
    early = [*store.created(begin, begin + timedelta(hours=1), batch_size=3)]
    assert [each for page in early for each in page.listed] == []
    some = [*store.of_ids([ids[4], ids[1], 999_999])]
    assert sorted(each.order_id for page in some for each in page.listed) == [ids[1], ids[4]]


# Whole orders.


def test_every_kind_of_order_comes_to_the_stores_total(shop: Storefront, store: Store):
    goods = catalogue(len(KINDS), clock=shop.clock)
    shop.front.load(goods)
    rows = listed(shop, store, batch_size=50)
    store.expect(rows)
    totals: dict[str, Decimal] = {}
    for row in rows:
        order = store.read(row)
        assert order is not None and order.order_id == row.order_id
        parts = sum((line.total for line in order.lines), D(0)) + sum((charge.amount for charge in order.charges), D(0))
        assert parts + order.tax == order.total
        assert all(line.subtotal >= line.total for line in order.lines)
        assert len({line.line_id for line in order.lines}) == len(order.lines)
        totals[order.number] = order.total
    assert totals == {raw["number"]: D(raw["total"]) for raw in goods.orders}


def test_a_line_keeps_its_id_whatever_comes_and_goes(shop: Storefront, store: Store):
    order_id = shop.place(("MUG", 1, "10.00"), ("MUG", 2, "8.00"), TEE)
    ids = [line.line_id for line in read(store, order_id).lines]
    shop.keeper.remove_line(order_id, line=0)
    shop.keeper.change_quantity(order_id, 7)
    added = shop.keeper.add_line(order_id, "CAP", "12.00")
    now = [line for line in read(store, order_id).lines if line.quantity]
    assert [line.line_id for line in now] == [*ids[1:], added]
    assert [(line.sku, line.quantity) for line in now] == [("MUG", 7), ("TEE-BLK", 2), ("CAP", 1)]


def test_what_is_refunded_is_no_longer_sold(shop: Storefront, store: Store):
    [order_id] = place(shop)
    assert read(store, order_id).total == D("54.98")
    shop.keeper.refund_units(order_id, 1)
    order = read(store, order_id)
    assert lines(order) == [("TEE-BLK", 1, D("19.99")), ("MUG", 1, D("10.00"))]
    assert (order.total, order.fully_refunded) == (D("34.99"), False)
    shop.keeper.refund_amount(order_id, "4.00")
    order = read(store, order_id)
    assert order.total == D("30.99")
    assert [charge.amount for charge in order.charges if charge.kind == "refund"] == [D("-4.00")]
    shop.keeper.refund_all(order_id)
    assert read(store, order_id).fully_refunded


def test_people_and_their_words_arrive_whole(shop: Storefront, store: Store):
    order_id = shop.place(TEE)
    shop.write_in(order_id, "Für Zoë ♥ – bitte klingeln!")
    shop.keeper.change_address(order_id, address_1="Straße der Freundschaft 1", city="Zürich", postcode="8001")
    order = read(store, order_id)
    assert (order.customer_id, order.email) == (5, "ada@example.test")
    assert order.customer_note == "Für Zoë ♥ – bitte klingeln!"
    assert "Ada" in order.shipping.first_name and order.shipping.city == "Zürich" and order.shipping.postcode == "8001"
    assert order.billing.city == "London"


def test_statuses_are_told_by_what_they_mean(shop: Storefront, store: Store):
    paid, cancelled = place(shop, 2)
    assert store.read_status(paid).meaning == read(store, paid).meaning == "ready"
    shop.keeper.cancel(cancelled)
    assert store.read_status(cancelled).meaning == read(store, cancelled).meaning == "dead"
    found = store.read_statuses([paid, cancelled, 999_999])
    assert {order_id: status.meaning for order_id, status in found.items()} == {paid: "ready", cancelled: "dead"}


def test_an_order_that_is_gone_is_gone_and_no_error(shop: Storefront, store: Store):
    gone, there = place(shop, 2)
    rows = {each.order_id: each for each in listed(shop, store)}
    shop.keeper.delete(gone)
    assert store.get(gone) is None
    assert store.read_status(gone).exists is False and store.read_status(there).exists is True
    assert store.notes(gone) == []
    assert (store.shows(gone), store.shows(there)) == (False, True)
    again = shop.store()
    again.expect([rows[gone], rows[there]])
    kept = again.read(rows[there])
    assert kept is not None and kept.order_id == there


def test_no_order_gets_the_id_of_one_that_was_deleted(shop: Storefront):
    [gone] = place(shop)
    shop.keeper.delete(gone)
    assert place(shop) != [gone]


def test_an_order_that_makes_no_sense_is_that_orders_alone(shop: Storefront, store: Store):
    ids = place(shop, 5)
    shop.break_order(ids[2])
    rows = listed(shop, store)
    assert {each.order_id for each in rows} == set(ids)
    store.expect(rows)
    for row in rows:
        if row.order_id == ids[2]:
            with pytest.raises(UnreadableError):
                store.read(row)
        else:
            assert store.read(row) is not None


def test_an_order_edited_while_it_is_read_is_one_or_the_other(shop: Storefront, store: Store):
    order_id = shop.place(*(("MUG", 1, f"{number}.00") for number in range(1, 13)))
    shop.keeper.refund_amount(order_id, "1.00")
    before = read(store, order_id)
    shop.clock.move(timedelta(minutes=1))
    shop.while_read(lambda: shop.keeper.change_quantity(order_id, 4))
    got = read(store, order_id)
    after = read(store, order_id)
    assert before.total == D("82.00") and after.total == D("85.00")
    assert got in (before, after)


# What is written.


def test_a_tag_is_kept_and_replaced(shop: Storefront, store: Store):
    first, second = place(shop, 2)
    store.put_status(first, None, tag="103/1@shop-a")
    assert store.read_status(first).tag == "103/1@shop-a"
    store.put_status(first, None, tag="103/2@shop-a")
    assert store.read_status(first).tag == "103/2@shop-a"
    assert store.read_status(second).tag is None
    assert read(store, first).total == read(store, second).total


def test_many_are_tagged_together_and_one_that_is_gone_is_no_others_fault(shop: Storefront, store: Store):
    ids = place(shop, 3)
    store.read_statuses(ids)
    shop.keeper.delete(ids[1])
    assert store.writes_together
    done = store.put_statuses([StatusWrite(order_id=each, status=None, tag=f"{each}/1@x") for each in ids])
    assert done == {ids[0], ids[2]}
    assert [store.read_status(each).tag for each in ids] == [f"{ids[0]}/1@x", None, f"{ids[2]}/1@x"]


def test_a_note_is_added_to_what_others_wrote(shop: Storefront, store: Store):
    [order_id] = place(shop)
    shop.write_in(order_id, "Ring twice")
    store.add_note(order_id, NOTE)
    store.add_note(order_id, "Order closed in CounterPoint.\nSecond line")
    assert [note for note in store.notes(order_id) if note.startswith("Order c")] == [
        "Order closed in CounterPoint.\nSecond line",
        NOTE,
    ]
    assert shop.written_in(order_id) == "Ring twice"
    assert read(store, order_id).customer_note == "Ring twice"
    assert not any(shop.front.promises().values())


def test_what_we_write_is_no_edit_of_the_order(shop: Storefront, store: Store):
    [order_id] = place(shop)
    content = shop.front.content()
    before = content.content(read(store, order_id))["CONTENT_HASH"]
    store.add_note(order_id, NOTE)
    store.put_status(order_id, None, tag="103/1@shop-a")
    assert content.content(read(store, order_id))["CONTENT_HASH"] == before


def test_a_note_whose_answer_is_lost_is_written_once(shop: Storefront, store: Store):
    [order_id] = place(shop)
    shop.lose_the_answer_to_a_note()
    with pytest.raises(StoreUnavailable):
        store.add_note(order_id, NOTE)
    assert [note for note in store.notes(order_id) if note == NOTE] == [NOTE]


# Stock.


def sold(shop: Storefront, store: Store) -> dict[str, Product]:
    """Let the shop sell the demonstration's goods, and list what it counts."""
    goods = catalogue(1, clock=shop.clock)
    shop.sell(goods.products, goods.customers)
    return {str(each.sku): each for each in store.products() if each.stock is not None}


def write(product: Product, quantity: int) -> StockWrite:
    return StockWrite(
        product_id=product.product_id,
        parent_id=product.parent_id,
        stock_key=product.stock_key,
        quantity=quantity,
        before=product.stock,
    )


def test_stock_is_what_was_said_and_nothing_else_changes(shop: Storefront, store: Store):
    products = sold(shop, store)
    before = shop.stock()
    assert {sku: int(product.stock or 0) for sku, product in products.items()} == before
    told = {sku: count + 3 for sku, count in list(before.items())[1:6]} | {next(iter(before)): 0}
    answers = store.put_stock([write(products[sku], quantity) for sku, quantity in told.items()])
    assert answers == {products[sku].product_id: None for sku in told}
    assert shop.stock() == before | told
    assert {str(each.sku): each.stock for each in store.products() if each.stock is not None} == shop.stock()


def test_stock_that_is_told_twice_is_no_error(shop: Storefront, store: Store):
    product = next(iter(sold(shop, store).values()))
    for _ in range(2):  # as after a run that was killed before it noted the answer
        assert store.put_stock([write(product, 77)]) == {product.product_id: None}
    assert shop.stock()[str(product.sku)] == 77


def test_an_item_that_the_store_refuses_is_told_from_the_rest_and_no_others_fault(shop: Storefront, store: Store):
    products = list(sold(shop, store).values())
    before = shop.stock()
    shop.refuse_stock(products[1].product_id)
    answers = store.put_stock([write(product, 41) for product in products])
    refused = answers.pop(products[1].product_id)
    assert isinstance(refused, str) and refused
    assert answers == {product.product_id: None for product in products if product != products[1]}
    assert shop.stock() == dict.fromkeys(before, 41) | {str(products[1].sku): before[str(products[1].sku)]}


def test_stock_waits_where_the_store_has_had_enough_and_is_told_though_it_stumbles(shop: Storefront, store: Store):
    product = next(iter(sold(shop, store).values()))
    shop.when_asked(shop.crowd)
    try:
        answers = store.put_stock([write(product, 5)])
    except StoreUnavailable as busy:
        assert busy.retry_after  # either is right: waited for here, or by the run
        answers = store.put_stock([write(product, 5)])
    assert answers == {product.product_id: None}
    assert shop.stock()[str(product.sku)] == 5


def price(product: Product, regular: str, sale: str | None = None) -> PriceWrite:
    asked = Asked(regular=Decimal(regular), sale=None if sale is None else Decimal(sale))
    return PriceWrite(product_id=product.product_id, parent_id=product.parent_id, asked=asked)


def test_prices_are_what_was_said_and_nothing_else_changes(shop: Storefront, store: Store):
    products = sold(shop, store)
    before = shop.prices()
    assert {sku: str(product.asked and product.asked.regular) for sku, product in products.items()} == {
        sku: regular for sku, (_, regular) in before.items()
    }
    first, *others = list(products.values())[:6]
    writes = [price(first, "30.00", "22.50"), *(price(product, "31.10") for product in others)]
    assert store.put_prices(writes) == {write.product_id: None for write in writes}
    told = {str(first.sku): ("22.50", "30.00")} | {str(product.sku): ("31.10", "31.10") for product in others}
    assert shop.prices() == before | told
    listed = {each.product_id: each.asked for each in store.products()}
    assert [listed[write.product_id] for write in writes] == [write.asked for write in writes]
    assert store.put_prices([price(first, "30.00")]) == {first.product_id: None}, "the sale is over"
    assert shop.prices()[str(first.sku)] == ("30.00", "30.00")


def test_prices_that_are_told_twice_are_no_error(shop: Storefront, store: Store):
    product = next(iter(sold(shop, store).values()))
    for _ in range(2):  # as after a run that was killed before it noted the answer
        assert store.put_prices([price(product, "77.00", "70.00")]) == {product.product_id: None}
    assert shop.prices()[str(product.sku)] == ("70.00", "77.00")


def test_a_price_that_the_store_refuses_is_told_from_the_rest_and_no_others_fault(shop: Storefront, store: Store):
    products = list(sold(shop, store).values())
    before = shop.prices()
    of_one = [product for product in products if product.parent_id == products[-1].parent_id]
    shop.refuse_price(of_one[0].product_id)
    answers = store.put_prices([price(product, "41.00") for product in products])
    refused = answers.pop(of_one[0].product_id)
    assert refused and "can't be changed" in refused
    assert answers == {product.product_id: None for product in products if product != of_one[0]}
    assert shop.prices() == dict.fromkeys(before, ("41.00", "41.00")) | {str(of_one[0].sku): before[str(of_one[0].sku)]}


def test_prices_wait_where_the_store_has_had_enough(shop: Storefront, store: Store):
    product = next(iter(sold(shop, store).values()))
    shop.when_asked(shop.crowd)
    try:
        answers = store.put_prices([price(product, "5.00")])
    except StoreUnavailable as busy:
        assert busy.retry_after  # either is right: waited for here, or by the run
        answers = store.put_prices([price(product, "5.00")])
    assert answers == {product.product_id: None}


@pytest.mark.parametrize("includes", [True, False])
def test_the_store_says_how_it_keeps_its_prices(shop: Storefront, store: Store, includes: bool):
    shop.include_tax(includes)
    rules = store.price_rules()
    assert (rules.includes_tax, rules.decimals, rules.currency) == (includes, 2, "USD")


# The store itself.


def test_the_store_tells_its_time_and_that_the_keys_work(shop: Storefront, store: Store):
    now = shop.clock().replace(microsecond=0)
    assert abs(store.server_time() - now) <= timedelta(seconds=1)
    told = store.ping(writing=True)
    assert told is None or abs(told - now) <= timedelta(seconds=1)


def test_a_store_that_has_had_enough_is_waited_for_as_it_asks(shop: Storefront, store: Store):
    ids = place(shop, 3)
    store.ping()
    shop.when_asked(shop.crowd)
    assert Counter(each.order_id for each in listed(shop, store)) == Counter(ids)
    assert shop.clock.slept


def test_a_store_that_stumbles_is_asked_again_and_one_that_is_down_is_not_for_ever(shop: Storefront, store: Store):
    [order_id] = place(shop)
    shop.front.stumble()
    assert read(store, order_id).order_id == order_id
    assert any(seconds >= 5 for seconds in shop.clock.slept), "as long as it asked for"
    shop.front.go_down()
    asked: list[None] = []
    shop.when_asked(lambda: asked.append(None), times=100)
    with pytest.raises(StoreUnavailable):
        store.get(order_id)
    assert 1 < len(asked) <= 6
    shop.front.come_back()
    assert read(store, order_id).order_id == order_id


def test_a_key_that_does_not_open_is_a_matter_of_the_settings_and_stands_in_no_message(shop: Storefront, store: Store):
    [order_id] = place(shop)
    secret = shop.change_the_key()
    for ask in (lambda: store.get(order_id), lambda: store.ping(), lambda: listed(shop, store)):
        with pytest.raises(StoreMisconfigured) as raised:
            ask()
        assert secret not in str(raised.value)


def test_what_it_sells_and_to_whom_is_listed_for_a_trial(shop: Storefront, store: Store):
    goods = catalogue(1, clock=shop.clock)
    shop.sell(goods.products, goods.customers)
    sold: dict[Any, Decimal | None] = {product.sku: product.price for product in store.products()}
    assert (len(sold), sold["TEE-BLK"], sold["HOOD-M"], sold["TEA-靜岡"]) == (15, D("19.99"), D("51.00"), D("13.13"))
    people = {customer.customer_id: customer for customer in store.customers()}
    assert len(people) == 40 and people[7].email == "customer7@example.test" and people[7].address.city
