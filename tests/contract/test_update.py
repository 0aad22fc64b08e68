"""What an update promises: the ERP document follows the store, in one transaction, and stock moves by exactly the difference."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from syncctl.db.contract import ClaimStagedOrders, RollbackOrder, UpdateOrderFromStaging
from syncctl.errors import Conflict, LeaseLost, MappingError, NotFound, SyncError, WrongState
from tests.by_hand import BY_HAND
from tests.orders import charge, line, order, stage
from tests.shop import TABLES, Line, Shop

D = Decimal


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def test_a_changed_quantity_changes_line_total_and_stock_by_the_difference(shop):
    doc = shop.apply(line(1, "TEE-BLK", "2", "39.98")).doc_id
    applied = shop.apply(line(1, "TEE-BLK", "5", "99.95"))
    assert (applied.doc_id, applied.outcome) == (doc, "updated")
    assert shop.lines(doc) == {1: Line("TEE-BLK", D(5), D("19.99"), D("99.95"), D("99.95"))}
    assert shop.totals(doc)["TOT"] == D("99.95")
    assert shop.on_order() == {"TEE-BLK": D(5)}
    assert (shop.staged()["STATE"], shop.staged()["PENDING_ACTION"]) == ("APPLIED", None)
    assert shop.staged()["APPLIED_HASH"] == shop.staged()["CONTENT_HASH"]


def test_a_product_added_gets_the_next_line_number(shop):
    doc = shop.apply(line(1)).doc_id
    shop.apply(line(1), line(2, "MUG", "3", "30.00"))
    assert shop.lines(doc)[2] == Line("MUG", D(3), D("10.0000"), D("30.00"), D("30.00"))
    assert shop.header(doc)["ORD_LINS"] == 2
    assert shop.on_order() == {"MUG": D(3), "TEE-BLK": D(1)}


def test_a_product_removed_takes_its_line_and_its_stock(shop):
    doc = shop.apply(line(1), line(2, "MUG", "3", "30.00")).doc_id
    shop.apply(line(2, "MUG", "3", "30.00"))
    assert list(shop.lines(doc)) == [2]
    assert shop.header(doc)["ORD_LINS"] == 1
    assert shop.on_order() == {"MUG": D(3)}
    assert shop.totals(doc)["TOT"] == D("30.00")


def test_a_price_changed_leaves_the_stock_alone(shop):
    doc = shop.apply(line(1, "TEE-BLK", "3", "59.97")).doc_id
    shop.apply(line(1, "TEE-BLK", "3", "50.00", subtotal="59.97"))
    assert shop.lines(doc) == {1: Line("TEE-BLK", D(3), D("16.6667"), D("50.00"), D("59.97"))}
    totals = shop.totals(doc)
    assert (totals["SUB_TOT"], totals["TOT_LIN_DISC"]) == (D("59.97"), D("9.97"))
    assert (totals["TOT"], totals["AMT_DUE"]) == (D("50.00"), D("50.00"))
    assert shop.on_order() == {"TEE-BLK": D(3)}


def test_an_item_exchanged_on_the_same_line_moves_both_items(shop):
    doc = shop.apply(line(1, "TEE-BLK", "2", "39.98")).doc_id
    shop.apply(line(1, "MUG", "2", "39.98"))
    assert shop.lines(doc)[1].item_no == "MUG"
    assert shop.on_order() == {"MUG": D(2)}


def test_a_customer_changed_in_the_store_changes_in_the_erp(shop):
    doc = shop.apply(line(1)).doc_id
    assert shop.header(doc)["CUST_NO"] == "C100"
    shop.apply(line(1), WOO_CUST_ID=6, CUST_EMAIL="grace@example.test")
    assert shop.header(doc)["CUST_NO"] == "C200"
    assert "customer C100 → C200" in shop.one("SELECT MESSAGE FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'UPDATED'")["MESSAGE"]


def test_an_address_changed_changes_on_the_document(shop):
    doc = shop.apply(line(1)).doc_id
    moved = order(4711)
    moved["ORDER_JSON"]["SHIP"] = {**moved["ORDER_JSON"]["SHIP"], "ADRS_1": "1 New Street"}
    shop.apply(line(1), ORDER_JSON=moved["ORDER_JSON"])
    assert (shop.contact(doc, 1)["ADRS_1"], shop.contact(doc, 2)["ADRS_1"]) == ("12 St James's Square", "1 New Street")
    assert (shop.header(doc)["BILL_TO_CONTACT_ID"], shop.header(doc)["SHIP_TO_CONTACT_ID"]) == (1, 2)
    [event] = shop.query("SELECT MESSAGE FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'UPDATED'", ())
    assert "other ship-to address; " in event["MESSAGE"]
    assert shop.query("SELECT CUST_NO FROM dbo.AR_SHIP_ADRS", ()) == []
    assert shop.on_order() == {"TEE-BLK": D(1)}
    shop.apply(line(1, qty="2", total="39.98"), ORDER_JSON=moved["ORDER_JSON"])
    told = [row["MESSAGE"] for row in shop.query("SELECT MESSAGE FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'UPDATED'", ())]
    assert ["ship-to" in message for message in told] == [True, False]


def correct(shop, doc, contact_id, **columns):
    """Correct a document's contact, as a person in the ERP does."""
    values = ", ".join(f"{column} = ?" for column in columns)
    shop.query(
        f"UPDATE dbo.PS_DOC_CONTACT SET {values} WHERE DOC_ID = ? AND CONTACT_ID = ?", (*columns.values(), doc, contact_id)
    )
    shop.query("UPDATE dbo.PS_DOC_HDR SET LST_MAINT_USR_ID = 'ANNA' WHERE DOC_ID = ?", (doc,))


