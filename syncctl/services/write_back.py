"""Tell the store what became of its orders: deliver the messages that wait in the outbox.

Several are told together, with few requests (`telling_together`); what that leaves over, and one alone, by itself. A message may
be delivered twice (the answer to a POST was lost, a worker died): the tag in the order's meta data is looked at first, and from
the second try on the notes that are there already, so the store ends as if it had been delivered once.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from syncctl.db.contract import (
    ClaimOutbox,
    CompleteOutbox,
    Database,
    FailOutbox,
    OutboxMessage,
    ReleaseOutbox,
)
from syncctl.errors import ConfigError, StoreUnavailable, SyncError, TransientError
from syncctl.services.amounts import seconds
from syncctl.services.run_context import RunContext
from syncctl.services.telling import NOTE_ONLY, Outcome, settled_before, status_for
from syncctl.services.telling_together import Together
from syncctl.services.work_loop import NotNow, OfTheDatabase, Result, work_off
from syncctl.stores.base import Store

log = logging.getLogger(__name__)

BATCH = 20
"""Messages that are told together: few enough that a slow store is done well within the lease."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one message.

    `outcome`: `delivered`, `dropped` (with the reason), `waiting` (will be tried again), `failed` (a person must look).
    """

    outbox_id: int
    woo_order_id: int
    staging_id: int | None
    kind: str
    outcome: str
    message: str = ""


@dataclass(slots=True)
class WriteBack:
    """Delivers messages to one store. One for each worker; the run's context and the result are shared."""

    database: Database
    store: Store
    worker_id: str
    context: RunContext
    result: Result[Delivery] = field(default_factory=Result)
    """Every message that this run had in its hands, by its number."""
    lease_seconds: int = 300
    statuses: bool = True
    """False leaves the store's statuses alone, whatever the messages say: note and tag only."""
    batch: int = BATCH
    """How many messages are told together, 1 to 100."""
    workers: int = 1
    """How many workers tell the same store at the same time: each posts its share of the notes that it may get at once."""
    monotonic: Callable[[], float] = field(default=time.monotonic)

    def deliver(
        self, *, staging_ids: Sequence[int] | None = None, limit: int | None = None, ignore_due: bool = False
    ) -> list[Delivery]:
        """Deliver what is due: of these orders, or of all, up to `limit`; none of them twice.

        A message that fails goes behind the others. Where the store is down or can't be used as configured, that is on the
        context's breaker `store`, and what was in hand is given back, attempts unburnt.

        Raises:
            SyncError: the database went away, or can't be used as it is set up.
        """
        if self.context.breaker("store").open:
            return []
        mine: Result[Delivery] = Result()
        work_off(_Messages(self, mine, staging_ids, limit, ignore_due), mine, self.context, batch=self.batch)
        for key, delivery in mine.rows.items():
            self.result.note(key, delivery)
        if mine.ended_by is not None and mine.ended_by.system != "store":
            raise mine.ended_by
        return list(mine.rows.values())


