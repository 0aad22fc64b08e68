"""Poll a store and stage its orders.

A durable watermark per store says up to which moment everything was read; each poll starts a little before it. It moves only
when a walk has come to its end, and a run that stops early (`max_pages`, a signal, an error) leaves the place for the next one
to go on from. Orders set aside on the way are staged as such: they hold up neither the walk nor the watermark.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from syncctl.db.contract import Database, ListWalks, Walk
from syncctl.errors import SyncError, UsageError
from syncctl.services.intake import SET_ASIDE, Intake, Looked, StagedItem, Staging
from syncctl.services.run_context import RunContext
from syncctl.stores.base import ORDERS_WALK, Listed, NoSuchList, Page, Store, WalkState
from syncctl.stores.content import ContentBuilder

if TYPE_CHECKING:
    from syncctl.settings import Settings

__all__ = ["Stager", "Staging", "Window"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a poll reads. Without `since` it goes on from the watermark; with `until` it moves no watermark."""

    since: datetime | None = None
    until: datetime | None = None
    lookback: timedelta = timedelta(minutes=15)
    batch_size: int = 50
    max_pages: int = 10

    @classmethod
    def of(cls, settings: Settings, *, since: datetime | None = None, until: datetime | None = None) -> Window:
        """Return what the settings say of a poll."""
        return cls(
            since=since,
            until=until,
            lookback=timedelta(minutes=settings.order_polling_lookback_minutes),
            batch_size=settings.order_polling_batch_size,
            max_pages=settings.order_polling_max_pages,
        )


class _Ahead(NamedTuple):
    """A page of a walk that was compared with what is staged, maybe before the one in front of it was staged."""

    page: Page
    looked: Looked
    moved: bool
    """Whether it brings the walk's place further."""
    begins_at: int
    """The walk's place in front of it."""


