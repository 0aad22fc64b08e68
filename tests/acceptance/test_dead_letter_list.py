"""`dead-letter list`: why orders wait, by cause; a row an order only for who asks for one."""

from __future__ import annotations

from contextlib import closing

import pytest

from syncctl.db.embedded import EmbeddedDatabase
from tests.acceptance.program import Program
from tests.orders import line, order, set_aside


@pytest.fixture
def waiting(syncctl: Program) -> Program:
    """Three orders of unknown customers, and one with an unknown SKU."""
    kinds = [("validation", "unknown_customer")] * 3 + [("validation", "unknown_sku")]
    with closing(EmbeddedDatabase(syncctl.folder / "shop.db")) as database:
        for number, (error_class, code) in enumerate(kinds, 1):
            set_aside(database, order(number, line(1, "TEA")), error_class=error_class, message=f"The long story of {code}.")
            database.query("UPDATE dbo.USER_ORDER_DEAD_LETTER SET ERROR_CODE = ? WHERE STAGING_ID = ?", (code, number))
    return syncctl


def test_causes_come_most_first_with_one_example_and_what_to_do(waiting: Program) -> None:
    waiting.settings["COLUMNS"] = "80"
    out = waiting("dead-letter", "list").out
    told = " ".join(out.split())
    assert told.startswith("3 orders: customer not in the ERP \N{RIGHTWARDS ARROW} `syncctl customers start`, `syncctl map")
    assert "1 order: no item in the ERP for a SKU \N{RIGHTWARDS ARROW} `syncctl map item SKU ITEM_NO`" in told
    assert told.count("The long story of unknown_customer.") == 1
    assert "`syncctl dead-letter list --verbose` lists each order" in told
    assert "Staging id" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_row_an_order_for_who_asks(waiting: Program) -> None:
    waiting.settings["COLUMNS"] = "80"
    rows = waiting("dead-letter", "list", "--verbose").out
    assert rows.count("The long story of") == 4
    named = waiting("dead-letter", "list", "2", "--order", "4").out
    assert named.count("The long story of") == 2
    assert "Attempts" in " ".join(named.split())
    assert max(map(len, (rows + named).splitlines())) <= 80
    everything = waiting("dead-letter", "list", "--json").json
    assert [item["staging_id"] for item in everything["items"]] == [1, 2, 3, 4]
    assert "causes" not in everything


def test_decided_ones_have_a_row_beside_the_causes(waiting: Program) -> None:
    assert waiting("dead-letter", "cancel", "4", "--yes", "--reason", "too late").code == 0
    out = waiting("dead-letter", "list", "--all").out
    assert "3 orders: customer not in the ERP" in out
    assert "no item in the ERP" not in out
    assert "Decided" in out
    assert "The long story of unknown_sku." in out
