"""The contract suite runs every behaviour on each engine: embedded always, SQL Server where `SYNCCTL_TEST_DATABASE` names one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from syncctl.db.connect import open_database
from syncctl.db.contract import Database
from syncctl.demo.carriers import SimulatedCarriers
from tests.clocks import MovableClock
from tests.plans import Noted
from tests.pod_bench import Bench


@pytest.fixture(autouse=True)
def _no_statement_scans_what_grows(noted: Noted) -> Iterator[None]:
    noted.erp = "counterpoint"  # the other suites' tests may run between these
    yield
    noted.erp = ""


@pytest.fixture
def clock() -> MovableClock:
    """The time that every connection of the test takes for the present."""
    return MovableClock()


@pytest.fixture(params=["embedded", pytest.param("sqlserver", marks=pytest.mark.sqlserver)])
def url(request: pytest.FixtureRequest) -> str:
    """Names an empty database with the ERP's tables: on each engine in turn."""
    return str(request.getfixturevalue(f"empty_{request.param}"))


@pytest.fixture
def new_connection(url: str, clock: MovableClock, request: pytest.FixtureRequest) -> Iterator[Callable[[], Database]]:
    """Opens one more connection to the test's database."""
    opened: list[Database] = []
    one_at_a_time = Lock()

    def connect() -> Database:
        with one_at_a_time:
            if url.startswith("sqlite:"):
                opened.append(open_database(url, clock=clock))
            else:
                opened.append(request.getfixturevalue("sqlserver_connections").take(len(opened), clock))
            return opened[-1]

    yield connect
    if url.startswith("sqlite:"):
        for database in opened:
            database.close()


@pytest.fixture
def database(new_connection: Callable[[], Database]) -> Database:
    """A connection to an empty database with the ERP's tables."""
    return new_connection()


@pytest.fixture
def bench(database: Database, clock: MovableClock, tmp_path: Path) -> Iterator[Bench]:
    """A bench for runs of proof of delivery, with simulated carriers."""
    with SimulatedCarriers() as carriers:
        yield Bench(database, clock, carriers, tmp_path)


@pytest.fixture
def query(database: Database) -> Callable[..., list[Any]]:
    """Runs a query (`?` marks, `dbo.` names) and returns its rows; columns by name in capitals, or by position.

    It runs on both engines as it stands: no LIMIT or TOP, no `||`, no `datetime('now')`; moments and amounts as parameters.
    """
    return database.query  # type: ignore[attr-defined, no-any-return]
