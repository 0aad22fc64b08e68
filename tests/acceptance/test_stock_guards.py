"""What keeps `stock push` quiet, and what it isn't quiet about: items lost on either side, answers that say nothing."""

from __future__ import annotations

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.acceptance.test_stock import count, pushed, shop, stock

__all__ = ["shop"]


def age_listing(syncctl: Program) -> None:
    with syncctl.connected() as connection:
        connection.execute("UPDATE USER_STORE_ITEM SET LISTED_DT = '2020-01-01 00:00:00.000'")


def lose_items(syncctl: Program) -> None:
    with syncctl.connected() as connection:
        connection.execute("UPDATE IM_ITEM SET ITEM_NO = 'GONE-' || ITEM_NO WHERE ITEM_NO <> 'MUG'")


def find_items(syncctl: Program) -> None:
    with syncctl.connected() as connection:
        connection.execute("UPDATE IM_ITEM SET ITEM_NO = SUBSTR(ITEM_NO, 6) WHERE ITEM_NO LIKE 'GONE-%'")


def test_an_erp_that_knows_few_items_any_more_is_looked_at_by_a_person(syncctl: Program, shop: SimulatedStore):
    lose_items(syncctl)
    count(syncctl, "MUG", 7)
    ended = syncctl("stock", "push", "--json")
    assert (ended.code, ended.json["status"], stock(shop)["MUG"]) == (1, "held", 100)
    assert "4 of 5 items that the store was told of" in ended.json["errors"][0]["message"]
    assert "no stock any more of 4 of 5" in syncctl("health", "--check", "stock_held").out
    assert pushed(syncctl, "--yes")["told"] == 1
    assert stock(shop)["MUG"] == 7
    for on_hand in (8, 9):
        count(syncctl, "MUG", on_hand)
        assert pushed(syncctl)["told"] == 1, "a person has said yes to this loss"
    find_items(syncctl)
    assert pushed(syncctl)["told"] == 0, "they are as they were"
    lose_items(syncctl)
    count(syncctl, "MUG", 7)
    assert syncctl("stock", "push", "--json").json["status"] == "held", "and to no other"


def test_a_person_who_means_one_item_believes_no_listing(syncctl: Program, shop: SimulatedStore):
    products = dict(shop.state.products)
    for product_id in list(products)[1:]:
        del shop.state.products[product_id]
    for more in (("--sku", "MUG"), ("--dry-run",)):
        age_listing(syncctl)
        ended = syncctl("stock", "push", "--yes", *more)
        assert (ended.code, "lists 1 of the 5 items" in ended.err) == (1, True), more
    shop.state.products.update(products)
    age_listing(syncctl)
    assert pushed(syncctl)["items"] == 5


def test_a_listing_that_a_comparison_could_not_believe_is_made_anew(syncctl: Program, shop: SimulatedStore):
    for product_id in list(shop.state.products)[2:]:
        del shop.state.products[product_id]
    assert syncctl("stock", "diff").code == 1
    assert syncctl("stock", "push", "--json").json["status"] == "held"
    assert pushed(syncctl, "--yes")["items"] == 2
    assert pushed(syncctl)["items"] == 2


def test_what_the_store_keeps_no_stock_of_any_more_is_refused_no_more(syncctl: Program, shop: SimulatedStore):
    count(syncctl, "MUG", 7)
    shop.odd.refused.add(1)
    assert pushed(syncctl)["refused"] == 1
    shop.state.products[1]["manage_stock"] = False
    age_listing(syncctl)
    assert syncctl("stock", "push", "--json").json["left_alone"] == {"unmanaged": 1}
    assert "; 1 other is tried again" not in syncctl("health", "--check", "stock_refused").out


@pytest.mark.parametrize("left", [0, 2])
def test_a_listing_that_lacks_most_items_forgets_none(syncctl: Program, shop: SimulatedStore, left: int):
    products = dict(shop.state.products)
    for product_id in list(products)[left:]:
        del shop.state.products[product_id]
    for words in (("stock", "diff"), ("item", "map")):
        ended = syncctl(*words, "--json")
        assert (ended.code, f"lists {left} of the 5 items" in ended.json["errors"][0]["message"]) == (1, True), words
    age_listing(syncctl)
    held = syncctl("stock", "push", "--json")
    assert (held.code, held.json["status"]) == (1, "held")
    assert f"lists {left} of the 5" in syncctl("health", "--check", "stock_held").out
    shop.state.products.update(products)
    age_listing(syncctl)
    count(syncctl, "SOCKS", 3)
    assert pushed(syncctl)["told"] == 1
    assert stock(shop)["SOCKS"] == 3
    for product_id in list(products)[left:]:
        del shop.state.products[product_id]
    age_listing(syncctl)
    assert pushed(syncctl, "--yes")["items"] == left
    assert pushed(syncctl)["items"] == left


