"""The parts of a CounterPoint document: numbers, items, notes, stock. Its lines are in `lines.py`, its amounts in `totals.py`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from decimal import Decimal

from syncctl.db.embedded.counterpoint.code_page import held
from syncctl.db.embedded.counterpoint.settings import NUMBER_WIDTH, missing_settings
from syncctl.db.embedded.counterpoint.site import PROFILE_FIELDS, STOCK_COLUMNS, holding_column, local_time
from syncctl.db.embedded.erp import Document, Item, Settings, ShortItem, linked_item, mapped_item, settings_of
from syncctl.db.embedded.order_content import Content, StagedLine
from syncctl.db.embedded.registry import Session
from syncctl.errors import ConfigError, MappingError

Quantities = dict[tuple[str, str | None, str], Decimal]
"""How many of an item, by the item, the location and the stock columns that hold them; no location: the document's own."""

_IS_TAKEN = {
    "DOC_ID": """
        SELECT 1 FROM dbo.PS_DOC_HDR WHERE DOC_ID = CAST(:number AS INTEGER)
        UNION ALL SELECT 1 FROM dbo.USER_ORDER_LINK WHERE DOC_ID = CAST(:number AS INTEGER)
        UNION ALL SELECT 1 FROM dbo.USER_ORDER_PAYMENT WHERE DEPOSIT_DOC_ID = CAST(:number AS INTEGER)
        UNION ALL SELECT 1 FROM dbo.PS_ORD_HIST WHERE DOC_ID = CAST(:number AS INTEGER)
        UNION ALL SELECT 1 FROM dbo.PS_TKT_HIST WHERE DOC_ID = CAST(:number AS INTEGER)
    """,
    "TKT_NO": """
        SELECT 1 FROM dbo.PS_DOC_HDR WHERE TKT_NO = :number
        UNION ALL SELECT 1 FROM dbo.USER_ORDER_LINK WHERE TKT_NO = :number
        UNION ALL SELECT 1 FROM dbo.USER_ORDER_PAYMENT WHERE DEPOSIT_TKT_NO = :number
        UNION ALL SELECT 1 FROM dbo.PS_ORD_HIST WHERE TKT_NO = :number
        UNION ALL SELECT 1 FROM dbo.PS_TKT_HIST WHERE TKT_NO = :number
    """,
    "CUST_NO": "SELECT 1 FROM dbo.AR_CUST WHERE CUST_NO = :number",
}
_TAKEN = {
    "DOC_ID": """
        SELECT CAST(DOC_ID AS TEXT) AS NUMBER FROM dbo.PS_DOC_HDR
        UNION SELECT CAST(DOC_ID AS TEXT) FROM dbo.USER_ORDER_LINK
        UNION SELECT CAST(DEPOSIT_DOC_ID AS TEXT) FROM dbo.USER_ORDER_PAYMENT WHERE DEPOSIT_DOC_ID IS NOT NULL
        UNION SELECT CAST(DOC_ID AS TEXT) FROM dbo.PS_ORD_HIST
        UNION SELECT CAST(DOC_ID AS TEXT) FROM dbo.PS_TKT_HIST
    """,
    "TKT_NO": """
        SELECT TKT_NO AS NUMBER FROM dbo.PS_DOC_HDR
        UNION SELECT TKT_NO FROM dbo.USER_ORDER_LINK
        UNION SELECT DEPOSIT_TKT_NO FROM dbo.USER_ORDER_PAYMENT WHERE DEPOSIT_TKT_NO IS NOT NULL
        UNION SELECT TKT_NO FROM dbo.PS_ORD_HIST
        UNION SELECT TKT_NO FROM dbo.PS_TKT_HIST
    """,
    "CUST_NO": "SELECT CUST_NO AS NUMBER FROM dbo.AR_CUST",
}
"""All numbers that are taken, by series: read where the next one is."""


def is_posted(session: Session, doc_id: int) -> bool:
    """Say whether the document stands in the ERP's history."""
    found = session.one(
        "SELECT 1 FROM dbo.PS_ORD_HIST WHERE DOC_ID = :doc UNION SELECT 1 FROM dbo.PS_TKT_HIST WHERE DOC_ID = :doc",
        {"doc": doc_id},
    )
    return found is not None


def settings_at(session: Session, doc_id: int) -> Settings:
    """Return the site settings, with the stock location that this document was written with."""
    header = session.one("SELECT STK_LOC_ID FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc_id", {"doc_id": doc_id})
    return {**settings_of(session), "STK_LOC_ID": header["STK_LOC_ID"] if header else None}


