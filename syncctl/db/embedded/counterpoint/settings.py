"""The site's settings that CounterPoint documents need: what is missing, the number series, and taking them from `EC_CTL`."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace

from syncctl.db.contract import (
    ImportedSetting,
    ImportErpSettings,
    MissingSetting,
    NumberSeries,
    SetNumberSeries,
)
from syncctl.db.embedded.counterpoint.deposit_model import model_problem
from syncctl.db.embedded.counterpoint.site import PAYMENT_TAKES, PRICE_LISTS, PROFILE_FIELDS, STOCK_COLUMNS
from syncctl.db.embedded.erp import settings_of
from syncctl.db.embedded.registry import Session, require
from syncctl.db.embedded.windows_zones import windows_zone
from syncctl.errors import BadArgument, ConfigError, NotFound

NUMBER_WIDTH = {"DOC_ID": 18, "TKT_NO": 15, "CUST_NO": 15}
"""How long the numbers of a series may be."""
_NEEDED = {"STA_ID": "STATION", "DRW_ID": "DRAWER"}
_NEEDED_SERIES = {"DOC_ID": "DIGITS", "TKT_NO": "TEXT"}
_SERIES_DESCR = "Prefix and a number of WIDTH digits"
_WANTED = {
    "STR_ID": ("STR_ID", "01"),
    "STA_ID": ("ORD_STA_ID", None),
    "DRW_ID": ("ORD_DRW_ID", None),
    "TAX_COD": ("ORD_BASE_TAX_COD", None),
    "MISC_CHRG_NO": ("ORD_MISC_CHRG_NO", "1"),
}
"""Setting → its column of EC_CTL, and what syncctl itself filled in."""
_MOST_NAMED = 10
_NOT_TOLD = ("PRC_LOC_ID", "STK_LOC_ID", "USR_ID")
_BY_HAND = ("NXT_CUST_NO", "ORD_CUST_NO", "TMPLT_CUST_NO")


def missing_settings(session: Session) -> list[MissingSetting]:
    """Return what nobody has set and no document can be written without; see `dbo.fn_MissingErpSettings`."""
    settings = settings_of(session)
    known = {row["SERIES"] for row in session.all("SELECT SERIES FROM dbo.USER_NUMBER_SERIES")}
    return [
        *(
            MissingSetting(name, f"syncctl config erp set {name} {value}")
            for name, value in _NEEDED.items()
            if not settings.get(name)
        ),
        *(
            MissingSetting(f"the number series {name}", f"syncctl config erp series {name} --prefix {value}")
            for name, value in _NEEDED_SERIES.items()
            if name not in known
        ),
        *(
            MissingSetting("DEPOSIT_MODEL", "syncctl config erp deposit-model TICKET")
            for problem in [model_problem(session) if settings.get("WRITE_PAYMENT") == "D" else None]
            if problem
        ),
    ]


def list_series(session: Session) -> list[NumberSeries]:
    """See `sql/erp/counterpoint/sp_ListNumberSeries.sql`."""
    return [_series(row) for row in session.all("SELECT * FROM dbo.USER_NUMBER_SERIES ORDER BY SERIES")]


def _series(row: sqlite3.Row) -> NumberSeries:
    return NumberSeries(row["SERIES"], row["PREFIX"], row["WIDTH"], row["NEXT_NO"], row["DESCR"])


def set_series(session: Session, call: SetNumberSeries) -> list[NumberSeries]:
    """See `sql/erp/counterpoint/sp_SetNumberSeries.sql`."""
    name = call.series
    if name not in NUMBER_WIDTH:
        raise NotFound(f"No number series is called {name}; there are DOC_ID, TKT_NO and CUST_NO.", code=50004)
    row = session.one("SELECT * FROM dbo.USER_NUMBER_SERIES WHERE SERIES = :series", {"series": name})
    descr = "Customers made from web orders" if name == "CUST_NO" else _SERIES_DESCR
    stands = NumberSeries(name, "", 9 if name == "DOC_ID" else 6, 1, descr) if row is None else _series(row)
    wanted = replace(
        stands,
        prefix=stands.prefix if call.prefix is None else call.prefix,
        width=stands.width if call.width is None else call.width,
        next_no=stands.next_no if call.next_no is None else call.next_no,
    )
    widest = NUMBER_WIDTH[name]
    digits = re.fullmatch("[1-9][0-9]*|", wanted.prefix) is not None
    longest = len(wanted.prefix) + max(wanted.width, len(str(wanted.next_no)))
    require(
        (wanted.prefix != "", "@PREFIX is required: the series has none yet."),
        (name != "DOC_ID" or digits, "@PREFIX takes digits, of which the first is not 0: a document's id is a number."),
        (1 <= wanted.width <= widest, f"@WIDTH takes 1 to {widest}."),
        (wanted.next_no >= 1, "@NEXT_NO takes 1 and above."),
        (longest <= widest, f"@PREFIX and the number behind it are at most {widest} characters long in the ERP."),
    )
    _write_series(session, wanted)
    return [wanted]


def _write_series(session: Session, series: NumberSeries) -> None:
    session.run(
        """
        INSERT INTO dbo.USER_NUMBER_SERIES (SERIES, PREFIX, WIDTH, NEXT_NO, DESCR)
        VALUES (:series, :prefix, :width, :next_no, :descr)
        ON CONFLICT (SERIES) DO UPDATE SET PREFIX = excluded.PREFIX, WIDTH = excluded.WIDTH, NEXT_NO = excluded.NEXT_NO
        """,
        {
            "series": series.series,
            "prefix": series.prefix,
            "width": series.width,
            "next_no": series.next_no,
            "descr": series.descr,
        },
    )


def import_settings(session: Session, call: ImportErpSettings) -> list[ImportedSetting]:
    """See `sql/erp/counterpoint/sp_ImportErpSettings.sql`."""
    control = _control(session, call.erp_store)
    settings = settings_of(session)
    is_used = session.one("SELECT 1 FROM dbo.USER_ORDER_LINK") is not None
    told = [
        _setting(name, control.get(column), settings[name], filled_in, column=column, force=call.force, is_used=is_used)
        for name, (column, filled_in) in _WANTED.items()
        if name in settings
    ]
    [about_station] = [row for row in told if row.name == "STA_ID"]
    station = about_station.erp_value if about_station.outcome in ("set", "same") else about_station.site_value
    known = {row["SERIES"]: _series(row) for row in session.all("SELECT * FROM dbo.USER_NUMBER_SERIES")}
    series = [
        _series_of(NumberSeries(name, prefix, width, 1, _SERIES_DESCR), known.get(name), force=call.force)
        for name, prefix, width in _prefixes(station)
    ]
    if not call.dry_run:
        for row in told:
            if row.outcome == "set":
                session.run(
                    "UPDATE dbo.USER_ERP_SETTING SET VALUE = :value WHERE NAME = :name",
                    {"name": row.name, "value": row.erp_value},
                )
        for row, wanted in series:
            if row.outcome == "set":
                stands = known.get(row.name)
                _write_series(session, wanted if stands is None else replace(wanted, next_no=stands.next_no))
    return [
        *told,
        *(row for row, _ in series),
        *(
            ImportedSetting(name, "EC_CTL", None, settings.get(name), "missing", f"syncctl config erp set {name} VALUE")
            for name in _NOT_TOLD
        ),
        *(
            ImportedSetting(column, f"EC_CTL.{column}", value, None, "by_hand", _place(column))
            for column, value in sorted(control.items())
            if value and (column in _BY_HAND or column.startswith(("ORD_PAY_COD_", "ORD_SHIP_")))
        ),
    ]


def _control(session: Session, store: str | None) -> dict[str, str | None]:
    """Return the row of EC_CTL that counts, a blank text as None."""
    controls = session.all("SELECT * FROM dbo.EC_CTL ORDER BY STR_ID, KEY_ID")
    if not controls:
        raise ConfigError(
            "This ERP says nothing of web orders (EC_CTL is missing or empty), so its settings are set by hand: `syncctl config"
            " erp set` STR_ID, STA_ID, DRW_ID, STK_LOC_ID, PRC_LOC_ID, TAX_COD and USR_ID, then `syncctl config erp series`"
            " DOC_ID and TKT_NO.",
            code=50041,
        )
    stores = ", ".join(row["STR_ID"] or "" for row in controls)
    if len(controls) > 1 and store is None:
        raise BadArgument(f"@ERP_STORE is required: EC_CTL has the stores {stores}.", code=50001)
    chosen = [row for row in controls if store in (None, row["STR_ID"])]
    if not chosen:
        raise NotFound(f"EC_CTL has no store {store}; it has {stores}.", code=50004)
    row = chosen[-1]
    return {name: None if row[name] is None else str(row[name]).strip(" ") or None for name in row.keys()}  # noqa: SIM118


def _setting(
    name: str, found: str | None, present: str | None, filled_in: str | None, *, column: str, force: bool, is_used: bool
) -> ImportedSetting:
    if found is None:
        outcome = "missing"
    elif found == present:
        outcome = "same"
    elif present is None or force or (not is_used and present == filled_in):
        outcome = "set"
    else:
        outcome = "kept"
    detail = f"syncctl config erp set {name} VALUE" if found is None else None
    return ImportedSetting(name, f"EC_CTL.{column}", found, present, outcome, detail)


def _prefixes(station: str | None) -> list[tuple[str, str, int]]:
    """Return each series of documents with its prefix and width, as a station gives them; an empty prefix where it gives none."""
    digits = re.sub("[^0-9]", "", station or "").lstrip("0")
    prefix = "" if station is None else f"{station}-"[:10] if len(station) < 10 else station[:10]
    return [("DOC_ID", digits[:9], 9), ("TKT_NO", prefix, 6 if station is None or len(station) <= 8 else 5)]


def _series_of(wanted: NumberSeries, stands: NumberSeries | None, *, force: bool) -> tuple[ImportedSetting, NumberSeries]:
    name, present = wanted.series, stands.prefix if stands else None
    if not wanted.prefix:
        row = ImportedSetting(name, "the station", None, present, "missing", f"syncctl config erp series {name} --prefix DIGITS")
        return row, wanted
    outcome = "same" if present == wanted.prefix else "set" if present is None or force else "kept"
    detail = f"what the numbers of the series begin with; {wanted.width} digits follow"
    return ImportedSetting(name, "the station", wanted.prefix, present, outcome, detail), wanted


def _place(column: str) -> str:
    """Say where something belongs that EC_CTL says and that is no site setting."""
    if column == "ORD_CUST_NO":
        return "orders of strangers go to it by syncctl config set guest_cust_no VALUE and config set unknown_customer guest"
    if column.startswith("ORD_PAY_COD_"):
        return "syncctl map pay METHOD CODE, with the store's payment method and this code"
    if column.startswith("ORD_SHIP_"):
        return "no setting: the shipping method stands in the document's note"
    if column == "NXT_CUST_NO":
        return "numbers new customers where CUST_NO_FROM is EC_CTL"
    return "new customers are made like it, unless the setting TMPLT_CUST_NO says otherwise"


def setting_lacks(session: Session, name: str, value: str) -> str | None:
    """See `Erp.setting_lacks` and `dbo.fn_ErpSettingFault`."""
    if name in ("WEB_PRICE_LIST", "WEB_SALE_LIST") and value.upper() not in PRICE_LISTS:
        return f"{name} takes PRC_1 to PRC_6 or REG_PRC, as this IM_PRC has them."
    if name in ("STOCK_LOCATIONS", "STK_LOC_ID"):
        first = "SELECT 1 FROM dbo.IM_INV WHERE LOC_ID = :loc COLLATE NOCASE"
        words = filter(None, value.replace(" ", "").split(","))
        gone = [word for word in words if not session.one(first, {"loc": word})]
        known = [row["LOC_ID"] for row in session.all("SELECT DISTINCT LOC_ID FROM dbo.IM_INV ORDER BY LOC_ID")] if gone else []
        if known:
            named = ", ".join(known[:_MOST_NAMED]) + (", …" if len(known) > _MOST_NAMED else "")
            return f"{name} names the location {min(gone)[:20]}, where the ERP keeps no stock. It does at: {named}."
    if name == "PAY_COD" and session.one("SELECT 1 FROM dbo.SY_PAY_COD WHERE PAY_COD = :code", {"code": value}) is None:
        return f"The ERP has no pay code {value} (SY_PAY_COD). Name one that it has, or add it there first."
    return None


def setting_fault(session: Session, name: str, value: str | None) -> str | None:
    """See `Erp.setting_fault`."""
    if value is None:
        return None
    if name == "WRITE_PAYMENT" and value not in ("Y", "D", "N"):
        return f"WRITE_PAYMENT {PAYMENT_TAKES}"
    if name == "WRITE_PAYMENT" and value == "D" and (problem := model_problem(session)):
        return (
            f"WRITE_PAYMENT takes D once there is a deposit ticket to write others like: {problem}. Key an order with a deposit"
            " at the till, then `syncctl config erp deposit-model TICKET`."
        )
    if name == "DEPOSIT_MODEL":
        return "DEPOSIT_MODEL is set by `syncctl config erp deposit-model TICKET`, which reads that ticket."
    if name == "STOCK_CHECK" and value not in ("Y", "N"):
        return "STOCK_CHECK takes Y or N."
    if name == "CUST_NO_FROM" and value not in ("SERIES", "EC_CTL", "SY_WRKGRP"):
        return "CUST_NO_FROM takes SERIES, EC_CTL or SY_WRKGRP."
    if name == "SHIP_VIA_PROF" and value not in PROFILE_FIELDS:
        return "SHIP_VIA_PROF takes PROF_ALPHA_1 to PROF_ALPHA_5, or nothing."
    if name == "STOCK_COLUMNS" and not all(part in STOCK_COLUMNS for part in value.replace(" ", "").split(",")):
        return "STOCK_COLUMNS takes QTY_ON_SO, QTY_ON_ORD, QTY_COMMIT, or several of them with commas."
    if name != "STK_LOC_ID" and (lacking := setting_lacks(session, name, value)):
        return lacking
    if name == "WEB_PRICES_INCLUDE_TAX" and value not in ("Y", "N"):
        return "WEB_PRICES_INCLUDE_TAX takes Y or N."
    if name == "TIME_ZONE" and windows_zone(value) is None:
        return "TIME_ZONE takes the name that Windows has for a time zone, such as Eastern Standard Time, or nothing."
    return None
