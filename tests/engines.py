"""Two engines compared: the same days at the same shop, then every row of every table."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from syncctl.db.contract import AuditOrders, CountStates, Database, SeedDemoErp, SetDepositModel, StagedOrder
from syncctl.db.embedded.counterpoint.code_page import held
from syncctl.demo.store import SimulatedStore
from syncctl.errors import SyncError, TransientError
from syncctl.secret import Secret
from syncctl.services.causes import CauseCount
from syncctl.services.dead_letters import decide, each_dead_letter
from syncctl.services.find import each_staged_order
from syncctl.services.process import ProcessOptions, ProcessResult
from syncctl.services.reconcile import reconcile
from syncctl.services.retry_failed import retry_failed
from syncctl.services.rollback import rollback
from syncctl.services.run_context import RunContext
from syncctl.services.seed import seed_from_store
from syncctl.services.stage import Stager, Window
from syncctl.services.sync_status import sync_status
from syncctl.services.validate import Rules, validate
from syncctl.services.workers import process
from syncctl.services.write_back import WriteBack
from syncctl.stores.content import ContentBuilder
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.clocks import MovableClock
from tests.faults import Failing, FaultyDatabase
from tests.shop import Shop

LOOKBACK = timedelta(days=4000)
JSON_COLUMNS = frozenset({"LINE_ITEMS_JSON", "ORDER_JSON", "METRICS_JSON"})
NOT_COMPARED = frozenset({"DOC_GUID", "LIN_GUID", "QTY_AVAIL", "CURR_DB_NAM", "ASKED_HASH", "HELD_HASH"})
"""Made up anew each time, computed by the ERP, or each database's own: a hash is of the bytes that an engine keeps a text in."""

SITE = {
    "WRITE_SHIP_ADRS": "Y",
    "SHIP_VIA_PROF": "PROF_ALPHA_2",
    "TIME_ZONE": "Eastern Standard Time",
    "STOCK_COLUMNS": "QTY_ON_ORD, QTY_COMMIT",
}
"""What the shop's own site wants otherwise than a new database has it."""

BY_ORDER = frozenset({"USER_ORDER_EVENT"})
"""A page is staged order by order, or all of it at a time: what happened is in order for each order."""

OWN_TABLES = frozenset({"USER_SCHEMA_JOURNAL", "USER_ERP_COLUMN", "USER_DEMO_ERP"})
"""The deploy's own, which the embedded engine has no use for."""

Row = dict[str, Any]


class Kept(FaultyDatabase):
    """A connection that stays open from one run to the next: a server compiles a procedure once for each connection."""

    def close(self) -> None:
        """Whoever made the connection closes it."""


