"""The embedded engine and SQL Server, given the same shop, end with the same rows in every table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncctl.db.contract import Database
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.orders import KINDS, catalogue
from syncctl.demo.store import SimulatedStore
from tests.clocks import MovableClock
from tests.engines import Days, differences

if TYPE_CHECKING:
    from tests.sqlserver_database import Connections

ORDERS = 60


def live_at(database: Database, clock: MovableClock) -> Days:
    """Let the same days pass on a database."""
    goods = catalogue(ORDERS, seed=7, clock=clock)
    with SimulatedStore(clock=clock) as store:
        store.load(goods.orders, products=goods.products, customers=goods.customers[:-5])
        days = Days(database, store, clock)
        days.live()
    return days


@pytest.mark.sqlserver
def test_the_same_days_leave_the_same_rows(tmp_path: Path, empty_sqlserver: str, sqlserver_connections: Connections) -> None:
    assert len(KINDS) < ORDERS, "every kind of order is to come"
    clock = MovableClock()
    embedded = EmbeddedDatabase(tmp_path / "embedded.db", clock=clock)
    try:
        ours = live_at(embedded, clock)
        theirs_clock = MovableClock()
        sqlserver = sqlserver_connections.take(0, theirs_clock)
        theirs = live_at(sqlserver, theirs_clock)

        compared: dict[str, int] = {}
        assert differences(embedded.query, sqlserver.query, compared=compared) == []
        assert ours.told == theirs.told
        untouched = [
            name for name, rows in compared.items() if not rows and name.startswith(("USER_ORDER", "PS_DOC", "AR_", "IM_"))
        ]
        assert untouched == [], "the days were to leave rows in all of these"
        assert ours.told[-1] == ("audit", "[]")
    finally:
        embedded.close()
