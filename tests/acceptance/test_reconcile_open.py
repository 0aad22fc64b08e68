"""`stage --reconcile --open`: what changed without a new date in orders that are about to be shipped."""

from __future__ import annotations

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.acceptance.test_chain import PRODUCTS
from tests.raws import raw_order


@pytest.fixture
def applied(syncctl: Program, store: SimulatedStore) -> list[int]:
    """Orders of two lines each that are in the ERP."""
    syncctl.settings["SYNCCTL_UNKNOWN_CUSTOMER"] = "create"
    store.load(products=PRODUCTS)
    numbers = [store.shopkeeper.place(raw_order(("TEE-BLK", 2, "19.99"), ("MUG", 1, "8.00"))) for _ in range(7)]
    syncctl("db", "seed", "--from-store")
    syncctl("stage", "--since", "1d")
    assert syncctl("process", "--json").json["counts"]["created"] == 7
    store.requests.clear()
    return numbers


def without_a_date(store: SimulatedStore, number: int) -> None:
    """Take a line off, as the legacy tables' edit screen does: the modified date stays."""
    raw = store.state.orders[number]
    dates = {name: raw[name] for name in ("date_modified", "date_modified_gmt")}
    store.shopkeeper.remove_line(number)
    raw |= dates


def test_a_line_taken_off_without_a_date_is_found_and_followed(syncctl: Program, store: SimulatedStore, applied: list[int]):
    without_a_date(store, applied[3])
    store.requests.clear()
    told = syncctl("stage", "--reconcile", "--open", "--json").json
    assert told["counts"] | {"polled": 0} == {**dict.fromkeys(told["counts"], 0), "restaged": 1, "unchanged": 6}
    assert told["notes"][0].startswith("Compared the 7 orders whose document is open in the ERP; 0 of them were asked for")
    assert [path.count("include=") for _, path, _ in store.requests] == [1], "a page of the store is one request"
    assert syncctl("process", "--json").json["counts"]["updated"] == 1


def test_what_went_to_the_trash_or_was_deleted_is_found(syncctl: Program, store: SimulatedStore, applied: list[int]):
    store.shopkeeper.delete(applied[0])
    store.shopkeeper.trash(applied[1])
    told = syncctl("stage", "--reconcile", "--open", "--json").json
    assert {item["woo_order_id"] for item in told["items"] if item["outcome"] == "cancel_staged"} == set(applied[:2])
    assert "2 of them were asked for one by one" in told["notes"][0]
    assert syncctl("process", "--json").json["counts"]["cancelled"] == 2
    again = syncctl("stage", "--reconcile", "--open", "--json").json
    assert (again["counts"]["polled"], again["notes"][0][:24]) == (5, "Compared the 5 orders wh")


@pytest.mark.parametrize("how", [("--open",), ("--since", "2d")], ids=" ".join)
def test_a_refund_that_was_deleted_and_an_order_deleted_for_good_are_found(
    syncctl: Program, store: SimulatedStore, applied: list[int], how: tuple[str, ...]
):
    store.shopkeeper.refund_amount(applied[2], "5.00")
    syncctl("stage")
    assert syncctl("process", "--json").json["counts"]["updated"] == 1
    raw = store.state.orders[applied[2]]
    store.state.refunds[applied[2]].clear()
    raw["refunds"].clear()  # no date moves: neither by this nor by the other one
    store.shopkeeper.delete(applied[5])
    told = syncctl("stage", "--reconcile", *how, "--json").json
    outcomes = {item["woo_order_id"]: item["outcome"] for item in told["items"] if item["outcome"] != "unchanged"}
    assert outcomes == {applied[2]: "restaged", applied[5]: "cancel_staged"}
    counts = syncctl("process", "--json").json["counts"]
    assert (counts["updated"], counts["cancelled"]) == (1, 1)
    with syncctl.connected() as connection:
        totals = connection.execute("SELECT TOT FROM USER_ORDER_LINK WHERE LINK_STATE = 'OPEN'").fetchall()
    assert (len(totals), len(set(totals))) == (6, 1), "what was not given back after all is in the ERP again"


def test_what_was_shipped_is_looked_at_no_more(syncctl: Program, store: SimulatedStore, applied: list[int]):
    with syncctl.connected() as connection:
        connection.execute("UPDATE PS_DOC_LIN SET QTY_SHIPPED = QTY_SOLD, QTY_TO_REL = 0")
        connection.commit()
    assert syncctl("stage", "--reconcile", "--open", "--json").json["counts"]["polled"] == 0
    assert store.requests == []


def test_more_than_a_hundred_are_asked_for_by_the_hundred(syncctl: Program, store: SimulatedStore, applied: list[int]):
    for _ in range(120):
        store.shopkeeper.place(raw_order(("MUG", 1, "8.00")))
    syncctl("stage")
    syncctl("process", "--quiet")
    store.requests.clear()
    assert syncctl("stage", "--reconcile", "--open", "--json").json["counts"]["polled"] == 127
    assert sum("include=" in path for _, path, _ in store.requests) == 2


def test_it_goes_with_reconcile_alone(syncctl: Program, store: SimulatedStore):
    assert syncctl("stage", "--open").code == 2
    assert syncctl("stage", "--reconcile", "--open", "--since", "1d").code == 2


def test_the_log_of_runs_tells_a_comparison_from_a_poll(syncctl: Program, store: SimulatedStore) -> None:
    for options in ((), ("--reconcile",), ("--reconcile", "--open"), ("--order-id", "1")):
        syncctl("stage", *options)
    found = [row[0] for row in syncctl.query("SELECT OPERATION_TYPE FROM USER_SYNC_LOG ORDER BY LOG_ID")]
    assert found == ["stage", "stage --reconcile", "stage --reconcile --open", "stage --order-id"]
