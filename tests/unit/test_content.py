"""What staging takes of an order: status groups, the content hash, texts that fit their columns."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import asdict, replace

from syncctl.models import Order, Value
from syncctl.stores import content
from syncctl.stores.content import ContentBuilder
from syncctl.stores.content_hash import Hashed, content_hash
from syncctl.stores.widths import LIMITS, STAGING_LIMITS
from syncctl.stores.woocommerce_orders import read_order
from syncctl.text_width import shorten, width
from tests.raws import raw_order
from tests.unit.test_woocommerce_orders import recorded

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


NOT_HASHED = {"status", "meaning", "order_key", "modified_at", "warnings", "fully_refunded", "taxes", "is_html"}
"""What of an order may change while nothing changes for the ERP."""


def hash_of_any_version(order: Order) -> str:
    """The hash as it is defined; `content_hash` is quicker."""

    def canonical(value: object) -> object:
        if isinstance(value, Value):
            return asdict(value)
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat()
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text in ("-0", "") else text

    content = {name: value for name, value in asdict(order).items() if name not in NOT_HASHED}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=canonical)
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()


@pytest.mark.parametrize(
    ("name", "hashed"),
    [
        ("order-JPY", "7c85a0ff1e4304f0750bf1206f42f247b22ee2f8650188c64e167e07900de423"),
        ("order-completed-partial-refund", "f3cc7482dbfc2394a0f1f407b63f9d966f61c504d19e6a659885fb915f853f51"),
        ("order-guest-unicode", "1390a2f0bfa55bdd52e4857cfece82f07cca3e8773af59c1a37110087748d9c4"),
        ("order-negative-fee", "3fd6939c6dd7a9f9ccfd87c52af7dafa7f135168d03f4f7d66ed48d8a659f580"),
    ],
)
def test_an_order_that_an_older_version_staged_does_not_look_edited(name, hashed):
    assert content_hash(read_order(recorded(name))) == hashed


ANY_TEXT = st.text(st.characters(), max_size=12)  # halves of letters, too: no adapter is trusted to leave them out
ANY_AMOUNT = st.decimals(-(10**9), 10**9, places=4) | st.sampled_from([Decimal("1E+3"), Decimal("-0.00"), Decimal("0E-8")])
ANY_MOMENT = st.integers(0, 4 * 10**15).map(
    lambda since: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(microseconds=since)
) | st.just(datetime(2026, 7, 1, 2, 30, tzinfo=ZoneInfo("Asia/Tokyo")))


@given(texts=st.lists(ANY_TEXT, min_size=6, max_size=6), amounts=st.lists(ANY_AMOUNT, min_size=4, max_size=4), moment=ANY_MOMENT)
def test_the_quick_hash_is_the_hash(texts, amounts, moment):
    one = order()
    address = replace(one.billing, first_name=texts[0], city=texts[1])
    line = replace(one.lines[0], name=texts[2], sku=texts[3] or None, quantity=amounts[0], total=amounts[1])
    charge = replace(one.charges[0], description=texts[4], amount=amounts[2])
    change = {"billing": address, "lines": (line, *one.lines), "charges": (charge,), "coupons": (texts[5],)}
    odd = replace(one, **change, total=amounts[3], created_at=moment)
    assert content_hash(odd) == hash_of_any_version(odd)


def test_every_part_of_an_order_is_hashed_or_named_as_left_out():
    assert set(Order.__struct_fields__) - NOT_HASHED == set(Hashed.__struct_fields__)


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


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["a&amp;b", "a & b", "x" * 60, "\U0001f600" * 30, "a\nb"]
)


def carefully(fit: Any, text: str, column: str, called: str = "", *named: object) -> Any:
    return fit.carefully(text, LIMITS[column], called.format(*named) or column)


@given(texts=st.lists(TEXTS, min_size=5, max_size=5), is_html=st.booleans())
def test_a_plain_text_fits_as_it_is(texts, is_html):
    one = order()
    address = replace(one.billing, first_name=texts[0], city=texts[1])
    line = replace(one.lines[0], name=texts[2], sku=texts[2])
    odd = replace(
        one, billing=address, lines=(line,), number=texts[3], customer_note=texts[4], payment_title=texts[4], is_html=is_html
    )
    quick = BUILDER.content(odd)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(content._Fitting, "__call__", carefully)
        patched.setattr(content, "WHOLE", -1)
        patched.setattr(content, "_HEAD_LIMITS", [-1] * len(content._HEAD))
        assert BUILDER.content(odd) == quick
    assert json.loads(content.as_json([quick])) == [quick]


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
