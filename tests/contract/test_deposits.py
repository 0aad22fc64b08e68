"""The ticket that carries an order's deposit: read from one that a person keyed, written beside orders; what becomes of it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest

from syncctl.db.contract import (
    AuditOrders,
    ClaimStagedOrders,
    DecideDeadLetter,
    FailStagedOrder,
    GetErpDocument,
    ListMissingErpSettings,
    ListOpenOrders,
    ProcessStagedOrder,
    RecordDeposit,
    RollbackOrder,
    SeedDemoErp,
    SetDepositModel,
    ValidateStagedOrder,
)
from syncctl.errors import BadArgument, ConfigError, Conflict, MappingError, NotFound, RollbackRefused, WrongState
from syncctl.services.compare_document import compare_document
from tests.orders import charge, line, order, stage
from tests.shop import BY_HAND, Shop

D = Decimal
ORDER, TICKET = 900000000001, 900000000002
"""The pair that a person keyed."""


GRACE = {"WOO_CUST_ID": 6, "CUST_EMAIL": "grace@example.test"}
"""Another customer's order."""


@pytest.fixture
def keyed(database, query):
    """A shop whose till has an order with a deposit, and the ticket of that."""
    shop = Shop(database, query)
    database.run(SeedDemoErp(items="[]", customers="[]", with_deposit=True))
    return shop


@pytest.fixture
def shop(keyed):
    """A shop that writes deposit tickets."""
    keyed.database.run(SetDepositModel(number="TILL-2"))
    keyed.paid_by("CARD")
    keyed.setting("WRITE_PAYMENT", "D")
    return keyed


def written(shop):
    """What we wrote of the payment."""
    return shop.one("SELECT * FROM dbo.USER_ORDER_PAYMENT")


def rows(shop, table, doc_id):
    return shop.query(f"SELECT * FROM dbo.{table} WHERE DOC_ID = ?", (doc_id,))


def post_ticket(shop, doc_id):
    """Take a ticket out of the open documents into the history, as posting it does."""
    shop.query(
        "INSERT INTO dbo.PS_TKT_HIST (DOC_ID, STR_ID, STA_ID, TKT_NO, CUST_NO, CUST_PO_NO, REF, TKT_DT)"
        " SELECT DOC_ID, STR_ID, STA_ID, TKT_NO, CUST_NO, CUST_PO_NO, REF, TKT_DT FROM dbo.PS_DOC_HDR WHERE DOC_ID = ?",
        (doc_id,),
    )
    void_ticket(shop, doc_id)


def void_ticket(shop, doc_id):
    shop.delete(doc_id)
    for table in ("PS_DOC_PMT", "PS_DOC_PMT_APPLY"):
        shop.query(f"DELETE FROM dbo.{table} WHERE DOC_ID = ?", (doc_id,))


def roll_back(shop, then="cancel", **options):
    call = RollbackOrder(staging_id=shop.staged()["STAGING_ID"], reason="tests", decided_by="ann", then=then, **options)
    return shop.database.run(call)


def audit(shop, check="deposit_ticket"):
    return [row.detail for row in shop.database.run(AuditOrders()) if row.check_name == check]


def sound(shop):
    """The audit finds nothing at all."""
    assert [(row.check_name, row.detail) for row in shop.database.run(AuditOrders(inventory=True))] == []


def cells(shop, **call):
    found = shop.database.run(SetDepositModel(**{"number": "TILL-2", "dry_run": True, **call}))
    return {(cell.part, cell.table_name, cell.column_name): (cell.source, cell.value) for cell in found}


# --- the model ---


def test_a_model_says_of_each_cell_what_goes_there(keyed):
    found = cells(keyed)
    assert found["TICKET", "PS_DOC_HDR", "DOC_TYP"] == ("MODEL", "T")
    assert found["TICKET", "PS_DOC_PMT_APPLY", "APPL_TYP"] == ("MODEL", "D")
    assert found["TICKET", "PS_DOC_HDR_TOT", "TOT_TYP"] == ("MODEL", "D")
    assert found["TICKET", "PS_DOC_HDR_TOT", "TOT_TND"] == ("AMOUNT", None)
    assert found["TICKET", "PS_DOC_AUDIT_LOG_TOT", "DEP_NET_CHANGE"] == ("AMOUNT", None)
    assert found["TICKET", "PS_DOC_HDR_ORIG_DOC", "ORIG_DOC_ID"] == ("ORDER_ID", None)
    assert found["TICKET", "PS_DOC_HDR_ORIG_DOC", "ORIG_TKT_NO"] == ("ORDER_NO", None)
    assert found["TICKET", "PS_DOC_PMT", "TKT_NO"] == ("TICKET_NO", None)
    assert found["TICKET", "PS_DOC_AUDIT_LOG", "DOC_GUID"] == ("TICKET_GUID", None)
    assert found["TICKET", "PS_DOC_HDR", "REF"] == ("WEB_ORDER", None)
    sources = {source for source, _ in found.values()}
    assert sources >= {
        "MODEL",
        "UTC",
        "MOMENT",
        "LOCAL",
        "DAY",
        "SESSION",
        "STR_ID",
        "USR_ID",
        "SYNCCTL",
        "PAY_COD",
        "CUST_NO",
        "NONE",
    }
    assert "STRANGER" not in sources
    assert found["ORDER", "PS_DOC_HDR_TOT", "TOT_TND"] == ("AMOUNT", None)
    assert found["ORDER", "PS_DOC_HDR_TOT", "AMT_DUE"] == ("REST", None)
    assert keyed.query("SELECT * FROM dbo.USER_DEPOSIT_MODEL") == []


def test_its_kinds_are_dates_and_amounts_as_their_values_say(keyed):
    found = cells(keyed)
    assert found["TICKET", "PS_DOC_HDR", "TKT_DT"] == ("MOMENT", None)
    assert found["TICKET", "PS_DOC_HDR", "RS_UTC_DT"] == ("UTC", None)
    assert found["TICKET", "PS_DOC_HDR", "LST_MAINT_DT"] == ("LOCAL", None)
    assert found["TICKET", "PS_DOC_PMT", "PAY_DAT"] == ("DAY", None)
    assert found["TICKET", "PS_DOC_HDR", "TIMES_PRTD"] == ("NONE", None)


def test_it_is_read_by_its_id_as_well(keyed):
    [first, *_] = keyed.database.run(SetDepositModel(number=str(TICKET), dry_run=True))
    assert (first.doc_id, first.tkt_no, first.order_doc_id, first.order_tkt_no) == (TICKET, "TILL-2", ORDER, "TILL-1")


