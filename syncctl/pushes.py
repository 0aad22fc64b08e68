"""What is pushed from the ERP to stores, once: the settings, jobs, words and names that each kind of push goes by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class PushKind:
    """A kind of push, as everything knows it that looks at how pushes go."""

    name: str
    """In the database, and before the names of its checks, rules and counts."""
    what: str
    """What a store is told, in words that fit behind *its*."""
    setting: str
    """Whether it is on."""
    job: str
    """See `syncctl.jobs`."""
    left: Mapping[str, str]
    """Why an item is left alone, as it is noted → in words."""

    @property
    def command(self) -> str:
        """What a person types behind `syncctl`; the log of runs calls it so, too."""
        return f"{self.name} push"

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks of `health` that look at it."""
        return (f"{self.name}_told", f"{self.name}_held", f"{self.name}_refused")

    @property
    def rules(self) -> Mapping[str, str]:
        """Check → the rule by which people are told of it."""
        told, held, refused = self.checks
        return {told: f"{self.name}_not_told", held: held, refused: refused}

    @property
    def titles(self) -> Mapping[str, str]:
        """Rule → what the first line of a message says."""
        told, held, refused = self.rules.values()
        return {
            told: f"The store was not told of its {self.what}",
            held: f"A push of {self.what} waits for a person",
            refused: f"The store refuses items' {self.what}",
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """What is counted by hour and day: items told, items refused, pushes held."""
        return (f"{self.name}_told", f"{self.name}_refused", f"{self.name}_held")


STOCK = PushKind(
    name="stock",
    what="stock",
    setting="stock_push",
    job="stock-push",
    left=MappingProxyType(
        {
            "unknown": "no such item in the ERP",
            "uncounted": "the ERP keeps no stock of it",
            "unreadable": "what the ERP says of its stock makes no sense",
            "unmanaged": "the store keeps no stock of it",
            "backorder": "sold on backorder, by the store's choice",
            "waiting": "refused by the store, tried again later",
        }
    ),
)
PRICE = PushKind(
    name="price",
    what="prices",
    setting="price_push",
    job="price-push",
    left=MappingProxyType(
        {
            "unknown": "no such item in the ERP",
            "unmanaged": "the store keeps no price of it",
            "off": "switched off",
            "pack": "several make one of the store's, whose price the ERP doesn't have",
            "unpriced": "the ERP has no price above 0 of it",
            "waiting": "refused by the store, tried again later",
        }
    ),
)
KINDS: tuple[PushKind, ...] = (STOCK, PRICE)
LEFT_TO_NEXT = "moved by the store meanwhile, told by the next run"
"""Why an item is left to the next run, of whatever kind."""
PUSH_CHECKS = tuple(check for kind in KINDS for check in kind.checks)
PUSH_RULES: Mapping[str, str] = MappingProxyType({check: rule for kind in KINDS for check, rule in kind.rules.items()})
"""Check → its rule."""
PUSH_TITLES: Mapping[str, str] = MappingProxyType({rule: title for kind in KINDS for rule, title in kind.titles.items()})


def switched_on(settings: object) -> tuple[PushKind, ...]:
    """Return the kinds of push that these settings have on."""
    return tuple(kind for kind in KINDS if getattr(settings, kind.setting))
