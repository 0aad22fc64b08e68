"""What happens to a product of the simulated shop that is changed through the API, and to its sale as time goes by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from syncctl.demo.store_state import Raw

_PRICES = ("regular_price", "sale_price")
_DATES = ("date_on_sale_from_gmt", "date_on_sale_to_gmt")
_BOUND = ("variable", "grouped")
"""Kinds of products that have no price of their own."""


def put(product: Raw, row: Raw, now: datetime) -> None:
    """Change what WooCommerce changes of it. A date that is null is left as it is, an empty one is taken away."""
    if product.get("manage_stock") is True and "stock_quantity" in row:  # else WooCommerce takes the number and forgets it
        product["stock_quantity"] = row["stock_quantity"]
    for name in _PRICES:
        if name in row:
            product[name] = "" if product.get("type") in _BOUND else _decimal_text(row[name])
    for name in _DATES:
        if row.get(name) is not None:
            product[name] = _date(row[name])
    if any(name in row for name in _PRICES):
        keep_sale([product], now)


def keep_sale(products: Iterable[Raw], now: datetime) -> None:
    """Do what the shop's own clockwork does: begin sales and forget when they began, end those that are over."""
    for product in products:
        begins, ends = (_moment(product.get(name)) for name in _DATES)
        if ends is not None and ends <= now:
            product |= {"sale_price": "", _DATES[0]: None, _DATES[1]: None}
        elif begins is not None and begins <= now:
            product[_DATES[0]] = None
        if "regular_price" in product and product.get("type") not in _BOUND:
            on_sale = bool(product.get("sale_price")) and (begins is None or begins <= now)
            product["price"] = product["sale_price"] if on_sale else product["regular_price"]


def _decimal_text(value: Any) -> str:
    """Write an amount as `wc_format_decimal` does: what is none is nothing."""
    try:
        return format(Decimal(str(value)), "f") if value not in (None, "") else ""
    except InvalidOperation:
        return ""


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if value else None


def _date(value: Any) -> str | None:
    moment = _moment(value)
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S")
