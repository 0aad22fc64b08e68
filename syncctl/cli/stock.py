"""`syncctl stock`: how many of each item the store may offer."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncctl.cli.confirm import Yes, can_ask
from syncctl.cli.output import summary, table
from syncctl.cli.run import Job, Run, command
from syncctl.errors import EXIT_SOME_FAILED, AlreadyRunning, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from rich.console import Console

    from syncctl.db.contract import StockChange
    from syncctl.services.stock import StockPush
    from syncctl.stores.base import Store

app = typer.Typer(help="How many of each item the store may offer, as the ERP has it.", no_args_is_help=True)
MOST_SHOWN = 50
WORDS = {
    "same": "as it should be",
    "differs": "differs",
    "unknown": "no such item in the ERP",
    "uncounted": "the ERP keeps no stock of it",
    "unmanaged": "the store keeps no stock of it",
    "backorder": "sold on backorder, by the store's choice",
    "waiting": "refused by the store, tried again later",
}
MOVED = "sold or counted by the store meanwhile, told by the next run"
JOB = Job(
    direction="ERP_TO_STORE",
    records={"input": ("items",), "updated": ("told",), "skipped": ("left_alone",), "failed": ("refused",)},
)
Skus = Annotated[list[str] | None, typer.Option("--sku", help="Only this SKU. May be repeated.", metavar="SKU")]
NoStage = Annotated[
    bool,
    typer.Option("--no-stage", help="Don't poll the store's orders first. What it sold since the last poll is then not known."),
]


@command(app, "push", group="stock", job=JOB)
def push(
    run: Run,
    sku: Skus = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Tell every item, also what the store has right as far as is known.")
    ] = False,
    no_stage: NoStage = False,
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be told, old and new; tell nothing.")] = False,
) -> None:
    """Tell the store what it may offer: on hand, less what documents and waiting orders hold, less the reserve.

    The store's orders are polled first, so that its own sales aren't given back to it. Only what differs is told, a hundred items
    at a time, and each item's answer is looked at. Items that the ERP doesn't know, that the store keeps no stock of or sells on
    backorder are left alone.

    A push that would set more than SYNCCTL_STOCK_ZERO_SHARE of the items to 0, or change more than SYNCCTL_STOCK_CHANGE_SHARE of
    them, asks a person (exit 1 without one), and so does the first.
    """
    if not (run.settings.stock_push or dry_run):
        run.report.status = "disabled"
        run.render = lambda console: console.print(
            "`stock push` is switched off (SYNCCTL_STOCK_PUSH); the store was told nothing."
        )
        return
    with closing(run.open_store()) as store, run.output.progress("Telling stock", None) as advance:
        pushing = _stock(run, store, lambda _: advance(1), advance.expect)
        run.conclude = lambda: _report(run, pushing, dry_run=dry_run)
        with run.database.exclusive(f"stock {store.store_id}"):
            count = pushing.count()
            if pushing.needs_listing(count):
                pushing.list_items()
                count = pushing.count()
            if not (no_stage or dry_run):
                _stage(run, store)
            if pushing.result.unfinished or run.stop.is_set():
                return
            pushing.look(sku or (), everything=everything)
            if not dry_run:
                _tell(run, pushing, count, yes=yes)


def _tell(run: Run, pushing: StockPush, count: Any, *, yes: bool) -> None:
    from syncctl.cli.confirm import ask
    from syncctl.services.stock import FirstPush, Held

    try:
        pushing.tell(count=count, sure=yes)
    except (FirstPush, Held) as held:
        if not can_ask(run):
            run.report.status = "held"
            raise
        said = str(held)

        def show(console: Console) -> None:
            _changes(console, pushing.result.changes)
            console.print(said)

        ask(run, "Tell the store all the same?", show, yes=False)
        pushing.tell(count=count, sure=True)


@command(app, "diff", group="stock", job=Job(direction="ERP_TO_STORE", records={"input": ("items",)}))
def diff(
    run: Run,
    sku: Skus = None,
    known: Annotated[
        bool, typer.Option("--known", help="Don't read the store's items anew; compare what is known of them.")
    ] = False,
) -> None:
    """Compare the whole store with the ERP, and explain each difference: on hand, held, on waiting orders, reserve.

    Tells the store nothing. Exit 1 where something differs.
    """
    with closing(run.open_store()) as store:
        looking = _stock(run, store)
        if not known:
            with run.database.exclusive(f"stock {store.store_id}"):  # of two listings at once, one would forget the other's items
                looking.list_items()
        found = looking.find(sku or ())
    counts = {word: sum(row.standing == word for row in found) for word in WORDS}
    run.report.counts = {"items": len(found), **counts}
    run.report.items = [row for row in found if row.standing != "same"]
    if counts["differs"] or counts["waiting"]:
        run.report.exit_code = EXIT_SOME_FAILED

    def render(console: Console) -> None:
        rows = [row for row in found if row.standing != "same"]
        table(
            console,
            ["SKU", "Store>", "Should be>", "On hand>", "Held>", "Waiting>", "Reserve>", "What"],
            (
                [
                    row.sku,
                    *map(_figure, (row.store_qty, row.wanted_qty, row.on_hand, row.held, row.staged, row.reserve_qty)),
                    _why(row),
                ]
                for row in rows[:MOST_SHOWN]
            ),
        )
        if len(rows) > MOST_SHOWN:
            console.print(f"And {len(rows) - MOST_SHOWN:,} more: --json has them all, --sku shows one.")
        summary(console, run.report)

    run.render = render


def _stock(run: Run, store: Store, *ways: Any) -> StockPush:
    from syncctl.services.stock import Guard, StockPush

    settings = run.settings
    return StockPush(
        database=run.database,
        store=store,
        context=run.context(*ways),
        guard=Guard(zero_share=settings.stock_zero_share, change_share=settings.stock_change_share),
        list_after=timedelta(hours=settings.stock_list_hours),
    )


def _stage(run: Run, store: Store) -> None:
    """Poll the store's orders, so that what it just sold is known. One that another run polls is known well enough."""
    from syncctl.services.stage import Stager, Window
    from syncctl.stores.content import ContentBuilder

    settings = run.settings
    if not settings.enable_order_polling:
        return
    content = ContentBuilder(
        create_statuses=settings.create_statuses, timezone=settings.erp_timezone, named_by=settings.create_variable
    )
    window = Window(
        lookback=timedelta(minutes=settings.order_polling_lookback_minutes),
        batch_size=settings.order_polling_batch_size,
        max_pages=settings.order_polling_max_pages,
    )
    stager = Stager(database=run.database, store=store, content=content, context=run.context())
    try:
        stager.poll(window)
    except AlreadyRunning:
        return
    if stager.result.unfinished and not run.stop.is_set():
        raise UsageError(
            "The store's orders can't be polled to their end in one run (SYNCCTL_ORDER_POLLING_MAX_PAGES): let `syncctl stage` "
            "catch up first. The store was told nothing."
        )


