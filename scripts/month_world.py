"""The month of `month.py`: its clock, its shop, its people, its jobs, and what it knows of all of them."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from scripts.month_goods import Goods
from scripts.month_plan import MORNING, Outage, outages, troubles
from scripts.month_pushes import Pushes
from syncctl.cli.app import run_app
from syncctl.demo.faults import Fault
from syncctl.demo.odd_kinds import FOR_EVER, OddOrder, odd_orders
from syncctl.demo.orders import OrderMaker
from syncctl.demo.store import SimulatedStore
from syncctl.jobs import BY_NAME, DAY, JOBS, ScheduledJob
from tests.receivers import Mailbox, Receiver, mail_server, receiver

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
PURGED_AFTER = timedelta(days=180)
INTERVALS = {
    **dict.fromkeys(("stage", "process", "retry-failed", "health", "alerts"), 60),
    **dict.fromkeys(("customers", "sync-status", "reconcile-open"), 240),
    **dict.fromkeys(("report", "pod-fetch", "pod-retry"), DAY),
    "stock-push": 20,
}
"""How often jobs run, in minutes, where that is coarser than their own: in between nothing would happen."""
LATE = 3
"""Intervals after which a job is missed (`SYNCCTL_HEALTH_LATE_INTERVALS`)."""
MOST_LOOKED_AT = 5
"""So many baskets a customer thinks of before going away, where the store doesn't offer enough."""
CANCELLED = 0.2
"""The share of the orders not yet sent that customers cancel within hours."""
PRICES_A_DAY = 3
AT_LEAST_LEFT = timedelta(hours=4)
"""Of the month, after its last odd order: somebody has to be told of it."""
AFTERWARDS = timedelta(hours=8)
"""So long after an outage something may still wait for its next try."""
GOOD = (0, 1)
_INCIDENTS = re.compile(r"(?:^|[;-] )(\d+), ([^:;]+): ")
"""The incidents that one message names, each with what it is about."""
_TEMPLATE = "{{ what }}|{{ incident or 0 }}|{{ title }}|{{ subject }}\n\n{{ message }}\n"


MOST_LOCKED = 0.3
"""Seconds that anybody waits for the database while somebody holds it: nobody else is at work, so that it is in vain."""


@dataclass
class MonthsClock:
    """Stands in for `datetime` in `syncctl.clock`: every part of the program reads this clock from there."""

    moment: datetime = BEGIN

    def now(self, zone: Any = None) -> datetime:
        """Return the month's present moment."""
        return self.moment.astimezone(zone)

    def wait(self, seconds: float) -> None:
        """Let time go by at once, where the program would wait."""
        self.moment += timedelta(seconds=max(0.0, seconds))


@dataclass(frozen=True, slots=True)
class Heard:
    """An incident that a message told people of."""

    at: datetime
    what: str
    incident: int
    title: str
    subject: str
    message: str = ""
    """The first line of the message; empty where it tells of others, too, and this isn't the first of them."""


@dataclass
class Placed:
    """An odd order, and what the simulation knows of it."""

    kind: OddOrder
    raw: dict[str, Any]
    staged: datetime | None = None
    in_review: datetime | None = None
    handled: datetime | None = None


@dataclass
class Ran:
    """A run of a job."""

    job: str
    planned: datetime
    begun: datetime
    ended: datetime
    code: int


