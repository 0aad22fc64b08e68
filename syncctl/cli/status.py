"""`syncctl status`: how polling of the store stands."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from syncctl.cli.database import Use
from syncctl.cli.output import local_time, table
from syncctl.cli.pushes import show as show_pushes
from syncctl.cli.run import Run, command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from syncctl.services.statistics import PollingStatus

app = typer.Typer()


@command(app, "status", use=Use(one_store=True))
def status(run: Run) -> None:
    """Show how polling of the store stands: when it was last read to the end, when it is due again, and the numbers since.

    Where stock or prices are pushed, also how that stands: the last push, one that waits for a person, what the store refused.

    Nothing is changed, and the store isn't asked. `health` says whether all is well; `stats` has the numbers of all stores.
    """
    from syncctl.pushes import switched_on
    from syncctl.services.push_figures import push_figures
    from syncctl.services.statistics import Polling, polling_status

    settings = run.settings
    polling = Polling(
        enabled=settings.enable_order_polling,
        interval=timedelta(minutes=settings.order_polling_interval_minutes),
        lookback_minutes=settings.order_polling_lookback_minutes,
        batch_size=settings.order_polling_batch_size,
        store_set=all(getattr(settings, name) for name in settings.store_keys),
        webhooks=settings.enable_webhooks,
    )
    found = polling_status(run.database, polling, store_id=settings.store_id, now=run.clock())
    run.report.status = "success"
    run.report.extra = {"data": found.as_json()}
    kinds = switched_on(settings)
    pushes = push_figures(run.database, kinds, store_id=settings.store_id)
    if kinds:
        run.report.extra["pushes"] = [each.as_json() for each in pushes]

    def render(console: Console) -> None:
        table(console, ["Polling", settings.store_id], _rows(found))
        show_pushes(console, pushes, kinds)

    run.render = render


def _rows(found: PollingStatus) -> Iterator[tuple[str, str]]:
    polling, numbers = found.polling, found.numbers.statistics
    last = local_time(numbers.last_poll_time) if numbers.last_poll_time else "never read to the end"
    yield "status", {"disabled": "off (SYNCCTL_ENABLE_ORDER_POLLING)", "due": "due"}.get(found.status, "waits for its interval")
    yield "next poll", _next(found)
    yield "last poll", last
    yield "interval", f"{polling.interval.total_seconds() / 60:.0f} minutes, {polling.lookback_minutes} minutes back"
    yield "orders at a time", f"{polling.batch_size}"
    yield "store", "set" if polling.store_set else "its address or keys are not set"
    yield "webhooks", "taken" if polling.webhooks else "off"
    yield "counted since", local_time(found.numbers.since) if found.numbers.since else "the beginning"
    yield "polled", f"{numbers.total_polled:,}, of which {numbers.already_synced:,} needed nothing"
    yield "in the ERP", f"{numbers.newly_synced:,} new, {numbers.updated:,} changed or closed"
    yield "errors", f"{numbers.sync_errors:,}, so {numbers.success_rate} % succeeded"


def _next(found: PollingStatus) -> str:
    if found.status == "disabled":
        return "none"
    if found.status == "due":
        return "the next `syncctl stage`"
    minutes, seconds = divmod(found.seconds_until_next_poll, 60)
    return f"in {minutes} min {seconds} s"