@pytest.mark.parametrize(
    ("by_hand", "told"),
    [
        ("UPDATE dbo.PS_DOC_HDR SET IS_REL_TKT = 'Y'", "ticket of a release"),
        ("DELETE FROM dbo.PS_DOC_PMT", "it has 0 payments; it must have one"),
        ("DELETE FROM dbo.PS_DOC_HDR_TOT WHERE TOT_TYP = 'D'", "it has no totals row"),
        ("UPDATE dbo.PS_DOC_PMT SET AMT = '12.00'", r"12\.00 has no cents"),
        ("UPDATE dbo.PS_DOC_PMT_APPLY SET AMT = '1.34'", r"its payment is 12\.34, and 1\.34 of that is applied"),
        ("UPDATE dbo.PS_DOC_HDR_TOT SET TOT_TND = '7.50' WHERE TOT_TYP = 'D'", r"its totals say 7\.50 tendered"),
        ("UPDATE dbo.PS_DOC_HDR_TOT SET SUB_TOT = '7.50' WHERE TOT_TYP = 'D'", r"PS_DOC_HDR_TOT\.SUB_TOT is 7\.50, neither"),
        ("UPDATE dbo.PS_DOC_HDR_TOT SET LINS = 3 WHERE TOT_TYP = 'D'", r"PS_DOC_HDR_TOT\.LINS is 3, neither the deposit"),
        ("UPDATE dbo.PS_DOC_HDR_ORIG_DOC SET ORIG_DOC_ID = 5", "names document 5, which is neither the ticket nor an open order"),
        ("UPDATE dbo.PS_DOC_HDR_TOT SET TOT_TND = '1.00' WHERE TOT_TYP = 'O'", r"its order TILL-1 has 1\.00 tendered"),
        ("UPDATE dbo.PS_DOC_HDR_TOT SET AMT_DUE = '1.00' WHERE TOT_TYP = 'O'", r"of its order TILL-1 1\.00 is due"),
        ("DELETE FROM dbo.PS_DOC_HDR_TOT WHERE TOT_TYP = 'O'", "its order TILL-1 has no totals row of type O"),
        ("UPDATE dbo.PS_DOC_HDR SET REF = 'TILL-2' WHERE TKT_NO = 'TILL-1'", r"its order names it in PS_DOC_HDR\.REF"),
        ("INSERT INTO dbo.PS_DOC_PKG_TRK_NO VALUES (900000000002, 1, 'x')", "it has rows in PS_DOC_PKG_TRK_NO"),
        ("UPDATE dbo.PS_DOC_HDR_MISC_CHRG SET DOC_ID = 900000000002", r"it has an amount in PS_DOC_HDR_MISC_CHRG\.MISC_AMT"),
    ],
)  # fmt: skip
def test_what_is_no_ticket_of_a_deposit_is_refused(keyed, by_hand, told):
    keyed.query(by_hand)
    with pytest.raises(BadArgument, match=rf"Document 900000000002 \(TILL-2\) is no model for deposits: .*{told}"):
        keyed.database.run(SetDepositModel(number="TILL-2"))
    assert keyed.query("SELECT * FROM dbo.USER_DEPOSIT_MODEL") == []


def test_an_order_is_no_ticket(keyed):
    with pytest.raises(BadArgument, match="it is an order"):
        cells(keyed, number="TILL-1")


def test_a_posted_ticket_and_none_at_all_are_told_apart(keyed):
    with pytest.raises(NotFound, match=r"The ERP has no open document TILL-9\. Key an order"):
        cells(keyed, number="TILL-9")
    post_ticket(keyed, TICKET)
    with pytest.raises(NotFound, match="that ticket is posted, and its rows are gone"):
        cells(keyed)


def test_a_ticket_that_names_no_order_may_be_told_its_order(keyed):
    keyed.query("DELETE FROM dbo.PS_DOC_HDR_ORIG_DOC")
    alone = keyed.database.run(SetDepositModel(number="TILL-2", dry_run=True))
    assert (alone[0].order_doc_id, {cell.part for cell in alone}) == (None, {"TICKET"})
    both = keyed.database.run(SetDepositModel(number="TILL-2", order_number="TILL-1", dry_run=True))
    assert (both[0].order_doc_id, {cell.part for cell in both}) == (ORDER, {"TICKET", "ORDER"})
    with pytest.raises(NotFound, match="no open document TILL-9"):
        cells(keyed, order_number="TILL-9")


def test_cards_signatures_and_names_are_never_copied(keyed):
    keyed.query("UPDATE dbo.PS_DOC_PMT SET EDC_AUTH_FLG = 'A'")
    found = cells(keyed)
    assert found["TICKET", "PS_DOC_PMT", "EDC_AUTH_FLG"] == ("EDC_AUTH_FLG", None)
    assert {value for source, value in found.values() if source != "MODEL"} == {None}


def test_without_a_model_the_setting_is_refused(keyed):
    with pytest.raises(BadArgument, match=r"takes D once there is a deposit ticket .*none was read yet.*deposit-model TICKET"):
        keyed.setting("WRITE_PAYMENT", "D")
    with pytest.raises(BadArgument, match="DEPOSIT_MODEL is set by `syncctl config erp deposit-model"):
        keyed.setting("DEPOSIT_MODEL", "5")
    assert keyed.database.run(ListMissingErpSettings()) == []
    keyed.query("UPDATE dbo.USER_ERP_SETTING SET VALUE = 'D' WHERE NAME = 'WRITE_PAYMENT'")
    [missing] = keyed.database.run(ListMissingErpSettings())
    assert (missing.name, missing.command) == ("DEPOSIT_MODEL", "syncctl config erp deposit-model TICKET")
    stage(keyed.database, order(4711, line(1)))
    claimed = keyed.claim()
    with pytest.raises(ConfigError, match="DEPOSIT_MODEL is not set"):
        keyed.work(claimed)
    assert len(keyed.query("SELECT DOC_ID FROM dbo.PS_DOC_HDR")) == 2


def test_the_model_outlives_its_ticket(shop):
    void_ticket(shop, TICKET)
    void_ticket(shop, ORDER)
    doc = shop.apply(line(1)).doc_id
    assert rows(shop, "PS_DOC_PMT_APPLY", written(shop)["DEPOSIT_DOC_ID"])[0]["APPL_TYP"] == "D"
    assert doc is not None


def test_what_we_wrote_is_no_model(shop):
    shop.apply(line(1))
    with pytest.raises(BadArgument, match="syncctl wrote that document"):
        cells(shop, number=written(shop)["DEPOSIT_TKT_NO"])


# --- the ticket ---


