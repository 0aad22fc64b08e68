"""An order whose row was broken by hand, or lies at an end of the calendar: every command tells of it and does the others."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from syncctl.db.embedded import EmbeddedDatabase
from tests.acceptance.program import Program
from tests.orders import order, set_aside, stage

DATES = ("TKT_DT", "ORD_DAT", "WOO_CREATED_DT", "WOO_MODIFIED_DT", "CREATED_DT", "LAST_SEEN_DT", "UPDATED_DT", "NEXT_ATTEMPT_DT")
ODD = ["garbage", "2026-02-31 10:00:00.000", "999-01-01 00:00:00.000", "0001-01-01 00:00:00.000", "9999-12-31 23:59:59.999"]

COMMANDS = [
    ("validate",),
    ("validate", "1"),
    ("process", "--dry-run"),
    ("retry-failed", "--dry-run", "--all"),
    ("trace", "1", "--offline"),
    ("trace", "3", "--offline"),
    ("dead-letter", "list"),
    ("dead-letter", "show", "3"),
    ("dead-letter", "cancel", "3", "--yes"),
    ("write-back", "list"),
    ("sync-status", "--dry-run"),
    ("health",),
    ("process",),
]


@pytest.fixture(params=ODD)
def broken(request: pytest.FixtureRequest, syncctl: Program) -> Program:
    """Three orders, two to come and one in review, whose dates are odd but for the second's."""
    with closing(EmbeddedDatabase(syncctl.folder / "shop.db")) as database:
        stage(database, order(1), order(2))
        set_aside(database, order(3))
    with closing(sqlite3.connect(syncctl.folder / "shop.db")) as by_hand, by_hand:
        for table, columns in (
            ("USER_ORDER_STAGING", DATES),
            ("USER_ORDER_DEAD_LETTER", ("CREATED_DT",)),
            ("USER_ORDER_ATTEMPT", ("ATTEMPT_DT",)),
            ("USER_ORDER_EVENT", ("EVENT_DT",)),
        ):
            assigned = ", ".join(f"{column} = :odd" for column in columns)
            by_hand.execute(f"UPDATE {table} SET {assigned} WHERE STAGING_ID <> 2", {"odd": request.param})
    return syncctl


@pytest.fixture(params=["America/New_York", "Asia/Tokyo"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """This host is there."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system's time zone can't be changed for one process")
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_every_command_gets_over_odd_dates(broken: Program, zone: str) -> None:
    for command in COMMANDS:
        ended = broken(*command)
        assert ended.code in (0, 1), (command, ended)
        assert "Unexpected" not in ended.err + ended.out, (command, ended)
    [(state,)] = broken.query("SELECT STATE FROM USER_ORDER_STAGING WHERE STAGING_ID = 2")
    assert state in ("APPLIED", "NEEDS_MANUAL_REVIEW"), "the sound order was done"
