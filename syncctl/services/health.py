"""One verdict on the whole chain: is the database there, does the store answer, does anything wait too long or need a person?

Database and store are each asked in a thread of their own, so that one that hangs holds up neither the other nor the verdict.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from syncctl.clock import Clock, system_clock
from syncctl.db.contract import CountPods, GetHealth, ListReviewCauses, ListStorePolls
from syncctl.errors import ConfigError, SyncError
from syncctl.services.health_checks import Check, Level, Thresholds, clocks, orders, polls, proofs, worst

if TYPE_CHECKING:
    from syncctl.db.contract import Database, Health, PodCount, ReviewCause, StorePoll
    from syncctl.stores.base import Store

log = logging.getLogger(__name__)

DEADLINE = timedelta(seconds=20)
_DATE_HEADER = timedelta(seconds=1)
"""What an HTTP date may be behind the clock that wrote it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every check, and the worst of them."""

    checks: list[Check]
    numbers: Health | None
    causes: list[ReviewCause] = field(default_factory=list)
    """Why orders wait for a person."""

    @property
    def level(self) -> Level:
        """The worst level of all checks."""
        return worst(check.level for check in self.checks)

    @property
    def healthy(self) -> bool:
        """True where nothing needs attention."""
        return self.level == "ok"


@dataclass(slots=True)
class _Look:
    """A look at something that may hang, in a thread that nobody waits for longer than the deadline."""

    what: Callable[[], None]
    error: Exception | None = None
    _done: threading.Event = field(default_factory=threading.Event)

    def start(self, name: str) -> None:
        """Begin, without waiting."""
        threading.Thread(target=self._run, name=f"health {name}", daemon=True).start()

    def wait(self, until: float) -> bool:
        """Wait for its end, at most until that moment of the monotonic clock; return whether it came."""
        return self._done.wait(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        try:
            self.what()
        except Exception as error:
            self.error = error
        finally:
            self._done.set()


@dataclass(slots=True)
class _Seen:
    """What was seen so far; filled by the looks as they go, so that what came before the deadline counts."""

    numbers: Health | None = None
    polls: list[StorePoll] | None = None
    causes: list[ReviewCause] = field(default_factory=list)
    proofs: list[PodCount] = field(default_factory=list)
    database_ahead: timedelta | None = None
    store_ahead: timedelta | None = None
    store_warnings: list[str] = field(default_factory=list)


def health(
    connect: Callable[[], Database],
    open_store: Callable[[], Store] | None,
    *,
    thresholds: Thresholds,
    store_id: str,
    clock: Clock = system_clock,
    deadline: timedelta = DEADLINE,
) -> Verdict:
    """Look at everything once. Never raises for a system that is down or hangs: that is a finding.

    `store_id` is the store whose polls are to come; without `open_store` none is.
    """
    seen = _Seen()
    until = time.monotonic() + deadline.total_seconds()
    database = _Look(lambda: _look_at_database(seen, connect, clock, thresholds.proof_retries))
    database.start("database")
    store: _Look | None = None
    if open_store is not None:
        store = _Look(lambda: _look_at_store(seen, open_store, clock))
        store.start("store")
    checks = [_answer("database", database, until, deadline, misconfigured="unknown")]
    if store is None:
        checks.append(Check("store", "warning", "no store is configured (SYNCCTL_WOO_URL or SYNCCTL_SHOPIFY_URL)"))
    else:
        checks.append(_answer("store", store, until, deadline, misconfigured="warning"))
        checks += [Check("store version", "warning", said) for said in seen.store_warnings]
    numbers, causes = seen.numbers, list(seen.causes)
    checks += clocks(seen.database_ahead, seen.store_ahead, numbers, seen.polls, thresholds)
    if numbers is not None:
        checks += orders(numbers, causes, thresholds)
        if thresholds.polling and thresholds.silence_minutes and seen.polls is not None:
            checks += polls(seen.polls, numbers.now_dt, thresholds, store_id=None if open_store is None else store_id)
        checks += proofs(list(seen.proofs), thresholds)
    return Verdict(checks, numbers, causes)


def _look_at_database(seen: _Seen, connect: Callable[[], Database], clock: Clock, proof_retries: int) -> None:
    with closing(connect()) as database:
        before = clock()
        [numbers] = database.run(GetHealth())
        seen.database_ahead = _ahead(before, numbers.now_dt, clock())
        seen.numbers = numbers
        seen.polls = database.run(ListStorePolls())
        seen.causes = database.run(ListReviewCauses())
        seen.proofs = database.run(CountPods(max_retries=proof_retries, open_only=True))


def _look_at_store(seen: _Seen, open_store: Callable[[], Store], clock: Clock) -> None:
    with closing(open_store()) as store:
        before = clock()
        theirs = store.ping()
        seen.store_warnings = list(store.warnings)
        if theirs is not None:
            seen.store_ahead = _ahead(before, theirs, clock(), resolution=_DATE_HEADER)


def _ahead(before: datetime, theirs: datetime, after: datetime, *, resolution: timedelta = timedelta(0)) -> timedelta:
    """Return how far another clock, read between two looks at ours, is surely ahead of it; below 0 where it is behind."""
    if theirs > after:
        return theirs - after
    return min(theirs + resolution - before, timedelta(0))


def _answer(name: str, look: _Look, until: float, deadline: timedelta, *, misconfigured: Level) -> Check:
    """Say how a look ended, once it has or the time is up."""
    if not look.wait(until):
        return Check(name, "critical", f"no answer within {deadline.total_seconds():g} s (SYNCCTL_HEALTH_DEADLINE_SECONDS)")
    error = look.error
    if error is None:
        return Check(name, "ok", "answers")
    if isinstance(error, ConfigError):
        return Check(name, misconfigured, str(error))
    if isinstance(error, SyncError):
        return Check(name, "critical", str(error))
    log.error("The %s could not be looked at", name, exc_info=error)
    return Check(name, "critical", f"could not be looked at: {type(error).__name__}: {error}")
