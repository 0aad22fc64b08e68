"""Orders in WooCommerce's own shape, made for a test."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from syncctl.demo.store_edits import line_item, recalculate

ADDRESS = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "company": "",
    "address_1": "12 St James's Square",
    "address_2": "",
    "city": "London",
    "state": "",
    "postcode": "SW1Y 4JH",
    "country": "GB",
    "phone": "+44 20 0000",
}


def raw_order(
    *lines: tuple[str | None, int, str], status: str = "processing", shipping: str = "5.00", **more: Any
) -> dict[str, Any]:
    """An order of lines (SKU, quantity, unit price) with one shipping line; totals follow."""
    items = [
        line_item(
            100 + number, sku=sku, name=f"Item {sku}", quantity=quantity, total=Decimal(price) * quantity, tax=Decimal("0.00")
        )
        for number, (sku, quantity, price) in enumerate(lines or (("TEE-BLK", 1, "19.99"),))
    ]
    raw: dict[str, Any] = {
        "id": 1,
        "number": "1",
        "status": status,
        "currency": "USD",
        "date_created_gmt": "2026-11-20T11:00:00",
        "date_created": "2026-11-20T06:00:00",
        "date_modified_gmt": "2026-11-20T11:00:00",
        "date_modified": "2026-11-20T06:00:00",
        "customer_id": 5,
        "billing": {**ADDRESS, "email": "ada@example.test"},
        "shipping": dict(ADDRESS),
        "payment_method": "stripe",
        "payment_method_title": "Credit card",
        "transaction_id": "",
        "customer_note": "",
        "line_items": items,
        "shipping_lines": [{"id": 900, "method_title": "Flat rate", "total": shipping, "total_tax": "0.00"}],
        "fee_lines": [],
        "coupon_lines": [],
        "tax_lines": [],
        "refunds": [],
        "meta_data": [],
        **more,
    }
    recalculate(raw)
    return raw
