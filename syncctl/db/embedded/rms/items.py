"""RMS's items: which is meant by a SKU, what it costs there, and how many are committed to orders."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from syncctl.db.embedded.erp import Item, Settings, ShortItem, StockLevel, linked_item, mapped_item
from syncctl.db.embedded.order_content import Content, StagedLine, amount_of
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.rms.site import COMMITTED, quantity_of, site_of
from syncctl.errors import MappingError

_WIDTH = 20
"""Letters of an item's number on our side; a lookup code may have 25."""
_SKU_WIDTH = 25
_BY_ID = re.compile(r"#[0-9]{1,9}")
Quantities = dict[str, Decimal]
"""How many of an item, by its number."""


def item_no(row: sqlite3.Row | Mapping[str, Any]) -> str:
    """Return what an item is called on our side: its lookup code, or where that is long or has odd letters, # and its ID."""
    code = str(row["ItemLookupCode"])
    plain = len(code) <= _WIDTH and not code.startswith("#") and re.fullmatch(r"[!-~]+", code) is not None
    return code if plain else f"#{row['ID']}"


def known_item(session: Session, number: str) -> sqlite3.Row | None:
    """Return the item of a number as `item_no` writes it; see `dbo.fn_DynamicsItem`."""
    if _BY_ID.fullmatch(number):
        return session.one("SELECT * FROM dbo.Item WHERE ID = :id", {"id": int(number[1:])})
    return session.one("SELECT * FROM dbo.Item WHERE ItemLookupCode = :code", {"code": number})


def item_by_id(session: Session, item_id: int | None) -> sqlite3.Row | None:
    """Return the item of an ID; None where there is none."""
    return session.one("SELECT * FROM dbo.Item WHERE ID = :id", {"id": item_id})


def _item_of_sku(session: Session, sku: str) -> sqlite3.Row | None:
    """Return the item that has a SKU as its lookup code, else as an alias, else in the site's own view; see `dbo.fn_DynamicsSku`.

    An alias of several items names none.
    """
    if not sku:
        return None
    key = {"sku": sku}
    found = session.one("SELECT * FROM dbo.Item WHERE ItemLookupCode = :sku", key) if len(sku) <= _SKU_WIDTH else None
    for query in (
        "SELECT DISTINCT item.ID FROM dbo.Alias AS other INNER JOIN dbo.Item AS item ON item.ID = other.ItemID"
        " WHERE other.Alias = :sku",
        "SELECT DISTINCT item.ID FROM dbo.USER_V_ITEM_ALIAS AS other INNER JOIN dbo.Item AS item ON item.ID = other.ITEM_ID"
        " WHERE other.ALIAS = :sku",
    ):
        if found is None:
            items = session.all(query, key)
            found = item_by_id(session, items[0]["ID"]) if len(items) == 1 else None
    return found


def find_item(session: Session, known: str | None, sku: str) -> Item | None:
    """See `Erp.find_item`. The list price is without tax, as the store's is; None where no rate says how to reckon it so."""
    row = known_item(session, known) if known else _item_of_sku(session, sku)
    if row is None:
        return None
    site = site_of(session)
    price: Decimal | None = row["Price"]
    if site.prices_include_tax and price is not None:
        price = None if site.tax_rate is None else (price / (1 + site.tax_rate)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return Item(item_no(row), price, row["Cost"])


def require_item(session: Session, staged: sqlite3.Row, line: StagedLine) -> sqlite3.Row:
    """Return the item of a line, or raise MappingError: it was there when the order was validated."""
    known = linked_item(session, staged, line) or mapped_item(session, staged["STORE_ID"], line.sku)
    row = known_item(session, known) if known else _item_of_sku(session, line.sku)
    if row is None:
        raise MappingError(
            f"Order {staged['WOO_ORDER_NO']}, line {line.line_id}: SKU {line.sku!r} has no item in the ERP any more. Add the item"
            ", or name one (`syncctl map item`), then `syncctl dead-letter retry`.",
            code=50040,
        )
    return row


def short_items(session: Session, staged: sqlite3.Row, content: Content) -> Iterator[ShortItem]:
    """See `Erp.short_items` and `dbo.fn_ErpShortItems`."""
    if not site_of(session).checks_stock:
        return
    wanted: dict[str, ShortItem] = {}
    for line in content.sold_lines:
        item = find_item(
            session, linked_item(session, staged, line) or mapped_item(session, staged["STORE_ID"], line.sku), line.sku
        )
        if item is not None:
            first = wanted.get(item.item_no, ShortItem(line.line_id, item.item_no, Decimal(0), Decimal(0)))
            wanted[item.item_no] = first._replace(quantity=first.quantity + line.quantity)
    ours = committed_quantities(session, staged)
    for short in wanted.values():
        row = known_item(session, short.item_no)
        if row is None:
            continue
        available = quantity_of(row["Quantity"]) - quantity_of(row["QuantityCommitted"]) + ours.get(short.item_no, Decimal(0))
        if short.quantity > available:
            yield short._replace(available=available)


def stock(session: Session, _settings: Settings, item_no: str) -> StockLevel | None:
    """See `Erp.stock` and `dbo.fn_ErpStock`."""
    row = known_item(session, item_no)
    if row is None:
        return None
    quantities = amount_of(row["Quantity"]), amount_of(row["QuantityCommitted"])
    return StockLevel(*quantities, is_counted=True, is_active=not row["Inactive"])


def items(session: Session) -> list[tuple[str, str | None]]:
    """See `Erp.items` and `dbo.fn_ErpItems`."""
    rows = session.all("SELECT ID, ItemLookupCode, Description FROM dbo.Item WHERE Inactive = 0")
    return [(item_no(row), row["Description"]) for row in rows]


def committed_quantities(session: Session, order: sqlite3.Row) -> Quantities:
    """Return how many of each item an order's entries hold."""
    committed: Quantities = {}
    for row in session.all(
        "SELECT ITEM_NO, QTY_SOLD FROM dbo.USER_ORDER_LINE_LINK"
        " WHERE STORE_ID = :store AND WOO_ORDER_ID = :order_id AND STOCK_COLUMNS = :columns",
        {"store": order["STORE_ID"], "order_id": order["WOO_ORDER_ID"], "columns": COMMITTED},
    ):
        committed[row["ITEM_NO"]] = committed.get(row["ITEM_NO"], Decimal(0)) + row["QTY_SOLD"]
    return committed


def commit_stock(session: Session, before: Mapping[str, Decimal], after: Mapping[str, Decimal]) -> None:
    """Move what is committed by what changed between two sets of quantities, item by item in order. See `sp_CommitStock`."""
    for number in sorted(before.keys() | after.keys()):
        difference = after.get(number, Decimal(0)) - before.get(number, Decimal(0))
        row = known_item(session, number) if difference else None
        if row is not None:
            session.run(
                "UPDATE dbo.Item SET QuantityCommitted = :committed WHERE ID = :id",
                {"id": row["ID"], "committed": quantity_of(row["QuantityCommitted"]) + difference},
            )
