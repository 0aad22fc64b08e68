"""`syncctl demo`: the whole chain against a simulated store, for a person to watch."""

from __future__ import annotations

import logging
import tempfile
import textwrap
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.output import summary, table, words
from syncctl.cli.run import Run, command
from syncctl.errors import EXIT_SOME_FAILED, ConfigError, UsageError
from syncctl.setting_kinds import path_of

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.db.contract import Database
    from syncctl.demo.show import Outcome, Round

app = typer.Typer()

STYLES = {
    "APPLIED": "green",
    "CANCELLED": "yellow",
    "SKIPPED": "dim",
    "NEEDS_MANUAL_REVIEW": "bold red",
    "FAILED": "red",
    "PENDING": "cyan",
}
SHOWN_ORDERS = 12


@command(app, "demo")
def demo(
    run: Run,
    orders: Annotated[int, typer.Option("--orders", min=10, max=5000, help="How many orders the shop has in the morning.")] = 40,
    seed: Annotated[int, typer.Option("--seed", help="Another number makes other orders; the same one the same.")] = 1,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Keep the database in this folder, to look at afterwards.", metavar="DIR", file_okay=False),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="Which kind of store: woocommerce or shopify. Else what SYNCCTL_SOURCE says."),
    ] = None,
    erp: Annotated[
        str | None,
        typer.Option("--erp", help="Which ERP the day is entered into: counterpoint or rms. Else what SYNCCTL_ERP says."),
    ] = None,
) -> None:
    """Show the whole chain, from the store's orders to ERP documents and back, with what goes wrong on the way.

    A simulated store runs on this machine for a few seconds; your own store is not touched. The database is a
    throw-away one, unless --database names another: an embedded file, or a SQL Server with the trial ERP
    (`db deploy --demo-erp`).
    """
    from syncctl.demo.clocks import LeapingClock
    from syncctl.demo.shopfronts import FRONTS
    from syncctl.demo.show import MISSING_SKU, Demonstration

    if not run.verbose:
        # The warnings of this staged day would only hide the story.
        logging.getLogger("syncctl").setLevel(logging.CRITICAL)
    kind = source or run.settings.source
    if kind not in FRONTS:
        raise UsageError(f"--source takes {' or '.join(sorted(FRONTS, reverse=True))}, not '{kind}'.")
    clock = LeapingClock()
    with ExitStack() as held:
        url = _database(run, keep, held)
        chosen = run.settings.origin("database") == "flag"

        def connect() -> Database:
            from syncctl.db.connect import open_database

            return open_database(url, clock=clock, erp=erp or run.settings.erp)

        if chosen and erp is not None:
            _require_erp(connect, erp)
        show = Demonstration(
            connect=connect,
            clock=clock,
            run_id=run.run_id,
            source=kind,
            orders=orders,
            seed=seed,
            store_id=f"demo-{run.run_id}"[:50] if chosen else "demo",
            missing_sku=f"LAMP-{run.run_id[-8:].upper()}" if chosen else MISSING_SKU,
            report=_shower(run),
        )
        outcome = show.run()
    _report(run, outcome, url if chosen or keep else None)


def _require_erp(connect: Callable[[], Database], erp: str) -> None:
    """Make sure that a named database belongs to that ERP: what it belongs to is recorded in it, and stays."""
    from syncctl.db.contract import ListErpSettings

    with closing(connect()) as database:
        [held] = [row.value for row in database.run(ListErpSettings()) if row.name == "ERP"]
    if held != erp:
        raise ConfigError(f"That database belongs to {held}, not to {erp}. Leave --erp out, or name another database.")


def _database(run: Run, keep: Path | None, held: ExitStack) -> str:
    """Say which database the demonstration works on: the one that is named, a kept one, or one thrown away at the end."""
    if run.settings.origin("database") == "flag":
        return run.settings.database
    folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="syncctl-demo-", ignore_cleanup_errors=True)))
    if keep is not None:
        try:
            folder = path_of(str(keep)).absolute()
        except ValueError:
            raise UsageError(f"--keep is '{keep}', but there is no such user folder.") from None
        if (folder / "demo.db").exists():
            raise ConfigError(f"{folder / 'demo.db'} is there already, from a former demo. Name another folder with --keep.")
    return f"sqlite:///{(folder / 'demo.db').as_posix()}"


def _shower(run: Run) -> Callable[[Round], None]:
    """Return what shows each round as soon as it is over."""
    if run.output.as_json or run.output.quiet:
        return lambda _part: None
    console = run.output.console()

    def show(part: Round) -> None:
        from rich.table import Table
        from rich.text import Text

        console.rule(Text(part.title, style="bold"), align="left", style="dim")
        grid = Table.grid(padding=(0, 2, 0, 2))
        grid.add_column(min_width=17, no_wrap=True)
        grid.add_column()
        for step in part.steps:
            told = Text(step.text)
            counted = ", ".join(f"{value:,} {words(name)}" for name, value in step.counts.items() if value)
            if counted:
                told.append(f"\n{counted}", style="dim")
            grid.add_row(Text(step.actor, style="bold magenta" if step.actor == "shop" else "bold cyan"), told)
        console.print(grid)
        console.print()

    return show


def _report(run: Run, outcome: Outcome, kept_at: str | None) -> None:
    report = run.report
    report.counts = {"orders": len(outcome.orders), "states": outcome.states}
    report.items = list(outcome.orders)
    report.extra = {"invariants": outcome.invariants, "rounds": outcome.rounds}
    for finding in outcome.findings:
        report.add_error(finding)
    if not outcome.kept:
        report.exit_code = EXIT_SOME_FAILED

    def render(console: Console) -> None:
        from rich.text import Text

        console.rule(Text("Where the orders ended", style="bold"), align="left", style="dim")
        interesting = sorted(outcome.orders, key=lambda order: (order.state == "APPLIED", not order.reason, order.number))
        rows = (
            [
                order.number,
                order.store_status,
                Text(order.state, STYLES.get(order.state, "")),
                order.tkt_no,
                order.total,
                textwrap.shorten(order.reason, 90, placeholder=" …"),
            ]
            for order in interesting[:SHOWN_ORDERS]
        )
        table(console, ["Order", "In the store", "State", "Ticket", "Total>", "Why"], rows)
        if len(interesting) > SHOWN_ORDERS:
            console.print(Text(f"  … and {len(interesting) - SHOWN_ORDERS} more (--json lists them all)\n", style="dim"))
        counted = ", ".join(f"{count} {state}" for state, count in outcome.states.items())
        console.print(f"  {sum(outcome.states.values())} orders: {counted}\n")
        console.rule(Text("The promises, checked on the data", style="bold"), align="left", style="dim")
        for name, kept in outcome.invariants.items():
            mark = Text("  kept    ", "green") if kept else Text("  BROKEN  ", "bold red")
            console.print(mark + Text(words(name)))
        for finding in outcome.findings:
            console.print(Text(f"          {finding}", "red"))
        console.print()
        if kept_at and kept_at.startswith("sqlite:"):
            console.print(f"The database is kept: syncctl trace ORDER --database {kept_at}")
        elif kept_at:
            # A connection string may hold a password, which has no place on a screen.
            console.print("What it did is kept in that database: syncctl trace ORDER --database …")
        summary(console, report)

    run.render = render
