"""What a call of a job costs, in the database's own steps, is the same beside many orders as beside few.

Steps of SQLite's machine are counted, not seconds: they are the same on every host. Beside `test_plans`, which looks for scans,
this finds what is searched for by an index that tells too little apart, and what is sorted before the first row comes.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import (
    AddClaim,
    ClaimStagedOrders,
    CountPods,
    ListStagedOrders,
    Procedure,
    PurgeHistory,
    StartRun,
    ValidateStagedOrder,
)
from syncctl.db.embedded import EmbeddedDatabase
from tests.clocks import MovableClock
from tests.integration.test_many_orders import COPIED, copy
from tests.integration.test_plans import JOBS, STORE, WORKER
from tests.orders import line, order, stage
from tests.shop import Shop

FEW, MANY = 20, 4_000
MOST = 1.5
"""How many times as many steps a call may take beside 200 times as many rows."""
ALWAYS = 300
"""Steps that say nothing."""
EVERY = 10
PER_WAITING = 20
"""Steps for each order that waits: counting them, those of a cause, and what they hold of stock, reads an index's entry each."""

NOT_FLAT = (PurgeHistory,)
"""What reads a batch of rows: as many as there are, up to the batch."""


class Counted(sqlite3.Connection):
    """A connection that tells which statement its steps went into."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.steps: Counter[str] = Counter()
        self.undoes = False
        self._statement = ""
        self.set_progress_handler(self._step, EVERY)

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        """Note which statement is at work from here on; where asked for, what a call does is undone at its end."""
        self._statement = " ".join(sql.split())
        return super().execute("ROLLBACK" if self.undoes and sql == "COMMIT" else sql, parameters)

    def _step(self) -> int:
        self.steps[self._statement] += EVERY
        return 0


class Years:
    """A database with so many orders, and as much of everything else as they bring along."""

    def __init__(self, folder: Path, orders: int, state: str) -> None:
        clock = MovableClock()
        self.database = EmbeddedDatabase(folder / f"{orders}-{state}.db", clock=clock)
        shop = Shop(self.database, self.database.query)
        stage(self.database, order(4712))
        shop.post(shop.work(shop.claim()).doc_id)
        shop.apply(CUSTOMER_NOTE="Ring twice")
        shop.setting("FORMER_ORDERS", "N")  # the vendor's history has no index for that question
        self.database.run(
            StartRun(sync_id="r", operation_type="stage", direction="in", dry_run=False, host="h", process_id=1, created_by="me")
        )
        self.database.run(AddClaim(claim_reference="CLM-1", carrier="ups", tracking_number="1Z1"))
        stage(self.database, order(4713))
        self.database.query("BEGIN")
        for table in COPIED:
            copy(self.database, table, orders)
        if state:
            self.database.query(
                f"UPDATE dbo.USER_ORDER_STAGING SET STATE = '{state}', NEXT_ATTEMPT_DT = '2030-01-01 00:00:00.000', "
                "ERROR_CLASS = 'store' WHERE STAGING_ID > 10000000"
            )
        if state == "FAILED":
            self.database.query("UPDATE dbo.USER_STORE_OUTBOX SET STATE = 'PENDING' WHERE OUTBOX_ID > 10000000")
        self.database.query("UPDATE dbo.USER_ORDER_LINK SET LINK_STATE = 'CLOSED' WHERE STAGING_ID > 10000000")
        self.database.query("COMMIT")
        self.database._db.undoes = True  # type: ignore[attr-defined]

    def steps(self, what: Callable[[EmbeddedDatabase], object]) -> Counter[str]:
        """The steps of each statement of `what`, which is undone."""
        connection: Counted = self.database._db  # type: ignore[assignment]
        what(self.database)  # once before: what is asked first of a connection costs more
        connection.steps.clear()
        what(self.database)
        return Counter(connection.steps)


@pytest.fixture(
    scope="module", params=["", "PENDING", "FAILED", "NEEDS_MANUAL_REVIEW"], ids=["done", "pending", "failed", "review"]
)
def years(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Years, Years]]:
    """Two databases, one with many orders in a state."""
    folder = tmp_path_factory.mktemp("years")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Counted))
        few, many = (Years(folder, orders, request.param) for orders in (FEW, MANY))
    with closing(few.database), closing(many.database):
        yield few, many


def run(call: Procedure[Any]) -> Callable[[EmbeddedDatabase], object]:
    return lambda database: database.run(call)


def validate(database: EmbeddedDatabase) -> None:
    database.run(ValidateStagedOrder(staging_id=database.query("SELECT MIN(STAGING_ID) FROM dbo.USER_ORDER_STAGING")[0][0]))


WORK: dict[str, Callable[[EmbeddedDatabase], object]] = {
    **{name: run(call) for name, call in JOBS.items() if not isinstance(call, (*NOT_FLAT, CountPods, ListStagedOrders))},
    "count open proofs": run(CountPods(open_only=True)),
    "a page to validate": run(ListStagedOrders(**STORE, states="PENDING,FAILED", after_id=10_000_000, batch_size=10)),
    "an order by number": run(ListStagedOrders(order_ref="4711")),
    "an order of a store by number": run(ListStagedOrders(**STORE, order_ref="4711")),
    "claim a few failed orders": run(ClaimStagedOrders(**WORKER, **STORE, scope="failed", ignore_due=True)),
    "validate": validate,
    "an order that is new": lambda database: stage(database, order(4714)),
    "an order that was edited": lambda database: stage(database, order(4713, line(1, qty="2", total="39.98"))),
}


@pytest.mark.parametrize("job", WORK)
def test_a_call_takes_as_many_steps_beside_many_orders(years: tuple[Years, Years], job: str) -> None:
    few, many = (side.steps(WORK[job]) for side in years)
    counting = PER_WAITING * MANY if job.startswith(("health", "stock")) else 0
    grown = {sql: (few[sql], steps) for sql, steps in many.items() if steps > MOST * max(few[sql], ALWAYS) + counting}
    assert grown == {}
