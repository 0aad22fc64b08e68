"""`stock push` and `stock diff`: the store offers what the ERP has for it, and nothing is told wrongly."""

from __future__ import annotations

from contextlib import closing

import pytest

from syncctl.db.connect import open_database
from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.acceptance.test_giving_up import at_a_terminal, needs_terminal
from tests.raws import raw_order

PRODUCTS = [
    {"id": number, "type": "simple", "name": sku.title(), "sku": sku, "price": "8.00", "variations": []}
    for number, sku in enumerate(("MUG", "CAP", "TEE-BLK", "POSTER", "SOCKS"), start=1)
]


@pytest.fixture
def shop(syncctl: Program, store: SimulatedStore) -> SimulatedStore:
    """A shop whose items the ERP has, a hundred of each, and whose store was told once."""
    syncctl.settings |= {"SYNCCTL_STOCK_PUSH": "true", "SYNCCTL_UNKNOWN_CUSTOMER": "create"}
    store.load(products=[{**product, "manage_stock": True, "stock_quantity": 100} for product in PRODUCTS])
    syncctl("db", "seed", "--from-store")
    assert syncctl("stage").code == 0
    assert syncctl("stock", "push", "--yes", "--all").code == 0
    store.requests.clear()
    return store


def stock(store: SimulatedStore) -> dict[str, int]:
    return {product["sku"]: product["stock_quantity"] for product in store.state.products.values()}


def count(syncctl: Program, sku: str, on_hand: int) -> None:
    with syncctl.connected() as connection:
        connection.execute("UPDATE IM_INV SET QTY_ON_HND = ? WHERE ITEM_NO = ?", (f"{on_hand}.0000", sku))


def pushed(syncctl: Program, *more: str) -> dict[str, int]:
    return dict(syncctl("stock", "push", *more, "--json").json["counts"])


def test_only_what_differs_is_told(syncctl: Program, shop: SimulatedStore):
    assert pushed(syncctl)["told"] == 0
    assert [method for method, _, _ in shop.requests if method != "GET"] == []
    count(syncctl, "MUG", 7)
    told = syncctl("stock", "push", "--json").json
    assert (told["counts"]["told"], told["counts"]["changes"], told["counts"]["refused"]) == (1, 1, 0)
    assert [(item["sku"], item["before"], item["after"]) for item in told["items"]] == [("MUG", "100", "7")]
    assert stock(shop)["MUG"] == 7
    assert pushed(syncctl)["told"] == 0


def test_nothing_is_told_while_another_run_still_polls(syncctl: Program, shop: SimulatedStore):
    count(syncctl, "MUG", 90)
    with closing(open_database(f"sqlite:///{syncctl.folder / 'shop.db'}")) as other, other.exclusive("stage woocommerce"):
        ended = syncctl("stock", "push")
    assert ended.code == 75
    assert "Another run polls the store's orders, and has not ended within a minute" in ended.err
    assert syncctl.waited == [5] * 11
    assert stock(shop)["MUG"] == 100
    assert pushed(syncctl)["told"] == 1


def test_the_stores_own_sale_is_not_given_back(syncctl: Program, shop: SimulatedStore):
    shop.shopkeeper.place(raw_order(("MUG", 3, "8.00")))
    product = next(each for each in shop.state.products.values() if each["sku"] == "MUG")
    product["stock_quantity"] = 97  # as the store itself counts it
    count(syncctl, "MUG", 90)  # and ten went over the counter
    assert pushed(syncctl)["told"] == 1
    assert stock(shop)["MUG"] == 87
    syncctl("process")
    assert pushed(syncctl)["told"] == 0
    assert stock(shop)["MUG"] == 87


def test_a_view_that_returns_nothing_empties_no_shop(syncctl: Program, shop: SimulatedStore):
    before = stock(shop)
    with syncctl.connected() as connection:
        connection.execute("UPDATE IM_INV SET QTY_ON_HND = '0.0000'")
    ended = syncctl("stock", "push", "--json")
    assert (ended.code, ended.json["status"]) == (1, "held")
    assert "SYNCCTL_STOCK_ZERO_SHARE" in ended.json["errors"][0]["message"]
    assert stock(shop) == before
    assert pushed(syncctl, "--yes")["zeroed"] == len(before)
    assert set(stock(shop).values()) == {0}