def test_an_order_gets_a_ticket_beside_it(shop):
    applied = shop.apply(line(1), charges=[charge()])
    doc, payment = applied.doc_id, written(shop)
    header, document = shop.header(payment["DEPOSIT_DOC_ID"]), shop.header(doc)
    assert (payment["DOC_ID"], payment["AMT"], payment["PAY_COD"], payment["PMT_SEQ_NO"]) == (doc, D("24.99"), "CARD", 0)
    assert (payment["DESCR"], payment["ON_ORDER_TND"], payment["ON_ORDER_DUE"]) == ("txn-4711", D("24.99"), D("24.99"))
    assert payment["DEPOSIT_DOC_ID"] not in (doc, TICKET)
    assert payment["DEPOSIT_TKT_NO"] == header["TKT_NO"] != document["TKT_NO"]
    for column in ("STR_ID", "STA_ID", "CUST_NO", "TKT_DT", "DRW_ID", "USR_ID", "STK_LOC_ID", "PRC_LOC_ID"):
        assert header[column] == document[column], column
    assert (header["DOC_TYP"], header["REF"], header["CUST_PO_NO"], header["IS_REL_TKT"]) == ("T", document["REF"], None, "N")
    assert (header["TIMES_PRTD"], header["DRW_SESSION_ID"], header["LST_MAINT_USR_ID"]) == (0, 1, "SYNCCTL")
    assert (header["SAL_LINS"], header["ORD_LINS"], header["SAL_LIN_TOT"]) == (0, 0, 0)
    [paid] = rows(shop, "PS_DOC_PMT", header["DOC_ID"])
    assert (paid["PAY_COD"], paid["PAY_COD_TYP"], paid["DESCR"], paid["AMT"]) == ("CARD", "C", "txn-4711", D("24.99"))
    assert (paid["HOME_CURNCY_AMT"], paid["TKT_NO"], f"{paid['PAY_DAT']:%Y-%m-%d %H:%M}") == (
        D("24.99"),
        header["TKT_NO"],
        "2026-11-20 00:00",
    )
    [used] = rows(shop, "PS_DOC_PMT_APPLY", header["DOC_ID"])
    assert (used["APPL_TYP"], used["AMT"], used["HOME_CURNCY_AMT"]) == ("D", D("24.99"), D("24.99"))
    totals = shop.totals(header["DOC_ID"])
    assert (totals["TOT_TYP"], totals["TOT"], totals["TOT_TND"], totals["AMT_DUE"]) == ("D", D("24.99"), D("24.99"), 0)
    [link] = rows(shop, "PS_DOC_HDR_ORIG_DOC", header["DOC_ID"])
    assert (link["ORIG_DOC_ID"], link["ORIG_TKT_NO"]) == (doc, document["TKT_NO"])
    [log] = rows(shop, "PS_DOC_AUDIT_LOG", header["DOC_ID"])
    assert (str(log["DOC_GUID"]).lower(), log["CURR_WKSTN_NAM"]) == (str(header["DOC_GUID"]).lower(), "SYNCCTL")
    assert log["LOG_ENTRY"] == f"Entered the deposit of web order {document['REF']}"
    [logged] = rows(shop, "PS_DOC_AUDIT_LOG_TOT", header["DOC_ID"])
    assert (logged["TOT_TYP"], logged["DEP_NET_CHANGE"]) == ("D", D("24.99"))
    assert rows(shop, "PS_DOC_PMT", doc) == []
    own = shop.totals(doc)
    assert (own["TOT"], own["TOT_TND"], own["AMT_DUE"]) == (D("24.99"), D("24.99"), 0)
    sound(shop)


def test_the_contacts_of_the_ticket_are_the_orders(keyed):
    keyed.query("INSERT INTO dbo.PS_DOC_CONTACT (DOC_ID, CONTACT_ID, NAM_TYP, NAM) VALUES (?, 1, 'P', 'A Person')", (TICKET,))
    keyed.database.run(SetDepositModel(number="TILL-2"))
    keyed.paid_by("CARD")
    keyed.setting("WRITE_PAYMENT", "D")
    doc = keyed.apply(line(1)).doc_id
    [contact] = rows(keyed, "PS_DOC_CONTACT", written(keyed)["DEPOSIT_DOC_ID"])
    assert (contact["CONTACT_ID"], contact["NAM"]) == (1, keyed.contact(doc, 1)["NAM"])


@pytest.mark.parametrize(
    ("by_hand", "tendered", "due"),
    [
        ("UPDATE dbo.PS_DOC_HDR_TOT SET TOT_TND = 0, AMT_DUE = '12.34' WHERE TOT_TYP = 'O'", "0.00", "19.99"),
        ("UPDATE dbo.PS_DOC_HDR_TOT SET TOT_TND = 0, AMT_DUE = 0 WHERE TOT_TYP = 'O'", "0.00", "0.00"),
        ("UPDATE dbo.PS_DOC_HDR_TOT SET TOT_TND = '12.34', AMT_DUE = 0 WHERE TOT_TYP = 'O'", "19.99", "0.00"),
    ],
)
def test_the_order_has_of_the_deposit_what_the_keyed_one_has(keyed, by_hand, tendered, due):
    keyed.query(by_hand)
    keyed.database.run(SetDepositModel(number="TILL-2"))
    keyed.paid_by("CARD")
    keyed.setting("WRITE_PAYMENT", "D")
    doc = keyed.apply(line(1)).doc_id
    totals = keyed.totals(doc)
    assert (totals["TOT_TND"], totals["AMT_DUE"], rows(keyed, "PS_DOC_PMT", doc)) == (D(tendered), D(due), [])
    sound(keyed)
    keyed.apply(line(1, qty="2", total="39.98"))
    sound(keyed)


def test_an_order_that_has_a_line_of_the_deposit_of_its_own_gets_one(keyed):
    [paid] = rows(keyed, "PS_DOC_PMT", TICKET)
    [used] = rows(keyed, "PS_DOC_PMT_APPLY", TICKET)
    keyed.copy_row("PS_DOC_PMT", paid, {"DOC_ID": ORDER, "PMT_SEQ_NO": 3, "TKT_NO": "TILL-1", "PMT_LIN_TYP": "D"})
    keyed.copy_row("PS_DOC_PMT_APPLY", used, {"DOC_ID": ORDER, "PMT_SEQ_NO": 3, "APPL_TYP": "O"})
    keyed.database.run(SetDepositModel(number="TILL-2"))
    keyed.paid_by("CARD")
    keyed.setting("WRITE_PAYMENT", "D")
    doc = keyed.apply(line(1)).doc_id
    [own] = rows(keyed, "PS_DOC_PMT", doc)
    assert (own["PMT_SEQ_NO"], own["PMT_LIN_TYP"], own["AMT"], own["TKT_NO"]) == (3, "D", D("19.99"), keyed.header(doc)["TKT_NO"])
    assert [row["APPL_TYP"] for row in rows(keyed, "PS_DOC_PMT_APPLY", doc)] == ["O"]
    assert written(keyed)["PMT_SEQ_NO"] == 3
    sound(keyed)
    keyed.apply(line(1, qty="2", total="39.98"))
    assert [row["AMT"] for row in rows(keyed, "PS_DOC_PMT", doc)] == [D("39.98")]
    sound(keyed)
    keyed.cancel(line(1))
    assert rows(keyed, "PS_DOC_PMT", doc) == []


