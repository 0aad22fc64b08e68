"""An embedded database that an older version made: brought up to date where it lies, no row lost, then like a new one."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import GetPodDocument, ListRetryPolicies, ListWalks
from syncctl.db.embedded import EmbeddedDatabase
from tests.orders import order, stage

OLD = Path(__file__).with_name("embedded_1.sql")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of the first version, in which a store was polled."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        made.execute("ATTACH DATABASE ? AS dbo", (str(path),))
        made.executescript(OLD.read_text(encoding="utf-8"))
        made.executescript(
            """
            INSERT INTO dbo.USER_SYNC_WALK VALUES
                ('done', 'orders', '2026-11-20 10:00:00.000', NULL, NULL, NULL, NULL, '2026-11-20 10:00:05.000'),
                ('under way', 'orders', '2026-11-20 09:00:00.000', '2026-11-20 09:00:00.000', '2026-11-20 10:00:00.000', 7, 1,
                 '2026-11-20 10:00:05.000'),
                ('first', 'orders', NULL, '2026-11-20 09:00:00.000', '2026-11-20 10:00:00.000', 7, 1, '2026-11-20 10:00:05.000');
            INSERT INTO dbo.USER_POD_DOCUMENT VALUES
                (7, 1, 'XN1', 'hash', 'application/pdf', 6, NULL, 'Zoë', NULL, 'JVBERgD/', '2026-11-20 10:00:00.000');
            UPDATE dbo.USER_RETRY_POLICY SET MAX_ATTEMPTS = 99 WHERE ERROR_CLASS = 'crash';
            """
        )
    return path


def shape(path: Path) -> dict[str, Any]:
    """Return each table's columns, and the text of each index."""
    with closing(sqlite3.connect(path)) as database:
        objects = database.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
        tables = [name for kind, name, _ in objects if kind == "table" and not name.startswith("sqlite_")]
        columns = {table: database.execute(f"PRAGMA table_info({table})").fetchall() for table in tables}
        version = database.execute("PRAGMA user_version").fetchone()
        return {**columns, "version": version, **{name: sql for kind, name, sql in objects if kind == "index"}}


def seeds(path: Path) -> list[Any]:
    with closing(EmbeddedDatabase(path)) as database:
        return [(policy.error_class, policy.destination) for policy in database.run(ListRetryPolicies())]


def test_an_old_file_becomes_like_a_new_one_and_keeps_its_rows(old: Path, tmp_path: Path) -> None:
    with closing(EmbeddedDatabase(old)) as database:
        assert [walk.last_id for walk in database.run(ListWalks(store_id="under way"))] == [7]
        finished = database.query("SELECT STORE_ID, FINISHED_DT FROM dbo.USER_SYNC_WALK ORDER BY STORE_ID")
        assert [(row[0], row[1] and f"{row[1]:%H:%M:%S}") for row in finished] == [
            ("done", "10:00:05"),
            ("first", None),
            ("under way", "09:00:00"),
        ]
        assert [policy.max_attempts for policy in database.run(ListRetryPolicies()) if policy.error_class == "crash"] == [99]
        [kept] = database.run(GetPodDocument(claim_id=1))
        assert (kept.document_id, kept.signed_by, kept.content) == (7, "Zoë", b"%PDF\x00\xff")
        assert [row.outcome for row in stage(database, order(1))] == ["staged"]
    new = tmp_path / "new.db"
    EmbeddedDatabase(new).close()
    assert shape(old) == shape(new)
    assert seeds(old) == seeds(new)


