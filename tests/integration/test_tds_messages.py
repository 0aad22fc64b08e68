"""How often a connection to SQL Server speaks: each message is a round trip, and on Azure or between sites the time of a call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

pytest.importorskip("pyodbc", reason="pyodbc can't be loaded here: no T-SQL engine can be reached", exc_type=ImportError)

import pyodbc

from syncctl.db.contract import ClaimStagedOrders, GetSchemaVersion, ListRetryPolicies, ListStagedOrders, ListWalks
from syncctl.db.sqlserver import SqlServer
from tests.tds_proxy import TdsProxy

pytestmark = pytest.mark.sqlserver


@pytest.fixture
def proxy(empty_sqlserver: str) -> Iterator[TdsProxy]:
    """A proxy before the server."""
    with closing(TdsProxy(empty_sqlserver)) as opened:
        yield opened


@pytest.fixture
def database(proxy: TdsProxy) -> Iterator[SqlServer]:
    """A connection through it, which has spoken."""
    with closing(SqlServer(proxy.connection_string)) as opened:
        opened.run(GetSchemaVersion())
        yield opened


def test_a_connection_says_its_settings_with_its_first_call(proxy: TdsProxy) -> None:
    with proxy.counted() as bare, closing(pyodbc.connect(proxy.connection_string, autocommit=True)) as connection:
        connection.execute("SELECT 1").fetchall()
    with proxy.counted() as sent, closing(SqlServer(proxy.connection_string)) as database:
        database.run(GetSchemaVersion())
    assert sent == bare
    with closing(SqlServer(proxy.connection_string)) as database:
        database.run(ListWalks(store_id="woocommerce"))
        row = database.query("SELECT @@LOCK_TIMEOUT AS LOCK_TIMEOUT, @@OPTIONS & 16384 AS XACT_ABORT")[0]
        assert (row["LOCK_TIMEOUT"], row["XACT_ABORT"]) == (60_000, 16384)


def test_a_call_that_is_repeated_is_one_message(proxy: TdsProxy, database: SqlServer) -> None:
    calls = [
        ListWalks(store_id="woocommerce"),
        ClaimStagedOrders(worker_id="worker", batch_size=20, store_id="woocommerce"),
        ListStagedOrders(store_id="woocommerce", states="PENDING", batch_size=10),
    ]
    for call in calls:
        database.run(call)
    with proxy.counted() as sent:
        for _ in range(5):
            for call in calls:
                database.run(call)
    assert sum(sent.values()) == 5 * len(calls)


def test_many_statements_keep_few_open(proxy: TdsProxy, database: SqlServer) -> None:
    for number in range(200):
        database.query(f"SELECT {number} AS ONE WHERE 1 = ?", (1,))
    with proxy.counted() as sent:
        database.run(ListRetryPolicies())
        database.run(ListRetryPolicies())
    assert sum(sent.values()) <= 3
    assert len(database._kept) <= 64


def test_a_call_after_the_connection_was_lost_connects_anew(proxy: TdsProxy, database: SqlServer) -> None:
    database.run(ListWalks(store_id="woocommerce"))
    database.close()
    assert database.run(ListWalks(store_id="woocommerce")) == []
