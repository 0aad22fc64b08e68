"""What a CounterPoint site says of itself in its settings: its time, its stock columns, and which settings make sense."""

from __future__ import annotations

from datetime import UTC, datetime

from syncctl.db.embedded.erp import Settings
from syncctl.db.embedded.windows_zones import windows_zone

PAYMENT_TAKES = "takes N (no payment), Y (on the order) or D (a deposit ticket beside the order)."

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
