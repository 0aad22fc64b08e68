"""A store's SKUs beside the ERP's items, and what a person says of them in a table: all checked before any is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from syncctl.db.contract import (
    Database,
    ErpItem,
    ListErpItems,
    ListStockChanges,
    ListWebItems,
    SetItemMap,
    SetWebItem,
    StockChange,
    WebItem,
)
from syncctl.errors import MappingError, UsageError
from syncctl.services.item_table import SaidItem

EVERY_STORE = "*"
Standing = Literal["matched", "store_only", "erp_only", "doubled"]
_MOST_SAID = 10
"""Faults of a table that are named in one message."""
_ITEM_NO_WIDTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """A product of the store, an item of the ERP, or both where one is the other."""

    standing: Standing
    """`doubled`: the store has more than one product of the SKU or of the item, so that its stock is offered more than once."""
    sku: str = ""
    name: str = ""
    product_id: int | None = None
    item_no: str = ""
    description: str = ""
    pack_qty: Decimal = Decimal(1)
    reserve_qty: Decimal | None = None
    is_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a table changes."""

    items: tuple[SetItemMap, ...]
    web_items: tuple[SetWebItem, ...]
    not_sold: tuple[str, ...]
    """SKUs of the table that the store doesn't sell: left out."""


def compare(database: Database, store_id: str) -> list[ItemRow]:
    """Put what the store sells, as it was listed last, beside what the ERP sells: by SKU, and then what only the ERP has."""
    products = database.run(ListStockChanges(store_id=store_id))
    items = {item.item_no.casefold(): item for item in database.run(ListErpItems())}
    said = Said(database.run(ListWebItems()), store_id)
    found = [*_sold(products, items, said)]
    matched = {row.item_no.casefold() for row in found if row.item_no}
    return [
        *found,
        *(
            ItemRow(standing="erp_only", item_no=item.item_no, description=item.descr or "")
            for key, item in items.items()
            if key not in matched
        ),
    ]


def plan(database: Database, store_id: str, table: Sequence[SaidItem]) -> Plan:
    """Return what a table says otherwise than it is; nothing is written.

    Raises:
        UsageError: it names an item that the ERP doesn't have.
    """
    sold = {change.sku.casefold(): change for change in database.run(ListStockChanges(store_id=store_id)) if change.sku}
    said = Said(database.run(ListWebItems()), store_id)
    items: list[SetItemMap] = []
    web_items: list[SetWebItem] = []
    faults: list[str] = []
    for row in table:
        product = sold.get(row.sku.casefold())
        if product is None:
            continue
        if row.item_no and row.item_no.casefold() != (product.item_no or "").casefold():
            try:
                items.append(_checked(database, store_id, product.sku, row.item_no))
            except MappingError:
                faults.append(f"line {row.line}: the ERP has no item {row.item_no}")
        before = said.of(product.sku)
        after = row.over(before)
        if (after.pack_qty, after.reserve_qty, after.is_off) != (before.pack_qty, before.reserve_qty, before.is_off):
            web_items.append(
                SetWebItem(
                    store_id=store_id,
                    sku=product.sku,
                    pack_qty=after.pack_qty,
                    reserve_qty=after.reserve_qty,
                    is_off=after.is_off,
                )
            )
    if faults:
        raise UsageError(f"{in_one(faults)}. Nothing was written.")
    not_sold = tuple(row.sku for row in table if row.sku.casefold() not in sold)
    return Plan(items=tuple(items), web_items=tuple(web_items), not_sold=not_sold)


def carry_out(database: Database, planned: Plan) -> None:
    """Write what a table changes. Done again it changes nothing, so that one that broke off is imported once more."""
    for mapped in planned.items:
        database.run(mapped)
    for said in planned.web_items:
        database.run(said)


def in_one(faults: Sequence[str]) -> str:
    """Write a table's faults into one message."""
    more = len(faults) - _MOST_SAID
    return "; ".join(faults[:_MOST_SAID]) + (f"; and {more:,} more" if more > 0 else "")


class Said:
    """What a site says of single SKUs: a store's own row goes before the one for every store."""

    def __init__(self, rows: Sequence[WebItem], store_id: str) -> None:
        self._store_id = store_id
        self._rows = {(row.store_id, row.sku.casefold()): row for row in rows}

    def of(self, sku: str) -> WebItem:
        """Return what counts for a SKU, which is that nothing was said where nothing was."""
        key = sku.casefold()
        nothing = WebItem(self._store_id, sku, Decimal(1), None, False)
        return self._rows.get((self._store_id, key)) or self._rows.get((EVERY_STORE, key)) or nothing


def _sold(products: Sequence[StockChange], items: Mapping[str, ErpItem], said: Said) -> Iterator[ItemRow]:
    skus = Counter(change.sku.casefold() for change in products if change.sku)
    numbers = Counter(change.item_no.casefold() for change in products if change.item_no)
    for change in products:
        own = said.of(change.sku)
        twice = skus[change.sku.casefold()] > 1 or (change.item_no is not None and numbers[change.item_no.casefold()] > 1)
        item = items.get(change.item_no.casefold()) if change.item_no else None
        yield ItemRow(
            standing="doubled" if twice else "matched" if change.item_no else "store_only",
            sku=change.sku,
            name=change.name or "",
            product_id=change.product_id,
            item_no=change.item_no or "",
            description=(item.descr or "") if item else "",
            pack_qty=own.pack_qty,
            reserve_qty=own.reserve_qty,
            is_off=own.is_off,
        )


def _checked(database: Database, store_id: str, sku: str, item_no: str) -> SetItemMap:
    """Return what maps a SKU, once the ERP has shown that it has the item.

    Raises:
        MappingError: it hasn't.
    """
    if len(item_no) > _ITEM_NO_WIDTH:
        raise MappingError(f"The ERP has no item {item_no}.")
    database.run(SetItemMap(store_id=store_id, sku=sku, item_no=item_no, dry_run=True))
    return SetItemMap(store_id=store_id, sku=sku, item_no=item_no)
