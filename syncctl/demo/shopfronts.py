"""The simulated shops as the demonstration and the tests see them, whichever kind of store they are: one day for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, Self
from zoneinfo import ZoneInfo

from syncctl.clock import Clock, Sleeper
from syncctl.demo.orders import Catalogue
from syncctl.demo.shopify_edits import ShopifyKeeper
from syncctl.demo.shopify_raws import customers_like, like_woocommerce, variants_like
from syncctl.demo.shopify_store import TOKEN, SimulatedShopify
from syncctl.demo.store import SimulatedStore
from syncctl.secret import Secret
from syncctl.stores.base import Store
from syncctl.stores.content import ContentBuilder
from syncctl.stores.shopify_notes import ours, without_ours
from syncctl.stores.shopify_operations import NEWEST
from syncctl.stores.shopify_statuses import StatusRules, status_of

Edit = tuple[str, Callable[[int], Any]]
"""What people would say of it, and the doing, by an order's id."""

_TIMEZONE = ZoneInfo("America/New_York")
_FINANCIAL = ("paid", "partially_paid", "authorized", "pending")


class Keeper(Protocol):
    """What people do to orders in a shop's own pages, of whatever kind the shop is."""

    def place(self, raw: dict[str, Any]) -> int:
        """Take a new order in; returns its id."""
        ...

    def change_quantity(self, order_id: int, quantity: int, *, line: int = 0) -> None:
        """Sell another quantity of a line."""
        ...

    def change_price(self, order_id: int, unit_price: str, *, line: int = 0) -> None:
        """Sell a line at another price."""
        ...

    def add_line(self, order_id: int, sku: str, unit_price: str, *, quantity: int = 1, name: str = "") -> int:
        """Add a product."""
        ...

    def remove_line(self, order_id: int, *, line: int = -1) -> None:
        """Take a line off."""
        ...

    def change_address(self, order_id: int, **parts: str) -> None:
        """Ship it somewhere else; parts of the address by WooCommerce's names."""
        ...

    def change_customer(self, order_id: int, customer_id: int, email: str) -> None:
        """Give it to another customer."""
        ...

    def change_shipping(self, order_id: int, amount: str) -> None:
        """Ask for another amount for the shipping, tax aside."""
        ...

    def cancel(self, order_id: int) -> None:
        """Cancel it."""
        ...

    def uncancel(self, order_id: int) -> None:
        """Let a cancelled one be an order again."""
        ...

    def delete(self, order_id: int) -> None:
        """Delete it for good."""
        ...

    def refund_amount(self, order_id: int, amount: str) -> None:
        """Refund an amount."""
        ...

    def refund_units(self, order_id: int, units: int, *, line: int = 0) -> None:
        """Take back some units of a line."""
        ...

    def refund_all(self, order_id: int) -> None:
        """Refund all that is left."""
        ...


class Shopfront(Protocol):
    """A simulated shop with its keeper."""

    reads_by: str
    """In which order its lists are read."""

    @property
    def keeper(self) -> Keeper:
        """Who edits its orders."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def load(self, goods: Catalogue) -> None:
        """Take over orders, products and customers."""
        ...

    def open_store(self, store_id: str, *, clock: Clock, sleeper: Sleeper) -> Store:
        """Open a session with it."""
        ...

    def content(self) -> ContentBuilder:
        """Return what makes staging's rows of its orders, with the settings that it has by default."""
        ...

    def new_order(self, goods: Catalogue, sku: str, price: str) -> dict[str, Any]:
        """Make an order of one unit, for `keeper.place`."""
        ...

    def further_edits(self) -> Iterator[Edit]:
        """What else people do to its orders, beside what they do in every shop."""
        ...

    def order_ids(self) -> list[int]:
        """Return the ids of the orders that are there."""
        ...

    def status_of(self, order_id: int) -> str:
        """Return an order's status in the shop's words; `deleted` where it isn't there."""
        ...

    def is_under_way(self, order_id: int) -> bool:
        """Say whether an order is neither over nor sent out."""
        ...

    def notes_of(self, order_id: int) -> list[str]:
        """Return the notes that were added to an order."""
        ...

    def stumble(self) -> None:
        """Answer the next question with 503, and ask for five seconds."""
        ...

    def go_down(self) -> None:
        """Answer everything with 503 from now on."""
        ...

    def come_back(self) -> None:
        """Answer again."""
        ...

    def promises(self) -> dict[str, list[str]]:
        """Return what we promise of this kind of shop, each with what breaks it."""
        ...


