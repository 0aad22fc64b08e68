"""`syncctl sync-status`: what happened to documents in the ERP becomes a status in the store."""

from __future__ import annotations

from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.database import Use
from syncctl.cli.output import summary, table
from syncctl.cli.run import Job, Run, command
from syncctl.errors import EXIT_SOME_FAILED

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.retry import CircuitBreaker
    from syncctl.services.sync_status import StatusSync

app = typer.Typer()

JOB = Job(
    direction="ERP_TO_STORE",
    records={"input": ("changes",), "updated": ("written_back",), "failed": ("write_back_pending", "unmapped", "failed")},
    parallel=True,
)


@command(app, "sync-status", job=JOB, use=Use(one_store=True))
def sync_status(
    run: Run, dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what changed in the ERP; write nothing.")] = False
) -> None:
    """Tell the store which orders were shipped or closed in the ERP, with their tracking numbers.

    Each change is told once; a store status is never taken backwards. Exit 1 where a change was not told, such as one that the
    status map has no row for.
    """
    from syncctl.services.sync_status import StatusSync, sync_status as sync
    from syncctl.services.write_back import WriteBack

    settings = run.settings
    context = run.context()
    result = StatusSync()
    run.conclude = lambda: _report(run, result, context.breaker("store"), dry_run=dry_run)
    with closing(run.open_store()) if settings.store_url and not dry_run else nullcontext() as store:
        write_back = (
            WriteBack(
                run.database,
                store,
                f"{run.run_id}/1",
                context,
                lease_seconds=settings.lease_seconds,
                statuses=settings.write_back_status,
            )
            if store
            else None
        )
        sync(run.database, write_back, context, store_id=settings.store_id, dry_run=dry_run, result=result)


def _report(run: Run, result: StatusSync, breaker: CircuitBreaker, *, dry_run: bool) -> None:
    report = run.report
    report.counts = result.counts
    report.items = list(result.changes)
    report.extra = {"dry_run": dry_run, "deliveries": result.deliveries, "unmapped": result.unmapped, "stopped": result.stopped}
    for delivery in result.deliveries:
        if delivery.outcome in ("waiting", "failed"):
            report.add_error(f"Order {delivery.woo_order_id}: {delivery.message}", woo_order_id=delivery.woo_order_id)
    for each in result.failed:
        said = f"Order {each.change.woo_order_id}: {each.change.erp_status} could not be queued for the store: {each.error}"
        report.add_error(said, woo_order_id=each.change.woo_order_id)
    unmapped = [_what_to_type(state, number) for state, number in result.missing()]
    for said in unmapped:
        report.add_error(said)
    if report.errors:
        report.exit_code = EXIT_SOME_FAILED
    if result.ended_by:
        report.fail(result.ended_by)
    elif breaker.opened_by:
        report.fail(breaker.opened_by)

    def render(console: Console) -> None:
        if result.changes:
            table(
                console,
                ["Order>", "Staging id>", "Document>", "In the ERP", "In the store", "Tracking number"],
                ([c.woo_order_id, c.staging_id, c.doc_id, c.erp_status, c.woo_status, c.tracking_no] for c in result.changes),
            )
        for error in report.errors:
            if "type" not in error:  # what ended the run is said anyway
                console.print(str(error["message"]))
        summary(console, report)
        if dry_run:
            console.print("Dry run: nothing was written.")

    run.render = render


def _what_to_type(state: str, number: int) -> str:
    """Say what a state without a row in the status map means, and how to give it one."""
    what = "1 document is" if number == 1 else f"{number:,} documents are"
    usual = {"open": "processing", "shipped": "completed", "closed": "cancelled"}.get(state, "-")
    return (
        f"{what} {state} in the ERP, and the status map has no row for that: the store is not told. Add one, and the next run"
        f" tells it: `syncctl map status {state} {usual} --every-store` (- as its last word tells the store nothing)"
    )
