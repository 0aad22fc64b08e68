"""Poll a store and stage its orders.

A durable watermark per store says up to which moment everything was read; each poll starts a little before it. It moves only
when a walk has come to its end, and a run that stops early (`max_pages`, a signal, an error) leaves the place for the next one
to go on from.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from syncctl.db.contract import Database, ListWalks, StageOrders, Walk
from syncctl.errors import StoreRefused, UsageError
from syncctl.models import Order
from syncctl.services.stopping import Never, Stop
from syncctl.stores.base import ORDERS_WALK, TRASH_WALK, Page, Store, UnreadableOrder, WalkState
from syncctl.stores.content import ContentBuilder

log = logging.getLogger(__name__)

OLDER = "older than the version staged"
"""What `sp_StageOrders` says of an order whose modified date lies before the staged one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a poll reads. Without `since` it goes on from the watermark; with `until` it moves no watermark."""

    since: datetime | None = None
    until: datetime | None = None
    lookback: timedelta = timedelta(minutes=15)
    batch_size: int = 50
    max_pages: int = 10


@dataclass(frozen=True, slots=True)
class StagedItem:
    """What became of one order. `outcome`: staged, restaged, cancel_staged, unchanged, skipped, error."""

    woo_order_id: int
    woo_order_no: str | None
    status: str
    outcome: str
    reason: str | None
    staging_id: int | None


@dataclass(slots=True)
class Staging:
    """What a poll saw and did."""

    items: list[StagedItem] = field(default_factory=list)
    pages: int = 0
    since: datetime | None = None
    until: datetime | None = None
    unfinished: bool = False
    """True where the run ended before the end of the list; the next one goes on from there."""
    notes: list[str] = field(default_factory=list)
    """Sentences for the person who reads the result."""

    @property
    def counts(self) -> dict[str, int]:
        """The counts of the `stage` contract."""
        outcomes = Counter(item.outcome for item in self.items)
        names = ("staged", "restaged", "cancel_staged", "unchanged", "skipped")
        return {"polled": len(self.items), **{name: outcomes[name] for name in names}, "errors": outcomes["error"]}


@dataclass(slots=True)
class Stager:
    """Stages orders of one store."""

    database: Database
    store: Store
    content: ContentBuilder
    run_id: str
    dry_run: bool = False
    stop: Stop = field(default_factory=Never)
    progress: Callable[[Staging], None] = lambda _: None
    result: Staging = field(default_factory=Staging)

    def poll(self, window: Window) -> Staging:
        """Read what changed in the window, the trash included, and stage it page by page.

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
            return self._poll(window)

    def _poll(self, window: Window) -> Staging:
        now = self.store.server_time()
        if window.since and window.since > now:
            raise UsageError(f"--since ({_utc(window.since)}) is in the future: the store's clock says {_utc(now)}.")
        known = {walk.walk_name: walk for walk in self.database.run(ListWalks(store_id=self.store.store_id))}
        # The trash first: it is small, and the pages of a long list must not keep it from being read.
        for name in (TRASH_WALK, ORDERS_WALK):
            self._walk(name, known.get(name), window, now)
            if self.stop.is_set():
                break
        return self.result

    def _walk(self, name: str, known: Walk | None, window: Window, now: datetime) -> None:
        state, durable = _start(name, known, window, now)
        if name == ORDERS_WALK:
            self.result.since, self.result.until = state.since_dt, window.until or state.until_dt
            if known is None and window.since is None:
                minutes = int(window.lookback.total_seconds() // 60)
                self.result.notes.append(
                    f"This is the first poll of {self.store.store_id}: it looked back {minutes} minutes. "
                    "Older orders come in with --since."
                )
        listed = self.store.pages(state, batch_size=window.batch_size, modified_until=window.until)
        for pages, page in enumerate(listed, start=1):
            self._stage_page(page, known if durable else None, save_walk=durable)
            if page.after.finished:
                return
            if pages >= window.max_pages or self.stop.is_set():
                self.result.unfinished = True
                self.result.notes.append(
                    f"Stopped after {pages} pages ({name}); "
                    + (
                        "the next run goes on from there."
                        if durable and not self.dry_run
                        else "give a larger --max-pages to see the rest."
                    )
                )
                return

    def _stage_page(self, page: Page, known: Walk | None, *, save_walk: bool) -> None:
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
        self._stage(page.orders, page.unreadable, walk=walk)

    def take(self, page: Page) -> None:
        """Stage a page that belongs to no walk."""
        self.result.pages += 1
        self._stage(page.orders, page.unreadable)

    def fetch(self, order_ids: Sequence[int]) -> Staging:
        """Stage orders by id, whatever their age; one that the store doesn't have (any more) is staged as gone."""
        orders: list[Order] = []
        gone: list[int] = []
        unreadable: list[UnreadableOrder] = []
        for order_id in order_ids:
            try:
                order = self.store.get(order_id)
            except StoreRefused as error:
                if error.code != "unreadable":
                    raise
                unreadable.append(UnreadableOrder(order_id=order_id, number=str(order_id), message=str(error)))
                continue
            if order is None:
                gone.append(order_id)
            else:
                orders.append(order)
        self._stage(orders, unreadable, gone=gone, confirmed=True)
        return self.result

    def _stage(
        self,
        orders: Iterable[Order],
        unreadable: Iterable[UnreadableOrder],
        *,
        gone: Iterable[int] = (),
        confirmed: bool = False,
        walk: dict[str, Any] | None = None,
    ) -> None:
        """Stage a page with one call and note what became of each order. `confirmed` orders were asked for by id just now."""
        rows = [self.content.content(order) | {"CONFIRMED": int(confirmed)} for order in orders]
        rows += [self.content.vanished(order_id) for order_id in gone]
        broken = {bad.order_id: bad.message for bad in unreadable}
        rows += [self.content.unreadable(bad) for bad in unreadable]
        if not rows and (walk is None or self.dry_run):
            return
        call = StageOrders(
            store_id=self.store.store_id,
            source_system=self.store.source_system,
            sync_id=self.run_id,
            orders=json.dumps(rows, ensure_ascii=False),
            walk=json.dumps(walk) if walk else None,
            dry_run=self.dry_run,
        )
        by_id = {row["WOO_ORDER_ID"]: row for row in rows}
        older: list[int] = []
        for done in self.database.run(call):
            if done.outcome == "unchanged" and done.reason == OLDER:
                older.append(done.woo_order_id)
                continue
            row = by_id[done.woo_order_id]
            outcome, reason = done.outcome, done.reason
            if done.woo_order_id in broken:
                outcome, reason = "error", broken[done.woo_order_id]
                log.error("Order %s can't be read: %s", done.woo_order_id, reason)
            elif outcome != "unchanged":
                log.info("Order %s: %s%s", done.woo_order_id, outcome, f" ({reason})" if reason else "")
            for cut in row.get("CUTS") or () if outcome != "unchanged" else ():
                log.warning("Order %s: %s", done.woo_order_id, cut)
            status = str(row.get("ORD_STATUS") or "gone")
            self.result.items.append(
                StagedItem(done.woo_order_id, row.get("WOO_ORDER_NO"), status, outcome, reason, done.staging_id)
            )
        self.progress(self.result)
        if older:
            # Their dates are behind what is staged: a page read twice, or the store's clock was set back. The order itself knows.
            self.fetch(older)


def _start(name: str, known: Walk | None, window: Window, now: datetime) -> tuple[WalkState, bool]:
    """Say where a walk starts, and whether its place is kept.

    A window given by hand keeps it only where it leaves no gap: it reaches from before the watermark to now.
    """
    watermark = known.watermark_dt if known else None
    if window.until is not None:
        since = window.since or min(watermark or now, window.until) - window.lookback
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
    return WalkState(name=name, since_dt=min(watermark or now, now) - window.lookback, until_dt=now), True


def _utc(moment: datetime | None) -> str | None:
    """Write a moment as the naive UTC that the database's JSON takes."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
