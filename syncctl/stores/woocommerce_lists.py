"""Reading WooCommerce's lists page by page, also where one broken row breaks every page that holds it.

WooCommerce builds a page row by row; one row that makes its PHP fail (an order whose refund has lost its parent, say) makes a
page of a hundred an HTTP 500, or an empty body. Such a page is asked for in pieces: first the ids alone, for which WooCommerce
looks into the rows the least, then the rows by their ids in ever smaller groups. What stays broken is listed by its id, so that
it is asked for by itself when its turn comes. Where not even the ids can be had, the page is cut until the row that breaks it
stands alone, without an id, between the ids of its neighbours.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from syncctl.errors import STOPPED, StoreUnavailable
from syncctl.stores.values import entries, identifier
from syncctl.stores.walk import MAX_PER_PAGE, IdWalk, Row, Rows
from syncctl.stores.woocommerce_http import Answer, Client, lane_of

log = logging.getLogger(__name__)

BY_ID = {"orderby": "id", "order": "asc"}
MOST_ROWS = 1_000
"""More entries than this are no page: hosts that ignore `per_page` give a few hundred at most."""
MOST_PIECES = 60
"""Requests more that one broken page may cost; what is still unknown then is asked for by its id, one by one."""
NO_IDS = "no_ids"
_NOT_IN_PIECES = frozenset({"429", "408", STOPPED, NO_IDS})
"""Codes of failures that no smaller page mends: the store asks for rest, the run is to stop, or no row at all has an id."""


def walk(
    client: Client,
    path: str,
    parameters: Mapping[str, str],
    *,
    ping: Callable[[], object] | None = None,
    batch_size: int = MAX_PER_PAGE,
    last_id: int = 0,
    row_offset: int = 0,
    shape: Any = None,
    ahead: bool = False,
    most: int | None = None,
) -> IdWalk:
    """Make a walk over a list. With `ping`, which raises where the store is down, a broken page is read in pieces.

    `shape` names what will be looked at of its rows; see `read_json`. With `ahead` pages are asked for before their turn, but no
    more of them than `most`.
    """

    def expect(windows: list[dict[str, str]]) -> None:
        client.expect(lane_of(path, parameters), [(path, {**parameters, **BY_ID, **window}) for window in windows])

    return IdWalk(
        fetch=_Pages(client, path, parameters, ping, shape),
        batch_size=batch_size,
        last_id=last_id,
        row_offset=row_offset,
        ahead=expect if ahead else None,
        most=most,
    )


def first_page(parameters: Mapping[str, str], batch_size: int = MAX_PER_PAGE) -> dict[str, str]:
    """Return what a walk over a whole list asks for first."""
    return {**parameters, **BY_ID, "per_page": str(batch_size), "page": "1"}


def rows_of(answer: Answer, path: str) -> list[Any]:
    """Return the rows of a list's answer. One of them may be anything, all of them may not.

    Raises:
        StoreUnavailable: it is something else than a list of objects, such as an error object with status 200, or has far more
            entries than any page.
    """
    found = entries(answer.data)
    if found is None or (found and not any(isinstance(row, dict) for row in found)):
        raise StoreUnavailable(f"The store's answer to GET {path} is no list of objects.", code="not_json")
    if len(found) > MOST_ROWS:
        raise StoreUnavailable(
            f"The store's answer to GET {path} is no list of objects that was asked for: it has {len(found):,} entries, "
            f"and a page has {MAX_PER_PAGE} at most.",
            code="not_json",
        )
    return found


@dataclass(slots=True)
class _Pages:
    """Asks for pages of one list."""

    client: Client
    path: str
    parameters: Mapping[str, str]
    ping: Callable[[], object] | None
    shape: Any = None
    _pieces: int = 0
    _by_page: bool = False
    """Whether pieces are asked for by page number: the walk has found that the host strips `offset`."""

    def __call__(self, paging: dict[str, str]) -> Rows:
        """Read one page, in pieces where that must be."""
        try:
            return self._rows(self.client.get(self.path, {**self.parameters, **BY_ID, **paging}, shape=self.shape))
        except StoreUnavailable as error:
            if self.ping is None or error.retry_after is not None or error.code in _NOT_IN_PIECES:
                raise
            reason = str(error)
        # Out here, the answer that could not be used takes no memory any more.
        self._ask_whole()
        log.warning("A page of %s can't be read (%s): asking for its rows in smaller pieces.", self.path, reason)
        return self._in_pieces(paging, reason)

    def _in_pieces(self, paging: dict[str, str], reason: str) -> Rows:
        """Read a broken page: the ids first, then the rows that they name."""
        size = int(paging["per_page"])
        first = int(paging["offset"]) if "offset" in paging else (int(paging["page"]) - 1) * size
        self._pieces, self._by_page = 0, paging.get("page", "1") != "1"
        listed = self._ids(first, size)
        if not self._by_page and not _ascending(listed.rows):
            # This host strips `offset`, which a walk's first page can't know.
            self._pieces, self._by_page = 0, True
            listed = self._ids(first, size)
        found = self._by_id([row.id for row in listed.rows if row.id is not None])
        rows = [
            self._by_place(first + place, row) if row.id is None else found.get(row.id, row._replace(reason=reason))
            for place, row in enumerate(listed.rows)
        ]
        return Rows(rows, listed.total, in_pieces=True)

    def _ids(self, first: int, size: int) -> Rows:
        """List the ids of a stretch of the list; a row that breaks even that comes without one."""
        if not self._by_page or first % size == 0:
            place = {"page": str(first // size + 1)} if self._by_page or first == 0 else {"offset": str(first)}
            try:
                listed = self._piece({**self.parameters, **BY_ID, **place, "per_page": str(size), "_fields": "id"})
                rows = [row._replace(raw=None) for row in listed.rows]
                return Rows(self._with_rest(rows, first, size), listed.total)
            except StoreUnavailable as error:
                if error.code in _NOT_IN_PIECES:
                    raise
                reason = str(error)
            if size == 1 or self._pieces >= MOST_PIECES:
                self._ask_whole()  # a store that went down meanwhile has no broken rows
                return Rows([Row(None, None, reason)] * size, None)
        half = _part_of_a_page(first, size) if self._by_page else size // 2
        left, right = self._ids(first, half), self._ids(first + half, size - half)
        # Past the end some hosts count nothing.
        totals = [total for total in (left.total, right.total) if total]
        return Rows([*left.rows, *right.rows], max(totals) if totals else None)

    def _by_id(self, ids: Sequence[int]) -> dict[int, Row]:
        """Read the rows with these ids, in halves where one of them is broken; what is missing in the result couldn't be had."""
        if not ids or self._pieces >= MOST_PIECES:
            return {}
        wanted = {**self.parameters, **BY_ID, "page": "1", "per_page": str(len(ids)), "include": ",".join(map(str, ids))}
        with suppress(StoreUnavailable):
            # A host that strips `include` gives others.
            return {row.id: row for row in self._piece(wanted).rows if row.id is not None and row.id in ids}
        half = len(ids) // 2
        return self._by_id(ids[:half]) | self._by_id(ids[half:]) if half else {}

    def _rows(self, answer: Answer) -> Rows:
        """Return a page. One row without an id is odd; a page on which none has one is no page."""
        rows = [_row(raw) for raw in rows_of(answer, self.path)]
        if len(rows) > 1 and not any(row.id for row in rows):
            raise StoreUnavailable(f"The store's answer to GET {self.path} is no list of objects with an id.", code=NO_IDS)
        return Rows(rows, answer.total, read_at=answer.asked_at)

    def _with_rest(self, rows: list[Row], first: int, size: int) -> list[Row]:
        """Add what a host left out that caps its pages below `size`: what is read next is joined to these rows."""
        if self._by_page or not 0 < len(rows) < size or self._pieces >= MOST_PIECES:
            return rows
        rest = self._ids(first + len(rows), size - len(rows)).rows
        # Where rows are hidden instead, the rest begins with some that are there already.
        last = max((row.id for row in rows if row.id is not None), default=0)
        known = [place for place, row in enumerate(rest) if row.id is not None and row.id <= last]
        return [*rows, *rest[known[-1] + 1 if known else 0 :]]

    def _by_place(self, place: int, row: Row) -> Row:
        """Read a row by its place in the list: it has no id to ask for, which is no reason not to know what else it says."""
        if row.reason or self._pieces >= MOST_PIECES:
            return row._replace(reason=row.reason or "the page has too many broken rows")
        at = {"page": str(place + 1)} if self._by_page or place == 0 else {"offset": str(place)}
        try:
            [read] = self._piece({**self.parameters, **BY_ID, **at, "per_page": "1"}).rows
        except StoreUnavailable as error:
            return row._replace(reason=str(error))
        except ValueError:
            return row._replace(reason="the store gives nothing or more than one row in its place")
        return read if read.id is None else row._replace(reason="another row has taken its place")

    def _ask_whole(self) -> None:
        """Raise where it isn't the page that fails but the whole store."""
        if self.ping is not None:
            self.ping()

    def _piece(self, parameters: dict[str, str]) -> Rows:
        """Ask once: the page itself was tried often enough."""
        self._pieces += 1
        return self._rows(self.client.get(self.path, parameters, once=True, shape=self.shape))


def _row(raw: Any) -> Row:
    return Row(identifier(raw.get("id")) if isinstance(raw, dict) else None, raw)


def _ascending(rows: Sequence[Row]) -> bool:
    ids = [row.id for row in rows if row.id is not None]
    return all(left < right for left, right in pairwise(ids))


def _part_of_a_page(first: int, size: int) -> int:
    """Return the size of the largest page under `size` that can begin at `first`: a page of q rows begins at a multiple of q."""
    part = 1
    while 2 * part < size and first % (2 * part) == 0:
        part *= 2
    return part
