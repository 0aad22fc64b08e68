"""How long a run waited for whom: each procedure, and the store, counted and timed. It stands in `USER_SYNC_LOG.METRICS_JSON`."""

from __future__ import annotations

import time
from threading import Lock

TYPE_CHECKING = False  # importing `typing` for it would take as long as all the rest here
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any, TypeVar

    from syncctl.db.contract import Database, Procedure

    Row = TypeVar("Row")


class Meter:
    """Counts and times steps by name. Safe to share between threads."""

    def __init__(self) -> None:
        self._steps: dict[str, list[float]] = {}
        self._one_at_a_time = Lock()

    def note(self, step: str, seconds: float) -> None:
        """Count a step that took so long."""
        with self._one_at_a_time:
            noted = self._steps.setdefault(step, [0, 0.0, 0.0])
            noted[0] += 1
            noted[1] += seconds
            noted[2] = max(noted[2], seconds)

    def steps(self) -> dict[str, dict[str, float]]:
        """Return of each step how often it was done, the seconds that it took in all, and the longest of them."""
        with self._one_at_a_time:
            return {
                step: {"count": int(count), "seconds": round(total, 3), "longest": round(longest, 3)}
                for step, (count, total, longest) in sorted(self._steps.items())
            }


class Metered:
    """A database whose calls a meter counts."""

    def __init__(self, database: Database, meter: Meter) -> None:
        self._database = database
        self._meter = meter

    @property
    def unmetered(self) -> Database:
        """The engine itself, for what is no procedure's: deploying, looking at the tables."""
        return self._database

    def run(self, call: Procedure[Row]) -> list[Row]:
        """See `contract.Database.run`."""
        begun = time.perf_counter()
        try:
            return self._database.run(call)
        finally:
            self._meter.note(call.name, time.perf_counter() - begun)

    def exclusive(self, resource: str) -> AbstractContextManager[None]:
        """See `contract.Database.exclusive`."""
        return self._database.exclusive(resource)

    def close(self) -> None:
        """See `contract.Database.close`."""
        self._database.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)
