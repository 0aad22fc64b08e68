"""`syncctl stock`: how many of each item the store may offer."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncctl.cli import item_push
from syncctl.cli.confirm import Yes
from syncctl.cli.database import Use
from syncctl.cli.item_push import MOST_SHOWN, DryRun, Everything, Skus, figure
from syncctl.cli.output import summary, table
from syncctl.cli.run import Job, Run, command
from syncctl.errors import EXIT_SOME_FAILED, AlreadyRunning, UsageError
from syncctl.pushes import STOCK, switched_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from syncctl.db.contract import StockChange
    from syncctl.services.item_push import ItemListing
    from syncctl.services.stock import StockPush
    from syncctl.stores.base import Store

app = typer.Typer(help="How many of each item the store may offer, as the ERP has it.", no_args_is_help=True)
WORDS = {
    "same": "as it should be",
    "differs": "differs",
    "doubted": "as it was told; an order changed since, so it is told again",
    **STOCK.left,
}
_POLL_TRIES, _POLL_WAIT = 12, 5
"""How often a poll is tried while another run polls, and the seconds between two tries."""
JOB = Job(
    direction="ERP_TO_STORE",
    records={"input": ("items",), "updated": ("told",), "skipped": ("left_alone",), "failed": ("refused",)},
)
NoStage = Annotated[
    bool,
    typer.Option("--no-stage", help="Don't poll the store's orders first. What it sold since the last poll is then not known."),
]


@command(app, "push", group="stock", job=JOB, use=Use(one_store=True))
def push(
    run: Run,
    sku: Skus = None,
    everything: Everything = False,
    no_stage: NoStage = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Tell the store what it may offer: on hand, less what documents and waiting orders hold, less the reserve.

    The store's orders are polled first, so that its own sales aren't given back to it. Only what differs is told, a hundred items
    at a time, and each item's answer is looked at. Items that the ERP doesn't know, that the store keeps no stock of or sells on
    backorder are left alone.

    A push that would set more than SYNCCTL_STOCK_ZERO_SHARE of the items to 0, or change more than SYNCCTL_STOCK_CHANGE_SHARE of
    them, asks a person (exit 1 without one), and so does the first.
    """
    if item_push.is_off(run, "SYNCCTL_STOCK_PUSH", on=run.settings.stock_push or dry_run):
        return
    with closing(run.open_store()) as store, run.output.progress("Telling stock", None) as advance:
        listing = item_push.listing(run, store, lambda _: advance(1), advance.expect)
        pushing = _push(run, store, lambda _: advance(1), advance.expect)
        run.conclude = lambda: _report(run, listing, pushing, dry_run=dry_run)
        with run.database.exclusive(f"stock {store.store_id}"):
            count = listing.count()
            if listing.needs_listing(count):
                item_push.list_items(run, listing, pushing, yes=yes, noted=not (sku or dry_run))
                count = listing.count()
            if not (no_stage or dry_run):
                _stage(run, store)
            if listing.unfinished or run.stop.is_set():
                return
            item_push.look(run, pushing, sku or (), everything=everything, noted=not (sku or dry_run))
            if not dry_run:
                item_push.tell(
                    run,
                    pushing,
                    count,
                    lambda console: _changes(console, pushing.result.changes),
                    yes=yes,
                    whole=not sku,
                    progress=advance,
                )


