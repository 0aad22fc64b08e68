"""`syncctl trace`: one order's whole story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.orders import LARGEST_ID, Number, named_one
from syncctl.cli.output import table, words
from syncctl.cli.process import open_store
from syncctl.cli.run import Run, command
from syncctl.errors import EXIT_SOME_FAILED, UsageError

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer()


@command(app, "trace")
def trace(
    run: Run,
    reference: Annotated[
        str | None, typer.Argument(help="The order's number, with or without #, or its id in the store.", metavar="ORDER")
    ] = None,
    order: Number = None,
    staging_id: Annotated[
        int | None,
        typer.Option(
            "--staging-id", min=1, max=LARGEST_ID, help="The order by its staging id, as other commands name it.", metavar="ID"
        ),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Don't ask the store about an order that was never staged.")] = False,
) -> None:
    """Tell an order's whole story in time order, and why it is or isn't in the ERP.

    Exit 1 where the order was never staged; the answer says why then, too.
    """
    from syncctl.profiles import unchosen
    from syncctl.services.trace import trace as tell

    if sum(given is not None for given in (reference, order, staging_id)) != 1:
        raise UsageError(
            "Say which order: its number (or id in the store), or --staging-id ID. `syncctl trace --help` tells more."
        )
    ask = None if offline else open_store(run)
    staged = None if staging_id is None else named_one(run, staging_id, None)
    wanted = reference or order or str(staging_id)
    told = tell(
        run.database,
        wanted,
        store_id=run.settings.store_id,
        staged=staged,
        open_store=ask,
        offline=offline,
        profiles=unchosen(run.settings),
        clock=run.clock,
    )
    run.report.counts = {"events": len(told.events)}
    run.report.items = list(told.events)
    run.report.extra = {
        "reference": wanted,
        "found": told.found,
        "verdict": told.verdict,
        "advice": told.advice,
        "order": told.order,
        "others": told.others,
    }
    run.report.exit_code = 0 if told.found else EXIT_SOME_FAILED

    def render(console: Console) -> None:
        if told.order:
            staged = told.order
            total = f"{staged.tot_amt} {staged.currency}" if staged.tot_amt is not None else "no total"
            console.print(
                f"Order {staged.woo_order_no or staged.woo_order_id} (id {staged.woo_order_id}, staging id {staged.staging_id}): "
                f"{staged.state}, {staged.ord_status or 'no status'} in the store, {total}"
            )
        if told.events:
            # What is told twice in other words is only in --json.
            rows = ([event.event_dt, words(event.event_type).lower(), event.attempt_no, event.message] for event in told.story)
            table(console, ["When", "What", "Attempt>", "Details"], rows)
        for other in told.others:
            console.print(
                f"Another row of this order: staging id {other.staging_id}, {other.state} ({other.state_reason or '-'})."
            )
        console.print(told.verdict, style="bold")
        if told.advice:
            console.print(f"Next: {told.advice}")

    run.render = render
