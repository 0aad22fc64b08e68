"""The item port on the embedded engine: what a store should ask for its items, and what it was told of that."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from syncctl.db.contract import ListPriceChanges, NotePriceTold, PriceChange, ToldItems
from syncctl.db.embedded.erp import Price, erp_of, settings_of
from syncctl.db.embedded.order_content import amount_of
from syncctl.db.embedded.registry import Session, is_json_list, require, serves
from syncctl.db.embedded.web_items import erp_item, note_answers, prices_in, store_items

_TOO_MUCH = Decimal(1_000_000_000)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_MOST_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for an item: by the store, or by the ERP as the store would have it."""

    regular: Decimal | None = None
    sale: Decimal | None = None
    sale_from: datetime | None = None
    sale_to: datetime | None = None


@serves(ListPriceChanges)
def list_price_changes(session: Session, call: ListPriceChanges) -> list[PriceChange]:
    """See `sql/procedures/sp_ListPriceChanges.sql`."""
    require(
        (call.store_id != "", "@STORE_ID is required."),
        (call.skus is None or is_json_list(call.skus), "@SKUS takes a JSON array."),
        (0 <= call.decimals <= _MOST_DECIMALS, "@DECIMALS takes 0 to 4."),
    )
    erp = erp_of(session)
    settings = settings_of(session)
    percent = amount_of(settings.get("WEB_TAX_RATE"))
    site_rate = None if percent is None else percent / 100
    changes = []
    for row in store_items(session, call.store_id, call.skus):
        found = erp_item(session, erp, row)
        price = erp.price(session, settings, found.item_no) if found else None
        wanted, fault = _Asked(), None
        if price is not None:
            wanted, fault = _wanted(price, call, site_rate, session.now)
        changes.append(_judged(row, found.item_no if found else None, price, wanted, fault, session.now))
    return changes


def _wanted(price: Price, call: ListPriceChanges, site_rate: Decimal | None, now: datetime) -> tuple[_Asked, str | None]:
    """Reckon what the store should ask for an item; and why a sale of the ERP's is left out of it, where one is."""
    rate = site_rate if price.tax_rate is None else price.tax_rate
    needs_tax = call.includes_tax is not None and call.includes_tax != price.includes_tax

    def reckoned(amount: Decimal | None) -> Decimal | None:
        if amount is None or not 0 < amount < _TOO_MUCH or (needs_tax and rate is None):
            return None
        if needs_tax and rate is not None:
            amount = amount * (1 + rate) if call.includes_tax else amount / (1 + rate)
        return amount.quantize(Decimal(1).scaleb(-call.decimals), ROUND_HALF_UP)

    regular, sale = reckoned(price.regular), reckoned(price.sale)
    begins, ends = price.sale_from, price.sale_to
    in_order = (begins or _FIRST) < (ends or _LAST)
    is_over = in_order and ends is not None and ends <= now
    is_early = in_order and not call.has_sale_dates and begins is not None and begins > now
    if regular is None or sale is None or is_over or is_early:
        return _Asked(regular), None
    if not in_order:
        return _Asked(regular), "ends first"
    if sale <= 0:
        return _Asked(regular), "zero"
    if sale >= regular:
        return _Asked(regular), "not lower"
    if not call.has_sale_dates:
        return _Asked(regular, sale), None
    return _Asked(regular, sale, begins if begins is not None and begins > now else None, ends), None


def _asked_there(row: sqlite3.Row, now: datetime) -> _Asked:
    """Return what the store asks: a sale that is over is none, and one that has begun needs no beginning."""
    begins, ends = row["STORE_SALE_FROM_DT"], row["STORE_SALE_TO_DT"]
    if row["STORE_SALE"] is None or (ends is not None and ends <= now):
        return _Asked(row["STORE_REGULAR"])
    return _Asked(row["STORE_REGULAR"], row["STORE_SALE"], begins if begins is not None and begins > now else None, ends)


def _judged(
    row: sqlite3.Row, item_no: str | None, price: Price | None, wanted: _Asked, fault: str | None, now: datetime
) -> PriceChange:
    there = _asked_there(row, now)
    return PriceChange(
        product_id=row["PRODUCT_ID"],
        parent_id=row["PARENT_ID"],
        sku=row["SKU"],
        name=row["NAME"],
        item_no=item_no,
        store_regular=there.regular,
        store_sale=there.sale,
        store_sale_from_dt=there.sale_from,
        store_sale_to_dt=there.sale_to,
        regular=wanted.regular,
        sale=wanted.sale,
        sale_from_dt=wanted.sale_from,
        sale_to_dt=wanted.sale_to,
        sale_fault=fault,
        standing=_standing(row, price, wanted, there, now),
        told_dt=row["PRICE_TOLD_DT"],
        next_attempt_dt=row["PRICE_NEXT_ATTEMPT_DT"],
    )


def _standing(row: sqlite3.Row, price: Price | None, wanted: _Asked, there: _Asked, now: datetime) -> str:
    if price is None:
        return "unknown"
    no_price = price.regular is None or not 0 < price.regular < _TOO_MUCH
    judged = (
        (not row["IS_PRICED"], "unmanaged"),
        (not price.is_active or row["IS_OFF"], "off"),
        ((row["PACK_QTY"] or 1) != 1, "pack"),
        (no_price or (wanted.regular is not None and wanted.regular <= 0), "unpriced"),
        (wanted.regular is None, "untaxed"),
        (there == wanted, "same"),
        (row["PRICE_NEXT_ATTEMPT_DT"] is not None and row["PRICE_NEXT_ATTEMPT_DT"] > now, "waiting"),
    )
    return next((standing for holds, standing in judged if holds), "differs")


@serves(NotePriceTold)
def note_price_told(session: Session, call: NotePriceTold) -> list[ToldItems]:
    """See `sql/procedures/sp_NotePriceTold.sql`."""

    def taken(answer: dict[str, Any]) -> dict[str, Any]:
        columns = ("STORE_REGULAR", "STORE_SALE", "STORE_SALE_FROM_DT", "STORE_SALE_TO_DT")
        return dict(zip(columns, prices_in(answer), strict=True))

    return note_answers(session, call, taken, of="PRICE_")
