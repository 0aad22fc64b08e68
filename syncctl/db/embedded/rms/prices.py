"""What an item of RMS costs on the web: its price, and that of a sale between its dates."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from decimal import Decimal

from syncctl.db.embedded.erp import Price, Settings
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.rms.items import known_item
from syncctl.db.embedded.rms.site import PRICE_LISTS
from syncctl.db.embedded.windows_zones import windows_zone

_TOO_MUCH = Decimal(10_000_000_000)
_NO_END = 9000
"""From this year on a date is none."""
_KNOWN_YEARS = range(1971, 3000)
"""Those of which every machine knows its own time; of the others a few hours tell nothing."""
_LAST_SECOND = timedelta(seconds=86399)


def price(session: Session, settings: Settings, item_no: str) -> Price | None:
    """See `Erp.price` and `dbo.fn_ErpPrice`."""
    item = known_item(session, item_no)
    if item is None:
        return None
    rate = settings.get("TAX_RATE")
    column = PRICE_LISTS.get((settings.get("WEB_PRICE_LIST") or "Price").casefold())
    regular: Decimal | None = item[column] if column else None
    begins, ends = (_date(item[column]) for column in ("SaleStartDate", "SaleEndDate"))
    if ends is not None and ends.time() == time():
        ends += _LAST_SECOND
    sale: Decimal | None = item["SalePrice"]
    is_sale = sale is not None and 0 < sale < _TOO_MUCH and (begins or ends) is not None
    zone = windows_zone(settings.get("TIME_ZONE") or "")
    return Price(
        regular if regular is not None and regular < _TOO_MUCH else None,
        sale if is_sale else None,
        _utc(begins, zone),
        _utc(ends, zone),
        tax_rate=Decimal(0) if not item["Taxable"] else Decimal(rate) if rate else None,
        includes_tax=settings.get("PRICES_INCLUDE_TAX") != "N",
        is_active=not item["Inactive"],
    )


def _date(held: datetime | None) -> datetime | None:
    """Read a date of RMS's, which is in the store's own time though the table marks it as UTC."""
    return None if held is None or held.year >= _NO_END else held.replace(tzinfo=None)


def _utc(local: datetime | None, zone: tzinfo | None) -> datetime | None:
    """Return a moment in a time zone, or in this machine's, as UTC; see `dbo.fn_DynamicsUtc`.

    Of an hour that summer time has twice it is the second; one that it leaves out counts from before it.
    """
    if local is None:
        return None
    if zone is None and local.year not in _KNOWN_YEARS:
        return local.replace(tzinfo=UTC, microsecond=0)
    return max(local.replace(fold=fold, tzinfo=zone).astimezone(UTC) for fold in (0, 1)).replace(microsecond=0)
