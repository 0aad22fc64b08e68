"""What Shopify asks for its variants, and what it is told to ask; and how it keeps prices.

While a sale runs, `price` is its price and `compareAtPrice` the regular one; Shopify has no dates of a sale.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from syncctl.errors import StoreRefused
from syncctl.stores.base import Asked, PriceRules, PriceWrite
from syncctl.stores.rounding import THREE_DECIMALS
from syncctl.stores.shopify_http import Client
from syncctl.stores.shopify_operations import PRICES_KEPT, set_prices
from syncctl.stores.shopify_orders import gid, number_of
from syncctl.stores.shopify_writes import payload_of
from syncctl.stores.values import amount_if_any, text

AT_A_TIME = 20
"""Products whose variants are told in one request: each costs a mutation of ten points."""
WITHOUT_DECIMALS = frozenset({
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
})  # fmt: skip
"""Currencies without a smaller coin (ISO 4217)."""


def asked_of(raw: Mapping[str, Any]) -> Asked:
    """Read what the store asks for a variant."""
    price, compared = (amount_if_any(raw, name) for name in ("price", "compareAtPrice"))
    if price is not None and compared is not None and compared > price:
        return Asked(regular=compared, sale=price)
    return Asked(regular=price)


def price_rules(client: Client) -> PriceRules:
    """See `base.Store.price_rules`."""
    shop = client.read(PRICES_KEPT, {}).data.get("shop")
    includes = shop.get("taxesIncluded") if isinstance(shop, Mapping) else None
    if not isinstance(shop, Mapping) or not isinstance(includes, bool):
        raise StoreRefused(f"{client.base} doesn't say whether its prices include tax.", code="no_shop")
    currency = text(shop.get("currencyCode")).upper()
    decimals = 0 if currency in WITHOUT_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    return PriceRules(includes_tax=includes, decimals=decimals, currency=currency, sale_dates=False)


def put_prices(client: Client, writes: Sequence[PriceWrite]) -> dict[int, str | None]:
    """See `base.Store.put_prices`. Prices that are told twice are told once: a request whose answer is lost is sent again."""
    answers: dict[int, str | None] = {
        write.product_id: "the store named no product of it" for write in writes if not write.parent_id
    }
    products: dict[int, list[PriceWrite]] = {}
    for write in writes:
        if write.parent_id:
            products.setdefault(write.parent_id, []).append(write)
    groups = list(products.items())
    for first in range(0, len(groups), AT_A_TIME):
        some = groups[first : first + AT_A_TIME]
        variables: dict[str, Any] = {}
        for place, (product, mine) in enumerate(some):
            variables[f"product{place}"] = gid("Product", product)
            variables[f"variants{place}"] = [_given(write) for write in mine]
        reply = client.repeat(set_prices(len(some)), variables, size=len(some))
        for place, (_, mine) in enumerate(some):
            name = f"prices{place}"
            try:
                payload = payload_of(reply, name, f"{client.base}: prices")
            except StoreRefused as refused:
                if len(some) == 1:
                    raise
                answers |= dict.fromkeys((write.product_id for write in mine), str(refused))
                continue
            answers |= dict(_answers(client, mine, payload))
    return answers


def _given(write: PriceWrite) -> dict[str, Any]:
    asked = write.asked
    on_sale = asked.sale is not None
    return {
        "id": gid("ProductVariant", write.product_id),
        "price": _written(asked.sale if on_sale else asked.regular),
        "compareAtPrice": _written(asked.regular) if on_sale else None,
    }


def _answers(client: Client, writes: Sequence[PriceWrite], payload: Mapping[str, Any]) -> Iterator[tuple[int, str | None]]:
    """Give what the store says of each variant: its error, else what it asks by now; one that isn't shown is left out."""
    errors: dict[int | None, str] = {}
    for error in payload.get("userErrors") or ():
        raw = error if isinstance(error, Mapping) else {}
        said = client.plain(text(raw.get("message"))) or "refused without a reason"
        errors.setdefault(place_in(raw.get("field"), len(writes)), said)
    rows = payload.get("productVariants")
    now = {number_of(row.get("id")): row for row in rows if isinstance(row, Mapping)} if isinstance(rows, list) else {}
    for place, write in enumerate(writes):
        row = now.get(write.product_id)
        there = None if row is None else asked_of(row)
        if place in errors:
            yield write.product_id, errors[place]
        elif there == write.asked:
            yield write.product_id, None
        elif None in errors:
            yield write.product_id, errors[None]
        elif there is not None:
            yield write.product_id, f"it asks {there} now, and not {write.asked}"


def place_in(path: object, count: int) -> int | None:
    """Read which of the things that were sent an error's path leads to, such as `variants`, `3`, `price`."""
    steps = path if isinstance(path, list) else []
    numbers = [int(step) for step in steps if str(step).isascii() and str(step).isdecimal()]
    return numbers[0] if numbers and numbers[0] < count else None


def _written(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")
