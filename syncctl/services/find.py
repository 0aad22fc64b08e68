"""Find staged orders by what people call them: staging ids, and the numbers that the store's people know orders by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from syncctl.db.contract import Database, ListStagedOrders, StagedOrder
from syncctl.errors import NotFound

_PAGE = 500
LARGEST_STAGING_ID = 2**31 - 1
LONGEST_ID = 18
"""Digits of the longest id that every database holds."""
_LONGEST_REFERENCE = 50
"""Characters of an order's number in the staging table: a longer text names no order."""


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
    return named_orders(database, staging_ids)


def named_orders(
    database: Database,
    staging_ids: Sequence[int] = (),
    numbers: Sequence[str] = (),
    *,
    store_id: str | None = None,
    command: str = "trace",
) -> list[StagedOrder]:
    """Return the orders that a person named by staging id or by number, each once, in that order.

    Numbers are those of the store `store_id`. `command` is what was typed, for the advice that an error gives.

    Raises:
        NotFound: any of them doesn't exist. Both kinds are small whole numbers and easily mixed up: the message says which order
            has the number that was given as an id, and the other way round.
    """
    found: dict[int, StagedOrder] = {}
    missing: list[str] = []
    for staging_id in staging_ids:
        rows = database.run(ListStagedOrders(staging_id=staging_id))
        found |= {row.staging_id: row for row in rows}
        if not rows:
            missing.append(_no_such_id(database, staging_id, store_id, command))
    for number in numbers:
        row = by_reference(database, number, store_id=store_id)
        if row is None:
            missing.append(_no_such_number(database, number, store_id, command))
        else:
            found[row.staging_id] = row
    if missing:
        raise NotFound(" ".join([*missing, "Nothing was changed."]))
    return list(found.values())


def by_reference(database: Database, reference: str, *, store_id: str | None = None) -> StagedOrder | None:
    """Return the order with this number, with or without `#`, or this id in the store; None where there is none."""
    bare = reference.strip().removeprefix("#")
    for text in dict.fromkeys((reference.strip(), bare, f"#{bare}")):
        if bare and len(text) <= _LONGEST_REFERENCE:
            found = latest(database.run(ListStagedOrders(store_id=store_id, order_ref=text)), text)
            if found is not None:
                return found
    return None


def of_that_number(database: Database, staging_ids: Sequence[int], *, store_id: str) -> list[StagedOrder]:
    """Return the other orders whose numbers are these staging ids: whoever typed one may have meant the other."""
    found = [(number, by_reference(database, str(number), store_id=store_id)) for number in staging_ids]
    return [order for number, order in found if order and order.woo_order_no and order.staging_id != number]


def latest(rows: Sequence[StagedOrder], reference: str) -> StagedOrder | None:
    """Return the row that counts among those found for an order number or store id: by number first, the newest of those."""
    by_number = [row for row in rows if row.woo_order_no == reference] or list(rows)
    live = [row for row in by_number if row.duplicate_of_id is None] or by_number
    return live[-1] if live else None


def is_id(text: str) -> bool:
    """True where the text may be an id: a whole number of a length that databases hold."""
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID


def called(order: StagedOrder) -> str:
    """Return how an order is named to people: by its number and its staging id."""
    return f"order {order.woo_order_no or order.woo_order_id} (staging id {order.staging_id})"


def _no_such_id(database: Database, staging_id: int, store_id: str | None, command: str) -> str:
    meant = by_reference(database, str(staging_id), store_id=store_id)
    if meant is None:
        return f"No staged order has the staging id {staging_id}. `syncctl trace ORDER` finds the staging id of an order number."
    return (
        f"No staged order has the staging id {staging_id}; the order with that number has the staging id {meant.staging_id}: "
        f"`syncctl {command} --order {staging_id}`."
    )


def _no_such_number(database: Database, number: str, store_id: str | None, command: str) -> str:
    bare = number.strip().removeprefix("#")
    shown = number if len(number) <= _LONGEST_REFERENCE else f"{number[:_LONGEST_REFERENCE]}…"
    known = f"Order {shown}{f' of store {store_id}' if store_id else ''} was never staged."
    if not is_id(bare):
        return f"{known} `syncctl trace` takes its id in the store, too."
    if int(bare) <= LARGEST_STAGING_ID:
        for meant in database.run(ListStagedOrders(staging_id=int(bare))):
            order = f"order {meant.woo_order_no or meant.woo_order_id}"
            return f"{known} {bare} is the staging id of {order}: `syncctl {command} {bare}`."
    return f"{known} `syncctl stage --order-id {bare}` fetches it now, if that is its id in the store."
