"""Where in a list the rows lie that the store counts and doesn't show: between which of those that it does."""

from __future__ import annotations

from collections.abc import Mapping

from syncctl.stores.values import identifier
from syncctl.stores.woocommerce_http import Client
from syncctl.stores.woocommerce_lists import BY_ID, rows_of

Gap = tuple[int | None, int | None]
"""The ids of the rows before and behind; None at the list's end."""

WHOLE = 64
"""Rows asked for at a time: a power of two, so that each half is a page of its own, whether a host heeds `offset` or not."""
MOST_REQUESTS = 200


def gaps(client: Client, parameters: Mapping[str, str], *, most: int) -> list[Gap]:
    """Find rows that are counted and not shown, at most so many, by halving the pages that come short.

    Empty where the store gives no count, or where more than `MOST_REQUESTS` would be needed: a host that caps its pages.

    Raises:
        StoreUnavailable, StoreRefused: no answer of use.
    """
    search = _Search(client, parameters)
    for first in range(0, search.total(), WHOLE):
        search.look(first, WHOLE)
        if search.requests > MOST_REQUESTS:
            return []
        if len(search.hidden) >= most:
            break
    return search.between()[:most]


class _Search:
    """What is known of each place of the list."""

    def __init__(self, client: Client, parameters: Mapping[str, str]) -> None:
        self._client = client
        self._parameters = parameters
        self._total = 0
        self._shown: dict[int, int] = {}
        self.hidden: list[int] = []
        self.requests = 0

    def total(self) -> int:
        """Ask how many rows the store counts."""
        self._total = self._client.get("/orders", {**self._parameters, **BY_ID, "per_page": "1", "_fields": "id"}).total or 0
        return self._total

    def look(self, first: int, size: int) -> None:
        """Look at the places from `first` on, which is a multiple of `size`."""
        wanted = min(size, self._total - first)
        if wanted <= 0 or self.requests > MOST_REQUESTS:
            return
        self.requests += 1
        place = {"page": str(first // size + 1), "per_page": str(size), "_fields": "id"}
        rows = rows_of(self._client.get("/orders", {**self._parameters, **BY_ID, **place}), "/orders")
        ids = [identifier(row.get("id")) if isinstance(row, dict) else None for row in rows]
        if len(ids) >= wanted:
            self._shown.update((first + at, found) for at, found in enumerate(ids[:wanted]) if found is not None)
        elif size == 1:
            self.hidden.append(first)
        else:
            self.look(first, size // 2)
            self.look(first + size // 2, size // 2)

    def between(self) -> list[Gap]:
        """Return each gap once, however many rows lie in it."""
        found: dict[Gap, None] = {}
        for place in self.hidden:
            before = [known for known in self._shown if known < place]
            behind = [known for known in self._shown if known > place]
            left = self._shown[max(before)] if before else None
            found[left, self._shown[min(behind)] if behind else None] = None
        return list(found)
