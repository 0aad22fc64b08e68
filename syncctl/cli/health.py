"""`syncctl health`: one verdict for people and for monitoring."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncctl.cli.output import Line, Render, Report, table
from syncctl.cli.run import Run, command
from syncctl.errors import EXIT_CONFIG, EXIT_SOME_FAILED, ConfigError
from syncctl.foreign_text import without_controls

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.services.health_findings import Check, Figure
    from syncctl.services.health_verdict import Verdict

app = typer.Typer()
NAGIOS = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
COUNTS = ("pending", "claimed", "failed", "review", "stuck", "write_back_pending", "write_back_failed", "recent_errors")
_LONGEST_SAID = 2000
"""Letters of a plugin's line before its figures: monitoring cuts a line after 4 to 8 KB, and with it the figures."""
_UNITS = {"s": "s", "MB": "MB", "%": "%"}
"""Units that a plugin's figures may have."""


def unable(report: Report, given: Mapping[str, Any]) -> Render | None:
    """Keep the promises of `--nagios`, one line and 0 to 3, and `--prometheus`, where something kept the command from looking."""
    if path := given.get("prometheus"):
        from syncctl.services.health_prometheus import write

        try:
            write(path, (), level="unknown", looked_at=report.started_at, seconds=report.duration.total_seconds())
        except ConfigError as error:
            if all(said["message"] != str(error) for said in report.errors):
                report.add_error(str(error))
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
    checks: Annotated[
        list[str] | None,
        typer.Option("--check", help="Make only this check, such as store or last_poll. May be repeated.", metavar="NAME"),
    ] = None,
    nagios: Annotated[
        bool,
        typer.Option(
            "--nagios", help="One line, and exit 0, 1, 2 or 3 for OK, WARNING, CRITICAL or UNKNOWN (it could not look)."
        ),
    ] = False,
    prometheus: Annotated[
        Path | None,
        typer.Option(
            "--prometheus",
            help="Also write the figures into this file (*.prom), for the textfile collector of Prometheus' node exporter.",
            metavar="FILE",
        ),
    ] = None,
) -> None:
    """Say whether all is well, in one verdict over many checks, and what to do about each that isn't.

    Database, store, keys, certificate, clocks and disks; orders that wait, failed, or need a person; messages that wait; whether
    each job ran when it should have; proofs of delivery and carriers' budgets, where there are any. Nothing is changed by it.

    Exit 0 healthy, 1 where something needs attention, 78 where something could not be looked at as it is set up.
    """
    from syncctl.cli.health_setup import look

    verdict = look(run, checks or ())
    numbers = verdict.numbers
    report = run.report
    unwritten = _unwritten(run, prometheus, verdict) if prometheus else ""
    report.status = "healthy" if verdict.healthy else verdict.level
    report.items = list(verdict.checks)
    report.counts = {name: getattr(numbers, name) if numbers else None for name in COUNTS}
    report.extra = {"last_success": numbers.last_success_dt if numbers else None, "review_causes": verdict.causes}
    for check in verdict.wrong:
        report.add_error(
            f"{check.name.replace('_', ' ')}: {check.message}",
            level=check.level,
            check=check.name,
            advice=check.advice or None,
        )
    # What could not be looked at is a matter of the set-up, as it is for every other command.
    unseen = bool(unwritten) or any(check.level == "unknown" for check in verdict.wrong)
    report.exit_code = EXIT_CONFIG if unseen else 0 if verdict.healthy else EXIT_SOME_FAILED
    if unwritten:
        # A disk that is full takes no figures, and the verdict is what tells of the disk: it is said all the same.
        report.add_error(unwritten, type=None if nagios else "ConfigError")
    if nagios:
        level = "unknown" if unwritten and verdict.level != "critical" else verdict.level
        report.exit_code = NAGIOS[level]
        run.render = _nagios(level, verdict, unwritten)
    else:
        run.render = _table(verdict)