def _report(run: Run, pushing: StockPush, *, dry_run: bool) -> None:
    result = pushing.result
    run.report.counts = result.counts
    run.report.extra = {
        "dry_run": dry_run,
        "left_alone": dict(result.left),
        "listed": result.listed,
        "unfinished": result.unfinished,
    }
    run.report.items = [
        {
            "sku": change.sku,
            "product_id": change.product_id,
            "item_no": change.item_no,
            "before": _figure(change.store_qty) or None,
            "after": _figure(change.wanted_qty),
            "error": result.refused.get(change.product_id),
        }
        for change in result.changes
    ]
    for change in result.changes:
        error = result.refused.get(change.product_id)
        if error is not None and len(run.report.errors) < MOST_SHOWN:
            run.report.add_error(f"SKU {change.sku}: the store refused {_figure(change.wanted_qty)}: {error}")
    if result.refused:
        run.report.exit_code = EXIT_SOME_FAILED

    def render(console: Console) -> None:
        if dry_run or run.verbose:
            _changes(console, result.changes)
        for word, number in sorted(result.left.items()):
            console.print(f"{number:,} left alone: {WORDS.get(word, MOVED)}.")
        if result.unfinished:
            console.print("Stopped before its end; the next run tells the rest.")
        summary(console, run.report)
        if dry_run:
            console.print("Dry run: the store was told nothing.")

    run.render = render


def _changes(console: Console, changes: Sequence[StockChange]) -> None:
    rows = ([row.sku, row.name or "", _figure(row.store_qty), _figure(row.wanted_qty)] for row in changes[:MOST_SHOWN])
    table(console, ["SKU", "Name", "Store now>", "To be told>"], rows)
    if len(changes) > MOST_SHOWN:
        console.print(f"And {len(changes) - MOST_SHOWN:,} more.")


def _figures(row: StockChange) -> tuple[Decimal | None, ...]:
    return row.store_qty, row.wanted_qty, row.on_hand, row.held, row.staged, row.reserve_qty


def _why(row: StockChange) -> str:
    said = WORDS[row.standing]
    if row.standing == "waiting" and row.error_message:
        said += f" ({row.error_message})"
    return said + (f"; {_figure(row.pack_qty)} make one" if row.pack_qty != 1 else "")


def _figure(quantity: Decimal | None) -> str:
    return "" if quantity is None else f"{quantity.normalize():f}"
