"""Random histories of a shop: polls in any order, edits, cancellations, faults, retries, rollbacks, workers that die.

After every step no promise may be broken; in the end, when everything has settled, each order must be where it belongs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from syncctl.db.contract import AuditOrders, ClaimStagedOrders, Database, ListRetryPolicies, StagedOrder
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from syncctl.errors import RollbackRefused, StoreUnavailable, TransientError, WrongState
from syncctl.secret import Secret
from syncctl.services.dead_letters import decide
from syncctl.services.find import each_staged_order
from syncctl.services.process import ProcessOptions
from syncctl.services.reconcile import reconcile
from syncctl.services.retry_failed import retry_failed
from syncctl.services.rollback import rollback
from syncctl.services.run_context import RunContext
from syncctl.services.seed import seed, set_up
from syncctl.services.stage import Stager, Window
from syncctl.services.validate import Rules
from syncctl.services.workers import process
from syncctl.stores.content import ContentBuilder
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.clocks import MovableClock
from tests.faults import Failing, FaultyDatabase
from tests.raws import raw_order

SKUS = ("TEE-BLK", "MUG", "CAP")
LIVE = ("processing", "completed", "on-hold")
NOTE = "Order created in CounterPoint. "
DEADLOCK = TransientError("deadlock victim", code=1205, error_class="deadlock")
LOST = TransientError("connection lost", code="08S01")


class Histories(RuleBasedStateMachine):
    """A shop, an ERP, and everything that can happen between them."""

    numbers = Bundle("numbers")

    @initialize()
    def open_shop(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="syncctl-history-")
        self.path = Path(self.folder.name) / "history.db"
        self.clock = MovableClock()
        self.database = EmbeddedDatabase(self.path, clock=self.clock)
        self.store = SimulatedStore(clock=self.clock).start()
        self.keeper = self.store.shopkeeper
        self.shipped: set[int] = set()
        self.runs = 0
        items = [{"ITEM_NO": sku, "SKU": sku, "DESCR": sku, "PRC_1": "19.99", "QTY_ON_HND": "5"} for sku in SKUS]
        customer = {"CUST_NO": "S1", "NAM": "Ada", "EMAIL_ADRS_1": "ada@example.test", "WOO_USER_ID": 5}
        set_up(self.database)
        seed(self.database, items=items, customers=[customer])
        self.most_attempts = max(policy.max_attempts for policy in self.database.run(ListRetryPolicies()))

    # --- in the shop ---------------------------------------------------------------------------------------------------

    @rule(
        target=numbers,
        sku=st.sampled_from([*SKUS, "NOT-IN-ERP"]),
        quantity=st.integers(1, 4),
        status=st.sampled_from(["processing", "on-hold", "pending", "completed", "failed"]),
    )
    def place(self, sku: str, quantity: int, status: str) -> int:
        return self.keeper.place(raw_order((sku, quantity, "19.99"), ("MUG", 1, "8.00"), status=status))

    @rule(number=numbers, quantity=st.integers(1, 6))
    def change_quantity(self, number: int, quantity: int) -> None:
        self._edit(number, lambda: self.keeper.change_quantity(number, quantity))

    @rule(number=numbers, sku=st.sampled_from(SKUS))
    def add_line(self, number: int, sku: str) -> None:
        self._edit(number, lambda: self.keeper.add_line(number, sku, "4.00"))

    @rule(number=numbers)
    def remove_line(self, number: int) -> None:
        if len(self.store.state.orders.get(number, {}).get("line_items", [])) > 1:
            self._edit(number, lambda: self.keeper.remove_line(number))

    @rule(number=numbers, status=st.sampled_from(["processing", "on-hold", "completed", "cancelled", "pending"]))
    def set_status(self, number: int, status: str) -> None:
        self._edit(number, lambda: self.keeper.set_status(number, status))

    @rule(number=numbers)
    def trash(self, number: int) -> None:
        self._edit(number, lambda: self.keeper.trash(number))

    @rule(number=numbers)
    def untrash(self, number: int) -> None:
        if self._status(number) == "trash":
            self.keeper.untrash(number)
            self.clock.move(timedelta(seconds=2))

    @rule(number=numbers)
    def delete(self, number: int) -> None:
        self._edit(number, lambda: self.keeper.delete(number))

    def _edit(self, number: int, edit: Callable[[], Any]) -> None:
        """Edit an order that is there, isn't in the trash and wasn't refunded; a second later, as the store's dates have it."""
        if self._status(number) not in ("gone", "trash", "refunded"):
            edit()
            self.clock.move(timedelta(seconds=2))

    def _status(self, number: int) -> str:
        return str(self.store.state.orders.get(number, {"status": "gone"})["status"])

    # --- in the ERP ----------------------------------------------------------------------------------------------------

    @rule(number=numbers)
    def ship(self, number: int) -> None:
        """Somebody ships the document: what it had on order leaves the shop."""
        row = self._row(number)
        if row is None or not row.is_applied or number in self.shipped or row.cp_doc_id is None:
            return
        lines = self.database.query("SELECT ITEM_NO, QTY_SOLD FROM dbo.PS_DOC_LIN WHERE DOC_ID = ?", (int(row.cp_doc_id),))
        for line in lines:
            on_order = self.database.query("SELECT QTY_ON_SO FROM dbo.IM_INV WHERE ITEM_NO = ?", (line["ITEM_NO"],))[0][0]
            self.database.query(
                "UPDATE dbo.IM_INV SET QTY_ON_SO = ? WHERE ITEM_NO = ?", (on_order - line["QTY_SOLD"], line["ITEM_NO"])
            )
        self.database.query(
            "UPDATE dbo.PS_DOC_LIN SET QTY_SHIPPED = QTY_SOLD, QTY_TO_REL = 0 WHERE DOC_ID = ?", (int(row.cp_doc_id),)
        )
        self.shipped.add(number)

    # --- syncctl -------------------------------------------------------------------------------------------------------

    @rule(batch_size=st.sampled_from([1, 2, 3, 50]), max_pages=st.sampled_from([1, 2, 1000]))
    def poll(self, batch_size: int, max_pages: int) -> None:
        self._staging(lambda stager: stager.poll(self._window(batch_size, max_pages)))

    @rule(number=numbers)
    def poll_one(self, number: int) -> None:
        self._staging(lambda stager: stager.fetch([number]))

    @rule()
    def compare(self) -> None:
        now = self.clock()
        self._staging(lambda stager: reconcile(stager, since=now - timedelta(days=60), until=now + timedelta(days=1)))

    @rule()
    def poll_while_the_store_is_down(self) -> None:
        self.store.fail("status", status=503, times=100)
        with pytest.raises(StoreUnavailable):
            self._staging(lambda stager: stager.poll(self._window(50, 10)))
        self.store.faults.clear()

    @rule(
        fault=st.sampled_from(["none", "deadlock", "lost answer", "unforeseen", "store down", "note lost", "put lost"]),
        retry=st.booleans(),
        limit=st.sampled_from([None, 1, 2]),
    )
    def run_process(self, fault: str, retry: bool, limit: int | None) -> None:
        before = {
            "deadlock": Failing("sp_ProcessStagedOrder", DEADLOCK, times=2),
            "unforeseen": Failing("sp_ProcessStagedOrder", ZeroDivisionError("no idea")),
        }.get(fault)
        after = Failing("sp_ProcessStagedOrder", LOST) if fault == "lost answer" else None
        if fault == "store down":
            self.store.fail("status", status=503, times=100)
        if fault == "note lost":
            self.store.fail("lost_answer", methods=("POST",))
        if fault == "put lost":
            self.store.fail("lost_answer", methods=("PUT",))
        self._process(process, "pending", before, after, retry=retry, limit=limit)
        self.store.faults.clear()

    @rule(ignore_due=st.booleans())
    def run_retry_failed(self, ignore_due: bool) -> None:
        self._process(retry_failed, "failed", None, None, ignore_due=ignore_due)

    @rule()
    def a_worker_dies(self) -> None:
        self.runs += 1
        self.database.run(ClaimStagedOrders(worker_id=f"dead-{self.runs}", batch_size=2, lease_seconds=60))

    @rule(decision=st.sampled_from(["retry", "cancel"]))
    def somebody_decides(self, decision: str) -> None:
        decide(self.database, decision, decided_by="test", everything=True)

    @rule(number=numbers, then=st.sampled_from(["reset", "cancel"]))
    def roll_back(self, number: int, then: str) -> None:
        row = self._row(number)
        if row is None:
            return
        try:
            rollback(self.database, row, reason="test", decided_by="test", then=then, dry_run=False)
        except (RollbackRefused, WrongState):
            return
        assert number not in self.shipped, "a shipped order was rolled back"

    @rule(minutes=st.sampled_from([1, 10, 120]))
    def time_passes(self, minutes: int) -> None:
        self.clock.move(timedelta(minutes=minutes))

    @rule()
    def the_clock_is_set_back(self) -> None:
        self.clock.move(timedelta(seconds=-30))

    # --- what always holds ---------------------------------------------------------------------------------------------

    @invariant()
    def no_promise_is_broken(self) -> None:
        if not hasattr(self, "database"):
            return
        assert self.database.run(AuditOrders(inventory=True)) == []
        assert self.store.went_backwards() == []
        assert (self.store.state.mails, self.store.state.paid_by_api, self.store.state.downloads_by_us) == ([], [], [])
        assert [mail for mail in self.store.state.mail_log if mail.by_api] == []
        for row in each_staged_order(self.database):
            assert row.attempt_no <= self.most_attempts

    def teardown(self) -> None:
        if not hasattr(self, "database"):
            return
        try:
            self._settle()
            self._everything_is_where_it_belongs()
        finally:
            self.store.stop()
            self.database.close()
            self.folder.cleanup()

    def _settle(self) -> None:
        """Let the schedule run on for days, with nothing going wrong any more."""
        self.store.faults.clear()
        for _ in range(3):
            self.clock.move(timedelta(days=1))
            self._staging(lambda stager: stager.poll(self._window(50, 1000)))
            self.compare()
            self._process(process, "pending", None, None)
            self._process(retry_failed, "failed", None, None)

    def _everything_is_where_it_belongs(self) -> None:
        self.no_promise_is_broken()
        rows = {row.woo_order_id: row for row in each_staged_order(self.database)}
        for number in self.store.state.orders:
            row = rows[number]
            status = self._status(number)
            assert row.state not in ("PENDING", "CLAIMED", "FAILED"), f"order {number} is still {row.state}"
            if row.state == "APPLIED" and number not in self.shipped and not self._decided(number):
                assert status in LIVE, f"order {number} is {status} in the store and open in the ERP"
            if row.state == "SKIPPED" and not self._decided(number):
                assert status not in LIVE, f"order {number} is {status} in the store and was skipped"
            notes = [text for text in self.store.count_notes(number).elements() if text.startswith(NOTE)]
            assert len(notes) == len(set(notes)), f"order {number} has a note twice: {notes}"

    def _decided(self, number: int) -> bool:
        """True where a person gave the order up, or rolled it back: then that counts."""
        events = self.database.query(
            "SELECT EVENT_TYPE FROM dbo.USER_ORDER_EVENT WHERE WOO_ORDER_ID = ? AND EVENT_TYPE IN (?, ?)",
            (number, "DECIDED", "ROLLED_BACK"),
        )
        return bool(events)

    # --- how it is run -------------------------------------------------------------------------------------------------

    def _row(self, number: int) -> StagedOrder | None:
        return next((row for row in each_staged_order(self.database) if row.woo_order_id == number), None)

    @staticmethod
    def _window(batch_size: int, max_pages: int) -> Window:
        return Window(lookback=timedelta(minutes=15), since=None, batch_size=batch_size, max_pages=max_pages)

    def _client(self) -> WooCommerce:
        connection = Connection(
            url=self.store.url, consumer_key=Secret(self.store.key), consumer_secret=Secret(self.store.secret)
        )
        return WooCommerce(connection, clock=self.clock, sleeper=lambda _: None)

    def _staging(self, work: Callable[[Stager], Any]) -> None:
        client = self._client()
        try:
            content = ContentBuilder(create_statuses=LIVE, timezone=ZoneInfo("UTC"))
            context = RunContext(run_id="history", sleeper=lambda _: None)
            work(Stager(database=self.database, store=client, content=content, context=context))
        finally:
            client.close()

    def _process(self, work: Any, scope: str, before: Failing | None, after: Failing | None, **options: Any) -> None:
        def connect() -> Database:
            real = EmbeddedDatabase(self.path, clock=self.clock)
            return FaultyDatabase(real, before=before or (lambda _: None), after=after or (lambda _: None))

        self.runs += 1
        work(
            connect,
            self._client,
            ProcessOptions(rules=Rules(), scope=scope, **options),
            RunContext(run_id=f"run-{self.runs}", clock=self.clock, sleeper=self.clock.sleep),
        )


Histories.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TestHistories = Histories.TestCase
