"""Shopify's orders as ours: each field, and sums to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from graphql import execute_sync, parse

from syncctl.errors import UnreadableError
from syncctl.models import Order
from syncctl.stores.shopify_notes import appended, ours, without_ours
from syncctl.stores.shopify_operations import whole_orders
from syncctl.stores.shopify_orders import read_order
from syncctl.stores.shopify_statuses import StatusRules, meaning_in, meaning_of, status_of
from tests.shopify_orders import line, order, shipping
from tests.shopify_shop import SimulatedShopify, schema

NOW = "2026-10"


@pytest.fixture(scope="module")
def shop():
    with SimulatedShopify() as made:
        yield made


def read(shop: SimulatedShopify, raw: dict[str, Any], version: str = NOW, rules: StatusRules | None = None) -> Order:
    """Read an order as the version's own query gives it."""
    shop.orders = {}
    shop.load([raw])
    done = execute_sync(
        schema(version),
        parse(whole_orders(version).text),
        shop.root(),
        variable_values={"ids": [raw["id"]], "lines": 50, "shipping": 50},
        field_resolver=shop.resolve,
    )
    assert done.errors is None
    assert done.data is not None
    [node] = done.data["nodes"]
    made = read_order(node, rules or StatusRules())
    assert sums(made) == made.total
    return made


def sums(made: Order) -> Decimal:
    return sum((each.total for each in made.lines), Decimal(0)) + sum((each.amount for each in made.charges), made.tax)


def charges(made: Order) -> dict[str, str]:
    return {each.description: str(each.amount) for each in made.charges}


@pytest.mark.parametrize("version", ["2026-04", "2026-10"])
def test_what_is_left_of_a_line_is_booked_net_of_all_discounts(shop: SimulatedShopify, version: str):
    made = read(shop, order(line(quantity=4, current=3, price="25.00", discount="10.00", rate="20", number=77)), version)
    [got] = made.lines
    assert (got.line_id, got.sku, got.quantity) == (77, "TEE-BLK", 3)
    assert (got.subtotal, got.total, got.tax) == (Decimal("75.00"), Decimal("67.50"), Decimal("13.50"))
    assert (made.discount, made.tax, made.total) == (Decimal("7.50"), Decimal("13.50"), Decimal("81.00"))


@pytest.mark.parametrize("version", ["2026-04", "2026-10"])
def test_prices_that_hold_their_tax_are_booked_without_it(shop: SimulatedShopify, version: str):
    raw = order(
        line(quantity=3, price="19.99", rate="20", included=True),
        line("MUG", 1, "8.00", discount="1.00", rate="20", included=True),
        included=True,
        shipping_lines=(shipping("6.00", tax="1.00"),),
    )
    made = read(shop, raw, version)
    assert [(each.subtotal, each.total, each.tax) for each in made.lines] == [
        (Decimal("49.97"), Decimal("49.97"), Decimal("10.00")),
        (Decimal("6.67"), Decimal("5.83"), Decimal("1.17")),
    ]
    assert charges(made) == {"Standard": "5.00"}
    assert (made.tax, made.total) == (Decimal("12.17"), Decimal("72.97"))


def test_a_line_that_was_removed_or_returned_whole_is_left_out(shop: SimulatedShopify):
    made = read(shop, order(line(number=1), line("MUG", 2, "8.00", current=0, number=2)))
    assert [each.line_id for each in made.lines] == [1]
    assert made.total == Decimal("19.99")


def test_shipping_lines_count_as_they_are_now_and_removed_ones_not_at_all(shop: SimulatedShopify):
    raw = order(
        shipping_lines=(
            shipping("5.00", title="Standard", removed=True),
            shipping("9.00", title="Express", current="4.50", tax="0.90"),
        ),
        tax="0.45",
    )
    made = read(shop, raw)
    [charge] = made.charges
    assert (charge.kind, charge.description, charge.amount, charge.tax) == (
        "shipping",
        "Express",
        Decimal("4.50"),
        Decimal("0.45"),
    )
    assert made.shipping_method == "Express"


def test_duties_fees_tips_and_cash_rounding_are_charges_of_their_own(shop: SimulatedShopify):
    raw = order(
        currentTotalDutiesSet="12.34",
        currentTotalAdditionalFeesSet="3.00",
        additionalFees=[{"name": "Bottle deposit", "price": "3.00", "taxLines": []}],
        totalTipReceivedSet="2.00",
        totalCashRoundingAdjustment={"paymentSet": "-0.03", "refundSet": "0.00"},
        extra="17.34",
    )
    made = read(shop, raw)
    assert charges(made) == {"Duties": "12.34", "Bottle deposit": "3.00", "Tip": "2.00", "Cash rounding": "-0.03"}
    assert made.total == Decimal("37.30")


def test_duties_that_prices_hold_are_not_counted_twice(shop: SimulatedShopify):
    assert read(shop, order(currentTotalDutiesSet="12.34", dutiesIncluded=True)).total == Decimal("19.99")


