"""`syncctl db purge`: forget history that is old enough."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.confirm import Yes, ask, require_consent
from syncctl.cli.db import app
from syncctl.cli.moments import span
from syncctl.cli.output import table
from syncctl.cli.run import Job, Run, command
from syncctl.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.services.purge import Purge

JOB = Job(direction="history", records={"input": ("rows",), "updated": ("purged",)})
SHORTEST = timedelta(days=30)


@command(app, "purge", group="db", job=JOB)
def purge(
    run: Run,
    older_than: Annotated[str, typer.Option("--older-than", help="How old: 180d, at least 30d.")] = "180d",
    documents: Annotated[
        bool, typer.Option("--documents", help="Proofs of delivery in the database, too, that claims still point to.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be forgotten; change nothing.")] = False,
    yes: Yes = False,
) -> None:
    """Forget old history: events, attempts, messages, runs, calls, notifications, incidents, queues' activities, lost documents.

    Counts it first and asks. Only what nothing needs any more: never what belongs to an order in work, in review, or open in the
    ERP, nor orders, links, maps, claims and dead letters. What is gone can't be brought back but from a backup.
    """
    from syncctl.services.purge import Purge, purge as forget

    require_consent(run, yes=yes, dry_run=dry_run)
    age = span(older_than, "--older-than")
    if age < SHORTEST:
        raise UsageError(f"--older-than is {older_than}, but takes at least {SHORTEST.days}d.")
    try:
        before = run.clock() - age
    except OverflowError:
        raise UsageError(f"--older-than is {older_than}, which is before all time.") from None
    result = Purge()
    run.conclude = lambda: _report(run, result, dry_run=dry_run)
    if not (dry_run or yes):
        found = Purge()
        forget(run.database, run.context(), before=before, documents=documents, dry_run=True, result=found)
        if found.ended_by:
            raise found.ended_by
        ask(run, f"Forget {found.total:,} rows older than {older_than}?", lambda console: _show(console, found), yes=yes)
    forget(run.database, run.context(), before=before, documents=documents, dry_run=dry_run, result=result)


def _report(run: Run, result: Purge, *, dry_run: bool) -> None:
    report = run.report
    report.counts = {"rows": result.total, "purged": 0 if dry_run else result.total}
    report.items = [{"kind": kind, "rows": rows} for kind, rows in result.rows.items()]
    report.extra = {"dry_run": dry_run, "stopped": result.stopped}
    if result.ended_by:
        report.fail(result.ended_by)

    def render(console: Console) -> None:
        _show(console, result)
        if dry_run:
            console.print("Dry run: nothing was forgotten.")

    run.render = render


def _show(console: Console, result: Purge) -> None:
    table(console, ["History", "Rows>"], ([kind, f"{rows:,}"] for kind, rows in result.rows.items()))