@dataclass(slots=True)
class _Messages(OfTheDatabase[Delivery]):
    """The messages of one delivery: a `work_loop.Work`."""

    to: WriteBack
    result: Result[Delivery]
    staging_ids: Sequence[int] | None
    limit: int | None
    ignore_due: bool
    _failed: list[int] = field(default_factory=list)
    _taken: int = 0
    _claimed_at: float = 0.0
    """When the present batch's lease began, by `monotonic`."""
    _together: Together = field(init=False)
    """What of the present batch is told already."""
    _in_hand: int = 0
    """How many messages the present claim has."""
    _slow: bool = False
    """Whether a batch took too long for its lease: from then on one message is claimed at a time."""
    _done: list[tuple[OutboxMessage, Outcome]] = field(default_factory=list)
    """What the database has to be told yet."""

    def __post_init__(self) -> None:
        self._together = self._nothing_told()

    def _nothing_told(self) -> Together:
        to = self.to
        return Together(store=to.store, stop=to.context.stop, statuses=to.statuses, workers=to.workers)

    def claim(self, limit: int) -> Sequence[OutboxMessage]:
        """Take messages that this delivery has not had yet, one of an order at a time, and tell together what can be."""
        if self.limit is not None:
            limit = min(limit, self.limit - self._taken)
        limit = min(limit, 1) if self._slow else limit
        if limit <= 0 or self.to.context.breaker("store").open:
            return ()
        self._claimed_at = self.to.monotonic()
        messages = self.to.database.run(
            ClaimOutbox(
                store_id=self.to.store.store_id,
                worker_id=self.to.worker_id,
                batch_size=limit,
                lease_seconds=self.to.lease_seconds,
                staging_ids=None if self.staging_ids is None else json.dumps(list(self.staging_ids)),
                ignore_due=self.ignore_due,
                passed=json.dumps(self._failed) if self._failed else None,
            )
        )
        self._taken += len(messages)
        self._together, self._in_hand = self._nothing_told(), len(messages)
        if len(messages) > 1:
            self._together.tell(messages, self._in_time)
        return sorted(messages, key=lambda message: message.outbox_id not in self._together.outcomes)

    def key(self, item: OutboxMessage) -> int:
        """See `Work.key`."""
        return item.outbox_id

    def do(self, item: OutboxMessage) -> Delivery:
        """Bring the store's order to what the message says, where that wasn't done together with the others."""
        told = self._together
        if item.outbox_id in told.errors:
            raise told.errors[item.outbox_id]
        outcome = told.outcomes.get(item.outbox_id)
        if outcome is None:
            if self._in_hand > 1:
                self._require_time(item)
            outcome = self._tell(item)
        self.to.context.breaker("store").answered()
        return self._told(item, outcome)

    def _told(self, item: OutboxMessage, outcome: Outcome) -> Delivery:
        self._done.append((item, outcome))
        return _outcome(item, *outcome)

    def _tell(self, message: OutboxMessage) -> Outcome:
        """Bring the store's order to what the message says; return the result and, where something was left out, why."""
        store = self.to.store
        there = store.read_status(message.woo_order_id)
        noted = message.outbox_id in self._together.noted
        settled = settled_before(message, there)
        if settled is not None:
            return NOTE_ONLY if noted and settled[0] == "dropped" else settled
        if message.note is not None and not noted:
            # Only where an earlier delivery may have got through.
            if not (message.look_first and message.note in store.notes(message.woo_order_id)):
                self._require_time(message)
                store.add_note(message.woo_order_id, message.note)
            # Somebody may have moved the order on meanwhile, or into the trash: its status of this moment decides.
            there = store.read_status(message.woo_order_id)
            if not there.exists or there.trashed:
                return NOTE_ONLY
        status, detail = status_for(message, there, store, allowed=self.to.statuses)
        if status is not None or message.tag_value is not None:
            parcels = [number.strip() for number in (message.tracking_no or "").split(",") if number.strip()]
            store.put_status(message.woo_order_id, status, tag=message.tag_value, parcels=parcels)
        return "delivered", detail

    def _in_time(self) -> bool:
        """Tell whether the lease outlives a note: a second worker that looks for it too early would post it again."""
        return self.to.monotonic() - self._claimed_at <= self.to.lease_seconds / 2

    def _require_time(self, message: OutboxMessage) -> None:
        if self._in_time():
            return
        if self._in_hand > 1:
            self._slow = True
            raise NotNow(f"half of the lease of {self.to.lease_seconds} s is over")
        raise StoreUnavailable(
            f"The store took too long to say what order {message.woo_order_id} holds: more than half of the lease of "
            f"{self.to.lease_seconds} s; tried again later."
        )

    def finish(self, rows: Sequence[Delivery]) -> None:  # noqa: ARG002  (what is done stands in `_done`)
        """Note the delivered ones, all in one call. One that is another worker's by now is told again by that one, if at all."""
        done, self._done = self._done, []
        if not done:
            return
        messages = [
            {"id": item.outbox_id, "attempt": item.attempt_no, "result": result, "detail": detail or None}
            for item, (result, detail) in done
        ]
        call = CompleteOutbox(worker_id=self.to.worker_id, messages=json.dumps(messages, ensure_ascii=False))
        try:
            noted = self.to.context.reaching(self.to.database.run, call)
        except (TransientError, ConfigError):
            raise
        except SyncError as error:
            log.error("What the store was told could not be noted, and is looked at again when the lease ends: %s", error)
            return
        lost = {row.outbox_id for row in noted if row.state == "LOST"}
        for item, (outcome, detail) in done:
            about = {"order": item.woo_order_id, "staging_id": item.staging_id}
            if item.outbox_id not in lost:
                said = f"{item.kind}{f', {detail}' if detail else ''}"
                log.info("Order %s: the store was told (%s): %s", item.woo_order_id, outcome, said, extra=about)
            else:
                log.warning("Order %s: its message is another worker's by now.", item.woo_order_id, extra=about)
                self.result.note(item.outbox_id, _outcome(item, "waiting", "another worker has it"))

    def fail(self, item: OutboxMessage, error: SyncError) -> Delivery:
        """Note a failed delivery; the message goes behind the others."""
        about = {"order": item.woo_order_id, "staging_id": item.staging_id}
        log.warning("Order %s: the store could not be told (%s). The ERP document stands.", item.woo_order_id, error, extra=about)
        state = self.to.database.run(
            FailOutbox(
                outbox_id=item.outbox_id,
                worker_id=self.to.worker_id,
                attempt_no=item.attempt_no,
                error_class=error.error_class,
                error_code=error.code,
                message=str(error),
                retry_after_seconds=seconds(getattr(error, "retry_after", None)),
                jitter=seconds(self.to.context.jitter()),
            )
        )[0].state
        self._failed.append(item.outbox_id)
        return _outcome(item, "failed" if state == "FAILED" else "waiting", str(error))

    def lose(self, item: OutboxMessage, error: SyncError) -> Delivery:
        """See `Work.lose`."""
        return _outcome(item, "waiting", str(error))

    def release(self, item: OutboxMessage, reason: str) -> None:
        """See `Work.release`. What the store has been told already is done, whatever ends the run."""
        outcome = self._together.outcomes.get(item.outbox_id)
        if outcome is not None:
            self.result.note(item.outbox_id, self._told(item, outcome))
            return
        log.warning("Order %s: the store is told later (%s). The ERP document stands.", item.woo_order_id, reason)
        self.to.database.run(ReleaseOutbox(outbox_id=item.outbox_id, worker_id=self.to.worker_id, attempt_no=item.attempt_no))
        self._taken -= 1

    def ask(self, error: SyncError) -> None:
        """Ask whichever of the two did not answer."""
        if error.system == "store":
            self.to.store.ping(writing=True)
        else:
            OfTheDatabase.ask(self, error)


def _outcome(message: OutboxMessage, outcome: str, text: str) -> Delivery:
    return Delivery(
        outbox_id=message.outbox_id,
        woo_order_id=message.woo_order_id,
        staging_id=message.staging_id,
        kind=message.kind,
        outcome=outcome,
        message=text,
    )
