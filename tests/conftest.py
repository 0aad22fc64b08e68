"""The T-SQL engine for those tests that run on one, the line that says so when there is none, and how workers share the tests."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests import named_sqlserver
from tests.plans import Noted

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling
    from xdist.workermanage import WorkerController

    from syncctl.db.sqlserver import SqlServer
    from tests.sqlserver_database import Connections

# How long an example takes says nothing on a machine that does something else beside it. The examples are the same in every run,
# so that a change is judged by its own faults; `--hypothesis-profile=search` looks for new ones.
_UNTIMED = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("search", parent=_UNTIMED, derandomize=False)
hypothesis.settings.register_profile("same", parent=_UNTIMED, derandomize=True, database=None)
hypothesis.settings.load_profile("same")


_FOUND = pytest.StashKey[TemporaryDirectory[str]]()
"""Where workers leave word of the tests that need the server."""


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """`-n auto` is one more than there are cores, and three at least: many tests wait for processes, clocks and sockets."""
    return max(3, (yield) + 1)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Tell a worker where to leave word."""
    config = node.config
    if _FOUND not in config.stash:
        config.stash[_FOUND] = TemporaryDirectory(prefix="syncctl-tests-")
        config.add_cleanup(config.stash[_FOUND].cleanup)
    node.workerinput["server_tests"] = config.stash[_FOUND].name


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    """Where there is a server, its tests run one after the other: each empties the one database."""
    if named_sqlserver.named()[0] is None:
        return None
    from tests.one_server import OneServer

    return OneServer(config, log, Path(config.stash[_FOUND].name))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where there is no server, don't even set its tests up."""
    server_tests = [item for item in items if item.get_closest_marker("sqlserver")]
    if named_sqlserver.named()[0] is None:
        for item in server_tests:
            item.add_marker(pytest.mark.skip(reason=named_sqlserver.NOT_NAMED))
    elif hasattr(config, "workerinput"):
        from tests.one_server import tell

        tell(config, server_tests)


@pytest.fixture(scope="session")
def made_embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new embedded database whose site is set up, to be copied: making its tables takes four times as long as opening it."""
    from syncctl.db.embedded import EmbeddedDatabase
    from syncctl.services.seed import set_up

    path = tmp_path_factory.mktemp("made") / "empty.db"
    with closing(EmbeddedDatabase(path)) as database:
        set_up(database)
    return path


@pytest.fixture(scope="session")
def noted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Noted]:
    """Notes statements and reads the plan of each at the end: what this reports is no fault of the last test's."""
    from syncctl.db.connect import open_database

    kept = Noted()
    with kept.all():
        yield kept
    folder = tmp_path_factory.mktemp("plans")
    found: list[str] = []
    for erp in kept.statements:
        path = folder / f"{erp}.db"
        open_database(f"sqlite:///{path}", erp=erp).close()
        found += sorted(kept.scans(erp, path))
    assert not found, "\n".join(["Statements that read a table that grows from end to end:", *found])


@pytest.fixture
def empty_embedded(made_embedded: Path, tmp_path: Path) -> str:
    """Names a new embedded database in the test's folder, `shop.db`."""
    path = tmp_path / "shop.db"
    shutil.copy(made_embedded, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def sqlserver_url() -> Iterator[str]:
    """The connection string of a T-SQL engine's database that has been deployed to and is this test run's alone."""
    connection_string, start = named_sqlserver.named()
    if connection_string is None:
        pytest.skip(named_sqlserver.NOT_NAMED)
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
    """The connection string, the database being as it was right after the deploy, with its site set up."""
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


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
    """Say loudly, after everything else, that half of the promise was not looked at."""
    yield
    skipped = terminalreporter.stats.get("skipped", [])
    if any(named_sqlserver.NOT_NAMED in str(report.longrepr) for report in skipped):
        told = f"SQL SERVER HALF OF THE CONTRACT SUITE DID NOT RUN: {named_sqlserver.NOT_NAMED}"
        terminalreporter.write_line(told, red=True, bold=True)
