"""Counts and site settings on the embedded engine."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from decimal import Decimal

from syncctl.db.contract import (
    CountStates,
    ErpSetting,
    ListErpSettings,
    ListStatusMap,
    SetErpSetting,
    StateCount,
    StatusMapping,
)
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.erp import erp_of
from syncctl.db.embedded.order_content import amount_of
from syncctl.db.embedded.registry import Session, require, serves
from syncctl.errors import NotFound

_MAY_BE_EMPTY = (
    "TAX_COD", "CUST_CATEG_COD", "APPLIED_STATUS", "SLS_REP", "NORM_TAX_COD", "TAX_OVRD_REAS", "WRKGRP_ID", "TMPLT_CUST_NO",
    "TIME_ZONE", "SHIP_VIA_PROF", "SHIPPING_ITEM_ID", "CHARGE_ITEM_ID", "TAX_RATE", "STOCK_LOCATIONS",
    "WEB_HOLD_STATUSES", "WEB_SALE_LIST", "WEB_TAX_RATE",
)  # fmt: skip
_HUNDRED = Decimal(100)
_CHOICES = {"CUST_MATCH_NAME": ("Y", "N"), "CUST_CHANGES": ("ERP", "STORE")}


@serves(CountStates)
def count_states(session: Session, call: CountStates) -> list[StateCount]:
    """See `sql/procedures/sp_CountStates.sql`."""
    rows = session.all(
        """
        SELECT STATE, COUNT(*) AS ORDERS FROM dbo.USER_ORDER_STAGING
        WHERE :store IS NULL OR STORE_ID = :store
        GROUP BY STATE
        ORDER BY STATE
        """,
        {"store": call.store_id},
    )
    return [make(StateCount, row) for row in rows]


@serves(ListErpSettings)
def list_erp_settings(session: Session, _call: ListErpSettings) -> list[ErpSetting]:
    """See `sql/procedures/sp_ListErpSettings.sql`."""
    return _settings(session, session.all("SELECT * FROM dbo.USER_ERP_SETTING ORDER BY NAME"))


def _settings(session: Session, rows: Sequence[sqlite3.Row]) -> list[ErpSetting]:
    lacks = erp_of(session).setting_lacks
    return [
        ErpSetting(name, value, descr, lacks(session, name, value) if value else None)
        for name, value, descr in ((row["NAME"], row["VALUE"], row["DESCR"]) for row in rows)
    ]


@serves(SetErpSetting)
def set_erp_setting(session: Session, call: SetErpSetting) -> list[ErpSetting]:
    """See `sql/procedures/sp_SetErpSetting.sql`."""
    value = call.value or None
    require((value is not None or call.setting_name in _MAY_BE_EMPTY, f"{call.setting_name} takes a value."))
    choices = _CHOICES.get(call.setting_name, (value,))
    require((value in choices, f"{call.setting_name} takes {' or '.join(map(str, choices))}."))
    if call.setting_name == "WEB_RESERVE":
        reserve = amount_of(value)
        require((reserve is not None and reserve >= 0, "WEB_RESERVE takes a number from 0 on."))
    if call.setting_name == "WEB_TAX_RATE" and value is not None:
        rate = amount_of(value) if re.fullmatch(r"[0-9]+(\.[0-9]*)?", value) else None
        fits = rate is not None and 0 <= rate < _HUNDRED
        require((fits, "WEB_TAX_RATE takes a percentage below 100, such as 19 or 7.7, or nothing."))
    fault = erp_of(session).setting_fault(session, call.setting_name, value)
    require((fault is None, fault or ""))
    changed = session.run(
        "UPDATE dbo.USER_ERP_SETTING SET VALUE = :value WHERE NAME = :name", {"value": value, "name": call.setting_name}
    )
    if changed == 0:
        raise NotFound(f"No ERP setting is called {call.setting_name}.", code=50004)
    rows = session.all("SELECT * FROM dbo.USER_ERP_SETTING WHERE NAME = :name", {"name": call.setting_name})
    return _settings(session, rows)


@serves(ListStatusMap)
def list_status_map(session: Session, _call: ListStatusMap) -> list[StatusMapping]:
    """See `sql/procedures/sp_ListStatusMap.sql`."""
    rows = session.all("SELECT * FROM dbo.USER_STATUS_MAP ORDER BY STORE_ID, ERP_STATUS")
    return [make(StatusMapping, row) for row in rows]
