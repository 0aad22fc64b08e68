"""JSON as others send it: what is read of it, what is left out, and what is an error of the answer."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from syncctl import answer_json
from syncctl.answer_json import MEMORY, NoJson, read_json


def kind_of(body: bytes, **how: int) -> str:
    with pytest.raises(NoJson) as caught:
        read_json(body, **how)
    return caught.value.kind


@pytest.mark.parametrize(
    ("body", "value", "before", "behind"),
    [
        (b'{"a": 1}', {"a": 1}, "", ""),
        (b" \r\n[1]\n\0\0", [1], "", ""),
        (b"\xef\xbb\xbf[1]", [1], "", ""),
        (b"\xef\xbb\xbf\xef\xbb\xbf[1]", [1], "", ""),
        ("[1]".encode("utf-16"), [1], "", ""),
        ('["\u00e9"]'.encode("latin-1"), ["\ufffd"], "", ""),
        (b"null", None, "", ""),
        (b"[]\n<!-- Cached page served in 0.123 seconds -->", [], "", "<!-- Cached page served in 0.123 seconds -->"),
        (b'{"a": [1]}{"b": 2}', {"a": [1]}, "", '{"b": 2}'),
        (b'2f\r\n{"a": 1}\r\n0\r\n\r\n', {"a": 1}, "2f", "0"),
        (b'317\r\n[{"a": 1}]\r\n0', [{"a": 1}], "317", "0"),
        (b'<br>\n<b>Warning</b>: key [0]<br>\n{"a": 1}', {"a": 1}, "<br>\n<b>Warning</b>: key [0]<br>", ""),
        (b"<br>\nWarning: key [0] and [1, 2, 3]\n[]\n<!-- c -->", [], "<br>\nWarning: key [0] and [1, 2, 3]", "<!-- c -->"),
        (
            b'Warning: x{"a": "as long as all that stands round it"}<!-- c -->',
            {"a": "as long as all that stands round it"},
            "Warning: x",
            "<!-- c -->",
        ),
        (b'[21-Nov-2026 10:00:00 UTC] PHP Warning: x\n{"a": 1}', {"a": 1}, "[21-Nov-2026 10:00:00 UTC] PHP Warning: x", ""),
    ],
)
def test_what_stands_round_the_value_is_left_out_and_told(body, value, before, behind):
    found = read_json(body)
    assert (found.value, found.before, found.behind) == (value, before, behind)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b'{"a": 1', "truncated"),
        (b'[{"a": "b', "truncated"),
        (b'[{"a": tru', "truncated"),
        (b'["a\\ud8', "truncated"),
        (b'[\n{"id": 1},\n{"id": 2', "truncated"),
        (b'[{"id": 1},, {"id": 2}, {"id": 3}, {"id": 4}]', "broken"),
        (b'[\n{"id": 1}\nWarning: x\n{"id": 2},\n{"id": 3}\n]', "broken"),
        (b'<!DOCTYPE html><html><script>\n{"@context": 1}\n</script></html>', "page"),
        (b"<html><body>{}</body>", "page"),
        (b"Not found", "text"),
        (b"Undefined array key [0] in", "text"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
        (b"[" * 1000 + b"]" * 1000, "too_deep"),
        (b"x\n" + b"[" * 100_000, "too_deep"),
    ],
)
def test_an_answer_without_json_says_why(body, kind):
    assert kind_of(body) == kind


def test_a_page_may_end_with_the_value_as_some_hosts_have_it():
    assert read_json(b'<!doctype html><title>x</title></html>\n{"a": 1}').value == {"a": 1}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r'"\ud83d"', "\ufffd"),
        (r'"\ude00\ud83d\ude00\ud83d"', "\ufffd\U0001f600\ufffd"),
        (r'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (r'"\\ud83d\ude00"', "\\ud83d\ufffd"),
        (r'"\\\ud83d\\\ude00"', "\\\ufffd\\\ufffd"),
        (r'"\\ud83d\\ude00"', "\\ud83d\\ude00"),
        (r'"\uD83D\uDE00"', "\U0001f600"),
    ],
    ids=ascii,
)
def test_half_a_surrogate_pair_is_replaced(text, read):
    found = read_json(f"{{{text}: [{text}]}}".encode()).value
    assert found == {read: [read]}


@given(st.text(st.characters(categories=["L", "Cs", "So"], include_characters='\\"u{[')))
def test_no_text_however_written_brings_half_a_pair_in(text):
    for written in (json.dumps(text), json.dumps(json.dumps(text))):
        read_json(f"[{written}]".encode()).value[0].encode()


@given(st.text())
def test_a_text_is_read_as_it_was_written(text):
    for ascii_only in (True, False):
        assert read_json(json.dumps([text], ensure_ascii=ascii_only).encode()).value == [text]


@pytest.mark.parametrize(
    ("number", "exact"),
    [
        *((number, True) for number in ("1e999", "-1e999", "1e99999999999999999999999", "0e-999999999")),
        *((number, exact) for number in ("NaN", "-Infinity", "9" * 5000) for exact in (True, False)),
    ],
)
def test_a_number_that_nobody_can_use_is_no_number_and_the_rest_is_read(number, exact):
    [odd, right] = read_json(f"[{number}, 1.5]".encode(), exact=exact).value
    assert isinstance(odd, str) and odd.endswith("(no usable number)") and len(odd) < 70
    with pytest.raises(ArithmeticError):
        Decimal(odd)
    assert right == Decimal("1.5")


def test_exact_numbers_are_decimals_and_whole_ones_whole():
    assert read_json(b"[0.1, 1e5, 12, -3, 1E30]", exact=True).value == [Decimal("0.1"), 100_000, 12, -3, Decimal("1E+30")]
    assert isinstance(read_json(b"[0.1]", exact=True).value[0], Decimal)
    assert read_json(b"[1208925819614629174706176]").value == [2**80]


@pytest.mark.parametrize(
    "piece",
    [
        b"[],",
        b"{},",
        b"[1],",
        b'{"a":1},',
        b'"ab",',
        b"1,",
        b"1234,",
        b"1.5,",
        b'{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1},',
        "\U0001f600".encode(),
    ],
)
def test_an_answer_that_would_fill_the_memory_is_not_read(piece):
    most = MEMORY // 16
    begin, end = (b'["', b'"]') if len(piece) == 4 and piece[0] > 127 else (b"[", b"1]")
    assert kind_of(begin + piece * (most // len(piece) // 2) + end, memory=most, exact=True) == "too_large"
    read_json(begin + piece * (most // len(piece) // 100) + end, memory=most, exact=True)


PIECES = st.sampled_from(
    [
        *("[", "]", "{", "}", ",", ":", '"', "\\", " ", "\n", "\t", "\x01", "\0", "\ufeff", "\u00e9", "\U0001f600"),
        *('"a"', '"a":', '{"a":', "1", "-0", "-0.0", "0.10", "1e5", "1e999", "1e-400", "01", ".5", "1.", "NaN", "-Infinity"),
        *(
            "12345678901234567890123",
            "9" * 400,
            "9" * 5000,
            "true",
            "tru",
            "null",
            r"\ud83d",
            r"\ude00",
            r"\u0000",
            r"\x",
            "<html>",
        ),
        *("[" * 99, "]" * 99, "x", "//", r'"\ud83d\ude00"', r'"\u0061"'),
    ]
)


def result(body: bytes, *, exact: bool) -> object:
    try:
        found = read_json(body, exact=exact)
    except NoJson as error:
        return error.kind, error.position, error.text
    return repr(found)  # not ==: 1 is not 1.0 here, nor True


@given(st.lists(PIECES, max_size=12), st.booleans(), st.sampled_from(["utf-8", "utf-16", "latin-1", "utf-8-sig"]))
def test_both_ways_of_reading_find_the_same(pieces, exact, encoding):
    texts = ["".join(pieces), "[" + ",".join(pieces) + "]", '{"a":' + "".join(pieces) + "}"]
    for text in texts:
        body = text.encode(encoding, errors="replace")
        quick = result(body, exact=exact)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(answer_json, "_at_once", lambda *_, **__: answer_json._REFUSED)
            assert quick == result(body, exact=exact)
