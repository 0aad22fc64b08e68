"""What any store and any ERP must keep, run with each of them, or with one: `pytest tests/conformance --store shopify --erp rms`.

An ERP takes part by a class in `ledgers.py` that reads its tables and does what a person does in it, a store by one in
`storefronts.py` that has a simulated shop and what can happen to it. `test_store.py` is about stores alone,
`test_document_port.py` about ERPs alone, `test_mixes.py` about each store with each ERP; a module of one ERP's own says so
(`ERP`). On a T-SQL engine
(`SYNCCTL_TEST_DATABASE`) each gets a database of its own beside the one that is named.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.connect import open_database
from syncctl.db.contract import Database
from syncctl.db.embedded.erp import ERPS
from tests.clocks import MovableClock
from tests.conformance.ledgers import LEDGERS, Ledger
from tests.conformance.storefronts import STOREFRONTS, Storefront
from tests.plans import Noted


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where this folder alone is run, its stores and ERPs may be chosen."""
    parser.addoption("--store", action="append", choices=sorted(STOREFRONTS), help="run it with this store (repeatable)")
    parser.addoption("--erp", action="append", choices=sorted(ERPS), help="run the conformance suite with this ERP (repeatable)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test with each store and each ERP, or with that one whose own a module says its tests are, on each engine.

    A test that takes a `deed` or a `table` runs with each of the ERP's.
    """
    if "source" in metafunc.fixturenames:
        sources = metafunc.config.getoption("--store", default=None) or sorted(STOREFRONTS, reverse=True)
        metafunc.parametrize("source", sources, scope="session")
    if "erp" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--erp", default=None) or sorted(ERPS)
        only = getattr(metafunc.module, "ERP", None)
        erps = [name for name in chosen if only in (None, name)]
        more = {"deed": lambda erp: LEDGERS[erp].by_hand, "table": lambda erp: LEDGERS[erp].tables}
        for name in more.keys() & set(metafunc.fixturenames):
            metafunc.parametrize(("erp", name), [(erp, each) for erp in erps for each in more[name](erp)], scope="session")
            break
        else:
            metafunc.parametrize("erp", erps, scope="session")
    if "engine" in metafunc.fixturenames:
        server = pytest.param("sqlserver", marks=pytest.mark.sqlserver)
        metafunc.parametrize("engine", ["embedded", server], scope="session")


@pytest.fixture
def clock() -> MovableClock:
    """The time that the test takes for the present."""
    return MovableClock()


@pytest.fixture(scope="session")
def connection_to() -> Iterator[Callable[[str, MovableClock], Any]]:
    """Returns the connection to a database that was deployed to for an ERP, made when it is first asked for, emptied each time.

    One for the whole run: a server compiles a procedure once for each.
    """
    made: dict[str, Any] = {}
    scratch: list[Any] = []

    def connect(erp: str, clock: MovableClock) -> Any:
        from syncctl.db.deploy import deploy
        from tests import named_sqlserver, sqlserver_database

        if not scratch:
            connection_string, start = named_sqlserver.named()
            assert connection_string is not None
            sqlserver_database.connect(connection_string, start).close()
            scratch.append(sqlserver_database.Scratch(connection_string))
        if erp not in made:
            deploy(scratch[0](f"conf_{erp}"), erp=erp, demo_erp=True)
            made[erp] = sqlserver_database.Connections(scratch[0].url(f"conf_{erp}"))
        opened = made[erp].take(0, clock)
        sqlserver_database.empty(opened, erp=erp, set_up=False)
        return opened

    yield connect
    for connections in made.values():
        connections.close()
    for each in scratch:
        each.drop()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Returns a new embedded database of an ERP, to be copied: making its tables takes longer."""
    paths: dict[str, Path] = {}

    def make(erp: str) -> Path:
        if erp not in paths:
            paths[erp] = tmp_path_factory.mktemp("made") / f"{erp}.db"
            open_database(f"sqlite:///{paths[erp]}", erp=erp).close()
        return paths[erp]

    return make


@pytest.fixture(autouse=True)
def _no_statement_scans_what_grows(noted: Noted, request: pytest.FixtureRequest) -> Iterator[None]:
    noted.erp = request.node.callspec.params.get("erp", "") if hasattr(request.node, "callspec") else ""
    yield
    noted.erp = ""


@pytest.fixture
def database(erp: str, engine: str, clock: MovableClock, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with that ERP's empty tables."""
    if engine == "sqlserver":
        yield request.getfixturevalue("connection_to")(erp, clock)
        return
    path = shutil.copy(request.getfixturevalue("made")(erp), tmp_path / "shop.db")
    with closing(open_database(f"sqlite:///{path}", clock=clock)) as opened:
        yield opened


@pytest.fixture
def ledger(database: Database, erp: str) -> Ledger:
    """The shop with its ERP, seeded."""
    return LEDGERS[erp](database)


@pytest.fixture
def shop(source: str, clock: MovableClock) -> Iterator[Storefront]:
    """A simulated shop of that kind, empty."""
    with STOREFRONTS[source](clock) as opened:
        yield opened
