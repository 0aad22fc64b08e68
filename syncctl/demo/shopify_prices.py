"""What the simulated Shopify asks for its variants, and how that is set: of a product's variants those that may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation

from syncctl.demo.shopify_raws import Raw


class Prices:
    """The prices of a shop, which stand in its variants."""

    def __init__(self, variants: Callable[[], list[Raw]]) -> None:
        self._variants = variants
        self.currency = "USD"
        self.taxes_included = False
        self.refused: dict[str, str] = {}
        """Variant → what is said against it."""

    def put(self, product: str, variants: list[Raw], *, partial: bool) -> Raw:
        """Set prices of a product's variants."""
        known = {each["id"]: each for each in self._variants() if each["product"]["id"] == product}
        if not known:
            return _answer([], [_error("PRODUCT_DOES_NOT_EXIST", ["productId"], "Product does not exist")])
        errors = dict(self._faults(known, variants))
        done = [] if errors and not partial else [each for place, each in enumerate(variants) if place not in errors]
        for given in done:
            for name in ("price", "compareAtPrice"):
                if name in given:
                    known[given["id"]][name] = None if given[name] is None else f"{Decimal(given[name]):.2f}"
        return _answer([known[given["id"]] for given in done], list(errors.values()))

    def _faults(self, known: dict[str, Raw], variants: list[Raw]) -> Iterator[tuple[int, Raw]]:
        for place, given in enumerate(variants):
            path = ["variants", str(place)]
            if given["id"] not in known:
                yield place, _error("PRODUCT_VARIANT_DOES_NOT_EXIST", [*path, "id"], "Product variant does not exist")
            elif given["id"] in self.refused:
                yield place, _error("INVALID_INPUT", path, self.refused[given["id"]])
            elif not _is_price(given.get("price")):
                yield place, _error("NEGATIVE_PRICE_VALUE", [*path, "price"], "Price must be greater than or equal to 0")


def _is_price(value: object) -> bool:
    try:
        return Decimal(str(value)) >= 0
    except InvalidOperation:
        return False


def _answer(variants: list[Raw], errors: list[Raw]) -> Raw:
    return {"productVariants": variants or None, "userErrors": errors}


def _error(code: str, field: list[str], message: str) -> Raw:
    return {"code": code, "field": field, "message": message}
