"""What a store sells, read from it and noted; and telling it something of many items, with each item's own answer looked at.

What is told is absolute, so that telling it twice does no harm: a run that was killed is followed by one that tells the rest.
"""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from syncctl.db.contract import (
    CountStoreItems,
    Database,
    ListErpSettings,
    NoteStoreItems,
    NoteStorePush,
    Procedure,
    StoreItemCount,
    ToldItems,
)
from syncctl.errors import SyncError, UsageError
from syncctl.services.run_context import RunContext
from syncctl.stores.base import Asked, Outdated, Product, Store
from syncctl.text_width import shorten, width

log = logging.getLogger(__name__)

AT_A_TIME = 100
"""Items told in one request."""
_MOVED = "moved"
"""Why an item is left to the next push: the store has something else of it than was known."""
UNANSWERED = "the store's answer says nothing of it"
FEWEST_CHANGED = 10
"""Below so many changes no share of them is looked at."""
FEWEST_LOST = 3
"""The same of items that are emptied, or that the ERP or the store doesn't know any more."""
_NOTED_AT_A_TIME = 500
_FORGETTABLE = Decimal("0.5")
"""The share of the items known that a listing may lack before a person is asked: a store that shows none still sells them."""
_TOLD = frozenset({"same", "differs", "doubted", "waiting"})
"""How an item stands that the store is told of."""
_LONGEST = 500
"""Characters that are kept of why a push is held."""
_SKU_WIDTH, _NAME_WIDTH = 100, 200
_NO_PRICE = Asked(regular=None)


class Held(SyncError):
    """The push would change so much that a person has to look first. `why`: the guard that holds it.

    Where it holds a part, the rest was told.
    """

    def __init__(self, message: str, *, why: str, part: bool = False) -> None:
        super().__init__(message)
        self.why = why
        self.part = part


class FirstPush(Held):
    """The store was never told of such a thing: a person looks at the first push before it is told. Nothing was told."""

    def __init__(self, message: str) -> None:
        super().__init__(message, why="first")


class ItemChange(Protocol):
    """What every change of an item has."""

    @property
    def product_id(self) -> int:
        """The store's id of it."""
        ...

    @property
    def sku(self) -> str:
        """Its SKU."""
        ...

    @property
    def told_dt(self) -> datetime | None:
        """When the store took what it was told of it last."""
        ...

    @property
    def standing(self) -> str:
        """How what the store has of it stands to what it should."""
        ...

    @property
    def next_attempt_dt(self) -> datetime | None:
        """When it is tried again, where the store refused it."""
        ...


Change = TypeVar("Change", bound=ItemChange)


def require_sold(skus: Sequence[str], found: Sequence[ItemChange]) -> None:
    """Stop where a person named a SKU that the store doesn't sell, as far as is known.

    Raises:
        UsageError: as said.
    """
    sold = {change.sku.strip().casefold() for change in found}
    if missing := [sku for sku in skus if sku.strip().casefold() not in sold]:
        named = ", ".join(repr(sku[:40]) for sku in missing[:5]) + (", …" if missing[5:] else "")
        raise UsageError(f"The store sells nothing of SKU {named}, as it was listed last: `syncctl item map` lists it anew.")


def is_too_many(number: int, share: Decimal, of: int, *, fewest: int) -> bool:
    """Say whether a number is above a share of others. Below `fewest` no share is looked at: in a shop of four, two are half."""
    return number >= fewest and number > share * of


@dataclass(slots=True)
class Pushed(Generic[Change]):
    """What a push found and did; filled as it goes."""

    items: int = 0
    changes: list[Change] = field(default_factory=list)
    untold: list[Change] = field(default_factory=list)
    """Those of the changes that the store wasn't asked to take yet."""
    told: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    """By product, what the store said."""
    left: Counter[str] = field(default_factory=Counter)
    """Items left alone, by why."""
    unfinished: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """The counts of the contract of every push of items."""
        return {
            "items": self.items,
            "changes": len(self.changes),
            "told": self.told,
            "refused": len(self.refused),
            "left_alone": sum(self.left.values()),
        }


