"""Taking orders in: what a list or an id names is read one by one and staged; odd ones are set aside and stop none of the rest.

An order that can't be read (refused, unreadable, unforeseen) or that the database doesn't take is staged as set aside, with the
reason, and the others go on. Only a store or database that is down, a wrong set-up, or the stop ends a run; what was read until
then is staged all the same.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from syncctl.db.contract import Database, ListKnownOrders, ListOrdersToReadAgain, NoteWalks, StagedResult, StageOrders
from syncctl.errors import ConfigError, SyncError, TransientError
from syncctl.models import Order
from syncctl.services.causes import CauseCount, Reason
from syncctl.services.read_marks import ReadMarks, is_settled
from syncctl.services.run_context import RunContext, unforeseen
from syncctl.services.work_loop import Concern, blame
from syncctl.stop import Never, StopFlag
from syncctl.stores.base import Listed, Store, UnreadableOrder
from syncctl.stores.content import ContentBuilder, as_json

log = logging.getLogger(__name__)

OLDER = "older than the version staged"
"""What `sp_StageOrders` says of an order whose modified date lies before the staged one's."""
SET_ASIDE = "set_aside"
GONE = "gone"
"""The status of an order that the store doesn't have any more."""
READ_AGAIN = 20
"""How many orders that could not be read one run asks for again, at most."""
_AT_A_TIME = 50
_PUT_OFF = 20
"""Pages without a change after which a walk's place is noted: so many are read again where the process is killed."""
MOST_ASIDE = 1_000
"""Orders set aside in one run that are told of one by one; they all stand in the dead letters."""


@dataclass(slots=True)
class StagedItem:
    """What became of one order. `outcome`: staged, restaged, cancel_staged, unchanged, skipped, set_aside."""

    woo_order_id: int
    woo_order_no: str | None
    status: str
    outcome: str
    reason: str | None
    staging_id: int | None
    error_code: str | None = None
    """The store's own code where it refused to give the order, or what could not be read of it."""


@dataclass(slots=True)
class Staging:
    """What a run of `stage` saw and did; filled as it goes, so that it is whole whatever ends the run.

    Orders are counted; a row of each is kept by nobody but whoever asks for them (`Intake.show`).
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    causes: CauseCount = field(default_factory=CauseCount)
    """Why orders won't be brought into the ERP as they are: those set aside, and those skipped."""
    aside: list[StagedItem] = field(default_factory=list)
    """The first orders that were set aside, at most `MOST_ASIDE`."""
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
        names = ("staged", "restaged", "cancel_staged", "unchanged", "skipped")
        counted = {name: self.outcomes[name] for name in names}
        return {"polled": self.outcomes.total(), **counted, "errors": self.outcomes[SET_ASIDE]}

    def count(self, item: StagedItem) -> None:
        """Count what became of one order."""
        self.outcomes[item.outcome] += 1
        if item.outcome == SET_ASIDE and len(self.aside) < MOST_ASIDE:
            self.aside.append(item)
        if item.reason and item.outcome in (SET_ASIDE, "skipped"):
            said = f"{SET_ASIDE}/{item.error_code or ''}" if item.outcome == SET_ASIDE else f"skipped/{item.status}"
            order = item.woo_order_no or str(item.woo_order_id)
            self.causes.add(Reason(staging_id=item.staging_id, order=order, code=said, message=item.reason))


@dataclass(slots=True)
class _Read:
    """What came of reading some orders. Not `whole` where the stop or `ended_by` broke it off."""

    orders: list[Order] = field(default_factory=list)
    unreadable: list[UnreadableOrder] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    whole: bool = True
    ended_by: SyncError | None = None


@dataclass(slots=True)
class Looked:
    """A page of a list, compared with what is staged."""

    changed: list[Listed]
    """What has to be looked into."""
    unchanged: list[tuple[Listed, int]]
    """What the list gives just as it was staged, with its staging ids."""
    marks: Mapping[int, str]
    """Order → what the list says of it."""
    read_at: datetime | None


