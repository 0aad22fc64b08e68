"""The settings of a Shopify store, and which kind of store is polled: a part of `settings.Settings`, which has them all."""

# ruff: noqa: RUF009  (setting calls dataclasses.field)

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from syncctl.secret import Secret
from syncctl.setting_kinds import FLAG, SECRET, choice, setting, text, words
from syncctl.settings_alerts import AlertSettings

_GROUP = "Shopify"
_DOMAIN = r"(https?://)?[A-Za-z0-9.-]+(:[0-9]{1,5})?/?"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopifySettings(AlertSettings):
    """See `settings.Settings`."""

    source: Literal["woocommerce", "shopify"] = setting(
        _GROUP,
        choice("woocommerce", "shopify"),
        "woocommerce",
        "The kind of store that is polled and told. With shopify, SYNCCTL_STORE_ID is shopify where it isn't set.",
    )
    shopify_url: str | None = setting(
        _GROUP,
        text("the store's domain, such as your-shop.myshopify.com", pattern=_DOMAIN),
        None,
        "The Shopify store's own domain (….myshopify.com).",
    )
    shopify_token: Secret | None = setting(
        _GROUP,
        SECRET,
        None,
        "The Admin API access token (shpat_…) of an app with the scopes read_orders, write_orders, read_customers and, for "
        "orders older than 60 days, read_all_orders; read_products for `db seed`. For `stock push` read_products, "
        "read_inventory, write_inventory and read_locations, for `price push` read_products and write_products.",
    )
    shopify_webhook_secret: Secret | None = setting(
        _GROUP, SECRET, None, "The app's client secret, with which Shopify signs webhooks (`stage --payload`)."
    )
    shopify_api_version: str = setting(
        _GROUP,
        text("a version such as 2026-10, from 2026-04 on", pattern=r"20(2[6-9]|[3-9][0-9])-(01|04|07|10)"),
        "2026-10",
        "The version of the Admin API. Shopify supports each for a year; `health` warns before it ends.",
    )
    allowed_order_financial_statuses: tuple[str, ...] = setting(
        _GROUP,
        words("financial statuses between commas, such as PAID,PARTIALLY_PAID"),
        ("paid", "partially_paid", "authorized", "pending"),
        "An order enters the ERP when its financial status is one of these; what is there is followed whatever it becomes.",
        bare=True,
    )
    shopify_test_orders: bool = setting(_GROUP, FLAG, False, "Take test orders as well, as in a development store.")
    shopify_unconfirmed_orders: bool = setting(
        _GROUP, FLAG, False, "Take orders as well whose stock Shopify hasn't reserved yet."
    )
    shopify_fulfil: bool = setting(
        _GROUP,
        FLAG,
        False,
        "Let `sync-status` mark an order as fulfilled that was shipped, with its tracking numbers; the customer isn't mailed. "
        "Needs the scope write_merchant_managed_fulfillment_orders. off: note alone.",
    )
    shopify_location: str | None = setting(
        _GROUP,
        text("the number of a location, as at the end of its address in the admin", pattern=r"[1-9][0-9]{0,17}"),
        None,
        "The location whose stock `stock push` tells. Not set: the store's only active one; where there are several, it must be.",
    )
