"""The promises, checked on the data itself; and a trial ERP's first data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from syncctl.db.contract import AuditFinding, AuditOrders, SeedCount, SeedDemoErp
from syncctl.db.embedded.erp_content import amount_of, cents
from syncctl.db.embedded.erp_document import erp_settings
from syncctl.db.embedded.registry import Session, require, serves

_STATES = ("PENDING", "CLAIMED", "APPLIED", "FAILED", "NEEDS_MANUAL_REVIEW", "CANCELLED", "SKIPPED")


@serves(AuditOrders)
def audit_orders(session: Session, call: AuditOrders) -> list[AuditFinding]:
    """See `sql/erp/counterpoint/sp_AuditOrders.sql`."""
    findings = [
        *_one_state(session, call.store_id),
        *_one_document(session, call.store_id),
        *_totals_equal(session, call.store_id),
    ]
    if call.inventory:
        findings += _inventory_equals_open_lines(session)
    return findings


def _one_state(session: Session, store_id: str | None) -> Iterator[AuditFinding]:
    for row in session.all(
        """
        SELECT staged.*,
            (SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING AS twin
             WHERE twin.STORE_ID = staged.STORE_ID AND twin.WOO_ORDER_ID = staged.WOO_ORDER_ID
             AND twin.DUPLICATE_OF_ID IS NULL) AS LIVE_ROWS
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.DUPLICATE_OF_ID IS NULL AND (:store IS NULL OR staged.STORE_ID = :store)
        ORDER BY staged.STAGING_ID
        """,
        {"store": store_id},
    ):
        state = row["STATE"]
        for broken, detail in (
            (state not in _STATES, f"state {state} is not known"),
            (row["LIVE_ROWS"] > 1, f"order {row['WOO_ORDER_ID']} has {row['LIVE_ROWS']} live rows"),
            (state == "APPLIED" and not row["IS_APPLIED"], "state APPLIED, but IS_APPLIED is 0"),
            (state in ("SKIPPED", "CANCELLED") and row["IS_APPLIED"], f"state {state}, but IS_APPLIED is 1"),
            (state == "CLAIMED" and row["LEASE_UNTIL_DT"] is None, "state CLAIMED without a lease"),
            (state in ("PENDING", "CLAIMED", "FAILED") and row["PENDING_ACTION"] is None, f"state {state}, but nothing to do"),
            (state == "SKIPPED" and not row["STATE_REASON"], "state SKIPPED without a reason"),
        ):
            if broken:
                yield AuditFinding("one_state", row["STAGING_ID"], detail)


def _one_document(session: Session, store_id: str | None) -> Iterator[AuditFinding]:
    """Look at applied orders, at links, at documents. What an older program applied has neither link nor event: it is let be."""
    for row in session.all(
        """
        SELECT staged.STAGING_ID, staged.CP_DOC_ID, link.DOC_ID, link.ERP_STATUS_TOLD, header.DOC_ID AS FOUND_ID
        FROM dbo.USER_ORDER_STAGING AS staged
        LEFT JOIN dbo.USER_ORDER_LINK AS link
            ON link.STORE_ID = staged.STORE_ID AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID AND link.LINK_STATE = 'OPEN'
        LEFT JOIN dbo.PS_DOC_HDR AS header ON header.DOC_ID = link.DOC_ID
        WHERE staged.DUPLICATE_OF_ID IS NULL AND staged.IS_APPLIED = 1 AND (:store IS NULL OR staged.STORE_ID = :store)
        AND (link.DOC_ID IS NOT NULL OR EXISTS
            (SELECT 1 FROM dbo.USER_ORDER_EVENT AS event
             WHERE event.STAGING_ID = staged.STAGING_ID AND event.EVENT_TYPE IN ('CREATED', 'REOPENED')))
        ORDER BY staged.STAGING_ID
        """,
        {"store": store_id},
    ):
        if row["DOC_ID"] is None:
            yield AuditFinding("one_document", row["STAGING_ID"], "applied, but it has no open link")
        elif str(row["DOC_ID"]) != row["CP_DOC_ID"]:
            detail = f"the row says document {row['CP_DOC_ID'] or '?'}, the link {row['DOC_ID']}"
            yield AuditFinding("one_document", row["STAGING_ID"], detail)
        elif row["FOUND_ID"] is None and row["ERP_STATUS_TOLD"] != "gone":
            yield AuditFinding("one_document", row["STAGING_ID"], f"document {row['DOC_ID']} is not in the ERP")
    for row in session.all(
        """
        SELECT link.STAGING_ID, link.DOC_ID
        FROM dbo.USER_ORDER_LINK AS link
        WHERE link.LINK_STATE = 'OPEN' AND (:store IS NULL OR link.STORE_ID = :store)
        AND NOT EXISTS
            (SELECT 1 FROM dbo.USER_ORDER_STAGING AS staged
             WHERE staged.STORE_ID = link.STORE_ID AND staged.WOO_ORDER_ID = link.WOO_ORDER_ID AND staged.IS_APPLIED = 1)
        ORDER BY link.STAGING_ID
        """,
        {"store": store_id},
    ):
        detail = f"document {row['DOC_ID']} is linked to an order that isn't applied"
        yield AuditFinding("one_document", row["STAGING_ID"], detail)
    for row in session.all(
        """
        SELECT staged.STAGING_ID, header.DOC_ID
        FROM dbo.PS_DOC_HDR AS header
        INNER JOIN dbo.USER_ERP_SETTING AS station ON station.NAME = 'STA_ID' AND station.VALUE = header.STA_ID
        INNER JOIN dbo.USER_ORDER_STAGING AS staged
            ON SUBSTR(staged.WOO_ORDER_NO, 1, 20) = header.CUST_PO_NO AND staged.DUPLICATE_OF_ID IS NULL
        WHERE (:store IS NULL OR staged.STORE_ID = :store)
        AND NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS link WHERE link.DOC_ID = header.DOC_ID)
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


