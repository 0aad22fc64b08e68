"""How long the texts of an order may be that are staged, in UTF-16 units.

What the ERP takes is staged whole: the database cuts it, where the ERP's own column ends there, and keeps the rest in a note.
"""

from __future__ import annotations

WHOLE = 1000
"""No name and no line of an address is longer."""

LIMITS: dict[str, int] = {
    "WOO_ORDER_NO": 50,
    "ORDER_KEY": 100,
    "ORD_STATUS": 20,
    "CURRENCY": 3,
    "CUST_EMAIL": 100,
    "PMT_METH": 50,
    "PMT_TITLE": 100,
    "TRANSACTION_ID": 100,
    "SHIP_VIA": 100,
    **dict.fromkeys(("FST_NAM", "LST_NAM", "NAM", "COMPANY", "ADRS_1", "ADRS_2", "ADRS_3"), WHOLE),
    **dict.fromkeys(("CITY", "STATE", "ZIP_COD", "CNTRY", "PHONE", "EMAIL"), WHOLE),
    "DESCR": WHOLE,
    "CHARGE_DESCR": WHOLE,
    "RATE_COD": 100,
    "COUPON": 50,
    "CUSTOMER_NOTE": 4000,
    "STATUS_REASON": 500,
    "ERROR_CODE": 50,
}
"""Column → the longest text it takes. A SKU is never cut: what is left might be another item's."""

STAGING_LIMITS = {
    "SHIP_NAM": 40,
    "SHIP_ADRS_1": 40,
    "SHIP_ADRS_2": 40,
    "SHIP_CITY": 20,
    "SHIP_STATE": 3,
    "SHIP_ZIP_COD": 15,
    "SHIP_CNTRY": 3,
    "SHIP_PHONE": 25,
}
"""Columns of `USER_ORDER_STAGING` for people to look at. The ERP gets its text from ORDER_JSON, not from these."""
