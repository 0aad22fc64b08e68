"""Walking a store's list by id, page by page, without losing a row while the list changes underneath, nor ending it early.

The list is every order modified since a moment, in the order of ids. Ids are unique and never change, so there are no ties:
any number of orders that share one modified second are read once each. What can happen between two pages, and why nothing is
lost:

- An order is *modified* and thereby enters the list. Behind the place we have reached, it is read when we come to it. Before
  that place it pushes the rest back, so that we meet rows again (known by their id and left out), and it is read by the next
  walk, since its modified time is later than this walk's beginning.
- An order *leaves* the list (trashed, deleted). Before the place we have reached, that pulls the rest forward, and the next page
  by plain counting would skip a row. So each page starts one row early and has to begin with an id that we have already read:
  the list is sorted by id, so whatever stands before that row was read too. A page that begins with a higher id (or is empty)
  proves that something left; we step back, further each time, until a page does join what was read, at the latest at the very
  first row.

**The end.** A short or an empty page is not the end: hosts give fewer rows than asked for (10 or 20, whatever `per_page` says),
and stores leave rows out *after* they have cut the page: those that this key may not read, or whose plugin is gone. They count
them all the same. The walk has ended when every place that the store counts (`X-WP-Total`) has been asked for:

- A page that isn't full has reached as far as it has rows; as far as was asked for only where the host has given that many rows
  before. A page with nothing new has reached ten rows on at least: no host gives less, if it has them. A full page never ends a
  list.
- Where a page shows no row beyond those read, the walk looks on at growing offsets. When it meets rows again after such a
  stretch, the store's count tells whether something left meanwhile (then the stretch is walked again).
- Where the count is missing, or was last given pages ago, a page without rows has to be confirmed by two more, further and
  further on. A count of 0 on a page past the end (WooCommerce with its own order tables says so) is no count.
- A count that is never reached (a hundred pages in a row without a row, and none at its very end) is wrong: the list has ended.

Rows that were counted and never shown, though their places were asked for, are hidden from us for good as far as we can tell: the
walk is finished, the watermark may move, and their number (`Step.not_shown`) is told. Nothing that was counted is passed
without having been asked for.

A page is one query of the store, so its rows are of one moment. There is no upper bound in time: an order that changes while
we walk would otherwise jump out of the list. The store's time when the walk began becomes the new watermark at its end.
The place reached is `(last_id, row_offset)`, which a later run takes up by the same rule; `row_offset` may lie before the real
place of that row (where rows before it are hidden), never behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from syncctl.errors import StoreMisconfigured

MAX_PER_PAGE = 100
"""The most rows that WooCommerce gives in one page; 101 is an error 400."""

LEAST_PER_PAGE = 10
"""As many rows every host gives in one page, if it has them: WordPress' own number where nothing is asked for."""

MAX_EMPTY_PAGES = 100
"""After so many pages in a row without a row the store's count of its list is not believed any more."""

MAX_REPEATS = 5
"""How many pages in a row, from ever further on, may bring the same rows before the store counts as broken."""

_FORESEEN = 16
"""Pages at most that are foreseen: more than any store has connections for."""

FAR = 1_000_000_000
"""An offset past the end of every list."""


class Row(NamedTuple):
    """One row of a list: its id, and what the store gave of it.

    Without an id (None) it has none that could be one. `raw` is None where the store can't give the row, only its id or not even
    that; `reason` says why.
    """

    id: int | None
    raw: Any
    reason: str = ""
    after: int = 0
    """Of a row without an id: the id of the row before it, 0 where it is the first."""
    before: int | None = None
    """Of a row without an id: the id of the row behind it, None where that isn't known."""


class Rows(NamedTuple):
    """One page as the store gave it. `total` is its own count of the whole list (`X-WP-Total`), None where it gave none."""

    rows: Sequence[Row]
    total: int | None
    in_pieces: bool = False
    """True where it was put together from several answers: it says nothing of how many rows the store gives in one."""
    read_at: datetime | None = None
    """The store's own clock when the page was asked for, or a little before; None where it doesn't tell."""


Fetch = Callable[[dict[str, str]], Rows]
"""Asks the store for one page; gets the paging parameters (`offset` or `page`, and `per_page`)."""


Ahead = Callable[[list[dict[str, str]]], None]
"""Told which pages will be asked for next as far as can be foreseen, in place of those told before."""