def shipped_to(street):
    """The content of an order that goes to another street."""
    content = order(4711)["ORDER_JSON"]
    return {**content, "SHIP": {**content["SHIP"], "ADRS_1": street}}


def notes(shop, doc):
    return {
        row["NOTE_ID"]: row["NOTE"] for row in shop.query("SELECT NOTE_ID, NOTE FROM dbo.PS_DOC_NOTE WHERE DOC_ID = ?", (doc,))
    }


def last_told(shop):
    return shop.query("SELECT MESSAGE FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'UPDATED' ORDER BY EVENT_ID", ())[-1][
        "MESSAGE"
    ]


@pytest.mark.parametrize(
    ("contact_id", "columns"),
    [
        (1, {"EMAIL_ADRS_1": "right@example.test"}),
        (2, {"ADRS_1": "14 St James's Square", "ADRS_2": "2nd floor"}),
        (2, {"LST_NAM": "L."}),
    ],
)
def test_an_address_that_a_person_corrected_outlives_an_edit_of_something_else(shop, contact_id, columns):
    doc = shop.apply(line(1)).doc_id
    correct(shop, doc, contact_id, **columns)
    for quantity in ("2", "3"):
        shop.apply(line(1, qty=quantity, total=str(D("19.99") * D(quantity))))
        assert {column: shop.contact(doc, contact_id)[column] for column in columns} == columns
        assert not {"kept", "ship-to"} & set(last_told(shop).split())
    assert "SYNC-KEPT" not in notes(shop, doc)


def test_an_address_that_both_changed_stays_the_persons_and_the_document_says_the_stores(shop, clock):
    doc = shop.apply(line(1)).doc_id
    correct(shop, doc, 2, ADRS_1="14 St James's Square")
    shop.apply(line(1), ORDER_JSON=shipped_to("1 New Street"))
    assert shop.contact(doc, 2)["ADRS_1"] == "14 St James's Square"
    assert "kept as a person changed it in CounterPoint, though the store did, too: ship-to address; " in last_told(shop)
    assert "Ship-to address: Ada Lovelace, 1 New Street, " in notes(shop, doc)["SYNC-KEPT"]
    clock.move(timedelta(minutes=1))
    shop.apply(line(1, qty="2", total="39.98"), ORDER_JSON=shipped_to("1 New Street"))
    assert "kept" not in last_told(shop)
    assert "1 New Street" in notes(shop, doc)["SYNC-KEPT"], "it stays until a person has decided"
    correct(shop, doc, 2, ADRS_1="1 New Street")
    shop.apply(line(1, qty="3", total="59.97"), ORDER_JSON=shipped_to("1 New Street"))
    assert "SYNC-KEPT" not in notes(shop, doc)
    shop.apply(line(1, qty="3", total="59.97"), ORDER_JSON=shipped_to("2 Newer Street"))
    assert shop.contact(doc, 2)["ADRS_1"] == "2 Newer Street"