@pytest.mark.parametrize("total", ["0.01", "19.99", "1234567.89"])
def test_it_is_right_to_the_cent(shop, total):
    shop.apply(line(1, total=total))
    ticket = written(shop)["DEPOSIT_DOC_ID"]
    assert [row["AMT"] for row in rows(shop, "PS_DOC_PMT", ticket)] == [D(total)]
    assert shop.totals(ticket)["TOT_TND"] == D(total)
    sound(shop)


def test_an_order_that_is_paid_later_has_none_and_gets_one_when_it_is_paid(shop):
    shop.paid_by("", method="cod")
    shop.setting("WRITE_PAYMENT", "D")
    doc = shop.apply(line(1), PMT_METH="cod", TRANSACTION_ID=None).doc_id
    assert (shop.query("SELECT * FROM dbo.USER_ORDER_PAYMENT"), shop.totals(doc)["AMT_DUE"]) == ([], D("19.99"))
    shop.apply(line(1), PMT_METH="stripe", TRANSACTION_ID="txn-9")
    ticket = written(shop)["DEPOSIT_DOC_ID"]
    assert [row["DESCR"] for row in rows(shop, "PS_DOC_PMT", ticket)] == ["txn-9"]
    assert shop.header(ticket)["TKT_DT"] > shop.header(doc)["TKT_DT"]
    assert shop.totals(doc)["AMT_DUE"] == 0
    sound(shop)


def test_an_order_of_nothing_has_none(shop):
    shop.apply(line(1, total="0"))
    assert shop.query("SELECT * FROM dbo.USER_ORDER_PAYMENT") == []
    sound(shop)


def test_numbers_that_are_taken_are_passed_over(shop):
    first = shop.apply(line(1))
    ticket = written(shop)
    [series] = [row for row in shop.query("SELECT * FROM dbo.USER_NUMBER_SERIES") if row["SERIES"] == "TKT_NO"]
    taken = f"{series['PREFIX']}{series['NEXT_NO'] + 1:0{series['WIDTH']}d}"
    shop.copy_row(
        "PS_DOC_HDR", shop.header(TICKET), {"DOC_ID": 77, "TKT_NO": taken, "DOC_GUID": "0F8FAD5B-D9CB-469F-A165-70867728950E"}
    )
    stage(shop.database, order(4712, line(1)))
    second = shop.work(shop.claim())
    other = shop.one("SELECT * FROM dbo.USER_ORDER_PAYMENT WHERE WOO_ORDER_ID = 4712")
    numbers = [first.tkt_no, ticket["DEPOSIT_TKT_NO"], second.tkt_no, other["DEPOSIT_TKT_NO"], taken]
    assert len(set(numbers)) == 5


def test_the_number_of_a_ticket_that_was_voided_by_hand_is_not_given_again(shop):
    shop.apply(line(1))
    ticket = written(shop)
    void_ticket(shop, ticket["DEPOSIT_DOC_ID"])
    shop.query("UPDATE dbo.USER_NUMBER_SERIES SET NEXT_NO = 1 WHERE SERIES IN ('DOC_ID', 'TKT_NO')")
    stage(shop.database, order(4712, line(1)))
    second = shop.work(shop.claim())
    other = shop.one("SELECT * FROM dbo.USER_ORDER_PAYMENT WHERE WOO_ORDER_ID = 4712")
    assert ticket["DEPOSIT_DOC_ID"] not in (second.doc_id, other["DEPOSIT_DOC_ID"])
    assert ticket["DEPOSIT_TKT_NO"] not in (second.tkt_no, other["DEPOSIT_TKT_NO"])


@pytest.mark.parametrize(
    "table",
    ["PS_DOC_HDR_TOT", "PS_DOC_PMT", "PS_DOC_PMT_APPLY", "PS_DOC_AUDIT_LOG_TOT", "PS_DOC_HDR_ORIG_DOC", "USER_ORDER_PAYMENT"],
)
def test_order_and_ticket_are_written_together_or_not_at_all(shop, table):
    stage(shop.database, order(4711, line(1)))
    claimed = shop.claim()
    before = shop.snapshot()
    shop.break_statement(table, "INSERT")
    try:
        with pytest.raises(Exception, match="injected failure"):
            shop.work(claimed)
    finally:
        shop.mend()
    assert shop.snapshot() == before
    shop.work(claimed)
    sound(shop)


def test_a_payment_without_a_pay_code_is_no_counterpart(shop):
    stage(shop.database, order(4711, line(1), PMT_METH="paypal"))
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(MappingError, match="payment method 'paypal' has no pay code"):
        shop.work(claimed)
    assert shop.snapshot() == before


# --- its life ---


def test_an_edit_of_the_same_amount_leaves_the_ticket_alone(shop):
    shop.apply(line(1))
    before = {
        table: rows(shop, table, written(shop)["DEPOSIT_DOC_ID"]) for table in ("PS_DOC_HDR", "PS_DOC_PMT", "PS_DOC_HDR_TOT")
    }
    shop.apply(line(1, name="Another name"))
    after = {table: rows(shop, table, written(shop)["DEPOSIT_DOC_ID"]) for table in before}
    assert [[tuple(row) for row in found] for found in after.values()] == [
        [tuple(row) for row in found] for found in before.values()
    ]
    sound(shop)


def test_an_open_ticket_follows_and_keeps_its_numbers_and_date(shop):
    doc = shop.apply(line(1)).doc_id
    first = written(shop)
    day = shop.header(first["DEPOSIT_DOC_ID"])["TKT_DT"]
    shop.apply(line(1, qty="2", total="39.98"))
    now = written(shop)
    assert (now["DEPOSIT_DOC_ID"], now["DEPOSIT_TKT_NO"]) == (first["DEPOSIT_DOC_ID"], first["DEPOSIT_TKT_NO"])
    assert [row["AMT"] for row in rows(shop, "PS_DOC_PMT", now["DEPOSIT_DOC_ID"])] == [D("39.98")]
    assert (shop.header(now["DEPOSIT_DOC_ID"])["TKT_DT"], shop.totals(doc)["AMT_DUE"]) == (day, 0)
    sound(shop)


def test_what_was_written_follows_when_the_site_wants_no_tickets_any_more(shop):
    shop.apply(line(1))
    shop.setting("WRITE_PAYMENT", "N")
    shop.apply(line(1, qty="2", total="39.98"))
    assert [row["AMT"] for row in rows(shop, "PS_DOC_PMT", written(shop)["DEPOSIT_DOC_ID"])] == [D("39.98")]
    sound(shop)


def test_a_payment_on_the_order_stays_there_when_the_site_turns_to_tickets(keyed):
    keyed.paid_by("CARD")
    doc = keyed.apply(line(1)).doc_id
    keyed.database.run(SetDepositModel(number="TILL-2"))
    keyed.setting("WRITE_PAYMENT", "D")
    keyed.apply(line(1, qty="2", total="39.98"))
    assert [row["AMT"] for row in rows(keyed, "PS_DOC_PMT", doc)] == [D("39.98")]
    assert written(keyed)["DEPOSIT_DOC_ID"] is None
    sound(keyed)


