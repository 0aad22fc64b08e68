"""Bring a queue's customers into the ERP: a batch is claimed by one call, and brought and settled by another."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from syncctl.db.contract import (
    AppliedCustomer,
    ApplyCustomers,
    ClaimCustomers,
    ClaimedCustomer,
    CustomerQueue,
    Database,
    FailCustomer,
    ListCustomerQueues,
    ReleaseCustomers,
)
from syncctl.errors import ConfigError, LeaseLost, SyncError, TransientError
from syncctl.foreign_text import plain
from syncctl.retry import LONGEST_WAIT_IN_RUN
from syncctl.services.pace import Pace
from syncctl.services.run_context import RunContext
from syncctl.services.work_loop import OfTheDatabase, Result

log = logging.getLogger(__name__)

_LONGEST_REASON = 2000
_MOST_EMPTY_CLAIMS = 100
"""After so many claims in a row that found nothing though something was due, what is due is others'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtCustomer:
    """What became of one customer in this run.

    `outcome`: created, updated, linked, unchanged, failed (a person has to look, or `customers retry`), waiting (tried again by
    itself), lost (another worker has it).
    """

    line_id: int
    woo_customer_id: int
    email: str
    outcome: str
    cust_no: str | None = None
    message: str = ""
    next_attempt_at: datetime | None = None
    orders: int = 0
    """Orders that waited for this customer and go on."""


@dataclass(slots=True)
class CustomerResult(Result[BroughtCustomer]):
    """What a run did with its customers."""

    filled: int = 0
    """Customers that were added to queues."""

    @property
    def customers(self) -> list[BroughtCustomer]:
        """The last word on each."""
        return list(self.rows.values())

    @property
    def counts(self) -> dict[str, int]:
        """How many customers came to what."""
        outcomes = Counter(row.outcome for row in self.rows.values())
        names = ("created", "updated", "linked", "unchanged", "failed", "waiting", "lost")
        return {
            "queued": self.filled,
            "claimed": self.claimed,
            **{name: outcomes[name] for name in names},
            "orders_going_on": sum(row.orders for row in self.rows.values()),
        }


