"""`syncctl health`: one verdict for people and for monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncctl.cli.output import Line, Render, Report, table
from syncctl.cli.process import open_store
from syncctl.cli.run import Run, command
from syncctl.errors import EXIT_CONFIG, EXIT_SOME_FAILED
from syncctl.foreign_text import without_controls

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.services.health import Verdict

app = typer.Typer()
NAGIOS = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
COUNTS = ("pending", "claimed", "failed", "review", "stuck", "write_back_pending", "write_back_failed", "recent_errors")


def unable(report: Report, given: Mapping[str, Any]) -> Render | None:
    """Keep the promise of `--nagios`, one line and 0 to 3, where something kept the command from looking at all."""
    if not given.get("nagios"):
        return None
    report.exit_code = NAGIOS["unknown"]
    report.status = "unknown"
    # The line says what is wrong; an error that ended a run would be said once more on stderr.
    report.errors = [{key: value for key, value in error.items() if key != "type"} for error in report.errors]
    said = " ".join(str(error["message"]) for error in report.errors)
    return _line("unknown", said)


@command(
    app,
    "health",
    settings={
        "--pending-minutes": "health_pending_minutes",
        "--write-back-minutes": "health_write_back_minutes",
        "--overdue-minutes": "health_overdue_minutes",
        "--silence-minutes": "health_silence_minutes",
        "--failed-orders": "health_failed_orders",
        "--review-orders": "health_review_orders",
        "--failed-proofs": "health_failed_proofs",
        "--deadline-seconds": "health_deadline_seconds",
    },
    unable=unable,
)
def health(
    run: Run,
    nagios: Annotated[
        bool,
        typer.Option(
            "--nagios", help="One line, and exit 0, 1, 2 or 3 for OK, WARNING, CRITICAL or UNKNOWN (it could not look)."
        ),
    ] = False,
) -> None:
    """Say whether all is well: database, store, clocks, orders that wait, failed, or need a person, the polls, the last success.

    And claims that will get no proof of delivery by themselves, where there are any.

    Exit 0 healthy, 1 where something needs attention.
    """
    from syncctl.services.health import health as look
    from syncctl.services.health_checks import Thresholds

    settings = run.settings
    verdict = look(
        run.connect,
        open_store(run),
        store_id=settings.store_id,
        thresholds=Thresholds(
            pending_minutes=settings.health_pending_minutes,
            write_back_minutes=settings.health_write_back_minutes,
            overdue_minutes=settings.health_overdue_minutes,
            silence_minutes=settings.health_silence_minutes,
            failed_orders=settings.health_failed_orders,
            review_orders=settings.health_review_orders,
            failed_proofs=settings.health_failed_proofs,
            proof_retries=settings.pod_max_retries,
            clock_warning_seconds=settings.health_clock_warning_seconds,
            clock_critical_seconds=settings.health_clock_critical_seconds,
            polling=settings.enable_order_polling,
            polling_interval_minutes=settings.order_polling_interval_minutes,
            ignore_stores=settings.health_ignore_stores,
        ),
        clock=run.clock,
        deadline=timedelta(seconds=settings.health_deadline_seconds),
    )
    numbers = verdict.numbers
    report = run.report
    report.status = "healthy" if verdict.healthy else verdict.level
    report.items = list(verdict.checks)
    report.counts = {name: getattr(numbers, name) if numbers else None for name in COUNTS}
    report.extra = {"last_success": numbers.last_success_dt if numbers else None, "review_causes": verdict.causes}
    for check in verdict.checks:
        if check.level != "ok":
            report.add_error(f"{check.name.replace('_', ' ')}: {check.message}", level=check.level, check=check.name)
    # What could not be looked at is a matter of the set-up, as it is for every other command.
    found = EXIT_CONFIG if any(check.level == "unknown" for check in verdict.checks) else EXIT_SOME_FAILED
    report.exit_code = NAGIOS[verdict.level] if nagios else 0 if verdict.healthy else found
    run.render = _nagios(verdict) if nagios else _table(verdict)


def _table(verdict: Verdict) -> Render:
    def render(console: Console) -> None:
        from rich.text import Text

        styles = {"ok": "green", "warning": "yellow", "critical": "bold red", "unknown": "bold red"}
        rows = ([Text(check.level, styles[check.level]), check.name.replace("_", " "), check.message] for check in verdict.checks)
        table(console, ["", "What", "Found"], rows)
        wrong = ", ".join(check.name.replace("_", " ") for check in verdict.checks if check.level != "ok")
        console.print("All is well." if verdict.healthy else f"Needs attention: {wrong}.", style=styles[verdict.level])

    return render


def _nagios(verdict: Verdict) -> Render:
    wrong = "; ".join(f"{check.name}: {check.message}" for check in verdict.checks if check.level != "ok")
    drawn = " ".join(f"{check.name}={_figure(check.value)}" for check in verdict.checks if check.value is not None)
    return _line(verdict.level, wrong or "all is well", drawn)


def _figure(value: float) -> str:
    """Write a figure in full: monitoring reads no exponents."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _line(level: str, said: str, drawn: str = "") -> Line:
    """Write the one line that a monitoring plugin prints: what is behind a `|` are figures, so the text has none."""
    text = without_controls(" ".join(said.split())).replace("|", "/")
    return Line(f"SYNCCTL {level.upper()} - {text}" + (f" | {drawn}" if drawn else ""))
