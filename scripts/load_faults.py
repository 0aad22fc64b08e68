"""A simulated store that misbehaves now and then, by chance: of each hundred requests so many, in every way that stores do."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from syncctl.demo.faults import Fault, Faults

SLOW_SECONDS = 0.5

KINDS: tuple[tuple[str, dict[str, object]], ...] = (
    ("429", {"kind": "status", "status": 429, "retry_after": "1"}),
    ("500", {"kind": "status", "status": 500}),
    ("503", {"kind": "status", "status": 503}),
    ("reset", {"kind": "timeout"}),
    ("answer lost", {"kind": "lost_answer"}),
    ("truncated", {"kind": "truncated"}),
    ("a page for JSON", {"kind": "html"}),
    ("slow", {"kind": "slow", "seconds": SLOW_SECONDS}),
)
"""What they are called → how they come about. With a reset nothing was done, with a lost answer all of it."""


@dataclass(slots=True, kw_only=True)
class ByChance(Faults):
    """Faults that hit a share of all requests, each kind as often as another."""

    share: float
    seed: int
    kinds: Counter[str] = field(default_factory=Counter)
    """How often each has happened."""
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - no secrets

    def take(self, method: str, path: str) -> Fault | None:  # noqa: ARG002 - it makes no difference
        """Return the fault that hits this request, if any."""
        with self._lock:
            if self._chance.random() >= self.share:
                return None
            name, how = self._chance.choice(KINDS)
            self.kinds[name] += 1
            self.happened += 1
        return Fault(**how)  # type: ignore[arg-type]