@dataclass(slots=True)
class Intake:
    """Reads orders of one store and stages them."""

    database: Database
    store: Store
    content: ContentBuilder
    context: RunContext
    dry_run: bool = False
    show: Callable[[StagedItem], object] | None = None
    """Gets each order's row, where somebody wants to see them."""
    result: Staging = field(default_factory=Staging)
    _marks: ReadMarks = field(init=False)
    unsaved: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Places that walks have reached since anything was staged with one, by the walks' names; to be noted together."""
    _tried: set[int] = field(default_factory=set)
    """The ids of what was set aside in this run: once is enough."""
    _put_offs: int = 0

    def __post_init__(self) -> None:
        self._marks = ReadMarks(self.content)

    def take(
        self,
        listed: Sequence[Listed],
        unreadable: Iterable[UnreadableOrder] = (),
        *,
        read_at: datetime | None = None,
        thorough: bool = False,
    ) -> bool:
        """Look at a page's orders and stage them; see `look` and `stage`."""
        return self.stage(self.look(listed, read_at=read_at, thorough=thorough), unreadable)

    def look(self, listed: Sequence[Listed], *, read_at: datetime | None = None, thorough: bool = False) -> Looked:
        """Tell what of a page, read at `read_at` by the store's clock, has to be looked into, and announce it to the store.

        That is not what the page gives just as it was staged, unless `thorough`.

        Raises:
            DatabaseUnavailable, TransientError, ConfigError: as for `stage`.
        """
        marks = {each.order_id: mark for each in listed if (mark := self._marks.of(each))}
        looked = Looked(list(listed), [], marks, read_at) if thorough or not marks else self._compared(listed, marks, read_at)
        self.store.expect(looked.changed)
        return looked

    def stage(self, looked: Looked, unreadable: Iterable[UnreadableOrder] = (), *, walk: dict[str, Any] | None = None) -> bool:
        """Read a page's orders and stage them with the place that a walk has then reached; False where the stop came before.

        Raises:
            StoreUnavailable, StoreMisconfigured: the store is down, or not to be used as configured. As after a stop, what was
                read is staged, and the place stays where it was.
            DatabaseUnavailable, TransientError, ConfigError: nothing of the page is staged that wasn't before.
        """
        self._note_unchanged(looked.unchanged)
        read = self._read(looked.changed, self.store.read, self.context.stop)
        for order_id in read.gone:
            log.info("Order %s has gone from the store since it was listed.", order_id)
        settled = {each.order_id for each in looked.changed if each.raw is not None and is_settled(each, looked.read_at)}
        rows = [self.content.content(order) for order in read.orders]
        for row in rows:
            order_id = row["WOO_ORDER_ID"]
            row["READ_MARK"] = looked.marks.get(order_id) if order_id in settled else None
        rows += [self.content.unreadable(bad) for bad in (*unreadable, *read.unreadable)]
        self._stage(rows, walk if read.whole else None)
        if read.ended_by is not None:
            raise read.ended_by
        return read.whole

    def fetch(self, order_ids: Sequence[int], *, same: bool = False) -> Staging:
        """Stage orders by id, whatever their age; one that the store doesn't have (any more) is staged as gone.

        Raises:
            as for `take`.
        """
        for start in range(0, len(order_ids), _AT_A_TIME):
            if not self._fetch(order_ids[start : start + _AT_A_TIME], self.context.stop, same=same):
                break
        return self.result

    def read_again(self) -> None:
        """Ask again for orders that could not be read and are due, so that what was passing heals by itself."""
        if self.dry_run or self.context.stop.is_set():
            return
        due = self.context.reaching(self.database.run, ListOrdersToReadAgain(store_id=self.store.store_id, batch_size=READ_AGAIN))
        self.fetch([row.woo_order_id for row in due if row.woo_order_id not in self._tried])

    @contextmanager
    def shown(self) -> Iterator[list[StagedItem]]:
        """Keep the rows of what is staged in the block."""
        rows: list[StagedItem] = []
        before = self.show

        def keep(item: StagedItem) -> None:
            rows.append(item)
            if before is not None:
                before(item)

        self.show = keep
        try:
            yield rows
        finally:
            self.show = before

    def _compared(self, listed: Sequence[Listed], marks: Mapping[int, str], read_at: datetime | None) -> Looked:
        """Compare a page with what is staged."""
        call = ListKnownOrders(store_id=self.store.store_id, orders=json.dumps(list(marks)))
        known = {row.woo_order_id: row for row in self.context.reaching(self.database.run, call)}
        looked = Looked([], [], marks, read_at)
        for each in listed:
            row = known.get(each.order_id)
            if row is None or row.read_mark != marks.get(each.order_id):
                looked.changed.append(each)
            else:
                looked.unchanged.append((each, row.staging_id))
        return looked

    def _note_unchanged(self, unchanged: Sequence[tuple[Listed, int]]) -> None:
        for each, staging_id in unchanged:
            self.context.progress(each)
            if self.show is not None:
                self.show(StagedItem(each.order_id, each.number, each.status, "unchanged", None, staging_id))
        self.result.outcomes["unchanged"] += len(unchanged)

    def _fetch(self, order_ids: Iterable[int], stop: StopFlag, *, same: bool = False) -> bool:
        asked = [Listed(order_id=order_id, number=str(order_id)) for order_id in order_ids]
        read = self._read(asked, lambda listed: self.store.get(listed.order_id), stop)
        rows = [self.content.content(order) for order in read.orders]
        rows += [self.content.vanished(order_id) for order_id in read.gone]
        rows += [self.content.unreadable(bad) for bad in read.unreadable]
        self._stage([{**row, "CONFIRMED": 1, "SAME_ORDER": int(same)} for row in rows], None)
        if read.ended_by is not None:
            raise read.ended_by
        return read.whole

    def _read(self, listed: Iterable[Listed], read: Callable[[Listed], Order | None], stop: StopFlag) -> _Read:
        """Read orders one by one; whatever one of them does, it is its own affair, unless the store itself says otherwise."""
        found = _Read()
        for each in listed:
            if stop.is_set():
                found.whole = False
                break
            try:
                order = read(each)
            except Exception as raised:
                if not isinstance(raised, SyncError):
                    log.error("Order %s can't be read, for an unforeseen reason", each.order_id, exc_info=raised)
                concern, error = blame(unforeseen(raised), lambda _: self.store.ping(), stop)
                if concern is not Concern.ROW:
                    found.whole = False
                    found.ended_by = None if concern is Concern.STOP else error
                    break
                found.unreadable.append(_unreadable(each, error))
                continue
            if order is None:
                found.gone.append(each.order_id)
            else:
                found.orders.append(order)
        return found

    def _stage(self, rows: list[dict[str, Any]], walk: dict[str, Any] | None) -> None:
        """Stage a page with one call; where the database doesn't take it, in parts, and the walk's place after the last one."""
        if not rows:
            self._put_off(walk)
            return
        try:
            done = self._call(rows, walk)
            if walk is not None:
                self.unsaved.pop(walk["WALK_NAME"], None)
            self._note(rows, done)
        except (TransientError, ConfigError):
            raise
        except Exception as refused:
            log.warning("%s orders can't be staged together (%s): staging them in parts", len(rows), refused)
            self._stage_in_parts(rows, refused)
            self._put_off(walk)

    def save_walks(self) -> None:
        """Note the places that walks have reached, where that was put off."""
        if self.unsaved:
            call = NoteWalks(store_id=self.store.store_id, walks=self.places())
            self.context.reaching(self.database.run, call)
            self.unsaved.clear()

    def places(self) -> str:
        """Return the places that are still to be noted, as `NoteWalks` takes them."""
        return json.dumps(list(self.unsaved.values()))

    def _put_off(self, walk: dict[str, Any] | None) -> None:
        """Leave a place that no row is staged with to be noted later: at the end of the run, or after some more pages."""
        if walk is None or self.dry_run:
            return
        self.unsaved[walk["WALK_NAME"]] = walk
        self._put_offs += 1
        if self._put_offs % _PUT_OFF == 0:
            self.save_walks()

    def _stage_in_parts(self, rows: list[dict[str, Any]], refused: Exception) -> None:
        """Stage what the database has refused as a whole, in halves, until the order that it doesn't take stands alone."""
        if len(rows) == 1:
            self._set_aside(rows[0], refused)
            return
        half = len(rows) // 2
        for part in (rows[:half], rows[half:]):
            try:
                self._note(part, self._call(part, None))
            except (TransientError, ConfigError):
                raise
            except Exception as error:
                self._stage_in_parts(part, error)

    def _set_aside(self, row: dict[str, Any], refused: Exception) -> None:
        """Set an order aside that the database doesn't take. If it takes not even that, the order isn't to blame."""
        if row.get("UNREADABLE"):
            raise refused
        error = unforeseen(refused)
        log.error("Order %s can't be staged", row["WOO_ORDER_ID"], exc_info=refused)
        bad = UnreadableOrder(
            order_id=row["WOO_ORDER_ID"],
            number=row.get("WOO_ORDER_NO") or str(row["WOO_ORDER_ID"]),
            message=f"the database doesn't take it: {error}",
            code=error.code,
        )
        aside = self.content.unreadable(bad) | {"CONFIRMED": row.get("CONFIRMED", 0)}
        self._note([aside], self._call([aside], None))

    def _call(self, rows: list[dict[str, Any]], walk: dict[str, Any] | None) -> list[StagedResult]:
        call = StageOrders(
            store_id=self.store.store_id,
            source_system=self.store.source_system,
            sync_id=self.context.run_id,
            orders=as_json(rows),
            walk=json.dumps(walk) if walk else None,
            dry_run=self.dry_run,
        )
        return self.context.reaching(self.database.run, call)

    def _note(self, rows: Iterable[dict[str, Any]], results: Iterable[StagedResult]) -> None:
        """Note what became of each order of a page."""
        by_id = {row["WOO_ORDER_ID"]: row for row in rows}
        older: list[int] = []
        alike: dict[tuple[str, str | None], list[str]] = {}
        for done in results:
            if done.outcome == "unchanged" and done.reason == OLDER:
                older.append(done.woo_order_id)
                continue
            row = by_id[done.woo_order_id]
            if done.outcome == SET_ASIDE:
                # What the store says of an order stands in quotation marks, and may be a name.
                log.error("Order %s is set aside: %s", done.woo_order_id, done.reason, extra={"personal": True})
            elif done.outcome != "unchanged":
                alike.setdefault((done.outcome, done.reason), []).append(str(done.woo_order_id))
            for cut in row.get("CUTS", ()) if done.outcome != "unchanged" else ():
                log.warning("Order %s: %s", done.woo_order_id, cut, extra={"personal": True})
            status = str(row.get("ORD_STATUS") or (GONE if row.get("VANISHED") else "unknown"))
            item = StagedItem(
                done.woo_order_id,
                row.get("WOO_ORDER_NO"),
                status,
                done.outcome,
                done.reason,
                done.staging_id,
                row.get("ERROR_CODE") if done.outcome == SET_ASIDE else None,
            )
            if done.outcome == SET_ASIDE:
                self._tried.add(done.woo_order_id)
            self._tell(item)
        for (outcome, reason), order_ids in alike.items():
            log.info("%s%s: %s", outcome, f" ({reason})" if reason else "", ", ".join(order_ids))
        if older:
            # Their dates are behind what is staged: a page read twice, or the store's clock was set back. The order itself knows.
            # Not broken off by a stop: the walk's place has moved on behind them.
            self._fetch(older, Never())

    def _tell(self, item: StagedItem) -> None:
        self.result.count(item)
        self.context.progress(item)
        if self.show is not None:
            self.show(item)


def _unreadable(listed: Listed, error: SyncError) -> UnreadableOrder:
    return UnreadableOrder(
        order_id=listed.order_id,
        number=listed.number,
        message=str(error),
        code=error.code,
        status=listed.status,
        modified_at=listed.modified_at,
    )
