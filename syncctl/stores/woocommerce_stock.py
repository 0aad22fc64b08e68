"""What WooCommerce is told of its items' stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from syncctl.stores.base import Outdated, StockWrite
from syncctl.stores.values import amount_field
from syncctl.stores.woocommerce_http import Client
from syncctl.stores.woocommerce_items import put_items


def put_stock(client: Client, writes: Sequence[StockWrite]) -> dict[int, str | Outdated | None]:
    """See `base.Store.put_stock`."""
    return {**put_items(client, writes, lambda write: {"stock_quantity": write.quantity}, _against)}


def _against(write: StockWrite, row: Mapping[str, Any]) -> str | None:
    if row.get("stock_quantity") is None or amount_field(row, "stock_quantity") != write.quantity:
        return f"its stock is {row.get('stock_quantity')!r} now, and not {write.quantity}"
    return None
