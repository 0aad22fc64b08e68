"""The whole way on the embedded database, command by command, as a new user goes it with a store of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.nobody import gone
from tests.raws import raw_order

PRODUCTS = [
    {"id": 1, "type": "simple", "name": "Shirt", "sku": "TEE-BLK", "price": "19.99", "stock_quantity": 100, "variations": []},
    {"id": 2, "type": "simple", "name": "Mug", "sku": "MUG", "price": "8.00", "stock_quantity": None, "variations": []},
]


@pytest.fixture
def shop(store: SimulatedStore, syncctl: Program) -> SimulatedStore:
    """A store with two products and three orders: a good one, one of an unknown item, one that was cancelled early."""
    syncctl.settings["SYNCCTL_UNKNOWN_CUSTOMER"] = "create"
    orders = [
        raw_order(("TEE-BLK", 2, "19.99"), id=1, number="4711"),
        raw_order(("NO-SUCH", 1, "5.00"), id=2, number="4712"),
        raw_order(id=3, number="4713", status="cancelled"),
    ]
    store.load(orders, products=PRODUCTS)
    return store


def test_orders_travel_the_whole_way_and_back(syncctl: Program, shop: SimulatedStore):
    seeded = syncctl("db", "seed", "--from-store", "--json").json
    assert seeded["counts"]["items"] == 2
    dry = syncctl("stage", "--since", "2026-11-01", "--dry-run", "--json").json
    assert dry["counts"]["staged"] == 2
    staged = syncctl("stage", "--since", "2026-11-01", "--json").json
    assert staged["counts"] == {
        "polled": 3,
        "staged": 2,
        "restaged": 0,
        "cancel_staged": 0,
        "unchanged": 0,
        "skipped": 1,
        "errors": 0,
    }
    again = syncctl("stage", "--since", "2026-11-01", "--json").json
    assert again["counts"]["unchanged"] == again["counts"]["polled"] == 3

    validated = syncctl("validate", "--json").json
    assert validated["exit_code"] == 1
    violations = {item["woo_order_no"]: [each["code"] for each in item["violations"]] for item in validated["items"]}
    assert violations["4711"] == []
    assert "unknown_sku" in violations["4712"]

    preview = syncctl("process", "--dry-run", "--json").json
    assert [item["woo_order_no"] for item in preview["items"]] == ["4711", "4712"]
    processed = syncctl("process", "--json").json
    assert processed["exit_code"] == 1
    assert (processed["counts"]["created"], processed["counts"]["review"], processed["counts"]["written_back"]) == (1, 1, 1)
    assert [error["staging_id"] for error in processed["errors"]] == [2]
    created = processed["items"][0]
    note = f"Order created in CounterPoint. DOC_ID: {created['doc_id']}, TKT_NO: {created['tkt_no']}"
    assert shop.count_notes(1)[note] == 1
    assert shop.state.orders[1]["status"] == "processing"

    assert "Not taken" in syncctl("process", str(created["staging_id"])).out
    told = syncctl("trace", "4711", "--json").json
    assert told["verdict"] == f"It is in the ERP as document {created['doc_id']} (ticket {created['tkt_no']})."
    assert syncctl("trace", "4712", "--json").json["advice"].endswith('`syncctl dead-letter cancel 2 --reason "…"`')
    assert "cancelled" in syncctl("trace", "4713").out
    unknown = syncctl("trace", "9999")
    assert unknown.code == 1
    assert "The store has no order with the id 9999" in unknown.out
    assert "The store was not asked (--offline)" in syncctl("trace", "9999", "--offline").out

    shop.shopkeeper.change_quantity(1, 3)
    assert syncctl("stage", "--order-id", "1", "--json").json["counts"]["restaged"] == 1
    assert syncctl("process", "--order", "4711", "--json").json["counts"]["updated"] == 1

    ill = syncctl("health", "--json").json
    assert (ill["exit_code"], ill["counts"]["review"]) == (1, 1)
    assert [error["check"] for error in ill["errors"]] == ["review"]
    nagios = syncctl("health", "--nagios")
    assert nagios.code == 1
    assert nagios.out.startswith("SYNCCTL WARNING - review: 1 need a person")

    waiting = syncctl("dead-letter", "list", "--json").json
    assert [letter["woo_order_no"] for letter in waiting["items"]] == ["4712"]
    assert 'dead-letter cancel ID --reason "…"' in " ".join(syncctl("dead-letter", "list").out.split())
    assert "NO-SUCH" in syncctl("dead-letter", "show", "2").out
    assert syncctl("dead-letter", "cancel", "2", "--reason", "item is gone", "--yes", "--json").json["counts"] == {
        "decided": 1,
        "refused": 0,
    }
    assert syncctl("health").code == 0

    steps = syncctl("rollback", "1", "--reason", "a test order", "--dry-run", "--json").json
    assert steps["counts"]["rolled_back"] == 0
    assert steps["counts"]["rows"] > 3
    assert syncctl("rollback", "1", "--reason", "a test order", "--yes").code == 0
    assert "rolled back" in syncctl("write-back", "list").out.lower() or syncctl("write-back", "list", "--json").json["items"]
    assert syncctl("retry-failed", "--json").json["counts"]["written_back"] == 1
    assert any("Reason: a test order" in text for text in shop.count_notes(1))
    refused = syncctl("rollback", "1", "--reason", "again", "--yes")
    assert refused.code == 1
    assert "there is nothing to roll back" in refused.err


def test_a_store_that_goes_away_costs_the_erp_nothing(syncctl: Program, shop: SimulatedStore):
    syncctl("db", "seed", "--from-store")
    syncctl("stage", "--since", "2026-11-01")
    gone(shop)
    syncctl.settings |= {"SYNCCTL_BREAKER_THRESHOLD": "1", "SYNCCTL_RETRY_DELAY_BASE": "0"}
    told = syncctl("process", "--json").json
    assert (told["exit_code"], told["counts"]["created"], told["counts"]["write_back_pending"]) == (69, 1, 1)
    assert "SYNCCTL_WOO_URL" in told["errors"][-1]["message"]
    assert len(syncctl("write-back", "list", "--json").json["items"]) == 1


def test_polling_that_is_switched_off_reads_nothing(syncctl: Program, shop: SimulatedStore):
    syncctl.settings["ENABLE_ORDER_POLLING"] = "false"
    told = syncctl("stage", "--json").json
    assert (told["exit_code"], told["status"]) == (0, "disabled")
    assert shop.requests == []
    assert syncctl("stage", "--order-id", "1", "--json").json["counts"]["staged"] == 1


def test_reconcile_finds_what_was_deleted_for_good(syncctl: Program, shop: SimulatedStore):
    syncctl("stage", "--since", "2026-11-01")
    shop.shopkeeper.delete(1)
    told = syncctl("stage", "--reconcile", "--since", "2026-11-01", "--json").json
    assert told["counts"]["skipped"] == 1
    assert "1 there" in told["notes"][0]


def test_nothing_secret_is_written_anywhere(syncctl: Program, shop: SimulatedStore):
    syncctl("stage", "--since", "2026-11-01", "-vv")
    shop.gate.secret = "cs_changed"
    told = syncctl("stage", "-vv")
    assert told.code == 78
    for text in [told.out, told.err, *(path.read_text(encoding="utf-8") for path in (syncctl.folder / "logs").iterdir())]:
        assert syncctl.settings["SYNCCTL_WOO_CONSUMER_SECRET"] not in text
        assert syncctl.settings["SYNCCTL_WOO_CONSUMER_KEY"] not in text


def test_the_readme_shows_what_the_demo_shows(syncctl: Program):
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("## 60 seconds")[2].partition("```\nMorning")[2].partition("```")[0]
    syncctl.settings["COLUMNS"] = "100"
    out = [line.rstrip() for line in syncctl.run("demo").out.splitlines()]
    missing = [line for line in f"Morning{shown}".splitlines() if line.strip(" …") and line.rstrip() not in out]
    assert missing == []


def test_the_demo_keeps_its_contract_with_machines(syncctl: Program):
    told = syncctl.run("demo", "--json", "--orders", "12", "--seed", "7", "--keep", "kept").json
    assert (told["exit_code"], told["status"]) == (0, "ok")
    assert sum(told["counts"]["states"].values()) == told["counts"]["orders"] == len(told["items"])
    promised = {
        "every_order_in_exactly_one_state",
        "one_document_per_applied_order",
        "totals_equal_to_the_cent",
        "documents_whole",
        "inventory_equals_open_lines",
        "one_note_per_applied_order",
        "store_statuses_never_backwards",
    }
    assert promised <= set(told["invariants"])
    assert set(told["invariants"].values()) == {True}
    assert (syncctl.folder / "kept" / "demo.db").is_file()


def test_the_demo_promises_that_nobody_was_mailed_or_marked_paid(syncctl: Program):
    """Though unpaid orders enter the ERP there."""
    told = syncctl.run("demo", "--json").json
    assert told["invariants"]["no_customer_was_mailed_and_no_order_was_marked_paid_by_us"]
    waiting = [order for order in told["items"] if order["store_status"] == "on-hold" and order["state"] == "APPLIED"]
    assert len(waiting) > 3


def test_a_sql_server_is_never_seeded(syncctl: Program, shop: SimulatedStore):
    refused = syncctl("db", "seed", "--from-store", "--database", "SERVER=127.0.0.1,1;DATABASE=CPDemo;UID=sa;PWD=hidden-one")
    assert refused.code == 2
    assert "SQL Server" in refused.err
    assert "hidden-one" not in refused.err
    assert shop.requests == []
