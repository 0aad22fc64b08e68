"""Tell one order's whole story, and why it is or isn't in the ERP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from syncctl.clock import Clock, system_clock
from syncctl.db.contract import Database, ListStagedOrders, ListWalks, StagedOrder, TraceEvent, TraceOrder, Walk
from syncctl.errors import SyncError
from syncctl.models import Order
from syncctl.services.find import LARGEST_STAGING_ID, by_reference, is_id
from syncctl.stores.base import ORDERS_WALK, Store


@dataclass(frozen=True, slots=True)
class Trace:
    """An order's story in time order, what it comes to in one sentence, and what to do next."""

    reference: str
    order: StagedOrder | None
    others: list[StagedOrder]
    """More rows of the same number: duplicates that an older version of the staging table let in."""
    events: list[TraceEvent]
    """Everything that the tables say, each table in its own words."""
    verdict: str
    advice: str

    @property
    def found(self) -> bool:
        """True where the order was ever staged."""
        return self.order is not None

    @property
    def story(self) -> list[TraceEvent]:
        """The events, each thing that happened told once."""
        return told_once(self.events)


def trace(
    database: Database,
    reference: str,
    *,
    store_id: str,
    staged: StagedOrder | None = None,
    open_store: Callable[[], Store] | None = None,
    offline: bool = False,
    profiles: Sequence[str] = (),
    clock: Clock = system_clock,
) -> Trace:
    """Tell the story of the order with this number or store id; of one never staged, say why by asking the store.

    `staged` is the order where it is known already, by its staging id.

    Without `open_store` nobody is asked; `offline` says that this was wished, `profiles` that one of several stores was to be
    chosen, else that no store is configured.

    Raises:
        DatabaseUnavailable: no connection. A store that is down is part of the answer.
    """
    order = staged or by_reference(database, reference, store_id=store_id) or by_reference(database, reference)
    if order is None:
        number = reference.strip().removeprefix("#")
        verdict, advice = _never_seen(database, number, store_id, open_store, offline=offline, profiles=profiles)
        return Trace(reference, None, [], [], verdict, advice)
    events = database.run(TraceOrder(store_id=order.store_id, woo_order_id=order.woo_order_id))
    verdict, advice = _verdict(order, clock())
    if order.store_id != store_id:
        verdict = f"It belongs to the store {order.store_id}, not to {store_id}, which this command is set to. {verdict}"
        advice = f"choose the store {order.store_id} (--profile, SYNCCTL_STORE_ID)" + (f", then: {advice}" if advice else "")
        if also := _stores_with_its_number(database, order):
            verdict = f"There is an order {order.woo_order_no} of {' and of '.join(also)}, too: --profile chooses. {verdict}"
    rows = database.run(ListStagedOrders(store_id=order.store_id, order_ref=str(order.woo_order_id)))
    others = [row for row in rows if row.staging_id != order.staging_id and row.woo_order_id == order.woo_order_id]
    return Trace(reference, order, others, events, verdict, advice)


def _stores_with_its_number(database: Database, order: StagedOrder) -> list[str]:
    """Return the other stores that have an order of the same number."""
    if not order.woo_order_no:
        return []
    rows = database.run(ListStagedOrders(order_ref=order.woo_order_no))
    return sorted({row.store_id for row in rows if row.woo_order_no == order.woo_order_no} - {order.store_id})


