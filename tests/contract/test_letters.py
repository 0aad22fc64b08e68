"""Letters that the ERP's code page lacks: told before, kept whole in the note, and the cause of no second address or customer."""

from __future__ import annotations

import pytest

from syncctl.db.contract import ClaimStagedOrders, ProcessStagedOrder, ValidateStagedOrder
from tests.orders import line, order, stage
from tests.shop import Shop


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def odd(number=4711, *lines, **address):
    """An order that is shipped to an address with these parts; it is billed to one in plain letters."""
    content = order(number, *(lines or (line(1),)))
    content["ORDER_JSON"]["SHIP"] = {**content["ORDER_JSON"]["SHIP"], **address}
    return content


def letters(shop, content):
    """Of which fields `validate` says that letters are lost, and which."""
    stage(shop.database, content)
    call = ValidateStagedOrder(staging_id=shop.staged(content["WOO_ORDER_ID"])["STAGING_ID"], unknown_customer="create")
    told = [row for row in shop.database.run(call) if row.code == "letters"]
    assert all(row.severity == "warning" and row.message.endswith("The document's note keeps the text whole.") for row in told)
    return [(row.field, row.value, row.message.split("can't hold ")[1].split(" here:")[0]) for row in told]


def process(shop, *contents):
    """Bring orders into the ERP, one after the other; return their documents."""
    stage(shop.database, *contents)
    documents = []
    for claimed in shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=100)):
        call = ProcessStagedOrder(
            staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no, unknown_customer="create"
        )
        documents.append(shop.database.run(call)[-1].doc_id)
    return documents


def note(shop, doc_id):
    return shop.one("SELECT NOTE FROM dbo.PS_DOC_NOTE WHERE DOC_ID = ? AND NOTE_ID = 'WEB-ORDER'", doc_id)["NOTE"]


def test_letters_that_the_column_lacks_are_told_by_field_and_once_each(shop):
    content = odd(4711, line(1, descr="Tee ☕ für 日本"), line(2, descr="Café – 5 € „gut“"), NAM="Łukasz Śliwa", CITY="Łódź-Łęg")
    assert letters(shop, content) == [
        ("SHIP.NAM", "Łukasz Śliwa", "ŁŚ"),
        ("SHIP.CITY", "Łódź-Łęg", "Łźę"),
        ("LINE_ITEMS[1].DESCR", "Tee ☕ für 日本", "☕日本"),
    ]


@pytest.mark.parametrize("name", ["Zoë O'Brien", "Straße Ñandú Œuvre Š Ž ÿ €…", "Wirklich? Ja?"])
def test_a_text_of_the_code_page_loses_nothing(shop, name):
    assert letters(shop, odd(NAM=name)) == []
    [doc] = process(shop, odd(NAM=name))
    assert "In full" not in note(shop, doc)
    assert shop.contact(doc, 2)["NAM"] == name


def test_letters_of_two_places_are_told_whole(shop):
    content = odd(FST_NAM="Zoë 👩‍👩‍👧", ADRS_1="Straße 1 🏠")
    assert letters(shop, content) == [
        ("SHIP.FST_NAM", "Zoë 👩‍👩‍👧", "👩\u200d👩👧"),
        ("SHIP.ADRS_1", "Straße 1 🏠", "🏠"),
    ]
    [doc] = process(shop, content)
    # Some engines put one ? in their place, some two.
    assert shop.contact(doc, 2)["ADRS_1"].replace("??", "?") == "Straße 1 ?"


