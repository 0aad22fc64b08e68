"""A backup of the embedded file taken in mid-use, put back as docs/BACKUP_RECOVERY.md says, and what the store does then."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from syncctl.services.process import ProcessOptions
from syncctl.services.run_context import RunContext
from syncctl.services.validate import Rules
from syncctl.services.workers import process
from tests.crash.conftest import Shop
from tests.raws import raw_order


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def placed(shop: Shop) -> int:
    return shop.store.shopkeeper.place(raw_order(("TEE-BLK", 1, "19.99"), status="processing"))


def caught_up(shop: Shop) -> None:
    shop.stage()
    shop.catch_up()


def restored(shop: Shop, path: Path, backup: Path) -> None:
    """Put the copy in place of the file and of what lies beside it."""
    shop.database.close()
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    backup.rename(path)
    shop.database = shop.connect()


def test_what_the_backup_lacks_comes_back_from_the_store(shop: Shop, path: Path, tmp_path: Path) -> None:
    before = placed(shop)
    caught_up(shop)
    kept = shop.order(before)
    with closing(sqlite3.connect(path)) as running:
        running.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))
    after = placed(shop)
    caught_up(shop)
    lost = shop.order(after)
    assert (shop.notes(before), shop.notes(after)) == (1, 1)

    restored(shop, path, tmp_path / "copy.db")
    assert shop.order(before) == kept
    assert shop.rows("SELECT * FROM dbo.USER_ORDER_STAGING WHERE WOO_ORDER_ID = ?", after) == []
    shop.rows("UPDATE dbo.USER_NUMBER_SERIES SET NEXT_NO = 1300 WHERE SERIES IN ('DOC_ID', 'TKT_NO') AND NEXT_NO < 1300")
    caught_up(shop)

    again = shop.order(after)
    assert (again.state, again.tkt_no) == ("APPLIED", "101-001300")
    assert again.tkt_no != lost.tkt_no, "a number that is on paper is given to no other document"
    assert shop.on_order() == {"TEE-BLK": 2}, "each order once"
    assert (shop.notes(before), shop.notes(after)) == (1, 2), "what was told is not told again; the new document is"
    caught_up(shop)
    assert (shop.notes(before), shop.notes(after)) == (1, 2)


def test_a_message_delivered_after_the_backup_is_not_posted_twice(shop: Shop, path: Path, tmp_path: Path) -> None:
    number = placed(shop)
    shop.stage()
    process(shop.connect, None, ProcessOptions(rules=Rules()), RunContext(run_id="r", clock=shop.clock))
    with closing(sqlite3.connect(path)) as running:
        running.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))
    shop.catch_up("failed")
    assert shop.notes(number) == 1

    restored(shop, path, tmp_path / "copy.db")
    [message] = shop.rows("SELECT STATE FROM dbo.USER_STORE_OUTBOX")
    assert message["STATE"] == "PENDING"
    shop.catch_up("failed")
    [message] = shop.rows("SELECT STATE, DETAIL FROM dbo.USER_STORE_OUTBOX")
    assert (message["STATE"], message["DETAIL"]) == ("DONE", "the store had it already")
    assert shop.notes(number) == 1
