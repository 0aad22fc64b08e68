"""Reading WooCommerce's orders: recorded answers, and the odd shapes that plugins make of them."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from syncctl.demo.store import SimulatedStore
from syncctl.demo.store_amounts import Manner
from syncctl.errors import UnreadableError
from syncctl.models import Order
from syncctl.stores.woocommerce_orders import TAG_KEY, needs_refunds, read_order, tag_of
from tests.raws import raw_order

FIXTURES = Path(__file__).parents[1] / "fixtures" / "woocommerce"
ORDERS = sorted(path.stem for path in FIXTURES.glob("order-*.json"))


def recorded(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"), parse_float=Decimal)


def adds_up(order: Order) -> bool:
    lines = sum((line.total for line in order.lines), Decimal(0))
    return lines + sum((charge.amount for charge in order.charges), Decimal(0)) + order.tax == order.total


@pytest.mark.parametrize("name", ORDERS)
def test_a_recorded_order_adds_up_to_the_cent(name):
    order = read_order(recorded(name))
    assert adds_up(order)
    assert order.created_at.tzinfo is not None
    assert order.modified_at.tzinfo is not None


def test_amounts_come_from_strings_and_never_from_price():
    raw = recorded("order-guest-unicode")
    raw["line_items"][0]["price"] = 99999.5
    order = read_order(raw)
    assert order.lines[0].total == Decimal("26.98")
    assert order.lines[0].subtotal == Decimal("29.97")
    assert order.billing.last_name == "田中"
    assert order.customer_id == 0
    assert order.lines[3].sku is None  # its product was deleted: null
    assert order.coupons == ("save10",)
    assert order.discount == Decimal("20.35")


def test_names_arrive_whole_and_what_is_no_text_does_not():
    raw = recorded("order-guest-unicode")
    raw["billing"] |= {
        "first_name": "Zoë 👩\u200d👩\u200d👧",
        "last_name": "می\u200cخواهم \U0001fadf",
        "company": "A\x07\nB\ud83d Ltd.",
    }
    raw["customer_note"] = "Ring\r\ntwice \ud83d\x00please"
    order = read_order(raw)
    assert order.billing.first_name == "Zoë 👩\u200d👩\u200d👧"
    assert order.billing.last_name == "می\u200cخواهم \U0001fadf"  # a joiner of Persian, and a letter younger than some Pythons
    assert order.billing.company == "A B Ltd."
    assert order.customer_note == "Ring\ntwice please"


def test_a_negative_fee_stays_negative():
    order = read_order(recorded("order-negative-fee"))
    assert min(charge.amount for charge in order.charges if charge.kind == "fee") < 0


def test_a_partial_refund_is_taken_off_its_line():
    raw = recorded("order-completed-partial-refund")
    assert needs_refunds(raw)
    order = read_order(raw, recorded("refunds-of-order-155"))
    shoe = order.lines[1]
    assert (shoe.quantity, shoe.subtotal, shoe.total, shoe.tax) == (
        Decimal(1),
        Decimal("64.90"),
        Decimal("64.90"),
        Decimal("12.98"),
    )
    assert order.total == Decimal("173.16") - Decimal("77.88")
    assert adds_up(order)
    assert not order.fully_refunded


def test_a_refund_without_items_becomes_a_charge_of_its_own():
    order = read_order(raw_order(refunds=[{"id": 9, "total": "-4.00"}]), [{"id": 9, "amount": "4.00", "reason": "Late"}])
    assert [(charge.kind, charge.description, charge.amount) for charge in order.charges][-1] == (
        "refund",
        "Late",
        Decimal("-4.00"),
    )
    assert order.total == Decimal("20.99")
    assert adds_up(order)


@pytest.mark.parametrize("amount", ["4.357", "4.357000", "4.3575"])
def test_a_refund_of_parts_of_a_cent_is_not_rounded_in_silence(amount):
    order = read_order(raw_order(refunds=[{"id": 9, "total": f"-{amount}"}]), [{"id": 9, "amount": amount}])
    assert order.total == Decimal("24.99") - Decimal(amount)
    [refund] = [charge for charge in order.charges if charge.kind == "refund"]
    assert refund.amount == -Decimal(amount)


def test_what_a_plugin_left_unrounded_of_a_refund_is_rounded():
    order = read_order(raw_order(refunds=[{"id": 9, "total": "-4.357143"}]), [{"id": 9, "amount": "4.357143"}])
    assert (order.total, order.tax) == (Decimal("20.63"), Decimal("0.00"))


def test_an_order_of_parts_of_a_cent_is_refunded_in_full():
    raw = raw_order(("TEE-BLK", 1, "10.35"), shipping="0.00", refunds=[{"id": 9, "total": "-10.354"}])
    raw["line_items"][0] |= {"total": "10.354", "subtotal": "10.354"}
    assert read_order(raw | {"total": "10.354"}, [{"id": 9, "amount": "10.354"}]).fully_refunded


def test_an_order_refunded_in_full_without_the_status_counts_as_refunded():
    raw = raw_order(status="completed", refunds=[{"id": 9, "total": "-24.99"}])
    assert read_order(raw, [{"id": 9, "amount": "24.99"}]).fully_refunded
    assert read_order(recorded("order-refunded-full")).fully_refunded


def test_what_the_shop_kept_of_a_returned_line_becomes_a_fee():
    raw = raw_order(("TEE-BLK", 2, "10.00"), shipping="0.00")
    item = {
        "id": 1,
        "quantity": -2,
        "total": "-15.00",
        "total_tax": "0.00",
        "meta_data": [{"key": "_refunded_item_id", "value": "100"}],
    }
    order = read_order(raw, [{"id": 9, "amount": "15.00", "line_items": [item]}])
    assert (order.lines[0].quantity, order.lines[0].total, order.lines[0].subtotal) == (Decimal(0),) * 3
    assert [charge.amount for charge in order.charges if charge.kind == "fee"] == [Decimal("5.00")]
    assert adds_up(order)


@given(
    quantity=st.integers(1, 9),
    price=st.decimals("0.01", "99.99", places=2),
    percent=st.sampled_from((0, 10, 33)),
    returned=st.lists(st.integers(1, 4), max_size=3),
    goodwill=st.sampled_from((None, "0.01", "1.50")),
)
def test_whatever_is_refunded_the_rest_adds_up(quantity, price, percent, returned, goodwill):
    shop = SimulatedStore()
    try:
        raw = raw_order(("TEE-BLK", quantity, str(price)))
        line = raw["line_items"][0]
        line["total"] = str((Decimal(line["subtotal"]) * (100 - percent) / 100).quantize(Decimal("0.01")))
        order_id = shop.shopkeeper.place(raw)
        left = quantity
        for units in returned:
            if units <= left and Decimal(line["total"]) * units / quantity >= Decimal("0.01"):
                shop.shopkeeper.refund_units(order_id, units)
                left -= units
        if goodwill:
            shop.shopkeeper.refund_amount(order_id, goodwill)
        held = shop.state.order(order_id)
        order = read_order(held, shop.state.refunds[order_id])
        refunded = sum((Decimal(refund["amount"]) for refund in shop.state.refunds[order_id]), Decimal(0))
        assert adds_up(order)
        assert order.total == Decimal(held["total"]) - refunded
        assert order.lines[0].quantity == left
        assert order.lines[0].subtotal >= order.lines[0].total
    finally:
        shop.stop()


def test_the_tag_is_found_among_objects_and_plugins_values():
    raw = recorded("order-nested-meta")
    assert tag_of(raw) is None
    raw["meta_data"].append({"id": 1, "key": TAG_KEY, "value": "101000000001/1"})
    assert tag_of(raw) == "101000000001/1"


@pytest.mark.parametrize(
    "change",
    [
        {"billing": None, "shipping": []},
        {"line_items": None, "fee_lines": {}, "coupon_lines": [None]},
        {"meta_data": {"0": "php array"}},
        {"status": "wc-awaiting-shipment"},
        {"number": None, "customer_note": None, "payment_method": False},
        {"date_modified_gmt": None},
        {"customer_id": None, "refunds": None},
    ],
)
def test_odd_shapes_are_borne(change):
    raw = {**copy.deepcopy(recorded("order-two-shipping-lines")), **change}
    order = read_order(raw)
    assert order.order_id == raw["id"]
    assert not order.status.startswith("wc-")


@pytest.mark.parametrize(("field", "value"), [("total", "abc"), ("total", None), ("total", "NaN"), ("id", "x")])
def test_nonsense_names_its_field(field, value):
    with pytest.raises(UnreadableError, match=field):
        read_order({**raw_order(), field: value})


@pytest.mark.parametrize("value", [0, True, "x"])
@pytest.mark.parametrize("field", ["line_items", "shipping_lines", "fee_lines", "refunds"])
def test_what_should_be_a_list_and_is_none_names_its_field(field, value):
    with pytest.raises(UnreadableError, match=f"{field} is .* and no list"):
        read_order({**raw_order(), field: value})


def test_a_rounding_difference_is_evened_out():
    raw = raw_order(("A", 1, "8.26"), ("B", 1, "8.26"), shipping="0.00")
    raw["total"] = "16.53"
    assert adds_up(read_order(raw))
    order = read_order({**raw, "prices_include_tax": True})
    assert adds_up(order)
    assert order.warnings
    raw["total"] = "17.53"
    assert not adds_up(read_order({**raw, "prices_include_tax": True}))


NAMED = {"refunds": [{"id": 9, "total": "-19.99"}]}


def gross(order: Order) -> Decimal:
    return sum((line.total for line in order.lines), Decimal(0)) + sum(
        (charge.amount for charge in order.charges if charge.kind != "refund"), Decimal(0)
    )


@pytest.mark.parametrize(
    ("named", "given", "total", "told"),
    [
        ([], [{"id": 9, "amount": "4.00"}], "20.99", ""),  # the order's own list is empty
        ([{"id": 9, "total": "-4.00"}], [], "20.99", "by the order only"),  # the endpoint's is
        ([{"id": 9, "total": "-4.00"}, {"id": 8, "total": "-1.00"}], [{"id": 8, "amount": "1.00"}], "19.99", "Refund 9"),
        ([{"id": 9, "total": "-4.00"}], [{"id": 9, "amount": "3.00"}], "20.99", "the order's amount counts"),
        ({"0": {"id": 9, "total": "-4.00"}}, [], "20.99", "by the order only"),
        ([{"total": "-4.00"}], [{"id": 9, "amount": "4.00"}], "20.99", ""),  # a plugin's, without an id
        ([{"id": 9, "total": "-4.000000"}], [{"id": 9, "amount": "4.00"}], "20.99", ""),
        ([{"id": 9}], [{"id": 9, "amount": "4.00"}], "20.99", ""),
    ],
)
def test_a_refund_that_one_of_the_two_lists_lacks_is_taken_off_all_the_same(named, given, total, told):
    order = read_order(raw_order(refunds=named), given)
    assert order.total == Decimal(total)
    assert adds_up(order)
    assert gross(order) == Decimal("24.99")
    assert told in " ".join(order.warnings)
    assert bool(order.warnings) == bool(told)


def test_a_refund_that_says_no_amount_anywhere_needs_a_person():
    with pytest.raises(UnreadableError, match="total of 9"):
        read_order(raw_order(refunds=[{"id": 9, "reason": "Lost"}]), [])


@pytest.mark.parametrize("name", ["line_items", "shipping_lines", "fee_lines"])
@pytest.mark.parametrize("keys", ["02", "57"])
def test_a_list_that_arrives_as_an_object_is_its_values(name, keys):
    raw = raw_order(("TEE-BLK", 1, "10.00"), ("MUG", 1, "4.50"))
    raw["shipping_lines"].append({"id": 901, "method_title": "Parcel", "total": "0.50", "total_tax": "0.00"})
    raw["fee_lines"] = [{"id": 902, "name": "Gift", "total": "1.00"}, {"id": 903, "name": "Card", "total": "2.00"}]
    raw["total"] = "23.00"
    assert adds_up(read_order(raw))
    assert read_order({**raw, name: dict(zip(keys, raw[name], strict=True))}) == read_order(raw)


def test_amounts_asked_for_exactly_are_the_same_order_as_their_cents():
    raw = raw_order(("TEE-BLK", 1, "10.00"))
    exact = copy.deepcopy(raw)
    exact["line_items"][0] |= {"total": "9.995114", "subtotal": "10.000000"}
    exact["total"], exact["total_tax"] = "15.000000", "0.000000"
    assert read_order(exact) == read_order(raw)


@pytest.mark.parametrize(
    ("total", "evened"),
    [("16.52", True), ("16.53", True), ("16.51", True), ("16.54", False), ("16.50", False), ("17.52", False), ("17.00", False)],
)
def test_more_than_rounding_goes_to_a_person(total, evened):
    for exact in (False, True):
        raw = raw_order(("A", 1, "8.26"), ("B", 1, "8.26"), shipping="0.00")
        raw["total"] = f"{total}0000" if exact else total
        assert adds_up(read_order(raw)) == evened


@pytest.mark.parametrize("shows_whole", [True, False])
def test_a_shop_without_decimals_is_asked_whether_it_rounds_to_whole_units(shows_whole):
    raw = raw_order(("A", 1, "8.26"), ("B", 1, "8.26"), shipping="0.00")
    exact = Manner().write({**raw, "total": "17"}, "6")
    assert adds_up(read_order(exact, shows_whole=lambda: shows_whole)) == shows_whole


def test_round_figures_that_miss_a_round_total_are_no_rounding():
    """In exact amounts of a shop of two decimals, nothing says that whole units were rounded to."""
    raw = raw_order(("A", 1, "10.000000"), ("B", 1, "10.000000"), shipping="0.000000")
    raw["total"] = "21.000000"
    assert not adds_up(read_order(raw))


@pytest.mark.parametrize(
    ("items", "named"),
    [
        ([("1", "99999999999.99999", None)], "total"),
        ([("1", "1", "99999999999.999999")], "subtotal"),
        ([("1", "60000000000", None), ("1", "60000000000", None)], "sum of its lines"),
        ([("1", "-60000000000", "60000000000")], "discount"),
        ([("60000000000", "1", None), ("60000000000", "1", None)], "quantities"),
        ([("0.0001", "90000000", None)], "price of one"),
        ([("99999999999.99999", "1", None)], "quantity"),
        ([("1e11", "1", None)], "quantity"),
    ],
)
def test_sums_and_prices_beyond_the_columns_are_named_before_the_database_sees_them(items, named):
    raw = raw_order(*[("A", 1, "1.00") for _ in items])
    for item, (quantity, total, subtotal) in zip(raw["line_items"], items, strict=True):
        item |= {"quantity": quantity, "total": total, "subtotal": subtotal or total}
    with pytest.raises(UnreadableError, match=named):
        read_order(raw)


def test_the_inner_blanks_of_a_sku_stay():
    raw = raw_order(("TEE  BLK", 1, "19.99"), (" MUG\u2028", 1, "5.00"))
    assert [line.sku for line in read_order(raw).lines] == ["TEE  BLK", "MUG"]
