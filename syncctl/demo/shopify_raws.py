"""Orders in Shopify's own shapes, whose amounts agree as Shopify reckons them: made from parts, or from another shop's order.

Amounts are written short ("19.99", or a pair: the shop's money and what the customer saw) and become money when asked for.
What begins with an underscore is the shop's own knowledge, and goes out to nobody.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Raw = dict[str, Any]

ADDRESS = {
    "firstName": "Ada",
    "lastName": "Lovelace",
    "company": None,
    "address1": "1 Analytical Row",
    "address2": "Floor 2",
    "city": "London",
    "province": "England",
    "provinceCode": "ENG",
    "zip": "W1 1AA",
    "country": "United Kingdom",
    "countryCodeV2": "GB",
    "phone": "+44 20 7946 0000",
}
_COUNTRIES = {"US": "United States", "DE": "Germany", "GB": "United Kingdom", "FR": "France"}
_STATUSES = {
    "processing": ("PAID", "UNFULFILLED"),
    "completed": ("PAID", "FULFILLED"),
    "on-hold": ("PENDING", "UNFULFILLED"),
    "pending": ("PENDING", "UNFULFILLED"),
    "cancelled": ("VOIDED", "UNFULFILLED"),
}
"""The other shop's statuses → financial and fulfilment status."""
_EURO = Decimal("0.92")


def cents(amount: Decimal) -> Decimal:
    """Round to cents, half up."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def line(
    sku: str | None = "TEE-BLK",
    quantity: int = 1,
    price: str = "19.99",
    *,
    number: int = 0,
    current: int | None = None,
    discount: str = "0",
    rate: str = "0",
    included: bool = False,
    **more: Any,
) -> Raw:
    """A line of `quantity`, of which `current` are left; `discount` is for the whole quantity, `rate` in per cent."""
    raw = {
        "__typename": "LineItem",
        "_number": number,
        "_rate": rate,
        "_included": included,
        "name": f"Item {sku}",
        "sku": sku,
        "quantity": quantity,
        "currentQuantity": quantity if current is None else current,
        "isGiftCard": False,
        "originalUnitPriceSet": price,
        "discountAllocations": [{"allocatedAmountSet": discount}] if Decimal(discount) else [],
        "variant": {"id": f"gid://shopify/ProductVariant/{900 + number}"},
        "product": {"id": f"gid://shopify/Product/{800 + number}"},
        "lineItemGroup": None,
    }
    reckon_line(raw)
    return raw | more


def reckon_line(raw: Raw) -> None:
    """Work out a line's amounts: its taxes are of all that was ordered, its price after discounts of what is left."""
    ordered, left = raw["quantity"], raw["currentQuantity"]
    part = Decimal(left) / ordered if ordered else Decimal(0)
    share, included = Decimal(raw["_rate"]) / 100, raw["_included"]
    discount = sum((Decimal(each["allocatedAmountSet"]) for each in raw["discountAllocations"]), Decimal(0))
    price = Decimal(raw["originalUnitPriceSet"])
    before = price * ordered - discount
    tax = cents(before * share / (1 + share)) if included else cents(before * share)
    now, now_tax = cents(price * left - discount * part), cents(tax * part)
    raw["priceAfterAllDiscountsBeforeTaxesSet"] = str(now - now_tax if included else now)
    raw["taxLines"] = [{"ratePercentage": float(raw["_rate"]), "priceSet": str(tax)}] if tax else []
    raw["_now"], raw["_now_tax"] = now, now_tax


def shipping(
    price: str = "5.00", *, title: str = "Standard", tax: str = "0", removed: bool = False, current: str | None = None
) -> Raw:
    """A shipping line; `current` is what is left of its price."""
    return {
        "title": title,
        "isRemoved": removed,
        "discountedPriceSet": price,
        "currentDiscountedPriceSet": ("0.00" if removed else price) if current is None else current,
        "taxLines": [{"priceSet": tax}] if Decimal(tax) else [],
    }


