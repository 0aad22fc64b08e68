"""CSV that a spreadsheet doesn't reckon."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from syncctl.csv_text import csv_text, safe_cell, text_of


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", '=HYPERLINK("http://x")'])
def test_a_text_that_begins_like_a_formula_stays_a_text(text: str) -> None:
    [_, [cell]] = csv.reader(io.StringIO(csv_text(["a"], [[text]]), newline=""))
    assert cell == f"'{text}"


def test_figures_commas_quotes_and_lines_survive() -> None:
    rows = [[-1, Decimal("-2.50"), 'a "b", c', "two\nlines", None]]
    [header, row] = csv.reader(io.StringIO(csv_text(["a", "b", "c", "d", "e"], rows), newline=""))
    assert header == ["a", "b", "c", "d", "e"]
    assert row == ["-1", "-2.50", 'a "b", c', "two\nlines", ""]


@given(st.text(max_size=20))
def test_no_text_is_a_formula_and_each_comes_back(value: str) -> None:
    assert not str(safe_cell(value)).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert text_of(str(safe_cell(value))) == value
