"""What CounterPoint's own rows say against the promises; the twin of `dbo.fn_ErpAudit`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from syncctl.db.contract import AuditFinding
from syncctl.db.embedded.counterpoint.deposit import find_deposit
from syncctl.db.embedded.counterpoint.site import STOCK_COLUMNS, stock_columns
from syncctl.db.embedded.counterpoint.totals import document_faults
from syncctl.db.embedded.erp import settings_of
from syncctl.db.embedded.order_content import cents
from syncctl.db.embedded.registry import Session


def audit(session: Session, store_id: str | None, *, inventory: bool) -> Iterator[AuditFinding]:
    """See `Erp.audit`."""
    yield from _documents(session, store_id)
    yield from _totals_equal(session, store_id)
    yield from _document_whole(session, store_id)
    yield from _deposit_tickets(session, store_id)
    yield from _deposits_left_alone(session, store_id)
    if inventory:
        yield from _inventory_equals_open_lines(session)


def _documents(session: Session, store_id: str | None) -> Iterator[AuditFinding]:
    """Look for linked documents that aren't there, and for documents of our station without a link."""
    for row in session.all(
        """
        SELECT staged.STAGING_ID, link.DOC_ID
        FROM dbo.USER_ORDER_STAGING AS staged
        INNER JOIN dbo.USER_ORDER_LINK AS link
            ON link.STORE_ID = staged.STORE_ID AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID AND link.LINK_STATE = 'OPEN'
        LEFT JOIN dbo.PS_DOC_HDR AS header ON header.DOC_ID = link.DOC_ID
        WHERE staged.DUPLICATE_OF_ID IS NULL AND staged.IS_APPLIED = 1 AND (:store IS NULL OR staged.STORE_ID = :store)
        AND staged.CP_DOC_ID = CAST(link.DOC_ID AS TEXT) AND header.DOC_ID IS NULL
        AND COALESCE(link.ERP_STATUS_TOLD, '') <> 'gone'
        AND NOT EXISTS (SELECT 1 FROM dbo.PS_ORD_HIST AS posted WHERE posted.DOC_ID = link.DOC_ID)
        AND NOT EXISTS (SELECT 1 FROM dbo.PS_TKT_HIST AS posted WHERE posted.DOC_ID = link.DOC_ID)
        ORDER BY staged.STAGING_ID
        """,
        {"store": store_id},
    ):
        yield AuditFinding("one_document", row["STAGING_ID"], f"document {row['DOC_ID']} is not in the ERP")
    for row in session.all(
        """
        SELECT staged.STAGING_ID, header.DOC_ID
        FROM dbo.PS_DOC_HDR AS header
        INNER JOIN dbo.USER_ERP_SETTING AS station ON station.NAME = 'STA_ID' AND station.VALUE = header.STA_ID
        INNER JOIN dbo.USER_ORDER_STAGING AS staged
            ON SUBSTR(staged.WOO_ORDER_NO, 1, 20) = header.CUST_PO_NO AND staged.DUPLICATE_OF_ID IS NULL
        WHERE (:store IS NULL OR staged.STORE_ID = :store)
        AND NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS link WHERE link.DOC_ID = header.DOC_ID)
        AND NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_PAYMENT AS written WHERE written.DEPOSIT_DOC_ID = header.DOC_ID)
        AND NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_STAGING AS other WHERE other.CP_DOC_ID = CAST(header.DOC_ID AS TEXT))
        ORDER BY staged.STAGING_ID, header.DOC_ID
        """,
        {"store": store_id},
    ):
        yield AuditFinding("one_document", row["STAGING_ID"], f"document {row['DOC_ID']} bears the order's number without a link")


