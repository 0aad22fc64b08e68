"""`map` at the command line: what is missing between store and ERP is added without SQL."""

from __future__ import annotations

from contextlib import closing

import pytest

from syncctl.db.embedded import EmbeddedDatabase
from tests.acceptance.program import Program
from tests.orders import line, order, stage
from tests.shop import Shop


@pytest.fixture
def seeded(syncctl: Program) -> Program:
    """An ERP with items and customers, and an order with a SKU and of a customer that it doesn't know."""
    with closing(EmbeddedDatabase(syncctl.folder / "shop.db")) as database:
        Shop(database, database.query)
        stage(database, order(1, line(1, "TEA"), WOO_CUST_ID=77, CUST_EMAIL="new@example.test"))
    return syncctl


def codes(program: Program) -> set[str]:
    return {cause["code"] for cause in program("validate", "--json").json["causes"]}


def test_an_order_enters_once_its_item_and_customer_are_named(seeded: Program) -> None:
    assert codes(seeded) == {"unknown_sku", "unknown_customer"}
    seeded.query("SELECT 1")
    assert "SKU TEA is item MUG. Dry run: nothing was changed." in " ".join(
        seeded("map", "item", "TEA", "MUG", "--dry-run").out.split()
    )
    assert codes(seeded) == {"unknown_sku", "unknown_customer"}
    assert seeded("map", "item", "TEA", "MUG").out == "SKU TEA is item MUG.\n"
    assert seeded("map", "customer", "remove", "5").code == 0
    assert seeded("map", "customer", "77", "C100").out == "77 is customer C100.\n"
    assert codes(seeded) == set()
    assert seeded("process", "--json").json["counts"]["created"] == 1


def test_maps_are_listed_and_rows_taken_away(seeded: Program) -> None:
    assert "The map has no rows." in seeded("map", "item", "list").out
    seeded("map", "item", "set", "TEA", "MUG", "--every-store")
    assert seeded("map", "item", "list", "--json").json["items"] == [{"store_id": "*", "sku": "TEA", "item_no": "MUG"}]
    assert seeded("map", "item", "TEA", "CAP", "--every-store").out == "SKU TEA is item CAP (before: MUG).\n"
    assert seeded("map", "item", "remove", "TEA").code != 0
    assert seeded("map", "item", "remove", "TEA", "--every-store").out == "SKU TEA is item CAP no more.\n"
    assert {row["cust_no"] for row in seeded("map", "customer", "list", "--json").json["items"]} == {"C100", "C200"}


def test_a_status_is_one_of_the_stores(seeded: Program) -> None:
    refused = seeded("map", "status", "shipped", "dispatched")
    assert refused.code == 2
    assert "dispatched is none of the store's own statuses" in refused.err
    assert seeded("map", "status", "shipped", "wc-completed").out == "shipped in the ERP is completed in the store.\n"
    assert seeded("map", "status", "shipped", "dispatched", "--plugin").code == 0
    assert seeded("map", "status", "shipped", "-").out == "shipped in the ERP is not told in the store (before: is dispatched).\n"
    assert "(nothing is told)" in seeded("map", "status", "list").out
    assert seeded("map", "status", "lost", "completed").code == 2


@pytest.mark.parametrize("named", ["pending", "failed", "on-hold", "wc-on-hold", "trash"])
def test_a_status_that_no_order_gets_from_us_is_refused_when_it_is_named(seeded: Program, named: str) -> None:
    for words in (("map", "status", "shipped", named), ("config", "erp", "set", "APPLIED_STATUS", named.removeprefix("wc-"))):
        refused = seeded(*words)
        assert refused.code == 2
        assert f"No order gets {named.removeprefix('wc-')} from us" in refused.err


def test_of_a_plugins_status_it_is_said_that_orders_keep_their_own(seeded: Program) -> None:
    assert "Orders get a note of it and keep their status" in seeded("map", "status", "shipped", "dispatched", "--plugin").out


@pytest.mark.parametrize("who", ["ada", "0", "@", ""])
def test_who_is_neither_an_id_nor_an_address_is_refused(seeded: Program, who: str) -> None:
    ended = seeded("map", "customer", who, "C100")
    assert ended.code == 2
    assert "is neither a customer's id in the store nor an e-mail address" in ended.err


def test_what_the_erp_lacks_is_refused(seeded: Program) -> None:
    ended = seeded("map", "item", "TEA", "GONE")
    assert ended.code == 1
    assert "The ERP has no item GONE." in ended.err


def test_a_row_is_of_the_configured_store_and_the_list_names_the_store_where_there_are_several(seeded: Program) -> None:
    assert "Store" not in seeded("map", "customer", "list").out
    seeded.settings["SYNCCTL_STORE_ID"] = "second"
    assert seeded("map", "customer", "5", "C200").out == "5 is customer C200.\n"
    told = seeded("map", "customer", "list").out
    assert "Store" in told
    rows = {(row["store_id"], row["woo_user_id"], row["cust_no"]) for row in _customers(seeded)}
    assert rows == {("woocommerce", 5, "C100"), ("woocommerce", 6, "C200"), ("second", 5, "C200")}
    assert seeded("map", "customer", "remove", "5").code == 0
    assert {row["store_id"] for row in _customers(seeded)} == {"woocommerce"}


def _customers(program: Program) -> list[dict[str, object]]:
    found: list[dict[str, object]] = program("map", "customer", "list", "--json").json["items"]
    return found


def test_a_payment_method_has_a_pay_code_of_the_erp(seeded: Program) -> None:
    assert seeded("map", "pay", "stripe", "WEB", "--dry-run").out == "stripe is pay code WEB.\nDry run: nothing was changed.\n"
    assert "The map has no rows." in seeded("map", "pay", "list").out
    assert seeded("map", "pay", "stripe", "WEB", "--every-store").out == "stripe is pay code WEB.\n"
    assert seeded("map", "pay", "cod", "-").out == "cod isn't paid when it comes.\n"
    assert seeded("map", "pay", "cod", "WEB").out == "cod is pay code WEB (before: it isn't paid when it comes).\n"
    refused = seeded("map", "pay", "stripe", "NOPE")
    assert (refused.code != 0, "The ERP has no pay code NOPE" in " ".join(refused.err.split())) == (True, True)
    assert seeded("map", "pay", "list", "--json").json["items"] == [
        {"store_id": "woocommerce", "pmt_meth": "cod", "pay_cod": "WEB"},
        {"store_id": "*", "pmt_meth": "stripe", "pay_cod": "WEB"},
    ]
    assert seeded("map", "pay", "remove", "cod").out == "No longer: cod is pay code WEB.\n"


def test_a_tax_rate_has_an_authority_of_the_erp(seeded: Program) -> None:
    assert seeded("map", "tax", "US-NY-TAX-1", "NY", "TAX").out == "Rate US-NY-TAX-1 is authority NY, rule TAX.\n"
    told = seeded("map", "tax", "set", "US-NY-TAX-1", "NYC", "TAX").out
    assert told == "Rate US-NY-TAX-1 is authority NYC, rule TAX (before: authority NY, rule TAX).\n"
    assert seeded("map", "tax", "list", "--json").json["items"] == [
        {"store_id": "woocommerce", "rate_cod": "US-NY-TAX-1", "auth_cod": "NYC", "rul_cod": "TAX"}
    ]
    assert "US-NY-TAX-1" in seeded("map", "tax", "list").out
    assert seeded("map", "tax", "remove", "US-NY-TAX-1").out == "Rate US-NY-TAX-1 is authority NYC, rule TAX no more.\n"
    assert seeded("map", "tax", "remove", "US-NY-TAX-1").code != 0