@dataclass
class Days:
    """Some days at a shop. `told` holds all that the commands answered on the way."""

    database: Database
    store: SimulatedStore
    clock: MovableClock
    rules: Rules = field(default_factory=lambda: Rules(unknown_customer="create", price_check="warning"))
    told: list[tuple[str, Any]] = field(default_factory=list)
    deposits: bool = False
    """Whether payments stand on deposit tickets beside the orders."""
    _runs: int = 0

    def __post_init__(self) -> None:
        random.seed(4711)  # waits have jitter
        self.query: Callable[..., list[Any]] = self.database.query  # type: ignore[attr-defined]
        self.erp = Shop(self.database, self.query)
        deadlock = TransientError("deadlock victim", code=1205, error_class="deadlock")
        self._kept = Kept(self.database, before=Failing("sp_CreateOrderFromStaging", deadlock, times=2))

    def live(self) -> None:
        """All of it."""
        self.first_orders()
        self.edits()
        self.catching_up()
        self.second_thoughts()

    def first_orders(self) -> None:
        """Everything that was ordered so far comes in; what needs a person stays behind."""
        with closing(self._client()) as client:
            self._note("seed", seed_from_store(self.database, client))
        for name, value in SITE.items():
            self.erp.setting(name, value)
        self.query("UPDATE dbo.USER_ERP_SETTING SET VALUE = 'days' WHERE NAME = 'DATABASE_ID'")  # each database has its own
        for method, code in (("stripe", "CARD"), ("paypal", "CARD"), ("bacs", "WIRE")):
            self.erp.paid_by(code, method=method)
        self.erp.paid_by("", method="cod")
        if self.deposits:
            self.database.run(SeedDemoErp(items="[]", customers="[]", with_deposit=True))
            self._note("model", self.database.run(SetDepositModel(number="TILL-2")))
            self.erp.setting("WRITE_PAYMENT", "D")
        self.stage()
        found = validate(self.database, rules=self.rules)
        self._note("validate", (found.counts, found.orders))
        self.process()
        self.stage()

    def edits(self) -> None:
        """In the shop and in the ERP people change orders; then the store stops answering."""
        keeper = self.store.shopkeeper
        sku = str(self.erp.one("SELECT MAX(ITEM_NO) AS ITEM_NO FROM dbo.IM_ITEM")["ITEM_NO"])

        def and_back(number: int) -> None:
            quantity = self.store.state.orders[number]["line_items"][0]["quantity"]
            keeper.change_quantity(number, quantity + 1)
            keeper.change_quantity(number, quantity)

        def shipped(number: int, doc: int) -> None:
            self.erp.ship(doc)
            self._track(doc)

        def shipped_and_changed(number: int, doc: int) -> None:
            self.erp.ship(doc)
            keeper.change_quantity(number, 5)

        def posted_and_cancelled(number: int, doc: int) -> None:
            self.erp.post(doc)
            keeper.cancel(number)

        def changed_on_both_sides(number: int, doc: int) -> None:
            self.erp.add_line_by_hand(doc)
            keeper.change_quantity(number, 6)

        kinds: list[Callable[[int, int], Any]] = [
            lambda number, _: keeper.change_quantity(number, 4),
            lambda number, _: keeper.add_line(number, sku, "7.77", quantity=3),
            lambda number, _: keeper.remove_line(number),
            lambda number, _: keeper.change_price(number, "7.50"),
            lambda number, _: keeper.change_address(number, address_1="1 New Street", city="Zürich"),
            lambda number, _: keeper.change_customer(number, 2, "customer2@example.test"),
            lambda number, _: keeper.refund_units(number, 1),
            lambda number, _: keeper.refund_amount(number, "1.00"),
            lambda number, _: keeper.refund_all(number),
            lambda number, _: keeper.cancel(number),
            lambda number, _: keeper.trash(number),
            lambda number, _: keeper.delete(number),
            lambda number, _: and_back(number),
            shipped,
            shipped_and_changed,
            posted_and_cancelled,
            changed_on_both_sides,
            lambda _, doc: self.erp.pay(doc),
            lambda number, _: None,
        ]
        for turn, order in enumerate(self._applied(editable=True)):
            kinds[turn % len(kinds)](order.woo_order_id, int(order.cp_doc_id or 0))
        self.clock.move(timedelta(minutes=2))
        self.store.fail("status", status=503, times=1, methods=("GET",), retry_after="5")
        self.stage()
        self.store.fail("status", status=503, times=100_000, methods=("GET", "POST", "PUT"))
        self.process()
        self.store.faults.clear()

    def catching_up(self) -> None:
        """The store is back; deleted orders are found, shipped ones told, people decide what the rest waits for."""
        self.clock.move(timedelta(hours=2))
        result = retry_failed(self._connect, self._client, self._options("failed"), self._context())
        self._note_result("retry-failed", result)
        with closing(self._client()) as client:
            self._note("reconcile", reconcile(self._stager(client), since=self.clock() - LOOKBACK, until=self.clock()))
        self.process()
        with closing(self._client()) as client:
            context = self._context()
            write_back = WriteBack(self.database, client, "status", context)
            synced = sync_status(self.database, write_back, context, store_id=client.store_id)
            self._note("sync-status", (synced.counts, synced.changes, synced.unmapped, synced.deliveries))
        waiting = [letter.staging_id for letter in each_dead_letter(self.database)]
        for decision, chosen in (("retry", waiting[::2]), ("cancel", waiting[1::2])):
            if chosen:
                self._note(decision, decide(self.database, decision, decided_by="tests", staging_ids=chosen, reason="asked"))
        self.process()

    def second_thoughts(self) -> None:
        """Documents are rolled back, where that is safe; closed orders come back; the promises are checked."""
        for turn, order in enumerate(self._applied()):
            if turn % 5 < 3:
                then = ("reset", "cancel", "reset")[turn % 5]
                self._attempt("rollback", order, then=then, dry_run=turn % 5 == 2)
        for order in each_staged_order(self.database, states="CANCELLED"):
            raw = self.store.state.orders.get(order.woo_order_id)
            if raw and raw["status"] == "trash":
                self.store.shopkeeper.untrash(order.woo_order_id)
            elif raw and raw["status"] == "cancelled":
                self.store.shopkeeper.set_status(order.woo_order_id, "processing")
        self.clock.move(timedelta(minutes=2))
        self.stage()
        self.process()
        self.look()

    def look(self) -> None:
        """How all orders stand, and whether the promises are kept."""
        self._note("states", self.database.run(CountStates()))
        self._note("audit", [(row.check_name, row.detail) for row in self.database.run(AuditOrders())])

    def stage(self) -> None:
        """Poll the store."""
        self.clock.move(timedelta(seconds=5))
        with closing(self._client()) as client:
            self._note("stage", self._stager(client).poll(Window(lookback=LOOKBACK, batch_size=25, max_pages=1000)))

    def process(self) -> None:
        """Bring what is staged into the ERP, and tell the store."""
        self._note_result("process", process(self._connect, self._client, self._options("pending"), self._context()))

    def _applied(self, *, editable: bool = False) -> list[StagedOrder]:
        applied = list(each_staged_order(self.database, states="APPLIED"))
        if not editable:
            return applied
        raws = self.store.state.orders
        return [
            order
            for order in applied
            if raws[order.woo_order_id]["status"] in ("processing", "on-hold")
            and raws[order.woo_order_id]["line_items"]
            and not raws[order.woo_order_id]["refunds"]
            and all(line["quantity"] > 0 for line in raws[order.woo_order_id]["line_items"])
            and Decimal(raws[order.woo_order_id]["total"]) > 1
        ]

    def _attempt(self, what: str, order: StagedOrder, *, then: str, dry_run: bool) -> None:
        """Roll an order back, and note what was done or why it was refused."""
        try:
            done = rollback(self.database, order, reason="tests", decided_by="tests", then=then, dry_run=dry_run)
        except SyncError as error:
            self._note(what, (order.woo_order_id, type(error).__name__, error.code, str(error)))
        else:
            # Which of two items comes first is up to the database's collation.
            self._note(what, (order.woo_order_id, sorted((step.table_name, step.row_key, step.change) for step in done.steps)))

    def _track(self, doc_id: int) -> None:
        self.query(
            "INSERT INTO dbo.PS_DOC_PKG_TRK_NO (DOC_ID, SEQ_NO, PKG_TRK_NO) VALUES (?, 1, ?)", (doc_id, f"1Z999AA1{doc_id}")
        )

    def _stager(self, client: WooCommerce) -> Stager:
        content = ContentBuilder(create_statuses=("processing", "completed", "on-hold"), timezone=ZoneInfo("America/New_York"))
        return Stager(database=self.database, store=client, content=content, context=self._context())

    def _client(self) -> WooCommerce:
        keys = {"consumer_key": Secret(self.store.key), "consumer_secret": Secret(self.store.secret)}
        return WooCommerce(Connection(url=self.store.url, **keys), clock=self.clock, sleeper=self.clock.sleep)

    def _connect(self) -> Database:
        return self._kept

    def _options(self, scope: str) -> ProcessOptions:
        return ProcessOptions(rules=self.rules, scope=scope)

    def _context(self) -> RunContext:
        return RunContext(run_id=self._run_id(), clock=self.clock, sleeper=self.clock.sleep)

    def _run_id(self) -> str:
        self._runs += 1
        return f"run-{self._runs}"

    def _note(self, what: str, answer: object) -> None:
        self.told.append((what, repr(_comparable(answer))))

    def _note_result(self, what: str, result: ProcessResult) -> None:
        for each in (*result.orders, *result.deliveries):
            self._note(what, each)
        self._note(what, (result.counts, str(result.ended_by), str(result.store_down)))


