"""The item port on the embedded engine: what a store sells, what it should say of each item's stock, and what it was told."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from functools import partial
from typing import Any

from syncctl.db.contract import (
    CountStoreItems,
    ErpItem,
    ListErpItems,
    ListStockChanges,
    ListWebItems,
    NotedItems,
    NotePriceTold,
    NoteStockTold,
    NoteStoreItems,
    SetWebItem,
    StockChange,
    StoreItemCount,
    ToldItems,
    WebItem,
)
from syncctl.db.embedded.engine import make, moment_text
from syncctl.db.embedded.erp import Erp, Item, StockLevel, erp_of, item_of, mapped_item, settings_of
from syncctl.db.embedded.order_content import amount_of, read_content
from syncctl.db.embedded.registry import Session, is_json_list, require, serves

_NOTHING = Decimal(0)
_TOO_MANY = Decimal(10) ** 9
"""From so many on nobody has them."""
_MOST_STAGED = Decimal(10) ** 10
_FIRST_WAIT = timedelta(minutes=15)
_MOST_DOUBLED = 6
"""Refusals after which a day goes by until the next try."""


def prices_in(item: dict[str, Any]) -> tuple[Decimal | None, Decimal | None, datetime | None, datetime | None]:
    """Read the prices of an item that was listed or told, in the order of their columns; see `PriceChange`."""
    regular, sale = (amount_of(item.get(name)) for name in ("REGULAR", "SALE"))
    return regular, sale, _moment_in(item.get("SALE_FROM_DT")), _moment_in(item.get("SALE_TO_DT"))


def _moment_in(text: object) -> datetime | None:
    """Read a moment in UTC as `TRY_CONVERT(datetime2(3), …)` does; None for what is none."""
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC) if text else None
    except ValueError:
        return None


@serves(NoteStoreItems)
def note_store_items(session: Session, call: NoteStoreItems) -> list[NotedItems]:
    """See `sql/procedures/sp_NoteStoreItems.sql`."""
    require(
        (call.store_id != "", "@STORE_ID is required."),
        (call.listing != "", "@LISTING is required."),
        (is_json_list(call.items), "@ITEMS takes a JSON array."),
    )
    named = [item for item in json.loads(call.items) if item.get("PRODUCT_ID") is not None]
    listed = {item["PRODUCT_ID"]: item for item in named if item.get("IS_KEPT") != 1}
    if kept := {item["PRODUCT_ID"] for item in named if item.get("IS_KEPT") == 1}:
        session.run(
            """
            UPDATE dbo.USER_STORE_ITEM SET LISTING = :listing, LISTED_DT = :now
            WHERE STORE_ID = :store
            AND EXISTS (SELECT 1 FROM json_each(:kept) AS kept WHERE kept.value IN (0, PRODUCT_ID, PARENT_ID))
            """,
            {"store": call.store_id, "listing": call.listing, "now": session.now, "kept": json.dumps(sorted(kept))},
        )
    session.many(
        """
        INSERT INTO dbo.USER_STORE_ITEM
            (STORE_ID, PRODUCT_ID, PARENT_ID, SKU, NAME, STOCK_KEY, IS_MANAGED, IS_BACKORDER, STORE_QTY, IS_PRICED, STORE_REGULAR,
            STORE_SALE, STORE_SALE_FROM_DT, STORE_SALE_TO_DT, LISTING, LISTED_DT)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (STORE_ID, PRODUCT_ID) DO UPDATE
        SET PARENT_ID = excluded.PARENT_ID, SKU = excluded.SKU, NAME = excluded.NAME, STOCK_KEY = excluded.STOCK_KEY,
            IS_MANAGED = excluded.IS_MANAGED, IS_BACKORDER = excluded.IS_BACKORDER, STORE_QTY = excluded.STORE_QTY,
            IS_PRICED = excluded.IS_PRICED, STORE_REGULAR = excluded.STORE_REGULAR, STORE_SALE = excluded.STORE_SALE,
            STORE_SALE_FROM_DT = excluded.STORE_SALE_FROM_DT, STORE_SALE_TO_DT = excluded.STORE_SALE_TO_DT,
            LISTING = excluded.LISTING, LISTED_DT = excluded.LISTED_DT
        """,
        [
            (
                call.store_id,
                product_id,
                item.get("PARENT_ID") or 0,
                item.get("SKU") or "",
                item.get("NAME"),
                item.get("STOCK_KEY"),
                bool(item.get("IS_MANAGED")),
                bool(item.get("IS_BACKORDER")),
                amount_of(item.get("STORE_QTY")),
                bool(item.get("IS_PRICED", 1)),
                *prices_in(item),
                call.listing,
                session.now,
            )
            for product_id, item in listed.items()
        ],
    )
    forgotten = 0
    if call.is_last:
        forgotten = session.run(
            "DELETE FROM dbo.USER_STORE_ITEM WHERE STORE_ID = :store AND LISTING <> :listing",
            {"store": call.store_id, "listing": call.listing},
        )
    return [NotedItems(len(listed), forgotten)]


def store_items(session: Session, store_id: str, skus: str | None) -> list[sqlite3.Row]:
    """Return a store's items with what the site says of each, by SKU; with `skus` (a JSON array) those alone."""
    return session.all(
        """
        SELECT item.*, COALESCE(own.PACK_QTY, shared.PACK_QTY) AS "PACK_QTY [DECIMAL_TEXT]",
            COALESCE(own.RESERVE_QTY, shared.RESERVE_QTY) AS "RESERVE_QTY [DECIMAL_TEXT]",
            COALESCE(own.IS_OFF, shared.IS_OFF, 0) AS "IS_OFF [BIT]"
        FROM dbo.USER_STORE_ITEM AS item
        LEFT JOIN dbo.USER_WEB_ITEM AS own ON own.STORE_ID = :store AND own.SKU = item.SKU
        LEFT JOIN dbo.USER_WEB_ITEM AS shared ON shared.STORE_ID = '*' AND shared.SKU = item.SKU
        WHERE item.STORE_ID = :store AND (:skus IS NULL OR item.SKU IN (SELECT value FROM json_each(:skus)))
        ORDER BY item.SKU, item.PRODUCT_ID
        """,
        {"store": store_id, "skus": skus},
    )


