"""What a run of `sync-status` promises: every change of an ERP document is told, whatever stands before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import QueueStatusChanges
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from syncctl.errors import ConfigError, DatabaseUnavailable, PermanentError
from syncctl.secret import Secret
from syncctl.services.run_context import RunContext
from syncctl.services.sync_status import StatusSync, sync_status
from syncctl.services.write_back import WriteBack
from syncctl.stop import Stop
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.clocks import MovableClock
from tests.faults import Failing, FaultyDatabase
from tests.orders import line, order, stage
from tests.raws import raw_order
from tests.shop import Shop


class Bench:
    """A shop whose orders are in the ERP."""

    def __init__(self, path: Path, store: SimulatedStore, clock: MovableClock) -> None:
        self.clock, self.store = clock, store
        self.database = EmbeddedDatabase(path, clock=clock)
        self.shop = Shop(self.database, lambda sql, parameters=(): self.database.query(sql, tuple(parameters)))
        self.stop = Stop()

    def applied(self, count: int) -> list[int]:
        """Bring so many orders into the ERP, and return their ids in the store; their first messages are out of the way."""
        numbers = [self.store.shopkeeper.place(raw_order(status="processing")) for _ in range(count)]
        stage(self.database, *(order(number, line(1)) for number in numbers))
        for claimed in self.shop.claim_all():
            self.shop.work(claimed)
        self.database.query("DELETE FROM dbo.USER_STORE_OUTBOX")
        return numbers

    def moved_on(self, *numbers: int, deleted: bool = False) -> None:
        """Ship the documents of these orders, or post them."""
        for number in numbers:
            doc = self.shop.one("SELECT DOC_ID FROM dbo.USER_ORDER_LINK WHERE WOO_ORDER_ID = ?", number)["DOC_ID"]
            (self.shop.delete if deleted else self.shop.ship)(doc)

    def unmap(self, state: str) -> None:
        self.database.query("DELETE FROM dbo.USER_STATUS_MAP WHERE ERP_STATUS = ?", (state,))

    def run(self, *faults: Callable[[Any], Exception | None], **options: Any) -> StatusSync:
        def before(call: Any) -> Exception | None:
            return next((error for fault in faults if (error := fault(call))), None)

        connection = Connection(
            url=self.store.url, consumer_key=Secret(self.store.key), consumer_secret=Secret(self.store.secret)
        )
        context = RunContext(run_id="run", clock=self.clock, sleeper=self.clock.sleep, stop=self.stop)
        client = WooCommerce(connection, sleeper=self.clock.sleep)
        database = FaultyDatabase(self.database, before=before)
        try:
            write_back = WriteBack(database, client, "teller", context)
            return sync_status(database, write_back, context, store_id="woocommerce", **options)
        finally:
            client.close()

    def statuses(self, numbers: list[int]) -> list[str]:
        return [str(self.store.state.orders[number]["status"]) for number in numbers]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    clock = MovableClock()
    with SimulatedStore(clock=clock) as store:
        made = Bench(tmp_path / "status.db", store, clock)
        yield made
        made.database.close()


def test_a_batch_that_the_store_is_not_told_of_is_no_end(bench: Bench) -> None:
    numbers = bench.applied(6)
    bench.moved_on(*numbers[:4], deleted=True)
    bench.moved_on(*numbers[4:])
    result = bench.run(batch_size=2)
    assert bench.statuses(numbers) == ["processing"] * 4 + ["completed"] * 2
    assert (result.counts["changes"], result.counts["written_back"], result.counts["unmapped"]) == (2, 2, 0)


def test_a_batch_without_a_mapping_is_told_and_no_end(bench: Bench) -> None:
    numbers = bench.applied(6)
    bench.unmap("gone")
    bench.moved_on(*numbers[:4], deleted=True)
    bench.moved_on(*numbers[4:])
    for written_back in (2, 0):
        result = bench.run(batch_size=2)
        assert (result.counts["written_back"], result.counts["unmapped"], result.missing()) == (written_back, 4, [("gone", 4)])
    assert bench.statuses(numbers) == ["processing"] * 4 + ["completed"] * 2


def test_what_had_no_mapping_is_told_once_it_has_one(bench: Bench) -> None:
    numbers = bench.applied(3)
    bench.unmap("shipped")
    bench.moved_on(*numbers)
    assert bench.run().counts["unmapped"] == 3
    bench.database.query(
        "INSERT INTO dbo.USER_STATUS_MAP (STORE_ID, ERP_STATUS, WOO_STATUS) VALUES ('*', 'shipped', 'completed')"
    )
    assert bench.run().counts["written_back"] == 3
    assert bench.statuses(numbers) == ["completed"] * 3


def test_a_dry_run_shows_all_of_it_and_writes_nothing(bench: Bench) -> None:
    numbers = bench.applied(5)
    bench.moved_on(*numbers)
    before = bench.shop.snapshot()
    result = bench.run(batch_size=2, dry_run=True)
    assert [change.woo_order_id for change in result.changes] == numbers
    assert bench.shop.snapshot() == before


def test_one_order_that_can_not_be_queued_does_not_hold_up_the_others(bench: Bench) -> None:
    numbers = bench.applied(5)
    bench.moved_on(*numbers)
    bench.database.query(
        "CREATE TRIGGER dbo.odd BEFORE INSERT ON USER_STORE_OUTBOX"
        f" WHEN NEW.WOO_ORDER_ID = {numbers[2]} BEGIN SELECT RAISE(ABORT, 'no room for this one'); END"
    )
    result = bench.run(batch_size=4)
    assert bench.statuses(numbers) == ["completed", "completed", "processing", "completed", "completed"]
    [failed] = result.failed
    assert (failed.change.woo_order_id, "no room for this one" in str(failed.error)) == (numbers[2], True)
    bench.database.query("DROP TRIGGER dbo.odd")
    assert bench.run().counts["written_back"] == 1


def test_an_exception_that_nobody_foresaw_is_that_orders_too(bench: Bench) -> None:
    numbers = bench.applied(3)
    bench.moved_on(*numbers)

    def odd(call: Any) -> Exception | None:
        covers = (
            isinstance(call, QueueStatusChanges) and not call.dry_run and call.after_id < 2 <= call.after_id + call.batch_size
        )
        return ZeroDivisionError("no idea") if covers else None

    result = bench.run(odd)
    assert bench.statuses(numbers) == ["completed", "processing", "completed"]
    assert [(failed.change.staging_id, "no idea" in str(failed.error)) for failed in result.failed] == [(2, True)]


def test_one_order_that_the_store_refuses_does_not_hold_up_the_others(bench: Bench) -> None:
    numbers = bench.applied(3)
    bench.moved_on(*numbers)
    bench.store.fail("status", status=500, times=100, path=f"/orders/{numbers[0]}")
    result = bench.run()
    assert bench.statuses(numbers) == ["processing", "completed", "completed"]
    assert (result.counts["written_back"], result.counts["write_back_pending"]) == (2, 1)


def test_a_stop_is_obeyed_between_batches_and_between_orders(bench: Bench) -> None:
    numbers = bench.applied(6)
    bench.moved_on(*numbers)

    def after_two(call: Any) -> None:
        if call.name == "sp_QueueStatusChanges" and call.after_id:
            bench.stop.set(143)

    result = bench.run(after_two, batch_size=2)
    assert (result.stopped, result.counts["queued"], result.counts["written_back"]) == (True, 4, 0)
    bench.stop = Stop()
    assert bench.run(batch_size=2).counts["queued"] == 2, "the rest comes with the next run"


def test_what_was_found_is_whole_though_the_database_went_away(bench: Bench) -> None:
    numbers = bench.applied(4)
    bench.moved_on(*numbers)

    def gone(call: Any) -> Exception | None:
        return DatabaseUnavailable("gone") if getattr(call, "after_id", 0) else None

    result = StatusSync()
    bench.run(gone, batch_size=2, result=result)
    assert [change.woo_order_id for change in result.changes] == numbers[:2]
    assert isinstance(result.ended_by, DatabaseUnavailable)


@pytest.mark.parametrize("error", [ConfigError("no right"), PermanentError("everything fails")])
def test_what_concerns_everything_ends_it(bench: Bench, error: Exception) -> None:
    bench.moved_on(*bench.applied(2))
    result = bench.run(Failing("sp_QueueStatusChanges", error, times=99))
    assert result.ended_by is error


def test_links_of_deleted_documents_are_not_read_again(bench: Bench) -> None:
    numbers = bench.applied(3)
    bench.moved_on(*numbers, deleted=True)
    bench.run()
    seen: list[str] = []
    bench.database._db.set_trace_callback(seen.append)
    assert bench.run().counts["changes"] == 0
    bench.database._db.set_trace_callback(None)
    [statement] = {text for text in seen if "USER_ORDER_LINK AS link" in text}
    plan = [row["detail"] for row in bench.database.query(f"EXPLAIN QUERY PLAN {statement}")]
    assert not [step for step in plan if step.startswith("SCAN")], plan
    assert [step for step in plan if "IX_USER_ORDER_LINK_OPEN" in step], plan
