"""What may be odd about single orders and about a shop's lists, for as long as it is switched on.

    shop.odd.refunds[305] = 500                     order 305's refunds answer HTTP 500
    shop.odd.refunds[305] = (404, {"code": "x"})    … 404 with that body; (200, "") nothing at all
    shop.odd.breaks[305] = "page"                   order 305 breaks each list page that shows it, and its own (HTTP 500)
    shop.odd.breaks[305] = "empty"                  … makes them empty bodies with HTTP 200
    shop.odd.breaks[305] = "ids"                    … breaks even a list of nothing but ids
    shop.odd.breaks[305] = "list"                   … breaks the lists alone: by its id it is given
    shop.odd.shown[305] = {"total": "raw-json:1e999", "id": "305"}     what goes out has these fields instead
    shop.odd.hidden |= {305, 306}                   lists leave these orders (products, customers) out, and count them
    shop.odd.refused |= {305}                       a batch answers its item with an error, in the midst of a 200
    shop.odd.page_cap = 20                          no page has more rows, whatever per_page says
    shop.odd.page_size = 10                         every page has so many rows, whatever per_page says
    shop.odd.totals = "none"                        no X-WP-Total; "first": on the first page alone; a number: so many too many

A text that begins with `raw-json:` goes out as the JSON that follows, such as numbers and depths that no Python object has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from syncctl.demo import store_errors as errors

Raw = dict[str, Any]
Break = Literal["page", "empty", "ids", "list"]
RAW_JSON = "raw-json:"
_RAW = re.compile(rf'"{RAW_JSON}((?:[^"\\]|\\.)*)"')


class Odd(Exception):
    """An answer in place of the shop's own: HTTP status and body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body


@dataclass(slots=True)
class Oddities:
    """The switches, all off to begin with; see the module's text."""

    refunds: dict[int, int | tuple[int, Any]] = field(default_factory=dict)
    breaks: dict[int, Break] = field(default_factory=dict)
    shown: dict[int, Raw] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    page_cap: int = 0
    page_size: int = 0
    totals: Literal["right", "none", "first"] | int = "right"

    def clear(self) -> None:
        """Let everything be as it should from here on."""
        fresh = Oddities()
        for name in Oddities.__dataclass_fields__:
            setattr(self, name, getattr(fresh, name))

    def per_page(self, asked: int) -> int:
        """Return how many rows a page has that was asked to have so many."""
        if self.page_size:
            return self.page_size
        return min(asked, self.page_cap) if self.page_cap else asked

    def headers(self, headers: dict[str, str], *, first_page: bool) -> dict[str, str]:
        """Return a page's headers as this host sends them."""
        if self.totals == "none" or (self.totals == "first" and not first_page):
            return {name: value for name, value in headers.items() if not name.startswith("X-WP-")}
        if isinstance(self.totals, int):
            return {**headers, "X-WP-Total": str(int(headers["X-WP-Total"]) + self.totals)}
        return headers

    def look_at_page(self, rows: Iterable[Raw], *, ids_only: bool) -> None:
        """Fail where one of these rows breaks its page.

        Raises:
            Odd: it does.
        """
        for row in rows:
            how = self.breaks.get(row["id"])
            if how is not None and (how == "ids" or not ids_only):
                self._break(how)

    def look_at_order(self, order_id: int) -> None:
        """Fail where this order can't be given.

        Raises:
            Odd: it can't.
        """
        how = self.breaks.get(order_id)
        if how is not None and how != "list":
            self._break(how)

    def look_at_refunds(self, order_id: int) -> None:
        """Fail where this order's refunds can't be given.

        Raises:
            Odd: they can't.
        """
        answer = self.refunds.get(order_id)
        if answer is not None:
            status, body = (answer, _critical(answer)) if isinstance(answer, int) else answer
            raise Odd(status, body)

    def as_shown(self, row: Raw) -> Raw:
        """Return a row as it goes out."""
        changed = self.shown.get(row.get("id", 0))
        return {**row, **{name: value for name, value in changed.items() if name in row}} if changed else row

    def _break(self, how: Break) -> None:
        raise Odd(200, "") if how == "empty" else Odd(500, _critical(500))


def written(body: Any) -> str:
    """Write a body as JSON, `raw-json:` texts as what they say."""
    text = json.dumps(body)
    return _RAW.sub(lambda found: json.loads(f'"{found[1]}"'), text) if RAW_JSON in text else text


def _critical(status: int) -> Raw:
    return {**errors.critical("Call to a member function get_id() on bool").body, "data": {"status": status}}
