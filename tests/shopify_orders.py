"""Orders in Shopify's own shapes, whose amounts agree as Shopify reckons them."""

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


def cents(amount: Decimal) -> Decimal:
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
    left = quantity if current is None else current
    part = Decimal(left) / quantity
    share = Decimal(rate) / 100

    def tax_of(gross: Decimal) -> Decimal:
        return cents(gross * share / (1 + share)) if included else cents(gross * share)

    before = Decimal(price) * quantity - Decimal(discount)
    now = cents(Decimal(price) * left - Decimal(discount) * part)
    tax = tax_of(before)
    now_tax = cents(tax * part)
    return {
        "__typename": "LineItem",
        "number": number,
        "name": f"Item {sku}",
        "sku": sku,
        "quantity": quantity,
        "currentQuantity": left,
        "isGiftCard": False,
        "originalUnitPriceSet": price,
        "priceAfterAllDiscountsBeforeTaxesSet": str(now - now_tax if included else now),
        "discountAllocations": [{"allocatedAmountSet": discount}] if Decimal(discount) else [],
        "taxLines": [{"ratePercentage": float(rate), "priceSet": str(tax)}] if tax else [],
        "variant": {"id": f"gid://shopify/ProductVariant/{900 + number}"},
        "product": {"id": f"gid://shopify/Product/{800 + number}"},
        "lineItemGroup": None,
        "now": now,
        "now_tax": now_tax,
        **more,
    }


def shipping(
    price: str = "5.00", *, title: str = "Standard", tax: str = "0", removed: bool = False, current: str | None = None
) -> Raw:
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
    lines = lines or (line(),)
    for place, each in enumerate(lines, start=1):
        each["id"] = f"gid://shopify/LineItem/{each.pop('number') or number * 1000 + place}"
    shipped = sum((Decimal(each["currentDiscountedPriceSet"]) for each in shipping_lines), Decimal(0))
    shipping_tax = sum((Decimal(item["priceSet"]) for each in shipping_lines for item in each["taxLines"]), Decimal(0))
    all_tax = Decimal(tax) if tax is not None else sum((each["now_tax"] for each in lines), Decimal(0)) + shipping_tax
    goods = sum((each["now"] for each in lines), Decimal(0))
    reckoned = goods + shipped + (0 if included else all_tax) + Decimal(extra)
    created = fields.pop("createdAt", "2026-11-20T10:00:00Z")
    return {
        "__typename": "Order",
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
        "currentTotalPriceSet": total or str(cents(reckoned)),
        "currentTotalTaxSet": str(cents(all_tax)),
        "currentTotalDutiesSet": None,
        "currentTotalAdditionalFeesSet": None,
        "totalTipReceivedSet": "0.00",
        "totalRefundedSet": "0.00",
        "refundDiscrepancySet": "0.00",
        "totalCashRoundingAdjustment": {"paymentSet": "0.00", "refundSet": "0.00"},
        "currentTaxLines": [{"title": "VAT", "ratePercentage": 20.0, "priceSet": str(cents(all_tax))}] if all_tax else [],
        "additionalFees": [],
        "shippingLines": list(shipping_lines),
        "lineItems": list(lines),
        "tags": [],
        "metafields": {},
        "fulfillmentOrders": [{"id": f"gid://shopify/FulfillmentOrder/{number}", "status": "OPEN"}],
        **fields,
    }
