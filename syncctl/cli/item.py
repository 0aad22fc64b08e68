"""`syncctl item`: which SKU of the store is which item of the ERP, and how many of it the store may offer."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.database import own_store
from syncctl.cli.item_push import say_unreadable
from syncctl.cli.output import summary, table
from syncctl.cli.run import Run, command
from syncctl.errors import UsageError
from syncctl.pushes import switched_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from syncctl.db.contract import SetWebItem, WebItem
    from syncctl.services.item_map import ItemRow, Plan

app = typer.Typer(help="The store's SKUs beside the ERP's items, and what is said of single ones.", no_args_is_help=True)
MOST_SHOWN = 50
WORDS = {
    "matched": "matched",
    "doubled": "its stock is offered more than once",
    "store_only": "no such item in the ERP",
    "erp_only": "not in the store",
}
_LARGEST = Decimal(10) ** 11
_DECIMALS = -4


@command(app, "map", group="item")
def map_items(
    run: Run,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the whole table into this file, for a spreadsheet.", metavar="FILE")
    ] = None,
    take: Annotated[
        Path | None,
        typer.Option("--import", help="Take ITEM_NO, PACK, RESERVE and OFF from such a file, for this store.", metavar="FILE"),
    ] = None,
    known: Annotated[
        bool, typer.Option("--known", help="Don't read the store's items anew; compare what is known of them.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --import: show what would change; change nothing.")] = False,
) -> None:
    """Put the store's SKUs beside the ERP's items: matched, only here, only there, doubled.

    Doubled are products of one SKU, or of one item: each of them would offer the item's whole stock.

    --import checks all lines before any is written, and writes what differs. An empty ITEM_NO says nothing; an empty PACK is 1,
    an empty RESERVE the site's own. SKUs that the store doesn't sell are left out and counted.
    """
    from syncctl.csv_text import write_csv
    from syncctl.services.item_map import compare
    from syncctl.services.item_table import read_table, write_table

    if csv and take:
        raise UsageError("--csv writes a file and --import reads one: one at a time.")
    said = read_table(take) if take else None
    store_id = own_store(run)
    unreadable = 0 if known else _list(run)
    if said is not None:
        from syncctl.services.item_map import carry_out, plan

        planned = plan(run.database, store_id, said)
        if not dry_run:
            carry_out(run.database, planned)
        _planned(run, planned, dry_run=dry_run)
        return
    rows = compare(run.database, store_id)
    if csv:
        write_csv(csv, write_table(rows))
    run.report.counts = {"rows": len(rows), **{word: sum(row.standing == word for row in rows) for word in WORDS}}
    run.report.extra = {"unreadable": unreadable}
    run.report.items = rows
    run.render = lambda console: _compared(console, run, rows, csv)


@command(app, "set", group="item")
def set_item(
    run: Run,
    sku: Annotated[str, typer.Argument(help="The SKU, as the store has it.")],
    pack: Annotated[
        str | None, typer.Option("--pack", help="How many of the item make one of the store's.", metavar="NUMBER")
    ] = None,
    reserve: Annotated[
        str | None,
        typer.Option("--reserve", help="How many of it are never offered; site: as many as of every item.", metavar="NUMBER"),
    ] = None,
    off: Annotated[bool | None, typer.Option("--off/--on", help="Never offer it (its stock is told as 0), or again.")] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Take back all that was said of it.")] = False,
    every_store: Annotated[bool, typer.Option("--every-store", help="For every store that has no row of its own.")] = False,
) -> None:
    """Say of a SKU how `stock push` reckons its stock; what isn't named stays. Without an option it shows what counts.

    `map item SKU ITEM_NO` says which item of the ERP it is.
    """
    from syncctl.db.contract import ListWebItems, SetWebItem
    from syncctl.services.item_map import EVERY_STORE, Said

    sku = sku.strip()  # as every SKU of a store is read
    changes = [pack, reserve, off]
    if forget and any(change is not None for change in changes):
        raise UsageError("--forget takes all back: name it alone.")
    store_id = EVERY_STORE if every_store else own_store(run)
    before = Said(run.database.run(ListWebItems()), store_id).of(sku)
    row = before
    if forget or any(change is not None for change in changes):
        held = before.reserve_qty if reserve is None else None if reserve == "site" else _number(reserve, "--reserve")
        call = SetWebItem(
            store_id=store_id,
            sku=sku,
            pack_qty=before.pack_qty if pack is None else _number(pack, "--pack"),
            reserve_qty=held,
            is_off=before.is_off if off is None else off,
            is_removed=forget,
        )
        run.send(call)
        row = Said(run.database.run(ListWebItems()), store_id).of(sku)
    run.report.items = [row]

    run.render = lambda console: console.print(f"SKU {row.sku}: {_offered(row)}.")


def _list(run: Run) -> int:
    """Read what the store sells, as `stock push` does, and not while one runs; return how many products can't be read."""
    from syncctl.services.item_push import ItemListing

    database = run.database  # where there is none, that is said first
    with closing(run.open_store()) as store, run.output.progress("Reading items", None) as advance:
        listing = ItemListing(database=database, store=store, context=run.context(lambda _: advance(1), advance.expect))
        with database.exclusive(f"stock {store.store_id}"):
            listing.list_items(believed=not switched_on(run.settings))
    if listing.unfinished:
        raise UsageError("Stopped before the store's items were read to their end.")
    return listing.unreadable


