"""Walking a store's list by id, page by page, without losing a row while the list changes underneath.

The list is every order modified since a moment, in the order of ids. Ids are unique and never change, so there are no ties:
any number of orders that share one modified second are read once each. What can happen between two pages, and why nothing is
lost:

- An order is *modified* and thereby enters the list. Behind the place we have reached, it is read when we come to it. Before
  that place it pushes the rest back by one row, so that we meet rows again (known by their id and left out), and it is read by
  the next walk, since its modified time is later than this walk's beginning.
- An order *leaves* the list (trashed, deleted). Before the place we have reached, that pulls the rest forward, and the next page
  by plain counting would skip a row. So each page starts one row early and has to begin with an id that we have already read:
  the list is sorted by id, so whatever stands before that row was read too. A page that begins with a higher id (or is empty)
  proves that something left; we step back, further each time, until a page does join what was read, at the latest at the very
  first row.

A page is one query of the store, so its rows are of one moment. There is no upper bound in time: an order that changes while
we walk would otherwise jump out of the list. The store's time when the walk began becomes the new watermark at its end.
The place reached is `(last_id, row_offset)`, which a later run takes up by the same rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from syncctl.errors import StoreRefused

MAX_PER_PAGE = 100
"""The most rows that WooCommerce gives in one page; 101 is an error 400."""

MAX_REPEATS = 5
"""How many pages in a row, from ever further on, may bring the same rows before the store counts as broken."""


class Rows(NamedTuple):
    """One page as the store gave it. `total` is its own count of the whole list (`X-WP-Total`), None where it gave none."""

    rows: list[dict[str, Any]]
    total: int | None


Fetch = Callable[[dict[str, str]], Rows]
"""Asks the store for one page; gets the paging parameters (`offset` or `page`, and `per_page`)."""


class Step(NamedTuple):
    """The next rows of the walk, none of them given before, and the place reached after them."""

    rows: list[dict[str, Any]]
    seen: int
    last_id: int
    row_offset: int
    finished: bool


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch of the list: `size` rows from row `first` on, and how to ask for it."""

    first: int
    size: int
    parameters: dict[str, str]


@dataclass(slots=True, kw_only=True)
class IdWalk:
    """A walk over any list that the store sorts by `id`, ascending."""

    fetch: Fetch
    batch_size: int
    last_id: int = 0
    row_offset: int = 0
    ignores_offset: bool = False
    """Found out on the way: some hosts strip `offset`. Pages of fitting sizes then take its place."""
    _first_id: int = 0
    _repeats: int = 0

    def steps(self) -> Iterator[Step]:
        """Give the rows from the place reached to the end of the list. The last step is `finished`."""
        finished = False
        while not finished:
            step = self._step()
            finished = step.finished
            yield step

    def _step(self) -> Step:
        """Read on until there is at least one new row, or the list ends."""
        seen = 0
        while True:
            window, page = self._joining_page()
            ids = [row["id"] for row in page.rows]
            seen += len(ids)
            new = [row for row in page.rows if row["id"] > self.last_id][: self.batch_size]
            full = len(ids) >= window.size
            if full and not new and window.first > 0 and self._paging_fails(ids[0]):
                continue
            self._repeats = self._repeats + 1 if ids and not new and ids[0] == self._first_id else 0
            self._first_id = ids[0] if ids else 0
            taken = ids.index(new[-1]["id"]) + 1 if new else len(ids)
            self.row_offset = window.first + taken
            if new:
                self.last_id = new[-1]["id"]
            more = full or taken < len(ids) or (bool(new) and page.total is not None and self.row_offset < page.total)
            if new or not more:
                return Step(new, seen, self.last_id, self.row_offset, finished=not more)

    def _joining_page(self) -> tuple[_Window, Rows]:
        """Read the page that joins what was read: it begins with a row already seen, or with the list's first one."""
        start = max(0, self.row_offset - 1)
        # One row more than asked for, since the first is one already seen.
        size = self.batch_size + (1 if self.row_offset else 0)
        back = MAX_PER_PAGE // 2
        while True:
            window = self._window(start, min(size, MAX_PER_PAGE))
            page = self.fetch(window.parameters)
            ids = [row["id"] for row in page.rows]
            if ids != sorted(ids):
                raise StoreRefused(
                    "The store doesn't sort its list by id as asked (orderby=id), so it can't be read without losing rows. "
                    "Look for a plugin or proxy that changes REST requests."
                )
            if window.first == 0 or (ids and ids[0] <= self.last_id):
                return window, page
            start = max(0, window.first - back)
            back *= 2
            size = MAX_PER_PAGE

    def _window(self, start: int, size: int) -> _Window:
        """Choose how to ask for about `size` rows from `start` on."""
        if start == 0:
            return _Window(0, size, {"per_page": str(size), "page": "1"})
        if not self.ignores_offset:
            return _Window(start, size, {"per_page": str(size), "offset": str(start)})
        # A page of q rows begins at a multiple of q. Of all sizes, take the one whose page holds `start` and most rows after it.
        size = max(range(2, MAX_PER_PAGE + 1), key=lambda size: size - start % size)
        return _Window(start - start % size, size, {"per_page": str(size), "page": str(start // size + 1)})

    def _paging_fails(self, first_id: int) -> bool:
        """Look into a full page that brought nothing new; True where it has to be asked for again in another way."""
        if not self.ignores_offset:
            first = self.fetch({"per_page": "1", "page": "1"}).rows
            second = self.fetch({"per_page": "1", "offset": "1"}).rows
            self.ignores_offset = bool(first and second and first[0]["id"] == second[0]["id"])
            return self.ignores_offset
        if first_id == self._first_id and self._repeats > MAX_REPEATS:
            raise StoreRefused(
                "The store gives the same page of its list whatever page is asked for. "
                "Look for a cache or proxy that drops the address's parameters (everything after the question mark)."
            )
        return False
