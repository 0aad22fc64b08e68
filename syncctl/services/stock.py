"""Telling a store how many of each item the ERP has for it: no overselling, and nothing told wrongly.

What is told is absolute and looked at item by item, so that telling it twice does no harm: a run that was killed is followed by
one that tells the rest. What looks like a broken view of the ERP is told to nobody before a person has seen it.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from syncctl.db.contract import (
    CountStoreItems,
    Database,
    ListStockChanges,
    NoteStockTold,
    NoteStoreItems,
    StockChange,
    StoreItemCount,
)
from syncctl.errors import SyncError
from syncctl.services.run_context import RunContext
from syncctl.stores.base import Outdated, Product, StockWrite, Store

log = logging.getLogger(__name__)

AT_A_TIME = 100
"""Items told in one request."""
MOVED = "moved"
"""Why an item is left to the next push: the store has another stock of it than was known."""
_NOTED_AT_A_TIME = 500
_FEWEST_ZEROED = 3
_FEWEST_CHANGED = 10
"""Below these numbers no share is looked at: in a shop of four items, two are half."""


class Held(SyncError):
    """The push would change so much that a person has to look first. Nothing was told."""


class FirstPush(SyncError):
    """The store was never told of any stock: a person looks at the first push before it is told. Nothing was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """How much a push may change without a person, as fractions of the items whose stock the store keeps."""

    zero_share: Decimal = Decimal("0.2")
    change_share: Decimal = Decimal("0.5")

    def look_at(self, changes: Sequence[StockChange], managed: int) -> None:
        """Stop a push that would empty the shop, or change most of it.

        Raises:
            Held: it would.
        """
        zeroed = sum(is_emptied(change) for change in changes)
        if zeroed >= _FEWEST_ZEROED and zeroed > self.zero_share * managed:
            raise Held(
                f"{zeroed:,} of {managed:,} items would be set to 0, more than the {self.zero_share:.0%} that may be "
                "(SYNCCTL_STOCK_ZERO_SHARE). Nothing was told. Is the ERP's stock right, and the location "
                "(`syncctl config erp show`)? Look at `syncctl stock diff`; `syncctl stock push --yes` tells it all the same."
            )
        if len(changes) >= _FEWEST_CHANGED and len(changes) > self.change_share * managed:
            raise Held(
                f"{len(changes):,} of {managed:,} items would change, more than the {self.change_share:.0%} that may be "
                "(SYNCCTL_STOCK_CHANGE_SHARE). Nothing was told. Look at `syncctl stock diff`; `syncctl stock push --yes` tells "
                "it all the same."
            )


@dataclass(slots=True)
class Pushed:
    """What a push found and did; filled as it goes."""

    listed: int = 0
    """Items that the store listed in this run; 0 where an older listing was good enough."""
    items: int = 0
    changes: list[StockChange] = field(default_factory=list)
    told: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    """By product, what the store said."""
    left: Counter[str] = field(default_factory=Counter)
    """Items left alone, by why."""
    unknown: int = 0
    """Told, and nothing said of them: told again by the next run."""
    unfinished: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """The counts of the `stock push` contract."""
        return {
            "items": self.items,
            "changes": len(self.changes),
            "zeroed": sum(is_emptied(change) for change in self.changes),
            "told": self.told,
            "refused": len(self.refused),
            "left_alone": sum(self.left.values()),
        }


def is_emptied(change: StockChange) -> bool:
    """True where an item that the store offers is to be offered no more."""
    return change.wanted_qty == 0 and change.store_qty is not None and change.store_qty > 0


