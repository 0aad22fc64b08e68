"""`status`, `stats` and the words of `stage`: field by field as documented, and by store."""

from __future__ import annotations

import pytest

from syncctl.demo.store import SimulatedStore
from syncctl.services.statistics import Statistics, in_words
from tests.acceptance.program import Program
from tests.acceptance.test_chain import PRODUCTS
from tests.nobody import gone
from tests.raws import raw_order

STATISTICS = ["total_polled", "already_synced", "newly_synced", "updated", "sync_errors", "success_rate", "last_poll_time"]


@pytest.mark.parametrize(
    ("new", "updated", "errors", "rate"),
    [(120, 25, 2, 98.6), (25, 0, 0, 100.0), (0, 0, 0, 100.0), (0, 0, 3, 0.0), (1, 1, 1, 66.7)],
)
def test_the_success_rate_is_the_documented_one(new: int, updated: int, errors: int, rate: float):
    assert Statistics(newly_synced=new, updated=updated, sync_errors=errors).success_rate == rate


def test_the_documented_words():
    polled = Statistics(total_polled=28, already_synced=3, newly_synced=25)
    assert in_words(polled, what="Polling", whole=True) == "Polling complete: 25/28 orders synced"


@pytest.fixture
def shop(store: SimulatedStore, syncctl: Program) -> SimulatedStore:
    """A store with four good orders, one of an unknown item, and one that was cancelled early."""
    syncctl.settings["SYNCCTL_UNKNOWN_CUSTOMER"] = "create"
    good = [raw_order(("TEE-BLK", 1, "19.99"), id=number, number=str(number)) for number in range(1, 5)]
    bad = [raw_order(("NO-SUCH", 1, "5.00"), id=5, number="5"), raw_order(id=6, number="6", status="cancelled")]
    store.load([*good, *bad], products=PRODUCTS)
    syncctl("db", "seed", "--from-store")
    return store


def test_stage_answers_as_the_documented_trigger(syncctl: Program, shop: SimulatedStore):
    told = syncctl("stage", "--since", "2026-11-01", "--json").json
    assert (told["status"], told["message"]) == ("ok", "Polling complete: 5/6 orders synced")
    assert told["timestamp"] > told["started_at"]
    assert told["duration_seconds"] >= 0
    assert told["statistics"] == {
        "total_polled": 6,
        "already_synced": 1,
        "newly_synced": 5,
        "updated": 0,
        "sync_errors": 0,
        "success_rate": 100.0,
    }
    part = syncctl("stage", "--since", "2026-11-01", "--batch-size", "2", "--max-pages", "1", "--json").json
    assert part["message"] == "Polling incomplete: 0/2 orders synced"
    assert syncctl("stage", "--order-id", "1", "--json").json["message"] == "Fetching complete: 0/1 orders synced"
    assert syncctl("stage", "--reconcile", "--json").json["message"].startswith("Comparison complete: 0/")
    gone(shop)
    assert syncctl("stage", "--json").json["message"] == "Polling incomplete: 0/0 orders synced"


def test_status_has_exactly_the_documented_fields(syncctl: Program, shop: SimulatedStore):
    before = syncctl("status", "--json").json["data"]
    assert (before["status"], before["will_execute_next_cycle"], before["last_poll_time"]) == ("due", True, None)
    syncctl("stage", "--since", "2026-11-01")
    syncctl("process")
    told = syncctl("status", "--json").json
    assert told["status"] == "success"
    data = told["data"]
    assert list(data) == [
        "enabled",
        "interval_minutes",
        "lookback_minutes",
        "batch_size",
        "last_poll_time",
        "polling_service_initialized",
        "will_execute_next_cycle",
        "seconds_until_next_poll",
        "webhooks_enabled",
        "status",
        "statistics",
    ]
    assert list(data["statistics"]) == STATISTICS
    assert (data["enabled"], data["interval_minutes"], data["lookback_minutes"], data["batch_size"]) == (True, 10, 15, 50)
    assert (data["polling_service_initialized"], data["webhooks_enabled"]) == (True, False)
    assert (data["status"], data["will_execute_next_cycle"]) == ("waiting_for_interval", False)
    assert 500 < data["seconds_until_next_poll"] <= 600
    assert data["last_poll_time"] == data["statistics"]["last_poll_time"] is not None
    numbers = [data["statistics"][name] for name in STATISTICS[:6]]
    assert numbers == [6, 1, 4, 0, 1, 80.0]
    shown = syncctl("status").out
    assert " min " in shown
    assert "1, so 80.0 % succeeded" in shown

    syncctl.settings |= {"SYNCCTL_ENABLE_ORDER_POLLING": "off"}
    del syncctl.settings["SYNCCTL_WOO_CONSUMER_KEY"]
    data = syncctl("status", "--json").json["data"]
    assert (data["enabled"], data["status"], data["will_execute_next_cycle"]) == (False, "disabled", False)
    assert data["polling_service_initialized"] is False


def test_numbers_last_and_a_reset_keeps_what_was(syncctl: Program, shop: SimulatedStore):
    syncctl("stage", "--since", "2026-11-01")
    syncctl("process")
    told = syncctl("stats", "--json").json
    [item] = told["items"]
    assert told["data"] == item
    assert [item[name] for name in ("store_id", "since", *STATISTICS[:6], "polls")] == [
        "woocommerce",
        None,
        *(6, 1, 4, 0, 1, 80.0),
        1,
    ]
    reset = syncctl("stats", "--reset", "--json").json
    assert reset["data"] == item
    assert reset["reset_at"]
    shop.shopkeeper.change_quantity(1, 3)
    shop.shopkeeper.set_status(2, "cancelled")
    syncctl("stage")
    syncctl("process")
    data = syncctl("stats", "--json").json["data"]
    assert data["since"] == reset["reset_at"]
    assert [data[name] for name in ("newly_synced", "updated", "sync_errors", "success_rate", "closed")] == [0, 2, 0, 100.0, 1]
    whole = syncctl("stats", "--all-time", "--json").json["data"]
    assert [whole[name] for name in ("newly_synced", "updated", "sync_errors", "success_rate")] == [4, 2, 1, 85.7]
    assert "From now on the numbers begin anew" in syncctl("stats", "--reset").out
    assert syncctl("stats", "--reset", "--all-time").code == 2


def test_each_store_has_its_own_numbers(syncctl: Program, shop: SimulatedStore):
    syncctl("stage", "--since", "2026-11-01")
    syncctl("process")
    syncctl.settings["SYNCCTL_STORE_ID"] = "outlet"
    syncctl("stage", "--since", "2026-11-01")
    assert syncctl("status", "--json").json["data"]["statistics"]["newly_synced"] == 0
    told = syncctl("stats", "--every-store", "--json").json
    assert [(item["store_id"], item["total_polled"], item["newly_synced"]) for item in told["items"]] == [
        ("outlet", 6, 0),
        ("woocommerce", 6, 4),
    ]
    assert (told["data"]["total_polled"], told["data"]["sync_errors"], told["data"]["success_rate"]) == (12, 1, 80.0)
    syncctl("stats", "--reset")
    assert [item["since"] is None for item in syncctl("stats", "--every-store", "--json").json["items"]] == [False, True]
    assert "together" in syncctl("stats", "--every-store").out