@dataclass(slots=True)
class ItemListing:
    """Reads what one store sells, and notes it."""

    database: Database
    store: Store
    context: RunContext
    list_after: timedelta = timedelta(hours=24)
    listed: int = 0
    """Items that the store listed; 0 where an older listing was good enough."""
    unreadable: int = 0
    """Those of them that could not be read, and stay as they were known."""
    unfinished: bool = False
    known: int | None = None
    """Items that were known when they were counted first."""

    def list_items(self, *, believed: bool = False) -> None:
        """Read what the store sells, whole, with its stock and prices; what it doesn't list any more is forgotten at the end.

        A listing that breaks off, or is stopped, forgets nothing; nor does one that lacks most of what is known, unless it is
        `believed`.

        Raises:
            Held: it lacks most. What it listed is noted.
        """
        known = self.count().items if self.known is None else self.known
        part: list[dict[str, Any]] = []
        for product in self.store.products():
            if self.context.stop.is_set():
                self.unfinished = True
                return
            part.append(_noted(product))
            self.listed += 1
            self.unreadable += product.unreadable
            if len(part) == _NOTED_AT_A_TIME:
                self._note(part)
                part = []
        lacks = is_too_many(known - self.listed, _FORGETTABLE, known, fewest=FEWEST_LOST) and not believed
        self._note(part, is_last=not lacks)
        if lacks:
            raise Held(
                f"The store lists {self.listed:,} of the {known:,} items that are known of it. Nothing was told or forgotten. "
                "Does it show its products, and to this key? Where it sells so few now, `syncctl stock push --yes` (or `price "
                "push --yes`) believes it.",
                why="listing",
            )

    def count(self) -> StoreItemCount:
        """Return how many items of the store are known."""
        rows: list[StoreItemCount] = self.context.reaching(self.database.run, CountStoreItems(store_id=self.store.store_id))
        if self.known is None:
            self.known = rows[0].items
        return rows[0]

    def needs_listing(self, count: StoreItemCount) -> bool:
        """Say whether what the store sells has to be read (again): it is old, or the last time it wasn't read to its end."""
        return count.listed_dt is None or count.listings > 1 or self.context.clock() - count.listed_dt >= self.list_after

    def _note(self, part: Sequence[dict[str, Any]], *, is_last: bool = False) -> None:
        items = json.dumps(part, ensure_ascii=False)
        call = NoteStoreItems(store_id=self.store.store_id, listing=self.context.run_id[:50], items=items, is_last=is_last)
        self.context.reaching(self.database.run, call)


