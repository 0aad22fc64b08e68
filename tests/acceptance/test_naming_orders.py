"""Staging ids and order numbers are both small whole numbers: every command takes either, says both, and mixes up neither."""

from __future__ import annotations

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.raws import raw_order

PRODUCTS = [{"id": 1, "type": "simple", "name": "Tee", "sku": "TEE", "price": "10.00", "stock_quantity": 100, "variations": []}]
COMMANDS = [
    ("process", "--dry-run"),
    ("process",),
    ("retry-failed", "--dry-run"),
    ("retry-failed",),
    ("validate",),
    ("rollback", "--reason", "x", "--dry-run"),
    ("dead-letter", "show"),
    ("dead-letter", "retry", "--dry-run"),
    ("dead-letter", "cancel", "--dry-run"),
    ("dead-letter", "reopen", "--dry-run"),
]
NUMBERS = [*COMMANDS, ("trace", "--offline"), ("write-back", "list"), ("write-back", "retry")]


@pytest.fixture
def shop(syncctl: Program, store: SimulatedStore) -> SimulatedStore:
    """Orders 1002 and 1 (staging ids 1 and 2) in review, and the good one 1003 (staging id 3), which is in the ERP."""
    syncctl.settings["SYNCCTL_UNKNOWN_CUSTOMER"] = "create"
    orders = [("NO-SUCH", 71, "1002"), ("NO-SUCH", 72, "1"), ("TEE", 73, "1003")]
    store.load([raw_order((sku, 1, "10.00"), id=order_id, number=number) for sku, order_id, number in orders], products=PRODUCTS)
    assert syncctl("db", "seed", "--from-store").code == 0
    assert syncctl("stage", "--since", "2026-10-01").code == 0
    syncctl("process")
    return store


@pytest.mark.parametrize("command", NUMBERS, ids=" ".join)
@pytest.mark.parametrize("number", ["1003", "#1003"])
def test_an_order_is_named_by_its_number(syncctl: Program, shop: SimulatedStore, command: tuple[str, ...], number: str):
    ended = syncctl(*command, "--order", number)
    assert ended.code in (0, 1, 2), ended.err
    assert "staging id 3" in ended.err + ended.out
    assert "1003" in ended.err + ended.out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_says_which_order_a_staging_id_is(syncctl: Program, shop: SimulatedStore, command: tuple[str, ...]):
    assert syncctl(*command, "3").err.startswith("syncctl: Order 1003 (staging id 3) is APPLIED.")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_number_given_as_an_id_is_explained(syncctl: Program, shop: SimulatedStore, command: tuple[str, ...]):
    ended = syncctl(*command, "1003")
    assert ended.code == 2
    [line] = ended.err.splitlines()
    name = " ".join(word for word in command if not word.startswith("-") and word != "x")
    assert f"No staged order has the staging id 1003; the order with that number has the staging id 3: `syncctl {name}" in line
    assert "--order 1003`" in line


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_id_given_as_a_number_is_explained(syncctl: Program, shop: SimulatedStore, command: tuple[str, ...]):
    ended = syncctl(*command, "--order", "#2")
    assert ended.code == 2
    [line] = ended.err.splitlines()
    assert "Order #2 of store woocommerce was never staged. 2 is the staging id of order 1: `syncctl " in line


def test_an_id_that_is_another_orders_number_too_says_so(syncctl: Program, shop: SimulatedStore):
    told = syncctl("validate", "1").err
    assert "Order 1002 (staging id 1) is NEEDS_MANUAL_REVIEW." in told
    assert "The order with the number 1 is another, staging id 2" in told


def test_trace_takes_a_number_an_id_of_the_store_or_a_staging_id(syncctl: Program, shop: SimulatedStore):
    for arguments in (("1003",), ("#1003",), ("73",), ("--order", "1003"), ("--staging-id", "3")):
        ended = syncctl("trace", *arguments, "--json")
        assert ended.code == 0, ended.err
        assert ended.json["order"]["staging_id"] == 3
    unknown = syncctl("trace", "3", "--offline")
    assert unknown.code == 1
    assert "3 is the staging id of order 1003" in unknown.out
    assert syncctl("trace", "1", "--staging-id", "1").code == 2


def test_only_the_messages_of_the_order_named_are_due_again(syncctl: Program, shop: SimulatedStore):
    shop.shopkeeper.change_quantity(73, 2)
    shop.fail("status", status=503, times=1000, methods=("GET", "POST", "PUT"), path=r"/orders/\d+")
    assert syncctl("stage", "--order-id", "73").code in (0, 1, 69)
    [message] = syncctl("write-back", "list", "--state", "DONE", "--order", "1003", "--json").json["items"]
    assert message["staging_id"] == 3
    assert syncctl("write-back", "list", "--state", "DONE", "--order", "1002", "--json").json["items"] == []
    assert syncctl("write-back", "retry", "--order", "1002").code == 0
    refused = syncctl("write-back", "retry", "1003")
    assert refused.code == 2
    assert "No message has the number 1003" in refused.err
    assert "--order NUMBER" in refused.err


HUGE = ["2147483648", "9223372036854775808", "9" * 25, "9" * 4000, "-1", "0"]


@pytest.mark.parametrize("value", HUGE, ids=[value[:25] for value in HUGE])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_ids_that_no_column_holds_are_one_line(syncctl: Program, command: tuple[str, ...], value: str):
    ended = syncctl(*command, "--", value)
    assert ended.code == 2
    [line] = ended.err.splitlines()
    assert "ID is '" in line
    assert len(line) < 300


@pytest.mark.parametrize("number", ["9" * 25, "9" * 5000, "#", "", " ", "🎉", "'; DROP TABLE x; --", "%", "\x00"])
@pytest.mark.parametrize("command", [("process",), ("trace", "--offline"), ("write-back", "list")], ids=" ".join)
def test_numbers_that_are_no_numbers_are_orders_nobody_knows(
    syncctl: Program, shop: SimulatedStore, command: tuple[str, ...], number: str
):
    ended = syncctl(*command, "--order", number)
    assert ended.code in (1, 2)
    assert "Unexpected" not in ended.err + ended.out
    assert len(ended.err.splitlines()) <= 1
    assert len(ended.err) < 400


def test_a_number_with_its_sign_as_an_id_says_where_it_belongs(syncctl: Program):
    assert "an order's number goes with --order" in syncctl("process", "#4711").err