def test_a_contact_that_a_person_deleted_stays_deleted(shop):
    doc = shop.apply(line(1)).doc_id
    shop.query("DELETE FROM dbo.PS_DOC_CONTACT WHERE DOC_ID = ? AND CONTACT_ID = 2", (doc,))
    shop.query("UPDATE dbo.PS_DOC_HDR SET SHIP_TO_CONTACT_ID = 1 WHERE DOC_ID = ?", (doc,))
    shop.apply(line(1, qty="2", total="39.98"))
    assert shop.query("SELECT CONTACT_ID FROM dbo.PS_DOC_CONTACT WHERE DOC_ID = ? AND CONTACT_ID = 2", (doc,)) == []
    assert shop.header(doc)["SHIP_TO_CONTACT_ID"] == 1


def test_a_note_that_a_person_wrote_on_stays_and_what_the_store_says_stands_beside_it(shop):
    doc = shop.apply(line(1), charges=[charge(amount="5.00")]).doc_id
    theirs = notes(shop, doc)["WEB-ORDER"] + "\nRing twice."
    shop.query("UPDATE dbo.PS_DOC_NOTE SET NOTE = ? WHERE DOC_ID = ? AND NOTE_ID = 'WEB-ORDER'", (theirs, doc))
    shop.apply(line(1, qty="2", total="39.98"), charges=[charge(amount="5.00")])
    assert notes(shop, doc)["WEB-ORDER"] == theirs
    shop.apply(line(1, qty="2", total="39.98"), charges=[charge(amount="7.50")])
    assert notes(shop, doc)["WEB-ORDER"] == theirs
    assert "7.50" in notes(shop, doc)["SYNC-KEPT"]
    assert "note WEB-ORDER; " in last_told(shop)


@pytest.mark.parametrize("saved_by", ["SYNCCTL", None, "ANNA"])
def test_of_a_document_that_nothing_is_remembered_of_the_last_to_save_it_decides(shop, saved_by):
    doc = shop.apply(line(1)).doc_id
    shop.query("DELETE FROM dbo.USER_ORDER_PART", ())
    shop.query("UPDATE dbo.PS_DOC_HDR SET LST_MAINT_USR_ID = ? WHERE DOC_ID = ?", (saved_by, doc))
    shop.apply(line(1), ORDER_JSON=shipped_to("1 New Street"))
    kept = saved_by == "ANNA"
    assert (shop.contact(doc, 2)["ADRS_1"] == "1 New Street", "kept" in last_told(shop)) == (not kept, kept)


def test_a_document_made_anew_has_its_own_contacts(shop, database):
    first = shop.apply(line(1)).doc_id
    correct(shop, first, 2, ADRS_1="14 St James's Square")
    shop.cancel(line(1))
    shop.delete(first)
    second = shop.apply(line(1)).doc_id
    assert second != first
    assert shop.contact(second, 2)["ADRS_1"] == "12 St James's Square"


