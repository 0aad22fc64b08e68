"""Tell the store of many orders with few requests: one question for all, their notes side by side, one question again, one write.

It is a short cut and nothing more. Whatever can't be told in this way (an order that the list doesn't show, one that the store
refuses, a batch that nobody answered) is left to the way of one by one, which knows whom a failure concerns.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from syncctl.db.contract import OutboxMessage
from syncctl.errors import StoreMisconfigured, StoreUnavailable, SyncError
from syncctl.services.run_context import unforeseen
from syncctl.services.telling import Outcome, settled_before, status_for
from syncctl.stop import StopFlag
from syncctl.stores.base import StatusWrite, Store, StoreStatus

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Together:
    """One delivery's messages, as far as they could be told together."""

    store: Store
    stop: StopFlag
    statuses: bool
    """Whether the store's statuses may be changed."""
    workers: int = 1
    """How many share what the store may get at once."""
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    """What came of those that are done, by the message's number."""
    errors: dict[int, SyncError] = field(default_factory=dict)
    """Why a note could not be posted."""
    noted: set[int] = field(default_factory=set)
    """Those whose note is in the store: posted by this delivery, or found there."""

    def tell(self, messages: Sequence[OutboxMessage], in_time: Callable[[], bool]) -> None:
        """Tell what can be told together. Never raises for a reason of the store's.

        `in_time` says whether the lease still outlives a note.
        """
        try:
            self._tell(messages, in_time)
        except SyncError as error:
            log.info("The store's orders are told one by one (%s).", error)

    def _tell(self, messages: Sequence[OutboxMessage], in_time: Callable[[], bool]) -> None:
        there = self._read(messages)
        untold: list[OutboxMessage] = []
        for message in messages:
            if message.woo_order_id not in there:
                continue
            settled = settled_before(message, there[message.woo_order_id])
            if settled is None:
                untold.append(message)
            else:
                self.outcomes[message.outbox_id] = settled
        self._post_notes([message for message in untold if message.note is not None], in_time)
        untold = [message for message in untold if message.note is None or message.outbox_id in self.noted]
        if any(message.note is not None for message in untold):
            # Somebody may have moved an order on meanwhile, or into the trash: its status of this moment decides.
            there = self._read(untold)
        self._write([message for message in untold if message.woo_order_id in there], there)

    def _read(self, messages: Sequence[OutboxMessage]) -> dict[int, StoreStatus]:
        return self.store.read_statuses([message.woo_order_id for message in messages])

    def _post_notes(self, messages: Sequence[OutboxMessage], in_time: Callable[[], bool]) -> None:
        """Post the notes, so many at a time; once the store is silent, asks for rest or denies one, no further ones."""
        if not messages:
            return
        rest = False

        def post(message: OutboxMessage) -> None:
            nonlocal rest
            if rest or self.stop.is_set() or not in_time():
                return
            try:
                self._post(message)
            except Exception as error:
                self.errors[message.outbox_id] = unforeseen(error)
                rest = rest or isinstance(error, StoreUnavailable | StoreMisconfigured)
            else:
                self.noted.add(message.outbox_id)

        at_once = min(self.store.connections // self.workers, len(messages))
        with ThreadPoolExecutor(max_workers=max(1, at_once)) as pool:
            list(pool.map(post, messages))

    def _post(self, message: OutboxMessage) -> None:
        note = message.note or ""
        # Only where an earlier delivery may have got through.
        if not (message.look_first and note in self.store.notes(message.woo_order_id)):
            self.store.add_note(message.woo_order_id, note)

    def _write(self, messages: Sequence[OutboxMessage], there: dict[int, StoreStatus]) -> None:
        """Write statuses and tags, all in one request."""
        writes: list[StatusWrite] = []
        details: dict[int, tuple[int, str]] = {}
        for message in messages:
            status, detail = status_for(message, there[message.woo_order_id], self.store, allowed=self.statuses)
            if status is None and message.tag_value is None:
                self.outcomes[message.outbox_id] = ("delivered", detail)
            else:
                writes.append(StatusWrite(order_id=message.woo_order_id, status=status, tag=message.tag_value))
                details[message.woo_order_id] = (message.outbox_id, detail)
        if not writes or not self.store.writes_together or self.stop.is_set():
            return
        for order_id in self.store.put_statuses(writes):
            outbox_id, detail = details[order_id]
            self.outcomes[outbox_id] = ("delivered", detail)
