"""Tell the store when an ERP document moves on: shipped, closed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from syncctl.db.contract import Database, QueueStatusChanges, StatusChange
from syncctl.errors import ConfigError, SyncError, TransientError
from syncctl.services.run_context import RunContext, unforeseen
from syncctl.services.work_loop import Result
from syncctl.services.write_back import Delivery, WriteBack

log = logging.getLogger(__name__)

MOST = 500
"""Orders whose messages are asked for at a time."""


@dataclass(frozen=True, slots=True)
class FailedChange:
    """A change that could not be put into the outbox. It comes again with the next run."""

    change: StatusChange
    error: SyncError


@dataclass(slots=True)
class StatusSync:
    """The changes that were found, and what became of the messages about them. Filled as the work goes."""

    changes: list[StatusChange] = field(default_factory=list)
    """Those that the store is told of."""
    unmapped: list[StatusChange] = field(default_factory=list)
    """Those that the status map has no row for."""
    failed: list[FailedChange] = field(default_factory=list)
    messages: Result[Delivery] = field(default_factory=Result)
    ended_by: SyncError | None = None
    """What ended the run early."""
    stopped: bool = False

    @property
    def deliveries(self) -> list[Delivery]:
        """The messages that this run had in its hands."""
        return list(self.messages.rows.values())

    @property
    def counts(self) -> dict[str, int]:
        """How many changes were found and told."""
        told = [delivery.outcome for delivery in self.deliveries]
        queued = sum(1 for change in self.changes if change.outbox_id is not None)
        return {
            "changes": len(self.changes),
            "queued": queued,
            "written_back": told.count("delivered") + told.count("dropped"),
            "write_back_pending": max(0, queued - told.count("delivered") - told.count("dropped")),
            "unmapped": len(self.unmapped),
            "failed": len(self.failed),
        }

    def missing(self) -> list[tuple[str, int]]:
        """Return the ERP's states that the status map has no row for, each with the number of changes; most first."""
        return Counter(change.erp_status for change in self.unmapped).most_common()


def sync_status(
    database: Database,
    write_back: WriteBack | None,
    context: RunContext,
    *,
    store_id: str,
    batch_size: int = 500,
    dry_run: bool = False,
    result: StatusSync | None = None,
) -> StatusSync:
    """Put every change of an ERP document's state into the outbox, once, and deliver it.

    A change that can't be put there, or that the status map doesn't know, doesn't hold up those behind it. What ended the run
    early is `ended_by`; why the store was told no more is on the context's breaker `store`.
    """
    result = result if result is not None else StatusSync()
    try:
        _Changes(database, context, store_id, batch_size, dry_run, result).walk()
        if write_back is not None and not dry_run:
            _deliver(write_back, context, result)
    except SyncError as error:
        result.ended_by = error
    result.stopped = context.stop.is_set()
    return result


def _deliver(write_back: WriteBack, context: RunContext, result: StatusSync) -> None:
    write_back.result = result.messages
    told = list(dict.fromkeys(change.staging_id for change in result.changes if change.outbox_id is not None))
    for first in range(0, len(told), MOST):
        if context.breaker("store").open or context.stop.is_set():
            return
        write_back.deliver(staging_ids=told[first : first + MOST])


@dataclass(slots=True)
class _Changes:
    """The way through a store's changes, a batch at a time, by staging id."""

    database: Database
    context: RunContext
    store_id: str
    batch_size: int
    dry_run: bool
    result: StatusSync

    def walk(self) -> None:
        """Queue what has changed, to the end.

        Raises:
            SyncError: the database went away, or can't be used as it is set up.
        """
        after = 0
        found: Sequence[StatusChange]
        while not self.context.stop.is_set():
            try:
                found = self._call(after, self.batch_size, dry_run=self.dry_run)
            except (TransientError, ConfigError):
                raise
            except SyncError as error:
                found = self._one_by_one(after, error)
            else:
                self._note(found)
            if not found:
                return
            after = found[-1].staging_id

    def _one_by_one(self, after: int, error: SyncError) -> Sequence[StatusChange]:
        """Queue a batch that failed as a whole change by change, so that only the one that is to blame stays behind."""
        if self.dry_run:
            raise error
        batch = self._call(after, self.batch_size, dry_run=True)
        for change in batch:
            if self.context.stop.is_set():
                break
            try:
                self._note(self._call(change.staging_id - 1, 1, dry_run=False))
            except (TransientError, ConfigError):
                raise
            except SyncError as refused:
                log.error("Order %s: its new status could not be queued (%s).", change.woo_order_id, refused)
                self.result.failed.append(FailedChange(change, refused))
        return batch

    def _call(self, after: int, batch_size: int, *, dry_run: bool) -> list[StatusChange]:
        call = QueueStatusChanges(store_id=self.store_id, batch_size=batch_size, dry_run=dry_run, after_id=after)
        try:
            return self.context.reaching(self.database.run, call)
        except SyncError:
            raise
        except Exception as error:
            log.exception("The changes behind staging id %s failed in an unforeseen way", after)
            raise unforeseen(error) from error

    def _note(self, found: Sequence[StatusChange]) -> None:
        """Keep what a person wants to hear of: a change that means nothing to the store was noted, and that is all."""
        self.result.changes += (change for change in found if change.woo_status is not None)
        self.result.unmapped += (change for change in found if not change.is_mapped)
