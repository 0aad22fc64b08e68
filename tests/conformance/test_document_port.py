"""What the document port promises, whatever ERP stands behind it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncctl.db.contract import AuditOrders, ClaimStagedOrders, QueueStatusChanges, RollbackOrder
from syncctl.errors import Conflict, MappingError, RollbackRefused, SyncError
from tests.orders import charge, line, order, stage

D = Decimal
TEE, MUG = line(1, "TEE-BLK", "2", "39.98"), line(2, "MUG", "1", "10.00")


def intact(ledger):
    """Assert that the ERP's own rows and ours say the same."""
    assert ledger.database.run(AuditOrders(inventory=True)) == []


# The scenarios of an edited order.


def test_a_changed_quantity(ledger):
    doc = ledger.apply(TEE).doc_id
    applied = ledger.apply(line(1, "TEE-BLK", "5", "99.95"))
    assert (applied.doc_id, applied.outcome) == (doc, "updated")
    assert ledger.sold(doc) == [("TEE-BLK", D(5), D("99.95"))]
    assert ledger.on_order() == {"TEE-BLK": D(5)}
    assert ledger.total(doc) == D("99.95")
    intact(ledger)


def test_a_product_added(ledger):
    doc = ledger.apply(TEE).doc_id
    ledger.apply(TEE, MUG)
    assert ledger.sold(doc) == [("TEE-BLK", D(2), D("39.98")), ("MUG", D(1), D("10.00"))]
    assert ledger.on_order() == {"MUG": D(1), "TEE-BLK": D(2)}
    intact(ledger)


def test_a_product_removed(ledger):
    doc = ledger.apply(TEE, MUG).doc_id
    ledger.apply(MUG)
    assert ledger.sold(doc) == [("MUG", D(1), D("10.00"))]
    assert ledger.on_order() == {"MUG": D(1)}
    assert ledger.total(doc) == D("10.00")
    intact(ledger)


def test_a_changed_price_leaves_the_stock_alone(ledger):
    doc = ledger.apply(line(1, "TEE-BLK", "3", "59.97")).doc_id
    ledger.apply(line(1, "TEE-BLK", "3", "50.00", subtotal="59.97"))
    assert ledger.sold(doc) == [("TEE-BLK", D(3), D("50.00"))]
    assert ledger.on_order() == {"TEE-BLK": D(3)}
    intact(ledger)


def test_another_customer(ledger):
    doc = ledger.apply(TEE).doc_id
    assert ledger.customer(doc) == "C100"
    ledger.apply(TEE, WOO_CUST_ID=6, CUST_EMAIL="grace@example.test")
    assert ledger.customer(doc) == "C200"
    events = ledger.query("SELECT MESSAGE FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'UPDATED'", ())
    assert "customer C100 → C200" in events[0]["MESSAGE"]


def test_another_address(ledger):
    doc = ledger.apply(TEE).doc_id
    assert "12 St James's Square" in ledger.ships_to(doc)
    moved = order(4711, TEE)
    moved["ORDER_JSON"]["SHIP"] = {**moved["ORDER_JSON"]["SHIP"], "ADRS_1": "1 New Street", "CITY": "Zürich"}
    stage(ledger.database, order(4711, TEE, ORDER_JSON=moved["ORDER_JSON"]))
    ledger.work(ledger.claim())
    assert "1 New Street" in ledger.ships_to(doc) and "Zürich" in ledger.ships_to(doc)


def test_an_order_cancelled_is_closed_and_its_stock_comes_back(ledger):
    doc = ledger.apply(TEE, MUG, charges=[charge()]).doc_id
    applied = ledger.cancel(TEE, MUG, charges=[charge()])
    assert (applied.doc_id, applied.outcome) == (doc, "cancelled")
    assert ledger.is_closed(doc)
    assert ledger.on_order() == {}
    link = ledger.one("SELECT * FROM dbo.USER_ORDER_LINK")
    assert (link["LINK_STATE"], link["TOT"]) == ("CLOSED", D(0))
    intact(ledger)


def test_a_line_set_to_quantity_0_goes(ledger):
    doc = ledger.apply(TEE, MUG).doc_id
    ledger.apply(TEE, line(2, "MUG", "0", "0.00"))
    assert ledger.sold(doc) == [("TEE-BLK", D(2), D("39.98"))]
    assert ledger.on_order() == {"TEE-BLK": D(2)}
    intact(ledger)


def test_two_lines_of_one_item_are_told_apart(ledger):
    doc = ledger.apply(line(1, "MUG", "1", "10.00"), line(2, "MUG", "2", "16.00", subtotal="20.00")).doc_id
    assert ledger.on_order() == {"MUG": D(3)}
    ledger.apply(line(2, "MUG", "5", "40.00", subtotal="50.00"))
    assert ledger.sold(doc) == [("MUG", D(5), D("40.00"))]
    assert ledger.on_order() == {"MUG": D(5)}
    intact(ledger)