def _totals_equal(session: Session, store_id: str | None) -> Iterator[AuditFinding]:
    """Look at the orders whose document should say what the store says: applied, and no change on its way."""
    for row in session.all(
        """
        SELECT staged.STAGING_ID, staged.TOT_AMT, link.TOT AS LINK_TOT, totals.*, link.DOC_ID AS LINKED_ID
        FROM dbo.USER_ORDER_STAGING AS staged
        INNER JOIN dbo.USER_ORDER_LINK AS link
            ON link.STORE_ID = staged.STORE_ID AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID AND link.LINK_STATE = 'OPEN'
        INNER JOIN dbo.PS_DOC_HDR AS header ON header.DOC_ID = link.DOC_ID
        LEFT JOIN dbo.USER_ERP_SETTING AS setting ON setting.NAME = 'TOT_TYP'
        LEFT JOIN dbo.PS_DOC_HDR_TOT AS totals ON totals.DOC_ID = link.DOC_ID AND totals.TOT_TYP = setting.VALUE
        WHERE staged.STATE = 'APPLIED' AND staged.DUPLICATE_OF_ID IS NULL AND staged.APPLIED_HASH = staged.CONTENT_HASH
        AND (:store IS NULL OR staged.STORE_ID = :store)
        ORDER BY staged.STAGING_ID
        """,
        {"store": store_id},
    ):
        if row["TOT"] is None:
            yield AuditFinding("totals_equal", row["STAGING_ID"], f"document {row['LINKED_ID']} has no totals row")
            continue
        key = {"doc_id": row["LINKED_ID"], "tot_typ": row["TOT_TYP"]}
        lines = sum(
            (line["EXT_PRC"] for line in session.all("SELECT EXT_PRC FROM dbo.PS_DOC_LIN WHERE DOC_ID = :doc_id", key)),
            Decimal(0),
        )
        charges = session.all("SELECT MISC_AMT FROM dbo.PS_DOC_HDR_MISC_CHRG WHERE DOC_ID = :doc_id AND TOT_TYP = :tot_typ", key)
        misc = sum((charge["MISC_AMT"] for charge in charges), Decimal(0))
        parts = row["SUB_TOT"] - row["TOT_HDR_DISC"] - row["TOT_LIN_DISC"] + row["TAX_AMT"] + row["TOT_MISC"]
        staged = cents(row["TOT_AMT"])
        rows = lines + misc + row["TAX_AMT"] - row["TOT_HDR_DISC"]
        if not staged == row["LINK_TOT"] == row["TOT"] == parts == rows:
            detail = (
                f"document {row['LINKED_ID']}: staged {staged:.2f}, link {row['LINK_TOT']:.2f}, TOT {row['TOT']:.2f},"
                f" its parts {parts:.2f}, lines and charges {rows:.2f}"
            )
            yield AuditFinding("totals_equal", row["STAGING_ID"], detail)


def _document_whole(session: Session, store_id: str | None) -> Iterator[AuditFinding]:
    """Look at the same documents for tax, payments and counts that don't agree."""
    settings = settings_of(session)
    for row in session.all(
        """
        SELECT staged.STAGING_ID, link.DOC_ID
        FROM dbo.USER_ORDER_STAGING AS staged
        INNER JOIN dbo.USER_ORDER_LINK AS link
            ON link.STORE_ID = staged.STORE_ID AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID AND link.LINK_STATE = 'OPEN'
        WHERE staged.STATE = 'APPLIED' AND staged.DUPLICATE_OF_ID IS NULL AND staged.APPLIED_HASH = staged.CONTENT_HASH
        AND (:store IS NULL OR staged.STORE_ID = :store)
        ORDER BY staged.STAGING_ID
        """,
        {"store": store_id},
    ):
        if faults := document_faults(session, row["DOC_ID"], settings):
            yield AuditFinding("document_whole", row["STAGING_ID"], f"document {row['DOC_ID']}: {faults}")


