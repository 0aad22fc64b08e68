"""Tell the store when an ERP document moves on: shipped, closed."""

from __future__ import annotations

from dataclasses import dataclass

from syncctl.db.contract import Database, QueueStatusChanges, StatusChange
from syncctl.services.stopping import Stop
from syncctl.services.write_back import Delivery, WriteBack


@dataclass(frozen=True, slots=True)
class StatusSync:
    """The changes that were found, and what became of the messages about them."""

    changes: list[StatusChange]
    deliveries: list[Delivery]

    @property
    def counts(self) -> dict[str, int]:
        """How many changes were found and told."""
        told = [delivery.outcome for delivery in self.deliveries]
        queued = sum(1 for change in self.changes if change.outbox_id is not None)
        return {
            "changes": len(self.changes),
            "queued": queued,
            "written_back": told.count("delivered") + told.count("dropped"),
            "write_back_pending": queued - told.count("delivered") - told.count("dropped"),
        }


def sync_status(
    database: Database,
    write_back: WriteBack | None,
    *,
    store_id: str,
    batch_size: int = 500,
    dry_run: bool = False,
    stop: Stop | None = None,
) -> StatusSync:
    """Put every change of an ERP document's state into the outbox, once, and deliver it.

    Raises:
        DatabaseUnavailable: no connection to the database.
    """
    changes: list[StatusChange] = []
    while True:
        found = database.run(QueueStatusChanges(store_id=store_id, batch_size=batch_size, dry_run=dry_run))
        changes += found
        if dry_run or len(found) < batch_size or (stop is not None and stop.is_set()):
            break
    deliveries: list[Delivery] = []
    if write_back is not None and not dry_run:
        for staging_id in dict.fromkeys(change.staging_id for change in changes if change.outbox_id is not None):
            if write_back.context.breaker("store").open or (stop is not None and stop.is_set()):
                break
            deliveries += write_back.deliver(staging_id=staging_id)
    return StatusSync(changes, deliveries)