def told_once(events: Sequence[TraceEvent]) -> list[TraceEvent]:
    """Leave out what another line of the same story says, too.

    A failed attempt and its dead letter stand beside the event FAILED or REVIEW of the same moment, a delivered message beside
    WRITTEN_BACK; that a message was queued matters only as long as nothing came of it.
    """
    failures = {event.event_dt for event in events if event.source == "event" and event.event_type in ("FAILED", "REVIEW")}
    told = {event.event_dt for event in events if event.source == "event" and event.event_type == "WRITTEN_BACK"}
    ends = Counter(
        (event.message or "").split(":")[0]
        for event in events
        if event.source == "event" and event.event_type in ("WRITTEN_BACK", "WRITE_BACK_DROPPED")
    )
    story = []
    for event in events:
        match event.source:
            case "attempt" | "dead_letter" if event.event_dt in failures:
                continue
            case "outbox" if event.event_type == "DELIVERED" and event.event_dt in told:
                continue
            case "outbox" if event.event_type == "QUEUED":
                kind = (event.message or "").split(",")[0]
                ends[kind] -= 1
                if ends[kind] >= 0:
                    continue
            case _:
                pass
        story.append(event)
    return story


def _verdict(order: StagedOrder, now: datetime) -> tuple[str, str]:
    document = f"document {order.cp_doc_id} (ticket {order.tkt_no})"
    error = _sentence(order.validation_error or order.state_reason or "no reason was noted")
    if order.duplicate_of_id is not None:
        return (
            f"This row repeats staging id {order.duplicate_of_id}, the one that counts; it is never brought into the ERP.",
            "",
        )
    match order.state:
        case "APPLIED":
            return f"It is in the ERP as {document}.", ""
        case "PENDING" | "FAILED" | "CLAIMED":
            known = f"It is in the ERP as {document}; a change from the store waits ({order.pending_action}). "
            verdict, advice = _on_its_way(order, error, now)
            return (known if order.is_applied else "It is not in the ERP yet. ") + verdict, advice
        case "NEEDS_MANUAL_REVIEW" if order.error_class == "unreadable":
            return _unreadable(order, document, error)
        case "NEEDS_MANUAL_REVIEW":
            where = (
                f"It is in the ERP as {document}, but a change ({order.pending_action}) could not be applied"
                if order.is_applied
                else "It is not in the ERP"
            )
            return (
                f"{where}; it needs a person: {error}",
                f"put it right, then `syncctl dead-letter retry {order.staging_id}`; or give it up: "
                f'`syncctl dead-letter cancel {order.staging_id} --reason "…"`',
            )
        case "SKIPPED":
            return f"It was not brought into the ERP: {_sentence(order.state_reason or error)}", ""
        case _ if order.cp_doc_id is None:
            return f"It was in the ERP and was removed from there again: {_sentence(order.state_reason or 'rolled back')}", ""
        case _:
            why = _sentence(order.state_reason or "cancelled in the store")
            return f"It was in the ERP and is closed there, {document}: {why}", ""


def _unreadable(order: StagedOrder, document: str, error: str) -> tuple[str, str]:
    """Say what an order waits for whose latest version in the store could not be taken over."""
    where = f"It is in the ERP as {document}" if order.is_applied else "It is not in the ERP"
    give_up = f'or give it up: `syncctl dead-letter cancel {order.staging_id} --reason "…"`'
    if order.woo_order_id < 0:
        return f"{where}: {error}", f"find it in the store, then `syncctl stage --order-id ID`; {give_up}"
    due = order.next_attempt_dt
    again = f" `stage` asks for it again from {_utc(due)} on." if due else " It was asked for often enough."
    return (
        f"{where}; {error}{again}",
        f"put it right in the store, then `syncctl stage --order-id {order.woo_order_id}`; {give_up}",
    )


def _on_its_way(order: StagedOrder, error: str, now: datetime) -> tuple[str, str]:
    """Say what an order waits for that a run will still take."""
    if order.state == "CLAIMED":
        if order.lease_until_dt is not None and order.lease_until_dt <= now:
            return (
                f"Worker {order.lease_owner} took it and died, or was stopped hard: its lease ended at "
                f"{_utc(order.lease_until_dt)}. The next run takes it over.",
                f"syncctl process {order.staging_id}",
            )
        return f"Worker {order.lease_owner} is on it, until {_utc(order.lease_until_dt)} at the latest.", ""
    if order.state == "FAILED":
        due = order.next_attempt_dt
        when = f"at {_utc(due)}" if due is not None and due > now else "by the next `retry-failed` run"
        return f"Attempt {order.attempt_no} failed: {error} It is tried again {when}.", f"syncctl retry-failed {order.staging_id}"
    if order.validation_error:
        return (
            f"It waits for the next `process` run, which will refuse it as it is: {error}",
            f"put it right, then `syncctl validate {order.staging_id}`",
        )
    again = f" ({order.state_reason})" if order.state_reason else ""
    return f"It waits for the next `process` run{again}.", f"syncctl process {order.staging_id}"