def _unwritten(run: Run, path: Path, verdict: Verdict) -> str:
    """Write the figures; return why they can't be written, empty where they were."""
    from syncctl.services.health_prometheus import write

    took = (run.clock() - run.report.started_at).total_seconds()
    try:
        write(path, verdict.checks, level=verdict.level, looked_at=run.report.started_at, seconds=took)
    except ConfigError as error:
        return str(error)
    return ""


def _table(verdict: Verdict) -> Render:
    def render(console: Console) -> None:
        from rich.text import Text

        styles = {"ok": "green", "warning": "yellow", "critical": "bold red", "unknown": "bold red"}
        rows = (
            [Text(check.level, styles[check.level]), check.name.replace("_", " "), _value(check), _limits(check), _found(check)]
            for check in verdict.checks
        )
        table(console, ["", "What", "Value>", "Limits>", "Found"], rows)
        wrong = ", ".join(check.name.replace("_", " ") for check in verdict.wrong)
        console.print("All is well." if verdict.healthy else f"Needs attention: {wrong}.", style=styles[verdict.level])

    return render


def _value(check: Check) -> str:
    return "" if check.value is None else _short(check.value, check.unit)


def _limits(check: Check) -> str:
    """Write both limits, the warning's first, with a dash for one that isn't there."""
    if check.value is None or (check.warning is None and check.critical is None):
        return ""
    shown = ["-" if limit is None else _short(limit, check.unit) for limit in (check.warning, check.critical)]
    unit = shown[1].partition(" ")[2]
    if unit and shown[0].endswith(f" {unit}"):
        shown[0] = shown[0].removesuffix(f" {unit}")
    return "/".join(shown)


def _short(value: float, unit: str) -> str:
    """Write a value in the unit in which a person thinks of it: an age of an hour as minutes."""
    if unit == "s" and value >= 120:
        value, unit = value / 60, "min"
        if value >= 48 * 60:
            value, unit = value / 1440, "d"
    elif unit == "s" and 0 < value < 1:
        value, unit = value * 1000, "ms"
    # Rounded down, as ages are in words: nobody reads 7 min in one column and 6 in the next.
    tenths = math.floor(value * 10 + 1e-6)
    number = f"{tenths / 10:,.1f}".removesuffix(".0") if tenths < 100 else f"{tenths // 10:,}"
    return f"{number} {unit}".rstrip()


def _found(check: Check) -> str:
    if check.level == "ok" or check.because or not check.advice:
        return check.message
    return f"{check.message} \N{RIGHTWARDS ARROW} {check.advice}"


def _nagios(level: str, verdict: Verdict, unwritten: str) -> Render:
    wrong = "; ".join([*(f"{check.name}: {check.message}" for check in verdict.wrong), *([unwritten] if unwritten else [])])
    drawn = " ".join(_drawn(figure) for check in verdict.checks for figure in check.figures)
    return _line(level, wrong or "all is well", drawn)


def _drawn(figure: Figure) -> str:
    """Write one figure as the plugins' guidelines have it: 'label'=value[unit];[warning];[critical]. `21:` warns below 21."""
    limits = [
        "" if limit is None else f"{_figure(limit)}:" if figure.falls else _figure(limit)
        for limit in (figure.warning, figure.critical)
    ]
    name = "".join(letter if letter.isalnum() or letter in "_-." else "_" for letter in figure.name)
    return f"{name}={_figure(figure.value)}{_UNITS.get(figure.unit, '')};{';'.join(limits)}".rstrip(";")


def _figure(value: float) -> str:
    """Write a figure in full: monitoring reads no exponents."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _line(level: str, said: str, drawn: str = "") -> Line:
    """Write the one line that a monitoring plugin prints: what is behind a `|` are figures, so the text has none."""
    text = without_controls(" ".join(said.split())).replace("|", "/")
    text = text if len(text) <= _LONGEST_SAID else f"{text[:_LONGEST_SAID]} …"
    return Line(f"SYNCCTL {level.upper()} - {text}" + (f" | {drawn}" if drawn else ""))