def _inventory_equals_open_lines(session: Session) -> list[AuditFinding]:
    """Compare each stock row of the web location with the order lines that are open there."""
    on_order: dict[str, Decimal] = {}
    held: dict[str, Decimal] = {}
    settings = erp_settings(session)
    for row in session.all("SELECT ITEM_NO, QTY_ON_SO FROM dbo.IM_INV WHERE LOC_ID = :loc", {"loc": settings["STK_LOC_ID"]}):
        on_order[row["ITEM_NO"]] = row["QTY_ON_SO"]
    for row in session.all(
        """
        SELECT item.ITEM_NO, line.QTY_SOLD
        FROM dbo.PS_DOC_LIN AS line
        INNER JOIN dbo.PS_DOC_HDR AS header
            ON header.DOC_ID = line.DOC_ID AND header.SHIP_DAT IS NULL AND header.DOC_TYP = :doc_typ
        INNER JOIN dbo.IM_ITEM AS item ON item.ITEM_NO = line.ITEM_NO
        WHERE line.STK_LOC_ID = :loc
        """,
        {"loc": settings["STK_LOC_ID"], "doc_typ": settings["DOC_TYP"]},
    ):
        held[row["ITEM_NO"]] = held.get(row["ITEM_NO"], Decimal(0)) + row["QTY_SOLD"]
    return [
        AuditFinding(
            "inventory_equals_open_lines",
            None,
            f"item {item_no} at {settings['STK_LOC_ID']}: QTY_ON_SO {on_order.get(item_no, Decimal(0)):.4f},"
            f" open lines {held.get(item_no, Decimal(0)):.4f}",
        )
        for item_no in sorted(on_order.keys() | held.keys())
        if on_order.get(item_no, Decimal(0)) != held.get(item_no, Decimal(0))
    ]


@serves(SeedDemoErp)
def seed_demo_erp(session: Session, call: SeedDemoErp) -> list[SeedCount]:
    """See `sql/erp/counterpoint/sp_SeedDemoErp.sql`. An embedded ERP is always a trial one."""
    items, customers = _objects(call.items), _objects(call.customers)
    require(
        (items is not None, "@ITEMS takes a JSON array of objects."),
        (customers is not None, "@CUSTOMERS takes a JSON array of objects."),
        (all(item.get("ITEM_NO") for item in items or ()), "Every item needs ITEM_NO."),
        (all(customer.get("CUST_NO") for customer in customers or ()), "Every customer needs CUST_NO."),
    )
    settings = erp_settings(session)
    locations = {"prc_loc": settings["PRC_LOC_ID"], "stk_loc": settings["STK_LOC_ID"]}
    return [
        SeedCount(
            items=sum(_seed_item(session, item, locations) for item in items or ()),
            customers=sum(_seed_customer(session, customer, settings["STR_ID"]) for customer in customers or ()),
        )
    ]


def _objects(text: str) -> list[dict[str, Any]] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(thing, dict) for thing in found) else None


def _seed_item(session: Session, item: dict[str, Any], locations: dict[str, str | None]) -> int:
    values = {
        "item_no": item["ITEM_NO"],
        "sku": item.get("SKU") or item["ITEM_NO"],
        "descr": item.get("DESCR"),
        "price": amount_of(item.get("PRC_1")),
        "on_hand": amount_of(item.get("QTY_ON_HND")) or Decimal(0),
        **locations,
    }
    added = session.run("INSERT OR IGNORE INTO dbo.IM_ITEM (ITEM_NO, DESCR) VALUES (:item_no, :descr)", values)
    session.run(
        "INSERT OR IGNORE INTO dbo.IM_PRC (ITEM_NO, LOC_ID, PRC_1, REG_PRC) VALUES (:item_no, :prc_loc, :price, :price)", values
    )
    session.run("INSERT OR IGNORE INTO dbo.IM_INV (ITEM_NO, LOC_ID, QTY_ON_HND) VALUES (:item_no, :stk_loc, :on_hand)", values)
    if values["sku"] != values["item_no"]:
        session.run("INSERT OR IGNORE INTO dbo.USER_ITEM_MAP (STORE_ID, SKU, ITEM_NO) VALUES ('*', :sku, :item_no)", values)
    return added


def _seed_customer(session: Session, customer: dict[str, Any], str_id: str | None) -> int:
    values = {
        "cust_no": customer["CUST_NO"],
        "name": customer.get("NAM"),
        "email": customer.get("EMAIL_ADRS_1"),
        "user": customer.get("WOO_USER_ID"),
        "str_id": str_id,
        "now": session.now,
    }
    added = session.run(
        """
        INSERT OR IGNORE INTO dbo.AR_CUST (CUST_NO, NAM, EMAIL_ADRS_1, STR_ID, LST_MAINT_DT)
        VALUES (:cust_no, :name, :email, :str_id, :now)
        """,
        values,
    )
    if values["user"] is not None:
        session.run(
            """
            INSERT OR IGNORE INTO dbo.USER_CUSTOMER_MAP (CUST_NO, WOO_USER_ID, WOO_EMAIL, MAPPING_SOURCE, IS_ACTIVE, CREATED_DT)
            VALUES (:cust_no, :user, :email, 'seed', 1, :now)
            """,
            values,
        )
    return added
