"""A database that fails when told to, in front of a real engine: before a call, or after it (the answer is lost)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from syncctl.db.contract import Database, Procedure


class FaultyDatabase:
    """Passes every call on to `database`, after asking `fault` for an error to raise instead."""

    def __init__(
        self,
        database: Database,
        *,
        before: Callable[[Procedure[Any]], Exception | None] = lambda _: None,
        after: Callable[[Procedure[Any]], Exception | None] = lambda _: None,
    ) -> None:
        self._database = database
        self._before = before
        self._after = after
        self.engine = database.engine
        self.calls: list[str] = []

    def run(self, call: Procedure[Any]) -> list[Any]:
        self.calls.append(call.name)
        if error := self._before(call):
            raise error
        rows = self._database.run(call)
        if error := self._after(call):
            raise error
        return rows

    def exclusive(self, resource: str) -> AbstractContextManager[None]:
        return self._database.exclusive(resource)

    def close(self) -> None:
        self._database.close()


class Failing:
    """Gives `error` for the first `times` calls of procedure `name` (of the order `staging_id`, where one is named)."""

    def __init__(self, name: str, error: Exception, *, times: int = 1, staging_id: int | None = None) -> None:
        self.name = name
        self.error = error
        self.left = times
        self.staging_id = staging_id

    def __call__(self, call: Procedure[Any]) -> Exception | None:
        if call.name != self.name or self.left <= 0:
            return None
        if self.staging_id is not None and getattr(call, "staging_id", None) != self.staging_id:
            return None
        self.left -= 1
        return self.error
