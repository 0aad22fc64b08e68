"""The benchmark's table: who takes turns with whom, medians, and ratios to what stands beside."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from scripts.benchmark import GROUPS, Cost, Measured, as_json, as_markdown, multiply, turns


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
