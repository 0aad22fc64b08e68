"""What WooCommerce sells, and what it is told of its items' stock."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

from syncctl.errors import UnreadableError
from syncctl.stores.base import Outdated, Product, StockWrite
from syncctl.stores.values import amount_field, amount_if_any, code, shown, text
from syncctl.stores.woocommerce_http import Client
from syncctl.stores.woocommerce_items import put_items
from syncctl.stores.woocommerce_prices import asked_of

log = logging.getLogger(__name__)


def product_of(
    raw: Mapping[str, Any] | None, product_id: int, *, parent: Mapping[str, Any] | None = None, parent_id: int = 0
) -> Product:
    """Read a product, or a variation of a parent. One that can't be read, or not what its stock hangs on, says so."""
    if raw is None:
        return Product.not_read(product_id)
    if odd := _odd_field(raw):
        log.warning("Product %d can't be read and is left as it was known: %s is %s.", product_id, odd, shown(raw.get(odd)))
        return Product.not_read(product_id)
    name, whole = (text(unescape(text(each.get("name")))) for each in (raw, parent or {}))
    if whole:
        name = f"{whole} - {name}" if name and not name.startswith(whole) else (name or whole)
    return Product(
        product_id=product_id,
        parent_id=parent_id,
        sku=code(unescape(code(raw.get("sku")))) or None,  # as an order's line has it
        name=name,
        price=amount_if_any(raw, "price"),
        # "parent" is a variation whose product keeps the stock of all of them.
        stock=amount_if_any(raw, "stock_quantity") if raw.get("manage_stock") is True else None,
        on_backorder=text(raw.get("backorders")) in ("yes", "notify"),
        asked=asked_of(raw),
    )


def _odd_field(raw: Mapping[str, Any]) -> str | None:
    """Return the field of a product that makes no sense, and without which nobody knows what is to be told of it."""
    managed, counted = raw.get("manage_stock"), raw.get("stock_quantity")
    odd = {
        "type": not isinstance(raw.get("type", ""), str),
        "sku": isinstance(raw.get("sku"), dict | list),
        "manage_stock": managed not in (None, "parent") and not isinstance(managed, bool),
        "stock_quantity": managed is True and counted not in (None, "") and amount_if_any(raw, "stock_quantity") is None,
    }
    return next((name for name, is_odd in odd.items() if is_odd), None)


def put_stock(client: Client, writes: Sequence[StockWrite]) -> dict[int, str | Outdated | None]:
    """See `base.Store.put_stock`."""
    return {**put_items(client, writes, lambda write: {"stock_quantity": write.quantity}, _against)}


def _against(write: StockWrite, row: Mapping[str, Any]) -> str | None:
    now = row.get("stock_quantity")
    if now is None:
        return f"the store keeps no stock of it (any more), and was told {write.quantity}"
    try:
        taken = amount_field(row, "stock_quantity") == write.quantity
    except UnreadableError:
        taken = False
    return None if taken else f"its stock is {shown(now)} now, and not {write.quantity}"