def test_a_contact_is_among_the_addresses_of_the_customer_whose_order_it_is(shop):
    shop.setting("WRITE_SHIP_ADRS", "Y")
    shop.query("INSERT INTO dbo.AR_SHIP_ADRS (CUST_NO, SHIP_ADRS_ID, NAM) VALUES ('C200', '1', 'Elsewhere')", ())
    doc = shop.apply(line(1)).doc_id
    assert shop.contact(doc, 2)["ADRS_ID"] == "1"
    shop.query("UPDATE dbo.AR_CUST SET EMAIL_ADRS_1 = 'ada2@example.test' WHERE CUST_NO = 'C100'", ())
    shop.query("UPDATE dbo.AR_CUST SET EMAIL_ADRS_1 = 'ada@example.test' WHERE CUST_NO = 'C200'", ())
    shop.query("DELETE FROM dbo.USER_CUSTOMER_MAP", ())
    shop.apply(line(1, qty="2", total="39.98"))
    assert (shop.header(doc)["CUST_NO"], shop.contact(doc, 2)["ADRS_ID"]) == ("C200", "2")


def stock(query):
    rows = query("SELECT ITEM_NO, LOC_ID, QTY_ON_SO FROM dbo.IM_INV ORDER BY ITEM_NO, LOC_ID", ())
    return {(row["ITEM_NO"], row["LOC_ID"]): row["QTY_ON_SO"] for row in rows if row["QTY_ON_SO"]}


@pytest.mark.parametrize("end", ["change", "cancel", "roll back"])
def test_the_stock_goes_back_to_where_it_was_taken_when_a_person_has_moved_the_document(shop, database, query, end):
    doc = shop.apply(line(1, "MUG", "2", "20.00")).doc_id
    query("UPDATE dbo.PS_DOC_HDR SET STK_LOC_ID = '02' WHERE DOC_ID = ?", (doc,))
    if end == "change":
        shop.apply(line(1, "MUG", "1", "10.00"), line(2, "CAP", "1", "12.00"))
        assert stock(query) == {("MUG", "01"): D(1), ("CAP", "02"): D(1)}
        shop.cancel(line(1, "MUG", "1", "10.00"), line(2, "CAP", "1", "12.00"))
    elif end == "cancel":
        shop.cancel(line(1, "MUG", "2", "20.00"))
    else:
        call = RollbackOrder(staging_id=shop.staged()["STAGING_ID"], reason="moved", decided_by="ann")
        assert "ITEM_NO = MUG, LOC_ID = 01" in [step.row_key for step in database.run(call)]
    assert stock(query) == {}


def test_a_line_set_to_quantity_0_is_removed(shop):
    doc = shop.apply(line(1), line(2, "MUG", "1", "10.00")).doc_id
    shop.apply(line(1), line(2, "MUG", "0", "0.00"))
    assert [found.item_no for found in shop.lines(doc).values()] == ["TEE-BLK"]
    assert shop.on_order() == {"TEE-BLK": D(1)}


def test_two_lines_of_one_item_are_told_apart(shop):
    doc = shop.apply(line(1, "MUG", "1", "10.00"), line(2, "MUG", "4", "32.00")).doc_id
    shop.apply(line(1, "MUG", "2", "20.00"), line(2, "MUG", "4", "32.00"))
    assert shop.lines(doc) == {
        1: Line("MUG", D(2), D(10), D("20.00"), D("20.00")),
        2: Line("MUG", D(4), D(8), D("32.00"), D("32.00")),
    }
    assert shop.on_order() == {"MUG": D(6)}
    shop.apply(line(2, "MUG", "4", "32.00"))
    assert list(shop.lines(doc)) == [2]
    assert shop.on_order() == {"MUG": D(4)}


def test_shipping_survives_the_removal_of_a_line(shop):
    doc = shop.apply(line(1), line(2, "MUG", "1", "10.00"), charges=[charge(amount="5.00"), charge("fee", "-2.00")]).doc_id
    shop.apply(line(1), charges=[charge(amount="5.00"), charge("fee", "-2.00")])
    charges = shop.query("SELECT * FROM dbo.PS_DOC_HDR_MISC_CHRG WHERE DOC_ID = ? ORDER BY MISC_CHRG_NO", (doc,))
    assert [(row["MISC_CHRG_NO"], row["MISC_AMT"]) for row in charges] == [(1, D("5.00")), (2, D("-2.00"))]
    assert (shop.totals(doc)["TOT_MISC"], shop.totals(doc)["TOT"]) == (D("3.00"), D("22.99"))