def find_item(session: Session, known: str | None, sku: str) -> Item | None:
    """See `Erp.find_item`."""
    row = session.one(
        """
        SELECT item.ITEM_NO, price.PRC_1, item.LST_COST, stock.LST_COST AS LOC_COST
        FROM dbo.IM_ITEM AS item
        LEFT JOIN dbo.USER_ERP_SETTING AS setting ON setting.NAME = 'PRC_LOC_ID'
        LEFT JOIN dbo.IM_PRC AS price ON price.ITEM_NO = item.ITEM_NO AND price.LOC_ID = setting.VALUE
        LEFT JOIN dbo.USER_ERP_SETTING AS stocked ON stocked.NAME = 'STK_LOC_ID'
        LEFT JOIN dbo.IM_INV AS stock ON stock.ITEM_NO = item.ITEM_NO AND stock.LOC_ID = stocked.VALUE
        WHERE item.ITEM_NO = COALESCE(:known, :sku)
        """,
        {"known": known, "sku": sku},
    )
    if row is None:
        return None
    costs = [cost for cost in (row["LOC_COST"], row["LST_COST"]) if cost is not None]
    return Item(str(row["ITEM_NO"]), row["PRC_1"], costs[0] if costs else Decimal(0))


def next_number(session: Session, series: str) -> str:
    """Take the next free number of a series. The number goes back where the transaction does: no gaps."""
    if series == "DOC_ID":
        for lacking in missing_settings(session):
            raise ConfigError(
                f"No document can be written: {lacking.name} is not set. `{lacking.command}`, or `syncctl config erp import`"
                " where the ERP has a web shop of its own.",
                code=50041,
            )
    row = session.one("SELECT PREFIX, WIDTH, NEXT_NO FROM dbo.USER_NUMBER_SERIES WHERE SERIES = :series", {"series": series})
    if row is None:
        raise ConfigError(
            f"The number series {series} is not set: `syncctl config erp series {series} --prefix TEXT`.", code=50041
        )
    free = first_free(session, series, row["PREFIX"], row["WIDTH"], row["NEXT_NO"])
    number = f"{row['PREFIX']}{free:0{row['WIDTH']}d}"
    if len(number) > NUMBER_WIDTH[series] or (series == "DOC_ID" and not number.isdecimal()):
        raise MappingError(
            f"The next {series} would be {number}, too long for the ERP. Correct PREFIX, WIDTH and NEXT_NO in its series.",
            code=50040,
        )
    session.run(
        "UPDATE dbo.USER_NUMBER_SERIES SET NEXT_NO = :behind WHERE SERIES = :series", {"series": series, "behind": free + 1}
    )
    return number


def first_free(session: Session, series: str, prefix: str, width: int, wanted: int) -> int:
    """Return the first number from `wanted` on that nothing has, as the series counts."""

    def written(value: int) -> str:
        return f"{prefix}{value:0{width}d}"

    if session.one(_IS_TAKEN[series], {"number": written(wanted)}) is None:
        return wanted
    taken = {str(row["NUMBER"]).upper() for row in session.all(_TAKEN[series])}
    while written(wanted).upper() in taken:
        wanted += 1
    return wanted


def short_items(session: Session, staged: sqlite3.Row, content: Content) -> Iterator[ShortItem]:
    """See `Erp.short_items` and `dbo.fn_ErpShortItems`."""
    settings = settings_of(session)
    if settings.get("STOCK_CHECK") != "Y":
        return
    meaning = holding_column(settings)
    wanted: dict[str, ShortItem] = {}
    for line in content.sold_lines:
        known = linked_item(session, staged, line) or mapped_item(session, staged["STORE_ID"], line.sku)
        item = find_item(session, known, line.sku)
        if item is not None:
            first = wanted.get(item.item_no, ShortItem(line.line_id, item.item_no, Decimal(0), Decimal(0)))
            wanted[item.item_no] = first._replace(quantity=first.quantity + line.quantity)
    ours = committed_quantities(session, staged)
    for short in wanted.values():
        key = {"item": short.item_no, "loc": settings["STK_LOC_ID"]}
        if session.one("SELECT 1 FROM dbo.IM_ITEM WHERE ITEM_NO = :item AND ITEM_TYP = 'I'", key) is None:
            continue
        stock = session.one("SELECT * FROM dbo.IM_INV WHERE ITEM_NO = :item AND LOC_ID = :loc", key)
        available = stock["QTY_ON_HND"] - stock[meaning] if stock is not None else Decimal(0)
        available += sum(
            quantity
            for (no, loc, into), quantity in ours.items()
            if no == short.item_no and (loc or key["loc"]) == key["loc"] and meaning in into.split(",")
        )
        if short.quantity > available:
            yield short._replace(available=available)


