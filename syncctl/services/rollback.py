"""Undo an order's ERP document where that is safe."""

from __future__ import annotations

from dataclasses import dataclass

from syncctl.db.contract import Database, RollbackOrder, RollbackStep, StagedOrder


@dataclass(frozen=True, slots=True)
class Rollback:
    """What was undone (or would be, in a dry run), row by row."""

    order: StagedOrder
    steps: list[RollbackStep]
    dry_run: bool


def rollback(database: Database, order: StagedOrder, *, reason: str, decided_by: str, then: str, dry_run: bool) -> Rollback:
    """Remove an applied order's ERP document and give its stock back; the order is made again (`reset`) or not (`cancel`).

    Raises:
        RollbackRefused: it isn't safe; the message names every condition that failed and what to do by hand.
        WrongState: nothing is applied.
    """
    call = RollbackOrder(staging_id=order.staging_id, reason=reason, decided_by=decided_by, then=then, dry_run=dry_run)
    return Rollback(order, database.run(call), dry_run)