def erp_item(session: Session, erp: Erp, row: sqlite3.Row) -> Item | None:
    """Return the ERP's item of a store's; None where it has none."""
    return erp.find_item(session, mapped_item(session, row["STORE_ID"], row["SKU"]), row["SKU"]) if row["SKU"] else None


@serves(ListStockChanges)
def list_stock_changes(session: Session, call: ListStockChanges) -> list[StockChange]:
    """See `sql/procedures/sp_ListStockChanges.sql`."""
    require(
        (call.store_id != "", "@STORE_ID is required."),
        (call.skus is None or is_json_list(call.skus), "@SKUS takes a JSON array."),
    )
    erp = erp_of(session)
    settings = settings_of(session)
    reserve = amount_of(settings.get("WEB_RESERVE")) or _NOTHING
    staged = _staged(session, erp, (settings.get("WEB_HOLD_STATUSES") or "").split(","))
    rows = store_items(session, call.store_id, call.skus)
    level_of = partial(erp.stock, session, settings)
    return [_judged(session, erp, row, staged, reserve, level_of) for row in rows]


def _judged(
    session: Session,
    erp: Erp,
    row: sqlite3.Row,
    staged: dict[str, Decimal],
    site_reserve: Decimal,
    level_of: Callable[[str], StockLevel | None],
) -> StockChange:
    """Reckon what the store should say of an item, and judge what it says."""
    found = erp_item(session, erp, row)
    level = level_of(found.item_no) if found else None
    pack = row["PACK_QTY"] or Decimal(1)
    reserve = site_reserve if row["RESERVE_QTY"] is None else row["RESERVE_QTY"]
    waiting = staged.get(found.item_no, _NOTHING) if found else _NOTHING
    wanted = None
    if level is not None and all(each is not None and abs(each) < _TOO_MANY for each in (level.on_hand, level.held)):
        free = (level.on_hand or _NOTHING) - (level.held or _NOTHING) - waiting - reserve
        wanted = _NOTHING if row["IS_OFF"] or not level.is_active or free <= 0 else (free / pack).to_integral_value(ROUND_FLOOR)
        wanted = wanted if wanted < _TOO_MANY else None
    return StockChange(
        product_id=row["PRODUCT_ID"],
        parent_id=row["PARENT_ID"],
        sku=row["SKU"],
        name=row["NAME"],
        stock_key=row["STOCK_KEY"],
        store_qty=row["STORE_QTY"],
        item_no=found.item_no if found else None,
        wanted_qty=wanted,
        on_hand=level.on_hand if level else None,
        held=level.held if level else None,
        staged=waiting,
        reserve_qty=reserve,
        pack_qty=pack,
        standing=_standing(session, row, level, wanted),
        doubted_dt=row["DOUBTED_DT"],
        told_dt=row["TOLD_DT"],
        next_attempt_dt=row["NEXT_ATTEMPT_DT"],
        error_message=row["ERROR_MESSAGE"],
    )


