"""How pushes stand, as `status` and `stats` show it on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncctl.cli.output import local_time, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from rich.console import Console

    from syncctl.pushes import PushKind
    from syncctl.services.push_figures import PushFigures

MOST_SHOWN = 5
_LONGEST = 100


def show(console: Console, found: Sequence[PushFigures], kinds: Sequence[PushKind]) -> None:
    """Show each kind of push that is on; one that was never tried is told so."""
    for kind in kinds:
        mine = [each for each in found if each.kind is kind]
        for each in mine:
            table(console, [kind.what.title(), each.push.store_id], _rows(each))
        if not mine:
            console.print(f"{kind.what.title()}: the store was never told; a person looks at the first `syncctl {kind.command}`.")


def _rows(found: PushFigures) -> Iterator[tuple[str, str]]:
    push, what = found.push, found.kind.what
    yield "last push", _when(push.ended_dt, "none has come to its end")
    if push.held_dt:
        yield "held", f"since {local_time(push.held_dt)}: {push.held_message or 'no reason is noted'}"
    yield "items", f"{push.items:,}, of {push.managed:,} the store keeps its {what}"
    yield "told", f"{push.told:,} ever, last {_when(push.told_dt, 'never')}"
    yield "listed", _when(found.listed_at, "the next push reads what the store sells")
    yield "left alone", "; ".join(f"{number:,} {words}" for words, number in found.left.items()) or "none"
    yield "refused", f"{push.refused:,}, {push.stubborn:,} of them three times in a row" if push.refused else "none"
    for item in found.refused[:MOST_SHOWN]:
        yield "", f"SKU {item.sku}: {item.error_message[:_LONGEST]}"


def _when(moment: datetime | None, never: str) -> str:
    return local_time(moment) if moment else never