def test_a_document_that_a_person_took_a_payment_on_gets_no_ticket(shop):
    shop.setting("WRITE_PAYMENT", "N")
    doc = shop.apply(line(1)).doc_id
    shop.pay(doc, "19.99")
    shop.setting("WRITE_PAYMENT", "D")
    shop.apply(line(1, name="Another name"))
    assert shop.query("SELECT * FROM dbo.USER_ORDER_PAYMENT") == []


def test_a_cancelled_order_loses_its_open_ticket_and_a_reopened_one_gets_another(shop):
    doc = shop.apply(line(1)).doc_id
    first = written(shop)["DEPOSIT_DOC_ID"]
    shop.cancel(line(1))
    assert shop.query("SELECT * FROM dbo.USER_ORDER_PAYMENT") == []
    for table in ("PS_DOC_HDR", "PS_DOC_HDR_TOT", "PS_DOC_PMT", "PS_DOC_PMT_APPLY", "PS_DOC_AUDIT_LOG", "PS_DOC_HDR_ORIG_DOC"):
        assert rows(shop, table, first) == [], table
    assert shop.apply(line(1)).doc_id == doc
    again = written(shop)
    assert [row["AMT"] for row in rows(shop, "PS_DOC_PMT", again["DEPOSIT_DOC_ID"])] == [D("19.99")]
    assert shop.totals(doc)["AMT_DUE"] == 0
    sound(shop)


def test_a_rollback_takes_the_open_ticket_along(shop):
    doc = shop.apply(line(1)).doc_id
    ticket = written(shop)
    planned = [(step.table_name, step.row_key, step.change) for step in roll_back(shop, "reset", dry_run=True)]
    steps = [(step.table_name, step.row_key, step.change) for step in roll_back(shop, "reset")]
    assert steps == planned
    key = f"DOC_ID = {ticket['DEPOSIT_DOC_ID']}"
    assert ("PS_DOC_HDR", key, f"deleted with its other rows: deposit ticket {ticket['DEPOSIT_TKT_NO']}") in steps
    assert [step for step in steps if step[0] == "PS_DOC_PMT"] == [
        ("PS_DOC_PMT", f"{key}, PMT_SEQ_NO = 1", "deleted: CARD, 19.99")
    ]
    assert [row["DOC_ID"] for row in shop.query("SELECT DOC_ID FROM dbo.PS_DOC_HDR ORDER BY DOC_ID")] == [ORDER, TICKET]
    assert shop.query("SELECT * FROM dbo.USER_ORDER_PAYMENT") == []
    again = shop.work(shop.claim()).doc_id
    assert again not in (doc, ticket["DEPOSIT_DOC_ID"])
    assert written(shop)["DEPOSIT_DOC_ID"] not in (doc, ticket["DEPOSIT_DOC_ID"])
    sound(shop)


def test_a_posted_ticket_leaves_an_order_of_the_same_amount_free_to_change(shop):
    doc = shop.apply(line(1)).doc_id
    ticket = written(shop)["DEPOSIT_DOC_ID"]
    post_ticket(shop, ticket)
    shop.apply(line(1, name="Another name"))
    assert written(shop)["DEPOSIT_DOC_ID"] == ticket
    assert rows(shop, "PS_DOC_HDR", ticket) == []
    assert shop.totals(doc)["AMT_DUE"] == 0
    sound(shop)


@pytest.mark.parametrize(
    ("quantity", "total", "wanted"),
    [("2", "39.98", r"take 19\.99 more at the till"), ("1", "15.00", r"give 4\.99 back at the till")],
)
def test_a_posted_ticket_leaves_an_order_of_another_amount_to_a_person(shop, quantity, total, wanted):
    shop.apply(line(1))
    ticket = written(shop)
    post_ticket(shop, ticket["DEPOSIT_DOC_ID"])
    stage(shop.database, order(4711, line(1, qty=quantity, total=total)))
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(Conflict, match=rf"deposit of 19\.99 on ticket {ticket['DEPOSIT_TKT_NO']} is in the books: {wanted}"):
        shop.work(claimed)
    assert shop.snapshot() == before
    with pytest.raises(Conflict, match=wanted):
        shop.database.run(ValidateStagedOrder(staging_id=claimed.staging_id, dry_run=True))


def test_a_posted_ticket_leaves_another_way_of_paying_to_a_person(shop):
    shop.paid_by("WIRE", method="bacs")
    shop.setting("WRITE_PAYMENT", "D")
    shop.apply(line(1))
    post_ticket(shop, written(shop)["DEPOSIT_DOC_ID"])
    stage(shop.database, order(4711, line(1), PMT_METH="bacs", TRANSACTION_ID="bank-7"))
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(Conflict, match=r"is in the books, and the order is paid by WIRE now: correct that at the till"):
        shop.work(claimed)
    assert shop.snapshot() == before


def record(shop, taken, **more):
    call = RecordDeposit(staging_id=shop.staged()["STAGING_ID"], taken=D(taken), decided_by="ann", **more)
    [row] = shop.database.run(call)
    return row.before_amt, row.after_amt, row.wanted_amt


def retried(shop):
    """The order is tried again, and what becomes of it."""
    staged = shop.staged()
    fence = {"staging_id": staged["STAGING_ID"], "worker_id": staged["LEASE_OWNER"], "attempt_no": staged["ATTEMPT_NO"]}
    if staged["STATE"] == "CLAIMED":
        shop.database.run(FailStagedOrder(**fence, error_class="conflict", error_code="50030", message="asked"))
    shop.database.run(DecideDeadLetter(staging_id=staged["STAGING_ID"], decision="retry", decided_by="ann"))
    return shop.work(shop.claim())