def _compared(console: Console, run: Run, rows: Sequence[ItemRow], csv: Path | None) -> None:
    odd = [row for row in rows if row.standing != "matched"]
    if odd and csv is None:
        shown = ([row.sku, row.name, row.item_no, row.description, WORDS[row.standing]] for row in odd[:MOST_SHOWN])
        table(console, ["SKU", "Name", "Item", "Description", "What"], shown)
        if len(odd) > MOST_SHOWN:
            console.print(f"And {len(odd) - MOST_SHOWN:,} more: --csv FILE has them all.")
    if unreadable := say_unreadable(run.report.extra["unreadable"]):
        console.print(unreadable)
    summary(console, run.report)
    if csv is not None:
        console.print(f"Written to {csv}. What you change in it, `syncctl item map --import {csv}` takes.")


def _planned(run: Run, planned: Plan, *, dry_run: bool) -> None:
    changes = len(planned.items) + len(planned.web_items)
    run.report.counts = {
        "items": len(planned.items),
        "web_items": len(planned.web_items),
        "not_sold": len(planned.not_sold),
    }
    run.report.extra = {"dry_run": dry_run, "not_sold": list(planned.not_sold)}
    run.report.items = [
        *({"sku": each.sku, "item_no": each.item_no} for each in planned.items),
        *(
            {"sku": each.sku, "pack_qty": each.pack_qty, "reserve_qty": each.reserve_qty, "is_off": each.is_off}
            for each in planned.web_items
        ),
    ]

    def render(console: Console) -> None:
        said = [[each.sku, f"is item {each.item_no}"] for each in planned.items]
        said += [[each.sku, _offered(each)] for each in planned.web_items]
        if said:
            table(console, ["SKU", "From now on"], said[:MOST_SHOWN])
        if changes > MOST_SHOWN:
            console.print(f"And {changes - MOST_SHOWN:,} more.")
        if left := planned.not_sold:
            console.print(
                f"{len(left):,} left out, which the store doesn't sell: {', '.join(left[:5])}{' …' if left[5:] else ''}"
            )
        summary(console, run.report)
        if dry_run:
            console.print("Dry run: nothing was changed.")

    run.render = render


def _offered(row: WebItem | SetWebItem) -> str:
    """Say how a SKU's stock is reckoned."""
    reserved = "the site's own" if row.reserve_qty is None else _figure(row.reserve_qty)
    return f"{_figure(row.pack_qty)} of the item make one, reserve {reserved}{', never offered' if row.is_off else ''}"


def _number(text: str, option: str) -> Decimal:
    """Read a quantity that a person typed.

    Raises:
        UsageError: it is none that the database holds.
    """
    try:
        number = Decimal(text.strip())
        exponent = number.as_tuple().exponent
    except InvalidOperation:
        number, exponent = Decimal("NaN"), "n"
    if not number.is_finite() or not 0 <= number < _LARGEST or not isinstance(exponent, int) or exponent < _DECIMALS:
        raise UsageError(f"{option} takes a number from 0 on, with at most four decimals, and not {text[:20]!r}.")
    return number


def _figure(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"
