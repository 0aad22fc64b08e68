"""Shopify's bucket of points: what is in it, and how long to wait until a request's points are.

A request runs only where all the points that it might take are there; what it didn't need goes back. Each answer says how full
the bucket is, so that the wait before the next request is exact. Source: `extensions.cost` of the Admin API's answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Lock
from typing import Any

MOST_POINTS = 1000.0
"""Points that one query may ask for, however large the bucket."""
_MOST = 1_000_000.0


@dataclass(slots=True)
class Bucket:
    """One app's bucket at one store, as far as this session knows. Safe to share between threads."""

    seconds: Callable[[], float]
    """A clock that only goes forward."""
    used: float = 0.0
    """Points that this session's requests took, all in all."""
    requests: int = 0
    """How many answers told of them."""
    _available: float | None = None
    _most: float = 0.0
    _restore: float = 0.0
    _at: float = 0.0
    _under_way: float = 0.0
    """Points of requests that are not answered yet."""
    _lock: Lock = field(default_factory=Lock)

    @property
    def largest(self) -> float:
        """The most points that one query may ask for."""
        return min(MOST_POINTS, self._most or MOST_POINTS)

    def take(self, points: float) -> float:
        """Reserve the points of a request; return the seconds until they are there. 0 before anything is known."""
        with self._lock:
            self._under_way += points
            if self._available is None or self._restore <= 0:
                return 0.0
            now = self.seconds()
            self._available = min(self._most, self._available + (now - self._at) * self._restore)
            self._at = now
            self._available -= min(points, self._most)
            return max(0.0, -self._available / self._restore)

    def answered(self, points: float, cost: Mapping[str, Any] | None) -> None:
        """Give back what was reserved, and learn from an answer's `extensions.cost` what is there now."""
        with self._lock:
            self._under_way = max(0.0, self._under_way - points)
            status = cost.get("throttleStatus") if cost else None
            if not isinstance(status, Mapping) or cost is None:
                return
            most, available, restore = (_number(status.get(name)) for name in _NAMES)
            if most is None or available is None or restore is None:
                return
            self._most, self._restore, self._at = most, restore, self.seconds()
            self._available = available - self._under_way
            self.used += _number(cost.get("actualQueryCost")) or 0.0
            self.requests += 1


def seconds_until(cost: Mapping[str, Any]) -> float | None:
    """Return how long a throttled request has to wait for its points, by its own answer; None where that doesn't tell."""
    status = cost.get("throttleStatus")
    wanted = _number(cost.get("requestedQueryCost"))
    if not isinstance(status, Mapping) or wanted is None:
        return None
    most, available, restore = (_number(status.get(name)) for name in _NAMES)
    if most is None or available is None or not restore:
        return None
    return max(0.0, (min(wanted, most) - available) / restore)


def requested(cost: Mapping[str, Any] | None) -> float | None:
    """Return how many points a request has to find in the bucket."""
    return _number(cost.get("requestedQueryCost")) if cost else None


_NAMES = ("maximumAvailable", "currentlyAvailable", "restoreRate")


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(value) if -_MOST < value < _MOST else None