HELD = frozenset({"STORE_VALUE", "ERP_VALUE"})
"""Columns of USER_CUSTOMER_FIELD, which have what the ERP's varchar columns held."""


def rows_of(query: Callable[..., list[Any]], table: str, identity: str | None, read: Callable[[str], str] = str) -> list[Row]:
    """Return a table's rows, comparable: moments and amounts by value, JSON by content, without what is nowhere the same.

    `read` gets each text first.
    """
    found = [{key.upper(): row[key] for key in row.keys()} for row in query(f"SELECT * FROM dbo.{table}")]  # noqa: SIM118
    if identity:
        found.sort(key=lambda row: (row["WOO_ORDER_ID"] if table in BY_ORDER else 0, row[identity]))
    kept = []
    for row in found:
        compared = {key: value for key, value in row.items() if key != identity and key not in NOT_COMPARED}
        kept.append({key: _plain(key, value, read) for key, value in compared.items()})
    return kept if identity else sorted(kept, key=repr)


def _plain(column: str, value: Any, read: Callable[[str], str]) -> Any:
    if column in JSON_COLUMNS and value is not None:
        return json.dumps(json.loads(value), sort_keys=True, ensure_ascii=False)
    if column == "WATERMARK_DT" and isinstance(value, datetime):
        return value.isoformat(timespec="minutes")  # less what the store's answer took, by the real clock
    if column in HELD and isinstance(value, str):
        value = held(value, len(value) * 2)  # a T-SQL engine without code pages keeps in varchar what it shows as ?
    if isinstance(value, str):
        value = re.sub(
            r"\?+", "?", read(value)
        )  # a letter of two places that a code page lacks becomes ?? on some engines, ? on others
    return _comparable(value)