def test_an_item_of_which_the_answer_says_nothing_is_told_to_people(syncctl: Program, shop: SimulatedStore):
    shop.fail("status", status=200, path="/products/batch", times=1, body='{"update": []}')
    count(syncctl, "MUG", 7)
    ended = syncctl("stock", "push", "--json")
    assert (ended.code, ended.json["counts"]["refused"]) == (1, 1)
    assert "says nothing of it" in ended.json["errors"][0]["message"]
    assert pushed(syncctl, "--sku", "MUG")["told"] == 1
    assert stock(shop)["MUG"] == 7


@pytest.mark.parametrize("words", [("stock", "push"), ("stock", "push", "--dry-run"), ("stock", "diff", "--known")])
def test_a_sku_that_the_store_does_not_sell_is_named(syncctl: Program, shop: SimulatedStore, words: tuple[str, ...]):
    ended = syncctl(*words, "--sku", "NO-SUCH", "--sku", "mug")
    assert ended.code == 2
    assert "sells nothing of SKU 'NO-SUCH'," in ended.err


@pytest.mark.parametrize("now", ["lots", [8], True, None, "8"])
def test_an_answer_that_can_not_be_read_holds_up_no_other_item(syncctl: Program, shop: SimulatedStore, now: object):
    rows = [{"id": 1, "stock_quantity": now}, {"id": 2, "stock_quantity": 7}]
    shop.fail("status", status=200, path="/products/batch", times=1, body={"update": rows})
    count(syncctl, "MUG", 7)
    count(syncctl, "CAP", 7)
    ended = syncctl("stock", "push", "--json")
    assert (ended.code, ended.json["counts"]["told"], ended.json["counts"]["refused"]) == (1, 1, 1)
    assert [item["sku"] for item in ended.json["items"] if item["error"]] == ["MUG"]


def test_blanks_around_a_sku_and_small_letters_of_a_location_are_nothing(syncctl: Program, shop: SimulatedStore):
    assert "SKU MUG: 1 of the item make one, reserve 3." in syncctl("item", "set", " MUG ", "--reserve", "3").out
    with syncctl.connected() as connection:
        [[location]] = connection.execute("SELECT DISTINCT LOC_ID FROM IM_INV WHERE ITEM_NO = 'MUG'").fetchall()
        connection.execute("INSERT INTO IM_INV (ITEM_NO, LOC_ID) VALUES ('CAP', 'OTHER')")
    syncctl("config", "erp", "set", "STOCK_LOCATIONS", f"{location.lower()}, other")
    told = syncctl("stock", "push", "--json").json
    assert [(item["sku"], item["after"]) for item in told["items"]] == [("MUG", "97")]


@pytest.mark.parametrize("more", [(), ("--sku", "MUG")])
def test_a_refusal_is_over_once_the_store_takes_what_it_had_all_along(
    syncctl: Program, shop: SimulatedStore, more: tuple[str, ...]
):
    shop.odd.refused.add(1)
    count(syncctl, "MUG", 7)
    assert pushed(syncctl)["refused"] == 1
    count(syncctl, "MUG", 100)  # as the store has it: nothing differs any more
    shop.odd.refused.clear()
    assert pushed(syncctl)["told"] == 0, "it is asked again when its time has come"
    if not more:
        with syncctl.connected() as connection:
            connection.execute("UPDATE USER_STORE_ITEM SET NEXT_ATTEMPT_DT = '2020-01-01 00:00:00.000' WHERE PRODUCT_ID = 1")
    assert pushed(syncctl, *more)["told"] == 1
    assert pushed(syncctl, *more)["told"] == 0
    with syncctl.connected() as connection:
        assert connection.execute("SELECT COUNT(ERROR_MESSAGE) FROM USER_STORE_ITEM").fetchone() == (0,)