class WooCommerceFront:
    """A simulated WooCommerce shop."""

    reads_by = "in the order of their ids"

    def __init__(self, *, clock: Clock) -> None:
        self.shop = SimulatedStore(clock=clock)
        self.keeper = self.shop.shopkeeper

    def __enter__(self) -> Self:
        """See `Shopfront`."""
        self.shop.start()
        return self

    def __exit__(self, *_: object) -> None:
        """See `Shopfront`."""
        self.shop.stop()

    def load(self, goods: Catalogue) -> None:
        """See `Shopfront.load`."""
        self.shop.load(goods.orders, products=goods.products, customers=goods.customers)

    def open_store(self, store_id: str, *, clock: Clock, sleeper: Sleeper) -> Store:
        """See `Shopfront.open_store`."""
        from syncctl.stores.woocommerce import WooCommerce
        from syncctl.stores.woocommerce_http import Connection

        connection = Connection(url=self.shop.url, consumer_key=Secret(self.shop.key), consumer_secret=Secret(self.shop.secret))
        return WooCommerce(connection, store_id=store_id, clock=clock, sleeper=sleeper)

    def content(self) -> ContentBuilder:
        """See `Shopfront.content`. Bank transfers that are waited for are wanted in the ERP."""
        return ContentBuilder(create_statuses=("processing", "completed", "on-hold"), timezone=_TIMEZONE)

    def new_order(self, goods: Catalogue, sku: str, price: str) -> dict[str, Any]:
        """See `Shopfront.new_order`."""
        return goods.new_order(sku, price)

    def further_edits(self) -> Iterator[Edit]:
        """See `Shopfront.further_edits`."""
        yield "one goes to the trash", self.keeper.trash

    def order_ids(self) -> list[int]:
        """See `Shopfront.order_ids`."""
        return list(self.shop.state.orders)

    def status_of(self, order_id: int) -> str:
        """See `Shopfront.status_of`."""
        raw = self.shop.state.orders.get(order_id)
        return raw["status"] if raw else "deleted"

    def is_under_way(self, order_id: int) -> bool:
        """See `Shopfront.is_under_way`."""
        return self.status_of(order_id) in ("processing", "on-hold")

    def notes_of(self, order_id: int) -> list[str]:
        """See `Shopfront.notes_of`."""
        return list(self.shop.count_notes(order_id).elements())

    def stumble(self) -> None:
        """See `Shopfront.stumble`."""
        self.shop.fail("status", status=503, times=1, methods=("GET",), retry_after="5")

    def go_down(self) -> None:
        """See `Shopfront.go_down`."""
        self.shop.fail("status", status=503, times=10_000, methods=("GET", "POST", "PUT"))

    def come_back(self) -> None:
        """See `Shopfront.come_back`."""
        self.shop.faults.clear()

    def promises(self) -> dict[str, list[str]]:
        """See `Shopfront.promises`."""
        state = self.shop.state
        return {
            "store_statuses_never_backwards": [
                f"Order {order_id} got a status that it shouldn't have had from us." for order_id in self.shop.went_backwards()
            ],
            "customers_never_mailed": [f"A note was mailed to the customer: {text}" for text in state.mails],
            "no_customer_was_mailed_and_no_order_was_marked_paid_by_us": [
                *(
                    f"Order {mail.order_id}: a status from us mailed the customer ({mail.kind})."
                    for mail in state.mail_log
                    if mail.by_api
                ),
                *(f"Order {order_id}: a status from us set its date of payment." for order_id in state.paid_by_api),
                *(f"Order {order_id}: a status from us granted its downloads." for order_id in state.downloads_by_us),
            ],
        }


