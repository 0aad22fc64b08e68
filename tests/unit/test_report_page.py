"""The report's page: right figures by local days, everything escaped, nothing from elsewhere, readable in both colour schemes."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syncctl.db.contract import Backlog, DeadLetter, EventCount, Failure, PodCount, RefusedItem, RunFigures, StepTime, StorePush
from syncctl.personal import masked
from syncctl.pushes import KINDS, PRICE, STOCK
from syncctl.reporting.charts import scale_of, stacked
from syncctl.reporting.page import page, span
from syncctl.services import figures as module
from syncctl.services.figures import FailedCause, Figures, Flow, Window
from syncctl.services.push_figures import PushFigures

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LOCAL = datetime(2026, 11, 19, 14)  # noqa: DTZ001  (local, as it is shown)
WINDOW = Window(since=NOW - timedelta(days=30), until=NOW)
HOSTILE = "</td><script>alert(1)</script> \x1b[31m \u202e anna.smith+x@example.com"


def letter(reason: str = HOSTILE) -> DeadLetter:
    return DeadLetter(1, 7, HOSTILE, 4711, "4711", "create", "mapping", "x", reason, 1, NOW, None, None, None, None)


def made(**given: Any) -> Figures:
    flow = Flow(LOCAL, Counter(created=3, staged=4, failed=1))
    nothing: dict[str, Any] = {
        "by_day": [flow],
        "by_hour": [flow],
        "by_store": {"woocommerce": Counter(created=3, staged=4), HOSTILE: Counter(created=1)},
        "steps": [StepTime("woocommerce", "to_erp", 3, 1200, 900, 61_000, 61_000, 61_000, 7_300_000)],
        "causes": [FailedCause("no item", "map it", Failure("woocommerce", "mapping", "x", 2, 2, 1, NOW, 7, "4711", HOSTILE))],
        "attempts": [],
        "runs": [RunFigures("stage", 3, 1, 30, 1, 2, 3, 4, 100, 200, 300, NOW)],
        "backlog": [Backlog("woocommerce", "NEEDS_MANUAL_REVIEW", 5, NOW)],
        "review": [letter()],
        "queues": [],
        "proofs": [PodCount("ups", "pending", "waiting", None, 4, NOW, 0, None)],
    }
    return Figures(window=WINDOW, made_at=NOW, **{**nothing, **given})


class Nesting(HTMLParser):
    """Sees to it that every element is closed where it should be."""

    VOID = frozenset({"meta", "link", "br", "line", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen[tag] += 1
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("personal", [False, True])
def test_what_others_wrote_is_text_and_no_more(personal: bool) -> None:
    told = page(made(), personal=personal)
    parsed = Nesting()
    parsed.feed(told)
    assert parsed.open == []
    assert parsed.seen["script"] == 0
    assert "\x1b" not in told
    assert ("anna.smith" in told) is personal
    assert personal or "a…@example.com" in told


def test_the_page_asks_nobody_for_anything() -> None:
    told = page(made())
    assert "default-src 'none'" in told
    assert not re.search(r"https?:|src=|url\(|@import|<script|<iframe|<form", told)
    assert set(re.findall(r'href="([^"]*)"', told)) == {"data:,"}


def test_a_page_about_nothing_says_so() -> None:
    empty: dict[str, Any] = {
        name: [] for name in ("by_hour", "steps", "causes", "attempts", "runs", "backlog", "review", "proofs")
    }
    told = page(made(**empty, by_day=[Flow(LOCAL, Counter())], by_store={}))
    for said in ("No document was made", "Nothing waits.", "No attempt failed.", "None.", "No job ran.", "Nothing was finished."):
        assert said in told


def pushed(*refused: RefusedItem, **given: Any) -> PushFigures:
    nothing: dict[str, Any] = {
        "store_id": HOSTILE,
        "kind": "stock",
        "items": 6,
        "managed": 5,
        "told": 4,
        "refused": len(refused),
        "stubborn": 0,
        "sku": None,
        "message": None,
        "listed_dt": NOW,
        "told_dt": NOW,
        "tried_dt": NOW,
        "ended_dt": None,
        "held_dt": NOW,
        "held_why": "zeroed",
        "held_message": HOSTILE,
        "change_count": 3,
        "left_json": '{"unknown": 2}',
    }
    return PushFigures(kind=STOCK, push=StorePush(**{**nothing, **given}), refused=list(refused))


def test_what_is_pushed_is_told_escaped_and_only_of_kinds_that_are_on() -> None:
    item = RefusedItem("stock", HOSTILE, 7, HOSTILE, HOSTILE, 3, NOW, HOSTILE)
    flow = Flow(LOCAL, Counter(stock_told=3, stock_refused=1))
    told = page(made(kinds=(STOCK,), pushes=[pushed(*[item] * 50, refused=60)], by_day=[flow], by_hour=[flow]))
    nesting = Nesting()
    nesting.feed(told)
    assert nesting.open == []
    assert "<script" not in told and "\x1b" not in told and "anna.smith" not in told
    assert "Stock told to the store" in told and "2 no such item in the ERP" in told and "And 10 more" in told
    assert "19 Nov: 3 stock told" in told
    assert "told to the store</h2>" not in page(made())
    assert "Prices told to the store" in page(made(kinds=(PRICE,)))
    assert "The store was never told" in page(made(kinds=(PRICE,)))


@pytest.mark.parametrize("left", [None, "{", "[]", '{"unknown": "x"}', '{"other": 1}'])
def test_a_row_of_a_push_that_was_broken_by_hand_is_shown_for_what_it_is(left: str | None) -> None:
    assert "told to the store" in page(made(kinds=(STOCK,), pushes=[pushed(left_json=left)]))


def test_more_orders_for_a_person_than_fit_are_counted() -> None:
    told = page(made(review=[letter("x")] * 300, backlog=[Backlog("woocommerce", "NEEDS_MANUAL_REVIEW", 350, NOW)]))
    assert told.count(">4711<") == 200
    assert "And 150 more" in told


def colours(scheme: str) -> dict[str, str]:
    template = Path(module.__file__).parents[1] / "reporting" / "templates" / "page.html"
    light, dark = re.findall(r":root \{(.*?)\}", template.read_text(encoding="utf-8"), re.DOTALL)[:2]
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", light if scheme == "light" else dark))


def luminance(colour: str) -> float:
    parts = (int(colour[each : each + 2], 16) / 255 for each in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_and_bars_stand_out_in_both_schemes(scheme: str) -> None:
    known = colours(scheme)
    assert len(known) == 20
    for text in ("ink", "dim", "bad", "good"):
        for ground in ("paper", "soft"):
            assert contrast(known[text], known[ground]) >= 4.5, (text, ground)
    pushed = [column for kind in KINDS for column in kind.columns[:2]]
    for bar in ("created", "changed", "closed", "staged", "edited", "failed", "review", "documents", "orders", *pushed):
        assert contrast(known[bar], known["paper"]) >= 3, bar


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (12_340, "12.3 s"),
        (250_000, "4 min 10 s"),
        (11_100_000, "3 h 5 min"),
        (187_200_000, "2 d 4 h"),
    ],
)
def test_times_are_told_as_people_say_them(milliseconds: int, said: str) -> None:
    assert span(milliseconds) == said


@pytest.mark.parametrize("most", [0, 1, 3, 4, 5, 17, 99, 100, 101, 12_345, 10**9])
def test_a_scale_holds_the_largest_figure_in_even_steps(most: int) -> None:
    steps = scale_of(most)
    assert steps[0] == 0
    assert max(most, 1) <= steps[-1] <= max(1, most) * 2
    assert len({after - before for before, after in pairwise(steps)}) == 1
    assert 2 <= len(steps) <= 6


def test_bars_stay_in_their_chart_and_add_up() -> None:
    chart = stacked([(str(day), {"a": day, "b": 2 * day}) for day in range(400)], ("a", "b"))
    assert all(
        bar.x >= 0 and bar.x + bar.width <= chart.width and bar.y >= 0 and bar.y + bar.height <= chart.base + 0.2
        for bar in chart.bars
    )
    assert len(chart.bars) == 2 * 399
    assert len(chart.labels) <= 8


@pytest.mark.parametrize("text", ["Order 12: a@b", "a @ b.example", "user@localhost", "50 @ 3.20", "see https://shop.example/@x"])
def test_what_is_no_address_stays(text: str) -> None:
    assert masked(text) == text


def test_addresses_are_masked_however_many() -> None:
    assert masked("of anna.b+1@shop.example and O'Hara@x.co.uk,") == "of a…@shop.example and O…@x.co.uk,"


class Counting:
    """A database that gives rows of events and nothing else."""

    engine = "none"

    def __init__(self, rows: list[EventCount]) -> None:
        self.rows = rows
        self.calls: list[Any] = []

    def run(self, call: Any) -> list[Any]:
        self.calls.append(call)
        return self.rows if type(call).__name__ == "CountEvents" else []


def starts(zone: Any, *hours: datetime) -> list[str]:
    window = Window(since=datetime(2026, 10, 24, tzinfo=zone), until=datetime(2026, 10, 27, tzinfo=zone))
    database = Counting([EventCount("woocommerce", hour, "CREATED", 1) for hour in hours])
    found = module.gather(database, window, now=NOW, org_id="x")
    assert [flow.start.day for flow in found.by_day] == [24, 25, 26]
    assert database.calls[0].offset_minutes in (0, 30)
    return [f"{flow.start:%d} {sum(flow.counts.values())}" for flow in found.by_day if flow.counts]


def test_days_are_local_over_a_change_of_the_clocks_too() -> None:
    zone = ZoneInfo("Europe/Paris")  # on 25 October 2026 its clocks go back
    hours = [datetime(2026, 10, day, hour, tzinfo=UTC) for day, hour in ((24, 22), (25, 22), (25, 23))]
    assert starts(zone, *hours) == ["25 2", "26 1"]


def test_days_begin_in_the_middle_of_an_hour_where_they_do() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    assert starts(zone, datetime(2026, 10, 24, 18, 30, tzinfo=UTC), datetime(2026, 10, 25, 17, 30, tzinfo=UTC)) == ["25 2"]