def test_fees_that_were_partly_given_back_count_as_they_are_now(shop: SimulatedShopify):
    raw = order(
        currentTotalAdditionalFeesSet="1.00",
        additionalFees=[{"name": "Deposit", "price": "3.00", "taxLines": []}],
        extra="1.00",
    )
    assert charges(read(shop, raw)) == {"Additional fees": "1.00"}


@pytest.mark.parametrize("held", [True, False], ids=["in the order's tax", "beside it"])
def test_the_tax_of_shipping_counts_once_whether_the_orders_tax_holds_it_or_not(shop: SimulatedShopify, held: bool):
    raw = order(line(rate="20"), shipping_lines=(shipping("5.00", tax="1.00"),), tax="5.00" if held else "4.00", total="29.99")
    assert read(shop, raw).tax == Decimal("5.00")


def test_a_cent_that_a_tax_in_the_price_leaves_is_a_rounding_charge(shop: SimulatedShopify):
    raw = order(line(quantity=3, price="19.99", rate="20", included=True), included=True)
    raw["lineItems"][0]["priceAfterAllDiscountsBeforeTaxesSet"] = "49.98"
    made = read(shop, raw)
    assert (charges(made), made.total) == ({"Rounding": "-0.01"}, Decimal("59.97"))


def test_a_tip_that_stands_among_the_lines_is_counted_once(shop: SimulatedShopify):
    tip = line(None, 1, "2.00", variant=None, product=None, name="Tip")
    made = read(shop, order(line(), tip, totalTipReceivedSet="2.00"))
    assert len(made.lines) == 1
    assert (charges(made), made.total) == ({"Tip": "2.00"}, Decimal("21.99"))


@pytest.mark.parametrize("held", [True, False], ids=["in Shopify's total", "beside it"])
@pytest.mark.parametrize(("discrepancy", "told"), [("-5.00", {"Refund": "-5.00"}), ("1.50", {"Kept of a refund": "1.50"})])
def test_a_refund_of_an_amount_lowers_the_total_whether_shopify_counts_it_or_not(
    shop: SimulatedShopify, discrepancy: str, told: dict[str, str], held: bool
):
    raw = order(
        displayFinancialStatus="PARTIALLY_REFUNDED",
        totalRefundedSet="5.00",
        refundDiscrepancySet=discrepancy,
        extra=discrepancy if held else "0",
    )
    made = read(shop, raw)
    assert charges(made) == told
    assert made.total == Decimal("19.99") + Decimal(discrepancy)


def test_an_order_that_was_refunded_to_the_last_cent_is_dead(shop: SimulatedShopify):
    made = read(shop, order(line(current=0), displayFinancialStatus="REFUNDED", totalRefundedSet="19.99"))
    assert (made.total, made.fully_refunded, made.meaning) == (Decimal("0.00"), True, "dead")


def test_amounts_that_do_not_come_to_the_stores_total_are_for_a_person(shop: SimulatedShopify):
    with pytest.raises(UnreadableError, match=r"come to 19\.99 .* the store's total is 20\.99"):
        read(shop, order(total="20.99"))


def test_what_rounding_leaves_is_a_charge_only_where_something_was_reckoned(shop: SimulatedShopify):
    raw = order(
        line(quantity=3, current=2, price="3.33", discount="1.00"), total="6.00"
    )  # two thirds of the discount: 0.666…, so that 5.99 are left
    assert charges(read(shop, raw, "2026-04")) == {"Rounding": "0.01"}
    with pytest.raises(UnreadableError):
        read(shop, raw)


def test_a_rounded_cash_refund_is_for_a_person(shop: SimulatedShopify):
    with pytest.raises(UnreadableError, match="refund in cash was rounded"):
        read(shop, order(totalCashRoundingAdjustment={"paymentSet": "0.00", "refundSet": "0.02"}))


def test_the_shops_money_is_booked_and_the_customers_noted(shop: SimulatedShopify):
    raw = order(presentmentCurrencyCode="EUR", currentTotalPriceSet=("19.99", "23.10"))
    made = read(shop, raw)
    assert (made.currency, made.total) == ("GBP", Decimal("19.99"))
    assert made.payment_title == "shopify_payments (23.10 EUR)"


def test_bundles_and_gift_cards_are_named(shop: SimulatedShopify):
    card = line("GIFT", 1, "50.00", isGiftCard=True, number=9)
    part = line("MUG", 1, "8.00", lineItemGroup={"title": "Breakfast set"}, number=8)
    made = read(shop, order(card, part))
    assert [each.name for each in made.lines] == ["Item GIFT", "Item MUG (Breakfast set)"]
    assert made.warnings[0].startswith("Line 9 sells a gift card")


def test_a_company_that_buys_gives_its_name_and_its_own_order_number(shop: SimulatedShopify):
    buyer = {"__typename": "PurchasingCompany", "company": {"name": "Babbage Ltd"}, "location": {"name": "Works"}}
    made = read(shop, order(purchasingEntity=buyer, poNumber="PO-7", note="Ring twice"))
    assert (made.billing.company, made.shipping.company) == ("Babbage Ltd - Works", "Babbage Ltd - Works")
    assert made.customer_note == "Ring twice\nPO number: PO-7"


