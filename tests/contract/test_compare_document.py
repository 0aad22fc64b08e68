"""A document that syncctl wrote beside one that a person keyed at the till."""

from __future__ import annotations

import pytest

from syncctl.db.contract import GetErpDocument
from syncctl.errors import NotFound
from syncctl.services.compare_document import compare_document
from tests.orders import line
from tests.shop import Shop

KEYED = 701315942121


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


@pytest.fixture
def ours(shop):
    """The document of an order for two mugs."""
    return shop.apply(line(1, "MUG", "2", "39.98"))


def copy(shop, table, doc_id, **changes):
    """Key the rows of a document once more, as the till would, with some columns otherwise."""
    for row in shop.query(f"SELECT * FROM dbo.{table} WHERE DOC_ID = ?", (doc_id,)):
        names = [name.upper() for name in (row.keys() if callable(row.keys) else row.keys)]
        values = {name: row[name] for name in names} | {"DOC_ID": KEYED} | changes
        marks = ", ".join("?" for _ in values)
        shop.query(f"INSERT INTO dbo.{table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))


@pytest.fixture
def keyed(shop, ours):
    """The same order, keyed at the till: under its own numbers, and so far with the same columns and stock."""
    copy(shop, "PS_DOC_HDR", ours.doc_id, TKT_NO="20-100238")
    for part in shop.database.run(GetErpDocument(number=ours.tkt_no)):
        if part.content and part.table_name not in ("PS_DOC_HDR", "IM_INV"):
            copy(shop, part.table_name, ours.doc_id)
    shop.query("UPDATE dbo.IM_INV SET QTY_ON_SO = 4 WHERE ITEM_NO = 'MUG'", ())
    return KEYED


def told(found):
    return {(each.table, each.column, each.kind): (each.ours, each.theirs, each.rows) for each in found.differences}


def test_a_document_like_the_tills_lacks_nothing(shop, ours, keyed):
    found = compare_document(shop.database, str(ours.doc_id), str(keyed))
    assert (found.differences, found.lacking) == ([], 0)
    assert (found.ours.doc_id, found.ours.tkt_no, found.ours.written_by_us) == (ours.doc_id, ours.tkt_no, True)
    assert (found.theirs.doc_id, found.theirs.tkt_no, found.theirs.written_by_us) == (KEYED, "20-100238", False)
    assert found.ours.rows["PS_DOC_LIN"] == 1
    assert found.notes == []


def test_what_is_empty_in_one_is_named_by_table_and_column(shop, ours, keyed):
    shop.query("UPDATE dbo.PS_DOC_HDR SET SHIP_VIA_COD = 'UPS', REF = ' ' WHERE DOC_ID = ?", (keyed,))
    shop.query("UPDATE dbo.PS_DOC_LIN SET UNIT_COST = 4.5 WHERE DOC_ID = ?", (keyed,))
    found = compare_document(shop.database, ours.tkt_no, "20-100238")
    assert told(found) == {
        ("PS_DOC_HDR", "REF", "empty_in_theirs"): (None, None, ()),
        ("PS_DOC_HDR", "SHIP_VIA_COD", "empty_in_ours"): (None, None, ()),
        ("PS_DOC_LIN", "UNIT_COST", "empty_in_ours"): (None, None, ()),
    }
    assert found.lacking == 2


def test_flags_and_codes_that_differ_are_shown_and_nothing_else(shop, ours, keyed):
    shop.query("UPDATE dbo.PS_DOC_HDR SET TAX_COD = 'X', STA_ID = '20-1', IS_OFFLINE = 1 WHERE DOC_ID = ?", (ours.doc_id,))
    shop.query("UPDATE dbo.PS_DOC_HDR SET TAX_COD = 'MEMTN' WHERE DOC_ID = ?", (keyed,))
    shop.query("UPDATE dbo.PS_DOC_LIN SET USR_ENTD_PRC = 'N', DESCR = 'a person wrote this', PRC = 1 WHERE DOC_ID = ?", (keyed,))
    found = compare_document(shop.database, str(ours.doc_id), str(keyed))
    assert told(found) == {
        ("PS_DOC_HDR", "IS_OFFLINE", "differs"): ("1", "0", ()),
        ("PS_DOC_HDR", "STA_ID", "differs"): ("20-1", "101", ()),
        ("PS_DOC_HDR", "TAX_COD", "differs"): ("X", "MEMTN", ()),
        ("PS_DOC_LIN", "USR_ENTD_PRC", "differs"): ("Y", "N", ()),
    }
    assert found.lacking == 0


def test_rows_that_are_missing_are_named_by_their_keys(shop, ours, keyed):
    shop.query(
        "INSERT INTO dbo.PS_DOC_PKG_TRK_NO (DOC_ID, SEQ_NO, PKG_TRK_NO) VALUES (?, 7, 'x')",
        (keyed,),
    )
    shop.query("DELETE FROM dbo.PS_DOC_NOTE WHERE DOC_ID = ?", (keyed,))
    found = compare_document(shop.database, str(ours.doc_id), str(keyed))
    assert told(found) == {
        ("PS_DOC_NOTE", None, "row_extra"): (None, None, ("NOTE_ID WEB-ORDER",)),
        ("PS_DOC_PKG_TRK_NO", None, "row_missing"): (None, None, ("SEQ_NO 7",)),
    }
    assert found.lacking == 1


def test_rows_of_other_keys_are_compared_in_their_order(shop, ours, keyed):
    shop.query("UPDATE dbo.PS_DOC_NOTE SET NOTE_ID = 'TILL' WHERE DOC_ID = ?", (keyed,))
    assert compare_document(shop.database, str(ours.doc_id), str(keyed)).differences == []


def test_the_stock_that_the_till_moves_is_seen(shop, ours, keyed):
    shop.query("UPDATE dbo.IM_INV SET QTY_ON_SO = 2, QTY_COMMIT = 2, QTY_ON_ORD = 2 WHERE ITEM_NO = 'MUG'", ())
    found = compare_document(shop.database, str(ours.doc_id), str(keyed))
    assert {name: found.stock[name] for name in ("QTY_COMMIT", "QTY_ON_ORD", "QTY_ON_SO")} == {
        "QTY_COMMIT": ("not moved", "moved"),
        "QTY_ON_ORD": ("not moved", "moved"),
        "QTY_ON_SO": ("moved", "not moved"),
    }
    assert [(each.column, each.lacking) for each in found.differences] == [
        ("QTY_COMMIT", True), ("QTY_ON_ORD", True), ("QTY_ON_SO", False),
    ]  # fmt: skip


def test_a_stock_that_tells_nothing_is_not_guessed_at(shop, ours, keyed):
    shop.query("UPDATE dbo.IM_INV SET QTY_COMMIT = 5, QTY_ON_SO = 9 WHERE ITEM_NO = 'MUG'", ())
    found = compare_document(shop.database, str(ours.doc_id), str(keyed))
    assert [each for each in found.differences if each.kind == "stock"] == []


def test_a_number_that_is_both_a_ticket_and_an_id_is_the_ticket(shop, ours, keyed):
    shop.query("UPDATE dbo.PS_DOC_HDR SET TKT_NO = ? WHERE DOC_ID = ?", (str(ours.doc_id), keyed))
    found = compare_document(shop.database, ours.tkt_no, str(ours.doc_id))
    assert found.theirs.doc_id == keyed
    assert found.notes == [
        f"{ours.doc_id} is the ticket number of document {keyed} and the id of document {ours.doc_id}; the ticket number counts."
    ]


def test_documents_that_are_on_the_wrong_side_are_noted(shop, ours, keyed):
    found = compare_document(shop.database, str(keyed), str(ours.doc_id))
    assert [note.split(" by syncctl")[0] for note in found.notes] == [
        f"Document {keyed} was not written",
        f"Document {ours.doc_id} was written",
    ]
    assert "one and the same" in compare_document(shop.database, ours.tkt_no, str(ours.doc_id)).notes[0]


@pytest.mark.parametrize("number", ["999", "nothing", "9" * 30, "101-000001; --", "é" * 50])
def test_a_document_that_is_not_there_is_told(shop, ours, number):
    with pytest.raises(NotFound, match="The ERP has no document"):
        shop.database.run(GetErpDocument(number=number))


@pytest.mark.parametrize("table", ["PS_ORD_HIST", "PS_TKT_HIST"])
@pytest.mark.parametrize("number", ["5005", "20-5"])
def test_a_posted_document_is_told_to_be_posted(shop, number, table):
    shop.query(f"INSERT INTO dbo.{table} (DOC_ID, STR_ID, STA_ID, TKT_NO) VALUES (5005, '01', '20', '20-5')", ())
    with pytest.raises(NotFound, match=f"Document 5005 \\(20-5\\) is posted: only its history stands \\({table}\\)"):
        shop.database.run(GetErpDocument(number=number))


def test_every_table_of_documents_is_read(shop, ours):
    parts = shop.database.run(GetErpDocument(number=ours.tkt_no))
    names = [part.table_name for part in parts]
    assert names == sorted(names)
    assert {"PS_DOC_HDR", "PS_DOC_HDR_TOT", "PS_DOC_LIN", "PS_DOC_PMT", "PS_DOC_PKG_TRK_NO", "PS_DOC_TAX", "IM_INV"} <= set(names)
    assert {part.table_name: part.key_columns.upper() for part in parts}["PS_DOC_LIN"] == "DOC_ID, LIN_SEQ_NO"
