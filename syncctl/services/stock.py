"""Telling a store how many of each item the ERP has for it: no overselling, and nothing told wrongly.

What looks like a broken view of the ERP is told to nobody before a person has seen it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

from syncctl.db.contract import ListStockChanges, NoteStockTold, Procedure, StockChange, StoreItemCount, ToldItems
from syncctl.pushes import STOCK
from syncctl.services.item_push import FEWEST_CHANGED, FEWEST_LOST, FirstPush, Held, ItemPush, is_too_many
from syncctl.stores.base import Outdated, StockWrite


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """How much a push may change without a person, as fractions of the items whose stock the store keeps."""

    zero_share: Decimal = Decimal("0.2")
    change_share: Decimal = Decimal("0.5")

    def look_at(self, changes: Sequence[StockChange], managed: int, *, lost: int = 0, told: int = 0) -> None:
        """Stop a push that would empty the shop, or change most of it; or that knows too few of the items any more.

        `lost` of the items that the store was `told` of, neither side counts any more, or nobody knows how many there are.

        Raises:
            Held: it would.
        """
        if is_too_many(lost, self.change_share, told, fewest=FEWEST_LOST):
            raise Held(
                f"The ERP or the store keeps no stock any more of {lost:,} of {told:,} items that the store was told of, more "
                f"than the {self.change_share:.0%} that may be (SYNCCTL_STOCK_CHANGE_SHARE). Nothing was told. Are the ERP's "
                "items there? Look at `syncctl stock diff`; `syncctl stock push --yes` tells the others all the same.",
                why="lost",
            )
        zeroed = sum(is_emptied(change) for change in changes)
        if is_too_many(zeroed, self.zero_share, managed, fewest=FEWEST_LOST):
            raise Held(
                f"{zeroed:,} of {managed:,} items would be set to 0, more than the {self.zero_share:.0%} that may be "
                "(SYNCCTL_STOCK_ZERO_SHARE). Nothing was told. Is the ERP's stock right, and the location "
                "(`syncctl config erp list`)? Look at `syncctl stock diff`; `syncctl stock push --yes` tells it all the same.",
                why="zeroed",
            )
        if is_too_many(len(changes), self.change_share, managed, fewest=FEWEST_CHANGED):
            raise Held(
                f"{len(changes):,} of {managed:,} items would change, more than the {self.change_share:.0%} that may be "
                "(SYNCCTL_STOCK_CHANGE_SHARE). Nothing was told. Look at `syncctl stock diff`; `syncctl stock push --yes` tells "
                "it all the same.",
                why="changed",
            )


def is_emptied(change: StockChange) -> bool:
    """True where an item that the store offers is to be offered no more."""
    return change.wanted_qty == 0 and change.store_qty is not None and change.store_qty > 0


@dataclass(slots=True)
class StockPush(ItemPush[StockChange]):
    """Tells one store of its stock."""

    kind: ClassVar[str] = STOCK.name
    sources: ClassVar[tuple[tuple[str, ...], ...]] = (("STOCK_LOCATIONS", "STK_LOC_ID"),)
    gone: ClassVar[frozenset[str]] = frozenset({"unknown", "uncounted", "unreadable", "unmanaged"})
    guard: Guard = field(default_factory=Guard)

    @property
    def counts(self) -> dict[str, int]:
        """The counts of the `stock push` contract."""
        counts = self.result.counts
        zeroed = sum(is_emptied(change) for change in self.result.changes)
        return {"items": counts["items"], "changes": counts["changes"], "zeroed": zeroed, **counts}

    def find(self, skus: Sequence[str] = ()) -> list[StockChange]:
        """See `ItemPush.find`."""
        wanted = json.dumps(list(skus)) if skus else None
        call = ListStockChanges(store_id=self.store.store_id, skus=wanted)
        return self.context.reaching(self.database.run, call)

    def tell(self, *, count: StoreItemCount, sure: bool) -> None:
        """Tell the store what `look` found. Without a person who is `sure`, only what the guard lets through.

        Raises:
            FirstPush, Held: a person has to look first. Nothing was told.
            StoreUnavailable, StoreRefused: as for `tell_these`.
        """
        changes = self.result.untold
        if not sure:
            differing = [change for change in changes if change.standing not in ("doubted", "same")]
            if changes and not count.told:
                raise FirstPush(
                    f"This would be the first time that the store is told of its stock: {len(differing):,} of {count.managed:,} "
                    "items would change. Nothing was told. Look at `syncctl stock push --dry-run`, then say "
                    "`syncctl stock push --yes`."
                )
            self.guard.look_at(differing, count.managed, lost=len(self.lost), told=count.told)
        self.note_untold(sure=sure, begun=sure or count.told > 0)
        self.tell_these(changes)

    def put(self, changes: Sequence[StockChange]) -> Mapping[int, str | Outdated | None]:
        """See `ItemPush.put`."""
        return self.store.put_stock(
            [
                StockWrite(
                    product_id=change.product_id,
                    parent_id=change.parent_id,
                    stock_key=change.stock_key or "",
                    quantity=int(change.wanted_qty or 0),
                    before=change.store_qty,
                )
                for change in changes
            ]
        )

    def taken(self, change: StockChange) -> dict[str, Any]:
        """See `ItemPush.taken`."""
        doubted = change.doubted_dt and change.doubted_dt.replace(tzinfo=None).isoformat(" ", "milliseconds")
        return {"PRODUCT_ID": change.product_id, "QTY": str(int(change.wanted_qty or 0)), "DOUBTED": doubted}

    def note_call(self, told: str) -> Procedure[ToldItems]:
        """See `ItemPush.note_call`."""
        return NoteStockTold(store_id=self.store.store_id, told=told)

    def said(self, change: StockChange) -> str:
        """See `ItemPush.said`."""
        return f"stock {_shown(change.store_qty)} → {int(change.wanted_qty or 0)}"


def _shown(quantity: Decimal | None) -> str:
    return "unknown" if quantity is None else format(quantity.normalize(), "f")
