"""What `stock push` and `price push` have in common: what a person may say, and what asks a person."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncctl.cli.confirm import Declined, ask, can_ask
from syncctl.cli.output import summary, table
from syncctl.errors import EXIT_SOME_FAILED
from syncctl.pushes import LEFT_TO_NEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from decimal import Decimal

    from rich.console import Console

    from syncctl.cli.output import Progress
    from syncctl.cli.run import Run
    from syncctl.db.contract import StoreItemCount
    from syncctl.services.item_push import ItemListing, ItemPush, Pushed
    from syncctl.stores.base import Store

MOST_SHOWN = 50
_NOTHING: Mapping[str, Any] = MappingProxyType({})
Skus = Annotated[list[str] | None, typer.Option("--sku", help="Only this SKU. May be repeated.", metavar="SKU")]
Everything = Annotated[bool, typer.Option("--all", help="Tell every item, also what the store has right as far as is known.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be told, old and new; tell nothing.")]


def listing(run: Run, store: Store, *ways: Any) -> ItemListing:
    """Return what lists a store's items, as the settings say."""
    from syncctl.services.item_push import ItemListing

    return ItemListing(
        database=run.database, store=store, context=run.context(*ways), list_after=timedelta(hours=run.settings.stock_list_hours)
    )


def say_unreadable(number: int) -> str:
    """Say how many of the store's products could not be read; empty where all could."""
    return f"{number:,} of the store's products can't be read; what was known of them stays." if number else ""


def list_items(run: Run, store_items: ItemListing, push: ItemPush[Any], *, yes: bool, noted: bool) -> None:
    """Read what the store sells; where its listing has to be seen by a person first, that is noted of the push.

    Raises:
        Held: as said, and the person didn't say yes.
    """
    with _held_as_noted(run, push, noted=noted):
        store_items.list_items(believed=yes and noted)  # who means one item, or tells nothing, has not looked at all of them


def look(run: Run, push: ItemPush[Any], skus: Sequence[str], *, everything: bool, noted: bool) -> None:
    """Find what is to be told; where a site setting has to be mended first, that is noted of the push.

    Raises:
        Held: as said.
        UsageError: the store doesn't sell one of the SKUs.
    """
    with _held_as_noted(run, push, noted=noted):
        push.look(skus, everything=everything)


@contextmanager
def _held_as_noted(run: Run, push: ItemPush[Any], *, noted: bool) -> Iterator[None]:
    from syncctl.services.item_push import Held

    try:
        yield
    except Held as held:
        run.metrics["held"] = held.why
        run.report.status = "held"
        if noted:
            push.note(held=held)
        raise


def is_off(run: Run, setting: str, *, on: bool) -> bool:
    """Say so where a push is switched off."""
    if not on:
        run.report.status = "disabled"
        run.render = lambda console: console.print(f"`{run.command}` is switched off ({setting}); the store was told nothing.")
    return not on


def tell(
    run: Run,
    push: ItemPush[Any],
    count: StoreItemCount,
    show: Callable[[Console], None],
    *,
    yes: bool,
    whole: bool,
    progress: Progress,
) -> None:
    """Tell the store; what has to be seen by a person first is shown to one, and told where the person says yes.

    Of a push of all items (`whole`) is noted how it ended, for whoever looks whether the store is told.

    Raises:
        FirstPush, Held: nobody can be asked.
        Declined: the person said no.
    """
    from syncctl.services.item_push import Held

    try:
        push.tell(count=count, sure=yes)
    except Held as held:
        run.metrics["held"] = held.why
        if whole:  # before anybody is asked: a question may stand on a screen all night
            push.note(held)
        if not can_ask(run):
            run.report.status = "held"
            raise
        said = str(held)

        def shown(console: Console) -> None:
            show(console)
            console.print(said)

        try:
            with progress.put_aside():
                ask(run, "Tell the store all the same?", shown, yes=False)
        except Declined:
            rest = "What waits was not told." if push.result.told else "The store was told nothing."
            raise Declined(rest) from None
        del run.metrics["held"]
        push.tell(count=count, sure=True)
    if whole and not push.result.unfinished:
        push.note()


def report(
    run: Run,
    listing: ItemListing,
    result: Pushed[Any],
    *,
    dry_run: bool,
    counts: Mapping[str, int],
    own: Callable[[Any], Mapping[str, Any]],
    after: Callable[[Any], str],
    show: Callable[[Console], None],
    words: Mapping[str, str],
    more: Mapping[str, Any] = _NOTHING,
    remark: Callable[[Console], None] | None = None,
) -> None:
    """Fill the report of a push.

    Of each change stands in it what is the kind's `own` (before, after); `after` writes what the store was asked to take, for a
    refusal. `show` shows the changes, `words` says why items were left alone, `remark` what else there is to say; `more` is for
    programs.
    """
    result.unfinished |= listing.unfinished
    run.report.counts = dict(counts)
    run.report.extra = {
        "dry_run": dry_run,
        "left_alone": dict(result.left),
        "listed": listing.listed,
        "unreadable": listing.unreadable,
        "unfinished": result.unfinished,
        **more,
    }
    run.report.items = [
        {
            "sku": change.sku,
            "product_id": change.product_id,
            "item_no": change.item_no,
            **own(change),
            "error": result.refused.get(change.product_id),
        }
        for change in result.changes
    ]
    _add_refusals(run, result, after)

    def render(console: Console) -> None:
        if dry_run or run.verbose:
            show(console)
        _show_rest(console, result, words)
        if said := say_unreadable(listing.unreadable):
            console.print(said)
        if remark is not None:
            remark(console)
        summary(console, run.report)
        if dry_run:
            console.print("Dry run: the store was told nothing.")

    run.render = render


def show_changes(console: Console, columns: list[str], changes: Sequence[Any], row: Callable[[Any], list[str]]) -> None:
    """Show the first of the changes as a table; nothing where there are none."""
    if changes:
        table(console, columns, map(row, changes[:MOST_SHOWN]))
    if len(changes) > MOST_SHOWN:
        console.print(f"And {len(changes) - MOST_SHOWN:,} more.")


def _add_refusals(run: Run, result: Pushed[Any], after: Callable[[Any], str]) -> None:
    """Note in the report what the store refused."""
    for change in result.changes:
        error = result.refused.get(change.product_id)
        if error is not None and len(run.report.errors) < MOST_SHOWN:
            run.report.add_error(f"SKU {change.sku}: the store refused {after(change)}: {error}")
    if result.refused:
        run.report.exit_code = EXIT_SOME_FAILED


def _show_rest(console: Console, result: Pushed[Any], words: Mapping[str, str]) -> None:
    """Say what was left alone and why, and whether it came to its end."""
    for word, number in sorted(result.left.items()):
        console.print(f"{number:,} left alone: {words.get(word, LEFT_TO_NEXT)}.")
    if result.unfinished:
        console.print("Stopped before its end; the next run tells the rest.")


def figure(amount: Decimal | None) -> str:
    """Write a figure; nothing for none."""
    return "" if amount is None else f"{amount.normalize():f}"
