"""The contract suite runs every behaviour on each engine: embedded always, SQL Server where `SYNCCTL_TEST_DATABASE` names one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import Database
from syncctl.db.embedded import EmbeddedDatabase
from tests.clocks import MovableClock


@pytest.fixture
def clock() -> MovableClock:
    """The time that every connection of the test takes for the present."""
    return MovableClock()


@pytest.fixture
def new_connection(tmp_path: Path, clock: MovableClock) -> Iterator[Callable[[], Database]]:
    """Opens one more connection to the test's database."""
    opened: list[Database] = []

    def connect() -> Database:
        opened.append(EmbeddedDatabase(tmp_path / "test.db", clock=clock))
        return opened[-1]

    yield connect
    for database in opened:
        database.close()


@pytest.fixture
def database(new_connection: Callable[[], Database]) -> Database:
    """A connection to an empty database with the ERP's tables."""
    return new_connection()


@pytest.fixture
def query(database: Database) -> Callable[..., list[Any]]:
    """Runs a query (`?` marks, `dbo.` names) and returns its rows; columns by upper-case name."""
    return database.query  # type: ignore[attr-defined, no-any-return]