def _never_seen(
    database: Database,
    reference: str,
    store_id: str,
    open_store: Callable[[], Store] | None,
    *,
    offline: bool,
    profiles: Sequence[str],
) -> tuple[str, str]:
    """Say why an order was never staged: it isn't in the store, or no poll has come by it."""
    walk = next((walk for walk in database.run(ListWalks(store_id=store_id)) if walk.walk_name == ORDERS_WALK), None)
    watermark = walk.watermark_dt if walk else None
    polled = (
        "the store was never polled to the end"
        if watermark is None
        else f"the last complete poll saw everything changed up to {_utc(watermark)}"
    )
    never = f"It was never staged; {polled}."
    number = int(reference) if is_id(reference) else None
    if number is not None and number <= LARGEST_STAGING_ID:
        for meant in database.run(ListStagedOrders(staging_id=number)):
            never += f" ({reference} is the staging id of order {meant.woo_order_no or meant.woo_order_id}.)"
    if offline:
        return f"{never} The store was not asked (--offline).", f"syncctl trace {reference}"
    if open_store is None and profiles:
        return f"{never} No store is chosen to ask.", f"syncctl trace {reference} --profile NAME ({', '.join(profiles)})"
    if open_store is None:
        return f"{never} No store is configured to ask.", "set SYNCCTL_WOO_URL or SYNCCTL_SHOPIFY_URL, and the keys"
    if number is None:
        return (
            f"{never} The store is asked by id, and {reference!r} is a number of its own kind.",
            "look up the order's id in the store (it is in the address of its page), then `syncctl trace ID`",
        )
    try:
        with closing(open_store()) as store:
            there = store.get(number)
            shown = there is None or store.shows(number)
    except SyncError as error:
        return f"{never} The store could not be asked: {error}", "syncctl health"
    if there is None:
        return (
            f"The store has no order with the id {reference} (any more), and none of that id or number was staged; {polled}.",
            "",
        )
    its_number = "" if there.number == reference else f", number {there.number}"
    seen = f"It is in the store (status {there.status}{its_number}, last changed {_utc(there.modified_at)}) but was never staged"
    if not shown:
        seen += (
            f": none of the store's lists that polls read shows it. Its status {there.status} is left out of them (a plugin's; "
            "name it in SYNCCTL_WOO_CREATE_STATUSES), or a plugin hides the order"
        )
        return f"{seen}.", f"syncctl stage --order-id {reference}"
    return f"{seen}: {_not_polled(there, walk)}.", f"syncctl stage --order-id {reference}"


def _not_polled(there: Order, walk: Walk | None) -> str:
    """Say why no poll brought an order that the store has."""
    watermark = walk.watermark_dt if walk else None
    if walk is not None and walk.since_dt is not None and there.modified_at >= walk.since_dt:
        return f"a poll is under way and has come to order {walk.last_id or 0}; the next `stage` goes on from there"
    if watermark is None:
        return "the store was never polled to the end"
    if there.modified_at > watermark:
        return f"it changed after the last complete poll ({_utc(watermark)}); the next `stage` brings it"
    if there.status == "trash":
        return "it lies in the trash, and went there before the first poll"
    return (
        f"polls read what changed since the one before (now {_utc(watermark)}), and the first one began later than this order's "
        "last change, or ended with an error at it"
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _utc(moment: datetime | None) -> str:
    return "an unknown time" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
