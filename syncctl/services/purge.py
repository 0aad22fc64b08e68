"""Forget history that is old enough: batch by batch, so that no other command waits long for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from syncctl.db.contract import Database, PurgeHistory
from syncctl.db.contract.history import KINDS
from syncctl.errors import SyncError
from syncctl.services.run_context import RunContext

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Purge:
    """How many rows of each kind were forgotten, or would be. Filled as the work goes."""

    rows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    stopped: bool = False
    ended_by: SyncError | None = None
    """What ended the run early."""

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.rows.values())


def purge(
    database: Database,
    context: RunContext,
    *,
    before: datetime,
    documents: bool,
    dry_run: bool,
    result: Purge,
    batch_size: int = 1000,
) -> None:
    """Forget what is older than `before`, kind by kind, until nothing is left or the run is asked to stop.

    What is still needed stays, see `sql/procedures/sp_PurgeHistory.sql`; proofs of delivery that claims point to, too, unless
    `documents`. Each batch stands by itself: what was forgotten before an error stays so.
    """
    try:
        for kind in KINDS:
            after: int | None = 0
            while after is not None:
                if context.stop.is_set():
                    result.stopped = True
                    return
                call = PurgeHistory(
                    kind=kind, before_dt=before, after_id=after, batch_size=batch_size, documents=documents, dry_run=dry_run
                )
                [batch] = context.reaching(database.run, call)
                result.rows[kind] += batch.purged_rows
                after = batch.last_id
            log.info("%s: %s %d", kind, "would forget" if dry_run else "forgot", result.rows[kind])
    except SyncError as error:
        result.ended_by = error
