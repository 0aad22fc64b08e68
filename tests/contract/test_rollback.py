"""What a rollback promises: it undoes a document wholly where that is safe, and says why where it is not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from syncctl.db.contract import ClaimOutbox, ClaimStagedOrders, DecideDeadLetter, FailStagedOrder, RollbackOrder
from syncctl.errors import BadArgument, NotFound, RollbackRefused, SyncError, WrongState
from tests.by_hand import BY_HAND
from tests.orders import charge, line, order, stage
from tests.shop import TABLES, Shop

D = Decimal
LINES = (line(1, "TEE-BLK", "2", "39.98"), line(2, "MUG", "1", "10.00"), line(3, "MUG", "3", "30.00"))
DOCUMENT = (
    "PS_DOC_HDR",
    "PS_DOC_HDR_TOT",
    "PS_DOC_LIN",
    "PS_DOC_LIN_PRICE",
    "PS_DOC_TAX",
    "PS_DOC_CONTACT",
    "PS_DOC_AUDIT_LOG",
    "PS_DOC_HDR_MISC_CHRG",
    "PS_DOC_NOTE",
)


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def roll_back(shop, then="cancel", *, dry_run=False, reason="entered twice", staging_id=None):
    """Roll back order 4711, or another."""
    number = shop.staged()["STAGING_ID"] if staging_id is None else staging_id
    return shop.database.run(RollbackOrder(staging_id=number, reason=reason, decided_by="ann", then=then, dry_run=dry_run))


def test_a_rollback_removes_the_document_and_gives_the_stock_back(shop):
    shop.apply(*LINES, charges=[charge(amount="5.00")])
    assert shop.on_order() == {"MUG": D(4), "TEE-BLK": D(2)}
    roll_back(shop)
    assert [table for table in DOCUMENT if shop.query(f"SELECT * FROM dbo.{table}", ())] == []
    assert shop.on_order() == {}
    assert shop.one("SELECT LINK_STATE FROM dbo.USER_ORDER_LINK")["LINK_STATE"] == "ROLLED_BACK"
    assert shop.query("SELECT DOC_ID FROM dbo.USER_ORDER_LINE_LINK", ()) == []
    staged = shop.staged()
    assert (staged["STATE"], staged["PENDING_ACTION"], bool(staged["IS_APPLIED"])) == ("CANCELLED", None, False)
    assert (staged["CP_DOC_ID"], staged["TKT_NO"], staged["STATE_REASON"]) == (None, None, "rolled back: entered twice")


def test_both_sides_are_told(shop):
    doc = shop.apply(*LINES).doc_id
    roll_back(shop)
    applied, removed = shop.outbox()
    assert (applied["KIND"], applied["STATE"]) == ("applied", "DROPPED")
    assert (removed["KIND"], removed["STATE"], removed["TARGET_STATUS"]) == ("rolled_back", "PENDING", None)
    assert removed["NOTE"] == f"Order removed from CounterPoint again (DOC_ID: {doc}, TKT_NO: 101-000001). Reason: entered twice"
    event = shop.one("SELECT MESSAGE FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'ROLLED_BACK'")
    assert "by ann" in event["MESSAGE"]
    assert "entered twice" in event["MESSAGE"]


def test_a_second_rollback_finds_nothing_to_undo(shop):
    shop.apply(*LINES)
    roll_back(shop)
    before = shop.snapshot()
    with pytest.raises(WrongState, match="nothing to roll back") as refused:
        roll_back(shop)
    assert refused.value.code == "50020"
    assert shop.snapshot() == before


def test_reset_lets_the_order_be_created_afresh(shop):
    doc = shop.apply(*LINES).doc_id
    roll_back(shop, "reset")
    staged = shop.staged()
    assert (staged["STATE"], staged["PENDING_ACTION"], staged["ATTEMPT_NO"]) == ("PENDING", "create", 0)
    again = shop.work(shop.claim())
    assert again.outcome == "created"
    assert again.doc_id != doc
    assert shop.on_order() == {"MUG": D(4), "TEE-BLK": D(2)}
    assert [row["DEDUP_KEY"] for row in shop.outbox()] == ["applied:1", "rolled_back:1", "applied:2"]


def test_a_cancelled_rollback_is_not_undone_by_the_next_poll(shop, database):
    shop.apply(*LINES)
    roll_back(shop)
    [seen] = stage(database, order(4711, *LINES))
    assert (seen.outcome, shop.staged()["STATE"]) == ("unchanged", "CANCELLED")
    assert database.run(ClaimStagedOrders(worker_id="worker", batch_size=10)) == []


def test_a_dry_run_lists_every_row_and_changes_none(shop):
    doc = shop.apply(
        *LINES, charges=[charge(amount="5.00")], ORDER_JSON={**order()["ORDER_JSON"], "CHARGES": [charge(amount="5.00")]}
    ).doc_id
    before = shop.snapshot()
    planned = roll_back(shop, dry_run=True)
    assert shop.snapshot() == before
    assert [step.step_no for step in planned] == list(range(1, len(planned) + 1))
    assert [(step.table_name, step.row_key, step.change) for step in planned if step.table_name in ("IM_INV", "PS_DOC_LIN")] == [
        ("IM_INV", "ITEM_NO = MUG, LOC_ID = 01", "QTY_ON_SO 4.0000 → 0.0000"),
        ("IM_INV", "ITEM_NO = TEE-BLK, LOC_ID = 01", "QTY_ON_SO 2.0000 → 0.0000"),
        ("PS_DOC_LIN", f"DOC_ID = {doc}, LIN_SEQ_NO = 1", "deleted: TEE-BLK, quantity 2.0000, 39.98"),
        ("PS_DOC_LIN", f"DOC_ID = {doc}, LIN_SEQ_NO = 2", "deleted: MUG, quantity 1.0000, 10.00"),
        ("PS_DOC_LIN", f"DOC_ID = {doc}, LIN_SEQ_NO = 3", "deleted: MUG, quantity 3.0000, 30.00"),
    ]
    assert ("USER_ORDER_STAGING", "STATE APPLIED → CANCELLED") in [(step.table_name, step.change) for step in planned]
    assert roll_back(shop) == planned
    after = shop.snapshot()
    assert {step.table_name for step in planned} == {table for table in TABLES if before[table] != after[table]}


def test_a_dry_run_of_a_reset_says_so(shop):
    shop.apply(*LINES)
    assert "STATE APPLIED → PENDING (create)" in [step.change for step in roll_back(shop, "reset", dry_run=True)]


@pytest.mark.parametrize("dry_run", [False, True], ids=["for real", "dry run"])
@pytest.mark.parametrize(("by_hand", "reason"), BY_HAND, ids=lambda value: getattr(value, "__name__", None))
def test_what_is_not_safe_is_refused_with_its_reason(shop, by_hand, reason, dry_run):
    doc = shop.apply(line(1), charges=[charge(amount="5.00")]).doc_id
    by_hand(shop, doc)
    before = shop.snapshot()
    with pytest.raises(RollbackRefused, match=reason) as refused:
        roll_back(shop, dry_run=dry_run)
    assert refused.value.code == "50031"
    assert f"document {doc} (101-000001)" in str(refused.value)
    assert "by hand" in str(refused.value)
    assert shop.snapshot() == before


def test_a_paid_document_is_refused(shop):
    shop.pay(shop.apply(*LINES).doc_id)
    with pytest.raises(RollbackRefused, match="it has payments"):
        roll_back(shop)


def test_a_parcel_on_its_way_is_refused(shop):
    doc = shop.apply(*LINES).doc_id
    shop.query("INSERT INTO dbo.PS_DOC_PKG_TRK_NO (DOC_ID, SEQ_NO, PKG_TRK_NO) VALUES (?, 1, '1Z999')", (doc,))
    with pytest.raises(RollbackRefused, match="it has a tracking number"):
        roll_back(shop)


def test_a_refusal_names_every_condition_at_once(shop):
    doc = shop.apply(*LINES).doc_id
    shop.ship(doc)
    shop.pay(doc)
    shop.add_line_by_hand(doc)
    with pytest.raises(
        RollbackRefused, match=r"3 of its 4 lines were released; 1 of its lines was added by hand; it has payments\."
    ):
        roll_back(shop)


def test_an_order_that_is_dead_in_the_store_is_not_reset(shop):
    shop.apply(*LINES)
    shop.stage_cancelled(*LINES)
    with pytest.raises(RollbackRefused, match="it is cancelled in the store, so it must not be created again"):
        roll_back(shop, "reset")
    roll_back(shop, "cancel")
    assert (shop.staged()["STATE"], shop.on_order()) == ("CANCELLED", {})


def test_an_order_that_waits_for_an_update_is_rolled_back_as_it_stands_in_the_erp(shop, database):
    shop.apply(*LINES)
    stage(database, order(4711, line(1, "CAP", "9", "108.00")))
    roll_back(shop)
    assert shop.on_order() == {}


def test_an_order_in_review_is_settled_with_its_rollback(shop, database):
    shop.apply(*LINES)
    stage(database, order(4711, line(1)))
    claimed = shop.claim()
    database.run(
        FailStagedOrder(
            staging_id=claimed.staging_id,
            worker_id="worker",
            attempt_no=claimed.attempt_no,
            error_class="conflict",
            error_code=None,
            message="somebody has to look",
        )
    )
    assert shop.staged()["STATE"] == "NEEDS_MANUAL_REVIEW"
    roll_back(shop)
    letter = shop.one("SELECT * FROM dbo.USER_ORDER_DEAD_LETTER")
    assert (letter["DECISION"], letter["DECIDED_BY"], letter["DECISION_REASON"]) == (
        "cancel",
        "ann",
        "rolled back: entered twice",
    )
    with pytest.raises(WrongState):
        database.run(DecideDeadLetter(staging_id=claimed.staging_id, decision="retry", decided_by="ann"))


def test_a_message_that_is_being_delivered_is_taken_back(shop, database):
    shop.apply(*LINES)
    [message] = database.run(ClaimOutbox(store_id="woocommerce", worker_id="sender", batch_size=10))
    roll_back(shop)
    assert shop.one("SELECT STATE FROM dbo.USER_STORE_OUTBOX WHERE OUTBOX_ID = ?", message.outbox_id)["STATE"] == "DROPPED"


def test_an_order_that_a_worker_holds_is_left_alone_until_its_lease_ends(shop, database, clock):
    shop.apply(*LINES)
    stage(database, order(4711, line(1)))
    shop.claim()
    with pytest.raises(WrongState, match="being worked on by worker"):
        roll_back(shop)
    clock.move(timedelta(hours=1))
    roll_back(shop)
    assert shop.on_order() == {}


def test_what_was_never_applied_is_not_rolled_back(shop, database):
    stage(database, order(4711, *LINES))
    with pytest.raises(WrongState, match="PENDING and not in the ERP"):
        roll_back(shop)
    with pytest.raises(NotFound) as missing:
        roll_back(shop, staging_id=999)
    assert missing.value.code == "50004"


def test_a_document_that_syncctl_did_not_write_is_refused(shop, query):
    shop.apply(*LINES)
    query("DELETE FROM dbo.USER_ORDER_LINK", ())
    with pytest.raises(RollbackRefused, match="was not written by syncctl"):
        roll_back(shop)


def test_every_bad_argument_is_named_at_once(shop):
    with pytest.raises(BadArgument, match=r"@REASON .* @DECIDED_BY .* @THEN takes reset or cancel"):
        shop.database.run(RollbackOrder(staging_id=1, reason=" ", decided_by="", then="undo"))


def test_other_orders_keep_their_stock(shop, database):
    stage(database, order(1, line(1, "MUG", "7", "70.00")))
    shop.work(shop.claim())
    shop.apply(*LINES)
    roll_back(shop)
    assert shop.on_order() == {"MUG": D(7)}


WRITES = [
    ("IM_INV", "UPDATE"),
    ("PS_DOC_LIN", "DELETE"),
    ("PS_DOC_LIN_PRICE", "DELETE"),
    ("PS_DOC_TAX", "DELETE"),
    ("PS_DOC_CONTACT", "DELETE"),
    ("PS_DOC_AUDIT_LOG", "DELETE"),
    ("PS_DOC_HDR_MISC_CHRG", "DELETE"),
    ("PS_DOC_HDR_TOT", "DELETE"),
    ("PS_DOC_NOTE", "DELETE"),
    ("PS_DOC_HDR", "DELETE"),
    ("USER_ORDER_LINE_LINK", "DELETE"),
    ("USER_ORDER_LINK", "UPDATE"),
    ("USER_STORE_OUTBOX", "UPDATE"),
    ("USER_ORDER_STAGING", "UPDATE"),
    ("USER_STORE_OUTBOX", "INSERT"),
    ("USER_ORDER_EVENT", "INSERT"),
]


@pytest.mark.parametrize(("table", "statement"), WRITES)
def test_a_failure_at_any_statement_leaves_the_previous_state_whole(shop, table, statement):
    shop.apply(*LINES, charges=[charge(amount="5.00")], TAX_AMT="1.00")
    before = shop.snapshot()
    shop.break_statement(table, statement)
    with pytest.raises(SyncError):
        roll_back(shop)
    assert shop.snapshot() == before
    shop.mend()
    roll_back(shop)
    assert shop.on_order() == {}
