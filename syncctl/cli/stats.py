"""`syncctl stats`: what was polled and what became of orders, in numbers that last."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncctl.cli.database import own_store
from syncctl.cli.output import local_time, table
from syncctl.cli.pushes import show as show_pushes
from syncctl.cli.run import Run, command, user
from syncctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from syncctl.services.statistics import Statistics, StoreStatistics

app = typer.Typer()
DEFAULT_BACK = timedelta(days=7)
MOST_SHOWN = 48
MOST_CAUSES = 5


@command(app, "stats")
def stats(
    run: Run,
    reset: Annotated[
        bool, typer.Option("--reset", help="Show the numbers, then count from now on. What was counted is kept: --all-time.")
    ] = False,
    every_store: Annotated[bool, typer.Option("--every-store", help="Of each store in the database, and together.")] = False,
    all_time: Annotated[bool, typer.Option("--all-time", help="Since the beginning, whatever was reset.")] = False,
    by: Annotated[
        str | None, typer.Option("--by", help="Show what happened hour by hour, or day by day.", metavar="hour|day")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="With --by: where it begins, else 7 days before its end: 2026-11-20, or 36h, 7d.", metavar="WHEN"),
    ] = None,
    until: Annotated[str | None, typer.Option(help="With --by: where it ends, else now.", metavar="WHEN")] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="With --by: write the rows to this file, for a spreadsheet.", metavar="FILE")
    ] = None,
) -> None:
    """Show how many orders polls gave, how many were created and changed in the ERP, and how many went to a person.

    The numbers are the store's, since they were last reset; they outlive restarts, and runs that are killed. Success is (new +
    updated) out of (new + updated + errors).
    """
    from syncctl.pushes import switched_on
    from syncctl.services.push_figures import push_figures
    from syncctl.services.statistics import store_statistics, together

    if reset and (every_store or all_time):
        raise UsageError("--reset is for one store, and stands alone: choose another with --profile.")
    store_id = None if every_store else own_store(run)
    if by is not None:
        if reset or all_time:
            raise UsageError("--by shows a window of time: leave --reset and --all-time out.")
        _by(run, by, since, until, csv, store_id=store_id)
        return
    if since or until or csv:
        raise UsageError("--since, --until and --csv go with --by hour or --by day.")
    found = store_statistics(run.database, store_id=store_id, all_time=all_time)
    run.report.items = [_item(each) for each in found]
    run.report.counts = {"stores": len(found)}
    run.report.extra = {"data": together(found).as_json() | {"last_poll_time": None} if every_store else run.report.items[0]}
    kinds = switched_on(run.settings)
    pushes = push_figures(run.database, kinds, store_id=store_id)
    if kinds:
        run.report.extra["pushes"] = [each.as_json() for each in pushes]
    if reset:
        from syncctl.db.contract import ResetStatistics

        [done] = run.send(ResetStatistics(store_id=run.settings.store_id, reset_by=user()[:100]))
        run.report.extra["reset_at"] = done.reset_dt

    def render(console: Console) -> None:
        columns = ["Store", "Polled>", "Known>", "New>", "Updated>", "Errors>", "Success>"]
        rows = [_row(each.store_id, each.statistics) for each in found]
        if len(found) > 1:
            rows.append(_row("together", together(found)))
        table(console, columns, rows)
        for each in found:
            if each.since:
                console.print(f"{each.store_id}: counted since {local_time(each.since, '%Y-%m-%d %H:%M')}.")
        show_pushes(console, pushes, kinds)
        if reset:
            console.print("From now on the numbers begin anew; `syncctl stats --all-time` has them all.")

    run.render = render


def _by(run: Run, by: str, since: str | None, until: str | None, csv: Path | None, *, store_id: str | None) -> None:
    """Show a window hour by hour or day by day, with peaks, times, causes and attempts."""
    from syncctl.cli.customers import org_of
    from syncctl.cli.report import as_json, window
    from syncctl.pushes import switched_on
    from syncctl.reporting.page import STEPS, span
    from syncctl.services.figures import FLOW, as_rows, gather

    if by not in ("hour", "day"):
        raise UsageError(f"--by is '{by[:20]}', but takes hour or day.")
    wanted = window(run, since, until, back=DEFAULT_BACK, store_id=store_id)
    figures = gather(run.database, wanted, now=run.clock(), org_id=org_of(run), kinds=switched_on(run.settings))
    flows = figures.by_hour if by == "hour" else figures.by_day
    rows = as_rows(flows, figures.columns)
    peaks = {"day": figures.busiest_day, "hour": figures.busiest_hour}
    run.report.counts = {name: figures.totals[name] for name in figures.columns}
    run.report.items = list(rows)
    run.report.extra = {
        **as_json(wanted),
        "by": by,
        "peaks": {name: as_rows([flow], figures.columns)[0] if flow else None for name, flow in peaks.items()},
        "steps": figures.steps,
        "causes": [{"title": cause.title, "advice": cause.advice, **asdict(cause.failure)} for cause in figures.causes],
        "attempts": figures.attempts,
        "runs": figures.runs,
        "backlog": figures.backlog,
    }
    if figures.kinds:
        run.report.extra["pushes"] = [each.as_json() for each in figures.pushes]
    if csv is not None:
        _write(csv, rows, figures.columns)

    def render(console: Console) -> None:
        shown = flows[-MOST_SHOWN:]
        form = "%Y-%m-%d %H:%M" if by == "hour" else "%Y-%m-%d"
        table(
            console,
            [by.title(), *(f"{name.title()}>" for name in FLOW)],
            ([f"{flow.start:{form}}", *(f"{flow.counts[name]:,}" for name in FLOW)] for flow in shown),
        )
        for kind in figures.kinds:
            table(
                console,
                [by.title(), f"{kind.what.title()} told>", "Refused>", "Pushes held>"],
                ([f"{flow.start:{form}}", *(f"{flow.counts[name]:,}" for name in kind.columns)] for flow in shown),
            )
        if len(flows) > len(shown):
            console.print(f"The last {len(shown)} of {len(flows)}: --json and --csv have them all.")
        for name, flow in peaks.items():
            if flow:
                console.print(f"Busiest {name}: {flow.start:{'%Y-%m-%d %H:%M' if name == 'hour' else '%Y-%m-%d'}}.")
        for step in figures.steps:
            said = f"half within {span(step.median_ms)}, 95 % within {span(step.p95_ms)}, at most {span(step.longest_ms)}"
            console.print(f"{step.store_id}, {STEPS.get(step.step, step.step)}: {said} ({step.orders:,}).")
        for cause in figures.causes[:MOST_CAUSES]:
            failure = cause.failure
            tried = f"{failure.attempts:,} attempts, {failure.open_orders:,} still open"
            console.print(f"{failure.orders:,} failed: {cause.title} ({tried}).")
        if csv is not None:
            console.print(f"Written to {csv}.")

    run.render = render


def _write(path: Path, rows: list[dict[str, Any]], counted: Sequence[str]) -> None:
    from syncctl.csv_text import csv_text, write_csv

    columns = ["start", *counted]
    write_csv(path, csv_text(columns, ([row[name] for name in columns] for row in rows)))


def _item(store: StoreStatistics) -> dict[str, Any]:
    return {
        "store_id": store.store_id,
        "since": store.since,
        **store.statistics.as_json(),
        "polls": store.polls,
        "closed": store.closed,
        "failed_attempts": store.failed_attempts,
    }


def _row(name: str, numbers: Statistics) -> list[object]:
    counted = (numbers.total_polled, numbers.already_synced, numbers.newly_synced, numbers.updated, numbers.sync_errors)
    return [name, *(f"{count:,}" for count in counted), f"{numbers.success_rate} %"]