@dataclass
class Month:
    """The month: its clock, its shop, its people, what it knows, and what it found."""

    options: argparse.Namespace
    folder: Path
    shop: SimulatedStore
    people: Receiver
    mailbox: Mailbox
    mail_port: int
    clock: MonthsClock = field(default_factory=MonthsClock)
    outages: list[Outage] = field(default_factory=list)
    odd: dict[int, Placed] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    ran: list[Ran] = field(default_factory=list)
    broken: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sizes: list[dict[str, int]] = field(default_factory=list)
    """Rows of each table: at the month's beginning, and at its end."""
    regretted: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    """Orders that are going to be cancelled, with when."""
    placed: int = 0
    told_truth: int = 0
    owed: int = 0
    """Odd orders of which people had to be told."""
    watched: bool = False
    """Whether this is the month that the promises are about, and not the one half a year before."""
    _down: Fault = field(default_factory=lambda: Fault(kind="status", status=503, times=0))
    _lock: sqlite3.Connection | None = None

    def __post_init__(self) -> None:
        self.chance = random.Random(self.options.seed)  # noqa: S311 - no secrets
        self.maker = OrderMaker(self.options.seed)
        kinds = [kind for kind in odd_orders() if kind.named and kind.end in ("applied", "set aside", "review")]
        self.kinds = self.chance.sample(kinds, len(kinds))
        self.shop.faults.add(self._down, first=True)
        self._real_key = self.shop.key
        self.jobs = [job for job in JOBS if self.minutes(job)]
        self.goods = Goods(self.shop, self.folder / "month.db", random.Random(self.options.seed))  # noqa: S311
        self.pushes = Pushes(self)

    @property
    def url(self) -> str:
        """The database."""
        return f"sqlite:///{(self.folder / 'month.db').as_posix()}"

    @property
    def now(self) -> datetime:
        """The month's present moment."""
        return self.clock.moment

    def minutes(self, job: ScheduledJob) -> int:
        """How often a job runs here."""
        return INTERVALS.get(job.name, job.minutes)

    def environment(self) -> dict[str, str]:
        """Settings of its own, and none that the caller has."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNCCTL_")}
        mail = f"mailto://127.0.0.1:{self.mail_port}?from=shop@example.test&to=ada@example.test&mode=insecure"
        return kept | {
            "SYNCCTL_DATABASE": self.url,
            "SYNCCTL_DATABASE_QUERY_TIMEOUT": "1",
            "SYNCCTL_WOO_URL": self.shop.url,
            "SYNCCTL_WOO_CONSUMER_KEY": self._real_key,
            "SYNCCTL_WOO_CONSUMER_SECRET": self.shop.secret,
            "SYNCCTL_UNKNOWN_CUSTOMER": "create",
            "SYNCCTL_WOO_CREATE_STATUSES": "processing,completed,on-hold",
            "SYNCCTL_STOCK_PUSH": "true",
            "SYNCCTL_PRICE_PUSH": "true",
            "SYNCCTL_JOB_INTERVALS": ",".join(f"{name}={minutes}" for name, minutes in INTERVALS.items()),
            "SYNCCTL_ORDER_POLLING_INTERVAL_MINUTES": "60",
            "SYNCCTL_HEALTH_SILENCE_MINUTES": "180",
            "SYNCCTL_HEALTH_PENDING_MINUTES": "90",
            "SYNCCTL_HEALTH_OVERDUE_MINUTES": "120",
            "SYNCCTL_HEALTH_LATE_INTERVALS": str(LATE),
            "SYNCCTL_HEALTH_DISK_WARNING_MB": "0",
            "SYNCCTL_HEALTH_DISK_CRITICAL_MB": "0",
            "SYNCCTL_NOTIFY_OPERATOR_URL": f"{self.people.url} {mail}",
            "SYNCCTL_NOTIFY_TEMPLATE_DIR": str(self.folder / "templates"),
            "SYNCCTL_REPORT_FILE": str(self.folder / "report.html"),
            "SYNCCTL_LOG_DIR": str(self.folder / "logs"),
            "SYNCCTL_LOCK_DIR": str(self.folder / "locks"),
            "SYNCCTL_LOG_LEVEL": "WARNING",
            "XDG_DATA_HOME": str(self.folder / "data"),
        }

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command as its process would, and return its exit code and what it said."""
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = run_app(arguments)
        out.flush()
        out.seek(0)
        return code, out.read()

    # --- What happens ----------------------------------------------------------------------------------------------------

    def plan(self, begin: datetime, days: int) -> None:
        """Say when what goes wrong."""
        self.outages += outages(begin, days)
        interval = self.minutes(BY_NAME["stock-push"])
        till = [sku for sku in self.goods.skus if sku not in self.goods.bought_in_shop]
        self.pushes.troubles += troubles(self.outages, interval=interval, skus=till, chance=self.goods.chance)

    def outage(self) -> Outage | None:
        """Return what is wrong now."""
        return next((outage for outage in self.outages if self.watched and outage.covers(self.now)), None)

    def recent(self) -> Outage | None:
        """Return what is wrong now, or was a while ago."""
        return next(
            (each for each in reversed(self.outages) if self.watched and each.begin <= self.now < each.end + AFTERWARDS), None
        )

    def break_and_mend(self) -> None:
        """Let the world be as the plan says."""
        outage = self.outage()
        name = outage.name if outage else ""
        self._down.times = FOR_EVER if name == "store" else 0
        self.shop.gate.key = "ck_another" if name == "key" else self._real_key
        if name == "database" and self._lock is None:
            self._lock = sqlite3.connect(self.folder / "month.db", isolation_level=None)
            self._lock.execute("BEGIN IMMEDIATE")
        elif name != "database" and self._lock is not None:
            self._lock.execute("ROLLBACK")
            self._lock.close()
            self._lock = None

    def place(self, moment: datetime, *, odd: bool) -> None:
        """Let an order come in, seen in the store from its own moment on: what a store shows late, the next comparison finds."""
        tries = MOST_LOOKED_AT * (20 if odd else 1)
        raw = self.goods.basket(lambda: self.maker.order(1001 + self.placed, moment), tries=tries)
        if raw is None:
            return
        self.placed += 1
        raw["status"] = self.chance.choice(("processing", "completed"))
        kind = self.kinds[len(self.odd) % len(self.kinds)] if odd else None
        self.goods.sell_in_shop(raw, is_read=kind is None or kind.end != "set aside")
        if kind is not None:
            self.odd[raw["id"]] = Placed(kind, raw)
            kind.make(raw, self.shop, self.maker, 0.0)
        self.shop.load([raw])
        if kind is None and raw["status"] == "processing" and self.chance.random() < CANCELLED:
            self.regretted.append((moment + timedelta(minutes=self.chance.randrange(5, 10 * 60)), raw))

    def morning(self) -> None:
        """Let somebody decide about the orders that need a person; in the ERP goods are shipped, delivered and priced."""
        if self.outage() is None:
            self.run("dead-letter", "cancel", "--all", "--yes", "--reason", "entered by hand in the morning")
            for order in self.odd.values():
                if order.in_review and not order.handled:
                    order.handled = self.now
                    self.goods.enter(order.raw)
        if self._lock is None:
            self.goods.post(self.now - timedelta(days=2))
            self.goods.deliver()
            self.goods.sell_at_till(self.chance.choice(self.goods.bought_in_shop), all_of_it=True)
            for _ in range(PRICES_A_DAY):
                self.goods.change_price(self.chance.choice(self.goods.skus))

    # --- Jobs ------------------------------------------------------------------------------------------------------------

    def days(self, begin: datetime, days: int, *, odd: int) -> None:
        """Let days go by, minute by minute where something happens; so many of the orders that come are odd."""
        orders = self.options.orders
        coming = sorted(
            (begin + timedelta(days=number // orders, minutes=self.chance.randrange(7 * 60, 23 * 60)), number)
            for number in range(days * orders)
        )
        early = [number for moment, number in coming if moment < begin + timedelta(days=days) - AT_LEAST_LEFT]
        places = early[::2]  # of two rows in a list that nothing can name, each has another neighbour
        strange = set(self.chance.sample(places, min(odd, len(places))))
        coming.reverse()
        buying = sorted(
            begin + timedelta(days=number // orders, minutes=self.chance.randrange(9 * 60, 20 * 60))
            for number in range(days * orders)
        )
        buying.reverse()
        for minute in range(days * DAY):
            planned = begin + timedelta(minutes=minute)
            due = [job for job in self.jobs if (minute - job.offset) % self.minutes(job) == 0 and minute >= job.offset]
            if minute % DAY != MORNING and not due:
                continue
            if self.now < planned:
                self.clock.moment = planned
            self.break_and_mend()
            while coming and coming[-1][0] <= self.now:
                moment, number = coming.pop()
                self.place(moment, odd=number in strange)
            while buying and buying[-1] <= self.now and self._lock is None:
                buying.pop()
                self.goods.sell_at_till()
            for order in [order for order in self.regretted if order[0] <= self.now]:
                self.regretted.remove(order)
                self.goods.cancel_in_shop(order[1])
            if self.watched:
                self.pushes.happen()
            if minute % DAY == MORNING:
                self.morning()
            for job in due:
                self.start(job, planned)

    def start(self, job: ScheduledJob, planned: datetime) -> None:
        """Run a job, and hold what came of it against what is known."""
        begun = self.now
        if job.name == "health":
            if self.watched:
                self.check_health(planned)
            return
        self.pushes.before(job.name)
        code, said = self.run(*job.arguments)
        self.pushes.after(job.name, begun, code)
        self.ran.append(Ran(job.name, planned, begun, self.now, code))
        self.listen()
        self.note(job.name, code)
        if not self.watched:
            return
        allowed = (0, 1) if self.recent() is None else (0, 1, 69, 78)
        if code not in allowed or "Traceback" in said or "Unexpected" in said:
            self.broken["every job ended well, or said which system was down"].append(
                f"{self.now} {job.name}: {code} {said[-500:]}"
            )

    def note(self, job: str, code: int) -> None:
        """Know what a run did with the odd orders."""
        if code not in GOOD or self.outage() is not None:
            return
        self.goods.note(job)
        for order in self.odd.values():
            if job in ("stage", "stock-push") and order.staged is None:
                order.staged = self.now
                if order.kind.end == "set aside":
                    order.in_review = self.now
            elif job in ("process", "retry-failed") and order.staged and order.kind.end == "review" and not order.in_review:
                order.in_review = self.now

    def listen(self) -> None:
        """Take what people were told."""
        for told in self.people.told:
            what, incident, title, subject = str(told["title"]).split("|")
            several = _INCIDENTS.findall(str(told["message"])) if subject.endswith(" at once") else []
            message = str(told["title"])
            for number, about in several or [(incident, subject)]:
                self.heard.append(Heard(self.now, what, int(number), title, about, message))
                message = ""
        self.people.told.clear()

    # --- Whether health tells the truth ----------------------------------------------------------------------------------

    def check_health(self, planned: datetime) -> None:
        """Hold the verdict against what is known."""
        begun = self.now
        code, said = self.run("health", "--json")
        self.ran.append(Ran("health", planned, begun, self.now, code))
        try:
            items = json.loads(said[said.index("{") :])["items"]
        except ValueError:
            self.broken["health told the truth"].append(f"{begun}: exit code {code}: {said[-300:]}")
            return
        wrong = {item["name"] for item in items if item["level"] in ("warning", "critical")}
        must, may = self.truth()
        outage = self.outage()
        lies = sorted(must - wrong) + sorted(f"not {name}" for name in wrong - must - may)
        if lies or (code == 0) != (not wrong):
            told = "; ".join(f"{item['name']}: {item['message']}"[:160] for item in items if item["level"] != "ok")
            where = f" ({outage.name} out)" if outage else ""
            self.broken["health told the truth"].append(f"{begun:%d. %H:%M}{where}: missing or untrue: {lies}; told: {told}")
        else:
            self.told_truth += 1

    def unnoted(self, run: Ran) -> bool:
        """True of a run while the database could not be written."""
        return any(outage.name == "database" and outage.covers(run.begun) for outage in self.outages)

    def truth(self) -> tuple[set[str], set[str]]:
        """Return the checks that have to be wrong now, and those that may be besides: what follows from an outage."""
        must, may = set(), set()
        outage, recent = self.outage(), self.recent()
        if any(order.in_review and not order.handled for order in self.odd.values()):
            must.add("review")
        must |= self.pushes.truth(LATE)
        if outage and outage.name in ("store", "key"):
            must.add("store")
            may.add("keys")
        if recent is not None:
            may |= {
                "failed",
                "pending",
                "write_back",
                "last_poll",
                "last_success",
                "notifications",
                "stuck",
                "review",
                "database",
            }
        for job in self.jobs:
            # A run that the database could not take notes of is one that it never saw.
            last = next((run for run in reversed(self.ran) if run.job == job.name and not self.unnoted(run)), None)
            check = f"job_{job.name.replace('-', '_')}"
            if last is not None and job.operation and last.code not in GOOD:
                must.add(check)
            elif recent is not None:
                may.add(check)
        if outage and outage.name == "database":
            return {"database"}, may
        return must, may


def _without_patience(connect: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *where, **how: connect(*where, **(how | {"timeout": MOST_LOCKED}))


@contextlib.contextmanager
def month(options: argparse.Namespace, folder: Path) -> Iterator[Month]:
    """Give a month that hasn't begun: its shop and its people are there, and its clock is the program's."""
    with SimulatedStore() as shop, receiver() as people, mail_server() as (mailbox, port):
        made = Month(options, folder, shop, people, mailbox, port)
        shop.gate.clock = lambda: datetime.now(UTC)  # signatures are made by the host's clock
        templates = folder / "templates"
        templates.mkdir()
        for name in ("alert", "alert_recovered"):
            (templates / f"{name}.txt").write_text(_TEMPLATE, encoding="utf-8")
        with (
            mock.patch("syncctl.clock.datetime", made.clock),
            mock.patch("syncctl.stop.Stop.sleep", lambda _stop, seconds: made.clock.wait(seconds)),
            mock.patch("syncctl.services.schedule.available", list),
            mock.patch("sqlite3.connect", _without_patience(sqlite3.connect)),
            mock.patch.dict(os.environ, made.environment(), clear=True),
            contextlib.chdir(folder),
        ):
            yield made
