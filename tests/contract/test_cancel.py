"""What a cancellation promises: the document is closed, its stock comes back once, and an order that returns finds it again."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncctl.db.contract import CancelOrderFromStaging, ClaimStagedOrders
from syncctl.errors import Conflict, LeaseLost, NotFound, SyncError, WrongState
from tests.by_hand import BY_HAND
from tests.orders import charge, line, order, stage
from tests.shop import TABLES, Line, Shop

D = Decimal
LINES = (line(1, "TEE-BLK", "2", "39.98"), line(2, "MUG", "1", "10.00"))


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def test_a_cancelled_order_is_closed_and_its_stock_comes_back(shop):
    doc = shop.apply(*LINES, charges=[charge(amount="5.00")], TAX_AMT="1.00").doc_id
    applied = shop.cancel(*LINES)
    assert (applied.doc_id, applied.tkt_no, applied.outcome) == (doc, "101-000001", "cancelled")
    assert shop.on_order() == {}
    assert [(found.item_no, found.quantity, found.total, found.gross) for found in shop.lines(doc).values()] == [
        ("TEE-BLK", 0, 0, 0),
        ("MUG", 0, 0, 0),
    ]
    totals = shop.totals(doc)
    assert {totals[column] for column in ("SUB_TOT", "TAX_AMT", "TOT", "TOT_LIN_DISC", "TOT_MISC", "AMT_DUE")} == {D(0)}
    assert shop.query("SELECT MISC_AMT FROM dbo.PS_DOC_HDR_MISC_CHRG WHERE DOC_ID = ?", (doc,)) == []
    assert shop.header(doc)["ORD_LINS"] == 0
    note = shop.one("SELECT NOTE FROM dbo.PS_DOC_NOTE WHERE DOC_ID = ? AND NOTE_ID = 'SYNC-CANCEL'", doc)["NOTE"]
    assert note == "Web order 4711 was closed: cancelled in the store. Its total was 55.98."


def test_the_staged_order_and_the_link_say_so(shop):
    doc = shop.apply(*LINES).doc_id
    shop.cancel(*LINES)
    staged = shop.staged()
    assert (staged["STATE"], staged["PENDING_ACTION"], bool(staged["IS_APPLIED"])) == ("CANCELLED", None, False)
    assert (staged["CP_DOC_ID"], staged["TKT_NO"]) == (str(doc), "101-000001")
    link = shop.one("SELECT * FROM dbo.USER_ORDER_LINK")
    assert (link["LINK_STATE"], link["TOT"]) == ("CLOSED", D(0))
    assert shop.events()[-1] == "CANCELLED"


def test_the_store_gets_a_note_and_no_status(shop):
    doc = shop.apply(*LINES).doc_id
    shop.cancel(*LINES)
    message = shop.outbox()[-1]
    assert (message["KIND"], message["TARGET_STATUS"], message["DEDUP_KEY"]) == ("cancelled", None, "cancelled:1")
    assert message["NOTE"] == f"Order closed in CounterPoint. DOC_ID: {doc}, TKT_NO: 101-000001"


def test_a_second_closing_is_told_in_words_of_its_own(shop):
    doc = shop.apply(*LINES).doc_id
    shop.cancel(*LINES)
    shop.apply(*LINES)
    shop.cancel(*LINES)
    notes = [message["NOTE"].partition(". ") for message in shop.outbox()]
    assert [said for said, _, _ in notes] == [
        "Order created in CounterPoint",
        "Order closed in CounterPoint",
        "Order reopened (2) in CounterPoint",
        "Order closed (2) in CounterPoint",
    ], "the store takes a note that is there already for told"
    assert {numbers for _, _, numbers in notes} == {f"DOC_ID: {doc}, TKT_NO: 101-000001"}


def test_cancelling_twice_gives_the_stock_back_once(shop, database):
    shop.apply(*LINES)
    shop.stage_cancelled(*LINES)
    claimed = shop.claim()
    shop.work(claimed)
    before = shop.snapshot()
    assert shop.work(claimed).outcome == "cancelled"
    assert shop.snapshot() == before
    shop.stage_cancelled(*LINES)
    assert database.run(ClaimStagedOrders(worker_id="worker", batch_size=10)) == []
    assert shop.on_order() == {}


def test_an_order_that_comes_back_reopens_its_document(shop):
    doc = shop.apply(*LINES, charges=[charge(amount="5.00")]).doc_id
    shop.cancel(*LINES, charges=[charge(amount="5.00")])
    applied = shop.apply(line(1, "TEE-BLK", "3", "59.97"), line(3, "CAP", "1", "12.00"), charges=[charge(amount="5.00")])
    assert (applied.doc_id, applied.tkt_no, applied.outcome) == (doc, "101-000001", "reopened")
    assert sorted(shop.lines(doc).values(), key=lambda found: found.item_no) == [
        Line("CAP", D(1), D(12), D("12.00"), D("12.00")),
        Line("TEE-BLK", D(3), D("19.99"), D("59.97"), D("59.97")),
    ]
    assert shop.totals(doc)["TOT"] == D("76.97")
    assert shop.on_order() == {"CAP": D(1), "TEE-BLK": D(3)}
    link = shop.one("SELECT * FROM dbo.USER_ORDER_LINK")
    assert (link["LINK_STATE"], link["REVISION"], link["TOT"]) == ("OPEN", 2, D("76.97"))
    assert shop.query("SELECT NOTE FROM dbo.PS_DOC_NOTE WHERE NOTE_ID = 'SYNC-CANCEL'", ()) == []


def test_closed_and_reopened_and_closed_again_balances(shop):
    shop.apply(*LINES)
    shop.cancel(*LINES)
    shop.apply(*LINES)
    assert shop.on_order() == {"MUG": D(1), "TEE-BLK": D(2)}
    shop.cancel(*LINES)
    assert shop.on_order() == {}
    assert [row["DEDUP_KEY"] for row in shop.outbox()] == ["applied:1", "cancelled:1", "applied:2", "cancelled:2"]


def test_an_order_whose_closed_document_has_gone_gets_a_new_one(shop):
    doc = shop.apply(*LINES).doc_id
    shop.cancel(*LINES)
    shop.post(doc)
    applied = shop.apply(*LINES)
    assert applied.outcome == "created"
    assert applied.doc_id != doc
    assert shop.on_order() == {"MUG": D(1), "TEE-BLK": D(2)}


def test_a_closed_document_that_a_person_has_touched_is_not_reopened(shop, database):
    doc = shop.apply(*LINES).doc_id
    shop.cancel(*LINES)
    shop.add_line_by_hand(doc)
    stage(database, order(4711, *LINES))
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(Conflict, match="1 of its lines was added by hand"):
        shop.work(claimed)
    assert shop.snapshot() == before


def test_two_lines_of_one_item_come_back_whole(shop):
    shop.apply(line(1, "MUG", "1", "10.00"), line(2, "MUG", "4", "40.00"))
    assert shop.on_order() == {"MUG": D(5)}
    shop.cancel(line(1, "MUG", "1", "10.00"), line(2, "MUG", "4", "40.00"))
    assert shop.on_order() == {}


def test_other_orders_keep_their_stock(shop, database):
    stage(database, order(1, line(1, "MUG", "7", "70.00")))
    shop.work(shop.claim())
    shop.apply(*LINES)
    shop.cancel(*LINES)
    assert shop.on_order() == {"MUG": D(7)}


def test_the_payment_that_came_with_the_order_goes_and_returns_with_it(shop, query):
    shop.paid_by("CARD")
    doc = shop.apply(*LINES).doc_id
    shop.cancel(*LINES)
    for table in ("PS_DOC_PMT", "PS_DOC_PMT_APPLY", "USER_ORDER_PAYMENT"):
        assert query(f"SELECT DOC_ID FROM dbo.{table}") == []
    shop.apply(*LINES)
    assert shop.one("SELECT AMT FROM dbo.PS_DOC_PMT WHERE DOC_ID = ?", doc)["AMT"] == D("49.98")
    assert shop.totals(doc)["AMT_DUE"] == D(0)


@pytest.mark.parametrize(("by_hand", "reason"), BY_HAND, ids=lambda value: getattr(value, "__name__", None))
def test_a_document_that_a_person_has_touched_is_left_to_a_person(shop, by_hand, reason):
    doc = shop.apply(line(1), charges=[charge(amount="5.00")]).doc_id
    by_hand(shop, doc)
    shop.stage_cancelled(line(1), charges=[charge(amount="5.00")])
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(Conflict, match=reason) as refused:
        shop.work(claimed)
    assert f"document {doc} (101-000001)" in str(refused.value)
    assert "Cancel it in CounterPoint by hand (the store took off 24.99: 1.0000 TEE-BLK." in str(refused.value)
    assert f", then `syncctl dead-letter cancel {claimed.staging_id} --reason …`" in str(refused.value)
    assert shop.snapshot() == before


def test_a_deposit_taken_in_the_erp_is_a_persons_to_give_back(shop):
    doc = shop.apply(*LINES).doc_id
    shop.pay(doc, "10.00")
    shop.stage_cancelled(*LINES)
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(Conflict, match=r"it has payments of 10\.00"):
        shop.work(claimed)
    assert shop.snapshot() == before


def test_an_order_cancelled_before_it_was_applied_never_reaches_the_erp(shop, database):
    stage(database, order(4711, *LINES))
    shop.stage_cancelled(*LINES)
    assert database.run(ClaimStagedOrders(worker_id="worker", batch_size=10)) == []
    assert (shop.staged()["STATE"], shop.query("SELECT DOC_ID FROM dbo.PS_DOC_HDR", ())) == ("SKIPPED", [])


def test_only_the_holder_of_the_lease_may_cancel(shop, database):
    shop.apply(*LINES)
    shop.stage_cancelled(*LINES)
    claimed = shop.claim()
    before = shop.snapshot()
    for worker, attempt in (("another", claimed.attempt_no), ("worker", claimed.attempt_no + 1)):
        with pytest.raises(LeaseLost):
            database.run(CancelOrderFromStaging(staging_id=claimed.staging_id, worker_id=worker, attempt_no=attempt))
    with pytest.raises(NotFound):
        database.run(CancelOrderFromStaging(staging_id=999, worker_id="worker", attempt_no=1))
    assert shop.snapshot() == before


def test_a_cancellation_needs_an_order_that_waits_for_one(shop, database):
    shop.apply(*LINES)
    stage(database, order(4711, line(1)))
    claimed = shop.claim()
    with pytest.raises(WrongState, match="waits for update, not for cancel"):
        database.run(CancelOrderFromStaging(staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no))


WRITES = [
    ("USER_ORDER_STAGING", "UPDATE"),
    ("IM_INV", "UPDATE"),
    ("PS_DOC_LIN", "UPDATE"),
    ("USER_ORDER_LINE_LINK", "UPDATE"),
    ("PS_DOC_HDR_MISC_CHRG", "DELETE"),
    ("PS_DOC_TAX", "DELETE"),
    ("PS_DOC_LIN_PRICE", "DELETE"),
    ("USER_ORDER_PAYMENT", "DELETE"),
    ("PS_DOC_PMT_APPLY", "DELETE"),
    ("PS_DOC_PMT", "DELETE"),
    ("PS_DOC_HDR_TOT", "UPDATE"),
    ("PS_DOC_HDR", "UPDATE"),
    ("PS_DOC_NOTE", "INSERT"),
    ("USER_ORDER_LINK", "UPDATE"),
    ("USER_STORE_OUTBOX", "INSERT"),
    ("USER_ORDER_EVENT", "INSERT"),
]
"""Every statement of the cancellation, by the table it writes."""


def prepare_a_cancellation_of_everything(shop):
    """Leave a claimed order whose cancellation runs every statement there is."""
    shop.paid_by("CARD")
    shop.apply(*LINES, charges=[charge(amount="5.00")], TAX_AMT="1.00")
    shop.stage_cancelled(*LINES, charges=[charge(amount="5.00")], TAX_AMT="1.00")
    return shop.claim()


@pytest.mark.parametrize(("table", "statement"), WRITES)
def test_a_failure_at_any_statement_leaves_the_previous_state_whole(shop, table, statement):
    claimed = prepare_a_cancellation_of_everything(shop)
    before = shop.snapshot()
    shop.break_statement(table, statement)
    with pytest.raises(SyncError):
        shop.work(claimed)
    assert shop.snapshot() == before
    shop.mend()
    assert shop.work(claimed).outcome == "cancelled"
    assert shop.on_order() == {}


def test_those_failures_cover_every_table_that_a_cancellation_writes(shop):
    claimed = prepare_a_cancellation_of_everything(shop)
    before = shop.snapshot()
    shop.work(claimed)
    after = shop.snapshot()
    assert {table for table in TABLES if before[table] != after[table]} == {table for table, _ in WRITES}