def _comparable(value: Any) -> Any:
    """Bring an answer down to what both engines must agree on: amounts by value, and no port of a simulated store."""
    if isinstance(value, CauseCount):
        value = value.causes()
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, dict):
        return {key: _part(key, part) for key, part in value.items() if key != "outbox_id"}  # an identity: it may have gaps
    if isinstance(value, (list, tuple)):
        return [_comparable(part) for part in value]
    if isinstance(value, Decimal):
        return value.normalize() + 0
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return re.sub(r"http://127\.0\.0\.1:\d+", "http://shop", value) if isinstance(value, str) else value


def _part(key: Any, value: Any) -> Any:
    if key in ("since", "until") and isinstance(value, datetime):
        return value.isoformat(timespec="minutes")  # less what the store's answer took, by the real clock
    return _comparable(value)


def reader(query: Callable[..., list[Any]]) -> Callable[[str], str]:
    """Return how to read this T-SQL engine's texts: some leave the escapes in what they take out of JSON."""
    if query("SELECT JSON_VALUE(?, '$.A') AS A", (json.dumps({"A": '"'}),))[0]["A"] == '"':
        return str
    # The last of the escapes may have lost its quotation mark, too.
    return lambda text: re.sub(r'\\(["\\/n]|$)', lambda found: {"n": "\n", "": '"'}.get(found.group(1), found.group(1)), text)


def tables_of(query: Callable[..., list[Any]]) -> dict[str, str | None]:
    """Return the embedded database's tables, each with its identity column."""
    found: dict[str, str | None] = {}
    for table in query("SELECT name, sql FROM dbo.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
        numbered = [line.split()[0] for line in table["sql"].splitlines() if "AUTOINCREMENT" in line]
        found[table["name"]] = numbered[0] if numbered else None
    return found


def differences(
    embedded: Callable[..., list[Any]], sqlserver: Callable[..., list[Any]], *, compared: dict[str, int] | None = None
) -> list[str]:
    """Compare every table of two databases; `compared` gets the number of rows of each."""
    found: list[str] = []
    theirs = {row["name"].upper() for row in sqlserver("SELECT name FROM sys.tables WHERE schema_id = SCHEMA_ID(N'dbo')")}
    tables = tables_of(embedded)
    if names := {name.upper() for name in tables} ^ (theirs - OWN_TABLES):
        found.append(f"tables of one engine only: {sorted(names)}")
    read = reader(sqlserver)
    for table, identity in sorted(tables.items()):
        ours, others = rows_of(embedded, table, identity), rows_of(sqlserver, table, identity, read)
        if compared is not None:
            compared[table] = len(ours)
        if len(ours) != len(others):
            found.append(f"{table}: {len(ours)} rows on the embedded engine, {len(others)} on SQL Server")
        found += _unlike(table, ours, others)
    return found


def _unlike(table: str, ours: Iterable[Row], others: Iterable[Row]) -> list[str]:
    found = []
    for number, (one, other) in enumerate(zip(ours, others, strict=False), start=1):
        for column in sorted(one.keys() | other.keys()):
            if one.get(column) != other.get(column):
                key = next(
                    (f"{name} {one[name]}" for name in ("WOO_ORDER_ID", "DOC_ID", "ITEM_NO", "CUST_NO") if name in one), ""
                )
                found.append(f"{table} row {number} ({key}).{column}: {one.get(column)!r} / {other.get(column)!r}")
    return found
