"""Tell one order's whole story, and why it is or isn't in the ERP."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from syncctl.db.contract import Database, ListStagedOrders, ListWalks, StagedOrder, TraceEvent, TraceOrder
from syncctl.errors import SyncError
from syncctl.services.find import latest
from syncctl.stores.base import ORDERS_WALK, Store


@dataclass(frozen=True, slots=True)
class Trace:
    """An order's story in time order, what it comes to in one sentence, and what to do next."""

    reference: str
    order: StagedOrder | None
    others: list[StagedOrder]
    """More rows of the same number: duplicates that an older version of the staging table let in."""
    events: list[TraceEvent]
    verdict: str
    advice: str

    @property
    def found(self) -> bool:
        """True where the order was ever staged."""
        return self.order is not None


def trace(database: Database, reference: str, *, store_id: str, open_store: Callable[[], Store] | None = None) -> Trace:
    """Tell the story of the order with this number or store id; of one never staged, say why by asking the store.

    Raises:
        DatabaseUnavailable: no connection. A store that is down is part of the answer.
    """
    rows = database.run(ListStagedOrders(store_id=store_id, order_ref=reference))
    order = latest(rows, reference)
    if order is None:
        verdict, advice = _never_seen(database, reference, store_id, open_store)
        return Trace(reference, None, [], [], verdict, advice)
    events = database.run(TraceOrder(store_id=order.store_id, woo_order_id=order.woo_order_id))
    verdict, advice = _verdict(order)
    others = [row for row in rows if row.staging_id != order.staging_id and row.woo_order_id == order.woo_order_id]
    return Trace(reference, order, others, events, verdict, advice)


def _verdict(order: StagedOrder) -> tuple[str, str]:
    document = f"document {order.cp_doc_id} (ticket {order.tkt_no})"
    error = order.validation_error or order.state_reason or "no reason was noted"
    match order.state:
        case "APPLIED":
            return f"It is in the ERP as {document}.", ""
        case "PENDING" if order.is_applied:
            return f"It is in the ERP as {document}; a change from the store waits ({order.pending_action}).", "syncctl process"
        case "PENDING":
            return "It is staged and waits for the next `process` run.", f"syncctl process {order.staging_id}"
        case "CLAIMED":
            until = f"{order.lease_until_dt:%Y-%m-%d %H:%M:%S} UTC" if order.lease_until_dt else "?"
            return (
                f"Worker {order.lease_owner} is on it, until {until} at the latest; if it died, the next run takes over.",
                "",
            )
        case "FAILED":
            when = f"{order.next_attempt_dt:%Y-%m-%d %H:%M:%S} UTC" if order.next_attempt_dt else "the next run"
            return (
                f"Attempt {order.attempt_no} failed: {error} It is tried again at {when}.",
                f"syncctl retry-failed {order.staging_id}",
            )
        case "NEEDS_MANUAL_REVIEW":
            where = (
                f"It is in the ERP as {document}, but a change could not be applied"
                if order.is_applied
                else "It is not in the ERP"
            )
            return (
                f"{where}; it needs a person: {error}",
                f"put it right, then `syncctl dead-letter retry {order.staging_id}`; or give it up: "
                f"`syncctl dead-letter cancel {order.staging_id}`",
            )
        case "SKIPPED":
            return f"It was not brought into the ERP: {order.state_reason or error}", ""
        case _:
            return f"It was in the ERP and is closed there: {order.state_reason or 'cancelled in the store'}.", ""


def _never_seen(database: Database, reference: str, store_id: str, open_store: Callable[[], Store] | None) -> tuple[str, str]:
    """Say why an order was never staged: it isn't in the store, or no poll has come by it."""
    walk = next((walk for walk in database.run(ListWalks(store_id=store_id)) if walk.walk_name == ORDERS_WALK), None)
    polled = (
        "the store was never polled to the end"
        if walk is None or walk.watermark_dt is None
        else f"the last complete poll saw everything changed up to {walk.watermark_dt:%Y-%m-%d %H:%M:%S} UTC"
    )
    fetch = f"syncctl stage --order-id {reference}"
    if open_store is None:
        return f"It was never staged; {polled}. No store is configured to ask.", "set SYNCCTL_WOO_URL and its keys"
    if not reference.isdecimal():
        return f"It was never staged; {polled}. The store is asked by id, and {reference!r} is a number of its own kind.", ""
    try:
        with closing(open_store()) as store:
            there = store.get(int(reference))
    except SyncError as error:
        return f"It was never staged; {polled}. The store could not be asked: {error}", "syncctl health"
    if there is None:
        return f"The store has no order with the id {reference}, and none of that number was ever staged; {polled}.", ""
    return (
        f"It is in the store (status {there.status}, last modified {there.modified_at:%Y-%m-%d %H:%M:%S} UTC) "
        f"but was never staged; {polled}.",
        fetch,
    )
