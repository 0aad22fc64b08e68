"""What `process` would take, without taking it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from syncctl.clock import Clock, system_clock
from syncctl.db.contract import Database, StagedOrder
from syncctl.services.find import called, each_staged_order, staged_orders

WORKABLE = ("PENDING", "FAILED", "CLAIMED")


def preview(
    database: Database,
    *,
    scope: str,
    store_id: str | None = None,
    staging_ids: Sequence[int] = (),
    ignore_due: bool = False,
    limit: int | None = None,
    clock: Clock = system_clock,
) -> list[StagedOrder]:
    """Return the orders that a run of this scope would claim now, in its order.

    Raises:
        NotFound: one of the ids doesn't exist.
    """
    now = clock()
    orders: Iterable[StagedOrder]
    if scope == "listed":
        orders = [
            order
            for order in staged_orders(database, staging_ids)
            if order.state in WORKABLE and store_id in (None, order.store_id)
        ]
    else:
        states = "PENDING,CLAIMED" if scope == "pending" else "FAILED,CLAIMED"
        orders = each_staged_order(database, states=states, store_id=store_id)
    due = (
        order
        for order in orders
        if not (order.state == "CLAIMED" and order.lease_until_dt is not None and order.lease_until_dt > now)
        and (scope == "listed" or ignore_due or order.next_attempt_dt is None or order.next_attempt_dt <= now)
    )
    return list(islice(due, limit))


def why_not(order: StagedOrder, *, store_id: str | None = None) -> str:
    """Say why a run left an order that was named to it alone."""
    number = called(order)
    if store_id not in (None, order.store_id):
        return f"{number} belongs to store {order.store_id}; this run is for {store_id} (--profile, SYNCCTL_STORE_ID)"
    match order.state:
        case "APPLIED":
            return f"{number} is in the ERP already: document {order.cp_doc_id}, ticket {order.tkt_no}"
        case "NEEDS_MANUAL_REVIEW":
            return f"{number} waits for a person: `syncctl dead-letter retry {order.staging_id}` lets it be tried again"
        case "CLAIMED":
            return f"{number} is being done by worker {order.lease_owner}"
        case "SKIPPED" | "CANCELLED":
            return f"{number} is {order.state}: {order.state_reason or 'nothing to do'}"
        case _:
            return f"{number} is {order.state}: another run has it, or the run ended before its turn"
