"""From the settings to a session with the store. The HTTP stack is imported when a store is really asked.

Most runs of a job find nothing to do, and importing that stack would take half of their time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from syncctl.clock import Clock, Sleeper, system_clock, system_sleeper
from syncctl.errors import ConfigError
from syncctl.settings import Settings
from syncctl.stop import StopFlag

if TYPE_CHECKING:
    from syncctl.meter import Meter
    from syncctl.models import Meaning
    from syncctl.stores.base import Store
    from syncctl.stores.content import ContentBuilder


class _WhenAsked:
    """A store whose session is made when something is first asked of it."""

    def __init__(self, store_id: str, make: Callable[[], Store]) -> None:
        self.store_id = store_id
        self._make = make
        self._made: Store | None = None
        self._one_at_a_time = Lock()

    def __getattr__(self, name: str) -> Any:
        with self._one_at_a_time:
            if self._made is None:
                self._made = self._make()
        return getattr(self._made, name)

    def close(self) -> None:
        """See `base.Store.close`; what was never asked has nothing to close."""
        if self._made is not None:
            self._made.close()


def open_store(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    sleeper: Sleeper = system_sleeper,
    stop: StopFlag | None = None,
    meter: Meter | None = None,
) -> Store:
    """Open a session with the configured store; nothing is sent yet. Once `stop` is set, no answer is waited for much longer.

    Raises:
        ConfigError: its address or keys are not set, or its certificates are not there.
    """
    settings.need(*settings.store_keys)
    if settings.source == "shopify":
        return cast("Store", _WhenAsked(settings.store_id, lambda: _shopify(settings, clock, sleeper, stop, meter)))
    bundle = settings.woo_ca_bundle
    if bundle is not None and not bundle.exists():
        raise ConfigError(f"SYNCCTL_WOO_CA_BUNDLE: there is no file {bundle}.")
    return cast("Store", _WhenAsked(settings.store_id, lambda: _woocommerce(settings, clock, sleeper, stop, meter)))


def _woocommerce(settings: Settings, clock: Clock, sleeper: Sleeper, stop: StopFlag | None, meter: Meter | None) -> Store:
    from syncctl.http_answer import MEGABYTE
    from syncctl.stores.woocommerce import WooCommerce
    from syncctl.stores.woocommerce_http import Connection

    assert settings.woo_url and settings.woo_consumer_key and settings.woo_consumer_secret  # noqa: S101  (`need` saw to it)
    connection = Connection(
        url=settings.woo_url,
        consumer_key=settings.woo_consumer_key,
        consumer_secret=settings.woo_consumer_secret,
        ca_bundle=settings.woo_ca_bundle,
        auth_in_query=settings.woo_auth_in_query,
        connect_timeout=settings.http_connect_timeout,
        read_timeout=settings.http_read_timeout,
        answer_timeout=settings.http_answer_timeout,
        largest=settings.http_max_megabytes * MEGABYTE,
        meter=meter,
        connections=settings.woo_connections,
    )
    return WooCommerce(
        connection,
        store_id=settings.store_id,
        create_statuses=settings.woo_create_statuses,
        clock=clock,
        sleeper=sleeper,
        stop=stop,
    )


def _shopify(settings: Settings, clock: Clock, sleeper: Sleeper, stop: StopFlag | None, meter: Meter | None) -> Store:
    from syncctl.http_answer import MEGABYTE
    from syncctl.stores.shopify import Rules, Shopify
    from syncctl.stores.shopify_http import Connection
    from syncctl.stores.shopify_statuses import StatusRules

    assert settings.shopify_url and settings.shopify_token  # noqa: S101  (`need` saw to it)
    connection = Connection(
        shop=settings.shopify_url,
        token=settings.shopify_token,
        version=settings.shopify_api_version,
        connect_timeout=settings.http_connect_timeout,
        read_timeout=settings.http_read_timeout,
        answer_timeout=settings.http_answer_timeout,
        largest=settings.http_max_megabytes * MEGABYTE,
        meter=meter,
    )
    statuses = StatusRules(test_orders=settings.shopify_test_orders, unconfirmed_orders=settings.shopify_unconfirmed_orders)
    rules = Rules(
        statuses=statuses,
        fulfils=settings.shopify_fulfil,
        stock=settings.stock_push,
        prices=settings.price_push,
        location=settings.shopify_location,
    )
    return Shopify(connection, store_id=settings.store_id, rules=rules, clock=clock, sleeper=sleeper, stop=stop)


def meaning_in_store(settings: Settings) -> Callable[[str], Meaning]:
    """Return what understands the configured store's words for a status; nothing is opened."""
    if settings.source == "shopify":
        from syncctl.stores.shopify_statuses import meaning_of as of_shopify

        return partial(of_shopify, fulfils=settings.shopify_fulfil)
    from syncctl.stores.woocommerce_statuses import meaning_of

    return meaning_of


def content_of_orders(settings: Settings) -> ContentBuilder:
    """Return what makes the configured store's orders into what is staged."""
    from syncctl.stores.content import ContentBuilder

    return ContentBuilder(
        create_statuses=settings.create_statuses,
        timezone=settings.erp_timezone,
        named_by=settings.create_variable,
        apart=_apart(settings),
    )


def _apart(settings: Settings) -> Mapping[str, str]:
    """Return the words of the configured store for orders that don't count as orders yet: each with why not."""
    if settings.source != "shopify":
        return {}
    from syncctl.stores.shopify_statuses import APART

    return APART


def never_given(settings: Settings) -> frozenset[str]:
    """Return the words of the configured store that its orders have and that it gives to none when asked to."""
    from syncctl.stores.woocommerce_statuses import TRASH

    return frozenset() if settings.source == "shopify" else frozenset({TRASH})
