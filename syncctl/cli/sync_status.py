"""`syncctl sync-status`: what happened to documents in the ERP becomes a status in the store."""

from __future__ import annotations

from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.output import summary, table
from syncctl.cli.run import Job, Run, command
from syncctl.errors import EXIT_SOME_FAILED

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer()

JOB = Job(
    direction="ERP_TO_STORE",
    records={"input": ("changes",), "updated": ("written_back",), "failed": ("write_back_pending",)},
    parallel=True,
)


@command(app, "sync-status", job=JOB)
def sync_status(
    run: Run, dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what changed in the ERP; write nothing.")] = False
) -> None:
    """Tell the store which orders were shipped or closed in the ERP, with their tracking numbers.

    Each change is told once; a store status is never taken backwards.
    """
    from syncctl.services.sync_status import sync_status as sync
    from syncctl.services.write_back import WriteBack

    settings = run.settings
    context = run.context()
    breaker = context.breaker("store")
    with closing(run.open_store()) if settings.woo_url and not dry_run else nullcontext() as store:
        write_back = (
            WriteBack(run.database, store, f"{run.run_id}/1", context, lease_seconds=settings.lease_seconds) if store else None
        )
        result = sync(run.database, write_back, store_id=settings.store_id, dry_run=dry_run, stop=run.stop)
    report = run.report
    report.counts = result.counts
    report.items = list(result.changes)
    report.extra = {"dry_run": dry_run, "deliveries": result.deliveries}
    for delivery in result.deliveries:
        if delivery.outcome in ("waiting", "failed"):
            report.add_error(f"Order {delivery.woo_order_id}: {delivery.message}", woo_order_id=delivery.woo_order_id)
            report.exit_code = EXIT_SOME_FAILED
    if breaker.open and breaker.last_error:
        report.fail(breaker.last_error)

    def render(console: Console) -> None:
        if result.changes:
            table(
                console,
                ["Order>", "Staging id>", "Document>", "In the ERP", "In the store", "Tracking number"],
                ([c.woo_order_id, c.staging_id, c.doc_id, c.erp_status, c.woo_status, c.tracking_no] for c in result.changes),
            )
        summary(console, report)
        if dry_run:
            console.print("Dry run: nothing was written.")

    run.render = render
