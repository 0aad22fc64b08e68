"""What WooCommerce is told of many items at once: a hundred in a request, each with an answer of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from syncctl.errors import StoreUnavailable
from syncctl.stores.values import identifier, text
from syncctl.stores.woocommerce_http import Client

AT_A_TIME = 100


class _Write(Protocol):
    @property
    def product_id(self) -> int: ...

    @property
    def parent_id(self) -> int: ...


Write = TypeVar("Write", bound=_Write)


def put_items(
    client: Client,
    writes: Sequence[Write],
    fields: Callable[[Write], Mapping[str, Any]],
    against: Callable[[Write, Mapping[str, Any]], str | None],
) -> dict[int, str | None]:
    """Set fields of products and, product by product as WooCommerce takes them, of variations.

    `against` says of an item as it is answered why it isn't as it was told. An item that isn't in the answer isn't in what is
    returned either.

    Raises:
        StoreRefused, StoreUnavailable: no answer of use to the whole of it.
    """
    answers: dict[int, str | None] = {}
    for parent_id in sorted({write.parent_id for write in writes}):
        mine = [write for write in writes if write.parent_id == parent_id]
        path = f"/products/{parent_id}/variations/batch" if parent_id else "/products/batch"
        for first in range(0, len(mine), AT_A_TIME):
            some = {write.product_id: write for write in mine[first : first + AT_A_TIME]}
            body = {"update": [{"id": product_id, **fields(write)} for product_id, write in some.items()]}
            data = client.send("POST", path, body).data
            rows = data.get("update") if isinstance(data, dict) else None
            if not isinstance(rows, list):
                raise StoreUnavailable(f"The store's answer to {path} isn't of these items.", code="not_json")
            for row in rows:
                write = some.get(identifier(row.get("id")) or 0) if isinstance(row, dict) else None
                if write is not None:  # an answer about another is no answer
                    answers[write.product_id] = _refusal(row) or against(write, row)
    return answers


def _refusal(row: Mapping[str, Any]) -> str | None:
    error = row.get("error")
    if error is None:
        return None
    return (text(error.get("message")) if isinstance(error, dict) else "") or "refused without a reason"