def require_item(session: Session, staged: sqlite3.Row, line: StagedLine) -> str:
    """Return the item of a line, or raise MappingError: it was there when the order was validated."""
    known = linked_item(session, staged, line) or mapped_item(session, staged["STORE_ID"], line.sku)
    item = find_item(session, known, line.sku)
    if item is None:
        raise MappingError(
            f"Order {staged['WOO_ORDER_NO']}, line {line.line_id}: SKU {line.sku!r} has no item in the ERP any more. Add the item"
            ", or name one (`syncctl map item`), then `syncctl dead-letter retry`.",
            code=50040,
        )
    return item.item_no


def write_note(session: Session, doc_id: int, note_id: str, note: str) -> None:
    """See `Erp.write_note`."""
    session.run(
        """
        INSERT INTO dbo.PS_DOC_NOTE (DOC_ID, NOTE_ID, NOTE_DAT, USR_ID, NOTE)
        SELECT DOC_ID, :note_id, :now, 'SYNCCTL', :note
        FROM dbo.PS_DOC_HDR
        WHERE DOC_ID = :doc
        ON CONFLICT (DOC_ID, NOTE_ID) DO UPDATE SET NOTE_DAT = excluded.NOTE_DAT, USR_ID = excluded.USR_ID, NOTE = excluded.NOTE
        """,
        {"doc": doc_id, "note_id": note_id, "now": local_time(session.now, settings_of(session)), "note": note},
    )


def remove_note(session: Session, doc_id: int, note_id: str) -> None:
    """Remove a document's note, where it has one of that id."""
    session.run(
        "DELETE FROM dbo.PS_DOC_NOTE WHERE DOC_ID = :doc_id AND NOTE_ID = :note_id", {"doc_id": doc_id, "note_id": note_id}
    )


def write_profile(session: Session, staged: sqlite3.Row, document: Document, settings: Settings) -> None:
    """Write the shipping method into the profile field that the site keeps for it. See `sp_WriteOrderProfile`."""
    field = settings.get("SHIP_VIA_PROF")
    if field not in PROFILE_FIELDS:
        return
    session.run(
        f"""
        INSERT INTO dbo.PS_DOC_HDR_PROF (DOC_ID, {field}) VALUES (:doc, :via)
        ON CONFLICT (DOC_ID) DO UPDATE SET {field} = excluded.{field}
        """,  # noqa: S608  (one of the constants)
        {"doc": document.doc_id, "via": held(staged["SHIP_VIA"] or "", 30) or None},
    )


def committed_quantities(session: Session, order: sqlite3.Row) -> Quantities:
    """Return how many of each item an order's linked lines hold, where, and in which stock columns."""
    committed: Quantities = {}
    for row in session.all(
        "SELECT ITEM_NO, STOCK_LOCATION, STOCK_COLUMNS, QTY_SOLD FROM dbo.USER_ORDER_LINE_LINK"
        " WHERE STORE_ID = :store AND WOO_ORDER_ID = :order_id",
        {"store": order["STORE_ID"], "order_id": order["WOO_ORDER_ID"]},
    ):
        key = (row["ITEM_NO"], row["STOCK_LOCATION"], row["STOCK_COLUMNS"] or STOCK_COLUMNS[0])
        committed[key] = committed.get(key, Decimal(0)) + row["QTY_SOLD"]
    return committed


def move_inventory(
    session: Session,
    before: Mapping[tuple[str, str | None, str], Decimal],
    after: Mapping[tuple[str, str | None, str], Decimal],
    settings: Settings,
) -> None:
    """Move stock columns by what changed between two sets of quantities, item by item in order, adding rows that are missing."""
    for found in sorted(before.keys() | after.keys(), key=lambda key: (key[0], key[1] or "", key[2])):
        item_no, location, columns = found
        difference = after.get(found, Decimal(0)) - before.get(found, Decimal(0))
        if not difference:
            continue
        key = {"item_no": item_no, "loc": location or settings["STK_LOC_ID"]}
        session.run("INSERT OR IGNORE INTO dbo.IM_INV (ITEM_NO, LOC_ID) VALUES (:item_no, :loc)", key)
        stock = session.one("SELECT * FROM dbo.IM_INV WHERE ITEM_NO = :item_no AND LOC_ID = :loc", key)
        assert stock is not None  # noqa: S101  (it was added where it was missing)
        moved = {column: stock[column] + difference for column in columns.split(",")}
        named = ", ".join(f"{column} = :{column}" for column in moved)
        session.run(
            f"UPDATE dbo.IM_INV SET {named} WHERE ITEM_NO = :item_no AND LOC_ID = :loc",  # noqa: S608  (constants)
            {**key, **moved},
        )