@dataclass(slots=True)
class StockPush:
    """Tells one store of its stock."""

    database: Database
    store: Store
    context: RunContext
    guard: Guard = field(default_factory=Guard)
    list_after: timedelta = timedelta(hours=24)
    result: Pushed = field(default_factory=Pushed)

    def list_items(self) -> None:
        """Read what the store sells, whole, and what it has of each; what it doesn't list any more is forgotten at the end.

        A listing that breaks off, or is stopped, forgets nothing.
        """
        part: list[dict[str, Any]] = []
        for product in self.store.products():
            if self.context.stop.is_set():
                self.result.unfinished = True
                return
            part.append(_noted(product))
            self.result.listed += 1
            if len(part) == _NOTED_AT_A_TIME:
                self._note(part)
                part = []
        self._note(part, is_last=True)

    def count(self) -> StoreItemCount:
        """Return how many items of the store are known."""
        rows: list[StoreItemCount] = self.context.reaching(self.database.run, CountStoreItems(store_id=self.store.store_id))
        return rows[0]

    def needs_listing(self, count: StoreItemCount) -> bool:
        """Say whether what the store sells has to be read (again)."""
        return count.listed_dt is None or self.context.clock() - count.listed_dt >= self.list_after

    def find(self, skus: Sequence[str] = ()) -> list[StockChange]:
        """Return every item with what the store should say of it, or those of these SKUs."""
        wanted = json.dumps(list(skus)) if skus else None
        return self.context.reaching(self.database.run, ListStockChanges(store_id=self.store.store_id, skus=wanted))

    def look(self, skus: Sequence[str] = (), *, everything: bool = False) -> None:
        """Find what is to be told, and what is left alone and why; the former stands in `result.changes`."""
        found = self.find(skus)
        due = {"differs", "waiting"} if skus else {"differs"}
        due |= {"same", "waiting"} if everything else set()
        self.result.items = len(found)
        self.result.changes = [change for change in found if change.standing in due]
        self.result.left = Counter(change.standing for change in found if change.standing not in {*due, "same"})

    def tell(self, *, count: StoreItemCount, sure: bool) -> None:
        """Tell the store what `look` found. Without a person who is `sure`, only what the guard lets through.

        Raises:
            FirstPush, Held: a person has to look first.
            StoreUnavailable, StoreRefused: what was told until then is noted, and the next run tells the rest.
        """
        changes = self.result.changes
        if changes and not sure:
            if not count.told:
                raise FirstPush(
                    f"This would be the first time that the store is told of its stock: {len(changes):,} of {count.managed:,} "
                    "items would change. Nothing was told. Look at `syncctl stock push --dry-run`, then say "
                    "`syncctl stock push --yes`."
                )
            self.guard.look_at(changes, count.managed)
        self.context.expect(len(changes))
        for first in range(0, len(changes), AT_A_TIME):
            if self.context.stop.is_set():
                self.result.unfinished = True
                return
            self._tell(changes[first : first + AT_A_TIME])

    def _tell(self, changes: Sequence[StockChange]) -> None:
        writes = [
            StockWrite(
                product_id=change.product_id,
                parent_id=change.parent_id,
                stock_key=change.stock_key or "",
                quantity=int(change.wanted_qty or 0),
                before=change.store_qty,
            )
            for change in changes
        ]
        answers = self.store.put_stock(writes)
        told: list[dict[str, Any]] = []
        for write, change in zip(writes, changes, strict=True):
            self.context.progress(change)
            if write.product_id not in answers:
                self.result.unknown += 1
                continue
            error = answers[write.product_id]
            if error is None:
                self.result.told += 1
                told.append({"PRODUCT_ID": write.product_id, "QTY": str(write.quantity)})
                log.info("SKU %s: stock %s → %s", change.sku, _shown(change.store_qty), write.quantity)
            elif isinstance(error, Outdated):
                # Its sale isn't given back: with the stock that it has now known, the next push tells what is right by then.
                self.result.left[MOVED] += 1
                told.append({"PRODUCT_ID": write.product_id, "QTY": str(error.quantity)})
                log.info("SKU %s: %s; the next push tells it.", change.sku, error)
            else:
                self.result.refused[write.product_id] = error
                told.append({"PRODUCT_ID": write.product_id, "ERROR": error})
                log.warning("SKU %s: the store refused its stock of %s: %s", change.sku, write.quantity, error)
        if told:
            call = NoteStockTold(store_id=self.store.store_id, told=json.dumps(told, ensure_ascii=False))
            self.context.reaching(self.database.run, call)

    def _note(self, part: Sequence[dict[str, Any]], *, is_last: bool = False) -> None:
        items = json.dumps(part, ensure_ascii=False)
        call = NoteStoreItems(store_id=self.store.store_id, listing=self.context.run_id[:50], items=items, is_last=is_last)
        self.context.reaching(self.database.run, call)


def _noted(product: Product) -> dict[str, Any]:
    return {
        "PRODUCT_ID": product.product_id,
        "PARENT_ID": product.parent_id,
        "SKU": (product.sku or "")[:100],
        "NAME": product.name[:200],
        "STOCK_KEY": product.stock_key[:50] or None,
        "IS_MANAGED": int(product.stock is not None),
        "IS_BACKORDER": int(product.on_backorder),
        "STORE_QTY": None if product.stock is None else str(product.stock),
    }


def _shown(quantity: Decimal | None) -> str:
    return "unknown" if quantity is None else format(quantity.normalize(), "f")
