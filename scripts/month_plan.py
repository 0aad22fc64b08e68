"""What goes wrong in the month of `month.py`, and when: what is out as a whole, and what troubles the pushes alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from syncctl.pushes import PRICE, PUSH_TITLES, STOCK

MORNING = 9 * 60 + 30
"""When somebody decides about what waits for a person, in minutes of the day."""
_HELD_FOR = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Outage:
    """What goes wrong, from when to when, and which rule people are told of it by."""

    name: str
    begin: datetime
    end: datetime
    rule: str
    sku: str = ""
    """The item that it is about, where it is one."""

    def covers(self, moment: datetime) -> bool:
        """True while it lasts."""
        return self.begin <= moment < self.end


def outages(begin: datetime, days: int) -> list[Outage]:
    """Return what is out as a whole: in each third of the month something else."""
    third = timedelta(days=days) / 3
    store, database = "The store can't be used", "The database can't be used"
    kinds = (("store", store, 5), ("database", database, 4), ("key", store, 6))
    planned = []
    for number, (name, rule, hours) in enumerate(kinds):
        start = (begin + third * number + third / 3).replace(minute=30)
        planned.append(Outage(name, start, start + timedelta(hours=hours if days > 3 else hours // 3), rule))
    return planned


def troubles(out: Sequence[Outage], *, interval: int, skus: Sequence[str], chance: random.Random) -> list[Outage]:
    """Return what troubles the pushes, between the outages: first what is wrong in the ERP, then what the store refuses.

    - `view`: the ERP shows no stock of anything, until somebody mends it
    - `right`, `typo`: a price changes by more than a third; somebody says that it is right, or mends it
    - `refused`, `once`: the store refuses an item for hours, or for one `interval` of the pushes of stock, in minutes
    """
    _, held, refused = (PUSH_TITLES[rule] for rule in STOCK.rules.values())
    price_held = PUSH_TITLES[PRICE.rules["price_held"]]
    right, typo, stubborn, once = chance.sample(skus, 4)
    first, second = (_between(one, other) for one, other in pairwise(out))
    decided = first.replace(hour=MORNING // 60, minute=MORNING % 60)
    decided += timedelta(days=decided < first + timedelta(hours=2))
    later = second + _HELD_FOR + timedelta(minutes=60)
    return [
        Outage("view", first, first + _HELD_FOR, held),
        Outage("right", first, decided, price_held, right),
        Outage("refused", second, second + _HELD_FOR, refused, stubborn),
        Outage("typo", second, second + _HELD_FOR, price_held, typo),
        Outage("once", later, later + timedelta(minutes=interval), "", once),
    ]


def _between(one: Outage, other: Outage) -> datetime:
    """Return a moment between two outages, on another day where there is one."""
    found = (one.end + (other.begin - one.end) / 4).replace(minute=20)
    return found if other.begin - one.end < timedelta(days=2) else found.replace(hour=10)
