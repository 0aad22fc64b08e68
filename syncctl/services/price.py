"""Telling a store what the ERP asks for its items: the regular price, and that of a sale with its dates.

What looks like a slip of the hand waits for a person while the rest is told; what looks like a broken price list is told to
nobody. A price that the ERP doesn't have is never told, whoever says so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, ClassVar

from syncctl.db.contract import ListPriceChanges, NotePriceTold, PriceChange, Procedure, StoreItemCount, ToldItems
from syncctl.errors import ConfigError
from syncctl.pushes import PRICE
from syncctl.services.item_push import FEWEST_CHANGED, FEWEST_LOST, FirstPush, Held, ItemPush, is_too_many, prices_of
from syncctl.stores.base import Asked, Outdated, PriceRules, PriceWrite

_PRICED = frozenset({"same", "differs", "waiting"})
_MOST_NAMED = 5
"""Items named in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceGuard:
    """How much a push may change without a person: a price, as a fraction of itself, and how many of all prices."""

    change_limit: Decimal = Decimal("0.34")
    change_share: Decimal = Decimal("0.5")

    def is_suspicious(self, change: PriceChange) -> bool:
        """Say whether a price changes by more than it may: the regular one, or what is asked while a sale runs, downwards.

        Of an item that the store asks nothing for yet nothing can be said.
        """
        before, after = change.store_regular, change.regular
        if not before or after is None:
            return False
        if abs(after - before) > self.change_limit * before:
            return True
        lowest = before if change.store_sale is None else min(before, change.store_sale)
        return change.sale is not None and lowest - change.sale > self.change_limit * lowest

    def look_at(self, changes: Sequence[PriceChange], suspicious: int, count: StoreItemCount, *, lost: int) -> None:
        """Stop a push that would change most of the prices, most of whose changes are suspicious, or that lacks most prices.

        `lost` are items that the store was told a price of, and that the ERP has none of any more.

        Raises:
            Held: it would.
        """
        because = None
        if is_too_many(len(changes), self.change_share, count.priced, fewest=FEWEST_CHANGED):
            because = f"{len(changes):,} of {count.priced:,} prices would change"
        elif is_too_many(suspicious, self.change_share, len(changes), fewest=FEWEST_CHANGED):
            because = f"{suspicious:,} of {len(changes):,} changes are of more than {self.change_limit:.0%}"
        elif is_too_many(lost, self.change_share, count.prices_told, fewest=FEWEST_LOST):
            because = f"the ERP has no price any more of {lost:,} of {count.prices_told:,} items that the store was told one of"
        if because is not None:
            raise Held(
                f"{because[0].upper()}{because[1:]}, more than the {self.change_share:.0%} that may be "
                "(SYNCCTL_PRICE_CHANGE_SHARE). Nothing was told. Are the ERP's prices right, and the price list "
                "(`syncctl config erp list`)? Look at `syncctl price push --dry-run`; `syncctl price push --yes` tells it all "
                "the same.",
                why="changed",
            )