def test_the_columns_hold_the_rest_and_the_note_all_of_it(shop):
    long = "Łódzka " * 20
    content = odd(4711, line(7, descr="Tee ☕"), NAM="山田 太郎", CITY="Łódź", ADRS_1=long)
    [doc] = process(shop, content)
    contact = shop.contact(doc, 2)
    assert (contact["NAM"], contact["CITY"], contact["ADRS_1"]) == ("?? ??", "?ód?", ("?ódzka " * 20)[:40])
    assert shop.one("SELECT DESCR FROM dbo.PS_DOC_LIN")["DESCR"] == "Tee ?"
    full = [text for text in note(shop, doc).split("\n") if text.startswith("In full, ")]
    assert full == [
        "In full, SHIP.NAM: 山田 太郎",
        f"In full, SHIP.ADRS_1: {long}",
        "In full, SHIP.CITY: Łódź",
        "In full, LINE_ITEMS[7].DESCR: Tee ☕",
    ]
    assert shop.contact(doc, 1)["CITY"] == "London"


def test_a_company_is_told_where_it_stands_in_for_the_name(shop):
    assert letters(shop, odd(4711, NAM="", COMPANY="Spółka")) == [("SHIP.COMPANY", "Spółka", "ł")]
    assert letters(shop, odd(4712, NAM="Ada", COMPANY="Spółka")) == []


def test_an_address_with_lost_letters_is_found_again(shop):
    shop.setting("WRITE_SHIP_ADRS", "Y")
    docs = process(shop, odd(5001, CITY="Łódź"), odd(5002, CITY="Łódź"), odd(5003, CITY="Kraków"))
    assert [shop.contact(doc, 2)["ADRS_ID"] for doc in docs] == ["1", "1", "2"]
    rows = shop.query("SELECT CITY FROM dbo.AR_SHIP_ADRS ORDER BY SHIP_ADRS_ID")
    assert [row["CITY"] for row in rows] == ["?ód?", "Kraków"]


def test_an_order_that_is_staged_again_leaves_a_line_with_lost_letters_as_it_is(shop):
    first = process(shop, odd(4711, line(1, descr="Tee ☕")))
    guid = shop.one("SELECT LIN_GUID, LST_MAINT_DT FROM dbo.PS_DOC_LIN, dbo.PS_DOC_HDR")
    assert process(shop, odd(4711, line(1, descr="Tee ☕"), line(2, "MUG", "1", "10.00"))) == first
    event = [row["MESSAGE"] for row in shop.query("SELECT * FROM dbo.USER_ORDER_EVENT ORDER BY EVENT_ID")][-1]
    assert "0 lines changed, 1 added" in event
    assert guid["LIN_GUID"] == shop.one("SELECT LIN_GUID FROM dbo.PS_DOC_LIN WHERE LIN_SEQ_NO = 1")["LIN_GUID"]


@pytest.mark.parametrize("account", [None, 77])
def test_a_customer_whose_e_mail_loses_letters_is_made_once_and_is_nobody_else(shop, account):
    same = {"WOO_CUST_ID": account, "CUST_EMAIL": "żaneta@example.test"}
    other = {"WOO_CUST_ID": None, "CUST_EMAIL": "źaneta@example.test"}
    contents = [order(6001, line(1), **same), order(6002, line(1), **same), order(6003, line(1), **other)]
    assert letters(shop, contents[0]) == [("CUST_EMAIL", "żaneta@example.test", "ż")]
    process(shop, *contents)
    numbers = [shop.staged(number)["CUST_NO"] for number in (6001, 6002, 6003)]
    assert numbers == ["W00000001", "W00000001", "W00000002"]
    rows = shop.query("SELECT EMAIL_ADRS_1 FROM dbo.AR_CUST WHERE CUST_NO LIKE 'W%' ORDER BY CUST_NO")
    assert [row["EMAIL_ADRS_1"] for row in rows] == ["?aneta@example.test"] * 2
    mapped = shop.query("SELECT CUST_NO, WOO_EMAIL FROM dbo.USER_CUSTOMER_MAP WHERE CUST_NO LIKE 'W%' ORDER BY CUST_NO")
    assert [(row["CUST_NO"], row["WOO_EMAIL"]) for row in mapped] == [
        ("W00000001", "żaneta@example.test"),
        ("W00000002", "źaneta@example.test"),
    ]
