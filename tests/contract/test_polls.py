"""A run that reads from a store: what it begins with, and what is noted at its end, in one call each."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncctl.db.contract import FinishPoll, ListOrdersToReadAgain, ListWalks, NoteWalks, StartPoll, Walk
from syncctl.errors import BadArgument, NotFound
from tests.orders import stage

START: dict[str, Any] = {
    "operation_type": "stage",
    "direction": "STORE_TO_ERP",
    "dry_run": False,
    "host": "SHOP01",
    "process_id": 1,
    "created_by": "admin",
}
END: dict[str, Any] = {
    "records_input": 3,
    "records_created": 1,
    "records_updated": 0,
    "records_skipped": 2,
    "records_failed": 0,
    "success": True,
    "exit_code": 0,
}
STORE = {"store_id": "woocommerce"}
WATERMARK = datetime(2026, 11, 20, 11, 0, 0, 250_000, tzinfo=UTC)
ORDERS = {"WALK_NAME": "orders", "WATERMARK_DT": "2026-11-20T11:00:00.250", "SINCE_DT": None}
TRASH = {
    "WALK_NAME": "trash",
    "WATERMARK_DT": None,
    "SINCE_DT": "2026-11-20T11:00:00.250",
    "UNTIL_DT": "2026-11-20T11:00:00.250",
    "LAST_ID": 5_000_000_000,
    "ROW_OFFSET": 7,
}


def test_a_poll_begins_with_its_row_and_the_walks_and_ends_with_them(database, query, clock):
    assert database.run(StartPoll(sync_id="first", **START, **STORE)) == []
    clock.move(timedelta(seconds=2))
    assert database.run(FinishPoll(sync_id="first", **END, **STORE, walks=json.dumps([ORDERS, TRASH]))) == []
    walks = [
        Walk("orders", WATERMARK, None, None, None, None, clock.now, any_due=False),
        Walk("trash", None, WATERMARK, WATERMARK, 5_000_000_000, 7, clock.now, any_due=False),
    ]
    assert database.run(StartPoll(sync_id="second", **START, **STORE)) == walks
    assert database.run(ListWalks(**STORE)) == walks
    assert database.run(StartPoll(sync_id="third", **START, store_id="outlet")) == []
    rows = query("SELECT * FROM dbo.USER_SYNC_LOG ORDER BY LOG_ID", ())
    assert [(row["SYNC_ID"], row["RECORDS_INPUT"], row["EXIT_CODE"]) for row in rows] == [
        ("first", 3, 0),
        ("second", None, None),
        ("third", None, None),
    ]
    finished = query("SELECT FINISHED_DT FROM dbo.USER_SYNC_WALK ORDER BY WALK_NAME", ())
    assert [row["FINISHED_DT"] for row in finished] == [clock.now, None]


def test_walks_that_are_noted_again_replace_what_was_noted(database, clock):
    database.run(NoteWalks(**STORE, walks=json.dumps([TRASH])))
    clock.move(timedelta(minutes=1))
    database.run(NoteWalks(**STORE, walks=json.dumps([{**ORDERS, "WALK_NAME": "trash"}, ORDERS])))
    database.run(NoteWalks(**STORE, walks="[]"))
    assert database.run(ListWalks(**STORE)) == [
        Walk(name, WATERMARK, None, None, None, None, clock.now, any_due=False) for name in ("orders", "trash")
    ]


def test_a_poll_that_was_never_started_notes_nothing(database):
    with pytest.raises(NotFound, match="never started"):
        database.run(FinishPoll(sync_id="nobody", **END, **STORE, walks=json.dumps([ORDERS])))
    assert database.run(ListWalks(**STORE)) == []


@pytest.mark.parametrize(("walks", "says"), [("", "JSON array"), ("{}", "JSON array"), ('[{"LAST_ID": 1}]', "needs WALK_NAME")])
def test_walks_come_as_a_json_array_of_named_ones(database, walks: str, says: str):
    with pytest.raises(BadArgument, match=says):
        database.run(NoteWalks(**STORE, walks=walks))


def test_it_is_told_whether_orders_are_due_to_be_read_again(database, clock):
    stage(database, {"WOO_ORDER_ID": 4711, "UNREADABLE": 1, "STATUS_REASON": "its total is no amount"}, walk=ORDERS)
    assert [walk.any_due for walk in database.run(ListWalks(**STORE))] == [False]
    clock.move(timedelta(hours=2))
    assert database.run(ListOrdersToReadAgain(**STORE, batch_size=10)) != []
    assert [walk.any_due for walk in database.run(ListWalks(**STORE))] == [True]
    database.run(NoteWalks(store_id="outlet", walks=json.dumps([ORDERS])))
    assert [walk.any_due for walk in database.run(ListWalks(store_id="outlet"))] == [False]
