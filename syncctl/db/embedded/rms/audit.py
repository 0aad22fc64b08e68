"""What RMS's own rows say against the promises; the twin of `dbo.fn_ErpAudit`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from syncctl.db.contract import AuditFinding
from syncctl.db.embedded.order_content import cents
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.rms.items import item_no
from syncctl.db.embedded.rms.site import WORK_ORDER, quantity_of

_NOTHING = Decimal("0.00")


def audit(session: Session, store_id: str | None, *, inventory: bool) -> Iterator[AuditFinding]:
    """See `Erp.audit`."""
    yield from _documents(session, store_id)
    yield from _totals_equal(session, store_id)
    if inventory:
        yield from _inventory_equals_open_lines(session)


def _documents(session: Session, store_id: str | None) -> Iterator[AuditFinding]:
    """Look for linked orders that aren't there, and for orders of a reference of ours without a link."""
    for row in session.all(
        """
        SELECT staged.STAGING_ID, link.DOC_ID
        FROM dbo.USER_ORDER_STAGING AS staged
        INNER JOIN dbo.USER_ORDER_LINK AS link
            ON link.STORE_ID = staged.STORE_ID AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID AND link.LINK_STATE = 'OPEN'
        LEFT JOIN dbo.[Order] AS held ON held.ID = link.DOC_ID
        WHERE staged.DUPLICATE_OF_ID IS NULL AND staged.IS_APPLIED = 1 AND (:store IS NULL OR staged.STORE_ID = :store)
        AND staged.CP_DOC_ID = CAST(link.DOC_ID AS TEXT) AND held.ID IS NULL
        AND COALESCE(link.ERP_STATUS_TOLD, '') <> 'gone'
        ORDER BY staged.STAGING_ID
        """,
        {"store": store_id},
    ):
        yield AuditFinding("one_document", row["STAGING_ID"], f"document {row['DOC_ID']} is not in the ERP")
    for row in session.all(
        """
        SELECT staged.STAGING_ID, held.ID
        FROM dbo.USER_ORDER_STAGING AS staged
        INNER JOIN dbo.USER_ORDER_LINK AS link ON link.STORE_ID = staged.STORE_ID AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
        INNER JOIN dbo.[Order] AS ours ON ours.ID = link.DOC_ID
        INNER JOIN dbo.[Order] AS held ON held.ReferenceNumber = ours.ReferenceNumber AND held.ID <> ours.ID
        WHERE staged.DUPLICATE_OF_ID IS NULL AND (:store IS NULL OR staged.STORE_ID = :store)
        AND NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked WHERE linked.DOC_ID = held.ID)
        ORDER BY staged.STAGING_ID, held.ID
        """,
        {"store": store_id},
    ):
        yield AuditFinding("one_document", row["STAGING_ID"], f"document {row['ID']} bears the order's number without a link")


def _totals_equal(session: Session, store_id: str | None) -> Iterator[AuditFinding]:
    """Look at the orders whose document should say what the store says: applied, and no change on its way."""
    for row in session.all(
        """
        SELECT staged.STAGING_ID, staged.TOT_AMT, link.TOT AS LINK_TOT, held.*
        FROM dbo.USER_ORDER_STAGING AS staged
        INNER JOIN dbo.USER_ORDER_LINK AS link
            ON link.STORE_ID = staged.STORE_ID AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID AND link.LINK_STATE = 'OPEN'
        INNER JOIN dbo.[Order] AS held ON held.ID = link.DOC_ID
        WHERE staged.STATE = 'APPLIED' AND staged.DUPLICATE_OF_ID IS NULL AND staged.APPLIED_HASH = staged.CONTENT_HASH
        AND (:store IS NULL OR staged.STORE_ID = :store)
        ORDER BY staged.STAGING_ID
        """,
        {"store": store_id},
    ):
        entries = session.all("SELECT * FROM dbo.OrderEntry WHERE OrderID = :id", {"id": row["ID"]})
        parts = sum((cents(entry["Price"] * quantity_of(entry["QuantityOnOrder"])) for entry in entries), _NOTHING)
        if not any(entry["PriceSource"] == 10 for entry in entries):
            parts += cents(row["ShippingChargeOnOrder"])
        staged, total = cents(row["TOT_AMT"]), cents(row["Total"])
        # With tax in the prices, or on top of them: the setting may have changed since.
        if not staged == row["LINK_TOT"] == total or total not in (parts, parts + cents(row["Tax"])):
            detail = (
                f"document {row['ID']}: staged {staged:.2f}, link {row['LINK_TOT']:.2f}, Total {total:.2f}, entries and shipping"
                f" {parts:.2f}, tax {cents(row['Tax']):.2f}"
            )
            yield AuditFinding("totals_equal", row["STAGING_ID"], detail)


def _inventory_equals_open_lines(session: Session) -> Iterator[AuditFinding]:
    """Compare what is committed of each item with the entries of open work orders; shipping and charges hold nothing."""
    held: dict[int, Decimal] = {}
    for row in session.all(
        """
        SELECT entry.ItemID, entry.QuantityOnOrder, entry.QuantityRTD
        FROM dbo.OrderEntry AS entry
        INNER JOIN dbo.[Order] AS header ON header.ID = entry.OrderID AND header.Type = :type AND header.Closed = 0
        LEFT JOIN dbo.USER_ORDER_LINK AS link ON link.DOC_ID = entry.OrderID
        LEFT JOIN dbo.USER_ORDER_LINE_LINK AS line
            ON line.STORE_ID = link.STORE_ID AND line.WOO_ORDER_ID = link.WOO_ORDER_ID AND line.LIN_SEQ_NO = entry.ID
        WHERE entry.PriceSource <> 10 AND COALESCE(line.WOO_LINE_ID, 0) >= 0
        """,
        {"type": WORK_ORDER},
    ):
        quantity = quantity_of(row["QuantityOnOrder"]) - quantity_of(row["QuantityRTD"])
        held[row["ItemID"]] = held.get(row["ItemID"], Decimal(0)) + quantity
    items = {row["ID"]: row for row in session.all("SELECT * FROM dbo.Item ORDER BY ID")}
    for item_id, item in items.items():
        found, expected = quantity_of(item["QuantityCommitted"]), held.get(item_id, Decimal(0))
        if found != expected:
            detail = f"item {item_no(item)}: QuantityCommitted {found:.4f}, open entries {expected:.4f}"
            yield AuditFinding("inventory_equals_open_lines", None, detail)
