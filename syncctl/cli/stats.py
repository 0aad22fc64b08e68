"""`syncctl stats`: what was polled and what became of orders, in numbers that last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncctl.cli.output import local_time, table
from syncctl.cli.run import Run, command, user
from syncctl.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.services.statistics import Statistics, StoreStatistics

app = typer.Typer()


@command(app, "stats")
def stats(
    run: Run,
    reset: Annotated[
        bool, typer.Option("--reset", help="Show the numbers, then count from now on. What was counted is kept: --all-time.")
    ] = False,
    every_store: Annotated[bool, typer.Option("--every-store", help="Of each store in the database, and together.")] = False,
    all_time: Annotated[bool, typer.Option("--all-time", help="Since the beginning, whatever was reset.")] = False,
) -> None:
    """Show how many orders polls gave, how many were created and changed in the ERP, and how many went to a person.

    The numbers are the store's, since they were last reset; they outlive restarts, and runs that are killed. Success is (new +
    updated) out of (new + updated + errors).
    """
    from syncctl.profiles import require_chosen
    from syncctl.services.statistics import store_statistics, together

    if reset and (every_store or all_time):
        raise UsageError("--reset is for one store, and stands alone: choose another with --profile.")
    if not every_store:
        require_chosen(run.settings)
    found = store_statistics(run.database, store_id=None if every_store else run.settings.store_id, all_time=all_time)
    run.report.items = [_item(each) for each in found]
    run.report.counts = {"stores": len(found)}
    run.report.extra = {"data": together(found).as_json() | {"last_poll_time": None} if every_store else run.report.items[0]}
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
        if reset:
            console.print("From now on the numbers begin anew; `syncctl stats --all-time` has them all.")

    run.render = render


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
