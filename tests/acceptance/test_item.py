"""`item map` and `item set`: the store's SKUs beside the ERP's items, and what a person says of them."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program

PRODUCTS = [
    {"id": number, "type": "simple", "name": sku.title(), "sku": sku, "price": "8.00", "variations": []}
    for number, sku in enumerate(("MUG", "CAP", "SOCKS"), start=1)
]


@pytest.fixture
def shop(syncctl: Program, store: SimulatedStore) -> SimulatedStore:
    """A shop whose items the ERP has; one more that it hasn't, and one of the ERP's that the shop hasn't."""
    counted = {"manage_stock": True, "stock_quantity": 100}
    store.load(products=[{**product, **counted} for product in [*PRODUCTS, {**PRODUCTS[0], "id": 8, "sku": "TILL-ONLY"}]])
    syncctl("db", "seed", "--from-store")
    del store.state.products[8]
    store.state.products[9] = {**store.state.products[1], "id": 9, "sku": "MUG-6", "name": "=Six mugs"}
    return store


def standings(told: Any) -> dict[str, str]:
    return {row["sku"] or row["item_no"]: row["standing"] for row in told.json["items"]}


def test_skus_stand_beside_items_and_a_table_changes_what_they_mean(syncctl: Program, shop: SimulatedStore):
    told = syncctl("item", "map", "--json")
    assert told.code == 0
    assert standings(told) == {
        "CAP": "matched", "MUG": "matched", "SOCKS": "matched", "MUG-6": "store_only", "TILL-ONLY": "erp_only",
    }  # fmt: skip
    path = syncctl.folder / "items.csv"
    assert syncctl("item", "map", "--csv", str(path)).code == 0
    text = path.read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    [six] = [row for row in rows if row["SKU"] == "MUG-6"]
    assert six["NAME"] == "'=Six mugs"

    same = syncctl("item", "map", "--import", str(path), "--json").json["counts"]
    assert (same["items"], same["web_items"]) == (0, 0)
    path.write_text("SKU;ITEM_NO;PACK;RESERVE;OFF\nMUG-6;MUG;6;2;\nCAP;;;;yes\nGONE;MUG;;;\n", encoding="utf-8")
    shown = syncctl("item", "map", "--import", str(path), "--dry-run")
    assert "GONE" in shown.out and "Dry run" in shown.out
    taken = syncctl("item", "map", "--import", str(path), "--json").json
    assert (taken["counts"]["items"], taken["counts"]["web_items"], taken["not_sold"]) == (1, 2, ["GONE"])
    assert standings(syncctl("item", "map", "--json"))["MUG-6"] == "doubled"
    wanted = {row["sku"]: float(row["wanted_qty"]) for row in syncctl("stock", "diff", "--json").json["items"]}
    assert (wanted["MUG-6"], wanted["CAP"]) == (16, 0)


def test_a_table_with_one_wrong_line_changes_nothing(syncctl: Program, shop: SimulatedStore):
    path = syncctl.folder / "items.csv"
    path.write_text("SKU,ITEM_NO,OFF\nMUG-6,MUG,\nCAP,NO-SUCH,yes\nSOCKS,A-NUMBER-THAT-IS-TOO-LONG,\n", encoding="utf-8")
    ended = syncctl("item", "map", "--import", str(path))
    assert ended.code == 2
    said = " ".join(ended.err.split())
    assert "line 3: the ERP has no item NO-SUCH" in said and "line 4" in said and "Nothing was written" in said
    assert standings(syncctl("item", "map", "--known", "--json"))["MUG-6"] == "store_only"
    assert syncctl("map", "item", "list", "--json").json["items"] == []


def test_single_items_are_set_and_what_is_not_named_stays(syncctl: Program, shop: SimulatedStore):
    assert "6 of the item make one" in syncctl("item", "set", "MUG", "--pack", "6").out
    assert "reserve 2" in syncctl("item", "set", "MUG", "--reserve", "2").out
    syncctl("item", "set", "MUG", "--off")
    [row] = syncctl("item", "set", "MUG", "--json").json["items"]
    assert (float(row["pack_qty"]), float(row["reserve_qty"]), row["is_off"]) == (6, 2, True)
    assert "site's own" in syncctl("item", "set", "MUG", "--on", "--reserve", "site").out
    syncctl("item", "set", "MUG", "--every-store", "--pack", "3")
    assert "1 of the item" in syncctl("item", "set", "CAP").out
    assert "3 of the item" in syncctl("item", "set", "MUG", "--forget").out
    for wrong in (("--pack", "0"), ("--pack", "x"), ("--reserve", "-1"), ("--pack", "1e99"), ("--forget", "--off")):
        assert syncctl("item", "set", "MUG", *wrong).code == 2, wrong
    assert syncctl("item", "set", "x" * 101, "--off").code == 2
    assert syncctl("item", "map", "--csv", "a.csv", "--import", "b.csv").code == 2
