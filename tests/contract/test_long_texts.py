"""Texts longer than the ERP's columns: cut where those end, told before, and kept whole in the document's note."""

from __future__ import annotations

import hashlib

import pytest

from syncctl.db.contract import ClaimStagedOrders, ProcessStagedOrder, TraceOrder, ValidateStagedOrder
from tests.orders import line, order, stage
from tests.shop import Shop

STREET = "Boulevard de la Bataille de Stalingrad 12, Appartement 4711, 3e étage"


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def addressed(*lines, number="4711", **parts):
    digest = hashlib.sha256(repr((lines, number, parts)).encode()).hexdigest()
    content = order(4711, *(lines or (line(1),)), WOO_ORDER_NO=number, CONTENT_HASH=digest)
    content["ORDER_JSON"]["SHIP"] = {**content["ORDER_JSON"]["SHIP"], **parts}
    return content


def told(shop, content):
    stage(shop.database, content)
    found = shop.database.run(ValidateStagedOrder(staging_id=shop.staged()["STAGING_ID"], unknown_customer="create"))
    assert all(row.severity == "warning" and "The document's note keeps it whole." in row.message for row in found)
    return [(row.code, row.field, row.value, row.message.split(" takes ")[1].split(" here:")[0]) for row in found]


def process(shop, content, **call):
    stage(shop.database, content)
    [claimed] = shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    done = ProcessStagedOrder(staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no, **call)
    return shop.database.run(done)[-1].doc_id


def note(shop, doc_id):
    return shop.one("SELECT NOTE FROM dbo.PS_DOC_NOTE WHERE DOC_ID = ? AND NOTE_ID = 'WEB-ORDER'", doc_id)["NOTE"]


def test_each_is_told_with_its_columns_width(shop):
    content = addressed(line(7, descr="D" * 300), ADRS_1=STREET, CITY="C" * 21, NAM="N" * 40, number="ACME-WEBSHOP-EU-2026-711")
    assert told(shop, content) == [
        ("cut", "CUST_PO_NO", "ACME-WEBSHOP-EU-2026-711", "20 letters"),
        ("cut", "SHIP.ADRS_1", STREET, "40 letters"),
        ("cut", "SHIP.CITY", "C" * 21, "20 letters"),
        ("cut", "LINE_ITEMS[7].DESCR", "D" * 300, "250 letters"),
    ]


def test_the_columns_hold_the_beginning_and_the_note_all_of_it(shop):
    doc = process(shop, addressed(line(7, descr="Tee " * 100), ADRS_1=STREET, number="ACME-WEBSHOP-EU-2026-711"))
    assert shop.contact(doc, 2)["ADRS_1"] == STREET[:40].rstrip()
    assert shop.header(doc)["CUST_PO_NO"] == "ACME-WEBSHOP-EU-2026"
    [held] = shop.query("SELECT DESCR FROM dbo.PS_DOC_LIN WHERE DOC_ID = ?", (doc,))
    assert held["DESCR"] == ("Tee " * 100)[:250].rstrip()
    written = note(shop, doc)
    assert f"In full, SHIP.ADRS_1: {STREET}" in written
    assert f"In full, LINE_ITEMS[7].DESCR: {'Tee ' * 100}" in written
    trace = shop.database.run(TraceOrder(store_id="woocommerce", woo_order_id=4711))
    assert any("cut CUST_PO_NO" in (event.message or "") for event in trace)


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("S" * 39 + " and more", "S" * 39),
        ("S" * 39 + "e\u0308 more", "S" * 39),  # an e with its accent is one letter
        ("S" * 38 + "\U0001f469\u200d\U0001f467 more", "S" * 38),
    ],
)
def test_a_cut_goes_between_whole_characters(shop, name, held):
    doc = process(shop, addressed(NAM=name))
    assert shop.contact(doc, 2)["NAM"] == held
    assert f"In full, SHIP.NAM: {name}" in note(shop, doc)


def test_a_new_customer_is_cut_like_the_document(shop):
    content = addressed()
    content["ORDER_JSON"]["BILL"] = {**content["ORDER_JSON"]["BILL"], "ADRS_1": STREET, "NAM": "Long " * 20}
    content |= {"CUST_EMAIL": "new@example.test", "WOO_CUST_ID": None}
    process(shop, content, unknown_customer="create")
    made = shop.one("SELECT * FROM dbo.AR_CUST WHERE EMAIL_ADRS_1 = 'new@example.test'")
    assert (made["ADRS_1"], made["NAM"]) == (STREET[:40].rstrip(), ("Long " * 20)[:40].rstrip())


def test_an_edit_behind_the_cut_is_followed_in_the_note(shop):
    doc = process(shop, addressed(ADRS_1=STREET))
    process(shop, addressed(ADRS_1=STREET.replace("4711", "4712")))
    assert "Appartement 4712" in note(shop, doc) and "4711, 3e" not in note(shop, doc)
