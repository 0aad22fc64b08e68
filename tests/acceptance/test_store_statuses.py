"""Which orders' status in the store would be changed is said before it is done: the store mails its customers by it."""

from __future__ import annotations

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.acceptance.test_chain import PRODUCTS
from tests.raws import raw_order


@pytest.fixture
def waiting(syncctl: Program, store: SimulatedStore) -> Program:
    """A paid order and an unpaid one wait, in a shop that wants those in the ERP, too."""
    syncctl.settings["SYNCCTL_UNKNOWN_CUSTOMER"] = "create"
    syncctl.settings["SYNCCTL_WOO_CREATE_STATUSES"] = "processing,on-hold"
    store.load(products=PRODUCTS)
    store.load(
        [raw_order(id=1, number="4711"), raw_order(id=2, number="4712", status="on-hold", date_paid_gmt=None, date_paid=None)]
    )
    syncctl("db", "seed", "--from-store")
    assert syncctl("stage", "--since", "2026-01-01", "--json").json["counts"]["staged"] == 2
    return syncctl


def said(program: Program) -> str:
    """Return what `config check` says of the store's statuses."""
    [item] = [item for item in program("config", "check", "--json").json["items"] if item["what"] == "store statuses"]
    assert item["ok"]
    return str(item["detail"])


def test_as_delivered_an_order_that_enters_the_erp_keeps_its_status(waiting: Program, store: SimulatedStore):
    told = waiting("process", "--dry-run", "--json").json
    assert [(item["woo_order_no"], item["store_status"]) for item in told["items"]] == [("4711", None), ("4712", None)]
    assert told["counts"]["would_raise"] == 0
    assert "No order's status in the store would be changed." in waiting("process", "--dry-run").out
    assert said(waiting).startswith("no order would get another one now; only an order that is paid and waits gets another one")
    assert waiting("process").code == 0
    assert [store.state.orders[number]["status"] for number in (1, 2)] == ["processing", "on-hold"]
    assert (store.state.mail_log, store.state.paid_by_api) == ([], [])


def test_what_would_change_is_what_changes(waiting: Program, store: SimulatedStore):
    waiting("config", "erp", "set", "APPLIED_STATUS", "completed")
    told = waiting("process", "--dry-run", "--json").json
    assert [(item["woo_order_no"], item["store_status"]) for item in told["items"]] == [("4711", "completed"), ("4712", None)]
    assert told["counts"]["would_raise"] == 1
    assert "1 order would get another status in the store, which can mail the customer" in waiting("process", "--dry-run").out
    assert said(waiting).startswith("1 would change, which can mail customers and set dates: 4711 processing → completed;")
    waiting("process")
    assert [store.state.orders[number]["status"] for number in (1, 2)] == ["completed", "on-hold"]
    assert [mail.order_id for mail in store.state.mail_log] == [1]


def test_what_was_shipped_is_said_before_the_store_is_told(waiting: Program):
    waiting("process")
    with waiting.connected() as connection:
        connection.execute("UPDATE PS_DOC_LIN SET QTY_SHIPPED = QTY_SOLD, QTY_TO_REL = 0")
        connection.commit()
    assert said(waiting).startswith("1 would change, which can mail customers and set dates: 4711 processing → completed;")
    waiting.settings["SYNCCTL_WRITE_BACK_STATUS"] = "off"
    assert said(waiting) == "left alone (SYNCCTL_WRITE_BACK_STATUS is off)"


def test_off_leaves_statuses_alone(waiting: Program, store: SimulatedStore):
    waiting.settings["SYNCCTL_WRITE_BACK_STATUS"] = "off"
    waiting("config", "erp", "set", "APPLIED_STATUS", "completed")
    assert waiting("process", "--dry-run", "--json").json["counts"]["would_raise"] == 0
    assert waiting("process", "--json").json["counts"]["written_back"] == 2
    assert [store.state.orders[number]["status"] for number in (1, 2)] == ["processing", "on-hold"]
    assert store.state.mail_log == []