def test_what_a_person_took_or_gave_back_at_the_till_is_asked_for_once(shop):
    doc = shop.apply(line(1)).doc_id
    ticket = written(shop)
    post_ticket(shop, ticket["DEPOSIT_DOC_ID"])
    stage(shop.database, order(4711, line(1, qty="2", total="39.98")))
    number = shop.staged()["STAGING_ID"]
    with pytest.raises(
        Conflict,
        match=rf"take 19\.99 more at the till, then `syncctl dead-letter deposit {number} --taken 19\.99` and `sync.* retry",
    ):
        shop.work(shop.claim())
    before = shop.snapshot()
    assert record(shop, "19.99", dry_run=True) == (D("19.99"), D("39.98"), D("39.98"))
    assert shop.snapshot() == before
    assert record(shop, "19.99", reason="by card") == (D("19.99"), D("39.98"), D("39.98"))
    told = f"19.99 taken at the till, says ann: by card. The books have 39.98 for it, ticket {ticket['DEPOSIT_TKT_NO']} included."
    event = shop.query("SELECT EVENT_TYPE, MESSAGE FROM dbo.USER_ORDER_EVENT ORDER BY EVENT_ID")[-1]
    assert (event["EVENT_TYPE"], event["MESSAGE"]) == ("DEPOSIT_RECORDED", told)
    with pytest.raises(WrongState, match=r"the books have 39\.98 for it, and it wants 39\.98: there is nothing to take"):
        record(shop, "19.99")
    till = {"DOC_ID": 78, "TKT_NO": "TILL-9", "DOC_TYP": "T", "CUST_PO_NO": None, "DOC_GUID": BY_HAND}
    shop.copy_row("PS_DOC_HDR", shop.header(doc), till)
    assert audit(shop) == [], "the ticket that the till made of it"
    assert retried(shop).outcome == "updated"
    assert (shop.totals(doc)["TOT"], shop.totals(doc)["TOT_TND"], shop.totals(doc)["AMT_DUE"]) == (D("39.98"), D("39.98"), 0)
    assert (written(shop)["AMT"], written(shop)["BOOKED_AMT"]) == (D("19.99"), D("39.98"))
    sound(shop)
    shop.apply(line(1, qty="2", total="39.98", name="Another name"))
    sound(shop)
    stage(shop.database, order(4711, line(1, qty="3", total="59.97")))
    with pytest.raises(Conflict, match=r"deposit of 39\.98 on ticket .* take 19\.99 more at the till, then"):
        shop.work(shop.claim())
    with pytest.raises(WrongState, match=r"it wants 59\.97: there is 19\.99 to take, not 20\.00 to take"):
        record(shop, "20")
    with pytest.raises(WrongState, match=r"there is 19\.99 to take, not 1\.00 to give back"):
        record(shop, "-1")
    record(shop, "9.99")
    shop.query("UPDATE dbo.PS_DOC_HDR SET HAS_PCKD_LINS = 'Y' WHERE DOC_ID = ?", (doc,))
    shop.query("UPDATE dbo.USER_ORDER_STAGING SET STATE = 'PENDING', LEASE_OWNER = NULL, LEASE_UNTIL_DT = NULL")
    with pytest.raises(
        Conflict,
        match=rf"it was picked; the deposit of 49\.97 .* take 10\.00 more at the till\. Change it in CounterPoint by hand, then"
        rf" `syncctl dead-letter deposit {number} --taken 10\.00` and `syncctl dead-letter cancel {number} ",
    ):
        shop.work(shop.claim())


def test_what_was_given_back_at_the_till_lets_an_order_be_closed_and_counts_when_it_is_reopened(shop):
    doc = shop.apply(line(1)).doc_id
    post_ticket(shop, written(shop)["DEPOSIT_DOC_ID"])
    shop.stage_cancelled(line(1))
    with pytest.raises(
        Conflict, match=r"give it back at the till, then `syncctl dead-letter deposit \d+ --given-back 19\.99` and"
    ):
        shop.work(shop.claim())
    assert record(shop, "-19.99") == (D("19.99"), 0, 0)
    assert retried(shop).outcome == "cancelled"
    assert (shop.totals(doc)["TOT"], shop.totals(doc)["TOT_TND"]) == (0, 0)
    stage(shop.database, order(4711, line(1)))
    with pytest.raises(Conflict, match=r"deposit of 0\.00 on ticket .* take 19\.99 more at the till, then .*--taken 19\.99"):
        shop.work(shop.claim())
    record(shop, "19.99")
    assert retried(shop).outcome == "reopened"
    assert (shop.totals(doc)["TOT_TND"], shop.totals(doc)["AMT_DUE"]) == (D("19.99"), 0)
    sound(shop)


def test_an_order_whose_deposit_was_given_back_can_be_rolled_back(shop):
    shop.apply(line(1))
    post_ticket(shop, written(shop)["DEPOSIT_DOC_ID"])
    with pytest.raises(
        RollbackRefused, match=r"give it back at the till, then `syncctl dead-letter deposit \d+ --given-back 19\.99`"
    ):
        roll_back(shop, "reset")
    with pytest.raises(WrongState, match=r"it wants 19\.99: there is nothing to take or to give back"):
        record(shop, "-5.00")
    assert record(shop, "-19.99") == (D("19.99"), 0, D("19.99"))
    assert roll_back(shop, "reset")
    first = shop.work(shop.claim()).doc_id
    assert [row["AMT"] for row in rows(shop, "PS_DOC_PMT", written(shop)["DEPOSIT_DOC_ID"])] == [D("19.99")], first
    sound(shop)


def test_what_was_recorded_and_never_done_is_taken_back(shop):
    shop.apply(line(1))
    post_ticket(shop, written(shop)["DEPOSIT_DOC_ID"])
    stage(shop.database, order(4711, line(1, qty="2", total="39.98")))
    record(shop, "9.99")
    with pytest.raises(WrongState, match=r"there is 10\.00 to take, not 5\.00 to give back"):
        record(shop, "-5")
    assert record(shop, "-9.99") == (D("29.98"), D("19.99"), D("39.98"))


def test_a_payment_that_the_till_took_on_the_order_itself_counts_once(shop):
    doc = shop.apply(line(1)).doc_id
    post_ticket(shop, written(shop)["DEPOSIT_DOC_ID"])
    shop.pay(doc, "19.99")
    stage(shop.database, order(4711, line(1, qty="2", total="39.98")))
    record(shop, "19.99")
    shop.work(shop.claim())
    assert (shop.totals(doc)["TOT_TND"], shop.totals(doc)["AMT_DUE"]) == (D("39.98"), 0)
    sound(shop)


def test_another_way_of_paying_is_recorded_once_it_was_corrected(shop):
    shop.paid_by("WIRE", method="bacs")
    shop.setting("WRITE_PAYMENT", "D")
    shop.apply(line(1))
    with pytest.raises(WrongState, match="has no deposit that the books have"):
        record(shop, "0")
    post_ticket(shop, written(shop)["DEPOSIT_DOC_ID"])
    with pytest.raises(WrongState, match="the books have it as paid by CARD, and the store says no other code"):
        record(shop, "0")
    stage(shop.database, order(4711, line(1), PMT_METH="bacs", TRANSACTION_ID="bank-7"))
    with pytest.raises(Conflict, match=r"then `syncctl dead-letter deposit \d+ --corrected` and `syncctl dead-letter retry"):
        shop.work(shop.claim())
    record(shop, "0")
    assert written(shop)["PAY_COD"] == "WIRE"
    assert retried(shop).outcome == "updated"
    sound(shop)


def test_what_is_no_amount_or_no_order_is_refused(shop):
    shop.apply(line(1))
    with pytest.raises(BadArgument, match="@TAKEN is an amount of whole cents"):
        record(shop, "1.005")
    with pytest.raises(NotFound, match="Staging id 999999 does not exist"):
        shop.database.run(RecordDeposit(staging_id=999999, taken=D(1), decided_by="ann"))


