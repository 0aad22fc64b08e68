"""`syncctl db`: the database side."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.run import Run, command
from syncctl.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="The database side: fill a trial ERP.", no_args_is_help=True)


@command(app, "seed", group="db")
def seed(
    run: Run,
    from_store: Annotated[
        bool, typer.Option("--from-store", help="Take items, prices, stock and customers from the configured store.")
    ] = False,
) -> None:
    """Fill the embedded trial ERP with the store's own items, prices, stock and customers, so that a trial runs on your data.

    What is there already stays. Refused on a SQL Server: there the ERP is real.
    """
    from syncctl.db.connect import is_embedded
    from syncctl.services.seed import seed_from_store

    if not from_store:
        raise UsageError("Say where the data comes from: `syncctl db seed --from-store` reads the configured store.")
    if not is_embedded(run.settings.database):
        raise UsageError("`db seed` fills the embedded trial ERP only; SYNCCTL_DATABASE names a SQL Server, whose ERP is real.")
    with closing(run.open_store()) as store:
        seeded = seed_from_store(run.database, store)
    run.report.counts = {"items": seeded.items, "customers": seeded.customers, "skipped": len(seeded.skipped)}
    run.report.items = [{"skipped": reason} for reason in seeded.skipped]

    def render(console: Console) -> None:
        for reason in seeded.skipped:
            console.print(f"Left out: {reason}.")
        console.print(f"Added {seeded.items:,} items and {seeded.customers:,} customers to the trial ERP.")

    run.render = render
