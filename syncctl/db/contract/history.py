"""Forgetting what is old: events, attempts, messages, runs, calls, notifications, incidents, documents, activities of queues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import BigInt, Code, Flag, Int, Moment, Procedure

KINDS = ("events", "attempts", "messages", "runs", "calls", "notifications", "incidents", "documents", "activities")
"""What there is a history of, in the order in which it is purged."""


@dataclass(frozen=True, slots=True)
class PurgedBatch:
    """What became of a batch. `last_id`: from where the next one goes on; None at the end."""

    purged_rows: Int
    last_id: BigInt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeHistory(Procedure[PurgedBatch]):
    """Forget one batch of one kind's rows that are older than `before_dt`, at least 30 days ago; with `dry_run` count them only.

    What an order that is not at rest, `health`, an audit or a claim without a proof still needs is kept. `documents`: forget
    proofs of delivery too that their claims still point to.
    """

    name: ClassVar[str] = "sp_PurgeHistory"
    returns: ClassVar[type] = PurgedBatch
    repeatable: ClassVar[bool] = True
    by_operator: ClassVar[bool] = True

    kind: Code
    before_dt: Moment
    after_id: BigInt = 0
    batch_size: Int = 1000
    documents: Flag = False
    dry_run: Flag = False