def test_the_first_push_is_looked_at_by_a_person(syncctl: Program, store: SimulatedStore):
    syncctl.settings["SYNCCTL_STOCK_PUSH"] = "true"
    store.load(products=[{**product, "manage_stock": True, "stock_quantity": 1} for product in PRODUCTS])
    syncctl("db", "seed", "--from-store")
    before = stock(store)
    with syncctl.connected() as connection:
        connection.execute("UPDATE IM_INV SET QTY_ON_HND = '5.0000'")
    shown = syncctl("stock", "push", "--dry-run")
    assert shown.code == 0
    assert "Dry run" in shown.out
    ended = syncctl("stock", "push")
    assert ended.code == 1
    assert "first time" in ended.err
    assert stock(store) == before
    assert syncctl("stock", "push", "--yes").code == 0
    assert set(stock(store).values()) == {5}


def test_an_item_that_the_store_refuses_holds_up_no_other(syncctl: Program, shop: SimulatedStore):
    refused = next(product["id"] for product in shop.state.products.values() if product["sku"] == "MUG")
    shop.odd.refused.add(refused)
    for sku in stock(shop):
        count(syncctl, sku, 50)
    ended = syncctl("stock", "push", "--yes", "--json")
    told = ended.json
    assert ended.code == 1
    assert (told["counts"]["refused"], told["counts"]["told"]) == (1, len(stock(shop)) - 1)
    assert "can't be changed" in told["errors"][0]["message"]
    again = syncctl("stock", "push", "--json").json
    assert (again["counts"]["changes"], again["left_alone"]) == (0, {"waiting": 1})
    shop.odd.refused.clear()
    assert pushed(syncctl, "--sku", "MUG")["told"] == 1
    assert stock(shop)["MUG"] == 50


def test_what_the_store_has_right_is_no_change_to_be_asked_about(syncctl: Program, store: SimulatedStore):
    syncctl.settings["SYNCCTL_STOCK_PUSH"] = "true"
    store.load(
        products=[{**PRODUCTS[0], "id": n, "sku": f"S-{n}", "manage_stock": True, "stock_quantity": 100} for n in range(1, 31)]
    )
    syncctl("db", "seed", "--from-store")
    assert pushed(syncctl, "--yes", "--all")["told"] == 30
    assert pushed(syncctl, "--all")["told"] == 30


def test_it_tells_nothing_until_somebody_allows_it(syncctl: Program, shop: SimulatedStore):
    del syncctl.settings["SYNCCTL_STOCK_PUSH"]
    count(syncctl, "MUG", 7)
    assert syncctl("stock", "push", "--json").json["status"] == "disabled"
    assert pushed(syncctl, "--dry-run")["changes"] == 1
    assert stock(shop)["MUG"] == 100


def test_a_store_that_is_down_is_told_by_the_next_run(syncctl: Program, shop: SimulatedStore):
    count(syncctl, "MUG", 7)
    shop.fail("status", status=503, path="/products/batch", times=50)
    assert syncctl("stock", "push").code == 69
    assert stock(shop)["MUG"] == 100
    shop.faults.clear()
    assert pushed(syncctl)["told"] == 1
    assert stock(shop)["MUG"] == 7


def test_diff_explains_each_difference(syncctl: Program, shop: SimulatedStore):
    shop.shopkeeper.place(raw_order(("MUG", 3, "8.00")))
    count(syncctl, "MUG", 90)
    syncctl("stage")
    shop.state.products[9999] = {**next(iter(shop.state.products.values())), "id": 9999, "sku": "NO-SUCH", "variations": []}
    told = syncctl("stock", "diff", "--json")
    assert told.code == 1
    [mug] = [item for item in told.json["items"] if item["sku"] == "MUG"]
    figures = [float(mug[name]) for name in ("store_qty", "wanted_qty", "on_hand", "held", "staged")]
    assert figures == [100, 87, 90, 0, 3]
    assert [item["standing"] for item in told.json["items"] if item["sku"] == "NO-SUCH"] == ["unknown"]
    shown = syncctl("stock", "diff", "--known")
    assert "no such item in the ERP" in shown.out


@needs_terminal
def test_at_a_terminal_a_person_is_asked_with_nothing_drawn_over_the_question(syncctl: Program, shop: SimulatedStore):
    with syncctl.connected() as connection:
        connection.execute("UPDATE IM_INV SET QTY_ON_HND = '0.0000'")
    before = stock(shop)
    no = at_a_terminal(syncctl, "stock", "push", types="n\n")
    assert (no.code, stock(shop)) == (1, before)
    assert no.err.rsplit("[y/N] ", 1)[-1].lstrip("n\r\n") == "syncctl: The store was told nothing.\n", "no bar over the question"
    assert at_a_terminal(syncctl, "stock", "push", types="y\n").code == 0
    assert set(stock(shop).values()) == {0}