@dataclass(slots=True)
class ItemPush(ABC, Generic[Change]):
    """Tells one store something of its items: the loop that stock and prices share. What they are is a kind's own."""

    database: Database
    store: Store
    context: RunContext
    result: Pushed[Change] = field(default_factory=Pushed)
    lost: list[Change] = field(default_factory=list)
    """Items that the store was told of, and of which there is nothing to be told any more."""
    kind: ClassVar[str] = ""
    """See `pushes.PushKind`."""
    sources: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Site settings that say where the ERP has what is told; of several together the first that is set counts."""
    gone: ClassVar[frozenset[str]] = frozenset()
    """How an item stands of which there is nothing to be told, by nobody's choice."""
    _over: list[Change] = field(default_factory=list)
    """Items that the store refused, and isn't told of any more."""
    _right: list[Change] = field(default_factory=list)
    """Items that the store has right without having been told."""

    def note(self, held: Held | None = None) -> None:
        """Note where every process sees it: this push of all items came to its end, or is `held` until a person has looked."""
        result = self.result
        call = NoteStorePush(
            store_id=self.store.store_id,
            kind=self.kind,
            held_why=held.why if held else None,
            held_message=str(held)[:_LONGEST] if held else None,
            is_part=held is not None and held.part,
            item_count=result.items,
            change_count=len(result.changes),
            left_json=json.dumps({why: number for why, number in sorted(result.left.items()) if number}),
        )
        self.context.reaching(self.database.run, call)

    @abstractmethod
    def find(self, skus: Sequence[str] = ()) -> list[Change]:
        """Return every item with what the store should say of it, or those of these SKUs."""

    def setting_fault(self) -> str | None:
        """Say what a site setting names that the ERP doesn't have, so that nobody knows what to tell; None where all is well."""
        rows = self.context.reaching(self.database.run, ListErpSettings())
        known = {row.name: row for row in rows if row.value}
        counting = (next((known[name] for name in names if name in known), None) for names in self.sources)
        return next((row.fault for row in counting if row is not None and row.fault is not None), None)

    def look(self, skus: Sequence[str] = (), *, everything: bool = False) -> None:
        """Find what is to be told, and what is left alone and why; the former stands in `result.changes`.

        Raises:
            Held: a site setting names what the ERP doesn't have.
            UsageError: the store doesn't sell one of the SKUs.
        """
        if fault := self.setting_fault():
            raise Held(f"{fault} Nothing was told. `syncctl config erp set` mends it.", why="setting")
        found = self.find(skus)
        require_sold(skus, found)
        due = {"differs", "doubted", "waiting"} if skus else {"differs", "doubted"}
        due |= {"same", "waiting"} if everything else set()
        self.lost = [change for change in found if change.standing in self.gone and change.told_dt is not None]
        self._over = [change for change in found if change.next_attempt_dt is not None and change.standing not in _TOLD]
        self._right = [
            change for change in found if change.standing == "same" and change.told_dt is None and change.next_attempt_dt is None
        ]
        self.result.items = len(found)
        self.result.changes = [change for change in found if change.standing in due or self._was_refused(change, now=bool(skus))]
        self.result.untold = list(self.result.changes)
        self.result.left = Counter(change.standing for change in found if change.standing not in {*due, "same"})

    def _was_refused(self, change: Change, *, now: bool) -> bool:
        """True where the store refused an item that is by now as it was all along: a refusal is over once the store took one."""
        due = change.next_attempt_dt
        return change.standing == "same" and due is not None and (now or due <= self.context.clock())

    @abstractmethod
    def tell(self, *, count: StoreItemCount, sure: bool) -> None:
        """Tell the store what `look` found and nobody told yet. Without a person who is `sure`, only what the guard lets through.

        Raises:
            FirstPush, Held: a person has to look first.
            StoreUnavailable, StoreRefused: as for `tell_these`.
        """

    def note_untold(self, *, sure: bool, begun: bool) -> None:
        """Note of items that aren't told how they stand, so that the next push sees what is lost from here on, and nothing else.

        What the store has right counts as told, once a person has `begun` to tell it. What it isn't told of any more is neither
        refused any longer nor, once a person was `sure`, lost.
        """
        left = {change.product_id for change in [*self._over, *(self.lost if sure else ())]}
        noted: list[dict[str, Any]] = [{"PRODUCT_ID": product_id, "IS_LEFT": 1} for product_id in sorted(left)]
        noted += map(self.taken, self._right if begun else ())
        for first in range(0, len(noted), _NOTED_AT_A_TIME):
            part = json.dumps(noted[first : first + _NOTED_AT_A_TIME], ensure_ascii=False)
            self.context.reaching(self.database.run, self.note_call(part))

    def tell_these(self, changes: Sequence[Change]) -> None:
        """Tell the store these changes, a batch at a time.

        Raises:
            StoreUnavailable, StoreRefused: what was told until then is noted, and the next run tells the rest.
        """
        self.context.expect(len(changes))
        for first in range(0, len(changes), AT_A_TIME):
            if self.context.stop.is_set():
                self.result.unfinished = True
                return
            self._tell(changes[first : first + AT_A_TIME])

    def _tell(self, changes: Sequence[Change]) -> None:
        asked = {change.product_id for change in changes}
        self.result.untold = [change for change in self.result.untold if change.product_id not in asked]
        answers = self.put(changes)
        told: list[dict[str, Any]] = []
        for change in changes:
            self.context.progress(change)
            answer = answers.get(change.product_id, UNANSWERED)
            if answer is None:
                self.result.told += 1
                told.append(self.taken(change))
                log.info("SKU %s: %s", change.sku, self.said(change))
            elif isinstance(answer, Outdated):
                # Its sale isn't given back: with the stock that it has now known, the next push tells what is right by then.
                self.result.left[_MOVED] += 1
                told.append({**self.taken(change), "QTY": str(answer.quantity)})
                log.info("SKU %s: %s; the next push tells it.", change.sku, answer)
            else:
                self.result.refused[change.product_id] = answer
                told.append({"PRODUCT_ID": change.product_id, "ERROR": answer})
                log.warning("SKU %s: the store refused %s: %s", change.sku, self.said(change), answer)
        if told:
            self.context.reaching(self.database.run, self.note_call(json.dumps(told, ensure_ascii=False)))

    @abstractmethod
    def put(self, changes: Sequence[Change]) -> Mapping[int, str | Outdated | None]:
        """Tell the store; see `Store.put_stock`."""

    @abstractmethod
    def taken(self, change: Change) -> dict[str, Any]:
        """Return what is noted of a change that the store took."""

    @abstractmethod
    def note_call(self, told: str) -> Procedure[ToldItems]:
        """Return the call that notes what the store said."""

    @abstractmethod
    def said(self, change: Change) -> str:
        """Say a change to a person."""


def _noted(product: Product) -> dict[str, Any]:
    if product.unreadable:
        return {"PRODUCT_ID": product.product_id, "IS_KEPT": 1}
    asked, sku = product.asked or _NO_PRICE, product.sku or ""
    return {
        "PRODUCT_ID": product.product_id,
        "PARENT_ID": product.parent_id,
        "SKU": sku if width(sku) <= _SKU_WIDTH else f"{shorten(sku, _SKU_WIDTH - 1)}…",  # cut, it must not be another item's
        "NAME": shorten(product.name, _NAME_WIDTH),
        "STOCK_KEY": product.stock_key[:50] or None,
        "IS_MANAGED": int(product.stock is not None),
        "IS_BACKORDER": int(product.on_backorder),
        "STORE_QTY": None if product.stock is None else str(product.stock),
        "IS_PRICED": int(product.asked is not None),
        **prices_of(asked),
    }


def prices_of(asked: Asked) -> dict[str, str | None]:
    """Return prices as they are noted."""
    return {
        "REGULAR": None if asked.regular is None else format(asked.regular, "f"),
        "SALE": None if asked.sale is None else format(asked.sale, "f"),
        "SALE_FROM_DT": _plain(asked.sale_from),
        "SALE_TO_DT": _plain(asked.sale_to),
    }


def _plain(moment: datetime | None) -> str | None:
    """Write a moment of UTC as the database reads it."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S")