def _standing(session: Session, row: sqlite3.Row, level: StockLevel | None, wanted: Decimal | None) -> str:
    if level is None:
        return "unknown"
    judged = (
        (not level.is_counted, "uncounted"),
        (wanted is None, "unreadable"),
        (not row["IS_MANAGED"], "unmanaged"),
        (row["IS_BACKORDER"], "backorder"),
        (row["STORE_QTY"] == wanted and row["DOUBTED_DT"] is None, "same"),
        (row["NEXT_ATTEMPT_DT"] is not None and row["NEXT_ATTEMPT_DT"] > session.now, "waiting"),
        (row["STORE_QTY"] == wanted, "doubted"),
    )
    return next((standing for holds, standing in judged if holds), "differs")


def _staged(session: Session, erp: Erp, holding: list[str]) -> dict[str, Decimal]:
    """Return how many of each item orders hold that wait for their document, or stay out of the ERP in a status of `holding`."""
    words = [word.strip() for word in holding if 1 <= len(word) <= 20]
    orders = session.all(
        """
        SELECT * FROM dbo.USER_ORDER_STAGING INDEXED BY IX_USER_ORDER_STAGING_STATE_ID
        WHERE STATE IN ('PENDING', 'CLAIMED', 'FAILED', 'NEEDS_MANUAL_REVIEW') AND PENDING_ACTION IN ('create', 'update')
        UNION ALL
        SELECT skipped.* FROM json_each(:words) AS word
        CROSS JOIN dbo.USER_ORDER_STAGING AS skipped ON skipped.ORD_STATUS = word.value AND skipped.STATE = 'SKIPPED'
        """,
        {"words": json.dumps(sorted(set(words)))},
    )
    held: dict[str, Decimal] = {}
    for order in orders:
        for line in read_content(order).lines:
            item = item_of(session, erp, order, line)
            if item is None:
                continue
            linked = session.one(
                """
                SELECT QTY_SOLD FROM dbo.USER_ORDER_LINE_LINK
                WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND WOO_LINE_ID = :line
                """,
                {"store": order["STORE_ID"], "order": order["WOO_ORDER_ID"], "line": line.line_id},
            )
            more = line.quantity - (linked["QTY_SOLD"] if linked else _NOTHING)
            held[item.item_no] = min(held.get(item.item_no, _NOTHING) + max(more, _NOTHING), _MOST_STAGED)
    return held


@serves(CountStoreItems)
def count_store_items(session: Session, call: CountStoreItems) -> list[StoreItemCount]:
    """See `sql/procedures/sp_CountStoreItems.sql`."""
    rows = session.all(
        """
        SELECT
            COUNT(*) AS ITEMS, COUNT(CASE WHEN IS_MANAGED AND NOT IS_BACKORDER THEN 1 END) AS MANAGED,
            COUNT(TOLD_DT) AS TOLD, MIN(LISTED_DT) AS "LISTED_DT [DATETIME_TEXT]", COUNT(DISTINCT LISTING) AS LISTINGS,
            COUNT(CASE WHEN IS_PRICED THEN 1 END) AS PRICED, COUNT(PRICE_TOLD_DT) AS PRICES_TOLD
        FROM dbo.USER_STORE_ITEM
        WHERE STORE_ID = :store
        """,
        {"store": call.store_id},
    )
    return [make(StoreItemCount, row) for row in rows]


@serves(NoteStockTold)
def note_stock_told(session: Session, call: NoteStockTold) -> list[ToldItems]:
    """See `sql/procedures/sp_NoteStockTold.sql`."""
    noted = note_answers(session, call, lambda answer: {"STORE_QTY": amount_of(answer.get("QTY"))})
    session.many(
        "UPDATE dbo.USER_STORE_ITEM SET DOUBTED_DT = NULL WHERE STORE_ID = ? AND PRODUCT_ID = ? AND DOUBTED_DT <= ?",
        [
            (call.store_id, answer["PRODUCT_ID"], moment_text(answer["DOUBTED"]))
            for answer in json.loads(call.told)
            if answer.get("DOUBTED") and answer.get("ERROR") is None
        ],
    )
    return noted


