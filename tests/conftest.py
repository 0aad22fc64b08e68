"""The T-SQL engine for those tests that run on one, and the line that says so when there is none."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests import named_sqlserver

if TYPE_CHECKING:
    from syncctl.db.sqlserver import SqlServer
    from tests.sqlserver_database import Connections

_why_not: list[str] = []


@pytest.fixture(scope="session")
def sqlserver_url() -> Iterator[str]:
    """The connection string of a T-SQL engine's database that has been deployed to and is this test run's alone."""
    connection_string, start = named_sqlserver.named()
    if connection_string is None:
        _skip(named_sqlserver.NOT_NAMED)
    from tests import sqlserver_database  # pyodbc can't be imported on every host

    sqlserver_database.connect(connection_string, start).close()
    with sqlserver_database.held(connection_string) as database:
        sqlserver_database.prepare(database)
        yield connection_string


@pytest.fixture(scope="session")
def _sweeper(sqlserver_url: str) -> Iterator[SqlServer]:
    from syncctl.db.sqlserver import SqlServer

    database = SqlServer(sqlserver_url)
    yield database
    database.close()


@pytest.fixture
def empty_sqlserver(_sweeper: SqlServer, sqlserver_url: str) -> str:
    """The connection string, the database being as it was right after the deploy."""
    from tests import sqlserver_database

    sqlserver_database.empty(_sweeper)
    return sqlserver_url


@pytest.fixture(scope="session")
def sqlserver_connections(sqlserver_url: str) -> Iterator[Connections]:
    """Connections to that database, open until the test run ends."""
    from tests.sqlserver_database import Connections

    connections = Connections(sqlserver_url)
    yield connections
    connections.close()


def _skip(reason: str) -> NoReturn:
    if reason not in _why_not:
        _why_not.append(reason)
    pytest.skip(reason)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
    """Say loudly, after everything else, that half of the promise was not looked at."""
    yield
    for reason in _why_not:
        terminalreporter.write_line(f"SQL SERVER HALF OF THE CONTRACT SUITE DID NOT RUN: {reason}", red=True, bold=True)
