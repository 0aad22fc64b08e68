"""The embedded engine and SQL Server, given the same shop, end with the same rows in every table."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
RECORDED = Path(__file__).parents[1] / "fixtures" / "woocommerce"
AFTER_THE_RECORDING = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def live_at(database: Database, clock: MovableClock) -> Days:
    """Let the same days pass on a database."""
    goods = catalogue(ORDERS, seed=7, clock=clock)
    with SimulatedStore(clock=clock) as store:
        store.load(goods.orders, products=goods.products, customers=goods.customers[:-5])
        days = Days(database, store, clock, deposits=True)
        days.live()
    return days


def recorded_orders() -> list[dict[str, Any]]:
    """All orders of a real shop: every status, guests, coupons, fees, tax rates, refunds, three currencies, odd letters."""
    with lzma.open(RECORDED / "all-orders.jsonl.xz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def made_enterable(orders: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Of each recorded order that a person would have to decide about, a copy that can be entered; not of refunded ones."""
    products = [json.loads(line) for line in (RECORDED / "products.jsonl").read_text(encoding="utf-8").splitlines()]
    skus = [product["sku"] for product in products if product["type"] == "simple" and product["sku"]]
    for order in orders:
        whole = all(line["sku"] and line["quantity"] > 0 for line in order["line_items"])
        live = order["status"] in ("processing", "completed", "on-hold")
        if order["status"] == "refunded" or (whole and live and order["currency"] == "USD" and order["payment_method"]):
            continue
        number = order["id"] + 1000
        yield {
            **order,
            "id": number,
            "number": str(number),
            "order_key": f"{order['order_key']}-again",
            "status": "processing",
            "currency": "USD",
            "payment_method": order["payment_method"] or "bacs",
            "transaction_id": order["transaction_id"] and f"{order['transaction_id']}-again",
            "line_items": [{**line, "sku": line["sku"] or skus[line["id"] % len(skus)]} for line in order["line_items"]],
        }


def recorded_at(database: Database, clock: MovableClock) -> Days:
    """Bring the recorded orders into the ERP, those too that only lack what a person would add; and tell the store."""
    with SimulatedStore(clock=clock) as store:
        store.load_lines(products=RECORDED / "products.jsonl", customers=RECORDED / "customers.jsonl")
        store.load(recorded_orders())
        store.load(made_enterable(recorded_orders()))
        days = Days(database, store, clock)
        days.first_orders()
        days.look()
    return days


def test_the_recorded_orders_are_300_of_every_status() -> None:
    orders = recorded_orders()
    assert len({order["id"] for order in orders}) == 300
    assert {order["status"] for order in orders} == {
        "pending",
        "on-hold",
        "processing",
        "completed",
        "cancelled",
        "failed",
        "refunded",
    }
    assert {order["currency"] for order in orders} == {"USD", "EUR", "JPY"}


@pytest.mark.sqlserver
@pytest.mark.parametrize(
    ("live", "start"),
    [
        pytest.param(live_at, None, id="the days of a shop"),
        pytest.param(recorded_at, AFTER_THE_RECORDING, id="300 recorded orders"),
    ],
)
def test_the_same_days_leave_the_same_rows(
    tmp_path: Path,
    empty_sqlserver: str,
    sqlserver_connections: Connections,
    live: Callable[[Database, MovableClock], Days],
    start: datetime | None,
) -> None:
    assert len(KINDS) < ORDERS, "every kind of order is to come"
    clock, theirs_clock = (MovableClock(start) if start else MovableClock() for _ in range(2))
    embedded = EmbeddedDatabase(tmp_path / "embedded.db", clock=clock)
    try:
        ours = live(embedded, clock)
        sqlserver = sqlserver_connections.take(0, theirs_clock)
        theirs = live(sqlserver, theirs_clock)

        compared: dict[str, int] = {}
        found = differences(embedded.query, sqlserver.query, compared=compared)
        assert not found, f"{len(found)} differences:\n" + "\n".join(found[:100])
        assert ours.told == theirs.told
        assert ours.told[-1] == ("audit", "[]")
        if live is live_at:
            wanted = ("USER_ORDER", "PS_DOC", "AR_", "IM_")
            untouched = [name for name, rows in compared.items() if not rows and name.startswith(wanted)]
            assert untouched == [], "the days were to leave rows in all of these"
        else:
            assert compared["USER_ORDER_STAGING"] > 400
            assert compared["PS_DOC_HDR"] > 280
    finally:
        embedded.close()
