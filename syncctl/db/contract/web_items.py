"""The item port: what a store sells, what it should say of each item's stock and price, and what it was told."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from syncctl.db.contract.base import BigInt, Code, Flag, Int, Key, Line, Moment, Money, Name, Procedure, Text


@dataclass(frozen=True, slots=True)
class NotedItems:
    """How many items of a part were noted, and how many that a whole listing didn't name were forgotten."""

    noted: Int
    forgotten: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteStoreItems(Procedure[NotedItems]):
    """Note a part of what a store sells; with the last part of a listing, forget what it didn't name.

    `items` is a JSON array of PRODUCT_ID, PARENT_ID, SKU, NAME, STOCK_KEY, IS_MANAGED and IS_BACKORDER (0 or 1), STORE_QTY,
    IS_PRICED (0 or 1), REGULAR, SALE, SALE_FROM_DT and SALE_TO_DT. PRODUCT_ID with IS_KEPT 1 is one that can't be read: what is
    known of it stays, and of its variations; with the PRODUCT_ID 0 of every item, as nobody can say which it is.
    """

    name: ClassVar[str] = "sp_NoteStoreItems"
    returns: ClassVar[type] = NotedItems
    repeatable: ClassVar[bool] = True

    store_id: Name
    listing: Name
    items: Text
    is_last: Flag = False


@dataclass(frozen=True, slots=True)
class StockChange:
    """An item of a store: what the store has of it as far as is known, and what it should say, with how that is reckoned.

    `standing`: same, differs; doubted (the same, but an order of it changed at `doubted_dt`, and the store counts by itself);
    unknown (`item_no` None: the ERP has none), uncounted (the ERP keeps no stock of it), unreadable (what it says of it makes no
    sense, or comes to 10^9 and more: `wanted_qty` None), unmanaged or backorder (by the store's choice); waiting (the store
    refused it, and is asked again at `next_attempt_dt`).
    """

    product_id: BigInt
    parent_id: BigInt
    sku: Key
    name: Text | None
    stock_key: Name | None
    store_qty: Money | None
    item_no: Code | None
    wanted_qty: Money | None
    on_hand: Money | None
    held: Money | None
    staged: Money
    reserve_qty: Money
    pack_qty: Money
    standing: Code
    doubted_dt: Moment | None
    told_dt: Moment | None
    next_attempt_dt: Moment | None
    error_message: Line | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStockChanges(Procedure[StockChange]):
    """A store's items by SKU; with `skus` (a JSON array) those alone."""

    name: ClassVar[str] = "sp_ListStockChanges"
    returns: ClassVar[type] = StockChange
    repeatable: ClassVar[bool] = True

    store_id: Name
    skus: Text | None = None


@dataclass(frozen=True, slots=True)
class StoreItemCount:
    """How many items of a store are known, of how many it keeps stock, and of how many it was told; the same of prices."""

    items: Int
    managed: Int
    told: Int
    listed_dt: Moment | None
    listings: Int
    priced: Int
    prices_told: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountStoreItems(Procedure[StoreItemCount]):
    """Count a store's items. `listed_dt` is the oldest of their `listings`: one, unless the last didn't come to its end."""

    name: ClassVar[str] = "sp_CountStoreItems"
    returns: ClassVar[type] = StoreItemCount
    repeatable: ClassVar[bool] = True

    store_id: Name


@dataclass(frozen=True, slots=True)
class ToldItems:
    """How many items the store took, and how many it refused."""

    took: Int
    refused: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteStockTold(Procedure[ToldItems]):
    """Note what a store was told: a JSON array of PRODUCT_ID with QTY for what it took, with ERROR for what it refused.

    DOUBTED is the item's `doubted_dt` as it was when that was reckoned: a later doubt stays. With IS_LEFT 1 the store isn't told
    of it any more: when it was told last, and what it refused, is forgotten.
    """

    name: ClassVar[str] = "sp_NoteStockTold"
    returns: ClassVar[type] = ToldItems
    repeatable: ClassVar[bool] = True

    store_id: Name
    told: Text


@dataclass(frozen=True, slots=True)
class PriceChange:
    """An item of a store: what the store asks for it as far as is known, and what it should.

    `standing`: same, differs; unknown (the ERP has no such item), unmanaged (the store keeps no price of it), off (switched off),
    pack (several make one of the store's), unpriced (the ERP has no price above 0), untaxed (the store's prices need a rate of
    tax that nobody knows), waiting (the store refused it, and is asked again at `next_attempt_dt`). `sale_fault` says why a sale
    of the ERP's is left out: not lower, ends first, zero.
    """

    product_id: BigInt
    parent_id: BigInt
    sku: Key
    name: Text | None
    item_no: Code | None
    store_regular: Money | None
    store_sale: Money | None
    store_sale_from_dt: Moment | None
    store_sale_to_dt: Moment | None
    regular: Money | None
    sale: Money | None
    sale_from_dt: Moment | None
    sale_to_dt: Moment | None
    sale_fault: Code | None
    standing: Code
    told_dt: Moment | None
    next_attempt_dt: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPriceChanges(Procedure[PriceChange]):
    """A store's items by SKU with their prices; with `skus` (a JSON array) those alone.

    `includes_tax`: whether the store's prices do, None where it reckons no tax. `decimals` are those of its currency.
    """

    name: ClassVar[str] = "sp_ListPriceChanges"
    returns: ClassVar[type] = PriceChange
    repeatable: ClassVar[bool] = True

    store_id: Name
    skus: Text | None = None
    includes_tax: Flag | None = None
    decimals: Int = 2
    has_sale_dates: Flag = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePriceTold(Procedure[ToldItems]):
    """Note what a store was told of prices.

    `told` is a JSON array of PRODUCT_ID with REGULAR, SALE, SALE_FROM_DT and SALE_TO_DT for what it took, with ERROR for what it
    refused; with IS_LEFT 1 as for `NoteStockTold`.
    """

    name: ClassVar[str] = "sp_NotePriceTold"
    returns: ClassVar[type] = ToldItems
    repeatable: ClassVar[bool] = True

    store_id: Name
    told: Text


@dataclass(frozen=True, slots=True)
class WebItem:
    """What a site says of one SKU. `store_id` is * for every store; `reserve_qty` None: the site's own."""

    store_id: Name
    sku: Key
    pack_qty: Money
    reserve_qty: Money | None
    is_off: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWebItem(Procedure[WebItem]):
    """Say how many of an item make one of the store's, how many stay back, and whether it is never offered; or take that back."""

    name: ClassVar[str] = "sp_SetWebItem"
    returns: ClassVar[type] = WebItem
    repeatable: ClassVar[bool] = True
    by_operator: ClassVar[bool] = True

    store_id: Name
    sku: Key
    pack_qty: Money = Decimal(1)
    reserve_qty: Money | None = None
    is_off: Flag = False
    is_removed: Flag = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWebItems(Procedure[WebItem]):
    """What the site says of single SKUs, by SKU."""

    name: ClassVar[str] = "sp_ListWebItems"
    returns: ClassVar[type] = WebItem
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class ErpItem:
    """An item that the ERP sells, by its number on our side."""

    item_no: Code
    descr: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListErpItems(Procedure[ErpItem]):
    """The items that the ERP sells, by number; those that are switched off there are left out."""

    name: ClassVar[str] = "sp_ListErpItems"
    returns: ClassVar[type] = ErpItem
    repeatable: ClassVar[bool] = True
