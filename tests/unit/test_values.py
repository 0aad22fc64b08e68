"""Single values of a store: what has one meaning is taken, what has none is named, and nothing else is ever raised."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from syncctl.errors import UnreadableError
from syncctl.stores import values

ENORMOUS = "9" * 400


@pytest.mark.parametrize("value", [123, "123", " 123 ", Decimal("123.0"), 123.0, "123.0"])
def test_an_id_may_come_as_text_or_with_a_decimal_point(value):
    assert values.identifier(value) == 123


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -1,
        "",
        "x",
        "1e5",
        "12 3",
        1.5,
        Decimal("1.5"),
        2**63,
        2**80,
        "-7",
        ENORMOUS,
        Decimal("1e999"),
        [],
        {},
    ],
)
def test_what_is_no_id_is_none(value):
    assert values.identifier(value) is None


@pytest.mark.parametrize(
    "value", ["1e999", "1e30", ENORMOUS, "100000000000", "NaN", "Infinity", "-inf", "abc", None, True, [], {}]
)
def test_an_amount_out_of_range_is_named(value):
    with pytest.raises(UnreadableError, match="total of 7 is"):
        values.amount_field({"id": 7, "total": value}, "total")


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("12.34", "12.34"),
        (" 12.34 ", "12.34"),
        ("-99999999999.99", "-99999999999.99"),
        (Decimal("14.309999999999999"), "14.309999999999999"),
        ("1e3", "1000"),
        ("2.50" + "0" * 300, "2.5"),
    ],
)
def test_an_amount_in_range_is_taken_exactly(value, amount):
    read = values.amount_field({"total": value}, "total")
    assert read == Decimal(amount)
    assert len(str(read)) < 30


def test_an_amount_of_hundreds_of_decimals_is_named_and_the_message_is_short():
    with pytest.raises(UnreadableError, match="decimals") as raised:
        values.amount_field({"id": "x" * 9000, "total": "0." + "1" * 400}, "total")
    assert len(str(raised.value)) < 250


@pytest.mark.parametrize("value", ["0.00001", "1e11", "1e999", "three"])
def test_a_quantity_that_the_database_can_not_hold_is_named(value):
    with pytest.raises(UnreadableError, match="quantity"):
        values.quantity_field({"quantity": value})


@pytest.mark.parametrize(("value", "quantity"), [("1.5000000", "1.5"), (None, "0"), ("", "0"), (-2, "-2"), ("0.3333", "0.3333")])
def test_a_quantity_in_range_is_taken(value, quantity):
    assert values.quantity_field({"quantity": value}) == Decimal(quantity)


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00",
        "0999-12-31T23:59:59",
        "9999-12-31T23:59:59",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1989-12-31T23:59:59",
        "2100-01-01T00:00:00",
        "yesterday",
        7,
        ["2026"],
    ],
)
def test_a_date_of_no_order_is_named(value):
    assert values.moment(value) is None
    with pytest.raises(UnreadableError, match="date_created_gmt is"):
        values.moment_field({"date_created_gmt": value}, "date_created_gmt")


@pytest.mark.parametrize("value", [None, "", "0000-00-00T00:00:00", "0000-00-00 00:00:00"])
def test_a_date_that_was_never_set_is_none(value):
    assert values.moment_field({"date": value}, "date") is None


NOT_IN_A_LINE = ("Cc", "Cs", "Zl", "Zp")


@given(st.text(st.characters()) | st.sampled_from([" a", "a ", "a  b", "a\xa0b", "a\u2028b", "|", " |", "a\u200db"]))
def test_a_text_is_the_same_whether_it_is_plain_or_not(text):
    shown = "".join(" " if unicodedata.category(letter) in NOT_IN_A_LINE else letter for letter in text)
    assert values.text(text) == " ".join(shown.split())
    assert values.code(text) == shown.strip()
    kept = "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))
    assert values.lines_of_text(text) == kept


@given(
    st.dictionaries(
        st.sampled_from("abc"), st.text(st.characters(), max_size=4) | st.sampled_from([None, 7, True, [], " ", "|", "a  b"])
    )
)
def test_several_texts_read_as_each_of_them(item):
    assert values.texts(item, "abc") == [values.text(item.get(name)) for name in "abc"]


@given(st.from_regex(r"\A[-+]?[0-9_]{0,13}(\.[0-9]{0,8})?(e[0-9])?\Z"))
def test_a_plain_amount_reads_as_any_other(written):
    def read(written: str) -> object:
        try:
            return values.amount_field({"total": written}, "total").as_tuple()
        except UnreadableError as error:
            return str(error)

    with pytest.MonkeyPatch.context() as patched:
        quick = read(written)
        patched.setattr(values, "_plain_amount", lambda _: None)
        assert read(written) == quick


@given(
    st.from_regex(
        r"\A20[0-9]{2}-?[01][0-9]-?[0-3][0-9][T ][0-2][0-9]:?[0-5][0-9](:?[0-5][0-9])?(\.[0-9]{1,6})?(Z|[+-]0[0-9]:?[03]0)?\Z"
    )
)
def test_a_date_is_the_same_however_it_is_written(written):
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        assert values.moment(written) is None
        return
    assert values.moment(written) == (read if read.tzinfo else read.replace(tzinfo=UTC))


def test_a_date_is_utc():
    assert values.moment("2026-11-20T12:00:00") == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert values.moment("2026-11-20T12:00:00+02:00") == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_a_list_may_come_as_an_object_whose_numbers_have_gaps():
    lines = [{"id": 1}, {"id": 3}]
    assert values.objects({"line_items": {"0": lines[0], "2": lines[1]}}, "line_items") == lines
    assert values.objects({"line_items": lines}, "line_items") == lines
    nothings: list[Any] = [None, [], {}, "", False]
    for nothing in nothings:
        assert values.objects({"line_items": nothing}, "line_items") == []


@pytest.mark.parametrize("value", [{"id": 1}, "lines", 7, True, [None], [{"id": 1}, "x"], {"0": 5}, [{}] * 5001])
def test_a_list_that_is_none_is_named_and_never_taken_for_an_empty_one(value):
    with pytest.raises(UnreadableError, match="line_items"):
        values.objects({"line_items": value}, "line_items")


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text()
    | st.sampled_from([2**80, 10**4000, "9" * 5000, Decimal("1e999"), "\ud800", "0001-01-01T00:00:00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(value=ANYTHING)
def test_whatever_comes_nothing_else_is_raised(value):
    for read in (
        lambda item: values.amount_field(item, "x"),
        lambda item: values.quantity_field(item, "x"),
        lambda item: values.whole_field(item, "x"),
        lambda item: values.moment_field(item, "x"),
        lambda item: values.objects(item, "x"),
    ):
        try:
            read({"id": value, "x": value})
        except UnreadableError as error:
            assert len(str(error)) < 300
    values.identifier(value)
    values.moment(value)
    values.objects_if_any({"x": value}, "x")
    for text in (values.text(value), values.lines_of_text(value)):
        text.encode()
