"""One verdict on the whole chain: is the database there, does the store answer, does anything wait too long or need a person?

Each system is asked in a thread of its own, so that one that hangs holds up neither the others nor the verdict. What wasn't seen
in time is told as that: a check that could not be made is never one that is well.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from syncctl.clock import Clock, system_clock
from syncctl.db.contract import (
    CountNotifications,
    CountPods,
    GetHealth,
    ListCustomerActions,
    ListDeployedScripts,
    ListJobRuns,
    ListReviewCauses,
    ListStorePolls,
)
from syncctl.errors import ConfigError, DatabaseUnavailable, SyncError
from syncctl.services import health_systems as systems
from syncctl.services.health_checks import clocks, orders, polls, proofs
from syncctl.services.health_findings import Check, Level, Thresholds
from syncctl.services.health_jobs import Asked, StoreJobs, jobs, operations
from syncctl.services.health_pushes import STUBBORN, pushes
from syncctl.services.health_verdict import CHECKS, HOST_CHECKS, JOB_CHECKS, STORE_CHECKS, Verdict

if TYPE_CHECKING:
    from syncctl.db.contract import (
        CarrierUse,
        CustomerAction,
        Database,
        DeployedScript,
        Health,
        JobRuns,
        NotificationCount,
        PodCount,
        ReviewCause,
        StorePoll,
        StorePush,
    )
    from syncctl.stores.base import Store

log = logging.getLogger(__name__)

DEADLINE = timedelta(seconds=20)
_DATE_HEADER = timedelta(seconds=1)
"""What an HTTP date may be behind the clock that wrote it."""

Uses = Callable[["Database", "list[PodCount]"], "list[tuple[str, CarrierUse]]"]
"""Gives name and budget of each carrier that these claims wait for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is looked at beside database and store. None, or nothing: it isn't."""

    folders: Mapping[str, Path] = field(default_factory=dict)
    """What they hold → folder whose disk should have room."""
    certificate: Callable[[], datetime | None] | None = None
    """Tells when the store's certificate runs out."""
    scripts: Callable[[], Mapping[str, str]] | None = None
    """What this version deploys: name → hash. Read where the database is one that is deployed to."""
    uses: Uses | None = None
    scheduler: Asked | None = None
    profiles: Sequence[str] = ()
    """Of several stores, those that could have been chosen where none is."""
    stores: Mapping[str, StoreJobs] = field(default_factory=dict)
    """Of several stores, what each one's profile says of its jobs, by store id."""


@dataclass(slots=True)
class _Look:
    """A look at something that may hang, in a thread that nobody waits for longer than the deadline."""

    what: Callable[[], None]
    error: Exception | None = None
    _done: threading.Event = field(default_factory=threading.Event)

    def start(self, name: str) -> _Look:
        """Begin, without waiting."""
        threading.Thread(target=self._run, name=f"health {name}", daemon=True).start()
        return self

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
    causes: list[ReviewCause] | None = None
    proofs: list[PodCount] | None = None
    uses: list[tuple[str, CarrierUse]] | None = None
    runs: list[JobRuns] | None = None
    notifications: NotificationCount | None = None
    customers: list[CustomerAction] | None = None
    deployed: list[DeployedScript] | None = None
    pushes: list[StorePush] | None = None
    refused: dict[str, str] = field(default_factory=dict)
    """What the database could not be asked, and why."""
    database_seconds: float = 0.0
    database_ahead: timedelta | None = None
    store_seconds: float | None = None
    store_ahead: timedelta | None = None
    store_warnings: list[str] = field(default_factory=list)
    version_ends: date | None = None
    keys: SyncError | bool | None = None
    disks: list[systems.Disk] = field(default_factory=list)
    expires: datetime | None = None
    scheduled: Mapping[str, str] = field(default_factory=dict)


def health(
    connect: Callable[[], Database],
    open_store: Callable[[], Store] | None,
    *,
    thresholds: Thresholds,
    store_id: str,
    around: Around | None = None,
    wanted: Collection[str] = (),
    clock: Clock = system_clock,
    deadline: timedelta = DEADLINE,
) -> Verdict:
    """Look at everything once. Never raises for a system that is down or hangs: that is a finding.

    `store_id` is the store whose polls are to come; without `open_store` none is. With `wanted` (names of `CHECKS`) only these
    are made, and only what they need is asked.
    """
    return _Examination(connect, open_store, thresholds, store_id, around or Around(), wanted, clock, deadline).verdict()


