"""`price push`: the store asks what the ERP says, and nothing is told wrongly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from syncctl.db.embedded.engine import EmbeddedDatabase
from syncctl.demo.shopify_raws import variants_like
from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.acceptance.test_giving_up import at_a_terminal, needs_terminal
from tests.shopify_shop import TOKEN, SimulatedShopify

SKUS = ("MUG", "CAP", "TEE-BLK", "POSTER", "SOCKS")


def product(number: int, sku: str, price: str = "10.00", **more: Any) -> dict[str, Any]:
    priced = {"price": price, "regular_price": price, "sale_price": ""}
    held = {"id": number, "type": "simple", "name": sku.title(), "sku": sku, "manage_stock": True, "stock_quantity": 5}
    return {**held, **priced, "variations": [], **more}


PRODUCTS = [product(number, sku) for number, sku in enumerate(SKUS, start=1)]


@pytest.fixture
def shop(syncctl: Program, store: SimulatedStore) -> SimulatedStore:
    """A shop of five items at 10.00 in the ERP and in the store, which was told once."""
    syncctl.settings["SYNCCTL_PRICE_PUSH"] = "true"
    store.load(products=PRODUCTS)
    syncctl("db", "seed", "--from-store")
    assert syncctl("price", "push", "--yes", "--all").code == 0
    store.requests.clear()
    return store


def asked(store: SimulatedStore) -> dict[str, str]:
    return {each["sku"]: each["regular_price"] for each in store.state.products.values()}


def reprice(syncctl: Program, sku: str, price: str | None, column: str = "PRC_1") -> None:
    with syncctl.connected() as connection:
        connection.execute(f"UPDATE IM_PRC SET {column} = ? WHERE ITEM_NO = ?", (price, sku))


def pushed(syncctl: Program, *more: str) -> dict[str, int]:
    return dict(syncctl("price", "push", *more, "--json").json["counts"])


def test_only_what_differs_is_told(syncctl: Program, shop: SimulatedStore):
    assert pushed(syncctl)["told"] == 0
    assert [method for method, _, _ in shop.requests if method != "GET"] == []
    reprice(syncctl, "MUG", "11.5000")
    ended = syncctl("price", "push", "--json")
    told = ended.json
    assert (ended.code, told["status"]) == (0, "ok")
    assert told["counts"] == {"items": 5, "changes": 1, "told": 1, "refused": 0, "left_alone": 0, "held": 0}
    none = {"sale": None, "sale_from": None, "sale_to": None}
    [item] = told["items"]
    assert (item["before"], item["after"]) == ({"regular": "10", **none}, {"regular": "11.5", **none})
    assert asked(shop)["MUG"] == "11.50"
    assert pushed(syncctl)["told"] == 0


def test_a_price_that_changes_by_more_than_a_third_waits_and_the_rest_is_told(syncctl: Program, shop: SimulatedStore):
    reprice(syncctl, "MUG", "100.0000")
    reprice(syncctl, "CAP", "6.0000")
    reprice(syncctl, "SOCKS", "13.4000")
    ended = syncctl("price", "push", "--json")
    told = ended.json
    assert (ended.code, told["status"]) == (1, "held")
    assert (told["counts"]["told"], told["counts"]["held"], told["counts"]["changes"]) == (1, 2, 3)
    assert {item["sku"] for item in told["items"] if item["held"]} == {"MUG", "CAP"}
    [error] = told["errors"]
    assert "CAP 10 → 6; MUG 10 → 100." in error["message"] and "SYNCCTL_PRICE_CHANGE_LIMIT" in error["message"]
    assert asked(shop) == {**dict.fromkeys(SKUS, "10.00"), "SOCKS": "13.40"}
    assert pushed(syncctl)["held"] == 2, "they wait on"
    assert pushed(syncctl, "--sku", "MUG", "--yes")["told"] == 1
    assert (asked(shop)["MUG"], asked(shop)["CAP"]) == ("100.00", "10.00")


@pytest.mark.parametrize("price", [None, "0.0000", "-4.0000", "99999999999.0000"])
def test_a_price_that_is_none_is_never_told(syncctl: Program, shop: SimulatedStore, price: str | None):
    reprice(syncctl, "MUG", price)
    for more in ([], ["--yes"], ["--yes", "--all"], ["--yes", "--sku", "MUG"]):
        told = syncctl("price", "push", *more, "--json")
        assert (told.code, told.json["left_alone"]) == (0, {"unpriced": 1})
    assert asked(shop)["MUG"] == "10.00"


def test_a_price_list_that_suddenly_has_nothing_is_told_to_a_person(syncctl: Program, shop: SimulatedStore):
    with syncctl.connected() as connection:
        connection.execute("UPDATE IM_PRC SET PRC_1 = '0.0000' WHERE ITEM_NO <> 'CAP'")
    reprice(syncctl, "CAP", "11.0000")
    ended = syncctl("price", "push", "--json")
    assert (ended.code, ended.json["status"]) == (1, "held")
    assert "no price any more of 4 of 5 items" in ended.json["errors"][0]["message"]
    assert set(asked(shop).values()) == {"10.00"}
    assert pushed(syncctl, "--yes")["told"] == 1
    assert asked(shop) == {**dict.fromkeys(SKUS, "10.00"), "CAP": "11.00"}
    reprice(syncctl, "CAP", "12.0000")
    assert pushed(syncctl)["told"] == 1, "a person has said yes to this loss"
    for sku in SKUS:
        reprice(syncctl, sku, "10.0000")
    assert pushed(syncctl)["told"] == 1
    for sku in SKUS:
        reprice(syncctl, sku, None)
    assert syncctl("price", "push", "--json").json["status"] == "held", "and to no other"


def test_an_erp_that_has_few_prices_is_asked_about_once(syncctl: Program, large: SimulatedStore):
    for number in range(1, 21):
        reprice(syncctl, f"SKU-{number:02d}", None)
    assert syncctl("price", "push", "--json").json["status"] == "held"
    assert pushed(syncctl, "--yes")["left_alone"] == 20
    reprice(syncctl, "SKU-30", "11.0000")
    assert pushed(syncctl)["told"] == 1


@pytest.fixture
def large(syncctl: Program, store: SimulatedStore) -> SimulatedStore:
    """A shop of thirty items."""
    syncctl.settings["SYNCCTL_PRICE_PUSH"] = "true"
    store.load(products=[product(number, f"SKU-{number:02d}") for number in range(1, 31)])
    syncctl("db", "seed", "--from-store")
    assert syncctl("price", "push", "--yes", "--all").code == 0
    return store


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        (["10.5000"] * 16, "16 of 30 prices would change"),
        (["0.1000"] * 11 + ["10.5000"], "11 of 12 changes are of more than 34%"),
    ],
    ids=["most", "mostly wrong"],
)
def test_a_push_that_would_change_most_tells_nothing(syncctl: Program, large: SimulatedStore, prices: list[str], said: str):
    for number, price in enumerate(prices, start=1):
        reprice(syncctl, f"SKU-{number:02d}", price)
    ended = syncctl("price", "push", "--json")
    assert (ended.code, ended.json["status"], ended.json["counts"]["told"]) == (1, "held", 0)
    assert said in ended.json["errors"][0]["message"] and "SYNCCTL_PRICE_CHANGE_SHARE" in ended.json["errors"][0]["message"]
    assert set(asked(large).values()) == {"10.00"}
    assert pushed(syncctl, "--yes")["told"] == len(prices)


def test_what_the_store_has_right_is_no_change_to_be_asked_about(syncctl: Program, large: SimulatedStore):
    reprice(syncctl, "SKU-01", "10.5000")
    assert pushed(syncctl, "--all")["told"] == 30
    assert asked(large)["SKU-01"] == "10.50"


def test_the_first_push_is_looked_at_by_a_person(syncctl: Program, store: SimulatedStore):
    syncctl.settings["SYNCCTL_PRICE_PUSH"] = "true"
    store.load(products=PRODUCTS)
    syncctl("db", "seed", "--from-store")
    reprice(syncctl, "MUG", "11.0000")
    shown = syncctl("price", "push", "--dry-run")
    assert shown.code == 0
    assert "Dry run" in shown.out and "11" in shown.out
    ended = syncctl("price", "push", "--json")
    assert (ended.code, ended.json["status"]) == (1, "held")
    assert "first time" in ended.json["errors"][0]["message"]
    assert set(asked(store).values()) == {"10.00"}
    assert syncctl("price", "push", "--yes").code == 0
    assert asked(store)["MUG"] == "11.00"


def test_an_item_that_the_store_refuses_holds_up_no_other(syncctl: Program, shop: SimulatedStore):
    shop.odd.refused.add(1)
    for sku in SKUS:
        reprice(syncctl, sku, "11.0000")
    ended = syncctl("price", "push", "--yes", "--json")
    told = ended.json
    assert (ended.code, told["status"]) == (1, "some_failed")
    assert (told["counts"]["refused"], told["counts"]["told"]) == (1, 4)
    assert "SKU MUG: the store refused 11: The product can't be changed." in told["errors"][0]["message"]
    again = syncctl("price", "push", "--json").json
    assert (again["counts"]["changes"], again["left_alone"]) == (0, {"waiting": 1})
    shop.odd.refused.clear()
    assert pushed(syncctl, "--sku", "MUG")["told"] == 1
    assert set(asked(shop).values()) == {"11.00"}


def test_it_tells_nothing_until_somebody_allows_it(syncctl: Program, shop: SimulatedStore):
    del syncctl.settings["SYNCCTL_PRICE_PUSH"]
    reprice(syncctl, "MUG", "11.0000")
    ended = syncctl("price", "push", "--json")
    assert (ended.code, ended.json["status"]) == (0, "disabled")
    assert "SYNCCTL_PRICE_PUSH" in syncctl("price", "push").out
    assert pushed(syncctl, "--dry-run")["changes"] == 1
    assert asked(shop)["MUG"] == "10.00"


def test_a_sku_that_nobody_knows_is_no_fault(syncctl: Program, shop: SimulatedStore):
    assert pushed(syncctl, "--sku", "NO-SUCH", "--yes")["items"] == 0


def test_a_store_that_is_down_is_told_by_the_next_run(syncctl: Program, shop: SimulatedStore):
    reprice(syncctl, "MUG", "11.0000")
    shop.fail("status", status=503, path="/products/batch", times=50)
    assert syncctl("price", "push").code == 69
    shop.faults.clear()
    shop.fail("status", status=503, path="/settings/general", times=50)
    assert syncctl("price", "push").code == 69
    shop.faults.clear()
    assert pushed(syncctl)["told"] == 1
    assert asked(shop)["MUG"] == "11.00"


def test_a_run_that_is_killed_before_it_notes_is_followed_by_one_that_tells_the_rest(
    syncctl: Program, shop: SimulatedStore, monkeypatch: pytest.MonkeyPatch
):
    reprice(syncctl, "MUG", "11.0000")
    run = EmbeddedDatabase.run

    def killed(self: EmbeddedDatabase, call: Any) -> Any:
        if type(call).__name__ == "NotePriceTold":
            raise KeyboardInterrupt
        return run(self, call)

    with monkeypatch.context() as patched:
        patched.setattr(EmbeddedDatabase, "run", killed)
        assert syncctl("price", "push").code != 0
    assert asked(shop)["MUG"] == "11.00"
    assert pushed(syncctl)["told"] == 1, "nobody noted it: told twice, which does no harm"
    assert (asked(shop)["MUG"], pushed(syncctl)["told"]) == ("11.00", 0)


@contextmanager
def running(syncctl: Program) -> Iterator[None]:
    """Let another host be at it."""
    database = EmbeddedDatabase(syncctl.folder / "shop.db")
    with database.exclusive("prices woocommerce"):
        yield
    database.close()


def test_two_at_once_do_not_tell_twice(syncctl: Program, shop: SimulatedStore):
    reprice(syncctl, "MUG", "11.0000")
    with running(syncctl):
        ended = syncctl("price", "push", "--json")
    assert (ended.code, ended.json["status"]) == (75, "already_running")
    assert asked(shop)["MUG"] == "10.00"


def test_tax_goes_in_or_out_where_the_two_differ(syncctl: Program, shop: SimulatedStore):
    shop.state.settings["tax"]["woocommerce_prices_include_tax"] = "yes"
    ended = syncctl("price", "push", "--json")
    assert ended.code == 78
    [error] = ended.json["errors"]
    assert "prices are without tax, the store's with it" in error["message"] and "WEB_TAX_RATE" in error["message"]
    assert syncctl("price", "push", "--dry-run").code == 78
    assert syncctl("config", "erp", "set", "WEB_TAX_RATE", "19").code == 0
    assert pushed(syncctl)["told"] == 5
    assert set(asked(shop).values()) == {"11.90"}
    shop.state.settings["general"]["woocommerce_price_num_decimals"] = "0"
    assert pushed(syncctl)["told"] == 5
    assert set(asked(shop).values()) == {"12"}
    shop.state.settings["general"]["woocommerce_calc_taxes"] = "no"
    assert pushed(syncctl)["told"] == 5
    assert set(asked(shop).values()) == {"10"}, "where the store reckons no tax, the price goes as it is"


def test_a_store_that_hides_its_settings_is_told_nothing(syncctl: Program, shop: SimulatedStore):
    reprice(syncctl, "MUG", "11.0000")
    shop.fail("status", status=403, path="/settings/general", times=1)
    ended = syncctl("price", "push")
    assert ended.code in (1, 78)
    assert asked(shop)["MUG"] == "10.00"


def test_a_sale_is_told_and_taken_back(syncctl: Program, shop: SimulatedStore):
    assert syncctl("config", "erp", "set", "WEB_SALE_LIST", "PRC_2").code == 0
    reprice(syncctl, "MUG", "8.0000", "PRC_2")
    told = syncctl("price", "push", "--json").json
    assert [item["after"]["sale"] for item in told["items"]] == ["8"]
    mug = shop.state.products[1]
    assert (mug["regular_price"], mug["sale_price"], mug["price"]) == ("10.00", "8.00", "8.00")
    assert pushed(syncctl)["told"] == 0
    reprice(syncctl, "MUG", None, "PRC_2")
    assert pushed(syncctl)["told"] == 1
    assert (mug["sale_price"], mug["price"]) == ("", "10.00")
    reprice(syncctl, "MUG", "1.0000", "PRC_2")
    assert pushed(syncctl)["held"] == 1, "a sale at a tenth of the price is looked at first"


def test_variations_are_told_and_sets_are_left_alone(syncctl: Program, store: SimulatedStore):
    syncctl.settings["SYNCCTL_PRICE_PUSH"] = "true"
    sizes = [product(number, sku) for number, sku in ((31, "SHIRT-S"), (32, "SHIRT-M"))]
    shirt = product(30, "SHIRT", type="variable", regular_price="", variations=sizes)
    bundle = product(40, "MUG", type="grouped", regular_price="")
    store.load(products=[product(1, "CAP"), shirt, bundle])
    syncctl("db", "seed", "--from-store")
    for sku in ("SHIRT-S", "CAP", "MUG"):
        reprice(syncctl, sku, "12.0000")
    told = syncctl("price", "push", "--yes", "--json").json
    assert (told["counts"]["told"], told["left_alone"]) == (2, {"unmanaged": 1})
    held = store.state.products
    assert [each["regular_price"] for each in held[30]["variations"]] == ["12.00", "10.00"]
    assert (held[1]["regular_price"], held[40]["regular_price"]) == ("12.00", "")


@pytest.fixture
def shopify(syncctl: Program) -> Iterator[SimulatedShopify]:
    with SimulatedShopify() as made:
        made.products = variants_like(PRODUCTS)
        syncctl.settings |= {
            "SYNCCTL_SOURCE": "shopify",
            "SYNCCTL_SHOPIFY_URL": made.url,
            "SYNCCTL_SHOPIFY_TOKEN": TOKEN,
            "SYNCCTL_PRICE_PUSH": "true",
        }
        yield made


def test_shopify_is_told_price_and_compare_at_price(syncctl: Program, shopify: SimulatedShopify):
    def asks() -> dict[str, tuple[str, str | None]]:
        return {each["sku"]: (each["price"], each["compareAtPrice"]) for each in shopify.products}

    syncctl("db", "seed", "--from-store")
    assert syncctl("config", "erp", "set", "WEB_SALE_LIST", "PRC_2").code == 0
    reprice(syncctl, "MUG", "11.0000")
    reprice(syncctl, "CAP", "8.0000", "PRC_2")
    assert syncctl("price", "push").code == 1, "the first time"
    assert syncctl("price", "push", "--yes").code == 0
    plain = ("10.00", None)
    assert asks() == {**dict.fromkeys(SKUS, plain), "MUG": ("11.00", None), "CAP": ("8.00", "10.00")}
    assert pushed(syncctl)["told"] == 0
    reprice(syncctl, "CAP", None, "PRC_2")
    shopify.prices.refused[shopify.products[0]["id"]] = "Not this one."
    reprice(syncctl, "MUG", "12.0000")
    ended = syncctl("price", "push", "--json")
    assert (ended.code, ended.json["counts"]["told"], ended.json["counts"]["refused"]) == (1, 1, 1)
    assert "Not this one." in json.dumps(ended.json["errors"])
    assert asks() == {**dict.fromkeys(SKUS, plain), "MUG": ("11.00", None)}
    shopify.scopes.remove("write_products")
    assert syncctl("price", "push", "--sku", "MUG").code != 0
    assert "write_products" in json.dumps(syncctl("config", "check", "--json").json)


@needs_terminal
def test_at_a_terminal_a_person_is_asked_of_what_waits(syncctl: Program, shop: SimulatedStore):
    reprice(syncctl, "MUG", "100.0000")
    reprice(syncctl, "SOCKS", "11.0000")
    no = at_a_terminal(syncctl, "price", "push", types="n\n")
    assert "MUG 10 → 100" in no.err and "The others were told." in no.err
    assert no.err.rsplit("[y/N] ", 1)[-1].lstrip("n\r\n") == "syncctl: What waits was not told.\n", "no bar over the question"
    assert (no.code, "1 told, 1 held" in no.out) == (1, True)
    assert (asked(shop)["MUG"], asked(shop)["SOCKS"]) == ("10.00", "11.00")
    yes = at_a_terminal(syncctl, "price", "push", types="y\n")
    assert yes.code == 0, yes.err
    assert asked(shop)["MUG"] == "100.00"


def test_a_price_list_that_the_erp_does_not_have_is_told_of(syncctl: Program, shop: SimulatedStore):
    with syncctl.connected() as connection:
        connection.execute("UPDATE USER_ERP_SETTING SET VALUE = 'PRC_9' WHERE NAME = 'WEB_PRICE_LIST'")
    ended = syncctl("price", "push", "--yes")
    assert (ended.code, "WEB_PRICE_LIST takes PRC_1 to PRC_6" in ended.err) == (1, True)
    assert "WEB_PRICE_LIST takes" in syncctl("health", "--check", "price_held").out
    syncctl("config", "erp", "set", "WEB_PRICE_LIST", "PRC_1")
    assert pushed(syncctl)["told"] == 0
