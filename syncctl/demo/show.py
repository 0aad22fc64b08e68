"""The demonstration: a day at a shop in three rounds, with what goes wrong on such days, through the real services.

Only the store is simulated, and its HTTP is real. The database is a real one: an embedded file, or the SQL Server that is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta

from syncctl.db.contract import CountStates, Database, ListOutbox
from syncctl.demo.checks import check_promises
from syncctl.demo.clocks import LeapingClock
from syncctl.demo.orders import Catalogue, catalogue
from syncctl.demo.shopfronts import FRONTS, Shopfront
from syncctl.services.dead_letters import decide
from syncctl.services.erp_site import import_settings
from syncctl.services.find import each_staged_order
from syncctl.services.process import ProcessOptions, ProcessResult
from syncctl.services.reconcile import reconcile
from syncctl.services.retry_failed import retry_failed
from syncctl.services.run_context import RunContext
from syncctl.services.seed import item_of, seed, seed_from_store
from syncctl.services.stage import Stager, Staging, Window
from syncctl.services.validate import Rules, validate
from syncctl.services.workers import process
from syncctl.stop import Never, StopFlag
from syncctl.stores.base import Product, Store

MISSING_SKU = "LAMP-NEW"
"""A product that the shop sells before anybody entered it into the ERP."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: who did it (`shop`, or a command), what it was in words, and its counts."""

    actor: str
    text: str
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Round:
    """A part of the day, with a title."""

    title: str
    steps: list[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOrder:
    """Where an order ended: in the store, in staging and in the ERP, with the reason."""

    number: str
    store_status: str
    state: str
    doc_id: str | None
    tkt_no: str | None
    total: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """The whole demonstration: its rounds, where every order ended, and which promises were kept."""

    rounds: list[Round] = field(default_factory=list)
    orders: list[ShownOrder] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    invariants: dict[str, bool] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    """What broke a promise; empty where all were kept."""

    @property
    def kept(self) -> bool:
        """True where every promise was kept."""
        return all(self.invariants.values())


@dataclass(slots=True)
class Demonstration:
    """Runs the rounds. `connect` opens a connection to the database, with the demonstration's clock."""

    connect: Callable[[], Database]
    clock: LeapingClock
    run_id: str
    source: str = "woocommerce"
    """The kind of store, one of `FRONTS`."""
    orders: int = 40
    seed: int = 1
    stop: StopFlag = field(default_factory=Never)
    report: Callable[[Round], None] = lambda _: None
    store_id: str = "demo"
    missing_sku: str = MISSING_SKU
    """A database that had a demonstration before knows that one's by now."""
    outcome: Outcome = field(default_factory=Outcome)

    def run(self) -> Outcome:
        """Show the day from opening to closing time."""
        goods = catalogue(self.orders, seed=self.seed, clock=self.clock)
        with FRONTS[self.source](clock=self.clock) as shop, closing(self.connect()) as database:
            shop.load(goods)
            self.clock.sleep(60)  # the orders were placed before the first poll
            day = _Day(self, shop, database, goods)
            for part in (day.morning, day.noon, day.evening):
                if self.stop.is_set():
                    return self.outcome
                self.outcome.rounds.append(part())
                self.report(self.outcome.rounds[-1])
            self._look_around(shop, database)
        return self.outcome

    def _look_around(self, shop: Shopfront, database: Database) -> None:
        """Note where everything ended, and check the promises on the data itself."""
        self.outcome.states = {row.state: row.orders for row in database.run(CountStates(store_id=self.store_id)) if row.orders}
        for row in each_staged_order(database, store_id=self.store_id):
            self.outcome.orders.append(
                ShownOrder(
                    number=row.woo_order_no or str(row.woo_order_id),
                    store_status=shop.status_of(row.woo_order_id),
                    state=row.state,
                    doc_id=row.cp_doc_id,
                    tkt_no=row.tkt_no,
                    total=f"{row.tot_amt:.2f} {row.currency}" if row.tot_amt is not None else "",
                    reason=row.validation_error or row.state_reason or "",
                )
            )
        promises = check_promises(database, shop, store_id=self.store_id)
        self.outcome.invariants = {name: not broken for name, broken in promises.items()}
        self.outcome.findings = [finding for broken in promises.values() for finding in broken]


@dataclass(slots=True)
class _Day:
    """What happens in each part of the day."""

    demo: Demonstration
    shop: Shopfront
    database: Database
    goods: Catalogue
    edited: list[int] = field(default_factory=list)

    def morning(self) -> Round:
        """Everything that was ordered so far comes in."""
        imported = import_settings(self.database)
        steps = [
            Step(
                "config erp import",
                "What the ERP itself says of web orders is taken over: its store, and whatever numbers them.",
                {"set": sum(row.outcome == "set" for row in imported)},
            )
        ]
        with closing(self._store()) as store:
            seeded = seed_from_store(self.database, store, self.demo.store_id)
        steps.append(
            Step(
                "db seed",
                "The trial ERP gets the shop's items and customers.",
                {"items": seeded.items, "customers": seeded.customers},
            )
        )
        steps.append(self._stage(f"{len(self.shop.order_ids())} orders are polled, page by page, {self.shop.reads_by}."))
        checked = validate(self.database, rules=self._rules())
        steps.append(
            Step("validate", "Every order is checked against the ERP; all that is wrong is named at once.", checked.counts)
        )
        steps.append(self._process("What is sound becomes an ERP document; the store gets a tag and a private note."))
        steps.append(self._stage("The same again: our own write-backs come back in the poll, and nothing happens."))
        return Round("Morning: the first orders", steps)

    def noon(self) -> Round:
        """People edit, cancel, delete; the store stops answering."""
        keeper = self.shop.keeper
        applied = [
            row for row in each_staged_order(self.database, store_id=self.demo.store_id, states="APPLIED") if row.woo_order_id
        ]
        live = [row.woo_order_id for row in applied if self.shop.is_under_way(row.woo_order_id)]
        chosen = iter(live)
        told: list[str] = []

        def each(what: str, edit: Callable[[int], None]) -> None:
            order_id = next(chosen, None)
            if order_id is not None:
                edit(order_id)
                told.append(f"{what} ({order_id})")

        sku, price = self.goods.sku, self.goods.price
        each("a quantity is changed", lambda number: keeper.change_quantity(number, 4))
        each("a product is added", lambda number: void(keeper.add_line(number, sku, price)))
        each("a price is changed", lambda number: keeper.change_price(number, "7.50"))
        each("the address changes", lambda number: keeper.change_address(number, address_1="1 New Street", city="Zürich"))
        each("one unit is refunded", lambda number: keeper.refund_units(number, 1))
        each("an order is cancelled", keeper.cancel)
        for what, edit in self.shop.further_edits():
            each(what, edit)
        each("one is deleted for good", keeper.delete)
        fresh = keeper.place(self.shop.new_order(self.goods, sku, price))
        bad = keeper.place(self.shop.new_order(self.goods, self.demo.missing_sku, "89.00"))
        told.append(f"two new orders come in ({fresh}, {bad}), the second with a product that the ERP doesn't know yet")
        self.demo.clock.sleep(120)
        steps = [Step("shop", "In the shop: " + "; ".join(told) + ".")]
        self.shop.stumble()
        steps.append(self._stage("The store answers 503 at first; the poll waits as long as it is asked to, and goes on."))
        self.shop.go_down()
        steps.append(self._process("The ERP follows each change. The store is down by now: its messages wait, no document does."))
        return Round("Noon: edits, a cancellation, a store that doesn't answer", steps)

    def evening(self) -> Round:
        """The store is back, the missing item is entered, what was deleted is found."""
        self.shop.come_back()
        self.demo.clock.sleep(7200)
        steps = []
        result = retry_failed(
            self.demo.connect,
            self._store,
            self._options("failed"),
            self._context(),
        )
        told = Counter(delivery.outcome for delivery in result.deliveries)
        steps.append(Step("retry-failed", "The store is back: what it missed is delivered, each note once.", dict(told)))
        steps.append(self._reconcile())
        steps.append(self._process("The deleted order's document is closed, its stock given back."))
        lamp = item_of(Product(product_id=9001, parent_id=0, sku=self.demo.missing_sku, name="Desk lamp", price=None, stock=None))
        seed(self.database, items=[lamp], customers=[])
        decided = decide(
            self.database,
            "retry",
            decided_by="demo",
            staging_ids=[
                row.staging_id
                for row in each_staged_order(self.database, store_id=self.demo.store_id, states="NEEDS_MANUAL_REVIEW")
                if self.demo.missing_sku in (row.validation_error or "")
            ],
            reason="the item was entered into the ERP",
        )
        steps.append(
            Step(
                "dead-letter retry",
                f"Somebody enters the item {self.demo.missing_sku} and lets its order try again.",
                {"retried": len(decided)},
            )
        )
        steps.append(self._process("It goes through."))
        return Round("Evening: catching up", steps)

    def _stage(self, text: str) -> Step:
        return Step("stage", text, self._staging(lambda stager: void(stager.poll(self._window()))).counts)

    def _reconcile(self) -> Step:
        now = self.demo.clock()
        result = self._staging(lambda stager: void(reconcile(stager, since=now - timedelta(days=60), until=now)))
        return Step(
            "stage --reconcile",
            "The store's list of ids is compared with ours: what was deleted for good is found.",
            result.counts,
        )

    def _staging(self, work: Callable[[Stager], None]) -> Staging:
        with closing(self._store()) as store:
            stager = Stager(
                database=self.database,
                store=store,
                content=self.shop.content(),
                context=self._context(),
            )
            work(stager)
            return stager.result

    def _process(self, text: str) -> Step:
        result: ProcessResult = process(
            self.demo.connect,
            self._store,
            self._options("pending"),
            self._context(),
        )
        waiting = len(self.database.run(ListOutbox()))
        return Step("process", text, {**result.counts, "write_back_pending": waiting})

    def _options(self, scope: str) -> ProcessOptions:
        return ProcessOptions(rules=self._rules(), store_id=self.demo.store_id, scope=scope)

    def _context(self) -> RunContext:
        return RunContext(run_id=self._run_id(), stop=self.demo.stop, clock=self.demo.clock, sleeper=self.demo.clock.sleep)

    @staticmethod
    def _rules() -> Rules:
        return Rules(unknown_customer="create")

    def _window(self) -> Window:
        return Window(lookback=timedelta(days=60), batch_size=25, max_pages=1000)

    def _run_id(self) -> str:
        return f"{self.demo.run_id}-{len(self.demo.outcome.rounds) + 1}"

    def _store(self) -> Store:
        return self.shop.open_store(self.demo.store_id, clock=self.demo.clock, sleeper=self.demo.clock.sleep)


def void(_: object) -> None:
    """Take a result that nobody needs."""
