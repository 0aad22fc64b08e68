"""The site's settings that orders in RMS need: what is missing, the number series, and taking the store from `Configuration`."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

from syncctl.db.contract import (
    ImportedSetting,
    ImportErpSettings,
    MissingSetting,
    NumberSeries,
    SetNumberSeries,
)
from syncctl.db.embedded.erp import settings_of
from syncctl.db.embedded.registry import Session, require
from syncctl.db.embedded.rms.customer import NUMBER_WIDTH
from syncctl.errors import BadArgument, ConfigError, NotFound

if TYPE_CHECKING:
    from syncctl.db.contract import ModelCell, RecordDeposit, RecordedDeposit, SetDepositModel

_NO_TICKETS = "RMS has no deposit tickets: an order there has its deposit in its own row."
_BY_HAND = (
    ("PRICES_INCLUDE_TAX", "syncctl config erp set PRICES_INCLUDE_TAX Y or N: RMS's prices with tax, or without"),
    ("SHIPPING_ITEM_ID", "syncctl config erp set SHIPPING_ITEM_ID VALUE: Item.ID of the item for shipping"),
    ("CHARGE_ITEM_ID", "syncctl config erp set CHARGE_ITEM_ID VALUE: Item.ID of the item for fees"),
)


def missing_settings(session: Session) -> list[MissingSetting]:
    """Return what nobody has set and no order can be written without."""
    settings = settings_of(session)
    return [] if settings.get("STORE_ID") else [MissingSetting("STORE_ID", "syncctl config erp set STORE_ID NUMBER")]


def list_series(session: Session) -> list[NumberSeries]:
    """See `sql/erp/rms/sp_ListNumberSeries.sql`."""
    return [_series(row) for row in session.all("SELECT * FROM dbo.USER_NUMBER_SERIES ORDER BY SERIES")]


def _series(row: sqlite3.Row) -> NumberSeries:
    return NumberSeries(row["SERIES"], row["PREFIX"], row["WIDTH"], row["NEXT_NO"], row["DESCR"])


def set_series(session: Session, call: SetNumberSeries) -> list[NumberSeries]:
    """See `sql/erp/rms/sp_SetNumberSeries.sql`. RMS numbers its orders by itself."""
    if call.series != "CUST_NO":
        raise NotFound(f"No number series is called {call.series}; there is CUST_NO.", code=50004)
    row = session.one("SELECT * FROM dbo.USER_NUMBER_SERIES WHERE SERIES = 'CUST_NO'")
    stands = NumberSeries("CUST_NO", "", 8, 1, "Customers made from web orders") if row is None else _series(row)
    wanted = replace(
        stands,
        prefix=stands.prefix if call.prefix is None else call.prefix,
        width=stands.width if call.width is None else call.width,
        next_no=stands.next_no if call.next_no is None else call.next_no,
    )
    longest = len(wanted.prefix) + max(wanted.width, len(str(wanted.next_no)))
    require(
        (wanted.prefix != "", "@PREFIX is required: the series has none yet."),
        (1 <= wanted.width <= NUMBER_WIDTH, f"@WIDTH takes 1 to {NUMBER_WIDTH}."),
        (wanted.next_no >= 1, "@NEXT_NO takes 1 and above."),
        (longest <= NUMBER_WIDTH, f"@PREFIX and the number behind it are at most {NUMBER_WIDTH} characters long in the ERP."),
    )
    session.run(
        """
        INSERT INTO dbo.USER_NUMBER_SERIES (SERIES, PREFIX, WIDTH, NEXT_NO, DESCR)
        VALUES ('CUST_NO', :prefix, :width, :next_no, :descr)
        ON CONFLICT (SERIES) DO UPDATE SET PREFIX = excluded.PREFIX, WIDTH = excluded.WIDTH, NEXT_NO = excluded.NEXT_NO
        """,
        {"prefix": wanted.prefix, "width": wanted.width, "next_no": wanted.next_no, "descr": wanted.descr},
    )
    return [wanted]


def import_settings(session: Session, call: ImportErpSettings) -> list[ImportedSetting]:
    """See `sql/erp/rms/sp_ImportErpSettings.sql`."""
    rows = session.all("SELECT StoreID FROM dbo.Configuration ORDER BY StoreID")
    if not rows:
        raise ConfigError(
            "Configuration has no row, so the store is set by hand: `syncctl config erp set STORE_ID NUMBER`.", code=50041
        )
    numbers = [str(row["StoreID"]) for row in rows]
    if len(numbers) > 1 and call.erp_store is None:
        raise BadArgument(f"@ERP_STORE is required: Configuration has the stores {', '.join(numbers)}.", code=50001)
    if call.erp_store is not None and call.erp_store not in numbers:
        raise NotFound(f"Configuration has no store {call.erp_store}; it has {', '.join(numbers)}.", code=50004)
    found, settings = call.erp_store or numbers[0], settings_of(session)
    present = settings.get("STORE_ID")
    outcome = "same" if found == present else "set" if present is None or call.force else "kept"
    if outcome == "set" and not call.dry_run:
        session.run("UPDATE dbo.USER_ERP_SETTING SET VALUE = :value WHERE NAME = 'STORE_ID'", {"value": found})
    return [
        ImportedSetting("STORE_ID", "Configuration.StoreID", found, present, outcome, None),
        *(ImportedSetting(name, "Configuration", None, settings.get(name), "missing", detail) for name, detail in _BY_HAND),
    ]


def set_deposit_model(_session: Session, _call: SetDepositModel) -> list[ModelCell]:
    """See `Erp.set_deposit_model`."""
    raise ConfigError(_NO_TICKETS, code=50041)


def record_deposit(_session: Session, _call: RecordDeposit) -> list[RecordedDeposit]:
    """See `Erp.record_deposit`."""
    raise ConfigError(_NO_TICKETS, code=50041)
