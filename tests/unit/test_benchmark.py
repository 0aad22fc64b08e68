"""The benchmark's table: who takes turns with whom, medians, and ratios to what stands beside."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from scripts.benchmark import GROUPS, multiply, turns
from scripts.benchmark_table import GOALS, Cost, Measured, as_goals, as_json, as_markdown, fill


def test_contenders_take_turns():
    order: list[str] = []

    def noted(name: str) -> Cost:
        order.append(name)
        return Cost(1, 1, 1)

    found = turns("stage", {"A": lambda: noted("A"), "B": lambda: noted("B")}, 3, beside={"A": "B"})
    assert "".join(order) == "ABABAB"
    assert [(each.name, each.beside, len(each.runs)) for each in found] == [("A", "B", 3), ("B", "", 3)]


def test_the_table_has_medians_and_ratios():
    ours = Measured(
        "stage", "stage -q", 1000, [Cost(3, 0.2, 60, 10, 12), Cost(9, 0.4, 60, 10, 12), Cost(4, 0.3, 61, 10, 12)], "floor"
    )
    floor = Measured("stage", "floor", 1000, [Cost(1, 0.1, 34, 10)])
    other = Measured("poll", "floor", 1, [Cost(1, None, None)])
    line, second, third = as_markdown([ours, floor, other]).splitlines()[2:]
    assert line == "| stage | stage -q | 4 s | 0.3 s | 300 µs | 60 MB | 10 | 12 | 3.00 × floor |"
    assert second == "| stage | floor | 1 s | 0.1 s | 100 µs | 34 MB | 10 |  |  |"
    assert third == "| poll | floor | 1 s |  |  |  |  |  |  |"
    assert [len(each["runs"]) for each in json.loads(as_json([ours, floor]))] == [3, 1]


def test_orders_are_multiplied(made_embedded: Path, tmp_path: Path):
    file = tmp_path / "shop.db"
    file.write_bytes(made_embedded.read_bytes())
    with sqlite3.connect(file) as database:
        database.execute(
            "INSERT INTO USER_ORDER_STAGING (BATCH_ID, WOO_ORDER_ID, CREATED_DT) VALUES ('b', 1, '2026-01-01 00:00:00.000')"
        )
    database.close()
    multiply(file, 50)
    with sqlite3.connect(file) as database:
        counted = database.execute("SELECT STATE, COUNT(*), COUNT(DISTINCT WOO_ORDER_ID) FROM USER_ORDER_STAGING").fetchall()
    database.close()
    assert counted == [("PENDING", 51, 51)]


def test_every_group_tells_what_it_measures():
    assert all(group.__doc__ for group in GROUPS.values())


def test_what_was_found_stands_beside_the_goals():
    found = [
        Measured("stage", "stage -q", 100, [Cost(1, 0.02, 60)]),
        Measured("poll", "first", 100, [Cost(3, 2.3, 60, 3, 4)]),
        Measured("poll", "the same orders again", 100, [Cost(1, 0.5, 60, 3, 4)]),
        Measured("poll", "nothing new", 1, [Cost(1, 0.3, 60, 2, 1)]),
    ]
    lines = as_goals(found).splitlines()[2:]
    assert "| `stage`, CPU an order | ≤ 165 µs | 200 µs | missed: " in lines[0]
    assert lines[1:2] + lines[3:] == [
        "| an unchanged order beside a new one, CPU, without start-up | ≤ 0.15 × | 0.1 × | reached |",
        "| a poll that finds nothing, calls to the database | 1 | 1 | reached |",
    ]
    assert len({goal.what for goal in GOALS}) == len(GOALS)


def test_the_page_gets_both_tables(tmp_path: Path):
    page = tmp_path / "PERFORMANCE.md"
    page.write_text((Path(__file__).resolve().parents[2] / "docs/PERFORMANCE.md").read_text(encoding="utf-8"), encoding="utf-8")
    found = [Measured("stage", "stage -q", 1000, [Cost(3, 0.2, 60, 10, 12)])]
    fill(page, found)
    once = page.read_text(encoding="utf-8")
    assert as_markdown(found) in once
    assert as_goals(found) in once
    assert once.count("| stage | stage -q |") == once.count("| `stage`, CPU an order |") == 1
    fill(page, found)
    assert page.read_text(encoding="utf-8") == once
