"""What WooCommerce is told of its items' stock: a hundred at once, each with an answer of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from syncctl.errors import StoreUnavailable
from syncctl.stores.base import Outdated, StockWrite
from syncctl.stores.values import amount_field, identifier, text
from syncctl.stores.woocommerce_http import Client

AT_A_TIME = 100


def put_stock(client: Client, writes: Sequence[StockWrite]) -> dict[int, str | Outdated | None]:
    """See `base.Store.put_stock`."""
    answers: dict[int, str | Outdated | None] = {}
    for parent_id in sorted({write.parent_id for write in writes}):
        mine = [write for write in writes if write.parent_id == parent_id]
        path = f"/products/{parent_id}/variations/batch" if parent_id else "/products/batch"
        for first in range(0, len(mine), AT_A_TIME):
            some = mine[first : first + AT_A_TIME]
            body = {"update": [{"id": write.product_id, "stock_quantity": write.quantity} for write in some]}
            data = client.send("POST", path, body).data
            rows = data.get("update") if isinstance(data, dict) else None
            if not isinstance(rows, list):
                raise StoreUnavailable(f"The store's answer to {path} isn't of these items.", code="not_json")
            answers.update(_answers(some, rows))
    return answers


def _answers(writes: Sequence[StockWrite], rows: Sequence[Any]) -> Iterator[tuple[int, str | None]]:
    """Give what the store says of each item that it was told of; an answer about another is no answer."""
    asked = {write.product_id: write for write in writes}
    for row in rows:
        write = asked.get(identifier(row.get("id")) or 0) if isinstance(row, dict) else None
        if write is None:
            continue
        error = row.get("error")
        if error is not None:
            said = text(error.get("message")) if isinstance(error, dict) else ""
            yield write.product_id, said or "refused without a reason"
        elif row.get("stock_quantity") is None or amount_field(row, "stock_quantity") != write.quantity:
            yield write.product_id, f"its stock is {row.get('stock_quantity')!r} now, and not {write.quantity}"
        else:
            yield write.product_id, None
