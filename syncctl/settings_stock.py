"""The settings of stock and prices to the store: a part of `settings.Settings`, which has them all."""

# ruff: noqa: RUF009  (setting calls dataclasses.field)

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from syncctl.setting_kinds import FLAG, decimal, integer, setting

_GROUP = "Stock"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockSettings:
    """See `settings.Settings`."""

    stock_push: bool = setting(
        _GROUP, FLAG, False, "Whether `stock push` tells the store how many of each item the ERP has for it. off: it only shows."
    )
    stock_zero_share: Decimal = setting(
        _GROUP,
        decimal("0", "1", " (a fraction: 0.2 is 20 %)"),
        Decimal("0.2"),
        "A push that would set more than this share of the items to 0 stops and asks a person: a broken view must not empty a "
        "shop.",
    )
    stock_change_share: Decimal = setting(
        _GROUP,
        decimal("0", "1", " (a fraction: 0.5 is 50 %)"),
        Decimal("0.5"),
        "The same for a push that would change more than this share of the items.",
    )
    stock_list_hours: int = setting(
        _GROUP,
        integer(1, 720),
        24,
        "After so many hours `stock push` and `price push` read anew what the store sells; `stock diff` always does.",
    )
    price_push: bool = setting(
        _GROUP, FLAG, False, "Whether `price push` tells the store what the ERP asks for its items. off: it only shows."
    )
    price_change_limit: Decimal = setting(
        _GROUP,
        decimal("0", "10", " (a fraction: 0.34 is 34 %)"),
        Decimal("0.34"),
        "A price that would change by more than this share of itself waits for a person, while the others are told.",
    )
    price_change_share: Decimal = setting(
        _GROUP,
        decimal("0", "1", " (a fraction: 0.5 is 50 %)"),
        Decimal("0.5"),
        "A `price push` that would change more than this share of the prices tells nothing and asks a person, and so does one "
        "where more than this share of the changes have to wait for one, or of the prices are gone from the ERP.",
    )
