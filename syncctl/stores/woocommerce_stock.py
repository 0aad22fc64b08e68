"""What WooCommerce is told of its items' stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from syncctl.errors import UnreadableError
from syncctl.stores.base import Outdated, StockWrite
from syncctl.stores.values import amount_field, shown
from syncctl.stores.woocommerce_http import Client
from syncctl.stores.woocommerce_items import put_items


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
