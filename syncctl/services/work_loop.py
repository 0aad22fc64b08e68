"""The one work loop: claim, do, settle; and the one place that decides whom a failure concerns.

Orders, messages to the store, claims for proofs, notifications, orders to be checked: each is a `Work`. A row that fails, in
whatever way, is settled with its reason and left behind, and the others go on. Only a whole system that is down, a wrong set-up
or a stop ends a run; then what was in hand is given back untried.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Generic, NamedTuple, Protocol, TypeVar

from syncctl.db.contract import Database, ListRetryPolicies
from syncctl.errors import ConfigError, LeaseLost, StoreRefused, SyncError, SystemMisconfigured, TransientError
from syncctl.services.run_context import RunContext, unforeseen
from syncctl.stop import StopFlag

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Row = TypeVar("Row")

LONGEST_NAP = 1.0
"""Seconds: a run that waits for a row's next attempt looks at its stop as often as this."""
_SHORTEST_NAP = 0.05


class Concern(Enum):
    """Whom a failure concerns."""

    ROW = auto()
    """This row: it keeps its reason and waits its turn behind the others, which go on."""
    LOST = auto()
    """Nobody any more: the row is another worker's by now."""
    SYSTEM = auto()
    """The other system, which is down or busy: no attempt is burnt, its breaker counts."""
    SETUP = auto()
    """The set-up: keys, rights, versions. Nothing will work until a person has changed them."""
    STOP = auto()
    """The stop: what is in hand is given back."""


class Blame(NamedTuple):
    """Whom a failure concerns, and the error that says it best: the system's own answer where it was asked and refused."""

    concern: Concern
    error: SyncError


def blame(error: SyncError, ask: Callable[[SyncError], object], stop: StopFlag) -> Blame:
    """Tell whom a failure to do one row concerns.

    An answer about one row is never an answer about the whole: before silence, a refusal or an error of the server on a path that
    names a row is blamed on the system or on the keys, the system is asked something cheap that names none. `ask` gets the error,
    asks the system that it came from, and raises what comes back.
    """
    if isinstance(error, LeaseLost):
        return Blame(Concern.LOST, error)
    if isinstance(error, ConfigError):
        return Blame(Concern.SETUP, error)
    if not isinstance(error, TransientError | SystemMisconfigured | StoreRefused):
        return Blame(Concern.ROW, error)
    if stop.is_set():
        return Blame(Concern.STOP, error)
    if isinstance(error, TransientError) and error.answered:
        return Blame(Concern.ROW, error)
    try:
        ask(error)
    except (ConfigError, SystemMisconfigured) as refused:
        return Blame(Concern.SETUP, refused)
    except TransientError as silent:
        return Blame(Concern.STOP if stop.is_set() else Concern.SYSTEM, silent)
    return Blame(Concern.ROW, error.of_one_row())


class NotNow(Exception):
    """Raised by `Work.do` of a row whose lease would not last: it is given back untried, and may be claimed again."""


class Work(Protocol[Item, Row]):
    """One kind of work: what is claimed (`Item`), and what a result says of each (`Row`)."""

    def claim(self, limit: int) -> Sequence[Item]:
        """Lease up to `limit` rows that this run has not had in its hands yet; none where nothing is left.

        Calls that fail for a passing reason are made again by the loop.
        """
        ...

    def next_due(self) -> float | None:
        """Seconds until a row of this run is due again, where one waits; None ends the run once nothing can be claimed."""
        ...

    def key(self, item: Item) -> int:
        """Return what names the row in the result."""
        ...

    def do(self, item: Item) -> Row:
        """Do the row and note its success. Whatever it raises becomes a concern."""
        ...

    def fail(self, item: Item, error: SyncError) -> Row:
        """Note on the row that it failed, and when it is tried again. Raises LeaseLost where it isn't ours any more."""
        ...

    def lose(self, item: Item, error: SyncError) -> Row:
        """Say what became of a row whose lease is lost (a LeaseLost), or whose failure could not be noted (any other error)."""
        ...

    def release(self, item: Item, reason: str) -> None:
        """Give a row back untried, its attempt not counted."""
        ...

    def ask(self, error: SyncError) -> None:
        """Ask the system that the error came from something cheap that names no row; raises what comes back."""
        ...

    def finish(self, rows: Sequence[Row]) -> None:
        """Do what follows for the rows of a claimed batch that are done or failed, together; there may be none."""
        ...


class OfTheDatabase(Generic[Row]):
    """What most kinds of work have in common: nothing is waited for, nothing follows, and the one system is the database."""

    __slots__ = ()
    database: Database

    def next_due(self) -> float | None:
        """Nothing is waited for: what failed is a later run's."""
        return None

    def ask(self, error: SyncError) -> None:  # noqa: ARG002  (there is one system)
        """Ask the database for its shortest table."""
        self.database.run(ListRetryPolicies())

    def finish(self, rows: Sequence[Row]) -> None:
        """Nothing follows."""


