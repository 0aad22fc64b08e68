"""What WooCommerce asks for its items, and what it is told to ask; and how it keeps prices.

A date of a sale is taken away by an empty text: null leaves it as it is (woocommerce/woocommerce#25350). When a sale begins,
WooCommerce forgets that date, and when it ends, the sale (`wc_scheduled_sales`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from syncctl.errors import StoreRefused
from syncctl.stores.base import Asked, PriceRules, PriceWrite
from syncctl.stores.values import amount_if_any, moment, shown, text, whole
from syncctl.stores.woocommerce_http import Client
from syncctl.stores.woocommerce_items import put_items

_WITHOUT_PRICE = frozenset({"grouped", "variable", "variable-subscription"})
"""Kinds of products whose parts have prices, and they have none."""
_MOST_DECIMALS = 4


def asked_of(raw: Mapping[str, Any]) -> Asked | None:
    """Read what the store asks for a product; None for one that has no price of its own."""
    if text(raw.get("type")) in _WITHOUT_PRICE:
        return None
    sale = amount_if_any(raw, "sale_price")
    dates = (None, None) if sale is None else (moment(raw.get("date_on_sale_from_gmt")), moment(raw.get("date_on_sale_to_gmt")))
    return Asked(regular=amount_if_any(raw, "regular_price"), sale=sale, sale_from=dates[0], sale_to=dates[1])


def price_rules(client: Client) -> PriceRules:
    """See `base.Store.price_rules`. Where taxes are switched off, what the store asks is what is paid."""
    general = _settings(client, "general")
    decimals = whole(general.get("woocommerce_price_num_decimals", "2"))
    includes = None
    if general.get("woocommerce_calc_taxes") == "yes":
        said = _settings(client, "tax").get("woocommerce_prices_include_tax")
        if said not in ("yes", "no"):
            raise StoreRefused(
                f"{client.base}: the store doesn't say whether its prices include tax (woocommerce_prices_include_tax is "
                f"{shown(said)}).",
                code="settings",
            )
        includes = said == "yes"
    return PriceRules(
        includes_tax=includes,
        decimals=2 if decimals is None else min(max(decimals, 0), _MOST_DECIMALS),
        currency=text(general.get("woocommerce_currency")),
        sale_dates=True,
    )


def put_prices(client: Client, writes: Sequence[PriceWrite]) -> dict[int, str | None]:
    """See `base.Store.put_prices`."""
    return put_items(client, writes, _fields, _against)


def _settings(client: Client, group: str) -> dict[str, Any]:
    """Read a group of the store's settings by id."""
    path = f"/settings/{group}"
    rows = client.get(path).data
    found = {text(row.get("id")): row.get("value") for row in rows if isinstance(row, dict)} if isinstance(rows, list) else {}
    if not found:
        raise StoreRefused(
            f"{client.base}: {path} shows no settings, so that nobody can tell how the store keeps its prices. The key of "
            "SYNCCTL_WOO_CONSUMER_KEY must belong to an administrator or a shop manager.",
            code="settings",
        )
    return found


def _fields(write: PriceWrite) -> dict[str, str]:
    asked = write.asked
    return {
        "regular_price": _written(asked.regular),
        "sale_price": _written(asked.sale),
        "date_on_sale_from_gmt": _date(asked.sale_from),
        "date_on_sale_to_gmt": _date(asked.sale_to),
    }


def _against(write: PriceWrite, row: Mapping[str, Any]) -> str | None:
    now = asked_of(row)
    return None if now == write.asked else f"it asks {now or 'no price'} now, and not {write.asked}"


def _written(amount: Decimal | None) -> str:
    return "" if amount is None else format(amount, "f")


def _date(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
