"""Each kind of store as the conformance suite sees it: a simulated shop, who edits its orders, and what can go wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from decimal import Decimal
from typing import Any, ClassVar, Self

from syncctl.demo.shopfronts import Keeper, Shopfront, ShopifyFront, WooCommerceFront
from syncctl.demo.shopify_raws import ITEMS_FROM, customers_like, like_woocommerce, variants_like
from syncctl.demo.store_products import keep_sale
from syncctl.stores.base import Store
from syncctl.stores.shopify_orders import gid
from tests.clocks import MovableClock
from tests.raws import raw_order
from tests.shopify_shop import SimulatedShopify


class Storefront:
    """A simulated shop. Its orders have an item, a quantity and a unit price a line, and shipping; they are paid."""

    source: ClassVar[str]
    front: Shopfront

    def __init__(self, clock: MovableClock) -> None:
        self.clock = clock
        self._held = ExitStack()

    def __enter__(self) -> Self:
        self._held.enter_context(self.front)
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    @property
    def keeper(self) -> Keeper:
        """Who edits the orders."""
        return self.front.keeper

    def store(self) -> Store:
        """Return a session with the shop, which is closed at the end."""
        return self._held.enter_context(closing(self.open()))

    def open(self) -> Store:
        """Return a session that somebody else closes."""
        return self.front.open_store(self.source, clock=self.clock, sleeper=self.clock.sleep)

    def place(self, *lines: tuple[str, int, str], shipping: str = "5.00", rate: int = 0, **more: Any) -> int:
        """Let an order come in; `rate` is that of a tax in per cent, on top of every price. Returns its id."""
        raw = raw_order(*lines, shipping=shipping, **more)
        for item in [*raw["line_items"], *raw["shipping_lines"]] if rate else []:
            tax = (Decimal(item["total"]) * rate / 100).quantize(Decimal("0.01"))
            item |= {"total_tax": str(tax), "subtotal_tax": str(tax)}
        raw["tax_lines"] = [{"id": 1, "rate_code": "VAT-1", "label": "VAT", "rate_percent": str(rate)}] if rate else []
        return self.keeper.place(self.made(raw))

    def made(self, raw: dict[str, Any]) -> dict[str, Any]:
        """Return an order as this kind of shop has it, of one as WooCommerce has it."""
        raise NotImplementedError

    def sell(self, products: list[dict[str, Any]], customers: list[dict[str, Any]]) -> None:
        """Take over products and customers in WooCommerce's shapes."""
        raise NotImplementedError

    def stock(self) -> dict[str, int]:
        """Return what the shop has of each item, by SKU; items that it doesn't count are left out."""
        raise NotImplementedError

    def refuse_stock(self, product_id: int) -> None:
        """Let the shop refuse to be told of an item's stock from now on."""
        raise NotImplementedError

    def prices(self) -> dict[str, tuple[str, str]]:
        """Return what a customer pays for each item and what it costs without a sale, by SKU."""
        raise NotImplementedError

    def refuse_price(self, product_id: int) -> None:
        """Let the shop refuse to be told of an item's price from now on."""
        raise NotImplementedError

    def include_tax(self, includes: bool) -> None:
        """Let the shop's prices include tax, or not."""
        raise NotImplementedError

    def when_asked(self, happens: Callable[[], object], *, times: int = 1, after: int = 0) -> None:
        """Let something happen in the shop right before a question is answered, `after` so many others."""
        raise NotImplementedError

    def while_read(self, happens: Callable[[], object]) -> None:
        """Let something happen, once, between the parts in which the shop gives an order that doesn't fit into one answer."""
        raise NotImplementedError

    def crowd(self) -> None:
        """Let the shop have had too many requests for the moment; it says how long to wait."""
        raise NotImplementedError

    def lose_the_answer_to_a_note(self) -> None:
        """Let the next note be written, and its answer lost."""
        raise NotImplementedError

    def change_the_key(self) -> str:
        """Let the key that we have be none any more; returns what of it may stand in no message."""
        raise NotImplementedError

    def break_order(self, order_id: int) -> None:
        """Let an order's total be no number."""
        raise NotImplementedError

    def write_in(self, order_id: int, text: str) -> None:
        """Write a note for the order, as its customer does."""
        raise NotImplementedError

    def written_in(self, order_id: int) -> str:
        """Return the customer's note as it stands in the shop."""
        raise NotImplementedError


def at(happens: Callable[[], object], fits: Callable[..., bool], *, times: int = 1, after: int = 0) -> Callable[..., None]:
    """Return a hook by which something happens at so many of the requests that fit, after so many others of them."""
    left = iter([False] * after + [True] * times)

    def hook(*asked: object) -> None:
        if fits(*asked) and next(left, False):
            happens()

    return hook