def test_shipping_and_tax_follow(shop):
    doc = shop.apply(line(1), charges=[charge(amount="5.00")], TAX_AMT="2.00").doc_id
    shop.apply(line(1), charges=[charge(amount="7.50")], TAX_AMT="2.20")
    totals = shop.totals(doc)
    assert (totals["TOT_MISC"], totals["TAX_AMT"], totals["TOT"]) == (D("7.50"), D("2.20"), D("29.69"))


def test_a_partial_refund_arrives_as_net_quantities(shop):
    doc = shop.apply(line(1, "TEE-BLK", "3", "59.97"), charges=[charge(amount="5.00")]).doc_id
    shop.apply(line(1, "TEE-BLK", "1", "19.99"), charges=[charge(amount="5.00"), charge("refund", "-1.00")])
    assert shop.on_order() == {"TEE-BLK": D(1)}
    assert shop.totals(doc)["TOT"] == D("23.99")


def test_edited_and_edited_back_before_it_was_processed_does_nothing(shop, database):
    shop.apply(line(1))
    stage(database, order(4711, line(1, "TEE-BLK", "9", "179.91")))
    [back] = stage(database, order(4711, line(1)))
    assert (back.outcome, shop.staged()["STATE"]) == ("unchanged", "APPLIED")
    assert database.run(ClaimStagedOrders(worker_id="worker", batch_size=10)) == []


def test_edited_and_edited_back_after_it_was_processed_ends_where_it_began(shop):
    doc = shop.apply(line(1), line(2, "MUG", "2", "20.00")).doc_id
    before = (shop.lines(doc), shop.totals(doc)["TOT"], shop.on_order())
    shop.apply(line(1, "TEE-BLK", "9", "179.91"))
    shop.apply(line(1), line(2, "MUG", "2", "20.00"))
    assert (shop.lines(doc), shop.totals(doc)["TOT"], shop.on_order()) == before


def test_an_update_tells_the_store_nothing_and_the_story_everything(shop):
    shop.apply(line(1), line(2, "MUG", "1", "10.00"))
    shop.apply(line(1, "TEE-BLK", "2", "39.98"), line(3, "CAP", "1", "12.00"))
    assert [row["KIND"] for row in shop.outbox()] == ["applied"]
    message = shop.one("SELECT MESSAGE FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'UPDATED'")["MESSAGE"]
    assert "1 lines changed, 1 added, 1 removed" in message
    assert "total 29.99 → 51.98" in message


def test_other_orders_of_the_same_item_keep_their_stock(shop, database):
    stage(database, order(1, line(1, "MUG", "7", "70.00")))
    shop.work(shop.claim())
    shop.apply(line(1, "MUG", "2", "20.00"))
    shop.apply(line(1, "MUG", "1", "10.00"))
    assert shop.on_order() == {"MUG": D(8)}


def test_updates_of_the_same_items_at_once_end_with_the_right_stock(shop, database, new_connection):
    numbers = range(1, 7)
    stage(database, *(order(number, line(1, "MUG", "1", "10.00"), line(2, "CAP", "1", "12.00")) for number in numbers))
    for claimed in shop.claim_all():
        shop.work(claimed)
    stage(database, *(order(number, line(2, "CAP", "3", "36.00"), line(1, "MUG", "2", "20.00")) for number in numbers))
    waiting = shop.claim_all()

    def update(claimed):
        connection = new_connection()
        try:
            call = UpdateOrderFromStaging(staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no)
            return [applied.outcome for applied in connection.run(call)]
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(update, waiting)) == [["updated"]] * len(numbers)
    assert shop.on_order() == {"CAP": D(18), "MUG": D(12)}


