"""What must never be there twice is kept so by the database itself, whatever a procedure or a person's own SQL does."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from syncctl.db.contract import Database
from syncctl.errors import SyncError
from tests.orders import order, stage
from tests.shop import Shop

AGAIN = {
    "one live row of an order": (
        "USER_ORDER_STAGING",
        "BATCH_ID, STORE_ID, WOO_ORDER_ID, STATE, IS_VALIDATED, IS_APPLIED, CREATED_DT",
    ),
    "one link of an order": ("USER_ORDER_LINK", "STORE_ID, WOO_ORDER_ID, STAGING_ID, DOC_ID, TKT_NO, REVISION, CREATED_DT"),
    "one message of a kind": (
        "USER_STORE_OUTBOX",
        "STORE_ID, WOO_ORDER_ID, KIND, DEDUP_KEY, STATE, ATTEMPT_NO, NEXT_ATTEMPT_DT, CREATED_DT",
    ),
    "one line of a document": (
        "USER_ORDER_LINE_LINK",
        "STORE_ID, WOO_ORDER_ID, WOO_LINE_ID, DOC_ID, LIN_SEQ_NO, ITEM_NO, QTY_SOLD, EXT_PRC",
    ),
}


@pytest.mark.parametrize("promise", AGAIN)
def test_it_is_there_once(database: Database, query: Callable[..., list[Any]], promise: str) -> None:
    Shop(database, query).apply()
    table, columns = AGAIN[promise]
    assert len(query(f"SELECT * FROM dbo.{table}")) == 1
    with pytest.raises((sqlite3.IntegrityError, SyncError), match=r"(?i)unique|duplicate|constraint"):
        query(f"INSERT INTO dbo.{table} ({columns}) SELECT {columns} FROM dbo.{table}")
    assert len(query(f"SELECT * FROM dbo.{table}")) == 1


def test_duplicates_of_an_old_site_may_stay(database: Database, query: Callable[..., list[Any]]) -> None:
    stage(database, order(1))
    columns = "BATCH_ID, STORE_ID, WOO_ORDER_ID, STATE, IS_VALIDATED, IS_APPLIED, CREATED_DT"
    table = "dbo.USER_ORDER_STAGING"
    query(f"INSERT INTO {table} ({columns}, DUPLICATE_OF_ID) SELECT {columns}, STAGING_ID FROM {table}")
    assert len(query("SELECT * FROM dbo.USER_ORDER_STAGING")) == 2
