"""What a CounterPoint site says of itself in its settings: its time, its stock columns, and which settings make sense."""

from __future__ import annotations

from datetime import UTC, datetime

from syncctl.db.embedded.erp import Settings
from syncctl.db.embedded.windows_zones import windows_zone

NO_DEPOSIT_TICKET = "it takes N (no payment) or Y (on the order). A deposit ticket beside the order is not offered."

STOCK_COLUMNS = ("QTY_ON_SO", "QTY_ON_ORD", "QTY_COMMIT")
"""The columns of `IM_INV` that an order may move; the first is the documented one."""

PRICE_LISTS = ("PRC_1", "PRC_2", "PRC_3", "PRC_4", "PRC_5", "PRC_6", "REG_PRC")
"""The columns of `IM_PRC` that may be the web's prices: CounterPoint's price levels, and the list price."""

PROFILE_FIELDS = ("PROF_ALPHA_1", "PROF_ALPHA_2", "PROF_ALPHA_3", "PROF_ALPHA_4", "PROF_ALPHA_5")


def local_time(moment: datetime, settings: Settings) -> datetime:
    """Return a moment as CounterPoint's local columns have it, marked as UTC for the table. See `dbo.fn_CounterPointTime`.

    Without `TIME_ZONE` it is the time of this machine.
    """
    zone = windows_zone(settings.get("TIME_ZONE") or "")
    return moment.astimezone(zone).replace(tzinfo=UTC)


def stock_columns(settings: Settings) -> str:
    """Return the stock columns that an order moves here, as a line link names them. See `dbo.fn_CounterPointSite`."""
    wanted = settings.get("STOCK_COLUMNS") or ""
    return ",".join(column for column in STOCK_COLUMNS if column in wanted) or STOCK_COLUMNS[0]


def holding_column(settings: Settings) -> str:
    """Return the column that says what open orders hold: of several each has it, and the last one is the till's own word."""
    return stock_columns(settings).split(",")[-1]


def setting_fault(name: str, value: str | None) -> str | None:
    """See `Erp.setting_fault`."""
    if value is None:
        return None
    if name == "WRITE_PAYMENT" and value not in ("Y", "N"):
        return f"WRITE_PAYMENT {NO_DEPOSIT_TICKET.removeprefix('it ')}"
    if name == "STOCK_CHECK" and value not in ("Y", "N"):
        return "STOCK_CHECK takes Y or N."
    if name == "CUST_NO_FROM" and value not in ("SERIES", "EC_CTL", "SY_WRKGRP"):
        return "CUST_NO_FROM takes SERIES, EC_CTL or SY_WRKGRP."
    if name == "SHIP_VIA_PROF" and value not in PROFILE_FIELDS:
        return "SHIP_VIA_PROF takes PROF_ALPHA_1 to PROF_ALPHA_5, or nothing."
    if name == "STOCK_COLUMNS" and not all(part in STOCK_COLUMNS for part in value.replace(" ", "").split(",")):
        return "STOCK_COLUMNS takes QTY_ON_SO, QTY_ON_ORD, QTY_COMMIT, or several of them with commas."
    if name in ("WEB_PRICE_LIST", "WEB_SALE_LIST") and value.upper() not in PRICE_LISTS:
        return f"{name} takes PRC_1 to PRC_6 or REG_PRC, as this IM_PRC has them."
    if name == "WEB_PRICES_INCLUDE_TAX" and value not in ("Y", "N"):
        return "WEB_PRICES_INCLUDE_TAX takes Y or N."
    if name == "TIME_ZONE" and windows_zone(value) is None:
        return "TIME_ZONE takes the name that Windows has for a time zone, such as Eastern Standard Time, or nothing."
    return None