@dataclass(slots=True)
class Stager:
    """Stages orders of one store."""

    database: Database
    store: Store
    content: ContentBuilder
    context: RunContext
    dry_run: bool = False
    show: Callable[[StagedItem], object] | None = None
    """Gets each order's row, where somebody wants to see them."""
    walks: Sequence[Walk] | None = None
    """How far the store's walks have come, where the caller has asked already."""
    leaves_walks: bool = False
    """Whether the caller notes the places in `intake.unsaved` that `poll` leaves there, with the end of the run."""
    intake: Intake = field(init=False)
    _read: set[tuple[int, str, datetime | None]] = field(default_factory=set)
    _expected: dict[str, int] = field(default_factory=dict)
    """How many orders each list has that was begun, where the store counts them."""

    def __post_init__(self) -> None:
        self.intake = Intake(self.database, self.store, self.content, self.context, self.dry_run, self.show)

    @property
    def result(self) -> Staging:
        """What was done so far."""
        return self.intake.result

    def poll(self, window: Window) -> Staging:
        """Read what changed in the window, the trash included, and stage it page by page; then ask again for what is due.

        Raises:
            UsageError: a window that ends before it begins.
            AlreadyRunning: another process polls this store.
            StoreUnavailable, StoreRefused, DatabaseUnavailable: what was staged until then stays; the next run goes on.
        """
        if window.since and window.until and window.since >= window.until:
            raise UsageError(f"--since ({_utc(window.since)}) must be before --until ({_utc(window.until)}).")
        if self.dry_run:
            return self._poll(window)
        with self.database.exclusive(f"stage {self.store.store_id}"):
            try:
                self._poll(window)
            except Exception:
                if not self.leaves_walks:
                    with suppress(SyncError):  # what ended the poll says more
                        self.intake.save_walks()
                raise
            if not self.leaves_walks:
                self.intake.save_walks()
        return self.result

    def fetch(self, order_ids: Sequence[int], *, same: bool = False) -> Staging:
        """Stage orders by id, whatever their age; one that the store doesn't have (any more) is staged as gone.

        With `same` a person vouches that each is the order that its id meant before, whatever its key and date say.
        """
        result = self.intake.fetch(order_ids, same=same)
        self.tell_of_set_aside()
        return result

    def take(self, page: Page) -> bool:
        """Stage a page that belongs to no walk, every order of it looked into; False where the stop came before its end."""
        self.result.pages += 1
        self._expect(page, 0)
        return self.intake.take(self._new(page), page.unreadable, read_at=page.read_at, thorough=True)

    def tell_of_set_aside(self) -> None:
        """Note how many orders wait for a person, and where to see them."""
        number = self.result.outcomes[SET_ASIDE]
        if number:
            orders, them = ("order was", "it") if number == 1 else ("orders were", "them")
            self.result.notes.append(
                f"{number} {orders} set aside: see `syncctl dead-letter list --class unreadable`. `stage` asks for {them} again "
                "by itself, ever more seldom."
            )

    def _poll(self, window: Window) -> Staging:
        walks = self.walks
        if walks is None:
            walks = self.context.reaching(self.database.run, ListWalks(store_id=self.store.store_id))
        known = {walk.walk_name: walk for walk in walks}
        now = self._now(window, known)
        begin = {name: _start(name, known.get(name), window, now) for name in self.store.walks}
        self.store.expect_walks([state for state, _ in begin.values()], batch_size=window.batch_size)
        try:
            # The small lists first: the pages of a long one must not keep them from being read.
            for name, (state, durable) in begin.items():
                try:
                    self._walk(state, known.get(name), window, durable=durable)
                except NoSuchList as unknown:
                    self.result.notes.append(str(unknown))
                if self.context.stop.is_set():
                    return self.result
            if not walks or any(walk.any_due for walk in walks):
                self.intake.read_again()
        finally:
            self.tell_of_set_aside()
        return self.result

    def _now(self, window: Window, known: Mapping[str, Walk]) -> datetime | None:
        """Ask the store's clock where a walk's beginning depends on it; else the first page will tell it.

        Raises:
            UsageError: a window that begins in the future.
        """
        by_hand = window.since is not None or window.until is not None
        if not by_hand and all(name in known and (known[name].watermark_dt or known[name].since_dt) for name in self.store.walks):
            return None
        now = self.store.server_time()
        if window.since and window.since > now:
            raise UsageError(f"--since ({_utc(window.since)}) is in the future: the store's clock says {_utc(now)}.")
        return now

    def _walk(self, state: WalkState, known: Walk | None, window: Window, *, durable: bool) -> None:
        name = state.name
        if name == ORDERS_WALK:
            self.result.since, self.result.until = state.since_dt, window.until or state.until_dt
            if known is None and window.since is None:
                minutes = int(window.lookback.total_seconds() // 60)
                self.result.notes.append(
                    f"This is the first poll of {self.store.store_id}: it looked back {minutes} minutes. "
                    "Older orders come in with --since."
                )
        pages = 0
        for ahead in self._looked_ahead(state, known, window):
            page = ahead.page
            if name == ORDERS_WALK:
                self.result.since, self.result.until = page.after.since_dt, window.until or page.after.until_dt
            self._expect(page, ahead.begins_at)
            whole = self._stage_page(
                ahead, known if durable else None, save_walk=durable and (ahead.moved or page.after.finished)
            )
            pages += ahead.moved
            if whole and page.after.finished:
                self._tell_of_hidden(page)
                return
            if not whole or pages >= window.max_pages or self.context.stop.is_set():
                self._tell_of_end(name, pages, durable=durable)
                return

    def _looked_ahead(self, state: WalkState, known: Walk | None, window: Window) -> Iterator[_Ahead]:
        """Give a walk's pages, compared with what is staged, some of them before their turn.

        What their orders need is then asked for while the orders before them are read and staged. No more pages are read than
        this run takes, and what goes wrong with a page comes up when those before it are staged.
        """
        pages, waiting = self._pages(state, known, window), deque[_Ahead]()
        asked, failed = 0, None
        more = True
        while True:
            while more and asked < window.max_pages and (not waiting or len(waiting) <= self.store.pages_ahead):
                try:
                    page = next(pages, None)
                    if page is None:
                        more = False
                        break
                    # Pages without a row that is new, such as those of hidden orders, bring the place no further, and count for
                    # nothing.
                    moved = (page.after.last_id, page.after.row_offset) != (state.last_id, state.row_offset)
                    looked = self.intake.look(self._new(page), read_at=page.read_at)
                except SyncError as error:
                    more, failed = False, error
                    break
                waiting.append(_Ahead(page, looked, moved, state.row_offset))
                state, asked = page.after, asked + moved
            if not waiting:
                if failed is not None:
                    raise failed
                return
            yield waiting.popleft()

    def _pages(self, state: WalkState, known: Walk | None, window: Window) -> Iterator[Page]:
        """Give a walk's pages; one whose watermark proves to be ahead of the store's clock (it was set back) begins earlier."""

        def pages(state: WalkState) -> Iterator[Page]:
            return self.store.pages(state, batch_size=window.batch_size, modified_until=window.until, most=window.max_pages)

        ahead_of = known.watermark_dt if known and state.until_dt is None else None
        for page in pages(state):
            now = page.after.until_dt
            if ahead_of and now and now < ahead_of:
                yield from pages(replace(state, since_dt=now - window.lookback, until_dt=now))
                return
            ahead_of = None
            yield page

    def _stage_page(self, ahead: _Ahead, known: Walk | None, *, save_walk: bool) -> bool:
        page = ahead.page
        walk: dict[str, Any] | None = None
        if save_walk:
            before = known.watermark_dt if known else None
            reached = page.after
            watermark = max(filter(None, (before, reached.watermark))) if reached.finished else before
            walk = {
                "WALK_NAME": reached.name,
                "WATERMARK_DT": _utc(watermark),
                "SINCE_DT": None if reached.finished else _utc(reached.since_dt),
                "UNTIL_DT": None if reached.finished else _utc(reached.until_dt),
                "LAST_ID": None if reached.finished else reached.last_id,
                "ROW_OFFSET": None if reached.finished else reached.row_offset,
            }
        self.result.pages += 1
        return self.intake.stage(ahead.looked, page.unreadable, walk=walk)

    def _expect(self, page: Page, done: int) -> None:
        """Tell whoever shows the progress how many orders a list has, `done` of which an earlier run has read."""
        if page.total is not None and page.after.name not in self._expected:
            self._expected[page.after.name] = max(0, page.total - done)
            self.context.expect(sum(self._expected.values()))

    def _new(self, page: Page) -> list[Listed]:
        """Leave out what another list of this poll gave just so: what is asked for by name mostly stands in the ordinary one."""
        new = list(page.listed)
        if self._read:
            new = [row for row in new if (row.order_id, row.status, row.modified_at) not in self._read]
        if page.after.name != ORDERS_WALK:
            self._read.update((row.order_id, row.status, row.modified_at) for row in new)
        return new

    def _tell_of_hidden(self, page: Page) -> None:
        if page.not_shown:
            orders = "order" if page.not_shown == 1 else "orders"
            self.result.notes.append(
                f"The store counts {page.not_shown} {orders} more than it shows to this key, though all places of its list were "
                "asked for: a plugin hides them, they can't be loaded there any more, or its count is wrong."
            )

    def _tell_of_end(self, name: str, pages: int, *, durable: bool) -> None:
        self.result.unfinished = True
        kept = durable and not self.dry_run
        self.result.notes.append(
            f"Stopped after {pages} pages ({name}); "
            + ("the next run goes on from there." if kept else "give a larger --max-pages to see the rest.")
        )


def _start(name: str, known: Walk | None, window: Window, now: datetime | None) -> tuple[WalkState, bool]:
    """Say where a walk starts, and whether its place is kept.

    A window given by hand keeps it only where it leaves no gap: it reaches from before the watermark to now. Without `now` the
    walk has a watermark or a place.
    """
    watermark = known.watermark_dt if known else None
    if window.until is not None:
        since = window.since or min(watermark or now or window.until, window.until) - window.lookback
        return WalkState(name=name, since_dt=since, until_dt=now), False
    if window.since is not None:
        read_from = watermark or (known.since_dt if known else None)
        gapless = read_from is None or window.since <= read_from
        return WalkState(name=name, since_dt=window.since, until_dt=now), gapless
    if known and known.since_dt and known.until_dt:
        return (
            WalkState(
                name=name,
                since_dt=known.since_dt,
                until_dt=known.until_dt,
                last_id=known.last_id or 0,
                row_offset=known.row_offset or 0,
            ),
            True,
        )
    # A watermark ahead of the store's clock (it was set back) must not make the walk start in the future.
    reached = [moment for moment in (watermark, now) if moment is not None]
    return WalkState(name=name, since_dt=min(reached) - window.lookback, until_dt=now), True


def _utc(moment: datetime | None) -> str | None:
    """Write a moment as the naive UTC that the database's JSON takes."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
