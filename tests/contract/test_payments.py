"""The payment that came with an order: its rows on the document, and what becomes of them with the order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncctl.db.contract import AuditOrders, RollbackOrder, ValidateStagedOrder
from syncctl.errors import BadArgument, Conflict, MappingError, RollbackRefused
from tests.orders import charge, line, order, stage
from tests.shop import Shop

D = Decimal
TABLES = ("PS_DOC_PMT", "PS_DOC_PMT_APPLY", "USER_ORDER_PAYMENT")


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def payments(shop):
    """The amounts of payments, of what they are applied to, and of what we wrote."""
    return tuple([row["AMT"] for row in shop.query(f"SELECT AMT FROM dbo.{table} ORDER BY AMT")] for table in TABLES)


def roll_back(shop, then="cancel"):
    return shop.database.run(RollbackOrder(staging_id=shop.staged()["STAGING_ID"], reason="tests", decided_by="ann", then=then))


def audit(shop):
    return [row.detail for row in shop.database.run(AuditOrders()) if row.check_name == "document_whole"]


def test_a_payment_has_every_column(shop):
    shop.paid_by("CARD")
    doc = shop.apply(line(1), charges=[charge()]).doc_id
    header, row = shop.header(doc), shop.one("SELECT * FROM dbo.PS_DOC_PMT")
    assert (row["DOC_ID"], row["PMT_SEQ_NO"], row["PAY_COD"], row["PAY_COD_TYP"]) == (doc, 1, "CARD", "C")
    assert (row["AMT"], row["HOME_CURNCY_AMT"], row["EXCH_LOSS"]) == (D("24.99"), D("24.99"), 0)
    assert (row["FINAL_PMT"], row["PMT_LIN_TYP"], row["CURNCY_COD"]) == ("N", "T", "HOME")
    assert (row["EXCH_RATE_NUMER"], row["EXCH_RATE_DENOM"], row["EDC_AUTH_FLG"]) == (1, 1, "O")
    assert (row["STR_ID"], row["STA_ID"], row["TKT_NO"]) == (header["STR_ID"], header["STA_ID"], header["TKT_NO"])
    assert (row["DESCR"], f"{row['PAY_DAT']:%Y-%m-%d %H:%M:%S}") == ("txn-4711", "2026-11-20 00:00:00")
    applied = shop.one("SELECT * FROM dbo.PS_DOC_PMT_APPLY")
    assert (applied["DOC_ID"], applied["PMT_SEQ_NO"], applied["APPL_TYP"], applied["AMT"]) == (doc, 1, "O", D("24.99"))
    assert (applied["HOME_CURNCY_AMT"], applied["EXCH_LOSS"]) == (D("24.99"), 0)
    totals = shop.totals(doc)
    assert (totals["TOT_TND"], totals["AMT_DUE"], audit(shop)) == (D("24.99"), 0, [])


@pytest.mark.parametrize(
    ("status", "meaning", "setting", "code", "warned"),
    [
        ("on-hold", "unpaid", "Y", "CARD", True),
        ("partially_paid", "ready", "D", "CARD", True),
        ("on-hold", "unpaid", "Y", "", False),
        ("on-hold", "unpaid", "N", "CARD", False),
        ("processing", "ready", "Y", "CARD", False),
    ],
)
def test_an_order_that_is_not_paid_and_would_be_booked_as_paid_is_told(shop, status, meaning, setting, code, warned):
    shop.paid_by(code)
    shop.query("UPDATE dbo.USER_ERP_SETTING SET VALUE = ? WHERE NAME = 'WRITE_PAYMENT'", (setting,))
    stage(shop.database, order(4711, line(1), ORD_STATUS=status, STATUS_MEANING=meaning, TRANSACTION_ID=None))
    found = shop.database.run(ValidateStagedOrder(staging_id=shop.staged()["STAGING_ID"]))
    said = [(each.severity, each.field) for each in found if each.code == "unpaid"]
    assert said == ([("warning", "ORD_STATUS")] if warned else [])


def test_without_a_transaction_the_payment_is_called_as_its_code(shop):
    shop.paid_by("CARD")
    shop.apply(line(1), TRANSACTION_ID=None)
    assert shop.one("SELECT DESCR FROM dbo.PS_DOC_PMT")["DESCR"] == "Paid by CARD"


def test_a_code_that_the_erp_lacks_is_no_counterpart(shop):
    shop.paid_by("CARD")
    shop.query("DELETE FROM dbo.SY_PAY_COD WHERE PAY_COD = 'CARD'")
    stage(shop.database, order(4711, line(1)))
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(MappingError, match="the ERP has no pay code 'CARD', which payment method 'stripe' stands for") as told:
        shop.work(claimed)
    assert (str(told.value.code), shop.snapshot()) == ("50040", before)


def test_a_method_that_is_paid_later_has_an_empty_code(shop):
    shop.paid_by("", method="cod")
    doc = shop.apply(line(1), PMT_METH="cod", TRANSACTION_ID=None).doc_id
    assert (payments(shop), shop.totals(doc)["AMT_DUE"]) == (([], [], []), D("19.99"))


def test_it_follows_amount_method_and_transaction(shop):
    shop.paid_by("CARD")
    shop.paid_by("WIRE", method="bacs")
    shop.paid_by("", method="cod")
    doc = shop.apply(line(1)).doc_id
    shop.apply(line(1, qty="2", total="39.98"), PMT_METH="bacs", TRANSACTION_ID="bank-7")
    row = shop.one("SELECT * FROM dbo.PS_DOC_PMT")
    assert (row["PAY_COD"], row["DESCR"], row["HOME_CURNCY_AMT"]) == ("WIRE", "bank-7", D("39.98"))
    assert (payments(shop), shop.totals(doc)["AMT_DUE"]) == (([D("39.98")],) * 3, 0)
    shop.apply(line(1), PMT_METH="cod", TRANSACTION_ID=None)
    assert (payments(shop), shop.totals(doc)["AMT_DUE"]) == (([], [], []), D("19.99"))
    shop.apply(line(1))
    assert (payments(shop), shop.totals(doc)["AMT_DUE"], audit(shop)) == (([D("19.99")],) * 3, 0, [])


def test_what_was_written_follows_when_the_site_wants_no_payments_any_more(shop):
    shop.paid_by("CARD")
    shop.apply(line(1))
    shop.setting("WRITE_PAYMENT", "N")
    shop.apply(line(1, qty="2", total="39.98"))
    assert payments(shop) == ([D("39.98")],) * 3


def test_a_document_that_a_person_took_a_payment_on_gets_no_other(shop):
    doc = shop.apply(line(1)).doc_id
    shop.pay(doc, "19.99")
    shop.paid_by("CARD")
    shop.apply(line(1, qty="2", total="39.98"))
    assert (payments(shop), shop.totals(doc)["AMT_DUE"], audit(shop)) == (([D("19.99")], [D("19.99")], []), D("19.99"), [])
    shop.stage_cancelled(line(1))
    with pytest.raises(Conflict, match=r"it has payments of 19\.99"):
        shop.work(shop.claim())


@pytest.mark.parametrize(
    "by_hand",
    [
        "UPDATE dbo.PS_DOC_PMT SET AMT = '5.00'",
        "UPDATE dbo.PS_DOC_PMT SET PAY_COD = 'CASH'",
        "DELETE FROM dbo.PS_DOC_PMT",
    ],
)
def test_a_payment_that_a_person_has_changed_is_left_to_a_person(shop, by_hand):
    shop.paid_by("CARD")
    doc = shop.apply(line(1)).doc_id
    shop.query(by_hand)
    with pytest.raises(RollbackRefused, match=rf"document {doc} .*the payment that came with it was changed by hand"):
        roll_back(shop)
    shop.stage_cancelled(line(1))
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(Conflict, match="the payment that came with it was changed by hand"):
        shop.work(claimed)
    assert shop.snapshot() == before


def test_the_audit_finds_tender_that_no_payment_explains(shop):
    shop.paid_by("CARD")
    shop.apply(line(1))
    shop.query("UPDATE dbo.PS_DOC_PMT_APPLY SET AMT = '5.00'")
    [found] = audit(shop)
    assert "tendered 19.99, payments 19.99, applied 5.00, due 0.00 of 19.99" in found
    shop.query("UPDATE dbo.PS_DOC_PMT_APPLY SET AMT = '19.99'")
    shop.query("UPDATE dbo.PS_DOC_HDR_TOT SET AMT_DUE = '1.00'")
    assert "due 1.00 of 19.99" in audit(shop)[0]


def test_a_rollback_takes_the_payment_with_the_document(shop):
    shop.paid_by("CARD")
    doc = shop.apply(line(1)).doc_id
    listed = [(step.table_name, step.row_key, step.change) for step in roll_back(shop, "reset")]
    assert ("PS_DOC_PMT", f"DOC_ID = {doc}, PMT_SEQ_NO = 1", "deleted: CARD, 19.99") in listed
    assert ("PS_DOC_PMT_APPLY", f"DOC_ID = {doc}, PMT_SEQ_NO = 1, APPL_TYP = O", "deleted: 19.99") in listed
    assert ("USER_ORDER_PAYMENT", "WOO_ORDER_ID = 4711", "deleted") in listed
    assert payments(shop) == ([], [], [])
    again = shop.work(shop.claim()).doc_id
    assert (again != doc, payments(shop), shop.totals(again)["AMT_DUE"]) == (True, ([D("19.99")],) * 3, 0)


def test_an_order_whose_document_is_gone_is_paid_on_the_new_one(shop):
    shop.paid_by("CARD")
    first = shop.apply(line(1)).doc_id
    shop.cancel(line(1))
    shop.delete(first)
    second = shop.apply(line(1)).doc_id
    assert [row["DOC_ID"] for row in shop.query("SELECT DOC_ID FROM dbo.USER_ORDER_PAYMENT")] == [second]
    assert payments(shop) == ([D("19.99")],) * 3


def test_a_setting_that_there_is_not_is_refused(shop):
    with pytest.raises(BadArgument, match=r"WRITE_PAYMENT takes N \(no payment\), Y \(on the order\) or D"):
        shop.setting("WRITE_PAYMENT", "X")
    shop.query("UPDATE dbo.USER_ERP_SETTING SET VALUE = 'X' WHERE NAME = 'WRITE_PAYMENT'")
    stage(shop.database, order(4711, line(1)))
    claimed = shop.claim()
    with pytest.raises(MappingError, match="WRITE_PAYMENT is 'X'; it takes N"):
        shop.work(claimed)
    assert shop.query("SELECT DOC_ID FROM dbo.PS_DOC_HDR") == []


@pytest.mark.parametrize("setting", ["Y", "N"])
def test_the_payment_of_a_version_that_applied_none_to_its_document_is_taken_over_by_an_edit(shop, setting):
    shop.paid_by("CARD")
    shop.apply(line(1))
    shop.query("DELETE FROM dbo.PS_DOC_PMT_APPLY")
    shop.query("DELETE FROM dbo.USER_ORDER_PAYMENT")
    shop.setting("WRITE_PAYMENT", setting)
    doc = shop.apply(line(1, qty="2", total="39.98")).doc_id
    assert payments(shop) == ([D("39.98")],) * 3
    assert (shop.totals(doc)["TOT_TND"], shop.totals(doc)["AMT_DUE"]) == (D("39.98"), 0)
    assert audit(shop) == []


@pytest.mark.parametrize(
    "otherwise",
    ["PAY_COD = 'CASH'", "AMT = '5.00', HOME_CURNCY_AMT = '5.00'", "PMT_SEQ_NO = 2", "PAY_DAT = '2020-01-01 00:00:00.000'"],
)
def test_a_payment_that_is_otherwise_stays_a_persons(shop, otherwise):
    shop.paid_by("CARD")
    shop.apply(line(1))
    shop.query("DELETE FROM dbo.PS_DOC_PMT_APPLY")
    shop.query("DELETE FROM dbo.USER_ORDER_PAYMENT")
    shop.query(f"UPDATE dbo.PS_DOC_PMT SET {otherwise}")
    stage(shop.database, order(4711, line(1, qty="2", total="39.98")))
    with pytest.raises(Conflict, match=r"applied 0\.00"):
        shop.work(shop.claim())