def test_orders_that_are_there_get_a_meaning_and_a_payment_that_failed_is_news(old: Path) -> None:
    there = [
        (1, "processing", "live", 1),
        (2, "completed", "live", 1),
        (3, "on-hold", "live", 1),
        (4, "pending", "wait", 0),
        (5, "failed", "wait", 1),
        (6, "cancelled", "dead", 0),
        (7, "packed", "wait", 0),
    ]
    with closing(sqlite3.connect(old)) as made, made:
        made.executemany(
            "INSERT INTO USER_ORDER_STAGING"
            " (BATCH_ID, WOO_ORDER_ID, ORD_STATUS, STATUS_GROUP, IS_APPLIED, CREATED_DT, STATE, CONTENT_HASH, APPLIED_HASH)"
            " VALUES ('b', ?, ?, ?, ?, '2026-11-20 10:00:00.000', 'APPLIED', 'x', 'x')",
            there,
        )
    with closing(EmbeddedDatabase(old)) as database:
        rows = database.query("SELECT WOO_ORDER_ID, STATUS_MEANING FROM dbo.USER_ORDER_STAGING ORDER BY WOO_ORDER_ID")
        assert [row[1] for row in rows] == ["ready", "done", "unpaid", "unpaid", None, "dead", None]
        failed = {"STATUS_GROUP": "wait", "STATUS_MEANING": "unpaid", "ORD_STATUS": "failed", "STATUS_REASON": "it isn't paid"}
        awaited = {**failed, "ORD_STATUS": "on-hold"}
        seen = stage(database, order(5, **failed, CONTENT_HASH="x"), order(3, **awaited, CONTENT_HASH="x"))
        assert [row.outcome for row in seen] == ["cancel_staged", "unchanged"]


def test_it_is_brought_up_to_date_once(old: Path) -> None:
    EmbeddedDatabase(old).close()
    before = shape(old)
    EmbeddedDatabase(old).close()
    assert shape(old) == before


@pytest.mark.parametrize("existing", [True, False])
def test_several_processes_at_once_do_it_once(old: Path, tmp_path: Path, existing: bool) -> None:
    path = old if existing else tmp_path / "none-yet.db"

    def connect(_: int) -> int:
        with closing(EmbeddedDatabase(path)) as database:
            return len(database.run(ListRetryPolicies()))

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(connect, range(8)))) == 1


def test_a_step_that_fails_leaves_the_file_as_it_was(old: Path) -> None:
    with closing(sqlite3.connect(old)) as database:
        database.execute("ALTER TABLE USER_SYNC_WALK ADD COLUMN FINISHED_DT TEXT")
    before = shape(old)
    with pytest.raises(Exception, match="duplicate column"):
        EmbeddedDatabase(old)
    assert shape(old) == before


@pytest.mark.parametrize(
    ("stores", "rows"),
    [
        ({"one": None}, [("C1", "one"), ("C2", "one")]),
        ({"one": 5, "guests": None}, [("C1", "one"), ("C2", "")]),
        ({"one": 5, "two": 7}, [("C1", ""), ("C2", "")]),
        ({}, [("C1", ""), ("C2", "")]),
    ],
)
def test_rows_of_the_customer_map_go_to_the_store_that_they_are_of(
    old: Path, stores: dict[str, int | None], rows: list[tuple[str, str]]
) -> None:
    with closing(sqlite3.connect(old)) as made, made:
        made.execute("DELETE FROM USER_SYNC_WALK")
        made.execute(
            "INSERT INTO USER_CUSTOMER_MAP (CUST_NO, WOO_USER_ID, WOO_EMAIL) VALUES ('C1', 5, NULL), ('C2', NULL, 'a@b')"
        )
        made.executemany(
            "INSERT INTO USER_ORDER_STAGING (BATCH_ID, STORE_ID, WOO_ORDER_ID, WOO_CUST_ID, CREATED_DT, CONTENT_HASH,"
            " STATUS_GROUP) VALUES ('b', ?, 1, ?, '2026-11-20 10:00:00.000', 'x', 'live')",
            list(stores.items()),
        )
    with closing(EmbeddedDatabase(old)) as database:
        found = database.query("SELECT CUST_NO, STORE_ID FROM dbo.USER_CUSTOMER_MAP ORDER BY CUST_NO")
        assert [tuple(row) for row in found] == rows
        database.query("INSERT INTO dbo.USER_CUSTOMER_MAP (CUST_NO, WOO_USER_ID, STORE_ID) VALUES ('C1', 5, 'another')")
