"""How long to rest between two batches: not at all while everything answers quickly, longer where it doesn't."""

from __future__ import annotations

from dataclasses import dataclass

_SLOWER = 4
"""An answer that takes so many times as long as the quickest …"""
_MUCH_SLOWER = 0.5
"""… and so many seconds longer is a request for rest."""
_STEPS = 4
"""The first rest is so small a part of the longest one; each further one is twice as long."""
_SHORTEST = 0.02
"""Seconds: a rest shorter than this is none."""


@dataclass(slots=True)
class Pace:
    """Rests between batches. `longest` (seconds) is the most that politeness asks for; 0 rests never."""

    longest: float
    _quickest: float | None = None
    _rest: float = 0.0

    def after(self, seconds: float, *, refused: bool = False) -> float:
        """Return how long to rest after an answer that took so long; `refused` where it was none (429, 503)."""
        quickest = seconds if self._quickest is None else min(seconds, self._quickest)
        if not refused:
            self._quickest = quickest
        if refused or seconds > max(_SLOWER * quickest, quickest + _MUCH_SLOWER):
            self._rest = min(self.longest, max(2 * self._rest, self.longest / _STEPS))
        else:
            self._rest = self._rest / 2 if self._rest > _SHORTEST else 0.0
        return self._rest
