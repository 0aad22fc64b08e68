"""What an RMS site says of itself in its settings, and which settings make sense."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from syncctl.db.embedded.erp import settings_of
from syncctl.db.embedded.records import cut
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.windows_zones import windows_zone
from syncctl.text_width import shorten

COMMITTED = "QuantityCommitted"
"""What a line link says in STOCK_COLUMNS of an entry that holds stock."""
NOT_COMMITTED = "none"
WORK_ORDER = 2
PRICE_LISTS = {"price": "Price", "pricea": "PriceA", "priceb": "PriceB", "pricec": "PriceC"}
"""The columns of `Item` that may be the web's prices; capitals don't count."""
_NUMBERS = ("STORE_ID", "SALES_REP_ID", "CASHIER_ID", "SHIPPING_SERVICE_ID", "CHANNEL_TYPE", "SHIPPING_ITEM_ID", "CHARGE_ITEM_ID")
_CHOICES = {
    "ORDER_TYPE": ("2", "3"),
    "PRICES_INCLUDE_TAX": ("Y", "N"),
    "REFERENCE_FROM": ("SOURCE", "STORE"),
    "FORMER_ORDERS": ("Y", "N"),
    "STOCK_CHECK": ("Y", "N"),
}


@dataclass(frozen=True, slots=True)
class Site:
    """The site settings as the document procedures read them; see `dbo.fn_DynamicsConfig`."""

    store_id: int | None
    order_type: int
    prices_include_tax: bool
    tax_rate: Decimal | None
    shipping_item_id: int | None
    charge_item_id: int | None
    order_comment: str
    reference_from: str
    takes_over: bool
    sales_rep_id: int
    cashier_id: int
    shipping_service_id: int
    channel_type: int
    due_days: int
    time_zone: str | None
    checks_stock: bool

    def local_time(self, moment: datetime) -> datetime:
        """Return a moment as RMS has it, in the store's own time and marked as UTC for the table; see `dbo.fn_DynamicsTime`."""
        return moment.astimezone(windows_zone(self.time_zone or "")).replace(tzinfo=UTC)

    def reference(self, staged: sqlite3.Row) -> str:
        """Return what ReferenceNumber holds of an order: exact, and never another order's."""
        return f"{self.prefix(staged)}-{staged['WOO_ORDER_ID']}"

    def prefix(self, staged: sqlite3.Row) -> str:
        """Return what the references of this order's store begin with."""
        if self.reference_from == "STORE":
            return str(staged["STORE_ID"]).upper()[:29]
        return "SHOPIFY" if _is_shopify(staged) else "WOOCOMMERCE"

    def comment(self, staged: sqlite3.Row) -> str:
        """Return an order's comment."""
        store = "Shopify" if _is_shopify(staged) else "WooCommerce"
        number = (staged["WOO_ORDER_NO"] or "").removeprefix("#")
        return cut(self.order_comment.replace("{store}", store).replace("{number}", number), 255)


def site_of(session: Session) -> Site:
    """Read the site settings."""
    settings = settings_of(session)

    def number(name: str) -> int | None:
        value = settings.get(name) or ""
        return int(value) if value.isdecimal() else None

    rate = settings.get("TAX_RATE")
    return Site(
        store_id=number("STORE_ID"),
        order_type=number("ORDER_TYPE") or WORK_ORDER,
        prices_include_tax=settings.get("PRICES_INCLUDE_TAX") != "N",
        tax_rate=Decimal(rate) if rate else None,
        shipping_item_id=number("SHIPPING_ITEM_ID"),
        charge_item_id=number("CHARGE_ITEM_ID"),
        order_comment=settings.get("ORDER_COMMENT") or "",
        reference_from=settings.get("REFERENCE_FROM") or "SOURCE",
        takes_over=settings.get("FORMER_ORDERS") != "N",
        sales_rep_id=number("SALES_REP_ID") or 0,
        cashier_id=number("CASHIER_ID") or 0,
        shipping_service_id=number("SHIPPING_SERVICE_ID") or 0,
        channel_type=number("CHANNEL_TYPE") or 0,
        due_days=number("DUE_DAYS") or 0,
        time_zone=settings.get("TIME_ZONE"),
        checks_stock=settings.get("STOCK_CHECK") == "Y",
    )


def setting_lacks(session: Session, name: str, value: str) -> str | None:
    """See `Erp.setting_lacks` and `dbo.fn_ErpSettingFault`."""
    if name == "WEB_PRICE_LIST" and value.casefold() not in PRICE_LISTS:
        return "WEB_PRICE_LIST takes Price, PriceA, PriceB or PriceC, as this Item has them."
    if name in ("SHIPPING_ITEM_ID", "CHARGE_ITEM_ID"):
        number = int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None
        if session.one("SELECT 1 FROM dbo.Item WHERE ID = :id", {"id": number}) is None:
            return f"{name} names the item {value}, and no item has that ID (Item.ID)."
    return None


def setting_fault(session: Session, name: str, value: str | None) -> str | None:
    """See `Erp.setting_fault`."""
    if value is None:
        return None
    if name in _CHOICES and value not in _CHOICES[name]:
        return f"{name} takes {' or '.join(_CHOICES[name])}."
    if name in _NUMBERS and not re.fullmatch(r"[0-9]{1,9}", value):
        return f"{name} takes a number of at most 9 digits: the ID that RMS has for it."
    if name == "DUE_DAYS" and not re.fullmatch(r"[0-9]{1,3}", value):
        return "DUE_DAYS takes 0 to 999."
    if name == "TAX_RATE" and not re.fullmatch(r"0\.[0-9]{1,6}", value):
        return "TAX_RATE takes a rate below 1 with a point, such as 0.13, or nothing."
    if name == "ORDER_COMMENT" and "{number}" not in value:
        return "ORDER_COMMENT takes a text with {number} in it, by which orders are told apart."
    if lacking := setting_lacks(session, name, value):
        return lacking
    if name == "TIME_ZONE" and windows_zone(value) is None:
        return "TIME_ZONE takes the name that Windows has for a time zone, such as Eastern Standard Time, or nothing."
    return None


def quantity_of(value: float) -> Decimal:
    """Read a float column to the four decimals that quantities have: what two floats differ by behind them is no difference."""
    return Decimal(repr(float(value))).quantize(Decimal("0.0001"))


def held_address(address: Mapping[str, str]) -> dict[str, str]:
    """Return an address's parts as the columns of Customer and ShipTo hold them; see `dbo.fn_ErpAddress`."""
    whole = {**address, "ADRS_2": second_line(address)}
    return {part: shorten(whole.get(part, ""), width) for part, width in WIDTHS.items()}


def second_line(address: Mapping[str, str]) -> str:
    """Return what stands in Address2: RMS has two lines, the store up to three."""
    return ", ".join(address[part] for part in ("ADRS_2", "ADRS_3") if address.get(part))


WIDTHS = {
    "FST_NAM": 30, "LST_NAM": 50, "NAM": 50, "COMPANY": 50, "ADRS_1": 50, "ADRS_2": 50, "CITY": 50, "STATE": 20, "ZIP_COD": 20,
    "CNTRY": 20, "PHONE": 30,
}  # fmt: skip
"""How many letters the columns take."""


def _is_shopify(staged: sqlite3.Row) -> bool:
    return str(staged["SOURCE_SYSTEM"] or "").lower() == "shopify"