def test_an_item_exchanged_on_its_line(ledger):
    doc = ledger.apply(TEE).doc_id
    ledger.apply(line(1, "MUG", "2", "39.98"))
    assert ledger.sold(doc) == [("MUG", D(2), D("39.98"))]
    assert ledger.on_order() == {"MUG": D(2)}


def test_shipping_outlives_its_lines_and_follows_the_store(ledger):
    doc = ledger.apply(TEE, MUG, charges=[charge(amount="5.00")]).doc_id
    assert ledger.shipping(doc) == D("5.00")
    ledger.apply(MUG, charges=[charge(amount="5.00")])
    assert (ledger.shipping(doc), ledger.total(doc)) == (D("5.00"), D("15.00"))
    ledger.apply(MUG, charges=[charge(amount="7.50")])
    assert (ledger.shipping(doc), ledger.total(doc)) == (D("7.50"), D("17.50"))
    ledger.apply(MUG)
    assert (ledger.shipping(doc), ledger.total(doc)) == (D(0), D("10.00"))
    intact(ledger)
    ledger.apply(MUG, charges=[charge(amount="3.00")])
    assert (ledger.shipping(doc), ledger.total(doc)) == (D("3.00"), D("13.00"))
    intact(ledger)


def test_a_fee_and_a_refund_of_an_amount_are_in_the_total(ledger):
    fee, back = charge("fee", "2.00", description="Gift wrap"), charge("refund", "-1.00", description="Refund")
    doc = ledger.apply(MUG, charges=[charge(), fee, back]).doc_id
    assert ledger.total(doc) == D("16.00")
    intact(ledger)
    ledger.apply(MUG, charges=[charge(), back])
    assert ledger.total(doc) == D("14.00")
    assert ledger.on_order() == {"MUG": D(1)}, "charges hold no stock"
    intact(ledger)


# Cancelled, and come back.


def test_cancelling_again_gives_nothing_back(ledger):
    ledger.apply(TEE)
    ledger.stage_cancelled(TEE)
    claimed = ledger.claim()
    ledger.work(claimed)
    before = ledger.rows()
    assert ledger.work(claimed).outcome == "cancelled"
    assert ledger.rows() == before


def test_an_order_that_comes_back_finds_its_document_again(ledger):
    doc = ledger.apply(TEE, MUG).doc_id
    ledger.cancel(TEE, MUG)
    applied = ledger.apply(line(1, "TEE-BLK", "3", "59.97"), line(3, "CAP", "1", "12.00"))
    assert (applied.doc_id, applied.outcome) == (doc, "reopened")
    assert not ledger.is_closed(doc)
    assert sorted(ledger.sold(doc)) == [("CAP", D(1), D("12.00")), ("TEE-BLK", D(3), D("59.97"))]
    assert ledger.on_order() == {"CAP": D(1), "TEE-BLK": D(3)}
    intact(ledger)
    ledger.cancel(line(1, "TEE-BLK", "3", "59.97"), line(3, "CAP", "1", "12.00"))
    assert ledger.on_order() == {}
    intact(ledger)


def test_an_order_cancelled_before_it_was_entered_never_is(ledger):
    stage(ledger.database, order(4711, TEE))
    ledger.stage_cancelled(TEE)
    assert ledger.database.run(ClaimStagedOrders(worker_id="worker", batch_size=10)) == []
    assert ledger.staged()["STATE"] == "SKIPPED"


def test_other_orders_keep_their_stock(ledger):
    stage(ledger.database, order(1, line(1, "MUG", "4", "40.00")))
    ledger.work(ledger.claim())
    ledger.apply(MUG)
    ledger.cancel(MUG)
    assert ledger.on_order() == {"MUG": D(4)}


# What a person has done, and what fails.


@pytest.mark.parametrize("action", ["update", "cancel", "rollback"])
def test_what_a_person_has_touched_is_left_to_that_person(ledger, deed, action):
    touch, reason = ledger.by_hand[deed]
    doc = ledger.apply(TEE, MUG, charges=[charge()]).doc_id
    touch(ledger, doc)
    if action == "rollback":
        before = ledger.rows()
        with pytest.raises(RollbackRefused, match=reason):
            ledger.database.run(
                RollbackOrder(staging_id=ledger.staged()["STAGING_ID"], decided_by="ada", reason="a mistake", then="reset")
            )
        assert ledger.rows() == before
        return
    if action == "cancel":
        ledger.stage_cancelled(TEE, MUG, charges=[charge()])
    else:
        stage(ledger.database, order(4711, TEE))
    claimed = ledger.claim()
    before = ledger.rows()
    with pytest.raises(Conflict, match=reason):
        ledger.work(claimed)
    assert ledger.rows() == before


