"""`syncctl rollback`: undo an order's ERP document where that is safe."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.confirm import Yes, ask, reason_within, require_consent
from syncctl.cli.orders import Number, StagingId, named_one
from syncctl.cli.output import table
from syncctl.cli.run import Job, Run, command, user
from syncctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from syncctl.db.contract import RollbackStep

app = typer.Typer()

JOB = Job(direction="ERP", records={"input": ("orders",), "updated": ("rolled_back",)}, alone=False)


class Then(StrEnum):
    """What becomes of the order after its document is gone."""

    cancel = "cancel"
    reset = "reset"


@command(app, "rollback", job=JOB)
def rollback(
    run: Run,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept on both sides.")],
    staging_id: StagingId = None,
    order: Number = None,
    then: Annotated[
        Then, typer.Option("--then", help="cancel: the order is not created again. reset: it is, by the next `process`.")
    ] = Then.cancel,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show each row that would change; change nothing.")] = False,
    yes: Yes = False,
) -> None:
    """Remove an order's document from the ERP and give its stock back. Shows each row that would change and asks first.

    Only where that is safe: the document is open, not shipped, not paid, not changed by hand since. Else nothing happens, and
    the answer says which condition failed and what to do by hand. `dead-letter reopen ID` takes the order up again.
    """
    from syncctl.services.find import called
    from syncctl.services.rollback import rollback as undo

    require_consent(run, yes=yes, dry_run=dry_run)
    why = reason_within(reason)
    if why is None:
        raise UsageError("--reason is empty. Say why: it is kept on both sides.")
    staged = named_one(run, staging_id, order)
    undone = undo(run.database, staged, reason=why, decided_by=user(), then=then.value, dry_run=True)
    if not dry_run:
        ask(run, f"Roll back {called(staged)}?", lambda console: _show_steps(console, undone.steps), yes=yes)
        undone = undo(run.database, staged, reason=why, decided_by=user(), then=then.value, dry_run=False)
    run.report.counts = {"orders": 1, "rolled_back": int(not dry_run), "rows": len(undone.steps)}
    run.report.items = list(undone.steps)
    run.report.extra = {"dry_run": dry_run, "staging_id": staged.staging_id, "woo_order_id": staged.woo_order_id}

    def render(console: Console) -> None:
        _show_steps(console, undone.steps)
        name = called(staged)
        if dry_run:
            console.print(f"Dry run: {name} can be rolled back; nothing was changed.")
        else:
            console.print(f"{name[0].upper()}{name[1:]} is out of the ERP. The store is told by the next `syncctl retry-failed`.")

    run.render = render


def _show_steps(console: Console, steps: Sequence[RollbackStep]) -> None:
    table(console, ["#>", "Table", "Row", "Change"], ([s.step_no, s.table_name, s.row_key, s.change] for s in steps))
