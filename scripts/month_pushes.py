"""The pushes of stock and prices in the month of `month.py`: what troubles them, who decides, and whether they told the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from scripts.month_plan import Outage
from syncctl.jobs import BY_NAME
from syncctl.pushes import KINDS, PRICE, STOCK, PushKind

if TYPE_CHECKING:
    from scripts.month_world import Month

OFFERS = "the store never offered more than there was, but for what was sold within one interval"
ZERO = "nothing was set to zero wrongly"
PRICES = "prices in the store are the ERP's, but for those that wait for a person"
HELD = "pushes were held when a person had to look, and only then"
_SLIPS = {"right": "1.5", "typo": "10"}
_STUBBORN = 3
_BY_JOB = {kind.job: kind for kind in KINDS}


@dataclass
class Pushes:
    """What is known of the pushes."""

    month: Month
    troubles: list[Outage] = field(default_factory=list)
    ended: dict[str, datetime] = field(default_factory=dict)
    """Kind → when a push last came to its end."""
    held: set[str] = field(default_factory=set)
    """Kinds of which a push waits for a person."""
    refusals: int = 0
    """How often the store refused an item, in a row."""
    by_hand: Counter[str] = field(default_factory=Counter)
    """How often somebody ran a job's command: such runs stand in the log, too."""
    checked: Counter[str] = field(default_factory=Counter)
    """Kind → how often what the store has was compared with what is true."""
    sold_out: int = 0
    """How often an item was rightly offered no more."""
    _begun: list[Outage] = field(default_factory=list)
    _over: list[Outage] = field(default_factory=list)
    _before: dict[str, int] = field(default_factory=dict)
    _price_before: dict[str, Decimal] = field(default_factory=dict)
    _location: str = ""
    _short: Counter[str] = field(default_factory=Counter)

    def switch_on(self) -> None:
        """Tell the store for the first time: a person looks before anything is told."""
        goods = self.month.goods
        goods.sell_at_till(goods.skus[-1])
        goods.change_price(goods.skus[-2], factor="1.1")
        for kind in KINDS:
            command = (kind.name, "push")
            before = self._told()
            told = [self.month.run(*command)[0], self.month.run(*command, "--dry-run")[0]]
            if told != [1, 0] or self._told() != before:
                self._broken(HELD, f"the first push of {kind.what}: exit codes {told}, or something was told")
            self.held.add(kind.name)
            self._by_hand(kind, "--yes")
            self.after(kind.job, self.month.now, 0)

    def _told(self) -> list[tuple[int, Decimal]]:
        goods = self.month.goods
        return [(goods.offered(sku), goods.asked(sku)) for sku in goods.skus]

    def _by_hand(self, kind: PushKind, *more: str) -> None:
        """Let somebody run a push, which is expected to tell."""
        self.by_hand[kind.job] += 1
        code, said = self.month.run(kind.name, "push", *more)
        if code:
            command = " ".join((kind.command, *more))
            self._broken(HELD, f"{self.month.now}: `{command}` by a person: exit code {code}: {said[-300:]}")

    def _broken(self, promise: str, what: str) -> None:
        self.month.broken[promise].append(what)

    # --- What troubles them ----------------------------------------------------------------------------------------------

    def trouble(self, name: str) -> Outage | None:
        """Return the trouble of this name where it has begun and isn't over."""
        return next((each for each in self._begun if each.name == name and each not in self._over), None)

    def happen(self) -> None:
        """Let troubles begin whose time has come, and people end them."""
        for each in self.troubles:
            if each.begin <= self.month.now and each not in self._begun:
                self._begun.append(each)
                self._begin(each)
            if each.end <= self.month.now and each not in self._over:
                self._over.append(each)
                self._end(each)

    def _begin(self, trouble: Outage) -> None:
        goods = self.month.goods
        if trouble.name == "view":
            self._location = goods.location()
            goods.hide_stock()
        elif trouble.name in _SLIPS:
            self._price_before[trouble.sku] = goods.prices[trouble.sku]
            goods.change_price(trouble.sku, factor=_SLIPS[trouble.name])
        else:
            self.month.shop.odd.refused.add(goods.product(trouble.sku)["id"])
            goods.deliver(trouble.sku)
            goods.sell_at_till(trouble.sku)

    def _end(self, trouble: Outage) -> None:
        """Let a person do what the runbook says."""
        goods = self.month.goods
        if trouble.name == "view":
            goods.show_stock(self._location)
        elif trouble.name == "typo":
            goods.set_price(trouble.sku, self._price_before[trouble.sku])
        elif trouble.name == "right":
            goods.set_price(trouble.sku, goods.prices[trouble.sku], usual=True)
            self._by_hand(PRICE, "--dry-run")
            self._by_hand(PRICE, "--yes")
            self.after(PRICE.job, self.month.now, 0)
        else:
            self.month.shop.odd.refused.discard(goods.product(trouble.sku)["id"])
            if trouble.name == "refused":
                self._by_hand(STOCK, "--sku", trouble.sku)
                self.refusals = 0

    # --- Whether they told the truth -------------------------------------------------------------------------------------

    def before(self, job: str) -> None:
        """Look at what the store offers right before it is told."""
        if job != STOCK.job:
            return
        goods = self.month.goods
        self._before = {sku: goods.offered(sku) for sku in goods.skus}
        for sku, offered in self._before.items():
            there, sold = goods.free[sku], goods.sold[sku]
            if offered - max(0, there) > sold:
                self._broken(OFFERS, f"{self.month.now} {sku}: {offered} offered, {there} there, {sold} sold since")
            if -there - self._short[sku] > sold:
                self._broken(OFFERS, f"{self.month.now} {sku}: {-there} sold too many, {sold} sold since")

    def after(self, job: str, begun: datetime, code: int) -> None:
        """Hold what a push did against what is true."""
        kind = _BY_JOB.get(job)
        if kind is None or code not in (0, 1):
            return
        view, refused = self.trouble("view"), self._refused()
        slip = next((each for name in _SLIPS if (each := self.trouble(name))), None)
        must_wait = view if kind is STOCK else slip
        if must_wait and code != 1:
            self._broken(HELD, f"{begun}: the push of {kind.what} was not held: {must_wait.name} {must_wait.sku}")
        if code == 1 and not must_wait:
            if kind is STOCK and refused:
                self.refusals += 1
            else:
                self._broken(HELD, f"{begun}: the push of {kind.what} was held, or something was refused")
        if must_wait:
            self.held.add(kind.name)
        else:
            self.held.discard(kind.name)
        self.checked[kind.name] += 1
        if kind is PRICE:
            self.ended[kind.name] = self.month.now
            self._look_at_prices(begun, {slip.sku: self._price_before[slip.sku]} if slip else {})
        elif must_wait:
            self._look_at_untold(begun)
        else:
            self.ended[kind.name] = self.month.now
            self._look_at_stock(begun, self._late())

    def _refused(self) -> Outage | None:
        return self.trouble("refused") or self.trouble("once")

    def _late(self) -> set[str]:
        """Return the items that the store may not have been told of yet, since it refused them."""
        grace = timedelta(minutes=2 * self.month.minutes(BY_NAME[STOCK.job]))
        return {
            each.sku
            for each in self._begun
            if each.name in ("refused", "once") and self.month.now < each.end + (grace if each.name == "once" else timedelta())
        }

    def _look_at_untold(self, begun: datetime) -> None:
        """Nothing may be told by a push that is held."""
        goods = self.month.goods
        for sku, offered in self._before.items():
            if goods.offered(sku) != offered:
                promise = HELD if goods.offered(sku) else ZERO
                self._broken(promise, f"{begun} {sku}: {offered} → {goods.offered(sku)}, though the push was held")

    def _look_at_stock(self, begun: datetime, late: set[str]) -> None:
        goods = self.month.goods
        for sku in goods.skus:
            offered, there = goods.offered(sku), max(0, goods.free[sku])
            if sku in late:
                continue
            if offered == 0 and there > goods.unsure(sku):
                self._broken(ZERO, f"{begun} {sku}: {self._before.get(sku)} → 0, of which there are {there}")
            elif not there - goods.unsure(sku) <= offered <= there:
                # Fewer than there are is no harm, and yet it isn't what a push is for.
                self._broken(OFFERS, f"{begun} {sku}: {offered} offered right after a push, of which there are {there}")
            self.sold_out += offered == 0 < self._before.get(sku, 0)
            goods.sold[sku] = 0
            self._short[sku] = max(0, -goods.free[sku])

    def _look_at_prices(self, begun: datetime, waiting: dict[str, Decimal]) -> None:
        goods = self.month.goods
        for sku in goods.skus:
            wanted = waiting.get(sku, goods.prices[sku])
            if goods.asked(sku) != wanted:
                self._broken(PRICES, f"{begun} {sku}: {goods.asked(sku)} in the store, {wanted} in the ERP")

    # --- What health has to say ------------------------------------------------------------------------------------------

    def truth(self, late: int) -> set[str]:
        """Return the checks that have to be wrong now; a push is late after so many intervals of its job."""
        must = {f"{kind}_held" for kind in self.held}
        must |= {"stock_refused"} if self.refusals >= _STUBBORN else set()
        for kind in KINDS:
            limit = timedelta(minutes=max(60, late * self.month.minutes(BY_NAME[kind.job])))
            if self.month.now - self.ended[kind.name] > limit:
                must.add(f"{kind.name}_told")
        return must


def told_of(troubles: Sequence[Outage]) -> list[Outage]:
    """Return the troubles that people have to be told of."""
    return [each for each in troubles if each.rule]