@dataclass(slots=True)
class CustomerWork(OfTheDatabase[BroughtCustomer]):
    """One worker's customers of one queue, on a connection of its own: a `work_loop.Work`."""

    database: Database
    queue: CustomerQueue
    worker_id: str
    context: RunContext
    result: CustomerResult
    pace: Pace
    lease_seconds: int = 300
    _batch: Sequence[ClaimedCustomer] = ()
    _answers: dict[int, AppliedCustomer] = field(default_factory=dict)
    _open: dict[int, ClaimedCustomer] = field(default_factory=dict)
    """Those of the batch that are neither settled nor given back."""
    _alone: bool = False
    """Whether the batch has to be brought one by one: together they could not be."""
    _unable: ConfigError | None = None
    """Why nobody behind the answers can be brought."""
    _seconds: float = 0.0
    """How long the batch took."""
    _empty: int = 0

    def claim(self, limit: int) -> Sequence[ClaimedCustomer]:
        """Lease the next batch."""
        self._batch = self.database.run(
            ClaimCustomers(
                queue_id=self.queue.queue_id,
                org_id=self.queue.org_id,
                worker_id=self.worker_id,
                batch_size=min(limit, self.queue.batch_size),
                lease_seconds=self.lease_seconds,
            )
        )
        self._answers, self._alone, self._seconds = {}, False, 0.0
        self._open = {item.line_id: item for item in self._batch}
        self._empty = 0 if self._batch else self._empty + 1
        self.result.count_claimed(len(self._batch))
        return self._batch

    def next_due(self) -> float | None:
        """Seconds until a line is due that waits for another try; None where none waits, or for longer than a run waits."""
        [queue] = self.database.run(ListCustomerQueues(org_id=self.queue.org_id, queue_id=self.queue.queue_id))
        if queue.due_in_ms is None or self._empty > _MOST_EMPTY_CLAIMS:
            return None
        due = queue.due_in_ms / 1000
        return due if due <= LONGEST_WAIT_IN_RUN else None

    def key(self, item: ClaimedCustomer) -> int:
        """See `Work.key`."""
        return item.line_id

    def do(self, item: ClaimedCustomer) -> BroughtCustomer:
        """Bring the customer; the first of a batch brings all of them."""
        if item.line_id not in self._answers:
            if self._unable is not None:
                raise self._unable
            self._bring([item] if self._alone else list(self._open.values()), item)
        answer = self._answers.pop(item.line_id)
        if answer.state == "lost":
            raise LeaseLost(answer.message or "another worker has this customer")
        return self._brought(item, answer)

    @staticmethod
    def _brought(item: ClaimedCustomer, answer: AppliedCustomer) -> BroughtCustomer:
        outcome = {"done": answer.outcome or "", "draft": "waiting"}.get(answer.state, "failed")
        return BroughtCustomer(
            line_id=item.line_id,
            woo_customer_id=item.woo_customer_id,
            email=item.email,
            outcome=outcome,
            cust_no=answer.cust_no,
            message=answer.message or "",
            next_attempt_at=answer.next_attempt_dt,
            orders=answer.orders,
        )

    def _bring(self, items: Sequence[ClaimedCustomer], item: ClaimedCustomer) -> None:
        begun = monotonic()
        try:
            # What was settled before its answer was lost is told again: no customer is to blame for a lost connection.
            answers = self.context.reaching(
                self.database.run,
                ApplyCustomers(
                    queue_id=self.queue.queue_id, org_id=self.queue.org_id, worker_id=self.worker_id, lines=_lines(items)
                ),
            )
        except TransientError:
            raise
        except ConfigError as unable:
            answers = self._settled_before(items, unable)
        except SyncError as error:
            if len(items) == 1:
                raise
            # What no line's own error explains: each by itself, so that the one that is to blame holds up no other.
            log.warning("A batch of %s customers could not be brought together: %s", len(items), error)
            self._alone = True
            self._bring([item], item)
            return
        finally:
            self._seconds += monotonic() - begun
        for answer in answers:
            self._answers[answer.line_id] = answer
            self._open.pop(answer.line_id, None)

    def _settled_before(self, items: Sequence[ClaimedCustomer], unable: ConfigError) -> list[AppliedCustomer]:
        """Return what became of those who came before the one at whom the set-up showed to be wrong; raise where there are none.

        The call that ended so has no answer, and what is settled is told again; the others were given back.
        """
        self._unable = unable
        call = ApplyCustomers(
            queue_id=self.queue.queue_id, org_id=self.queue.org_id, worker_id=self.worker_id, lines=_lines(items)
        )
        settled = [answer for answer in self.context.reaching(self.database.run, call) if answer.state != "lost"]
        if items[0].line_id not in {answer.line_id for answer in settled}:
            raise unable
        return settled

    def fail(self, item: ClaimedCustomer, error: SyncError) -> BroughtCustomer:
        """Note a failure that the database itself could not."""
        self._open.pop(item.line_id, None)
        [failed] = self.database.run(
            FailCustomer(
                line_id=item.line_id,
                worker_id=self.worker_id,
                attempt_no=item.attempt_no,
                message=plain(str(error), _LONGEST_REASON),
                is_passing=isinstance(error, TransientError),
            )
        )
        outcome = "waiting" if failed.state == "draft" else "failed"
        return self._row(item, outcome, str(error), failed.next_attempt_dt)

    def lose(self, item: ClaimedCustomer, error: SyncError) -> BroughtCustomer:
        """See `Work.lose`."""
        self._open.pop(item.line_id, None)
        return self._row(item, "lost", str(error), None)

    @staticmethod
    def _row(item: ClaimedCustomer, outcome: str, message: str, due: datetime | None) -> BroughtCustomer:
        return BroughtCustomer(
            line_id=item.line_id,
            woo_customer_id=item.woo_customer_id,
            email=item.email,
            outcome=outcome,
            message=message,
            next_attempt_at=due,
        )

    def release(self, item: ClaimedCustomer, reason: str) -> None:  # noqa: ARG002  (a line's story doesn't tell of it)
        """Give back what is left of the batch, all of it at once; what came with an answer that wasn't told yet is told."""
        answer = self._answers.pop(item.line_id, None)
        if answer is not None and answer.state != "lost":
            self.result.note(item.line_id, self._brought(item, answer))
        if item.line_id not in self._open:
            return
        self.database.run(
            ReleaseCustomers(queue_id=self.queue.queue_id, worker_id=self.worker_id, lines=_lines(list(self._open.values())))
        )
        self._open.clear()

    def finish(self, rows: Sequence[BroughtCustomer]) -> None:
        """Rest, where the batch took long."""
        if rows and not self.context.stop.is_set():
            self.context.sleeper(self.pace.after(self._seconds, refused=any(row.outcome == "waiting" for row in rows)))


def _lines(items: Sequence[ClaimedCustomer]) -> str:
    return json.dumps([{"LINE_ID": item.line_id, "ATTEMPT_NO": item.attempt_no} for item in items])