def test_a_posted_ticket_leaves_another_customer_to_a_person(shop):
    doc = shop.apply(line(1)).doc_id
    ticket = written(shop)
    post_ticket(shop, ticket["DEPOSIT_DOC_ID"])
    stage(shop.database, order(4711, line(1), **GRACE))
    claimed = shop.claim()
    before = shop.snapshot()
    told = rf"ticket {ticket['DEPOSIT_TKT_NO']} is in the books for customer C100, and the order is customer C200's now"
    with pytest.raises(Conflict, match=told):
        shop.work(claimed)
    assert shop.snapshot() == before
    shop.query("UPDATE dbo.PS_DOC_HDR SET CUST_NO = 'C200' WHERE DOC_ID = ?", (doc,))
    assert shop.work(claimed).outcome == "updated", "a person moved it"


def test_an_open_ticket_follows_the_customer(shop):
    shop.apply(line(1))
    shop.apply(line(1), **GRACE)
    assert shop.header(written(shop)["DEPOSIT_DOC_ID"])["CUST_NO"] == "C200"
    sound(shop)


def test_a_line_of_the_deposit_never_takes_the_place_of_a_persons_payment(shop):
    doc = shop.apply(line(1)).doc_id
    shop.pay(doc, "2.00")
    for table in ("PS_DOC_PMT", "PS_DOC_PMT_APPLY"):
        [row] = rows(shop, table, TICKET)
        shop.copy_row(table, row, {"DOC_ID": ORDER, "PMT_SEQ_NO": 7})
    shop.database.run(SetDepositModel(number="TILL-2"))
    stage(shop.database, order(4711, line(1, qty="2", total="39.98")))
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(Conflict, match=rf"belongs on document {doc} as payment 7, and a person took one of that number"):
        shop.work(claimed)
    assert shop.snapshot() == before


def test_a_posted_ticket_takes_no_other_reference(shop):
    shop.apply(line(1))
    before = written(shop)
    post_ticket(shop, before["DEPOSIT_DOC_ID"])
    shop.apply(line(1), TRANSACTION_ID="txn-later")
    assert [tuple(row) for row in shop.query("SELECT * FROM dbo.USER_ORDER_PAYMENT")] == [tuple(before)]
    sound(shop)


def test_an_open_ticket_follows_the_reference(shop):
    shop.apply(line(1))
    shop.apply(line(1), TRANSACTION_ID="txn-later")
    assert [row["DESCR"] for row in rows(shop, "PS_DOC_PMT", written(shop)["DEPOSIT_DOC_ID"])] == ["txn-later"]
    sound(shop)


def test_a_posted_ticket_keeps_an_order_from_being_cancelled(shop):
    shop.apply(line(1))
    ticket = written(shop)
    post_ticket(shop, ticket["DEPOSIT_DOC_ID"])
    told = rf"the deposit of 19\.99 on ticket {ticket['DEPOSIT_TKT_NO']} is in the books: give it back at the till"
    with pytest.raises(RollbackRefused, match=told):
        roll_back(shop)
    shop.stage_cancelled(line(1))
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(Conflict, match=told):
        shop.work(claimed)
    assert shop.snapshot() == before


@pytest.mark.parametrize(
    ("by_hand", "what"),
    [
        ("UPDATE dbo.PS_DOC_PMT SET AMT = '5.00' WHERE DOC_ID = ?", "was changed by hand"),
        ("UPDATE dbo.PS_DOC_PMT SET PAY_COD = 'CASH' WHERE DOC_ID = ?", "was changed by hand"),
        ("DELETE FROM dbo.PS_DOC_PMT WHERE DOC_ID = ?", "was changed by hand"),
        ("UPDATE dbo.PS_DOC_HDR SET TKT_TYP = 'V' WHERE DOC_ID = ?", "was changed by hand"),
        ("UPDATE dbo.PS_DOC_HDR SET DOC_TYP = 'V' WHERE DOC_ID = ?", "was changed by hand"),
        ("UPDATE dbo.PS_DOC_PMT_APPLY SET AMT = '5.00' WHERE DOC_ID = ?", "was changed by hand"),
        ("UPDATE dbo.PS_DOC_HDR_TOT SET TOT_TND = '5.00' WHERE DOC_ID = ?", "was changed by hand"),
        ("DELETE FROM dbo.PS_DOC_HDR WHERE DOC_ID = ?", "was voided or deleted by hand"),
    ],
)
def test_a_ticket_that_a_person_changed_or_voided_is_left_to_a_person(shop, by_hand, what):
    shop.apply(line(1))
    ticket = written(shop)
    shop.query(by_hand, (ticket["DEPOSIT_DOC_ID"],))
    told = rf"its deposit ticket {ticket['DEPOSIT_TKT_NO']} {what}"
    with pytest.raises(RollbackRefused, match=told):
        roll_back(shop)
    stage(shop.database, order(4711, line(1, qty="2", total="39.98")))
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(Conflict, match=told):
        shop.work(claimed)
    assert shop.snapshot() == before


def test_the_deposit_of_a_former_document_is_not_taken_twice(shop):
    doc = shop.apply(line(1)).doc_id
    ticket = written(shop)
    post_ticket(shop, ticket["DEPOSIT_DOC_ID"])
    shop.delete(doc)
    shop.query("UPDATE dbo.USER_ORDER_LINK SET LINK_STATE = 'CLOSED'")
    shop.query("UPDATE dbo.USER_ORDER_STAGING SET IS_APPLIED = 0, STATE = 'PENDING', PENDING_ACTION = 'create'")
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(
        Conflict, match=rf"ticket {ticket['DEPOSIT_TKT_NO']}, which came with its former document {doc}, is in the books"
    ):
        shop.work(claimed)
    assert shop.snapshot() == before


def open_orders(shop):
    return [row.woo_order_id for row in shop.database.run(ListOpenOrders(store_id="woocommerce"))]


def test_a_released_order_is_told_by_its_own_lines_never_by_its_ticket(shop):
    doc = shop.apply(line(1)).doc_id
    ticket = written(shop)["DEPOSIT_DOC_ID"]
    assert open_orders(shop) == [4711]
    shop.query("UPDATE dbo.PS_DOC_HDR SET HAS_RLSD_LINS = 'Y' WHERE DOC_ID = ?", (ticket,))
    assert open_orders(shop) == [4711]
    post_ticket(shop, ticket)
    assert open_orders(shop) == [4711]
    shop.ship(doc)
    assert open_orders(shop) == []


def test_a_ticket_is_no_order_of_a_former_integration(shop):
    shop.apply(line(1))
    post_ticket(shop, written(shop)["DEPOSIT_DOC_ID"])
    number = shop.staged()["WOO_ORDER_NO"]
    stage(shop.database, order(4712, line(1), WOO_ORDER_NO=number))
    assert shop.work(shop.claim()).outcome == "created"


# --- the audit ---