@dataclass(slots=True)
class PricePush(ItemPush[PriceChange]):
    """Tells one store of its prices."""

    kind: ClassVar[str] = PRICE.name
    sources: ClassVar[tuple[tuple[str, ...], ...]] = (("WEB_PRICE_LIST",), ("WEB_SALE_LIST",))
    gone: ClassVar[frozenset[str]] = frozenset({"unknown", "unpriced"})
    guard: PriceGuard = field(default_factory=PriceGuard)
    sales_left: Counter[str] = field(default_factory=Counter)
    """Sales of the ERP's that were left out, by why."""
    _rules: PriceRules | None = None

    @property
    def rules(self) -> PriceRules:
        """How the store keeps its prices, asked once."""
        if self._rules is None:
            self._rules = self.store.price_rules()
        return self._rules

    @property
    def suspicious(self) -> list[PriceChange]:
        """The changes that nobody told yet and that a person has to see."""
        return [change for change in self.result.untold if self.guard.is_suspicious(change)]

    def find(self, skus: Sequence[str] = ()) -> list[PriceChange]:
        """See `ItemPush.find`."""
        call = ListPriceChanges(
            store_id=self.store.store_id,
            skus=json.dumps(list(skus)) if skus else None,
            includes_tax=self.rules.includes_tax,
            decimals=self.rules.decimals,
            has_sale_dates=self.rules.sale_dates,
        )
        found: list[PriceChange] = self.context.reaching(self.database.run, call)
        self._require_tax([change for change in found if change.standing == "untaxed"])
        self.sales_left = Counter(item.sale_fault for item in found if item.standing in _PRICED and item.sale_fault is not None)
        return found

    def tell(self, *, count: StoreItemCount, sure: bool) -> None:
        """Tell the store what `look` found and nobody told yet. Without a person who is `sure`, only what the guard lets through.

        Raises:
            FirstPush: a person has to look first. Nothing was told.
            Held: the same; or the rest was told, and what stands in `suspicious` was not.
            StoreUnavailable, StoreRefused: as for `tell_these`.
        """
        changes = list(self.result.untold)
        if sure:
            self.note_untold(sure=True, begun=True)
            self.tell_these(changes)
            return
        real = [change for change in changes if change.standing != "same"]
        if changes and not count.prices_told:
            raise FirstPush(
                f"This would be the first time that the store is told of its prices: {len(real):,} of {count.priced:,} items "
                "would change. Nothing was told. Look at `syncctl price push --dry-run`, then say `syncctl price push --yes`."
            )
        waiting = self.suspicious
        self.guard.look_at(real, len(waiting), count, lost=len(self.lost))
        self.note_untold(sure=False, begun=count.prices_told > 0)
        apart = {change.product_id for change in waiting}
        sound = [change for change in changes if change.product_id not in apart]
        self.tell_these(sound)
        if waiting and not self.result.unfinished:
            raise Held(
                f"{_prices(len(waiting))} would change by more than {self.guard.change_limit:.0%} (SYNCCTL_PRICE_CHANGE_LIMIT) "
                f"and {'waits' if len(waiting) == 1 else 'wait'} for a person: {_named(waiting)}. "
                f"{'The others were told. ' if sound else ''}`syncctl price push --yes` tells "
                f"{'it' if len(waiting) == 1 else 'them'} all the same.",
                why="limit",
                part=True,
            )

    def put(self, changes: Sequence[PriceChange]) -> Mapping[int, str | Outdated | None]:
        """See `ItemPush.put`. A price is written with the decimals of the store's currency, however the database writes it."""
        decimals = self.rules.decimals
        return self.store.put_prices(
            [
                PriceWrite(product_id=change.product_id, parent_id=change.parent_id, asked=in_currency(wanted(change), decimals))
                for change in changes
            ]
        )

    def taken(self, change: PriceChange) -> dict[str, Any]:
        """See `ItemPush.taken`."""
        return {"PRODUCT_ID": change.product_id, **prices_of(wanted(change))}

    def note_call(self, told: str) -> Procedure[ToldItems]:
        """See `ItemPush.note_call`."""
        return NotePriceTold(store_id=self.store.store_id, told=told)

    def said(self, change: PriceChange) -> str:
        """See `ItemPush.said`."""
        return f"{there(change)} → {wanted(change)}"

    def _require_tax(self, untaxed: Sequence[PriceChange]) -> None:
        """Stop where prices have to be reckoned with a tax that nobody knows.

        Raises:
            ConfigError: as said.
        """
        if untaxed:
            ways = ("without tax", "with it") if self.rules.includes_tax else ("with tax", "without it")
            named = ", ".join(change.sku for change in untaxed[:_MOST_NAMED])
            raise ConfigError(
                f"The ERP's prices are {ways[0]}, the store's {ways[1]}, and nobody says how much that is of "
                f"{_items(len(untaxed))} ({named}{', …' if len(untaxed) > _MOST_NAMED else ''}). Set the rate in per cent: "
                "`syncctl config erp set WEB_TAX_RATE 19`. The store was told nothing."
            )


def there(change: PriceChange) -> Asked:
    """Return what the store asks, as far as is known."""
    return Asked(
        regular=change.store_regular,
        sale=change.store_sale,
        sale_from=change.store_sale_from_dt,
        sale_to=change.store_sale_to_dt,
    )


def wanted(change: PriceChange) -> Asked:
    """Return what the store should ask."""
    return Asked(regular=change.regular, sale=change.sale, sale_from=change.sale_from_dt, sale_to=change.sale_to_dt)


def in_currency(asked: Asked, decimals: int) -> Asked:
    """Return prices with so many decimals, to which they are rounded already."""
    unit = Decimal(1).scaleb(-decimals)
    regular, sale = (None if amount is None else amount.quantize(unit) for amount in (asked.regular, asked.sale))
    return replace(asked, regular=regular, sale=sale)


def _named(changes: Sequence[PriceChange]) -> str:
    shown = [f"{change.sku} {there(change)} → {wanted(change)}" for change in changes[:_MOST_NAMED]]
    more = len(changes) - len(shown)
    return "; ".join(shown) + (f"; and {more:,} more" if more else "")


def _prices(number: int) -> str:
    return "1 price" if number == 1 else f"{number:,} prices"


def _items(number: int) -> str:
    return "1 item" if number == 1 else f"{number:,} items"
