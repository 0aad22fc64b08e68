"""The lines of a CounterPoint document: what each takes from the order, and what from its item."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from syncctl.db.embedded.counterpoint.code_page import held
from syncctl.db.embedded.counterpoint.document import require_item
from syncctl.db.embedded.counterpoint.site import stock_columns
from syncctl.db.embedded.erp import Document, Settings
from syncctl.db.embedded.order_content import Content, StagedLine, cents, unit_price
from syncctl.db.embedded.registry import Session

_NOTHING = Decimal("0.00")
_NONE = Decimal("0.0000")
_ONE = Decimal("1.0000")


def create_order_lines(session: Session, staged: sqlite3.Row, content: Content, document: Document, settings: Settings) -> int:
    """Write the sold lines that have no line link yet, with links, after the document's last line. See `sp_CreateOrderLines`."""
    key = {"store": staged["STORE_ID"], "order_id": staged["WOO_ORDER_ID"], "doc_id": document.doc_id}
    linked = {
        row["WOO_LINE_ID"]
        for row in session.all(
            "SELECT WOO_LINE_ID FROM dbo.USER_ORDER_LINE_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order_id", key
        )
    }
    last = session.one("SELECT MAX(LIN_SEQ_NO) AS LAST_NO FROM dbo.PS_DOC_LIN WHERE DOC_ID = :doc_id", key)
    new = [line for line in content.sold_lines if line.line_id not in linked]
    for number, line in enumerate(new, start=1 + ((last and last["LAST_NO"]) or 0)):
        values = {
            **_standing(document, number, settings),
            **line_values(session, staged, line),
            **item_values(session, staged, line, prc_loc=settings["PRC_LOC_ID"], stk_loc=settings["STK_LOC_ID"]),
        }
        insert(session, "PS_DOC_LIN", values)
        session.run(
            """
            INSERT INTO dbo.USER_ORDER_LINE_LINK
                (STORE_ID, WOO_ORDER_ID, WOO_LINE_ID, DOC_ID, LIN_SEQ_NO, ITEM_NO, QTY_SOLD, EXT_PRC, STOCK_COLUMNS,
                 STOCK_LOCATION, PRODUCT_ID, VARIATION_ID)
            VALUES (:store, :order_id, :line_id, :doc_id, :LIN_SEQ_NO, :ITEM_NO, :QTY_SOLD, :EXT_PRC, :columns,
                    :STK_LOC_ID, :product, :variation)
            """,
            {
                **key,
                **values,
                "line_id": line.line_id,
                "columns": stock_columns(settings),
                "product": line.product_id,
                "variation": line.variation_id,
            },
        )
    return len(new)


def insert(session: Session, table: str, values: Mapping[str, Any]) -> None:
    """Add a row with these columns to one of the ERP's tables."""
    columns = ", ".join(values)
    marks = ", ".join(f":{column}" for column in values)
    session.run(f"INSERT INTO dbo.{table} ({columns}) VALUES ({marks})", dict(values))  # noqa: S608  (constants)


def _standing(document: Document, number: int, settings: Settings) -> dict[str, Any]:
    """Say what a new line holds that no order and no item decides, and that stays."""
    return {
        "DOC_ID": document.doc_id,
        "LIN_SEQ_NO": number,
        "STR_ID": settings["STR_ID"],
        "STA_ID": settings["STA_ID"],
        "TKT_NO": document.tkt_no,
        "LIN_TYP": settings["LIN_TYP"],
        "SELL_UNIT": "0",
        "LIN_GUID": str(uuid.uuid4()),
        "STK_LOC_ID": settings["STK_LOC_ID"],
        "PRC_LOC_ID": settings["PRC_LOC_ID"],
        "SLS_REP": settings.get("SLS_REP"),
        "QTY_NUMER": _ONE,
        "QTY_DENOM": _ONE,
        "HAS_PRC_OVRD": "N",
        "USR_ENTD_PRC": "Y",
        "IS_VAL_RET": "N",
        "TAX_AMT_ALLOC": _NOTHING,
        "NORM_TAX_AMT_ALLOC": _NOTHING,
        **dict.fromkeys(
            ("QTY_TO_LEAVE", "QTY_SHIPPED", "QTY_RET", "QTY_ENTD", "QTY_PCKD", "QTY_PCKVRFD", "QTY_INVCD", "QTY_TO_FILL"), _NONE
        ),
        "DIM_1_UPR": "*",
        "DIM_2_UPR": "*",
        "DIM_3_UPR": "*",
        "IS_TXBL": "Y",
    }


def line_values(session: Session, staged: sqlite3.Row, line: StagedLine) -> dict[str, Any]:
    """Say what a line's columns must hold by the order; where one differs, the line has changed."""
    return {
        "ITEM_NO": require_item(session, staged, line),
        "DESCR": held(line.descr, 250),
        "QTY_SOLD": line.quantity,
        "PRC": unit_price(line.total, line.quantity),
        "EXT_PRC": cents(line.total),
        "GROSS_EXT_PRC": cents(line.subtotal),
    }


def item_values(
    session: Session, staged: sqlite3.Row, line: StagedLine, *, prc_loc: str | None, stk_loc: str | None
) -> dict[str, Any]:
    """Say what follows for a line from its item, the item's prices and its cost; see `dbo.fn_ErpItem`."""
    values = line_values(session, staged, line)
    item = session.one(
        """
        -- Those of the location first: the item has columns of the same names.
        SELECT price.PRC_1, price.REG_PRC, item.*, stock.LST_COST AS LOC_COST
        FROM dbo.IM_ITEM AS item
        LEFT JOIN dbo.IM_PRC AS price ON price.ITEM_NO = item.ITEM_NO AND price.LOC_ID = :prc_loc
        LEFT JOIN dbo.IM_INV AS stock ON stock.ITEM_NO = item.ITEM_NO AND stock.LOC_ID = :stk_loc
        WHERE item.ITEM_NO = :item_no
        """,
        {"item_no": values["ITEM_NO"], "prc_loc": prc_loc, "stk_loc": stk_loc},
    )
    assert item is not None  # noqa: S101  (require_item has found it)
    costs = [cost for cost in (item["LOC_COST"], item["LST_COST"]) if cost is not None]
    cost = costs[0] if costs else _NONE
    return {
        "CALC_EXT_PRC": values["EXT_PRC"],
        "DISP_EXT_PRC": values["EXT_PRC"],
        "GROSS_DISP_EXT_PRC": values["GROSS_EXT_PRC"],
        "CALC_PRC": values["PRC"],
        "ORIG_QTY": values["QTY_SOLD"],
        "QTY_TO_REL": values["QTY_SOLD"],
        "QTY_UNIT": item["STK_UNIT"],
        "NORM_IS_TXBL": item["IS_TXBL"],
        **{
            column: item[column]
            for column in (
                "ITEM_TYP",
                "TRK_METH",
                "IS_DISCNTBL",
                "IS_WEIGHED",
                "IS_KIT_PAR",
                "QTY_DECS",
                "PRC_DECS",
                "BARCOD",
                "CATEG_COD",
                "SUBCAT_COD",
                "ITEM_VEND_NO",
                "PRC_1",
                "REG_PRC",
            )
        },
        "TAX_CATEG": item["TAX_CATEG_COD"],
        "UNIT_RETL_VAL": item["PRC_1"],
        "UNIT_COST": cost,
        "EXT_COST": cents(values["QTY_SOLD"] * cost),
    }