@command(
    app,
    "diff",
    group="stock",
    job=Job(direction="ERP_TO_STORE", records={"input": ("items",)}),
    use=Use(one_store=True),
)
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
    from syncctl.services.item_push import require_sold

    with closing(run.open_store()) as store:
        listing = item_push.listing(run, store)
        if not known:
            with run.database.exclusive(f"stock {store.store_id}"):  # of two listings at once, one would forget the other's items
                listing.list_items(believed=not switched_on(run.settings))
        pushing = _push(run, store)
        if (fault := pushing.setting_fault()) is not None:
            run.report.add_error(f"{fault} Nothing is told until `syncctl config erp set` mends it.")
            run.report.exit_code = EXIT_SOME_FAILED
        found = pushing.find(sku or ())
        require_sold(sku or (), found)
    counts = {word: sum(row.standing == word for row in found) for word in WORDS}
    run.report.counts = {"items": len(found), **counts}
    run.report.extra = {"unreadable": listing.unreadable}
    run.report.items = [row for row in found if row.standing != "same"]
    if counts["differs"] or counts["waiting"]:
        run.report.exit_code = EXIT_SOME_FAILED

    def render(console: Console) -> None:
        rows = [row for row in found if row.standing != "same"]
        if rows:
            _differences(console, rows)
        if fault is not None:
            console.print(fault)
        if said := item_push.say_unreadable(listing.unreadable):
            console.print(said)
        summary(console, run.report)

    run.render = render


def _differences(console: Console, rows: Sequence[StockChange]) -> None:
    table(
        console,
        ["SKU", "Store>", "Should be>", "On hand>", "Held>", "Waiting>", "Reserve>", "What"],
        (
            [
                row.sku,
                *map(figure, (row.store_qty, row.wanted_qty, row.on_hand, row.held, row.staged, row.reserve_qty)),
                _why(row),
            ]
            for row in rows[:MOST_SHOWN]
        ),
    )
    if len(rows) > MOST_SHOWN:
        console.print(f"And {len(rows) - MOST_SHOWN:,} more: --json has them all, --sku shows one.")


def _push(run: Run, store: Store, *ways: Any) -> StockPush:
    from syncctl.services.stock import Guard, StockPush

    settings = run.settings
    return StockPush(
        database=run.database,
        store=store,
        context=run.context(*ways),
        guard=Guard(zero_share=settings.stock_zero_share, change_share=settings.stock_change_share),
    )


def _stage(run: Run, store: Store) -> None:
    """Poll the store's orders, so that what it just sold is known. What another run polls is known when that has ended.

    Raises:
        AlreadyRunning: another run still polls; what of the store's sales it hasn't read yet would be given back.
        UsageError: the orders can't be polled to their end.
    """
    from syncctl.services.stage import Stager, Window
    from syncctl.stores.connect import content_of_orders

    settings = run.settings
    if not settings.enable_order_polling:
        return
    stager = Stager(database=run.database, store=store, content=content_of_orders(settings), context=run.context())
    for left in reversed(range(_POLL_TRIES)):
        try:
            stager.poll(Window.of(settings))
            break
        except AlreadyRunning:
            if run.stop.is_set():
                return
            if not left:
                raise AlreadyRunning(
                    "Another run polls the store's orders, and has not ended within a minute: the store was told nothing; the "
                    "next push tells it."
                ) from None
            run.stop.sleep(_POLL_WAIT)
    if stager.result.unfinished and not run.stop.is_set():
        raise UsageError(
            "The store's orders can't be polled to their end in one run (SYNCCTL_ORDER_POLLING_MAX_PAGES): let `syncctl stage` "
            "catch up first. The store was told nothing."
        )


def _report(run: Run, listing: ItemListing, pushing: StockPush, *, dry_run: bool) -> None:
    item_push.report(
        run,
        listing,
        pushing.result,
        dry_run=dry_run,
        counts=pushing.counts,
        own=lambda change: {"before": figure(change.store_qty) or None, "after": figure(change.wanted_qty)},
        after=lambda change: figure(change.wanted_qty),
        show=lambda console: _changes(console, pushing.result.changes),
        words=WORDS,
    )


def _changes(console: Console, changes: Sequence[StockChange]) -> None:
    def row(change: StockChange) -> list[str]:
        return [change.sku, change.name or "", figure(change.store_qty), figure(change.wanted_qty)]

    item_push.show_changes(console, ["SKU", "Name", "Store now>", "To be told>"], changes, row)


def _why(row: StockChange) -> str:
    said = WORDS[row.standing]
    if row.standing == "waiting" and row.error_message:
        said += f" ({row.error_message})"
    return said + (f"; {figure(row.pack_qty)} make one" if row.pack_qty != 1 else "")