class Step(NamedTuple):
    """The next rows of the walk (maybe none), none of them given before, and the place reached after them."""

    rows: list[Row]
    last_id: int
    row_offset: int
    finished: bool
    not_shown: int = 0
    """Of the last step: how many rows the store counts and doesn't show."""
    total: int | None = None
    """How many rows the store counts in the whole list, where it tells."""
    read_at: datetime | None = None
    """The store's own clock when the rows were asked for, or a little before; None where it doesn't tell."""


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
    ahead: Ahead | None = None
    """Where pages can be asked for before their turn. One that was is of an earlier moment, though none from before the walk
    began, and is joined to what was read as any other."""
    most: int | None = None
    """How many pages with new rows are wanted at most: no more than those are asked for ahead."""
    ignores_offset: bool = False
    """Found out on the way: some hosts strip `offset`. Pages of fitting sizes then take its place."""
    _beyond: int = 0
    """Where to look on when the page that joins what was read has nothing new; 0: look at that page."""
    _overlaps: bool = False
    """Whether the page at `_beyond` has to begin with a row that was read."""
    _apart_at: int = -1
    """The id last read when a stretch was last walked again for that, or for a count that shrank."""
    _apart_total: int = 0
    """What the store counted then."""
    _total: int | None = None
    """The store's last count."""
    _total_before: int | None = None
    """Its count when the stretch without new rows began."""
    _empty: int = 0
    """Pages in a row without a row."""
    _largest: int = 0
    """The most rows that one page had."""
    _fixed: int = 0
    """How many rows a page has whatever is asked for; 0 where the host does as it is asked."""
    _shown: int = 0
    _left_out: bool = False
    """Whether a page had fewer rows than the store counts there."""
    _nameless: set[tuple[int, int]] = field(default_factory=set)
    """Rows without an id that were given: the id before them, and their place in the list."""
    _offset_checked: bool = False
    _first_id: int = 0
    _repeats: int = 0
    _pages: int = 0
    """Pages with new rows that were given."""

    def steps(self) -> Iterator[Step]:
        """Give the rows from the place reached to the end of the list. The last step is `finished`."""
        self._shown = self.row_offset
        finished = False
        try:
            while not finished:
                step = self._step()
                finished = step.finished
                yield step
        finally:
            self._look_ahead(())

    def _step(self) -> Step:
        """Read one page, and give what is new in it."""
        joining = not self._beyond
        window, page = self._joining_page() if joining else self._page(self._beyond, self._usual_size())
        new = self._unread(window, page)
        if joining:
            self._total_before = page.total
        elif (new and self._has_shrunk(page)) or self._came_apart(page, anything_new=bool(new)):
            # Something left the list since its stretch without new rows began, and may have pulled a row into what is passed.
            self._beyond = 0
            self._look_ahead(())
            return self._at([], page.read_at)
        taken = new[: self.batch_size]
        self._take(window, taken)
        reached = window.first + self._reach(window.size, len(page.rows), anything_new=bool(new))
        counted = self._count(window, page)
        ended = len(new) == len(taken) and self._has_ended(window, page, reached, counted=counted)
        if not new and not ended:
            if self._pages_fail(window, page):
                self._beyond, ended = 0, False
            else:
                self._pass_known(window, page.rows)
                # Where the page shows the rows up to there, the next one begins with the last of them: the count can't tell
                # that one left where another entered meanwhile.
                shown = reached == window.first + len(page.rows) and not self._fixed
                self._overlaps = shown and reached - 1 > window.first
                self._beyond = reached - 1 if self._overlaps else max(reached, self._beyond + 1)
        # A page that holds nothing but several rows read before may be the first one, whatever offset was asked for.
        in_doubt = self._left_out or (not new and window.first > 0 and len(page.rows) > 1)
        if ended and in_doubt and self._offset_is_ignored():
            self._beyond, ended = 0, False
        self._pages += bool(taken)
        plain = joining and taken and len(taken) == len(new) and not ended
        self._look_ahead(self._next_windows(window, page) if plain else ())
        return self._at([row for _, row in taken], page.read_at, finished=ended)

    def _at(self, rows: list[Row], read_at: datetime | None, *, finished: bool = False) -> Step:
        not_shown = max(0, (self._total or 0) - self._shown) if finished and self._left_out else 0
        return Step(rows, self.last_id, self.row_offset, finished, not_shown, self._total, read_at)

    # === What a page brings ===

    def _unread(self, window: _Window, page: Rows) -> list[tuple[int, Row]]:
        """Return the rows not given before, each with its place in the page; those without an id get their neighbours' ids."""
        rows = page.rows
        known = [place for place, row in enumerate(rows) if row.id is not None and row.id <= self.last_id]
        start = known[-1] + 1 if known else 0
        before = (rows[known[-1]].id or 0) if known else self.last_id
        found: list[tuple[int, Row]] = []
        all_named = True
        for place, row in enumerate(rows[start:], start=start):
            if row.id is not None:
                before = row.id
                found.append((place, row))
            elif (before, window.first + place) not in self._nameless:
                all_named = False
                found.append((place, row._replace(after=before)))
        if all_named:
            return found
        behind: int | None = None
        for number, (place, row) in reversed(list(enumerate(found))):
            if row.id is None:
                found[number] = (place, row._replace(before=behind))
            behind = row.id or behind
        return found

    def _joins(self, page: Rows) -> bool:
        """Tell whether a page begins with a row that was read before: whatever stands in front of that was read, too."""
        first = next((row.id for row in page.rows if row.id is not None), None)
        return first is not None and first <= self.last_id

    def _has_shrunk(self, page: Rows) -> bool:
        """Tell whether the store counts less than when the stretch began; a page past the end may count nothing."""
        counted = page.total is not None and (len(page.rows) > 0 or page.total > 0)
        return counted and (page.total or 0) < (self._total_before or 0)

    def _came_apart(self, page: Rows, *, anything_new: bool) -> bool:
        """Tell whether rows may have left in front of a page that is no proof of it.

        New rows that should have begun with one that was read; or none, in a list that got shorter. Once for each place, or for
        each count lower than the last, so that it has an end: a host that hides rows may have given that row at another place
        than we took for granted, and may count as it likes.
        """
        apart = self._overlaps and not self._joins(page) if anything_new else self._has_shrunk(page)
        total = page.total or 0
        if not apart or (self._apart_at == self.last_id and (anything_new or total >= self._apart_total)):
            return False
        self._apart_at, self._apart_total = self.last_id, total
        return True

    def _pass_known(self, window: _Window, rows: Sequence[Row]) -> None:
        """Move the place on behind the last row that was read before: others have entered the list in front of it."""
        known = [place for place, row in enumerate(rows) if row.id is not None and row.id <= self.last_id]
        if known:
            self.row_offset = max(self.row_offset, window.first + known[-1] + 1)

    def _take(self, window: _Window, taken: Sequence[tuple[int, Row]]) -> None:
        """Note that these rows were given."""
        last: tuple[int, int] | None = None
        for place, row in taken:
            if row.id is None:
                self._nameless.add((row.after, window.first + place))
            else:
                last = row.id, window.first + place + 1
        if last is not None:
            self.last_id, self.row_offset = last
        self._shown += len(taken)
        if taken:
            self._beyond = 0

    def _reach(self, size: int, count: int, *, anything_new: bool) -> int:
        """Tell how many places of the list a page of `count` rows covers, asked for `size`.

        With rows that are new, only what is proved counts: the next page joins them and tells the rest.
        """
        if count >= size:
            return count
        if anything_new:
            return size if self._largest >= size else count
        return max(count, min(size, max(self._largest, LEAST_PER_PAGE)))

    # === The end ===

    def _count(self, window: _Window, page: Rows) -> bool:
        """Note what the store counts, and whether it shows as much; True where this very page has a count."""
        count = len(page.rows)
        self._empty = 0 if count else self._empty + 1
        # A page past the end counts nothing, though the list is as long as ever.
        counted = page.total is not None and (count > 0 or page.total > 0 or window.first == 0)
        if counted:
            self._total = page.total
        self._left_out = self._left_out or (count < window.size and window.first + count < (self._total or 0))
        return counted

    def _has_ended(self, window: _Window, page: Rows, reached: int, *, counted: bool) -> bool:
        """Tell whether every place that the store counts was asked for, `reached` being the first that wasn't."""
        count = len(page.rows)
        if count >= window.size:
            return False
        if self._total is not None and reached < self._total:
            return self._empty >= MAX_EMPTY_PAGES and self._is_empty_from(max(0, self._total - window.size))
        return counted or (not count and self._is_empty_from(reached) and self._is_empty_from(reached + MAX_PER_PAGE))

    def _is_empty_from(self, place: int) -> bool:
        """Look further on; True where there is nothing either."""
        window, page = self._page(place, self._usual_size())
        if self._unread(window, page):
            self._empty = 0
            return False
        return True

    # === Asking ===

    def _usual_size(self) -> int:
        # One row more than asked for, since the first is one already seen.
        return min(self.batch_size + (1 if self.row_offset else 0), MAX_PER_PAGE)

    def _joining_page(self) -> tuple[_Window, Rows]:
        """Read the page that joins what was read: it begins with a row already seen, or with the list's first one."""
        start, size = max(0, self.row_offset - 1), self._usual_size()
        back = MAX_PER_PAGE // 2
        while True:
            window, page = self._page(start, size)
            if window.first == 0 or self._joins(page):
                return window, page
            start = max(0, window.first - back)
            back *= 2
            size = MAX_PER_PAGE

    def _page(self, start: int, size: int) -> tuple[_Window, Rows]:
        """Ask for about `size` rows from `start` on."""
        window = self._window(start, size)
        page = self.fetch(window.parameters)
        if len(page.rows) > window.size and self.ignores_offset and not self._fixed:
            # The host numbers its pages by a size of its own: this one began elsewhere than we took for granted.
            self._fixed = len(page.rows)
            window = self._window(start, size)
            page = self.fetch(window.parameters)
        if not page.in_pieces:
            self._largest = max(self._largest, len(page.rows))
        ids = [row.id for row in page.rows if row.id is not None]
        if ids != sorted(ids):
            raise StoreMisconfigured(
                "The store doesn't sort its list by id as asked (orderby=id), so it can't be read without losing rows. "
                "Look for a plugin or proxy that changes REST requests."
            )
        return window, page

    def _window(self, start: int, size: int) -> _Window:
        """Choose how to ask for about `size` rows from `start` on."""
        if start == 0:
            return _Window(0, size, {"per_page": str(size), "page": "1"})
        if not self.ignores_offset:
            return _Window(start, size, {"per_page": str(size), "offset": str(start)})
        # A page of q rows begins at a multiple of q. Of all sizes, take the one whose page holds `start` and most rows after it;
        # none larger than what the host is known to give.
        most = min(MAX_PER_PAGE, max(self._largest, LEAST_PER_PAGE))
        size = self._fixed or max(range(2, most + 1), key=lambda size: size - start % size)
        return _Window(start - start % size, size, {"per_page": str(size), "page": str(start // size + 1)})

    def _look_ahead(self, windows: Iterable[_Window]) -> None:
        if self.ahead is not None:
            self.ahead([window.parameters for window in windows])

    def _next_windows(self, window: _Window, page: Rows) -> Iterator[_Window]:
        """Foresee the windows that come next, where the host gives what it is asked for and counts its list."""
        if self.ahead is None or page.total is None or self.ignores_offset or page.in_pieces or len(page.rows) < window.size:
            return
        start, size = self.row_offset - 1, self._usual_size()
        wanted = _FORESEEN if self.most is None else min(_FORESEEN, self.most - self._pages)
        for _ in range(wanted):
            if size < 2 or start >= page.total:
                return
            yield self._window(start, size)
            start += size - 1

    # === Hosts that page in their own way ===

    def _pages_fail(self, window: _Window, page: Rows) -> bool:
        """Look into a page that brought nothing new; True where it has to be asked for again in another way."""
        first = next((row.id for row in page.rows if row.id is not None), None)
        if window.first == 0 or first is None:
            return False
        if self._offset_is_ignored():
            return True
        self._repeats = self._repeats + 1 if first == self._first_id else 0
        self._first_id = first
        if self.ignores_offset and self._repeats > MAX_REPEATS:
            raise StoreMisconfigured(
                "The store gives the same page of its list whatever page is asked for. "
                "Look for a cache or proxy that drops the address's parameters (everything after the question mark)."
            )
        return False

    def _offset_is_ignored(self) -> bool:
        """Find out, once, whether the host strips `offset`; True where it has just been found out that it does."""
        if self.ignores_offset or self._offset_checked:
            return False
        self._offset_checked = True
        size = str(self._usual_size())
        ignored = bool(self.fetch({"per_page": size, "offset": str(FAR)}).rows)
        # Where no page has shown a row, they may all have been the first one: the pages are asked for by their numbers, too.
        self.ignores_offset = ignored or not self._largest
        if self.ignores_offset:
            self._empty = 0  # those may all have been the first page, too
        return self.ignores_offset