def test_names_addresses_and_codes_arrive_whole(shop: SimulatedShopify):
    raw = order(
        number=450789469,
        phone="+33 1",
        discountCodes=["SUMMER"],
        billingAddress=None,
        paymentGatewayNames=["gift_card", "paypal"],
    )
    made = read(shop, raw)
    assert (made.order_id, made.number, made.customer_id, made.email) == (450789469, "450790469", 5, "ada@example.test")
    assert (made.shipping.address_1, made.shipping.state, made.shipping.country) == ("1 Analytical Row", "ENG", "GB")
    assert (made.billing.last_name, made.billing.email) == ("Lovelace", "ada@example.test")
    assert (made.coupons, made.payment_method) == (("SUMMER",), "gift_card, paypal")
    assert [(tax.rate, tax.amount) for tax in read(shop, order(line(rate="20"))).taxes] == [("VAT 20%", Decimal("4.00"))]


@pytest.mark.parametrize(
    ("changed", "status", "meaning"),
    [
        ({}, "paid", "ready"),
        ({"displayFinancialStatus": "AUTHORIZED"}, "authorized", "ready"),
        ({"displayFinancialStatus": "PARTIALLY_PAID"}, "partially_paid", "ready"),
        ({"displayFinancialStatus": "PARTIALLY_REFUNDED"}, "partially_refunded", "ready"),
        ({"displayFinancialStatus": "PENDING"}, "pending", "unpaid"),
        ({"displayFinancialStatus": "EXPIRED"}, "expired", "unpaid"),
        ({"displayFinancialStatus": "VOIDED"}, "voided", "unpaid"),
        ({"displayFinancialStatus": "REFUNDED"}, "refunded", "dead"),
        ({"displayFinancialStatus": None}, "unknown", "unknown"),
        ({"displayFulfillmentStatus": "FULFILLED"}, "paid", "done"),
        ({"displayFulfillmentStatus": "FULFILLED", "displayFinancialStatus": "PENDING"}, "pending", "done"),
        ({"displayFulfillmentStatus": "ON_HOLD"}, "on_hold", "held"),
        ({"displayFulfillmentStatus": "ON_HOLD", "displayFinancialStatus": "PENDING"}, "pending", "unpaid"),
        ({"cancelledAt": "2026-11-20T11:00:00Z"}, "cancelled", "dead"),
        ({"test": True}, "test", "unknown"),
        ({"confirmed": False}, "unconfirmed", "unknown"),
    ],
)
def test_statuses_by_what_they_mean(changed: dict[str, Any], status: str, meaning: str):
    raw = order(**changed)
    assert (status_of(raw, StatusRules()), meaning_in(raw, StatusRules())) == (status, meaning)


def test_test_and_unconfirmed_orders_are_taken_where_that_is_set():
    rules = StatusRules(test_orders=True, unconfirmed_orders=True)
    assert status_of(order(test=True, confirmed=False), rules) == "paid"


def test_only_that_it_was_sent_out_is_ever_told_and_only_where_allowed():
    assert [meaning_of(word, fulfils=True) for word in ("completed", "fulfilled", "cancelled", "paid")] == [
        "done",
        "done",
        "unknown",
        "unknown",
    ]
    assert meaning_of("completed", fulfils=False) == "unknown"


def test_our_lines_stand_behind_the_note_and_are_told_from_it():
    note = appended("Ring twice\r\nthen wait", "Order created in the ERP.\nNumber 7")
    assert note is not None
    note = appended(note, "Order shipped.")
    assert note is not None
    assert note.startswith("Ring twice\r\nthen wait\n")
    assert ours(note) == ["Order shipped.", "Order created in the ERP.\nNumber 7"]
    assert without_ours(note) == "Ring twice\nthen wait"
    assert (ours(None), without_ours(None)) == ([], "")
    assert appended("x" * 4990, "too long") is None


@pytest.mark.parametrize("odd", [None, 0, 5, True, "", "x", [], {}, [None], [[]], {"a": 1}, 10**30])
@pytest.mark.parametrize(
    "name", ["returnStatus", "discountCodes", "paymentGatewayNames", "currentTaxLines", "ratePercentage", "note"]
)
def test_a_field_of_another_kind_is_read_or_refused_in_words(name: str, odd: object):
    raw: dict[str, Any] = {
        "id": "gid://shopify/Order/1",
        "createdAt": "2026-11-20T10:00:00Z",
        "updatedAt": "2026-11-20T10:00:00Z",
        "lineItems": {"nodes": []},
        "shippingLines": {"nodes": []},
        "currentTaxLines": [{"title": "VAT", "ratePercentage": 20.0}],
    }
    assert read_order(raw, StatusRules()).total == 0
    raw |= {"currentTaxLines": [{"title": "VAT", "ratePercentage": odd}]} if name == "ratePercentage" else {name: odd}
    try:
        assert read_order(raw, StatusRules()).total == 0
    except UnreadableError as error:
        assert name in str(error)
