"""How many of an item CounterPoint has for the web, and what it costs there."""

from __future__ import annotations

from decimal import Decimal

from syncctl.db.embedded.counterpoint.site import PRICE_LISTS, stock_columns
from syncctl.db.embedded.erp import Price, Settings, StockLevel
from syncctl.db.embedded.order_content import amount_of
from syncctl.db.embedded.registry import Session

_PRICES = (
    f"SELECT LOC_ID, {', '.join(f'CAST({name} AS TEXT) AS {name}' for name in PRICE_LISTS)}"  # noqa: S608
    " FROM dbo.IM_PRC WHERE ITEM_NO = :item"
)
_OWN_PRICES = (
    "SELECT STAT, IS_TXBL, CAST(PRC_1 AS TEXT) AS OWN_PRC_1, CAST(REG_PRC AS TEXT) AS OWN_REG_PRC"
    " FROM dbo.IM_ITEM WHERE ITEM_NO = :item"
)


def items(session: Session) -> list[tuple[str, str | None]]:
    """See `Erp.items` and `dbo.fn_ErpItems`."""
    return [(row["ITEM_NO"], row["DESCR"]) for row in session.all("SELECT ITEM_NO, DESCR FROM dbo.IM_ITEM WHERE STAT = 'A'")]


def stock(session: Session, settings: Settings, item_no: str) -> StockLevel | None:
    """See `Erp.stock` and `dbo.fn_ErpStock`."""
    item = session.one("SELECT ITEM_TYP, STAT FROM dbo.IM_ITEM WHERE ITEM_NO = :item", {"item": item_no})
    if item is None:
        return None
    locations = (settings.get("STOCK_LOCATIONS") or settings.get("STK_LOC_ID") or "").replace(" ", "").upper().split(",")
    rows = [
        row
        for row in session.all("SELECT * FROM dbo.IM_INV WHERE ITEM_NO = :item", {"item": item_no})
        if row["LOC_ID"].upper() in locations
    ]
    active, counted = item["STAT"] == "A", item["ITEM_TYP"] == "I"
    columns = ("QTY_ON_HND", "QTY_COMMIT", "QTY_ON_SO", "QTY_ON_ORD")
    if any(row[column] is None for row in rows for column in columns):
        return StockLevel(None, None, is_counted=counted, is_active=active)
    on_hand, committed, on_so, on_order = (sum((row[column] for row in rows), Decimal(0)) for column in columns)
    moved = stock_columns(settings).split(",")
    if "QTY_COMMIT" in moved:
        held = committed
    elif "QTY_ON_ORD" in moved:
        held = max(on_order, committed)
    else:
        held = on_so + committed
    return StockLevel(on_hand, held, is_counted=counted, is_active=active)


def price(session: Session, settings: Settings, item_no: str) -> Price | None:
    """See `Erp.price` and `dbo.fn_ErpPrice`."""
    item = session.one(_OWN_PRICES, {"item": item_no})
    if item is None:
        return None
    rows = {row["LOC_ID"]: row for row in session.all(_PRICES, {"item": item_no})}
    own = {"PRC_1": item["OWN_PRC_1"], "REG_PRC": item["OWN_REG_PRC"]}
    places = (rows.get(settings.get("PRC_LOC_ID") or ""), rows.get("*"))

    def listed(column: str) -> Decimal | None:
        """Read the first that there is: what makes no sense there is no reason to take another."""
        if column not in PRICE_LISTS:
            return None
        held = [*(place[column] for place in places if place is not None), own.get(column)]
        return amount_of(next((written for written in held if written is not None), None))

    regular = listed((settings.get("WEB_PRICE_LIST") or "PRC_1").upper())
    lower = listed((settings.get("WEB_SALE_LIST") or "").upper())
    is_sale = lower is not None and regular is not None and 0 < lower < regular
    return Price(
        regular,
        lower if is_sale else None,
        None,
        None,
        tax_rate=Decimal(0) if item["IS_TXBL"] == "N" else None,
        includes_tax=settings.get("WEB_PRICES_INCLUDE_TAX") == "Y",
        is_active=item["STAT"] == "A",
    )
