"""What a status sync promises: each change of an ERP document reaches the outbox once, and only forward."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from syncctl.db.contract import ClaimOutbox, CompleteOutbox, QueueStatusChanges
from syncctl.errors import BadArgument
from tests.orders import line, order, stage
from tests.shop import Shop


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def queue(shop, **options):
    """Queue what has changed."""
    return shop.database.run(QueueStatusChanges(store_id="woocommerce", **options))


def statuses(shop):
    """Return the status messages in the outbox."""
    return [row for row in shop.outbox() if row["KIND"] == "status"]


def track(shop, doc, *numbers):
    """Give a document tracking numbers."""
    for position, number in enumerate(numbers, start=1):
        shop.query("INSERT INTO dbo.PS_DOC_PKG_TRK_NO (DOC_ID, SEQ_NO, PKG_TRK_NO) VALUES (?, ?, ?)", (doc, position, number))


def test_an_open_document_is_no_news(shop):
    shop.apply(line(1))
    assert queue(shop) == []
    assert statuses(shop) == []


def test_a_shipped_document_completes_the_order_once(shop):
    doc = shop.apply(line(1)).doc_id
    shop.ship(doc)
    [change] = queue(shop)
    assert (change.woo_order_id, change.doc_id, change.erp_status, change.woo_status) == (4711, doc, "shipped", "completed")
    [message] = statuses(shop)
    assert (message["OUTBOX_ID"], message["TARGET_STATUS"], message["NOTE"]) == (change.outbox_id, "completed", "Order shipped.")
    assert message["DEDUP_KEY"] == "status:1:shipped"
    assert queue(shop) == []
    assert len(statuses(shop)) == 1
    assert shop.events()[-1] == "ERP_STATUS"


def test_a_requested_ship_date_says_nothing(shop):
    doc = shop.apply(line(1)).doc_id
    shop.query("UPDATE dbo.PS_DOC_HDR SET SHIP_DAT = '2026-11-21 10:00:00.000' WHERE DOC_ID = ?", (doc,))
    assert queue(shop) == []
    assert shop.apply(line(1, qty="2", total="39.98")).outcome == "updated"


def test_a_document_released_in_part_is_open_and_shipped_once_all_of_it_is(shop):
    doc = shop.apply(line(1, qty="2", total="39.98"), line(2, "MUG", "1", "10.00")).doc_id
    shop.query("UPDATE dbo.PS_DOC_HDR SET HAS_RLSD_LINS = 'Y', HAS_PCKD_LINS = 'Y' WHERE DOC_ID = ?", (doc,))
    shop.query("UPDATE dbo.PS_DOC_LIN SET QTY_SHIPPED = 1, QTY_TO_REL = 1 WHERE DOC_ID = ? AND LIN_SEQ_NO = 1", (doc,))
    assert queue(shop) == []
    shop.query("UPDATE dbo.PS_DOC_LIN SET QTY_SHIPPED = 2, QTY_TO_REL = 0 WHERE DOC_ID = ? AND LIN_SEQ_NO = 1", (doc,))
    assert queue(shop) == []
    shop.query("UPDATE dbo.PS_DOC_LIN SET QTY_TO_REL = 0 WHERE DOC_ID = ?", (doc,))
    assert [change.erp_status for change in queue(shop)] == ["shipped"]


def test_a_parcel_with_a_number_was_shipped(shop):
    track(shop, shop.apply(line(1)).doc_id, "1Z1")
    assert [(change.erp_status, change.tracking_no) for change in queue(shop)] == [("shipped", "1Z1")]


@pytest.mark.parametrize("table", ["PS_ORD_HIST", "PS_TKT_HIST"])
def test_a_posted_document_was_shipped_and_is_gone_after_that(shop, table):
    doc = shop.apply(line(1)).doc_id
    shop.query(f"INSERT INTO dbo.{table} (DOC_ID, STR_ID, STA_ID, TKT_NO) VALUES (?, '01', '101', '101-000001')", (doc,))
    shop.delete(doc)
    assert [(change.erp_status, change.woo_status) for change in queue(shop)] == [("shipped", "completed")]
    assert [(change.erp_status, change.woo_status) for change in queue(shop)] == [("gone", None)]
    assert queue(shop) == []
    assert [row["TARGET_STATUS"] for row in statuses(shop)] == ["completed"]


def test_the_tracking_numbers_are_in_the_note(shop):
    doc = shop.apply(line(1)).doc_id
    track(shop, doc, "1Z1", "1Z2", "1Z3")
    shop.ship(doc)
    [change] = queue(shop)
    assert change.tracking_no == "1Z1, 1Z2, 1Z3"
    assert statuses(shop)[0]["NOTE"] == "Order shipped. Tracking number: 1Z1, 1Z2, 1Z3"


def test_a_document_emptied_in_the_erp_cancels_the_order(shop):
    doc = shop.apply(line(1), line(2, "MUG", "1", "10.00")).doc_id
    shop.query("UPDATE dbo.PS_DOC_LIN SET QTY_SOLD = '0.0000' WHERE DOC_ID = ? AND LIN_SEQ_NO = 1", (doc,))
    assert queue(shop) == []
    shop.query("UPDATE dbo.PS_DOC_LIN SET QTY_SOLD = '0.0000' WHERE DOC_ID = ?", (doc,))
    [change] = queue(shop)
    assert (change.erp_status, change.woo_status) == ("closed", "cancelled")


def test_what_the_map_leaves_empty_is_remembered_and_not_told(shop):
    doc = shop.apply(line(1)).doc_id
    shop.delete(doc)
    [change] = queue(shop)
    assert (change.erp_status, change.woo_status, change.is_mapped, change.outbox_id) == ("gone", None, True, None)
    assert statuses(shop) == []
    assert shop.one("SELECT ERP_STATUS_TOLD FROM dbo.USER_ORDER_LINK")["ERP_STATUS_TOLD"] == "gone"
    assert queue(shop) == []
    assert shop.events().count("ERP_STATUS") == 1


def test_a_stores_own_words_come_before_those_of_all(shop, query):
    query("INSERT INTO dbo.USER_STATUS_MAP (STORE_ID, ERP_STATUS, WOO_STATUS) VALUES ('woocommerce', 'shipped', 'sent')", ())
    query("INSERT INTO dbo.USER_STATUS_MAP (STORE_ID, ERP_STATUS, WOO_STATUS) VALUES ('woocommerce', 'closed', NULL)", ())
    doc = shop.apply(line(1)).doc_id
    shop.ship(doc)
    assert [change.woo_status for change in queue(shop)] == ["sent"]
    shop.query("UPDATE dbo.PS_DOC_LIN SET QTY_SOLD = '0.0000'", ())
    assert [change.woo_status for change in queue(shop)] == [None]
    assert queue(shop) == []


def test_never_backwards(shop):
    doc = shop.apply(line(1)).doc_id
    shop.ship(doc)
    queue(shop)
    shop.query("UPDATE dbo.PS_DOC_LIN SET QTY_SHIPPED = 0, QTY_TO_REL = QTY_SOLD WHERE DOC_ID = ?", (doc,))
    assert queue(shop) == []
    shop.ship(doc)
    assert queue(shop) == []
    assert len(statuses(shop)) == 1


def test_shipped_and_then_posted_is_told_once(shop):
    doc = shop.apply(line(1)).doc_id
    shop.ship(doc)
    queue(shop)
    shop.post(doc)
    assert [change.woo_status for change in queue(shop)] == [None]
    assert [row["TARGET_STATUS"] for row in statuses(shop)] == ["completed"]


def test_a_document_that_we_closed_ourselves_is_no_news(shop):
    shop.apply(line(1))
    shop.cancel(line(1))
    assert queue(shop) == []


def test_a_reopened_document_that_ships_is_told(shop):
    shop.apply(line(1))
    shop.cancel(line(1))
    doc = shop.apply(line(1)).doc_id
    shop.ship(doc)
    assert [change.woo_status for change in queue(shop)] == ["completed"]
    assert statuses(shop)[0]["DEDUP_KEY"] == "status:2:shipped"


def test_a_dry_run_tells_and_queues_nothing(shop):
    doc = shop.apply(line(1)).doc_id
    track(shop, doc, "1Z1")
    shop.ship(doc)
    before = shop.snapshot()
    [change] = queue(shop, dry_run=True)
    assert (change.erp_status, change.tracking_no, change.outbox_id) == ("shipped", "1Z1", None)
    assert shop.snapshot() == before
    assert [found.outbox_id is None for found in queue(shop)] == [False]


def test_a_batch_takes_the_oldest_orders_and_the_next_the_rest(shop, database):
    for number in (1, 2, 3):
        stage(database, order(number, line(1)))
        shop.work(shop.claim())
    shop.query("UPDATE dbo.PS_DOC_LIN SET QTY_SHIPPED = QTY_SOLD, QTY_TO_REL = 0", ())
    assert [change.woo_order_id for change in queue(shop, batch_size=2)] == [1, 2]
    assert [change.woo_order_id for change in queue(shop, batch_size=2)] == [3]
    assert queue(shop, batch_size=2) == []


def shipped_orders(shop, *numbers):
    for number in numbers:
        stage(shop.database, order(number, line(1)))
        shop.work(shop.claim())
    shop.query("UPDATE dbo.PS_DOC_LIN SET QTY_SHIPPED = QTY_SOLD, QTY_TO_REL = 0", ())


def test_a_change_without_a_row_in_the_map_is_left_as_it_is_until_there_is_one(shop):
    shipped_orders(shop, 1)
    shop.query("DELETE FROM dbo.USER_STATUS_MAP WHERE ERP_STATUS = 'shipped'")
    before = shop.snapshot()
    for _ in range(2):
        [change] = queue(shop)
        assert (change.erp_status, change.woo_status, change.is_mapped, change.outbox_id) == ("shipped", None, False, None)
    assert shop.snapshot() == before, "it is not taken for told"
    shop.query("INSERT INTO dbo.USER_STATUS_MAP (STORE_ID, ERP_STATUS, WOO_STATUS) VALUES ('*', 'shipped', 'completed')")
    assert [(change.woo_status, change.is_mapped) for change in queue(shop)] == [("completed", True)]
    assert len(statuses(shop)) == 1


def test_the_next_batch_lies_behind_the_last_change(shop):
    shipped_orders(shop, 1, 2, 3, 4, 5)
    shop.delete(shop.one("SELECT DOC_ID FROM dbo.USER_ORDER_LINK WHERE WOO_ORDER_ID = 4")["DOC_ID"])
    shop.query("DELETE FROM dbo.USER_STATUS_MAP WHERE ERP_STATUS = 'shipped'")
    after, seen = 0, []
    while found := queue(shop, batch_size=2, after_id=after):
        after = found[-1].staging_id
        seen.append([(change.woo_order_id, change.is_mapped) for change in found])
    assert seen == [[(1, False), (2, False)], [(3, False), (4, True)], [(5, False)]]


def test_a_tracking_number_goes_to_the_store_plain(shop):
    doc = shop.apply(line(1)).doc_id
    shop.ship(doc)
    track(shop, doc, " 1z\t999\u00a0aa1\r\n", "\u00a0 ", "jd\u00ad0146\x7f 0000")
    [change] = queue(shop)
    assert change.tracking_no == "1Z999AA1, JD01460000"
    assert statuses(shop)[0]["NOTE"] == "Order shipped. Tracking number: 1Z999AA1, JD01460000"


def test_tracking_numbers_that_are_missing_or_too_long_stop_no_batch(shop):
    shipped_orders(shop, 1, 2)
    first, second = (row["DOC_ID"] for row in shop.query("SELECT DOC_ID FROM dbo.USER_ORDER_LINK ORDER BY WOO_ORDER_ID", ()))
    track(shop, first, *(f"1Z{number:018d}" for number in range(9)))
    track(shop, second, "1Z2")
    changes = {change.woo_order_id: change.tracking_no for change in queue(shop)}
    assert (len(changes[1]), changes[2]) == (100, "1Z2")
    # A person is told of some in the note; the message has them all, whole. What was told of an order before goes first.
    told: dict[int, str | None] = {}
    for _ in range(2):
        claimed = shop.database.run(ClaimOutbox(store_id="woocommerce", worker_id="w1", batch_size=10, ignore_due=True))
        told |= {message.woo_order_id: message.tracking_no for message in claimed if message.kind == "status"}
        done = [{"id": message.outbox_id, "attempt": message.attempt_no, "result": "delivered"} for message in claimed]
        shop.database.run(CompleteOutbox(worker_id="w1", messages=json.dumps(done)))
    assert told == {1: ", ".join(f"1Z{number:018d}" for number in range(9)), 2: "1Z2"}


def test_another_stores_documents_are_left_alone(shop):
    shop.ship(shop.apply(line(1)).doc_id)
    assert shop.database.run(QueueStatusChanges(store_id="another")) == []
    assert len(queue(shop)) == 1


def test_two_runs_at_once_tell_the_store_once(shop, database, new_connection):
    for number in range(1, 6):
        stage(database, order(number, line(1)))
        shop.work(shop.claim())
    shop.query("UPDATE dbo.PS_DOC_LIN SET QTY_SHIPPED = QTY_SOLD, QTY_TO_REL = 0", ())

    def run(_):
        connection = new_connection()
        try:
            return connection.run(QueueStatusChanges(store_id="woocommerce"))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        told = [change.woo_order_id for changes in pool.map(run, range(4)) for change in changes]
    assert sorted(told) == [1, 2, 3, 4, 5]
    assert len(statuses(shop)) == 5


def test_every_bad_argument_is_named_at_once(shop):
    with pytest.raises(BadArgument, match=r"@STORE_ID is required\. @BATCH_SIZE takes 1 to 10000\."):
        shop.database.run(QueueStatusChanges(store_id="", batch_size=0))