def order(
    *lines: Raw,
    number: int = 1,
    shipping_lines: tuple[Raw, ...] = (),
    included: bool = False,
    total: str | None = None,
    tax: str | None = None,
    extra: str = "0",
    **fields: Any,
) -> Raw:
    """An order; its total is that of its lines, shipping and tax, and `extra`, unless it is given."""
    created = fields.pop("createdAt", "2026-11-20T10:00:00Z")
    raw = {
        "__typename": "Order",
        "_extra": extra,
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{1000 + number}",
        "createdAt": created,
        "updatedAt": created,
        "cancelledAt": None,
        "test": False,
        "confirmed": True,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "currencyCode": "GBP",
        "presentmentCurrencyCode": "GBP",
        "taxesIncluded": included,
        "dutiesIncluded": False,
        "returnStatus": "NO_RETURN",
        "note": None,
        "poNumber": None,
        "email": "ada@example.test",
        "phone": None,
        "discountCodes": [],
        "paymentGatewayNames": ["shopify_payments"],
        "customer": {"id": "gid://shopify/Customer/5"},
        "purchasingEntity": None,
        "billingAddress": dict(ADDRESS),
        "shippingAddress": dict(ADDRESS),
        "currentTotalDutiesSet": None,
        "currentTotalAdditionalFeesSet": None,
        "totalTipReceivedSet": "0.00",
        "totalRefundedSet": "0.00",
        "refundDiscrepancySet": "0.00",
        "totalCashRoundingAdjustment": {"paymentSet": "0.00", "refundSet": "0.00"},
        "additionalFees": [],
        "shippingLines": list(shipping_lines),
        "lineItems": list(lines or (line(),)),
        "tags": [],
        "metafields": {},
        "fulfillmentOrders": [{"id": f"gid://shopify/FulfillmentOrder/{number}", "status": "OPEN"}],
    }
    for each in raw["lineItems"]:
        give_id(raw, each)
    reckon(raw, total=total, tax=tax)
    return raw | fields


def give_id(raw: Raw, item: Raw) -> int:
    """Give a new line of an order its id, the one that it names or the next; returns it."""
    number = int(raw["id"].rpartition("/")[2])
    held = [int(each["id"].rpartition("/")[2]) for each in raw["lineItems"] if "id" in each]
    line_id = int(item.pop("_number", 0) or max([number * 1000, *held]) + 1)
    item["id"] = f"gid://shopify/LineItem/{line_id}"
    return line_id


def reckon(raw: Raw, *, total: str | None = None, tax: str | None = None) -> None:
    """Work out an order's totals from its lines, shipping and fees, after an edit for example."""
    for each in raw["lineItems"]:
        if "_now" not in each:
            reckon_line(each)
    shipped = raw["shippingLines"]
    fees = _sum([fee["price"] for fee in raw["additionalFees"]])
    taxes = [each["_now_tax"] for each in raw["lineItems"]]
    taxes += [_left_of_tax(each) for each in shipped]
    taxes += [item["priceSet"] for fee in raw["additionalFees"] for item in fee["taxLines"]]
    all_tax = _sum(taxes) if tax is None else Decimal(tax)
    goods = _sum([each["_now"] for each in raw["lineItems"]]) + _sum([each["currentDiscountedPriceSet"] for each in shipped])
    reckoned = cents(goods + fees + (0 if raw["taxesIncluded"] else all_tax) + Decimal(raw["_extra"]))
    shown = raw.get("_shown_rate")
    raw["currentTotalPriceSet"] = total or (str(reckoned) if shown is None else (str(reckoned), str(cents(reckoned * shown))))
    raw["currentTotalTaxSet"] = str(cents(all_tax))
    raw["currentTaxLines"] = [{"title": "VAT", "ratePercentage": 20.0, "priceSet": str(cents(all_tax))}] if all_tax else []
    if fees:
        raw["currentTotalAdditionalFeesSet"] = str(fees)


def total_of(raw: Raw) -> Decimal:
    """Return what an order comes to now in the shop's money, refunds of an amount taken off."""
    told = raw["currentTotalPriceSet"]
    return Decimal(told[0] if isinstance(told, tuple) else told) + Decimal(raw["refundDiscrepancySet"])


