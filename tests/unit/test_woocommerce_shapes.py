"""What is read of an order in a list is all that anybody looks at, and reads as the whole order does."""

from __future__ import annotations

import copy
import json
from typing import Any, get_type_hints, is_typeddict

import pytest
from hypothesis import given, strategies as st

from syncctl import answer_json
from syncctl.answer_json import read_json
from syncctl.errors import UnreadableError
from syncctl.stores.woocommerce import _TELLING as TELLING
from syncctl.stores.woocommerce_orders import modified_of, needs_refunds, read_order
from syncctl.stores.woocommerce_shapes import ORDERS
from syncctl.stores.woocommerce_statuses import meaning_in, status_of
from tests.raws import raw_order
from tests.unit.test_woocommerce_orders import ORDERS as RECORDED, recorded

WITH_ALL = {
    **raw_order(("A", 2, "5.00"), id=7, number="7", status="on-hold"),
    "fee_lines": [{"id": 3, "name": "Wrapping", "total": "1.00", "total_tax": "0.10"}],
    "tax_lines": [{"rate_code": "", "label": "VAT", "tax_total": "0.10", "shipping_tax_total": "0.00"}],
    "coupon_lines": [{"code": "SAVE"}],
    "refunds": [
        {
            "id": 8,
            "reason": "Broken",
            "total": "-5.50",
            "line_items": [
                {
                    "id": 9,
                    "quantity": -1,
                    "total": "-5.00",
                    "total_tax": "0",
                    "meta_data": [{"key": "_refunded_item_id", "value": 100}],
                }
            ],
        },
        {"id": 10, "amount": "1.00"},
    ],
    "date_paid_gmt": None,
    "meta_data": [{"id": 1, "key": "_x", "value": {"a": [1]}}],
}
WHOLE = [*(recorded(name) for name in RECORDED), WITH_ALL]


class Asked(dict[str, Any]):
    """An object that notes which of its fields are asked for, its own and those of what is in it."""

    asked: set[str]

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


def noting(value: Any, asked: set[str]) -> Any:
    if isinstance(value, dict):
        noted = Asked((key, noting(each, asked)) for key, each in value.items())
        noted.asked = asked
        return noted
    return [noting(each, asked) for each in value] if isinstance(value, list) else value


def names(shape: Any) -> set[str]:
    """The names of all fields of a shape, and of the shapes in it."""
    own = get_type_hints(shape) if is_typeddict(shape) else {}
    return {*own, *(name for part in (*getattr(shape, "__args__", ()), *own.values()) for name in names(part))}


def everything_of(raw: dict[str, Any]) -> Any:
    """All that is made of a listed order."""
    told = (needs_refunds(raw), modified_of(raw), status_of(raw), meaning_in(raw))
    told += tuple(raw.get(name) for name in TELLING if name != "refunds")
    try:
        return told, read_order(raw)
    except UnreadableError as error:
        return told, str(error)


def test_nothing_is_looked_at_that_is_left_out():
    asked: set[str] = set()
    for raw in WHOLE:
        everything_of(noting(raw, asked))
    assert {"line_items", "method_title", "rate_code", "postcode", "refunds", "date_paid"} <= asked
    assert asked <= names(ORDERS)


def both_ways(monkeypatch: pytest.MonkeyPatch, body: bytes) -> tuple[Any, Any]:
    quick = read_json(body, exact=True, shape=ORDERS).value
    with monkeypatch.context() as patched:
        patched.setattr(answer_json, "_at_once", lambda *_, **__: answer_json._REFUSED)
        long = read_json(body, exact=True).value
    return quick, long


def written(raws: list[dict[str, Any]]) -> bytes:
    return json.dumps(raws, default=str).encode()


def test_a_page_reads_the_same_whichever_way_it_is_read(monkeypatch):
    quick, long = both_ways(monkeypatch, written(WHOLE))
    assert "meta_data" not in quick[0] and "meta_data" in long[0], "only what is looked at was read"
    assert [everything_of(raw) for raw in quick] == [everything_of(raw) for raw in long]


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from(
        [1.5, 0.1, 1e300, "1.50", " 2 ", "1e3", "NaN", "", "0000-00-00T00:00:00", "wc-held", "a  b\x07&amp;", "\u00e9\ud83d"]
    ),
    st.lists(st.integers(0, 9), max_size=2),
    st.dictionaries(st.sampled_from(["0", "id", "total"]), st.sampled_from(["1", 2, None]), max_size=2),
)


@given(odd=st.data())
def test_an_odd_order_reads_the_same_whichever_way_it_is_read(odd):
    raw = copy.deepcopy(odd.draw(st.sampled_from([WITH_ALL, *WHOLE])))
    for _ in range(odd.draw(st.integers(1, 3))):
        place = raw
        while True:
            key = odd.draw(st.sampled_from(sorted(place, key=str)))
            inner = place[key]
            inner = inner[0] if isinstance(inner, list) and inner else inner
            if not isinstance(inner, dict) or not inner or odd.draw(st.booleans()):
                break
            place = inner
        place[key] = odd.draw(ODD)
    with pytest.MonkeyPatch.context() as monkeypatch:
        [quick], [long] = both_ways(monkeypatch, written([raw]))
    assert everything_of(quick) == everything_of(long)


@pytest.mark.parametrize(
    "oddity",
    [b'"total": 24.990', b'"total": NaN', b'"total": "24.99", "total": "99.00"', b'"number": "\\ud83d"', b'"billing": []'],
    ids=ascii,
)
def test_what_is_odd_is_read_by_the_long_way(monkeypatch, oddity):
    body = written([WITH_ALL])[:-2] + b", " + oddity + b"}]"
    [quick], [long] = both_ways(monkeypatch, body)
    assert everything_of(quick) == everything_of(long)
