"""`syncctl write-back`: the messages to the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.orders import LARGEST_STORE_ID, Numbers, named
from syncctl.cli.output import MOST_LISTED, say_first, table
from syncctl.cli.run import Run, command

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.db.contract import OutboxEntry

app = typer.Typer(
    help="Messages to the store (status, notes): see what waits or failed, and make it due now.", no_args_is_help=True
)


@command(app, "list", group="write-back")
def list_messages(
    run: Run,
    states: Annotated[
        str | None,
        typer.Option("--state", help="PENDING, CLAIMED, FAILED, DONE, DROPPED, between commas; else what isn't delivered."),
    ] = None,
    order: Numbers = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST_LISTED, help="Show at most so many.")] = 1000,
) -> None:
    """List messages to the store that were not delivered yet, with the last error of each."""
    from syncctl.services.outbox import list_messages as read

    orders = named(run, None, order)
    entries, more = read(run.database, states=states.upper() if states else None, orders=orders, limit=limit)
    _show(run, entries, "No message waits.", more=more)


@command(app, "retry", group="write-back")
def retry(
    run: Run,
    ids: Annotated[
        list[int] | None,
        typer.Argument(
            help="Messages, as `write-back list` numbers them; all where none is named.",
            metavar="ID",
            min=1,
            max=LARGEST_STORE_ID,
        ),
    ] = None,
    order: Numbers = None,
) -> None:
    """Make failed and waiting messages due now; `retry-failed` delivers them."""
    from syncctl.services.outbox import retry_messages

    _show(run, retry_messages(run.database, ids or (), orders=named(run, None, order)), "No message to retry.")


def _show(run: Run, entries: list[OutboxEntry], none: str, *, more: bool = False) -> None:
    run.report.items = list(entries)
    run.report.counts = {"messages": len(entries)}

    def render(console: Console) -> None:
        if not entries:
            console.print(none)
            return
        columns = ["Message>", "Order>", "What", "State", "Attempts>", "Next", "Detail"]
        rows = (
            [e.outbox_id, e.woo_order_id, e.kind, e.state, e.attempt_no, e.next_attempt_dt, e.error_message or e.note]
            for e in entries
        )
        table(console, columns, rows)
        if more:
            say_first(console, len(entries))

    run.render = render
