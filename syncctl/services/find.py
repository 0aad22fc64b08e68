"""Find staged orders by what people call them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from syncctl.db.contract import Database, ListStagedOrders, StagedOrder
from syncctl.errors import NotFound

_PAGE = 500


def each_staged_order(database: Database, *, states: str | None = None, store_id: str | None = None) -> Iterator[StagedOrder]:
    """Give staged orders one by one, by staging id; memory does not grow with their number."""
    after = 0
    while True:
        page = database.run(ListStagedOrders(store_id=store_id, states=states, after_id=after, batch_size=_PAGE))
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].staging_id


def staged_orders(database: Database, staging_ids: Sequence[int], *, states: str | None = None) -> list[StagedOrder]:
    """Return the orders with these staging ids; all in `states` where none is named.

    Raises:
        NotFound: one of the ids doesn't exist.
    """
    if not staging_ids:
        return list(each_staged_order(database, states=states))
    found: list[StagedOrder] = []
    missing: list[str] = []
    for staging_id in staging_ids:
        rows = database.run(ListStagedOrders(staging_id=staging_id))
        found += rows
        if not rows:
            missing.append(str(staging_id))
    if missing:
        raise NotFound(
            f"No staged order has the staging id {', '.join(missing)}. "
            "`syncctl trace ORDER` finds the staging id of an order number; nothing was changed."
        )
    return found


def latest(rows: Sequence[StagedOrder], reference: str) -> StagedOrder | None:
    """Return the row that counts among those found for an order number or store id: by number first, the newest of those."""
    by_number = [row for row in rows if row.woo_order_no == reference] or list(rows)
    live = [row for row in by_number if row.duplicate_of_id is None] or by_number
    return live[-1] if live else None


def by_order_number(database: Database, order: str, *, store_id: str) -> StagedOrder:
    """Return the staged order with this order number (or store id).

    Raises:
        NotFound: the order was never seen.
    """
    found = latest(database.run(ListStagedOrders(store_id=store_id, order_ref=order)), order)
    if found is None:
        raise NotFound(f"Order {order} of store {store_id} was never staged. `syncctl stage --order-id {order}` fetches it now.")
    return found