class WooCommerceStorefront(Storefront):
    """WooCommerce, whose lists give whole orders; the refunds of one are another question."""

    source = "woocommerce"
    front: WooCommerceFront

    def __init__(self, clock: MovableClock) -> None:
        super().__init__(clock)
        self.front = WooCommerceFront(clock=clock)
        self.shop = self.front.shop

    def made(self, raw: dict[str, Any]) -> dict[str, Any]:
        return raw

    def sell(self, products: list[dict[str, Any]], customers: list[dict[str, Any]]) -> None:
        self.shop.load([], products=products, customers=customers)

    def stock(self) -> dict[str, int]:
        products = self.shop.state.products.values()
        sold = [each for product in products for each in product["variations"] or [product]]
        return {each["sku"]: each["stock_quantity"] for each in sold if each["manage_stock"] is True}

    def refuse_stock(self, product_id: int) -> None:
        self.shop.odd.refused.add(product_id)

    def prices(self) -> dict[str, tuple[str, str]]:
        products = self.shop.state.products.values()
        sold = [each for product in products for each in product["variations"] or [product]]
        keep_sale(sold, self.clock())
        return {each["sku"]: (each["price"], each["regular_price"]) for each in sold}

    def refuse_price(self, product_id: int) -> None:
        self.shop.odd.refused.add(product_id)

    def include_tax(self, includes: bool) -> None:
        self.shop.state.settings["tax"]["woocommerce_prices_include_tax"] = "yes" if includes else "no"

    def when_asked(self, happens: Callable[[], object], *, times: int = 1, after: int = 0) -> None:
        self.shop.before_request = at(happens, lambda *_: True, times=times, after=after)

    def while_read(self, happens: Callable[[], object]) -> None:
        self.shop.before_request = at(happens, lambda _, path, __: "/refunds" in path)

    def crowd(self) -> None:
        self.shop.fail("status", status=429, times=1, retry_after="3")

    def lose_the_answer_to_a_note(self) -> None:
        self.shop.fail("lost_answer", times=1, methods=("POST",), path="/notes")

    def change_the_key(self) -> str:
        said = self.shop.secret
        self.shop.gate.secret = "cs_changed"
        return said

    def break_order(self, order_id: int) -> None:
        self.shop.odd.shown[order_id] = {"total": "many"}

    def write_in(self, order_id: int, text: str) -> None:
        self.shop.state.orders[order_id]["customer_note"] = text

    def written_in(self, order_id: int) -> str:
        return str(self.shop.state.orders[order_id]["customer_note"])


class ShopifyStorefront(Storefront):
    """Shopify, executing on its own schema. Its lists are lean; an order's further lines are another question."""

    source = "shopify"
    front: ShopifyFront

    def __init__(self, clock: MovableClock) -> None:
        super().__init__(clock)
        self.front = ShopifyFront(clock=clock, shop=SimulatedShopify(clock=clock))
        self.shop = self.front.shop

    def made(self, raw: dict[str, Any]) -> dict[str, Any]:
        return like_woocommerce(raw)

    def sell(self, products: list[dict[str, Any]], customers: list[dict[str, Any]]) -> None:
        self.shop.products, self.shop.customers = variants_like(products), customers_like(customers)

    def stock(self) -> dict[str, int]:
        return {each["sku"]: each["inventoryQuantity"] for each in self.shop.products if each["inventoryItem"]["tracked"]}

    def prices(self) -> dict[str, tuple[str, str]]:
        return {each["sku"]: (each["price"], each["compareAtPrice"] or each["price"]) for each in self.shop.products}

    def refuse_price(self, product_id: int) -> None:
        self.shop.prices.refused[gid("ProductVariant", product_id)] = "The price can't be changed."

    def include_tax(self, includes: bool) -> None:
        self.shop.prices.taxes_included = includes

    def refuse_stock(self, product_id: int) -> None:
        self.shop.stock.refused[gid("InventoryItem", ITEMS_FROM + product_id)] = "NON_MUTABLE_INVENTORY_ITEM"

    def when_asked(self, happens: Callable[[], object], *, times: int = 1, after: int = 0) -> None:
        self.shop.before = at(happens, lambda *_: True, times=times, after=after)

    def while_read(self, happens: Callable[[], object]) -> None:
        self.shop.before = at(happens, lambda operation, _: operation == "MoreLines")

    def crowd(self) -> None:
        self.shop.empty()

    def lose_the_answer_to_a_note(self) -> None:
        self.shop.fail("lost", operation="PutNote")

    def change_the_key(self) -> str:
        said, self.shop.token = self.shop.token, "shpat_changed"
        return said

    def break_order(self, order_id: int) -> None:
        self.shop.orders[order_id]["currentTotalPriceSet"] = "many"

    def write_in(self, order_id: int, text: str) -> None:
        self.shop.orders[order_id]["note"] = text

    def written_in(self, order_id: int) -> str:
        return str(self.shop.orders[order_id]["note"]).partition("\n[syncctl]")[0]


STOREFRONTS: Mapping[str, type[Storefront]] = {"woocommerce": WooCommerceStorefront, "shopify": ShopifyStorefront}
"""A kind of store → how the suite sees it: a third store is a line and a class here."""