def _deposit_tickets(session: Session, store_id: str | None) -> Iterator[AuditFinding]:
    """Look for deposits whose ticket is missing, another one than was written, of another amount, or there twice."""
    for row in session.all(
        """
        SELECT staged.STAGING_ID, staged.TOT_AMT, link.DOC_ID
        FROM dbo.USER_ORDER_STAGING AS staged
        INNER JOIN dbo.USER_ORDER_LINK AS link
            ON link.STORE_ID = staged.STORE_ID AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID AND link.LINK_STATE = 'OPEN'
        INNER JOIN dbo.USER_ORDER_PAYMENT AS written ON written.DOC_ID = link.DOC_ID AND written.DEPOSIT_DOC_ID IS NOT NULL
        WHERE staged.STATE = 'APPLIED' AND staged.DUPLICATE_OF_ID IS NULL AND staged.APPLIED_HASH = staged.CONTENT_HASH
        AND (:store IS NULL OR staged.STORE_ID = :store)
        ORDER BY staged.STAGING_ID
        """,
        {"store": store_id},
    ):
        deposit = find_deposit(session, row["DOC_ID"])
        if deposit is None:
            continue
        total = cents(row["TOT_AMT"] or Decimal(0))
        if deposit.is_gone:
            what = "is not in the ERP"
        elif deposit.is_open and not deposit.is_whole:
            what = "is another one there"
        elif deposit.booked != total:
            what = f"is not what the order is paid with, {total:.2f}"
        else:
            continue
        detail = f"document {row['DOC_ID']}: its deposit of {deposit.booked:.2f} on ticket {deposit.tkt_no} {what}"
        yield AuditFinding("deposit_ticket", row["STAGING_ID"], detail)
    for row in session.all(
        """
        SELECT staged.STAGING_ID, header.DOC_ID, header.TKT_NO, written.DEPOSIT_TKT_NO
        FROM dbo.PS_DOC_HDR AS header
        INNER JOIN dbo.USER_ERP_SETTING AS station ON station.NAME = 'STA_ID' AND station.VALUE = header.STA_ID
        INNER JOIN dbo.USER_ERP_SETTING AS kind ON kind.NAME = 'DOC_TYP' AND kind.VALUE <> header.DOC_TYP
        INNER JOIN dbo.USER_ORDER_STAGING AS staged
            ON SUBSTR(staged.WOO_ORDER_NO, 1, 50) = header.REF AND staged.DUPLICATE_OF_ID IS NULL
        INNER JOIN dbo.USER_ORDER_PAYMENT AS written
            ON written.STORE_ID = staged.STORE_ID AND written.WOO_ORDER_ID = staged.WOO_ORDER_ID
            AND written.DEPOSIT_DOC_ID <> header.DOC_ID AND written.DOC_ID <> header.DOC_ID
            -- else a person took more, on a ticket of its own
            AND CAST(COALESCE(written.BOOKED_AMT, written.AMT) AS REAL) <= CAST(written.AMT AS REAL)
        WHERE header.IS_REL_TKT = 'N' AND (:store IS NULL OR staged.STORE_ID = :store)
        AND NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS known WHERE known.DOC_ID = header.DOC_ID)
        AND NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_PAYMENT AS known WHERE known.DEPOSIT_DOC_ID = header.DOC_ID)
        -- what gives money back is no second one
        AND NOT EXISTS (SELECT 1 FROM dbo.PS_DOC_PMT AS paid WHERE paid.DOC_ID = header.DOC_ID AND CAST(paid.AMT AS REAL) < 0)
        ORDER BY staged.STAGING_ID, header.DOC_ID
        """,
        {"store": store_id},
    ):
        detail = (
            f"document {row['DOC_ID']} ({row['TKT_NO']}) refers to the order beside its deposit ticket {row['DEPOSIT_TKT_NO']}:"
            " is that a second one?"
        )
        yield AuditFinding("deposit_ticket", row["STAGING_ID"], detail)