def test_a_deposit_taken_in_the_erp_stays_off_the_amount_due(shop):
    doc = shop.apply(line(1, "TEE-BLK", "2", "39.98")).doc_id
    shop.pay(doc, "10.00")
    shop.apply(line(1, "TEE-BLK", "3", "59.97"))
    assert (shop.totals(doc)["TOT"], shop.totals(doc)["AMT_DUE"]) == (D("59.97"), D("49.97"))
    assert shop.one("SELECT AMT FROM dbo.PS_DOC_PMT WHERE DOC_ID = ?", doc)["AMT"] == D("10.00")


def test_a_payment_that_came_with_the_order_follows_its_total(shop):
    shop.paid_by("CARD")
    doc = shop.apply(line(1, "TEE-BLK", "2", "39.98")).doc_id
    shop.apply(line(1, "TEE-BLK", "3", "59.97"))
    assert shop.one("SELECT AMT FROM dbo.PS_DOC_PMT WHERE DOC_ID = ?", doc)["AMT"] == D("59.97")


def test_the_stock_of_the_documents_own_location_moves(shop, query):
    shop.apply(line(1, "MUG", "2", "20.00"))
    shop.setting("STK_LOC_ID", "02")
    shop.apply(line(1, "MUG", "3", "30.00"), line(2, "CAP", "1", "12.00"))
    rows = query("SELECT ITEM_NO, LOC_ID, QTY_ON_SO FROM dbo.IM_INV ORDER BY ITEM_NO, LOC_ID", ())
    assert {(row["ITEM_NO"], row["LOC_ID"]): row["QTY_ON_SO"] for row in rows if row["QTY_ON_SO"]} == {
        ("MUG", "01"): D(3),
        ("CAP", "01"): D(1),
    }


def test_the_answer_lost_on_the_way_is_given_again_and_nothing_is_done_twice(shop, database):
    shop.apply(line(1))
    stage(database, order(4711, line(1, "TEE-BLK", "2", "39.98")))
    claimed = shop.claim()
    shop.work(claimed)
    before = shop.snapshot()
    again = shop.work(claimed)
    assert (again.outcome, shop.snapshot()) == ("unchanged", before)


@pytest.mark.parametrize(("by_hand", "reason"), BY_HAND, ids=lambda value: getattr(value, "__name__", None))
def test_a_document_that_a_person_has_touched_is_left_to_a_person(shop, database, by_hand, reason):
    doc = shop.apply(line(1), charges=[charge(amount="5.00")]).doc_id
    by_hand(shop, doc)
    stage(database, order(4711, line(1, "TEE-BLK", "2", "39.98"), charges=[charge(amount="5.00")]))
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(Conflict, match=reason) as refused:
        shop.work(claimed)
    assert f"document {doc} (101-000001)" in str(refused.value)
    assert "in CounterPoint by hand" in str(refused.value)
    assert f"syncctl dead-letter cancel {claimed.staging_id}" in str(refused.value)
    assert refused.value.code == "50030"
    assert shop.snapshot() == before


@pytest.mark.parametrize(
    ("lines", "charges", "told"),
    [
        ([line(1, "TEE-BLK", "1", "19.99"), line(2, "MUG", "1", "10.00")], [], " (the store took off 19.99: 1.0000 TEE-BLK. "),
        ([line(1, "TEE-BLK", "2", "39.98")], [], " (the store took off 10.00: 1.0000 MUG. "),
        (
            [line(1, "TEE-BLK", "2", "39.98"), line(2, "MUG", "1", "10.00")],
            [charge("refund", "-5.00")],
            " (the store took off 5.00. ",
        ),
        ([line(1, "TEE-BLK", "3", "59.97"), line(2, "MUG", "1", "10.00")], [], None),
        (None, [], " (the store took off 49.98: 2.0000 TEE-BLK, 1.0000 MUG. "),
    ],
    ids=["a piece", "a line", "money", "nothing", "all of it"],
)
def test_what_a_shipped_document_needs_as_a_return_is_told(shop, database, lines, charges, told):
    both = line(1, "TEE-BLK", "2", "39.98"), line(2, "MUG", "1", "10.00")
    shop.ship(shop.apply(*both).doc_id)
    if lines is None:
        shop.stage_cancelled(*both)
    else:
        stage(database, order(4711, *lines, charges=charges))
    with pytest.raises(Conflict, match="were released") as refused:
        shop.work(shop.claim())
    if told is None:
        assert "by hand, then `syncctl dead-letter cancel" in str(refused.value)
    else:
        assert f"by hand{told}Of goods that are out already, enter a return of that), then `syncctl" in str(refused.value)