@dataclass(slots=True)
class _Examination:
    """One look at everything."""

    connect: Callable[[], Database]
    open_store: Callable[[], Store] | None
    limits: Thresholds
    store_id: str
    around: Around
    wanted: Collection[str]
    clock: Clock
    deadline: timedelta
    seen: _Seen = field(default_factory=_Seen)
    _looks: dict[str, _Look] = field(default_factory=dict)
    _late: set[str] = field(default_factory=set)

    def verdict(self) -> Verdict:
        until = time.monotonic() + self.deadline.total_seconds()
        self._start()
        for name, look in self._looks.items():
            if not look.wait(until):
                self._late.add(name)
        made = list(self._checks())
        if self.wanted:
            made = self._wanted(made)
        place = {name: number for number, name in enumerate(CHECKS)}
        made.sort(key=lambda check: place.get(check.name, len(place)))
        return Verdict(made, self.seen.numbers, list(self.seen.causes or ()), self._unasked({check.name for check in made}))

    def _unasked(self, made: set[str]) -> frozenset[str]:
        """Return the jobs of which their scheduler did not tell. One that never tells anything here leaves those that run."""
        if "scheduler" in self._late:
            return frozenset(JOB_CHECKS)
        return frozenset(JOB_CHECKS) - made if "scheduler" in self._failed() else frozenset()

    def _wanted(self, made: list[Check]) -> list[Check]:
        """Leave out what nobody asked for, and say of what was asked for and isn't there whether that is all right."""
        there = {check.name for check in made}
        blind = "; ".join(check.message for check in made if check.level == "unknown" or check.name in self._failed())
        kept = [check for check in made if check.name in self.wanted]
        for name in CHECKS:
            if name in self.wanted and name not in there:
                said = f"could not be looked at: {blind}" if blind else "there is nothing to check here"
                kept.append(Check(name, "unknown" if blind else "ok", said))
        return kept

    def _failed(self) -> set[str]:
        return {*self._late, *(name for name, look in self._looks.items() if look.error is not None)}

    def _start(self) -> None:
        """Begin to look at whatever the wanted checks need."""
        wanted = set(self.wanted or CHECKS)
        if wanted - {*STORE_CHECKS, *HOST_CHECKS} or "clock" in wanted:
            self._look("database", self._look_at_database)
        if self.open_store is not None and wanted & {*STORE_CHECKS}:
            self._look("store", self._look_at_store)
        if self.around.certificate is not None and "certificate" in wanted:
            self._look("certificate", self._look_at_certificate)
        if self.around.folders and "disk" in wanted:
            self._look("disk", self._look_at_disks)
        if self.around.scheduler is not None and wanted & {*JOB_CHECKS}:
            self._look("scheduler", self._ask_scheduler)

    def _look(self, name: str, what: Callable[[], None]) -> None:
        self._looks[name] = _Look(what).start(name)

    # --- Looking, each in its own thread ---------------------------------------------------------------------------------

    def _look_at_database(self) -> None:
        seen = self.seen
        with closing(self.connect()) as database:
            before, begun = self.clock(), time.monotonic()
            [numbers] = database.run(GetHealth())
            seen.database_seconds = time.monotonic() - begun
            seen.database_ahead = _ahead(before, numbers.now_dt, self.clock())
            seen.numbers = numbers
            for name, ask in self._questions(database):
                try:
                    ask()
                except DatabaseUnavailable:
                    raise
                except SyncError as error:
                    seen.refused[name] = str(error)

    def _questions(self, database: Database) -> Iterator[tuple[str, Callable[[], None]]]:
        """Give what the database is asked beside its numbers, each by itself: one that is refused or locked hides no other."""
        seen = self.seen

        def ask_polls() -> None:
            seen.polls = database.run(ListStorePolls())

        def ask_causes() -> None:
            seen.causes = database.run(ListReviewCauses())

        def ask_runs() -> None:
            seen.runs = database.run(ListJobRuns(operations=json.dumps(operations())))

        def ask_proofs() -> None:
            seen.proofs = database.run(
                CountPods(max_retries=self.limits.proof_retries, open_only=True, deadline_days=self.limits.deadline_days)
            )

        def ask_uses() -> None:
            seen.uses = self.around.uses(database, seen.proofs) if self.around.uses and seen.proofs else []

        def ask_notifications() -> None:
            [seen.notifications] = database.run(CountNotifications())

        def ask_customers() -> None:
            seen.customers = database.run(ListCustomerActions())

        def ask_scripts() -> None:
            seen.deployed = database.run(ListDeployedScripts())

        def ask_pushes() -> None:
            seen.pushes = []
            if self._pushing:
                from syncctl.db.contract import ListStorePushes

                seen.pushes = database.run(ListStorePushes(store_id=self.store_id, attempts=STUBBORN))

        yield from (
            ("last_poll", ask_polls),
            ("review", ask_causes),
            ("jobs", ask_runs),
            ("proofs", ask_proofs),
            ("carriers", ask_uses),
            ("notifications", ask_notifications),
            ("customers", ask_customers),
            ("schema", ask_scripts),
            ("pushes", ask_pushes),
        )

    def _look_at_store(self) -> None:
        assert self.open_store is not None  # noqa: S101  (else nobody looks)
        seen = self.seen
        with closing(self.open_store()) as store:
            before, begun = self.clock(), time.monotonic()
            theirs = store.ping()
            seen.store_seconds = time.monotonic() - begun
            seen.store_warnings = list(store.warnings)
            seen.version_ends = store.version_ends
            if theirs is not None:
                seen.store_ahead = _ahead(before, theirs, self.clock(), resolution=_DATE_HEADER)
            try:
                store.ping(writing=True)
                seen.keys = True
            except SyncError as error:
                seen.keys = error

    def _look_at_certificate(self) -> None:
        assert self.around.certificate is not None  # noqa: S101  (else nobody looks)
        self.seen.expires = self.around.certificate()

    def _look_at_disks(self) -> None:
        self.seen.disks = systems.free(self.around.folders)

    def _ask_scheduler(self) -> None:
        assert self.around.scheduler is not None  # noqa: S101  (else nobody looks)
        self.seen.scheduled = self.around.scheduler()

    # --- Judging ---------------------------------------------------------------------------------------------------------

    def _checks(self) -> Iterator[Check]:
        seen, limits = self.seen, self.limits
        if "database" in self._looks:
            yield from self._of_database()
        yield from self._of_store()
        yield from clocks(seen.database_ahead, seen.store_ahead, seen.numbers, seen.polls, limits)
        yield from self._of_host("certificate", lambda: systems.certificate(seen.expires, self.clock(), limits))
        yield from self._of_host("disk", lambda: systems.disks(seen.disks, limits))

    def _of_database(self) -> Iterator[Check]:
        seen, limits = self.seen, self.limits
        trouble = self._answer("database", misconfigured="unknown")
        yield trouble or systems.database(seen.database_seconds, limits)
        numbers = seen.numbers
        if numbers is None:
            late = "the database was not seen"
            names = ["pending", "stuck", "failed", "review", "write_back", "last_poll", "schema", "notifications"]
            names += ["last_success"] if limits.silence_minutes else []
            names += [check for kind in limits.pushes for check in kind.checks] if self._pushing else []
            for name in names:
                yield Check(name, "unknown", f"not looked at: {late}", because="database")
            return
        yield from orders(numbers, seen.causes or (), limits)
        if seen.causes is None and numbers.review:
            yield Check("review_causes", "unknown", seen.refused.get("review", "the database had not answered in time"))
        for name, what in self._rest(numbers.now_dt):
            made = what()
            if made is not None:
                yield from made
            elif name in seen.refused:
                yield Check(name, "unknown", f"could not be looked at: {seen.refused[name]}")
            else:
                yield Check(name, "unknown", "not looked at: the database had not answered in time", because="database")

    def _rest(self, now: datetime) -> Iterator[tuple[str, Callable[[], Iterator[Check] | None]]]:
        """Give what is judged by each answer; None where there was none."""
        seen, limits = self.seen, self.limits
        own = None if self.open_store is None else self.store_id
        if limits.polling and limits.silence_minutes:
            yield "last_poll", lambda: None if seen.polls is None else polls(seen.polls, now, limits, store_id=own)
        yield "jobs", lambda: None if seen.runs is None else self._jobs(seen.runs, now, own)
        yield "proofs", lambda: None if seen.proofs is None else proofs(seen.proofs, limits)
        yield "carriers", lambda: None if seen.uses is None else systems.carriers(seen.uses, limits)
        yield (
            "notifications",
            lambda: None if seen.notifications is None else iter([systems.notifications(seen.notifications, now, limits)]),
        )
        yield "customers", lambda: None if seen.customers is None else systems.customers(seen.customers)
        yield "schema", self._schema
        if self._pushing:
            yield "pushes", lambda: None if seen.pushes is None else pushes(seen.pushes, now, limits, store_id=self.store_id)

    @property
    def _pushing(self) -> bool:
        """True where there is a store that is to be told."""
        return bool(self.limits.pushes) and self.open_store is not None

    def _jobs(self, runs: list[JobRuns], now: datetime, own: str | None) -> Iterator[Check]:
        limits = self.limits
        return jobs(runs, now, limits, store_id=own, polling=limits.polling, asked=self.seen.scheduled, stores=self.around.stores)

    def _schema(self) -> Iterator[Check] | None:
        deployed = self.seen.deployed
        if deployed is None:
            return None
        wanted = self.around.scripts() if self.around.scripts and deployed else {}
        return iter([systems.schema({script.script: script.sha256 for script in deployed}, wanted)])

    def _of_store(self) -> Iterator[Check]:
        seen = self.seen
        if self.open_store is None and self.around.profiles:
            said = f"no store is chosen: there are the profiles {', '.join(self.around.profiles)}"
            yield Check("store", "warning", said, advice="`syncctl health --profile NAME`")
            return
        if self.open_store is None:
            yield Check(
                "store",
                "warning",
                "no store is configured (SYNCCTL_WOO_URL or SYNCCTL_SHOPIFY_URL)",
                advice="`syncctl config set woo_url …`",
            )
            return
        if "store" not in self._looks:
            return
        answered = seen.store_seconds
        trouble = self._answer("store", misconfigured="warning") if answered is None else None
        yield trouble or Check("store", "ok", "answers", None if answered is None else round(answered, 4), "s")
        yield from self._keys()
        yield from systems.version(seen.version_ends, self.clock(), seen.store_warnings, self.limits)

    def _keys(self) -> Iterator[Check]:
        advice = "make a key that may read and write, in the store's own settings, and set it here"
        keys = self.seen.keys
        if keys is True:
            yield Check("keys", "ok", "the keys may read and write", advice=advice)
        elif isinstance(keys, SyncError):
            level: Level = "warning" if isinstance(keys, ConfigError) else "critical"
            yield Check("keys", level, f"whether the keys may write: {keys}", advice=advice)
        else:
            because = "" if self.seen.store_seconds is not None else "store"
            yield Check("keys", "unknown", "not looked at: the store had not answered in time", advice=advice, because=because)

    def _of_host(self, name: str, judge: Callable[[], Iterator[Check]]) -> Iterator[Check]:
        if name not in self._looks:
            return
        trouble = self._answer(name, misconfigured="warning")
        if trouble is None:
            yield from judge()
        elif name == "certificate" and "store" in self._looks and self.seen.store_seconds is None:
            yield replace(trouble, level="unknown", because="store")
        else:
            yield trouble

    def _answer(self, name: str, *, misconfigured: Level) -> Check | None:
        """Say how a look that failed ended; None where it came to its end, or has seen what it is about."""
        if name in self._late:
            limit = f"{self.deadline.total_seconds():g} s (SYNCCTL_HEALTH_DEADLINE_SECONDS)"
            return Check(name, "critical", f"no answer within {limit}", advice=_ADVICE[name])
        error = self._looks[name].error
        if error is None:
            return None
        if isinstance(error, ConfigError):
            return Check(name, misconfigured, str(error), advice=_ADVICE[name])
        if isinstance(error, SyncError):
            return Check(name, "critical", str(error), advice=_ADVICE[name])
        log.error("The %s could not be looked at", name, exc_info=error)
        return Check(name, "critical", f"could not be looked at: {type(error).__name__}: {error}", advice=_ADVICE[name])


_ADVICE = {
    "database": "`syncctl config check` says what is wrong; look whether the server runs and this host reaches it",
    "store": "`syncctl config check` says what is wrong; look whether the shop can be opened in a browser from this host",
    "certificate": "look at the shop in a browser: what it says of the certificate",
    "disk": "look at the folders that `syncctl config show` names",
}
"""What to do about a system that could not be looked at."""


def _ahead(before: datetime, theirs: datetime, after: datetime, *, resolution: timedelta = timedelta(0)) -> timedelta:
    """Return how far another clock, read between two looks at ours, is surely ahead of it; below 0 where it is behind."""
    if theirs > after:
        return theirs - after
    return min(theirs + resolution - before, timedelta(0))