class ShopifyFront:
    """A simulated Shopify shop."""

    reads_by = "in the order of their last change"

    def __init__(self, *, clock: Clock, shop: SimulatedShopify | None = None) -> None:
        self.shop = shop or SimulatedShopify(clock=clock)
        self.keeper = ShopifyKeeper(self.shop)
        self._said: dict[int, str] = {}
        """What others wrote into the orders' notes."""

    def __enter__(self) -> Self:
        """See `Shopfront`; it answers from the beginning."""
        return self

    def __exit__(self, *_: object) -> None:
        """See `Shopfront`."""
        self.shop.__exit__()

    def load(self, goods: Catalogue) -> None:
        """See `Shopfront.load`."""
        self.shop.load(like_woocommerce(raw) for raw in goods.orders)
        self.shop.products, self.shop.customers = variants_like(goods.products), customers_like(goods.customers)
        self._said = {order_id: without_ours(raw["note"]) for order_id, raw in self.shop.orders.items()}

    def open_store(self, store_id: str, *, clock: Clock, sleeper: Sleeper) -> Store:
        """See `Shopfront.open_store`."""
        from syncctl.stores.shopify import Shopify
        from syncctl.stores.shopify_http import Connection

        connection = Connection(shop=self.shop.url, token=Secret(TOKEN), version=NEWEST)
        return Shopify(connection, store_id=store_id, clock=clock, sleeper=sleeper, seconds=lambda: clock().timestamp())

    def content(self) -> ContentBuilder:
        """See `Shopfront.content`."""
        return ContentBuilder(create_statuses=_FINANCIAL, timezone=_TIMEZONE, named_by="SYNCCTL_ALLOWED_ORDER_FINANCIAL_STATUSES")

    def new_order(self, goods: Catalogue, sku: str, price: str) -> dict[str, Any]:
        """See `Shopfront.new_order`."""
        return like_woocommerce(goods.new_order(sku, price))

    def further_edits(self) -> Iterator[Edit]:
        """See `Shopfront.further_edits`."""
        yield "one is refunded to the last cent", self.keeper.refund_all

    def order_ids(self) -> list[int]:
        """See `Shopfront.order_ids`."""
        return list(self.shop.orders)

    def status_of(self, order_id: int) -> str:
        """See `Shopfront.status_of`."""
        raw = self.shop.orders.get(order_id)
        return "deleted" if raw is None else status_of(raw, StatusRules())

    def is_under_way(self, order_id: int) -> bool:
        """See `Shopfront.is_under_way`."""
        raw = self.shop.orders.get(order_id)
        return raw is not None and not raw["cancelledAt"] and raw["displayFulfillmentStatus"] == "UNFULFILLED"

    def notes_of(self, order_id: int) -> list[str]:
        """See `Shopfront.notes_of`."""
        return ours(self.shop.orders[order_id]["note"]) if order_id in self.shop.orders else []

    def stumble(self) -> None:
        """See `Shopfront.stumble`."""
        self.shop.fail("status", status=503, headers={"Retry-After": "5"}, body="busy")

    def go_down(self) -> None:
        """See `Shopfront.go_down`."""
        self.shop.fail("status", status=503, times=10_000, body="down")

    def come_back(self) -> None:
        """See `Shopfront.come_back`."""
        self.shop.faults.clear()

    def promises(self) -> dict[str, list[str]]:
        """See `Shopfront.promises`."""
        fulfilled = self.shop.fulfilled
        return {
            "store_statuses_never_backwards": [f"A fulfilment came from us that nobody allowed: {each}" for each in fulfilled],
            "customers_never_mailed": [f"A fulfilment mailed somebody: {each}" for each in fulfilled if each["notifyCustomer"]],
            "what_others_wrote_stays": [
                f"Order {order_id}: its note was {said!r}."
                for order_id, said in self._said.items()
                if order_id in self.shop.orders and without_ours(self.shop.orders[order_id]["note"]) != said
            ],
        }


FRONTS: dict[str, Callable[..., Shopfront]] = {"woocommerce": WooCommerceFront, "shopify": ShopifyFront}
"""The kind of store → its simulated shop."""