def test_every_reason_is_named_at_once(shop, database):
    doc = shop.apply(line(1)).doc_id
    shop.ship(doc)
    shop.add_line_by_hand(doc)
    stage(database, order(4711, line(1, "TEE-BLK", "2", "39.98")))
    with pytest.raises(Conflict, match=r"1 of its 2 lines was released; 1 of its lines was added by hand"):
        shop.work(shop.claim())


def test_a_total_that_does_not_add_up_is_a_conflict(shop, database):
    shop.apply(line(1))
    stage(database, order(4711, line(1), TOT_AMT="20.50"))
    [claimed] = database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    shop.query("UPDATE dbo.USER_ORDER_STAGING SET IS_VALIDATED = 1", ())
    before = shop.snapshot()
    with pytest.raises(Conflict, match=r"come to 19\.99, the store's total is 20\.50"):
        shop.work(claimed)
    assert shop.snapshot() == before


def test_an_item_that_has_gone_since_validation_stops_the_whole_update(shop, database, query):
    shop.apply(line(1))
    stage(database, order(4711, line(1, "TEE-BLK", "4", "79.96"), line(2, "CAP", "1", "12.00")))
    claimed = shop.claim()
    query("DELETE FROM dbo.IM_ITEM WHERE ITEM_NO = 'CAP'", ())
    before = shop.snapshot()
    with pytest.raises(MappingError, match="CAP"):
        shop.work(claimed)
    assert shop.snapshot() == before


def test_only_the_holder_of_the_lease_may_update(shop, database):
    shop.apply(line(1))
    stage(database, order(4711, line(1, "TEE-BLK", "2", "39.98")))
    claimed = shop.claim()
    before = shop.snapshot()
    for worker, attempt in (("another", claimed.attempt_no), ("worker", claimed.attempt_no + 1)):
        with pytest.raises(LeaseLost) as lost:
            database.run(UpdateOrderFromStaging(staging_id=claimed.staging_id, worker_id=worker, attempt_no=attempt))
        assert lost.value.code == "50010"
    with pytest.raises(NotFound):
        database.run(UpdateOrderFromStaging(staging_id=999, worker_id="worker", attempt_no=1))
    assert shop.snapshot() == before


def test_a_store_edit_during_the_work_fences_the_worker_off(shop, database):
    shop.apply(line(1))
    stage(database, order(4711, line(1, "TEE-BLK", "2", "39.98")))
    claimed = shop.claim()
    stage(database, order(4711, line(1, "TEE-BLK", "3", "59.97")))
    with pytest.raises(LeaseLost):
        shop.work(claimed)
    assert shop.on_order() == {"TEE-BLK": D(1)}


def test_an_update_needs_an_order_that_waits_for_one_and_is_validated(shop, database):
    stage(database, order(4711, line(1)))
    claimed = shop.claim()
    call = UpdateOrderFromStaging(staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no)
    with pytest.raises(WrongState, match="waits for create"):
        database.run(call)
    shop.work(claimed)
    stage(database, order(4711, line(1, "TEE-BLK", "2", "39.98")))
    [claimed] = database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    with pytest.raises(WrongState, match="validat"):
        shop.work(claimed)


def test_an_order_of_before_the_links_is_left_to_a_person(shop, database, query):
    shop.apply(line(1))
    query("DELETE FROM dbo.USER_ORDER_LINK", ())
    stage(database, order(4711, line(1, "TEE-BLK", "2", "39.98")))
    with pytest.raises(Conflict, match="not written by syncctl"):
        shop.work(shop.claim())