def test_the_audit_finds_a_ticket_that_is_missing_another_one_or_there_twice(shop):
    doc = shop.apply(line(1)).doc_id
    ticket = written(shop)
    named = f"document {doc}: its deposit of 19.99 on ticket {ticket['DEPOSIT_TKT_NO']}"
    shop.query("UPDATE dbo.PS_DOC_PMT SET AMT = '5.00' WHERE DOC_ID = ?", (ticket["DEPOSIT_DOC_ID"],))
    assert audit(shop) == [f"{named} is another one there"]
    shop.query("UPDATE dbo.PS_DOC_PMT SET AMT = '19.99' WHERE DOC_ID = ?", (ticket["DEPOSIT_DOC_ID"],))
    header = shop.header(ticket["DEPOSIT_DOC_ID"])
    shop.copy_row("PS_DOC_HDR", header, {"DOC_ID": 77, "TKT_NO": "TWICE", "DOC_GUID": "0F8FAD5B-D9CB-469F-A165-70867728950E"})
    [twice] = audit(shop)
    assert "document 77 (TWICE) refers to the order beside its deposit ticket" in twice
    [paid] = rows(shop, "PS_DOC_PMT", ticket["DEPOSIT_DOC_ID"])
    shop.copy_row("PS_DOC_PMT", paid, {"DOC_ID": 77, "AMT": D("4.99")})
    assert audit(shop) == [twice]
    shop.query("UPDATE dbo.PS_DOC_PMT SET AMT = '-4.99' WHERE DOC_ID = 77")
    assert audit(shop) == [], "what gives money back is no second one"
    for table in ("PS_DOC_HDR", "PS_DOC_PMT"):
        shop.query(f"DELETE FROM dbo.{table} WHERE DOC_ID = 77")
    shop.query("UPDATE dbo.USER_ORDER_PAYMENT SET AMT = '7.00'")
    for table, column in (("PS_DOC_PMT", "AMT"), ("PS_DOC_PMT_APPLY", "AMT"), ("PS_DOC_HDR_TOT", "TOT_TND")):
        shop.query(f"UPDATE dbo.{table} SET {column} = '7.00' WHERE DOC_ID = ?", (ticket["DEPOSIT_DOC_ID"],))
    assert (
        f"document {doc}: its deposit of 7.00 on ticket {ticket['DEPOSIT_TKT_NO']} is not what the order is paid with, 19.99"
        in audit(shop)
    )
    shop.query("UPDATE dbo.USER_ORDER_PAYMENT SET AMT = '19.99'")
    void_ticket(shop, ticket["DEPOSIT_DOC_ID"])
    assert f"{named} is not in the ERP" in audit(shop)


@pytest.mark.parametrize("posted", [True, False])
def test_an_open_ticket_of_an_order_that_is_gone_is_told(shop, posted):
    doc = shop.apply(line(1)).doc_id
    ticket = written(shop)["DEPOSIT_TKT_NO"]
    if posted:
        shop.post(doc)
    else:
        void_ticket(shop, doc)
    shop.query("UPDATE dbo.USER_ORDER_LINK SET ERP_STATUS_TOLD = 'gone'")
    left = [f"document {doc} is not in the ERP, and its deposit of 19.99 on ticket {ticket} is still open there"]
    assert audit(shop) == ([] if posted else left)
    told = rf"(by hand|posted); its deposit ticket {ticket} of 19\.99 is still open: void it unless the order was delivered"
    with pytest.raises(RollbackRefused, match=told):
        roll_back(shop)
    shop.stage_cancelled(line(1))
    with pytest.raises(Conflict, match=told):
        shop.work(shop.claim())
    shop.query("UPDATE dbo.USER_ORDER_LINK SET LINK_STATE = 'ROLLED_BACK'")
    assert audit(shop) == ([] if posted else left)


def test_the_audit_finds_an_order_whose_totals_say_something_else_of_the_deposit(shop):
    doc = shop.apply(line(1)).doc_id
    shop.query("UPDATE dbo.PS_DOC_HDR_TOT SET AMT_DUE = '1.00' WHERE DOC_ID = ?", (doc,))
    [found] = audit(shop, "document_whole")
    assert "due 1.00 of 19.99" in found


def test_both_tickets_are_read_for_a_comparison(shop):
    shop.apply(line(1))
    ours = shop.database.run(GetErpDocument(number=written(shop)["DEPOSIT_TKT_NO"]))
    theirs = shop.database.run(GetErpDocument(number="TILL-2"))
    assert ({part.is_ours for part in ours}, {part.is_ours for part in theirs}) == ({True}, {False})
    order = compare_document(shop.database, shop.staged()["TKT_NO"], "TILL-1")
    assert f"stands on ticket {written(shop)['DEPOSIT_TKT_NO']}: compare that" in " ".join(order.notes)
    tickets = compare_document(shop.database, written(shop)["DEPOSIT_TKT_NO"], "TILL-2")
    lacking = [(each.table, each.column) for each in tickets.differences if each.lacking]
    assert lacking == [("PS_DOC_HDR", "SLS_REP"), ("PS_DOC_HDR", "TIMES_PRTD")]  # the site's setting; not printed yet
    assert (tickets.ours.written_by_us, tickets.notes) == (True, [])
    counts = [
        {part.table_name: len(json.loads(part.content)) for part in parts if part.content and part.table_name != "IM_INV"}
        for parts in (ours, theirs)
    ]
    assert counts[0] == counts[1]


def test_two_workers_give_each_ticket_a_number_of_its_own(shop, new_connection):
    numbers = range(4711, 4723)
    stage(shop.database, *(order(number, line(1)) for number in numbers))
    workers = [(f"worker {each}", new_connection()) for each in (1, 2)]
    barrier = Barrier(len(workers))

    def bring(worker):
        name, database = worker
        barrier.wait(timeout=60)
        done = 0
        while True:
            claimed = database.run(ClaimStagedOrders(worker_id=name, batch_size=1))
            if not claimed:
                return done
            call = ProcessStagedOrder(staging_id=claimed[0].staging_id, worker_id=name, attempt_no=claimed[0].attempt_no)
            while True:
                try:
                    outcome = database.run(call)[-1].outcome
                    break
                except Exception as error:
                    waited = getattr(error, "error_class", "") in ("deadlock", "lock_timeout") or "lock timeout" in str(error)
                    if not waited:
                        raise
            assert outcome == "created"
            done += 1

    with ThreadPoolExecutor(len(workers)) as pool:
        assert sum(pool.map(bring, workers)) == len(numbers)
    paid = shop.query("SELECT DOC_ID, DEPOSIT_DOC_ID, DEPOSIT_TKT_NO FROM dbo.USER_ORDER_PAYMENT")
    assert len({row["DEPOSIT_TKT_NO"] for row in paid}) == len(numbers)
    assert len({row["DOC_ID"] for row in paid} | {row["DEPOSIT_DOC_ID"] for row in paid}) == 2 * len(numbers)
    sound(shop)
