"""`syncctl rollback`: undo an order's ERP document where that is safe."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.output import table
from syncctl.cli.run import Job, Run, command, user

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer()

JOB = Job(direction="ERP", records={"input": ("orders",), "updated": ("rolled_back",)}, alone=False)


class Then(StrEnum):
    """What becomes of the order after its document is gone."""

    cancel = "cancel"
    reset = "reset"


@command(app, "rollback", job=JOB)
def rollback(
    run: Run,
    staging_id: Annotated[int, typer.Argument(help="The staging id; `trace ORDER` tells it.", metavar="ID")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept on both sides.")],
    then: Annotated[
        Then, typer.Option("--then", help="cancel: the order is not created again. reset: it is, by the next `process`.")
    ] = Then.cancel,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show each row that would change; change nothing.")] = False,
) -> None:
    """Remove an order's document from the ERP and give its stock back.

    Only where that is safe: the document is open, not shipped, not paid, not changed by hand since. Else nothing happens, and
    the answer says which condition failed and what to do by hand.
    """
    from syncctl.services.rollback import rollback as undo

    undone = undo(run.database, staging_id, reason=reason, decided_by=user(), then=then.value, dry_run=dry_run)
    run.report.counts = {"orders": 1, "rolled_back": int(not dry_run), "rows": len(undone.steps)}
    run.report.items = list(undone.steps)
    run.report.extra = {"dry_run": dry_run, "staging_id": staging_id, "woo_order_id": undone.order.woo_order_id}

    def render(console: Console) -> None:
        table(console, ["#>", "Table", "Row", "Change"], ([s.step_no, s.table_name, s.row_key, s.change] for s in undone.steps))
        order = undone.order.woo_order_no or undone.order.woo_order_id
        if dry_run:
            console.print(f"Dry run: order {order} can be rolled back; nothing was changed.")
        else:
            console.print(f"Order {order} is out of the ERP. The store is told by the next `syncctl retry-failed`.")

    run.render = render