def note_answers(
    session: Session, call: NoteStockTold | NotePriceTold, taken: Callable[[dict[str, Any]], dict[str, Any]], *, of: str = ""
) -> list[ToldItems]:
    """Note what a store was told: the columns `taken` of what it took; of what it refused, when it is tried again.

    What it isn't told of any more was never told, nor refused.
    `of` is what the names of the columns begin with that tell of the telling.
    """
    require((is_json_list(call.told), "@TOLD takes a JSON array."))
    told = {answer["PRODUCT_ID"]: answer for answer in json.loads(call.told) if answer.get("PRODUCT_ID") is not None}
    refused = left = 0
    for product_id, answer in told.items():
        key: dict[str, Any] = {"STORE_ID": call.store_id, "PRODUCT_ID": product_id}
        attempts, next_attempt, told_dt = f"{of}ATTEMPT_NO", f"{of}NEXT_ATTEMPT_DT", f"{of}TOLD_DT"
        over = {attempts: 0, next_attempt: None, f"{of}ERROR_MESSAGE": None}
        if answer.get("IS_LEFT") == 1:
            left += 1
            _change(session, key, {told_dt: None} | over)
            continue
        if answer.get("ERROR") is None:
            _change(session, key, taken(answer) | {told_dt: session.now} | over)
            continue
        refused += 1
        row = session.one("SELECT * FROM dbo.USER_STORE_ITEM WHERE STORE_ID = :STORE_ID AND PRODUCT_ID = :PRODUCT_ID", key)
        if row is not None:
            doubled = row[attempts]
            wait = timedelta(days=1) if doubled >= _MOST_DOUBLED else _FIRST_WAIT * 2**doubled
            error = str(answer["ERROR"])[:500]
            later = {attempts: doubled + 1, next_attempt: session.now + wait, f"{of}ERROR_MESSAGE": error}
            _change(session, key, later)
    return [ToldItems(len(told) - left - refused, refused)]


def _change(session: Session, key: dict[str, Any], values: dict[str, Any]) -> None:
    assigned = ", ".join(f"{name} = :{name}" for name in values)
    session.run(
        f"UPDATE dbo.USER_STORE_ITEM SET {assigned} WHERE STORE_ID = :STORE_ID AND PRODUCT_ID = :PRODUCT_ID",  # noqa: S608
        {**key, **values},
    )


@serves(SetWebItem)
def set_web_item(session: Session, call: SetWebItem) -> list[WebItem]:
    """See `sql/procedures/sp_SetWebItem.sql`."""
    require(
        (call.store_id != "", "@STORE_ID is required."),
        (call.sku.strip() != "", "@SKU is required."),
        (call.pack_qty > 0, "@PACK_QTY must be above 0."),
        (call.reserve_qty is None or call.reserve_qty >= 0, "@RESERVE_QTY must not be below 0."),
    )
    key = {"store": call.store_id, "sku": call.sku}
    session.run("DELETE FROM dbo.USER_WEB_ITEM WHERE STORE_ID = :store AND SKU = :sku", key)
    if not call.is_removed:
        session.run(
            """
            INSERT INTO dbo.USER_WEB_ITEM (STORE_ID, SKU, PACK_QTY, RESERVE_QTY, IS_OFF, UPDATED_DT)
            VALUES (:store, :sku, :pack, :reserve, :off, :now)
            """,
            {**key, "pack": call.pack_qty, "reserve": call.reserve_qty, "off": call.is_off, "now": session.now},
        )
    rows = session.all(
        "SELECT STORE_ID, SKU, PACK_QTY, RESERVE_QTY, IS_OFF FROM dbo.USER_WEB_ITEM WHERE STORE_ID = :store AND SKU = :sku", key
    )
    return [make(WebItem, row) for row in rows]


@serves(ListWebItems)
def list_web_items(session: Session, _call: ListWebItems) -> list[WebItem]:
    """See `sql/procedures/sp_ListWebItems.sql`."""
    rows = session.all("SELECT STORE_ID, SKU, PACK_QTY, RESERVE_QTY, IS_OFF FROM dbo.USER_WEB_ITEM ORDER BY SKU, STORE_ID")
    return [make(WebItem, row) for row in rows]


@serves(ListErpItems)
def list_erp_items(session: Session, _call: ListErpItems) -> list[ErpItem]:
    """See `sql/procedures/sp_ListErpItems.sql`."""
    return [ErpItem(number, described) for number, described in sorted(erp_of(session).items(session))]