@pytest.mark.parametrize(
    "odd",
    [
        *({"stock_quantity": odd} for odd in ("lots", "1e30")),
        {"manage_stock": "yes"},
        {"sku": ["MUG"]},
        {"type": None},
        {"id": "x"},
    ],
    ids=str,
)
def test_a_product_that_can_not_be_read_stays_as_it_was_known(syncctl: Program, shop: SimulatedStore, odd: dict[str, object]):
    shop.odd.shown[1] = odd
    age_listing(syncctl)
    count(syncctl, "MUG", 7)
    ended = syncctl("stock", "push", "--json")
    assert (ended.json["unreadable"], ended.json["counts"]["items"]) == (1, 5)
    assert [(item["sku"], item["before"], item["after"]) for item in ended.json["items"]] == [("MUG", "100", "7")]
    assert stock(shop)["MUG"] == 7, "what is sold out is told all the same"
    for words in (("stock", "diff"), ("item", "map")):
        assert "1 of the store's products can't be read" in syncctl(*words).out
    del shop.odd.shown[1]
    age_listing(syncctl)
    assert syncctl("stock", "push", "--json").json["unreadable"] == 0


def test_the_variations_of_a_product_that_can_not_be_read_stay_known(syncctl: Program, shop: SimulatedStore):
    part = {"id": 21, "sku": "CUP-S", "name": "S", "price": "8", "manage_stock": True, "stock_quantity": 5}
    shop.state.products[20] = {"id": 20, "name": "Cup", "type": "variable", "sku": "", "variations": [part]}
    age_listing(syncctl)
    assert pushed(syncctl)["items"] == 6
    shop.odd.breaks[20] = "page"
    age_listing(syncctl)
    assert pushed(syncctl)["items"] == 6
    del shop.odd.breaks[20], shop.state.products[20]
    age_listing(syncctl)
    assert pushed(syncctl)["items"] == 5


def test_a_location_that_the_erp_does_not_have_is_refused_and_one_that_went_is_told_of(syncctl: Program, shop: SimulatedStore):
    with syncctl.connected() as connection:
        connection.executemany(
            "INSERT INTO IM_INV (ITEM_NO, LOC_ID, QTY_ON_HND) VALUES ('MUG', ?, '1.0000')", [(f"L{n:02d}",) for n in range(2, 14)]
        )
    refused = syncctl("config", "erp", "set", "STOCK_LOCATIONS", "01, nowhere")
    assert refused.code == 2
    assert "names the location nowhere, where the ERP keeps no stock. It does at: 01, L02, L03," in refused.err
    assert "L10, …." in refused.err and "L11" not in refused.err
    assert syncctl("config", "erp", "set", "STOCK_LOCATIONS", "01, L02").code == 0
    assert pushed(syncctl)["told"] == 1
    before = stock(shop)
    with syncctl.connected() as connection:
        connection.execute("UPDATE IM_INV SET LOC_ID = 'WEST' WHERE LOC_ID = 'L02'")
    for words in (("stock", "push"), ("stock", "push", "--yes"), ("stock", "push", "--dry-run"), ("stock", "diff")):
        ended = syncctl(*words)
        assert (ended.code, "STOCK_LOCATIONS names the location L02, where" in ended.err + ended.out) == (1, True), words
    assert stock(shop) == before
    assert "STOCK_LOCATIONS names the location L02, where" in syncctl("health", "--check", "stock_held").out
    assert "STOCK_LOCATIONS names the location L02, where" in syncctl("config", "erp", "list", "--json").out
    syncctl("config", "erp", "set", "STOCK_LOCATIONS", "01, west")
    assert pushed(syncctl)["told"] == 0
    assert syncctl("health", "--check", "stock_held").code == 0


def test_the_location_of_the_documents_counts_where_none_is_named(syncctl: Program, shop: SimulatedStore):
    assert syncctl("config", "erp", "set", "STK_LOC_ID", "MAIN").code == 0, "a document may be the first of a location"
    ended = syncctl("stock", "push")
    assert (ended.code, "STK_LOC_ID names the location MAIN, where" in ended.err) == (1, True)
    syncctl("config", "erp", "set", "STOCK_LOCATIONS", "01")
    assert pushed(syncctl)["told"] == 0