def like_woocommerce(woo: Raw) -> Raw:
    """Make the same order as one of a WooCommerce shop's: the same people, items, discounts, taxes and shipping.

    What Shopify has no word for is said in its own: a rebate is a discount, an order whose payment isn't begun is unconfirmed,
    one in another currency is booked in the shop's.
    """
    rate = str(sum((Decimal(str(each["rate_percent"])) for each in woo["tax_lines"]), Decimal(0)))
    lines = [_like_line(each, rate) for each in woo["line_items"]]
    fees = [each for each in woo["fee_lines"] if Decimal(each["total"]) > 0]
    for rebate in (each for each in woo["fee_lines"] if Decimal(each["total"]) < 0):
        dearest = max(lines, key=lambda each: Decimal(each["priceAfterAllDiscountsBeforeTaxesSet"]))
        dearest["discountAllocations"].append({"allocatedAmountSet": str(-Decimal(rebate["total"]))})
        reckon_line(dearest)
    financial, fulfilment = _STATUSES[woo["status"]]
    moment = f"{woo['date_created_gmt']}Z"
    is_euro = woo["currency"] == "EUR"
    raw = order(
        *lines,
        number=woo["id"],
        name=f"#{woo['number']}",
        shipping_lines=tuple(
            shipping(each["total"], title=each["method_title"], tax=each["total_tax"]) for each in woo["shipping_lines"]
        ),
        createdAt=moment,
        displayFinancialStatus=financial,
        displayFulfillmentStatus=fulfilment,
        confirmed=woo["status"] != "pending",
        cancelledAt=moment if woo["status"] == "cancelled" else None,
        currencyCode="USD",
        presentmentCurrencyCode="EUR" if is_euro else "USD",
        _shown_rate=_EURO if is_euro else None,
        note=woo["customer_note"] or None,
        email=woo["billing"]["email"],
        discountCodes=[each["code"] for each in woo["coupon_lines"]],
        paymentGatewayNames=[woo["payment_method"]],
        customer={"id": f"gid://shopify/Customer/{woo['customer_id']}"} if woo["customer_id"] else None,
        billingAddress=_like_address(woo["billing"]),
        shippingAddress=_like_address(woo["shipping"]),
    )
    raw["additionalFees"] = [
        {"name": each["name"], "price": each["total"], "taxLines": [{"priceSet": each["total_tax"]}]} for each in fees
    ]
    reckon(raw)
    return raw


ITEMS_FROM = 50_000
"""The number of a variant's inventory item is its own and this."""


def variants_like(products: list[Raw]) -> list[Raw]:
    """Make the variants of the same products."""
    found = []
    for each in products:
        for variation in each["variations"] or [each]:
            tracked = bool(variation["manage_stock"])
            name = variation["name"].removeprefix(f"{each['name']} - ") if each["variations"] else "Default Title"
            found.append(
                {
                    "id": f"gid://shopify/ProductVariant/{variation['id']}",
                    "sku": variation["sku"],
                    "title": name,
                    "price": variation["price"],
                    "compareAtPrice": None,
                    "inventoryQuantity": variation["stock_quantity"] or 0,
                    "inventoryPolicy": "DENY" if variation.get("backorders", "no") == "no" else "CONTINUE",
                    "product": {"id": f"gid://shopify/Product/{each['id']}", "title": each["name"]},
                    "inventoryItem": {
                        "__typename": "InventoryItem",
                        "id": f"gid://shopify/InventoryItem/{ITEMS_FROM + variation['id']}",
                        "tracked": tracked,
                    },
                }
            )
    return found


def customers_like(customers: list[Raw]) -> list[Raw]:
    """Make the same customers."""
    return [
        {
            "id": f"gid://shopify/Customer/{each['id']}",
            "firstName": each["first_name"],
            "lastName": each["last_name"],
            "createdAt": f"{each['date_created_gmt']}Z",
            "updatedAt": f"{each['date_created_gmt']}Z",
            "numberOfOrders": "1",
            "defaultEmailAddress": {"emailAddress": each["email"]},
            "defaultAddress": _like_address(each["billing"]),
        }
        for each in customers
    ]


def _like_line(woo: Raw, rate: str) -> Raw:
    """A line of nothing is one that was taken off again."""
    ordered = max(1, woo["quantity"])
    before, after = Decimal(woo["subtotal"]), Decimal(woo["total"])
    made = line(
        woo["sku"],
        ordered,
        str(before / ordered),
        number=woo["id"],
        current=woo["quantity"],
        discount=str(before - after),
        rate=rate,
        name=woo["name"],
    )
    made["variant"] = {"id": f"gid://shopify/ProductVariant/{woo['variation_id'] or woo['product_id']}"}
    made["product"] = {"id": f"gid://shopify/Product/{woo['product_id']}"}
    return made


def _like_address(woo: Raw) -> Raw:
    return {
        "firstName": woo["first_name"],
        "lastName": woo["last_name"],
        "company": woo["company"] or None,
        "address1": woo["address_1"],
        "address2": woo["address_2"] or None,
        "city": woo["city"],
        "province": woo["state"] or None,
        "provinceCode": woo["state"] or None,
        "zip": woo["postcode"],
        "country": _COUNTRIES.get(woo["country"], woo["country"]),
        "countryCodeV2": woo["country"],
        "phone": woo["phone"],
    }


def _left_of_tax(item: Raw) -> Decimal:
    """Return the tax on what is left of a shipping line."""
    full, left = Decimal(item["discountedPriceSet"]), Decimal(item["currentDiscountedPriceSet"])
    taxes = _sum([each["priceSet"] for each in item["taxLines"]])
    return cents(taxes * left / full) if full else taxes


def _sum(amounts: list[Any]) -> Decimal:
    return sum((Decimal(amount) for amount in amounts), Decimal(0))
