"""`syncctl health`: one verdict for people and for monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.output import table
from syncctl.cli.process import open_store
from syncctl.cli.run import Run, command
from syncctl.errors import EXIT_SOME_FAILED

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer()
NAGIOS = {"ok": 0, "warning": 1, "critical": 2}


@command(
    app,
    "health",
    settings={
        "--pending-minutes": "health_pending_minutes",
        "--write-back-minutes": "health_write_back_minutes",
        "--silence-minutes": "health_silence_minutes",
        "--failed-orders": "health_failed_orders",
        "--review-orders": "health_review_orders",
    },
)
def health(
    run: Run,
    nagios: Annotated[bool, typer.Option("--nagios", help="One line, and exit 0, 1 or 2 for OK, WARNING or CRITICAL.")] = False,
) -> None:
    """Say whether all is well: database, store, orders that wait, failed, or need a person, and the last run that succeeded.

    Exit 0 healthy, 1 where something needs attention.
    """
    from syncctl.services.health import Thresholds
    from syncctl.services.health import health as look

    settings = run.settings
    verdict = look(
        run.connect,
        open_store(run),
        thresholds=Thresholds(
            pending_minutes=settings.health_pending_minutes,
            write_back_minutes=settings.health_write_back_minutes,
            silence_minutes=settings.health_silence_minutes,
            failed_orders=settings.health_failed_orders,
            review_orders=settings.health_review_orders,
            polling=settings.enable_order_polling,
            polling_interval_minutes=settings.order_polling_interval_minutes,
        ),
        clock=run.clock,
    )
    numbers = verdict.numbers
    run.report.status = "healthy" if verdict.healthy else verdict.level
    run.report.items = list(verdict.checks)
    run.report.counts = {
        name: getattr(numbers, name) if numbers else None
        for name in (
            "pending",
            "claimed",
            "failed",
            "review",
            "stuck",
            "write_back_pending",
            "write_back_failed",
            "recent_errors",
        )
    }
    run.report.extra = {"last_success": numbers.last_success_dt if numbers else None}
    for check in verdict.checks:
        if check.level != "ok":
            run.report.add_error(f"{check.name.replace('_', ' ')}: {check.message}", level=check.level, check=check.name)
    run.report.exit_code = NAGIOS[verdict.level] if nagios else 0 if verdict.healthy else EXIT_SOME_FAILED

    def render(console: Console) -> None:
        from rich.text import Text

        if nagios:
            wrong = [f"{check.name}: {check.message}" for check in verdict.checks if check.level != "ok"]
            drawn = " ".join(f"{check.name}={check.value:g}" for check in verdict.checks if check.value is not None)
            level = verdict.level.upper()
            console.print(f"SYNCCTL {level} - {'; '.join(wrong) or 'all is well'} | {drawn}", soft_wrap=True)
            return
        styles = {"ok": "green", "warning": "yellow", "critical": "bold red"}
        rows = ([Text(check.level, styles[check.level]), check.name.replace("_", " "), check.message] for check in verdict.checks)
        table(console, ["", "What", "Found"], rows)
        wrong_checks = ", ".join(check.name.replace("_", " ") for check in verdict.checks if check.level != "ok")
        console.print("All is well." if verdict.healthy else f"Needs attention: {wrong_checks}.", style=styles[verdict.level])

    run.render = render