@dataclass(slots=True)
class Result(Generic[Row]):
    """What a run did: filled as it goes, by all its workers, so that it is whole whatever ends the run."""

    claimed: int = 0
    rows: dict[int, Row] = field(default_factory=dict)
    """The last word on each row, by its key, in the order in which they were first finished."""
    ended_by: SyncError | None = None
    """The system or the set-up that ended the run early."""
    stopped: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, key: int, row: Row) -> None:
        """Note what became of a row."""
        with self._lock:
            self.rows[key] = row

    def count_claimed(self, rows: int) -> None:
        """Count rows that this run took."""
        with self._lock:
            self.claimed += rows

    def end(self, error: SyncError) -> None:
        """Note what ended the run; of several workers' reasons, the first."""
        with self._lock:
            self.ended_by = self.ended_by or error


def work_off(work: Work[Item, Row], result: Result[Row], context: RunContext, *, batch: int = 1) -> None:
    """Work until nothing is left that this run has not tried, a system is down, the set-up is wrong, or the stop comes.

    Never raises for a reason of the work's: what ended the run early is `result.ended_by`.
    """
    try:
        _Loop(work, result, context).run(batch)
    except SyncError as error:
        result.end(error)
    except Exception as error:
        log.exception("A worker of this run ended in an unforeseen way")
        result.end(unforeseen(error))
    result.stopped = result.stopped or context.stop.is_set()


@dataclass(slots=True)
class _Loop(Generic[Item, Row]):
    """One worker's way through the work."""

    work: Work[Item, Row]
    result: Result[Row]
    context: RunContext
    _waits: int = 0
    """How often in a row a system was waited for."""
    _waited_for: str = ""
    """Which one that was."""

    def run(self, batch: int) -> None:
        work, context = self.work, self.context
        while not context.stop.is_set():
            items = context.reaching(work.claim, batch)
            if not items:
                due = work.next_due()
                if due is None:
                    return
                context.sleeper(min(LONGEST_NAP, max(_SHORTEST_NAP, due)))
                continue
            rows: list[Row] = []
            try:
                self._batch(items, rows)
            finally:
                work.finish(rows)

    def _batch(self, items: Sequence[Item], rows: list[Row]) -> None:
        """Do the claimed rows one by one; what can't be done now is given back."""
        for place, item in enumerate(items):
            if self.context.stop.is_set():
                self._release(items[place:], "the run was stopped")
                return
            try:
                row = self.work.do(item)
            except NotNow as late:
                self._release([item], str(late))
                continue
            except Exception as raised:
                if not isinstance(raised, SyncError):
                    log.error("Row %s failed in an unforeseen way", self.work.key(item), exc_info=raised)
                raised_as = unforeseen(raised)
                concern, error = blame(raised_as, self.work.ask, self.context.stop)
                if concern is Concern.ROW:
                    self.context.breaker(raised_as.system).answered()
                    row = self._or_release(items[place + 1 :], self._fail, item, error)
                elif concern is Concern.LOST:
                    log.warning("%s", error)
                    row = self._or_release(items[place + 1 :], self._lose, item, error)
                else:
                    self._interrupted(concern, error, items[place:])
                    return
            else:
                if self._waits:
                    self.context.breaker(self._waited_for).answered()
            self._waits = 0
            self.result.note(self.work.key(item), row)
            self.context.progress(row)
            rows.append(row)

    def _interrupted(self, concern: Concern, error: SyncError, items: Sequence[Item]) -> None:
        """Give back what is in hand; wait for the system, or end the run."""
        if concern is Concern.STOP:
            self._release(items, "the run was stopped")
            return
        self._release(items, str(error))
        if concern is Concern.SETUP or not isinstance(error, TransientError):
            self.context.breaker(error.system).trip(error)
            raise error
        self._waits += 1
        self._waited_for = error.system
        self.context.wait_for(error, self._waits + 1)

    def _or_release(self, rest: Sequence[Item], settle: Callable[[Item, SyncError], Row], item: Item, error: SyncError) -> Row:
        """Settle a row; where that can't be noted and ends the run, give back the rest of the batch."""
        try:
            return settle(item, error)
        except SyncError as ending:
            self._release(rest, str(ending))
            raise

    def _lose(self, item: Item, error: SyncError) -> Row:
        return self.context.reaching(self.work.lose, item, error)

    def _fail(self, item: Item, error: SyncError) -> Row:
        try:
            return self.context.reaching(self.work.fail, item, error)
        except LeaseLost as lost:
            return self._lose(item, LeaseLost(f"{error} ({lost})"))
        except (TransientError, ConfigError):
            raise
        except Exception as refused:
            # The row stays claimed until its lease ends, and the crash policy counts it: it can't hold up the others.
            log.exception("Row %s: its failure could not be noted", self.work.key(item))
            return self._lose(item, SyncError(f"{error} (and that could not be noted: {refused})"))

    def _release(self, items: Sequence[Item], reason: str) -> None:
        """Give rows back; one that can't be given back now comes back when its lease ends."""
        away = False
        for item in items:
            if away:  # each would wait for the database as long as the first
                log.warning("Row %s comes back when its lease ends.", self.work.key(item))
                continue
            try:
                self.work.release(item, reason)
            except LeaseLost as lost:
                log.debug("%s", lost)
            except SyncError as error:
                log.warning("Row %s comes back when its lease ends: %s", self.work.key(item), error)
                away = away or (isinstance(error, TransientError) and not error.answered)