WRITES = [
    ("USER_ORDER_STAGING", "UPDATE"),
    ("PS_DOC_LIN", "UPDATE"),
    ("PS_DOC_LIN", "INSERT"),
    ("PS_DOC_LIN", "DELETE"),
    ("USER_ORDER_LINE_LINK", "UPDATE"),
    ("USER_ORDER_LINE_LINK", "INSERT"),
    ("USER_ORDER_LINE_LINK", "DELETE"),
    ("IM_INV", "UPDATE"),
    ("IM_INV", "INSERT"),
    ("AR_SHIP_ADRS", "INSERT"),
    ("USER_ORDER_PART", "UPDATE"),
    ("PS_DOC_CONTACT", "DELETE"),
    ("PS_DOC_CONTACT", "INSERT"),
    ("PS_DOC_LIN_PRICE", "DELETE"),
    ("PS_DOC_LIN_PRICE", "INSERT"),
    ("PS_DOC_TAX", "DELETE"),
    ("PS_DOC_TAX", "INSERT"),
    ("PS_DOC_HDR", "UPDATE"),
    ("PS_DOC_HDR_TOT", "UPDATE"),
    ("PS_DOC_HDR_MISC_CHRG", "DELETE"),
    ("PS_DOC_HDR_MISC_CHRG", "INSERT"),
    ("USER_ORDER_PAYMENT", "DELETE"),
    ("PS_DOC_PMT_APPLY", "DELETE"),
    ("PS_DOC_PMT", "UPDATE"),
    ("PS_DOC_PMT_APPLY", "INSERT"),
    ("USER_ORDER_PAYMENT", "INSERT"),
    ("PS_DOC_HDR_PROF", "UPDATE"),
    ("PS_DOC_NOTE", "INSERT"),
    ("USER_ORDER_LINK", "UPDATE"),
    ("USER_ORDER_EVENT", "INSERT"),
]
"""Every statement of the update, by the table it writes."""


GRACE = {"WOO_CUST_ID": 6, "CUST_EMAIL": "grace@example.test"}


def prepare_an_update_of_everything(shop):
    """Leave a claimed order whose update runs every statement there is."""
    shop.paid_by("CARD")
    shop.setting("SHIP_VIA_PROF", "PROF_ALPHA_1")
    shop.setting("WRITE_SHIP_ADRS", "Y")
    shop.apply(line(1), line(2, "MUG", "2", "20.00"), charges=[charge(amount="5.00")], TAX_AMT="1.00")
    shop.query("DELETE FROM dbo.IM_INV WHERE ITEM_NO = 'CAP'", ())
    moved = order(4711)["ORDER_JSON"]
    moved["SHIP"] = {**moved["SHIP"], "ADRS_1": "1 New Street"}
    moved["CHARGES"] = [charge(amount="6.00")]
    lines = (line(1, "TEE-BLK", "3", "59.97"), line(3, "CAP", "1", "12.00"))
    express = {**GRACE, "SHIP_VIA": "Express"}
    stage(shop.database, order(4711, *lines, charges=[charge(amount="6.00")], TAX_AMT="1.50", ORDER_JSON=moved, **express))
    return shop.claim()


@pytest.mark.parametrize(("table", "statement"), WRITES)
def test_a_failure_at_any_statement_leaves_the_previous_state_whole(shop, table, statement):
    claimed = prepare_an_update_of_everything(shop)
    before = shop.snapshot()
    shop.break_statement(table, statement)
    with pytest.raises(SyncError):
        shop.work(claimed)
    assert shop.snapshot() == before
    shop.mend()
    assert shop.work(claimed).outcome == "updated"
    assert shop.on_order() == {"CAP": D(1), "TEE-BLK": D(3)}


def test_those_failures_cover_every_table_that_an_update_writes(shop):
    claimed = prepare_an_update_of_everything(shop)
    before = shop.snapshot()
    shop.work(claimed)
    after = shop.snapshot()
    assert {table for table in TABLES if before[table] != after[table]} == {table for table, _ in WRITES}
