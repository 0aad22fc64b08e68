"""`syncctl price`: what the store asks for its items."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import typer

from syncctl.cli import item_push
from syncctl.cli.confirm import Yes
from syncctl.cli.database import Use
from syncctl.cli.item_push import DryRun, Everything, Skus, figure
from syncctl.cli.run import Job, Run, command
from syncctl.pushes import PRICE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rich.console import Console

    from syncctl.db.contract import PriceChange
    from syncctl.services.item_push import ItemListing
    from syncctl.services.price import PricePush
    from syncctl.stores.base import Asked, Store

app = typer.Typer(help="What the store asks for its items, as the ERP has it.", no_args_is_help=True)
FAULTS = {
    "not lower": "its price isn't below the regular one",
    "ends first": "it ends before it begins",
    "zero": "its price comes to 0",
}
JOB = Job(
    direction="ERP_TO_STORE",
    records={"input": ("items",), "updated": ("told",), "skipped": ("left_alone", "held"), "failed": ("refused",)},
)


@command(app, "push", group="price", job=JOB, use=Use(one_store=True))
def push(run: Run, sku: Skus = None, everything: Everything = False, yes: Yes = False, dry_run: DryRun = False) -> None:
    """Tell the store what to ask for its items: the regular price, and that of a sale with its dates.

    Only what differs is told, a hundred items at a time, and each item's answer is looked at. Where the ERP's prices and the
    store's differ in whether they include tax, it is reckoned in or out. Items that the ERP doesn't know, or has no price above 0
    of, are left alone.

    A price that would change by more than SYNCCTL_PRICE_CHANGE_LIMIT waits for a person (exit 1 without one), and the others are
    told. A push that would change more than SYNCCTL_PRICE_CHANGE_SHARE of the prices tells nothing before a person has seen it,
    and neither does the first.
    """
    if item_push.is_off(run, "SYNCCTL_PRICE_PUSH", on=run.settings.price_push or dry_run):
        return
    with closing(run.open_store()) as store, run.output.progress("Telling prices", None) as advance:
        listing = item_push.listing(run, store, lambda _: advance(1), advance.expect)
        pushing = _push(run, store, lambda _: advance(1), advance.expect)
        run.conclude = lambda: _report(run, listing, pushing, dry_run=dry_run)
        with run.database.exclusive(f"prices {store.store_id}"):
            count = listing.count()
            if listing.needs_listing(count):
                with run.database.exclusive(f"stock {store.store_id}"):  # of two listings, one would forget the other's items
                    item_push.list_items(run, listing, pushing, yes=yes, noted=not (sku or dry_run))
                count = listing.count()
            if listing.unfinished or run.stop.is_set():
                return
            item_push.look(run, pushing, sku or (), everything=everything, noted=not (sku or dry_run))
            if not dry_run:
                item_push.tell(
                    run,
                    pushing,
                    count,
                    lambda console: _changes(console, pushing.result.untold),
                    yes=yes,
                    whole=not sku,
                    progress=advance,
                )


def _push(run: Run, store: Store, *ways: Any) -> PricePush:
    from syncctl.services.price import PriceGuard, PricePush

    guard = PriceGuard(change_limit=run.settings.price_change_limit, change_share=run.settings.price_change_share)
    return PricePush(database=run.database, store=store, context=run.context(*ways), guard=guard)


def _report(run: Run, listing: ItemListing, pushing: PricePush, *, dry_run: bool) -> None:
    from syncctl.services.price import there, wanted

    result, sales_left = pushing.result, pushing.sales_left
    suspicious = {change.product_id for change in pushing.suspicious}

    def remark(console: Console) -> None:
        for word, number in sorted(sales_left.items()):
            console.print(f"{number:,} {'sale' if number == 1 else 'sales'} of the ERP's left out: {FAULTS[word]}.")

    item_push.report(
        run,
        listing,
        result,
        dry_run=dry_run,
        counts={**result.counts, "held": len(suspicious)},
        own=lambda change: {
            "before": _shown(there(change)),
            "after": _shown(wanted(change)),
            "held": change.product_id in suspicious,
        },
        after=lambda change: str(wanted(change)),
        show=lambda console: _changes(console, result.changes, suspicious),
        words=PRICE.left,
        more={"sales_left_out": dict(sales_left)},
        remark=remark,
    )


def _changes(console: Console, changes: Sequence[PriceChange], suspicious: Collection[int] = ()) -> None:
    from syncctl.services.price import there, wanted

    def row(change: PriceChange) -> list[str]:
        asks = "asks a person" if change.product_id in suspicious else ""
        return [change.sku, change.name or "", str(there(change)), str(wanted(change)), asks]

    item_push.show_changes(console, ["SKU", "Name", "Store now", "To be told", ""], changes, row)


def _shown(asked: Asked) -> dict[str, str | None]:
    return {
        "regular": figure(asked.regular) or None,
        "sale": figure(asked.sale) or None,
        "sale_from": None if asked.sale_from is None else asked.sale_from.isoformat(),
        "sale_to": None if asked.sale_to is None else asked.sale_to.isoformat(),
    }