def _deposits_left_alone(session: Session, store_id: str | None) -> Iterator[AuditFinding]:
    """Look for tickets that are open though the order beside them was voided or deleted by hand."""
    for row in session.all(
        """
        SELECT staged.STAGING_ID, written.DOC_ID, written.AMT, written.DEPOSIT_TKT_NO
        FROM dbo.USER_ORDER_PAYMENT AS written
        INNER JOIN dbo.PS_DOC_HDR AS ticket ON ticket.DOC_ID = written.DEPOSIT_DOC_ID
        INNER JOIN dbo.USER_ORDER_STAGING AS staged
            ON staged.STORE_ID = written.STORE_ID AND staged.WOO_ORDER_ID = written.WOO_ORDER_ID
        WHERE staged.DUPLICATE_OF_ID IS NULL AND (:store IS NULL OR staged.STORE_ID = :store)
        AND NOT EXISTS (SELECT 1 FROM dbo.PS_DOC_HDR AS header WHERE header.DOC_ID = written.DOC_ID)
        AND NOT EXISTS (SELECT 1 FROM dbo.PS_ORD_HIST AS posted WHERE posted.DOC_ID = written.DOC_ID)
        AND NOT EXISTS (SELECT 1 FROM dbo.PS_TKT_HIST AS posted WHERE posted.DOC_ID = written.DOC_ID)
        ORDER BY staged.STAGING_ID
        """,
        {"store": store_id},
    ):
        detail = (
            f"document {row['DOC_ID']} is not in the ERP, and its deposit of {row['AMT']:.2f} on ticket {row['DEPOSIT_TKT_NO']}"
            " is still open there"
        )
        yield AuditFinding("deposit_ticket", row["STAGING_ID"], detail)


def _inventory_equals_open_lines(session: Session) -> Iterator[AuditFinding]:
    """Compare each stock row of the web location, column by column, with the order lines that are open there.

    A line that we wrote is in the columns that it went into, any other one in those that orders move now.
    """
    settings = settings_of(session)
    moved = stock_columns(settings)
    site = {"loc": settings["STK_LOC_ID"], "doc_typ": settings["DOC_TYP"]}
    stock = session.all("SELECT * FROM dbo.IM_INV WHERE LOC_ID = :loc", site)
    lines = session.all(
        """
        SELECT item.ITEM_NO, line.QTY_SOLD, line.QTY_SHIPPED, linked.LIN_SEQ_NO AS LINKED, linked.STOCK_COLUMNS
        FROM dbo.PS_DOC_LIN AS line
        INNER JOIN dbo.PS_DOC_HDR AS header
            ON header.DOC_ID = line.DOC_ID AND header.DOC_TYP = :doc_typ
        INNER JOIN dbo.IM_ITEM AS item ON item.ITEM_NO = line.ITEM_NO
        LEFT JOIN dbo.USER_ORDER_LINK AS link ON link.DOC_ID = line.DOC_ID
        LEFT JOIN dbo.USER_ORDER_LINE_LINK AS linked
            ON linked.STORE_ID = link.STORE_ID AND linked.WOO_ORDER_ID = link.WOO_ORDER_ID
            AND linked.LIN_SEQ_NO = line.LIN_SEQ_NO
        WHERE line.STK_LOC_ID = :loc
        """,
        site,
    )
    for column in moved.split(","):
        on_order = {row["ITEM_NO"]: row[column] for row in stock}
        held: dict[str, Decimal] = {}
        for row in lines:
            into = moved if row["LINKED"] is None else row["STOCK_COLUMNS"] or STOCK_COLUMNS[0]
            if column in into.split(","):
                held[row["ITEM_NO"]] = held.get(row["ITEM_NO"], Decimal(0)) + row["QTY_SOLD"] - row["QTY_SHIPPED"]
        for item_no in sorted(on_order.keys() | held.keys()):
            found, expected = on_order.get(item_no, Decimal(0)), held.get(item_no, Decimal(0))
            if found != expected:
                detail = f"item {item_no} at {site['loc']}: {column} {found:.4f}, open lines {expected:.4f}"
                yield AuditFinding("inventory_equals_open_lines", None, detail)
