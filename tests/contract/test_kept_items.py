"""A line that is in the document keeps its item: what decides is the product that it is of, never the SKU of today."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from syncctl.db import embedded
from syncctl.db.contract import SeedDemoErp, ValidateStagedOrder
from syncctl.db.deploy_scripts import split, sql_root
from tests.orders import line, order, product_of, stage
from tests.shop import Line, Shop

D = Decimal
TEE = product_of("TEE-BLK")


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def errors(shop, *lines):
    """Stage order 4711 with these lines and return what is wrong with it: code and field."""
    stage(shop.database, order(4711, *lines))
    found = shop.database.run(ValidateStagedOrder(staging_id=shop.staged()["STAGING_ID"]))
    return [(row.code, row.field) for row in found if row.severity == "error"]


@pytest.mark.parametrize(
    ("sku", "product"),
    [
        (None, 0),  # the product was deleted
        (None, TEE),  # its SKU was
        ("TEE-2027", TEE),  # renamed
        ("CAP", TEE),  # another item's SKU is given to it
        ("CAP", 0),
        ("", TEE),
        ("T" * 300, TEE),
    ],
)
def test_an_edit_is_followed_and_the_item_stays(shop, sku, product):
    doc = shop.apply(line(1, "TEE-BLK", "2", "39.98"), line(2, "MUG")).doc_id
    applied = shop.apply(line(1, sku, "5", "99.95", product=product), line(2, "MUG"))
    assert (applied.doc_id, applied.outcome) == (doc, "updated")
    assert shop.lines(doc)[1] == Line("TEE-BLK", D(5), D("19.99"), D("99.95"), D("99.95"))
    assert shop.on_order() == {"MUG": D(1), "TEE-BLK": D(5)}
    # What is known of the product outlives it.
    shop.apply(line(1, "CAP", "1", "19.99", product=TEE), line(2, "MUG"))
    assert shop.on_order() == {"MUG": D(1), "TEE-BLK": D(1)}


def test_nothing_changes_where_only_the_sku_did(shop):
    doc = shop.apply(line(1, "TEE-BLK", descr="Tee"), line(2, "MUG", "3", "30.00", descr="Mug")).doc_id
    before = shop.lines(doc)
    mug = line(2, "MUG-2027", "3", "30.00", product=product_of("MUG"), descr="Mug")
    assert errors(shop, line(1, None, descr="Tee", product=0), mug) == []
    shop.work(shop.claim())
    assert shop.lines(doc) == before
    events = shop.query("SELECT MESSAGE FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'UPDATED'", ())
    assert "0 lines changed, 0 added, 0 removed" in events[-1]["MESSAGE"]


def test_another_product_on_the_line_is_another_item(shop):
    doc = shop.apply(line(1, "TEE-BLK", "2", "39.98")).doc_id
    shop.apply(line(1, "MUG", "2", "39.98"))
    assert shop.lines(doc)[1].item_no == "MUG"
    assert shop.on_order() == {"MUG": D(2)}
    # From here on the line is a mug's.
    shop.apply(line(1, "TEE-BLK", "1", "19.99", product=product_of("MUG")))
    assert shop.on_order() == {"MUG": D(1)}


def test_another_product_without_an_item_goes_to_a_person(shop):
    shop.apply(line(1, "TEE-BLK"))
    assert errors(shop, line(1, "NO-SUCH")) == [("unknown_sku", "LINE_ITEMS[1].SKU")]
    assert errors(shop, line(1, None)) == [("missing_sku", "LINE_ITEMS[1].SKU")]


def test_another_variation_is_another_item_and_a_deleted_one_is_not(shop):
    doc = shop.apply(line(1, "TEE-BLK", product=70, variation=71)).doc_id
    shop.apply(line(1, "CAP", "2", product=70, variation=0))
    assert shop.lines(doc)[1].item_no == "TEE-BLK"
    shop.apply(line(1, "CAP", "3", product=70, variation=71))
    assert shop.lines(doc)[1].item_no == "TEE-BLK"
    shop.apply(line(1, "CAP", "2", product=70, variation=72))
    assert shop.lines(doc)[1].item_no == "CAP"


def test_a_line_that_never_had_a_product_goes_by_its_sku(shop):
    doc = shop.apply(line(1, "TEE-BLK", product=0)).doc_id
    shop.apply(line(1, "MUG", product=0))
    assert shop.lines(doc)[1].item_no == "MUG"


def test_a_line_written_before_products_were_kept_is_of_the_product_that_it_has(shop):
    doc = shop.apply(line(1, "TEE-BLK")).doc_id
    shop.query("UPDATE dbo.USER_ORDER_LINE_LINK SET PRODUCT_ID = NULL, VARIATION_ID = NULL", ())
    shop.apply(line(1, "TEE-2027", "2", "39.98", product=TEE))
    assert shop.lines(doc)[1].item_no == "TEE-BLK"
    shop.apply(line(1, "MUG", "2", "39.98"))
    assert shop.lines(doc)[1].item_no == "MUG"


def test_an_upgrade_learns_the_products_of_what_has_not_changed_since(shop):
    stage(shop.database, order(4711, line(1, "TEE-BLK", product=70, variation=71), line(2, "MUG", product=0)), order(4712))
    for claimed in shop.claim_all():
        shop.work(claimed)
    shop.query("UPDATE dbo.USER_ORDER_LINE_LINK SET PRODUCT_ID = NULL, VARIATION_ID = NULL", ())
    stage(shop.database, order(4712, line(1, "CAP")))
    if shop.database.engine == "embedded":
        step = (Path(embedded.__file__).parent / "upgrades" / "014.sql").read_text(encoding="utf-8")
        for statement in step.split(";\n")[2:]:
            shop.query(statement, ())
    else:
        step = (Path(str(sql_root())) / "schema" / "065_ORDER_LINE_PRODUCTS.sql").read_text(encoding="utf-8")
        for part in split(step):
            shop.query(part.text, ())
    rows = shop.query("SELECT * FROM dbo.USER_ORDER_LINE_LINK ORDER BY WOO_ORDER_ID, WOO_LINE_ID", ())
    assert [(row["WOO_ORDER_ID"], row["PRODUCT_ID"], row["VARIATION_ID"]) for row in rows] == [
        (4711, 70, 71),
        (4711, 0, 0),
        (4712, None, None),
    ]


def test_a_reopened_document_keeps_its_items_too(shop):
    doc = shop.apply(line(1, "TEE-BLK", "2", "39.98")).doc_id
    shop.cancel(line(1, None, "2", "39.98", product=0))
    again = shop.apply(line(1, None, "2", "39.98", product=0))
    assert (again.doc_id, again.outcome) == (doc, "reopened")
    assert shop.lines(doc)[1].item_no == "TEE-BLK"
    assert shop.on_order() == {"TEE-BLK": D(2)}


def test_a_new_line_goes_by_its_sku(shop):
    doc = shop.apply(line(1, "TEE-BLK")).doc_id
    shop.apply(line(1, None, product=0), line(2, "CAP", product=TEE))
    assert {number: held.item_no for number, held in shop.lines(doc).items()} == {1: "TEE-BLK", 2: "CAP"}
    assert errors(shop, line(1, None, product=0), line(2, "CAP", product=TEE), line(3, None)) == [
        ("missing_sku", "LINE_ITEMS[3].SKU")
    ]


def test_the_price_is_compared_with_the_item_that_the_line_keeps(shop):
    shop.apply(line(1, "TEE-BLK"))
    stage(shop.database, order(4711, line(1, "CAP", total="25.00", product=TEE)))
    [found] = shop.database.run(ValidateStagedOrder(staging_id=shop.staged()["STAGING_ID"]))
    assert (found.code, found.message.split()[1]) == ("price", "TEE-BLK")


@pytest.mark.parametrize(("sku", "found"), [("TEE  RED", True), (" TEE  RED ", True), ("TEE RED", False), ("TEE   RED", False)])
def test_the_inner_blanks_of_a_sku_are_the_erps(shop, sku, found):
    item = {"ITEM_NO": "TEE  RED", "DESCR": "Red", "PRC_1": "19.99", "QTY_ON_HND": "5"}
    shop.database.run(SeedDemoErp(items=json.dumps([item]), customers="[]"))
    assert errors(shop, line(1, sku)) == ([] if found else [("unknown_sku", "LINE_ITEMS[1].SKU")])
