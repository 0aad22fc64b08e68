"""The messages to the store, as people look at them: what waits, what failed, try again."""

from __future__ import annotations

from collections.abc import Sequence

from syncctl.db.contract import Database, ListOutbox, OutboxEntry, RetryOutbox, StagedOrder
from syncctl.errors import NotFound


def list_messages(
    database: Database, *, states: str | None = None, orders: Sequence[StagedOrder] = (), limit: int = 1000
) -> tuple[list[OutboxEntry], bool]:
    """Return messages in these states (comma-separated), oldest first; those not delivered yet where none is named.

    With `orders` only theirs. At most `limit`; the second value is True where there are more.
    """
    if orders:
        found = [entry for order in orders for entry in _of(database, order, states)]
    else:
        found = database.run(ListOutbox(states=states, batch_size=limit + 1))
    return found[:limit], len(found) > limit


def retry_messages(
    database: Database, outbox_ids: Sequence[int] = (), *, orders: Sequence[StagedOrder] = ()
) -> list[OutboxEntry]:
    """Make failed and waiting messages due now: these, and those of these orders; all where none is named.

    Raises:
        NotFound: no such message.
    """
    if not outbox_ids and not orders:
        return database.run(RetryOutbox())
    theirs = [entry.outbox_id for order in orders for entry in _of(database, order, None)]
    return [entry for number in dict.fromkeys([*outbox_ids, *theirs]) for entry in _retry(database, number)]


def _retry(database: Database, outbox_id: int) -> list[OutboxEntry]:
    try:
        return database.run(RetryOutbox(outbox_id=outbox_id))
    except NotFound as error:
        raise NotFound(
            f"No message has the number {outbox_id}. `syncctl write-back list` shows the messages' own numbers; "
            "for those of an order: --order NUMBER.",
            code=error.code,
        ) from error


def _of(database: Database, order: StagedOrder, states: str | None) -> list[OutboxEntry]:
    entries = database.run(ListOutbox(states=states, woo_order_id=order.woo_order_id))
    return [entry for entry in entries if entry.store_id == order.store_id]
