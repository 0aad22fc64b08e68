"""A backup of all tables in a file, put back: the same rows again, or a refusal where an order would come twice or be lost."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.backup import read_backup
from syncctl.db.backup_tables import SORTS, open_tables, own_tables
from syncctl.db.contract import (
    AddClaim,
    ClaimPods,
    ListWebItems,
    NoteStoreItems,
    QueueNotification,
    SetItemMap,
    SetWebItem,
    StorePodDocument,
)
from syncctl.errors import ConfigError, UsageError, WrongState
from syncctl.services.backup import backup, restore
from tests.orders import line, order, set_aside, stage
from tests.shop import Shop


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.jsonl.gz"


def applied(shop: Shop, number: int, **columns: Any) -> int | None:
    stage(shop.database, order(number, line(1), **columns))
    return shop.work(shop.claim()).doc_id


def put_back(shop: Shop, file: Path, clock: Any, **how: Any) -> Any:
    return restore(shop.database, file, now=clock(), **{"settings_only": False, "dry_run": False, **how})


def refusals(shop: Shop, file: Path, clock: Any) -> str:
    """What a dry run names, and that the restore itself refuses with the same and changes nothing."""
    before = shop.snapshot()
    named = put_back(shop, file, clock, dry_run=True).refusals
    assert named
    with pytest.raises(WrongState) as refused:
        put_back(shop, file, clock)
    assert str(refused.value) == f"Nothing was restored. {' '.join(named)}"
    assert shop.snapshot() == before
    return str(refused.value)


def test_every_row_comes_back_as_it_was(shop: Shop, file: Path, clock: Any):
    applied(shop, 4711, SHIP_NAM="Zo\u00eb \u6771\u4eac \U0001f600 'quoted' \\ \n\t")
    set_aside(shop.database, order(4712, line(1)))
    shop.database.run(AddClaim(claim_reference="CL-1", carrier="UPS", tracking_number="1Z"))
    before = shop.snapshot()
    done = backup(shop.database, file, now=clock())
    assert done.counts["USER_ORDER_STAGING"] == 2
    assert read_backup(file).sha256 == done.sha256
    shop.query("UPDATE dbo.USER_ORDER_STAGING SET SHIP_NAM = 'changed', TOT_AMT = 0, ORDER_JSON = '{}'", ())
    shop.query("DELETE FROM dbo.USER_ORDER_LINE_LINK", ())
    shop.query("DELETE FROM dbo.claims", ())
    assert shop.snapshot() != before
    tried = put_back(shop, file, clock, dry_run=True)
    assert (tried.refusals, tried.counts["USER_ORDER_LINE_LINK"]) == ([], 1)
    assert shop.query("SELECT * FROM dbo.claims", ()) == [], "a dry run takes it back"
    put_back(shop, file, clock)
    assert shop.snapshot() == before
    assert len(shop.query("SELECT * FROM dbo.claims", ())) == 1
    assert applied(shop, 4713), "the server gives new numbers again"


def test_documents_as_bytes_come_back(shop: Shop, file: Path, clock: Any):
    shop.database.run(AddClaim(claim_reference="CL-1", carrier="UPS", tracking_number="1Z"))
    [claim] = shop.database.run(ClaimPods(worker_id="w", scope="pending"))
    shop.database.run(
        StorePodDocument(
            claim_id=claim.claim_id,
            worker_id="w",
            attempt_no=claim.attempt_no,
            tracking_number="1Z",
            sha256="a" * 64,
            content_type="application/pdf",
            size_bytes=25600,
            content=bytes(range(256)) * 100,
        )
    )
    rows = [list(row) for row in shop.query("SELECT * FROM dbo.USER_POD_DOCUMENT", ())]
    backup(shop.database, file, now=clock())
    shop.query("DELETE FROM dbo.USER_POD_DOCUMENT", ())
    put_back(shop, file, clock)
    assert [list(row) for row in shop.query("SELECT * FROM dbo.USER_POD_DOCUMENT", ())] == rows


def test_an_order_that_got_a_document_since_is_not_created_twice(shop: Shop, file: Path, clock: Any):
    stage(shop.database, order(4711, line(1)))
    backup(shop.database, file, now=clock())
    shop.work(shop.claim())
    said = refusals(shop, file, clock)
    assert "Documents were created in the ERP since: 101-000001." in said
    assert "Orders would be worked on again that are done with by now: woocommerce 4711." in said


def test_a_document_that_changed_since_is_not_taken_for_the_old_one(shop: Shop, file: Path, clock: Any):
    applied(shop, 4711)
    backup(shop.database, file, now=clock())
    shop.apply(line(1, qty="2", total="39.98"))
    assert "Documents were changed, closed or rolled back since: 101-000001." in refusals(shop, file, clock)


def test_an_order_that_was_staged_since_is_not_forgotten(shop: Shop, file: Path, clock: Any):
    backup(shop.database, file, now=clock())
    stage(shop.database, order(4711, line(1)))
    assert "Rows of USER_ORDER_STAGING that the backup lacks would be lost: woocommerce 4711." in refusals(shop, file, clock)


def test_what_a_person_was_told_is_not_told_again_and_what_was_queued_since_stays(shop: Shop, file: Path, clock: Any):
    def queue(key: str) -> None:
        known = {"event_type": "order_in_review", "audience": "operator", "template": "order_in_review", "data_json": "{}"}
        shop.database.run(QueueNotification(dedup_key=key, **known))

    queue("1")
    backup(shop.database, file, now=clock())
    shop.query("UPDATE dbo.USER_NOTIFICATION SET STATE = 'SENT'", ())
    queue("2")
    put_back(shop, file, clock)
    told = shop.query("SELECT DEDUP_KEY, STATE FROM dbo.USER_NOTIFICATION ORDER BY DEDUP_KEY", ())
    assert [tuple(row) for row in told] == [("1", "SENT"), ("2", "PENDING")]
    shop.query("UPDATE dbo.USER_NOTIFICATION SET DEDUP_KEY = '1-' WHERE DEDUP_KEY = '1'", ())
    shop.query("UPDATE dbo.USER_NOTIFICATION SET DEDUP_KEY = '1' WHERE DEDUP_KEY = '2'", ())
    put_back(shop, file, clock)
    assert len(shop.query("SELECT DEDUP_KEY FROM dbo.USER_NOTIFICATION", ())) == 2, "known by its key, whatever its number"


def test_a_job_at_work_forbids_it(shop: Shop, file: Path, clock: Any):
    stage(shop.database, order(4711, line(1)))
    backup(shop.database, file, now=clock())
    shop.claim()
    assert "A job is at work on 1 rows of USER_ORDER_STAGING" in refusals(shop, file, clock)


@pytest.mark.sqlserver
def test_a_document_that_the_erp_lacks_forbids_it(empty_sqlserver: str, file: Path, clock: Any):
    pytest.importorskip("pyodbc", reason="pyodbc can't be loaded here: no T-SQL engine can be reached", exc_type=ImportError)
    from syncctl.db.sqlserver import SqlServer

    database = SqlServer(empty_sqlserver, clock=clock)
    shop = Shop(database, database.query)
    shop.delete(applied(shop, 4711))
    backup(shop.database, file, now=clock())
    assert "Documents that the backup counts as open are not in the ERP: 101-000001." in refusals(shop, file, clock)
    database.close()


def test_another_databases_backup_is_no_backup_of_this_one(shop: Shop, file: Path, clock: Any):
    applied(shop, 4711)
    backup(shop.database, file, now=clock())
    shop.query("UPDATE dbo.USER_ERP_SETTING SET VALUE = 'another' WHERE NAME = 'DATABASE_ID'", ())
    assert "of another database" in refusals(shop, file, clock)


def test_settings_alone_go_back_and_leave_orders_and_numbers_alone(shop: Shop, file: Path, clock: Any):
    shop.database.run(SetItemMap(store_id="woocommerce", sku="TEA", item_no="MUG"))
    backup(shop.database, file, now=clock())
    name = shop.one("SELECT VALUE FROM dbo.USER_ERP_SETTING WHERE NAME = 'DATABASE_ID'")[0]
    shop.query("DELETE FROM dbo.USER_ITEM_MAP", ())
    doc = applied(shop, 4711)
    before = shop.snapshot()
    done = put_back(shop, file, clock, settings_only=True)
    assert set(done.counts) <= set(SORTS)
    assert [row["ITEM_NO"] for row in shop.query("SELECT ITEM_NO FROM dbo.USER_ITEM_MAP", ())] == ["MUG"]
    after = shop.snapshot()
    del after["USER_CUSTOMER_MAP"], before["USER_CUSTOMER_MAP"]  # staging notes in it whose store a row is of
    assert after == before, "documents, and the numbers that come next"
    assert shop.header(doc)
    assert shop.one("SELECT VALUE FROM dbo.USER_ERP_SETTING WHERE NAME = 'DATABASE_ID'")[0] == name


def test_what_the_store_has_of_its_items_is_left_as_it_is_known_now(shop: Shop, file: Path, clock: Any):
    def note(*items: tuple[int, int]) -> None:
        rows = [
            {"PRODUCT_ID": each, "SKU": str(each), "IS_MANAGED": 1, "IS_BACKORDER": 0, "STORE_QTY": str(qty)}
            for each, qty in items
        ]
        shop.database.run(NoteStoreItems(store_id="woocommerce", listing="L", items=json.dumps(rows), is_last=True))

    note((1, 5))
    shop.database.run(SetWebItem(store_id="woocommerce", sku="1", pack_qty=Decimal(6)))
    backup(shop.database, file, now=clock())
    note((1, 3), (2, 8))
    shop.database.run(SetWebItem(store_id="woocommerce", sku="1", pack_qty=Decimal(4)))
    shop.database.run(SetWebItem(store_id="woocommerce", sku="2", pack_qty=Decimal(2)))
    put_back(shop, file, clock)
    known = shop.query("SELECT PRODUCT_ID, STORE_QTY FROM dbo.USER_STORE_ITEM ORDER BY PRODUCT_ID", ())
    assert [(row[0], Decimal(row[1])) for row in known] == [(1, 3), (2, 8)]
    assert [(item.sku, item.pack_qty) for item in shop.database.run(ListWebItems())] == [("1", 6)]


def test_a_number_never_goes_back_and_goes_on_where_the_backup_is_ahead(shop: Shop, file: Path, clock: Any):
    series = "UPDATE dbo.USER_NUMBER_SERIES SET NEXT_NO = ? WHERE SERIES = 'DOC_ID'"
    number = "SELECT NEXT_NO FROM dbo.USER_NUMBER_SERIES WHERE SERIES = 'DOC_ID'"
    shop.query(series, (500,))
    backup(shop.database, file, now=clock())
    for now, then in ((900, 900), (300, 500)):
        shop.query(series, (now,))
        put_back(shop, file, clock)
        assert shop.one(number)[0] == then


def test_history_stays_and_is_joined(shop: Shop, file: Path, clock: Any):
    applied(shop, 4711)
    backup(shop.database, file, now=clock())
    events = shop.events()
    shop.query("DELETE FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'CREATED'", ())
    shop.query(
        "INSERT INTO dbo.USER_ORDER_EVENT (STORE_ID, WOO_ORDER_ID, EVENT_DT, EVENT_TYPE) VALUES ('x', 1, ?, 'SEEN')", (clock(),)
    )
    put_back(shop, file, clock)
    assert sorted(shop.events()) == sorted([*events, "SEEN"])


def test_every_table_that_a_deploy_makes_is_in_it(shop: Shop, file: Path, clock: Any):
    done = backup(shop.database, file, now=clock())
    assert set(own_tables()) - {"USER_ERP_COLUMN"} <= set(done.counts)
    assert set(SORTS) <= set(own_tables())


def test_a_second_backup_does_not_take_the_place_of_the_first(shop: Shop, file: Path, clock: Any):
    backup(shop.database, file, now=clock())
    before = file.read_bytes()
    with pytest.raises(UsageError, match="there already"):
        backup(shop.database, file, now=clock())
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir() if "backup" in path.name] == [file.name]
    if os.name != "nt":
        assert file.stat().st_mode & 0o777 == 0o600


def edited(file: Path, change: Callable[[list[str]], list[str]]) -> None:
    lines = gzip.decompress(file.read_bytes()).decode().splitlines(keepends=True)
    file.write_bytes(gzip.compress("".join(change(lines)).encode()))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines[:-1], "ends before its last line"),
        (lambda lines: [*lines, "more\n"], "behind its end"),
        (lambda lines: [line.replace("DATABASE_ID", "DATABASE_IX") for line in lines], "checksum"),
        (lambda lines: [line.replace('"format":1', '"format":2') for line in lines], "format 2"),
        (lambda lines: ["{}\n", *lines[1:]], "no backup of syncctl"),
        (lambda lines: ["x" * 100], "no backup of syncctl"),
        (lambda lines: [lines[0], lines[1], "[1]\n", *lines[2:]], "has 1 values"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_before_anything_is_touched(
    change: Callable[[list[str]], list[str]], said: str, shop: Shop, file: Path, clock: Any
):
    backup(shop.database, file, now=clock())
    edited(file, change)
    with pytest.raises(ConfigError, match=said):
        restore(shop.database, file, now=clock(), settings_only=False, dry_run=False)


@pytest.mark.parametrize(
    "raw",
    [b"", b"not gzip", gzip.compress(b"x", mtime=0)[:-5], gzip.compress(b"\x00" * 1000, mtime=0)],
    ids=["empty", "not gzip", "cut off", "zeros"],
)
def test_what_is_no_backup_is_said_to_be_none(raw: bytes, database, file: Path, clock: Any):
    file.write_bytes(raw)
    with pytest.raises(ConfigError):
        restore(database, file, now=clock(), settings_only=False, dry_run=True)


def test_a_backup_of_tables_with_other_columns_is_refused_by_name(database, file: Path, clock: Any):
    backup(database, file, now=clock())
    lines = gzip.decompress(file.read_bytes()).decode().splitlines(keepends=True)
    [place] = [number for number, line in enumerate(lines) if line.startswith('{"table":"USER_ITEM_MAP"')]
    head = json.loads(lines[place])
    lines[place] = json.dumps({**head, "columns": [*head["columns"][:-1], "OF_LATER"]}) + "\n"
    import hashlib

    body = "".join(lines[:-1])
    last = {**json.loads(lines[-1]), "sha256": hashlib.sha256(body.encode()).hexdigest()}
    file.write_bytes(gzip.compress((body + json.dumps(last) + "\n").encode()))
    with pytest.raises(ConfigError, match=r"USER_ITEM_MAP.OF_LATER is only in the backup"):
        restore(database, file, now=clock(), settings_only=True, dry_run=False)


def test_memory_stays_flat_however_many_rows_there_are(empty_embedded: str, tmp_path: Path, clock: Any):
    from syncctl.db.connect import open_database

    database = open_database(empty_embedded, clock=clock)
    peaks = []
    for rows in (1000, 6000):
        database.query("DELETE FROM dbo.USER_ORDER_EVENT")  # type: ignore[attr-defined]
        database.query(  # type: ignore[attr-defined]
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO dbo.USER_ORDER_EVENT "
            "(STORE_ID, WOO_ORDER_ID, EVENT_DT, EVENT_TYPE, MESSAGE) SELECT 'main', i, ?, 'SEEN', ? FROM n",
            (rows, clock() + timedelta(days=1), "x" * 500),
        )
        path = tmp_path / f"{rows}.gz"
        tracemalloc.start()
        assert backup(database, path, now=clock()).counts["USER_ORDER_EVENT"] == rows
        restore(database, path, now=clock(), settings_only=False, dry_run=False)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    database.close()
    assert peaks[1] < peaks[0] + 1_500_000, peaks


def test_no_connection_of_the_tables_keeps_the_database_open(database):
    tables = open_tables(database)
    assert tables.all()
    tables.close()
