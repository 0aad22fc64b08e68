"""Rows of a report that are written out as they come: the document is as if they had been held."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from syncctl.cli.output import Output, Report
from syncctl.cli.rows import SpooledRows
from syncctl.services.intake import SET_ASIDE, StagedItem, Staging

ITEMS = [
    StagedItem(number, f"№ {number}", "processing", "staged", 'said "so",\nand more' if number % 2 else None, number)
    for number in range(3)
]


def shown(report: Report, capsys: pytest.CaptureFixture[str]) -> str:
    Output(as_json=True).show(report)
    return capsys.readouterr().out


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_document_is_the_same(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    held = Report("stage", "run", at, counts={"polled": count}, items=ITEMS[:count], extra={"notes": ["one"]})
    spooled = Report("stage", "run", at, counts={"polled": count}, extra={"notes": ["one"]}, rows=SpooledRows())
    assert spooled.rows is not None
    for item in ITEMS[:count]:
        spooled.rows.append(item)
    expected = shown(held, capsys)
    assert shown(spooled, capsys) == expected
    assert len(json.loads(expected)["items"]) == count


def test_many_rows_go_to_a_file(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("syncctl.cli.rows._IN_MEMORY", 1000)
    rows = SpooledRows()
    for number in range(500):
        rows.append({"number": number})
    text = shown(Report("stage", "run", datetime(2026, 11, 20, tzinfo=UTC), rows=rows), capsys)
    assert [item["number"] for item in json.loads(text)["items"]] == list(range(500))


def test_a_run_counts_orders_and_keeps_a_few_of_those_that_need_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncctl.services.intake.MOST_ASIDE", 2)
    result = Staging()
    for number in range(5):
        result.count(StagedItem(number, str(number), "processing", SET_ASIDE, "its total is no amount", number, "no_amount"))
        result.count(StagedItem(9 + number, None, "pending", "skipped", "it isn't paid", None))
        result.count(StagedItem(20 + number, None, "processing", "unchanged", None, 7))
    assert result.counts["polled"] == 15
    assert (result.counts["errors"], result.counts["skipped"], result.counts["unchanged"]) == (5, 5, 5)
    assert [item.woo_order_id for item in result.aside] == [0, 1]
    causes = {cause.code: (cause.orders, cause.example.order) for cause in result.causes.causes()}
    assert causes == {"set_aside/no_amount": (5, "0"), "skipped/pending": (5, "9")}
