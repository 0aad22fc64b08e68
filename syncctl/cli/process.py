"""`syncctl process` and `syncctl retry-failed`: bring staged orders into the ERP and tell the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncctl.cli.causes import as_items, row_by_row, show_causes
from syncctl.cli.database import Use
from syncctl.cli.moments import span
from syncctl.cli.orders import LARGEST_ID, Numbers, named
from syncctl.cli.output import local_time, summary, table
from syncctl.cli.run import Job, Run, command
from syncctl.errors import EXIT_SOME_FAILED

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.services.causes import Reason
    from syncctl.services.foresee import Foreseen
    from syncctl.services.process import ProcessedOrder, ProcessOptions, ProcessResult
    from syncctl.services.validate import Rules
    from syncctl.settings import Settings
    from syncctl.stores.base import Store

app = typer.Typer()

JOB = Job(
    direction="STORE_TO_ERP",
    records={"input": ("claimed",), "created": ("created",), "updated": ("updated", "cancelled"), "failed": ("failed", "review")},
    parallel=True,
)
STYLES = {"created": "green", "updated": "green", "cancelled": "yellow", "failed": "red", "review": "bold red"}

Ids = Annotated[
    list[int] | None,
    typer.Argument(
        help="Staging ids to do, due or not; all that is due where none is named.", metavar="ID", min=1, max=LARGEST_ID
    ),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, max=LARGEST_ID, help="Take at most so many orders.")]
Workers = Annotated[
    int, typer.Option("--workers", min=1, max=64, help="Work on so many orders at a time, each with a connection of its own.")
]
NoRetry = Annotated[bool, typer.Option("--no-retry", help="One attempt at each order; what fails waits for retry-failed.")]
MaxRuntime = Annotated[
    str | None,
    typer.Option(
        "--max-runtime", help="Take nothing new after so long (90s, 15m, 2h); the rest waits for the next run.", metavar="SPAN"
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would become of each order, and why not; change nothing.")]


@command(
    app,
    "process",
    job=JOB,
    settings={"--max-retries": "max_retries", "--lease-seconds": "lease_seconds"},
    use=Use(one_store=True),
)
def process(
    run: Run,
    ids: Ids = None,
    order: Numbers = None,
    limit: Limit = None,
    workers: Workers = 1,
    no_retry: NoRetry = False,
    max_runtime: MaxRuntime = None,
    dry_run: DryRun = False,
) -> None:
    """Create, update and cancel orders in the ERP, then tell the store.

    Each order is checked first; one that fails doesn't hold up the others. What may pass by itself is tried again, in this
    run after 2 s and 4 s and later by `retry-failed`; what needs a person goes to `dead-letter list`. Ends at once when
    nothing is pending.
    """
    from syncctl.services.workers import process as work

    _run(
        run,
        work,
        "pending",
        ids,
        order,
        limit=limit,
        workers=workers,
        no_retry=no_retry,
        max_runtime=max_runtime,
        dry_run=dry_run,
    )


@command(
    app,
    "retry-failed",
    job=JOB,
    settings={"--max-retries": "max_retries", "--lease-seconds": "lease_seconds"},
    use=Use(one_store=True),
)
def retry_failed(
    run: Run,
    ids: Ids = None,
    order: Numbers = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is not due yet.")] = False,
    limit: Limit = None,
    workers: Workers = 1,
    no_retry: NoRetry = False,
    max_runtime: MaxRuntime = None,
    dry_run: DryRun = False,
) -> None:
    """Try failed orders again whose time has come, then deliver the messages to the store that wait.

    Orders that need a person are not touched: see `dead-letter`.
    """
    from syncctl.services.retry_failed import retry_failed as work

    _run(
        run,
        work,
        "failed",
        ids,
        order,
        limit=limit,
        workers=workers,
        no_retry=no_retry,
        max_runtime=max_runtime,
        dry_run=dry_run,
        ignore_due=everything,
    )


def _run(
    run: Run,
    work: Callable[..., ProcessResult],
    scope: str,
    ids: list[int] | None,
    orders: list[str] | None,
    *,
    limit: int | None,
    workers: int,
    no_retry: bool,
    max_runtime: str | None,
    dry_run: bool,
    ignore_due: bool = False,
) -> None:
    from syncctl.services.process import ProcessOptions, ProcessResult

    settings = run.settings
    if max_runtime is not None:
        run.stop.at_latest(span(max_runtime, "--max-runtime"))
    wanted = tuple(order.staging_id for order in named(run, ids, orders))
    options = ProcessOptions(
        rules=rules(settings),
        store_id=settings.store_id,
        scope="listed" if wanted else scope,
        staging_ids=wanted,
        ignore_due=ignore_due,
        limit=limit,
        max_retries=settings.max_retries,
        own_attempts=settings.max_retries if settings.origin("max_retries") == "flag" else None,
        retry=not no_retry,
        statuses=settings.write_back_status,
        lease_seconds=settings.lease_seconds,
    )
    if dry_run:
        _preview(run, options)
        return
    result = ProcessResult()
    run.conclude = lambda: _report(run, result, options)
    with run.output.progress("Orders", lambda: _how_many(run, options)) as advance:
        context = run.context(progress=lambda _: advance(1))
        work(run.connect, open_store(run), options, context, result=result, workers=workers)


def _how_many(run: Run, options: ProcessOptions) -> int:
    """Count what a run will take, for its progress."""
    from syncctl.db.contract import CountStates
    from syncctl.services.preview import preview

    if options.scope == "pending":
        counted = run.database.run(CountStates(store_id=options.store_id))
        found = sum(row.orders for row in counted if row.state == "PENDING")
    else:
        found = len(
            preview(
                run.database,
                scope=options.scope,
                store_id=options.store_id,
                staging_ids=options.staging_ids,
                ignore_due=options.ignore_due,
                clock=run.clock,
            )
        )
    return found if options.limit is None else min(found, options.limit)


def rules(settings: Settings) -> Rules:
    """Return the validation rules that the settings make."""
    from syncctl.services.validate import Rules

    return Rules(
        unknown_customer=settings.unknown_customer,
        guest_cust_no=settings.guest_cust_no,
        erp_currency=settings.erp_currency,
        price_check=settings.price_check,
        price_tolerance=settings.price_tolerance,
    )


def open_store(run: Run) -> Callable[[], Store] | None:
    """Return how to open the store; None where none is configured, so that its messages wait in the outbox."""
    return run.open_store if run.settings.store_url else None


def _preview(run: Run, options: ProcessOptions) -> None:
    from syncctl.services.causes import by_cause
    from syncctl.services.find import staged_orders
    from syncctl.services.foresee import foresee, not_taken
    from syncctl.services.preview import preview, why_not
    from syncctl.services.raised import raising_of
    from syncctl.stores.connect import meaning_in_store

    orders = preview(
        run.database,
        scope=options.scope,
        store_id=options.store_id,
        staging_ids=options.staging_ids,
        ignore_due=options.ignore_due,
        limit=options.limit,
        clock=run.clock,
    )
    found: list[Foreseen] = []
    with run.output.progress("Orders", len(orders)) as advance:
        for each in foresee(run.database, orders, options.rules):
            found.append(each)
            advance(1)
            if run.stop.is_set():
                break
    rule = raising_of(run.database, meaning=meaning_in_store(run.settings), allowed=run.settings.write_back_status)
    gets = {each.order.staging_id: rule.on_entering(each.order) if each.outcome == "created" else None for each in found}
    raised = [each for each in found if gets[each.order.staging_id]]
    causes = by_cause(reason for each in found for reason in each.reasons)
    left = sorted(set(options.staging_ids) - {order.staging_id for order in orders})
    notes = (
        [
            f"Not taken: {why_not(order, store_id=options.store_id)}."
            for order in (staged_orders(run.database, left) if left else ())
        ]
        if options.staging_ids
        else not_taken(run.database, options.store_id, scope=options.scope)
    )
    run.report.items = [_preview_item(each) | {"store_status": gets[each.order.staging_id]} for each in found]
    run.report.counts = {
        "claimed": 0,
        "would_process": len(found),
        "would_raise": len(raised),
        "would_review": sum(each.outcome == "review" for each in found),
    }
    run.report.extra = {"dry_run": True, "causes": as_items(causes), "notes": notes}

    def render(console: Console) -> None:
        if found:
            table(
                console,
                ["Order", "Staging id>", "Would be", "State", "Total>", "", "Gets in the store", "Why not"],
                (_preview_row(each, gets[each.order.staging_id]) for each in found),
            )
        show_causes(console, causes)
        for note in notes:
            console.print(note)
        summary(console, run.report)
        if raised:
            number = "1 order" if len(raised) == 1 else f"{len(raised):,} orders"
            console.print(
                f"{number} would get another status in the store, which can mail the customer and set dates "
                "(SYNCCTL_WRITE_BACK_STATUS=off leaves statuses alone)."
            )
        elif found:
            console.print("No order's status in the store would be changed.")
        console.print("Dry run: nothing was changed.")

    run.render = render


def _preview_row(foreseen: Foreseen, store_status: str | None) -> list[object]:
    from rich.text import Text

    order = foreseen.order
    return [
        order.woo_order_no or order.woo_order_id,
        order.staging_id,
        Text(foreseen.outcome, STYLES.get(foreseen.outcome, "")),
        order.state,
        order.tot_amt,
        order.currency,
        store_status,
        "; ".join(reason.message for reason in foreseen.reasons),
    ]


def _preview_item(foreseen: Foreseen) -> dict[str, Any]:
    order = foreseen.order
    return {
        "staging_id": order.staging_id,
        "woo_order_id": order.woo_order_id,
        "woo_order_no": order.woo_order_no,
        "action": order.pending_action,
        "would_be": foreseen.outcome,
        "why_not": [{"code": reason.code, "message": reason.message} for reason in foreseen.reasons],
        "state": order.state,
        "total": order.tot_amt,
        "currency": order.currency,
    }


def _report(run: Run, result: ProcessResult, options: ProcessOptions) -> None:
    from syncctl.services.causes import by_cause
    from syncctl.services.find import staged_orders
    from syncctl.services.preview import why_not

    report = run.report
    causes = by_cause(reason for order in result.orders for reason in _reasons(order))
    report.counts = result.counts
    report.items = list(result.orders)
    report.extra = {"deliveries": result.deliveries, "stopped": result.stopped, "causes": as_items(causes)}
    report.in_short = [f"{cause.line} (such as {cause.such_as})" for cause in causes]
    for order in result.orders:
        if order.outcome in ("failed", "review"):
            report.add_error(
                f"Order {order.woo_order_no or order.woo_order_id} (staging id {order.staging_id}): {order.message}",
                staging_id=order.staging_id,
                woo_order_id=order.woo_order_id,
            )
    ended = result.ended_by or result.store_down
    if report.errors:
        report.exit_code = EXIT_SOME_FAILED
    if ended:
        report.fail(ended)
    left = set(options.staging_ids) - {order.staging_id for order in result.orders}
    notes: list[str] = []
    if left and not result.ended_by:
        notes = [
            f"Not taken: {why_not(order, store_id=options.store_id)}." for order in staged_orders(run.database, sorted(left))
        ]
    report.extra["notes"] = notes

    def render(console: Console) -> None:
        if result.orders and row_by_row(run, options.staging_ids):
            table(
                console, ["Order", "Staging id>", "Outcome", "Document", "Ticket", "Store", "Message"], map(_row, result.orders)
            )
        else:
            show_causes(console, causes, run.command)
        for note in notes:
            console.print(note)
        summary(console, report)
        if result.counts["review"]:
            console.print("Orders in review wait for a person: see `syncctl dead-letter list`.")

    run.render = render


def _reasons(order: ProcessedOrder) -> list[Reason]:
    """Return why an order was left: what validation found, or the error; none where it was done."""
    from syncctl.services.causes import of_error, of_violations

    name = order.woo_order_no or str(order.woo_order_id)
    if order.outcome not in ("failed", "review", "lost"):
        return []
    if order.violations:
        return of_violations(order.staging_id, name, order.violations)
    return [of_error(order.staging_id, name, order.error_class or "unknown", order.error_code, order.message)]


def _row(order: ProcessedOrder) -> list[object]:
    from rich.text import Text

    message = order.message
    if order.next_attempt_at is not None and order.outcome == "failed":
        message += f" Tried again at {local_time(order.next_attempt_at, '%H:%M:%S')}."
    return [
        order.woo_order_no or order.woo_order_id,
        order.staging_id,
        Text(order.outcome, STYLES.get(order.outcome, "")),
        order.doc_id,
        order.tkt_no,
        order.store,
        message,
    ]
