"""How the simulated shop writes amounts and names: to the number of decimals asked for (`dp`) or set in the shop, names as HTML.

What is stored stays as it is, as in WooCommerce, where another number of decimals changes no order and every answer.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Raw = dict[str, Any]

_AMOUNTS = frozenset(
    {
        *("discount_total", "discount_tax", "shipping_total", "shipping_tax", "cart_tax", "total", "total_tax"),
        *("subtotal", "subtotal_tax", "amount", "tax_total", "shipping_tax_total"),
    }
)
_LISTS = ("line_items", "shipping_lines", "fee_lines", "tax_lines", "refunds")
_NAMES = frozenset(("name", "method_title", "company"))
_AMOUNT = re.compile(r"-?\d+(?:\.\d{1,15})?")


@dataclass(slots=True)
class Manner:
    """The shop's way to write, and what hosts make of it."""

    decimals: int | None = None
    """WooCommerce → Settings → General → Number of decimals; None writes amounts as they are stored."""
    ignores_dp: bool = False
    """A plugin builds the answers itself and knows no `dp`."""
    names_as_html: bool = False
    """Names come with `&amp;` and `&#8211;`, as WordPress stores those of people who may not write HTML."""

    def write(self, row: Raw, asked: str | None) -> Raw:
        """Return an order or refund as it goes out, `asked` being the `dp` of the request."""
        decimals = int(asked) if asked is not None and asked.isdecimal() and not self.ignores_dp else self.decimals
        if decimals is None and not self.names_as_html:
            return row
        return self._written(row, decimals)

    def _written(self, row: Raw, decimals: int | None) -> Raw:
        out = dict(row)
        for name, value in row.items():
            if name in _AMOUNTS and decimals is not None:
                out[name] = _rounded(value, decimals)
            elif name in _NAMES and self.names_as_html and isinstance(value, str):
                out[name] = html.escape(value).replace("\N{EN DASH}", "&#8211;")
            elif name in _LISTS and isinstance(value, list):
                out[name] = [self._written(item, decimals) if isinstance(item, dict) else item for item in value]
            elif name in ("billing", "shipping") and isinstance(value, dict):
                out[name] = self._written(value, None)
        return out


def _rounded(value: Any, decimals: int) -> Any:
    """Write an amount as `wc_format_decimal` does. What is no text of an amount stays what it is."""
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        return value
    return format(Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), "f")
