"""What staging takes of an order: status groups, the content hash, texts that fit their columns."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from syncctl.models import Order
from syncctl.stores.content import ContentBuilder, content_hash
from syncctl.stores.widths import LIMITS, STAGING_LIMITS
from syncctl.stores.woocommerce_orders import read_order
from syncctl.text_width import shorten, width
from tests.raws import raw_order

BUILDER = ContentBuilder(create_statuses=("processing", "completed", "on-hold"), timezone=ZoneInfo("America/New_York"))


def order(**raw: Any) -> Order:
    return read_order(raw_order(**{"id": 4711, "number": "4711", **raw}))


@pytest.mark.parametrize(
    ("status", "group", "says"),
    [
        ("processing", "live", None),
        ("pending", "wait", "SYNCCTL_WOO_CREATE_STATUSES"),
        ("failed", "wait", "failed"),
        ("awaiting-shipment", "wait", "awaiting-shipment"),
        ("cancelled", "dead", "cancelled in the store"),
        ("refunded", "dead", "refunded in full"),
        ("trash", "dead", "trash"),
    ],
)
def test_the_status_decides_the_group_and_its_reason(status, group, says):
    content = BUILDER.content(order(status=status))
    assert content["STATUS_GROUP"] == group
    assert (content["STATUS_REASON"] is None) if says is None else (says in content["STATUS_REASON"])


def test_cancelled_is_dead_even_where_it_is_named_among_the_statuses_that_create():
    builder = ContentBuilder(create_statuses=("cancelled",), timezone=ZoneInfo("UTC"))
    assert builder.status_group(order(status="cancelled"))[0] == "dead"


def test_the_ticket_date_is_local_to_the_erp_also_over_midnight_and_daylight_saving():
    winter = replace(order(), created_at=datetime(2026, 11, 20, 2, 30, tzinfo=UTC))
    content = BUILDER.content(winter)
    assert (content["TKT_DT"], content["ORD_DAT"]) == ("2026-11-19T21:30:00.000", "2026-11-19")
    assert content["WOO_CREATED_DT"] == "2026-11-20T02:30:00.000"
    summer = replace(order(), created_at=datetime(2026, 7, 1, 2, 30, tzinfo=UTC))
    assert BUILDER.content(summer)["TKT_DT"] == "2026-06-30T22:30:00.000"


def test_amounts_are_strings_that_add_up():
    content = BUILDER.content(order())
    assert content["TOT_AMT"] == "24.99"
    parts = [content["SUBTOT"], content["SHIP_AMT"], content["TAX_AMT"]]
    assert sum(map(Decimal, parts)) - Decimal(content["DISC_AMT"]) == Decimal(content["TOT_AMT"])
    assert content["LINE_ITEMS_JSON"][0]["QTY"] == "1"


def test_the_hash_ignores_what_our_own_write_back_changes():
    before = order()
    raw = raw_order(id=4711, number="4711", status="completed")
    raw["date_modified_gmt"] = "2026-11-21T00:00:00"
    raw["meta_data"] = [{"id": 1, "key": "_syncctl_document", "value": "1/1"}]
    assert content_hash(read_order(raw)) == content_hash(before)


@pytest.mark.parametrize(
    "change",
    [
        {"email": "other@example.test"},
        {"total": Decimal("25.00")},
        {"customer_note": "Ring twice"},
        {"transaction_id": "ch_2"},
        {"lines": ()},
    ],
)
def test_the_hash_sees_every_edit(change):
    assert content_hash(replace(order(), **change)) != content_hash(order())


def test_the_hash_is_of_values_and_not_of_their_spelling():
    one, same = order(), order()
    same = replace(same, total=Decimal("24.990"), created_at=same.created_at.astimezone(ZoneInfo("Asia/Tokyo")))
    assert content_hash(one) == content_hash(same)


def test_the_billing_address_stands_in_for_an_empty_shipping_address():
    raw = raw_order()
    raw["shipping"] = {"first_name": "", "address_1": "", "phone": ""}
    content = BUILDER.content(read_order(raw))
    assert content["SHIP_ADRS_1"] == "12 St James's Square"
    assert content["ORDER_JSON"]["SHIP"] == content["ORDER_JSON"]["BILL"]


def test_a_company_isnt_lost_where_there_is_a_person_too():
    raw = raw_order()
    raw["shipping"]["company"] = "Analytical Engines Ltd"
    bill = BUILDER.content(read_order(raw))["ORDER_JSON"]["SHIP"]
    assert (bill["NAM"], bill["ADRS_3"]) == ("Ada Lovelace", "Analytical Engines Ltd")


def test_cuts_are_recorded_once_and_a_sku_is_never_cut():
    raw = raw_order(("S" * 300, 1, "1.00"))
    raw["billing"]["city"] = raw["shipping"]["city"] = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
    content = BUILDER.content(read_order(raw))
    raw["billing"]["address_2"] = raw["shipping"]["address_2"] = "Z" * 2000
    content = BUILDER.content(read_order(raw))
    assert content["ORDER_JSON"]["BILL"]["CITY"] == raw["billing"]["city"], "the database cuts it, where the ERP's column ends"
    assert content["SHIP_CITY"] == "Llanfairpwllgwyngyll"
    assert len(content["CUTS"]) == 1 and "cut to 1000 characters" in content["CUTS"][0]
    assert content["LINE_ITEMS_JSON"][0]["SKU"] == "S" * 300


def test_a_vanished_order_is_dead_and_known_by_its_id_alone():
    assert BUILDER.vanished(12) == {
        "WOO_ORDER_ID": 12,
        "STATUS_GROUP": "dead",
        "STATUS_REASON": "deleted from the store",
        "VANISHED": 1,
    }


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("Zoë", 3, "Zoë"),
        ("Zoe\u0308 X", 3, "Zo"),  # e with a combining diaeresis takes two units and stays whole
        ("ab👩‍👩‍👧c", 5, "ab"),
        ("ab👍🏽c", 5, "ab"),
        ("ab👍🏽c", 6, "ab👍🏽"),
        ("🇩🇪🇫🇷", 4, "🇩🇪"),
        ("🇩🇪🇫🇷", 6, "🇩🇪"),
        ("one two", 4, "one"),
    ],
)
def test_text_is_cut_between_whole_characters(text, limit, expected):
    assert shorten(text, limit) == expected


@given(text=st.text(max_size=60), limit=st.integers(1, 40))
def test_a_cut_text_fits_and_is_the_beginning_of_the_whole(text, limit):
    short = shorten(text, limit)
    assert width(short) <= limit
    assert text.startswith(short)
    rest = text[len(short) :]
    if short != text and not rest[:1].isspace():
        assert not unicodedata.combining(rest[0])


@given(name=st.text(max_size=80), note=st.text(max_size=80))
def test_any_text_whatever_becomes_json_that_fits(name, note):
    address = replace(order().billing, first_name=name, city=name)
    bill = BUILDER.content(replace(order(), billing=address, customer_note=note))["ORDER_JSON"]["BILL"]
    assert all(width(bill[column]) <= LIMITS[column] for column in bill)
    content = BUILDER.content(replace(order(), billing=address, shipping=address))
    assert all(width(content[column]) <= limit for column, limit in STAGING_LIMITS.items())
    str(bill).encode("utf-8")


def test_an_edit_and_its_undoing_give_the_first_hash_again():
    one = order()
    edited = replace(one, modified_at=one.modified_at + timedelta(hours=1), email="x@example.test")
    assert content_hash(replace(edited, email=one.email)) == content_hash(one)


def test_entities_are_decoded_once_and_edit_no_order():
    written = order(
        line_items=[
            {"id": 1, "name": "Bread &amp; Butter &#8211; 8&quot;", "sku": "B&amp;B", "quantity": 1, "total": "19.99"},
            {"id": 2, "name": "how to write &amp;amp;", "quantity": 1, "total": "0.00", "sku": "X"},
        ],
        shipping_lines=[{"id": 9, "method_title": "Post &amp; Pack", "total": "5.00"}],
        billing={
            "first_name": "Zo&euml;",
            "last_name": "O&#039;Hara",
            "company": "Smith &amp; Sons",
            "address_1": "1&#7; Mill&nbsp;Rd",
        },
        customer_note="Ring &lt;twice&gt;",
        payment_method_title="Card &#x2022;",
        coupon_lines=[{"code": "save&amp;go"}],
    )
    content = BUILDER.content(written)
    assert [(line["DESCR"], line["SKU"]) for line in content["LINE_ITEMS_JSON"]] == [
        ('Bread & Butter – 8"', "B&B"),
        ("how to write &amp;", "X"),
    ]
    assert content["SHIP_VIA"] == content["ORDER_JSON"]["CHARGES"][0]["DESCR"] == "Post & Pack"
    bill = content["ORDER_JSON"]["BILL"]
    assert (bill["NAM"], bill["ADRS_3"], bill["ADRS_1"]) == ("Zoë O'Hara", "Smith & Sons", "1 Mill Rd")
    assert content["ORDER_JSON"]["CUSTOMER_NOTE"] == "Ring <twice>"
    assert (content["ORDER_JSON"]["PMT_TITLE"], content["ORDER_JSON"]["COUPONS"]) == ("Card •", ["save&go"])
    plain = replace(written, is_html=False)
    assert BUILDER.content(plain)["LINE_ITEMS_JSON"][0]["SKU"] == "B&amp;B"
    assert content_hash(plain) == content_hash(written)


def test_exact_amounts_are_written_as_cents():
    raw = raw_order(("A", 1, "8.264463"), shipping="0.000000")
    raw["line_items"][0] |= {"total": "8.264463", "subtotal": "8.264463"}
    content = BUILDER.content(read_order({**raw, "total": "8.260000"}))
    assert (content["LINE_ITEMS_JSON"][0]["TOT_AMT"], content["TOT_AMT"]) == ("8.26", "8.26")