@pytest.mark.parametrize("statement", ["INSERT", "UPDATE", "DELETE"])
def test_an_update_that_fails_in_its_middle_leaves_the_order_as_it_was(ledger, table, statement):
    doc = ledger.apply(TEE, MUG, charges=[charge()]).doc_id
    changed = line(1, "TEE-BLK", "5", "99.95"), line(3, "CAP", "1", "12.00")
    moved = order(4711, *changed)["ORDER_JSON"]
    moved["SHIP"] = {**moved["SHIP"], "ADRS_1": "1 New Street"}
    stage(ledger.database, order(4711, *changed, ORDER_JSON=moved))
    claimed = ledger.claim()
    before = ledger.rows()
    ledger.break_at(table, statement)
    try:
        ledger.work(claimed)
    except SyncError:
        assert ledger.rows() == before
        ledger.mend()
        assert ledger.work(claimed).outcome == "updated"
    else:
        ledger.mend()
    assert ledger.total(doc) == D("111.95")
    intact(ledger)


def test_the_answer_lost_on_the_way_is_given_again(ledger):
    stage(ledger.database, order(4711, TEE))
    claimed = ledger.claim()
    first = ledger.work(claimed)
    before = ledger.rows()
    again = ledger.work(claimed)
    assert (again.doc_id, again.outcome) == (first.doc_id, "already_applied")
    assert ledger.rows() == before


def test_edited_and_edited_back_ends_where_it_began(ledger):
    doc = ledger.apply(TEE, MUG).doc_id
    before = ledger.sold(doc)
    ledger.apply(line(1, "TEE-BLK", "5", "99.95"), MUG)
    ledger.apply(TEE, MUG)
    assert ledger.sold(doc) == before
    assert ledger.on_order() == {"MUG": D(1), "TEE-BLK": D(2)}


def test_an_item_that_has_gone_since_validation_stops_the_whole_update(ledger):
    ledger.apply(TEE)
    ledger.query("INSERT INTO dbo.USER_ITEM_MAP (STORE_ID, SKU, ITEM_NO) VALUES ('*', 'SPOON', 'MUG')", ())
    stage(ledger.database, order(4711, TEE, line(2, "SPOON", "1", "1.00")))
    claimed = ledger.claim()
    ledger.query("UPDATE dbo.USER_ITEM_MAP SET ITEM_NO = 'GONE' WHERE SKU = 'SPOON'", ())
    before = ledger.rows()
    with pytest.raises(MappingError, match="has no item in the ERP any more"):
        ledger.work(claimed)
    assert ledger.rows() == before


# Taken back, and told.


def test_a_rollback_lists_what_it_removes_and_removes_it(ledger):
    doc = ledger.apply(TEE, MUG, charges=[charge()]).doc_id
    call = RollbackOrder(
        staging_id=ledger.staged()["STAGING_ID"], decided_by="ada", reason="a mistake", then="reset", dry_run=True
    )
    before = ledger.rows()
    listed = ledger.database.run(call)
    assert ledger.rows() == before
    done = ledger.database.run(
        RollbackOrder(staging_id=call.staging_id, decided_by="ada", reason="a mistake", then="reset", dry_run=False)
    )
    assert done == listed
    assert ledger.on_order() == {}
    assert ledger.sold(doc) == []
    applied = ledger.work(ledger.claim())
    assert applied.outcome == "created" and applied.doc_id != doc
    intact(ledger)


def test_what_was_delivered_is_told_to_the_store_once(ledger):
    doc = ledger.apply(TEE, MUG).doc_id
    assert ledger.database.run(QueueStatusChanges(store_id="woocommerce")) == []
    ledger.deliver(doc)
    [change] = ledger.database.run(QueueStatusChanges(store_id="woocommerce"))
    assert change.erp_status == "shipped"
    assert ledger.database.run(QueueStatusChanges(store_id="woocommerce")) == []


def test_the_audit_finds_stock_that_does_not_fit(ledger, erp):
    ledger.apply(TEE)
    ledger.query(
        "UPDATE dbo.IM_INV SET QTY_ON_SO = 7 WHERE ITEM_NO = 'TEE-BLK'"
        if erp == "counterpoint"
        else "UPDATE dbo.Item SET QuantityCommitted = 7 WHERE ItemLookupCode = 'TEE-BLK'",
        (),
    )
    [found] = ledger.database.run(AuditOrders(inventory=True))
    assert found.check_name == "inventory_equals_open_lines" and "TEE-BLK" in found.detail
