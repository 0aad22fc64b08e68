#!/usr/bin/env python3
"""A month without anybody at the keyboard, in a few minutes: is everybody told of everything, once, and does nothing grow?

    .venv/bin/python scripts/month.py                     30 days, 40 orders a day, 200 of them odd
    .venv/bin/python scripts/month.py --days 3 --orders 12 --odd 6

All jobs of `syncctl/jobs.py` that have something to do run within this process, one after the other, as their intervals say, by a
clock that is moved: nothing sleeps. The store is simulated, the database a throw-away file, people are told by real HTTP and
real mail. In the month the store is down for hours, the database can't be written, and the store's key is wrong for a while.
Half a year before there was another such month: the nightly purge forgets of it, day by day, as much as this one brings. Each
morning somebody decides about the orders that need a person. Exit code 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # it is run by its path

from scripts.runs import print_findings
from syncctl.cli.app import run_app
from syncctl.db.connect import open_database
from syncctl.demo.catalog import customer, products
from syncctl.demo.faults import Fault
from syncctl.demo.odd_kinds import FOR_EVER, OddOrder, odd_orders
from syncctl.demo.orders import OrderMaker
from syncctl.demo.store import SimulatedStore
from syncctl.jobs import DAY, JOBS, ScheduledJob
from syncctl.secret import Secret
from syncctl.services.seed import seed_from_store
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.receivers import Mailbox, Receiver, mail_server, receiver

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
PURGED_AFTER = timedelta(days=180)
INTERVALS = {
    **dict.fromkeys(("stage", "process", "retry-failed", "health", "alerts"), 60),
    **dict.fromkeys(("customers", "sync-status", "reconcile-open"), 240),
    **dict.fromkeys(("report", "pod-fetch", "pod-retry"), DAY),
    "stock-push": 0,
    "price-push": 0,
}
"""How often jobs run, in minutes, where that is coarser than their own: in between nothing would happen."""
LATE = 3
"""Intervals after which a job is missed (`SYNCCTL_HEALTH_LATE_INTERVALS`)."""
GRACE = timedelta(hours=2, minutes=10)
"""Within this somebody has to be told. Two turns of the alerts: the first of them may come while the cool-down lasts."""
AT_LEAST_LEFT = timedelta(hours=4)
"""Of the month, after its last odd order: somebody has to be told of it."""
AFTERWARDS = timedelta(hours=8)
"""So long after an outage something may still wait for its next try."""
MORNING = 9 * 60 + 30
BOUNDED = ("USER_SYNC_LOG", "USER_ORDER_ATTEMPT", "USER_STORE_OUTBOX", "USER_NOTIFICATION", "USER_INCIDENT")
"""Tables whose rows go once they are old."""
LONG = 10
"""A shorter month says nothing of how tables grow."""
MOST_GROWTH = 1.15
"""As many rows as before, and those that outages bring: half a year before there were none."""
_GOOD = (0, 1)
_TEMPLATE = "{{ what }}|{{ incident or 0 }}|{{ title }}|{{ subject }}\n\n{{ message }}\n"


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
class Outage:
    """What goes wrong, from when to when, and which rule people are told of it by."""

    name: str
    begin: datetime
    end: datetime
    rule: str

    def covers(self, moment: datetime) -> bool:
        """True while it lasts."""
        return self.begin <= moment < self.end


@dataclass(frozen=True, slots=True)
class Heard:
    """A message to people."""

    at: datetime
    what: str
    incident: int
    title: str
    subject: str


@dataclass
class Placed:
    """An odd order, and what the simulation knows of it."""

    kind: OddOrder
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
    placed: int = 0
    told_truth: int = 0
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
        self.jobs = [job for job in JOBS if INTERVALS.get(job.name, job.minutes)]

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
        """Say when what goes wrong: in each third of the month something else."""
        third = timedelta(days=days) / 3
        store, database = "The store can't be used", "The database can't be used"
        kinds = (("store", store, 5), ("database", database, 4), ("key", store, 6))
        for number, (name, rule, hours) in enumerate(kinds):
            start = (begin + third * number + third / 3).replace(minute=30)
            self.outages.append(Outage(name, start, start + timedelta(hours=hours if days > 3 else hours // 3), rule))

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

    def place(self, *, odd: bool) -> None:
        """Let an order come in."""
        self.placed += 1
        raw = self.maker.order(1000 + self.placed, self.now - timedelta(seconds=self.chance.randrange(1, 1500)))
        raw["status"] = self.chance.choice(("processing", "completed"))
        if odd:
            kind = self.kinds[len(self.odd) % len(self.kinds)]
            self.odd[raw["id"]] = Placed(kind)
            kind.make(raw, self.shop, self.maker, 0.0)
        self.shop.load([raw])

    def morning(self) -> None:
        """Let somebody decide about the orders that need a person, and the ERP post what was shipped."""
        if self.outage() is None:
            self.run("dead-letter", "cancel", "--all", "--yes", "--reason", "decided in the morning")
            for order in self.odd.values():
                if order.in_review and not order.handled:
                    order.handled = self.now
        if self._lock is None:
            with closing(sqlite3.connect(self.folder / "month.db")) as database, database:
                _post(database, self.now - timedelta(days=2))

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
        for minute in range(days * DAY):
            planned = begin + timedelta(minutes=minute)
            due = [job for job in self.jobs if (minute - job.offset) % self.minutes(job) == 0 and minute >= job.offset]
            if minute % DAY != MORNING and not due:
                continue
            if self.now < planned:
                self.clock.moment = planned
            self.break_and_mend()
            while coming and coming[-1][0] <= self.now:
                self.place(odd=coming.pop()[1] in strange)
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
        code, said = self.run(*job.arguments)
        self.ran.append(Ran(job.name, planned, begun, self.now, code))
        self.listen()
        if not self.watched:
            return
        allowed = (0, 1) if self.recent() is None else (0, 1, 69, 78)
        if code not in allowed or "Traceback" in said or "Unexpected" in said:
            self.broken["every job ended well, or said which system was down"].append(
                f"{self.now} {job.name}: {code} {said[-500:]}"
            )
        self.note(job.name, code)

    def note(self, job: str, code: int) -> None:
        """Know what a run did with the odd orders."""
        if code not in _GOOD or self.outage() is not None:
            return
        for order in self.odd.values():
            if job == "stage" and order.staged is None:
                order.staged = self.now
                if order.kind.end == "set aside":
                    order.in_review = self.now
            elif job in ("process", "retry-failed") and order.staged and order.kind.end == "review" and not order.in_review:
                order.in_review = self.now

    def listen(self) -> None:
        """Take what people were told."""
        for told in self.people.told:
            what, incident, title, subject = str(told["title"]).split("|")
            self.heard.append(Heard(self.now, what, int(incident), title, subject))
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
            if last is not None and job.operation and last.code not in _GOOD:
                must.add(check)
            elif recent is not None:
                may.add(check)
        if outage and outage.name == "database":
            return {"database"}, may
        return must, may


def _post(database: sqlite3.Connection, before: datetime) -> None:
    """Take documents out of the open ones into the history, as posting them in the ERP does."""
    text = before.strftime("%Y-%m-%d %H:%M:%S")
    which = (
        "SELECT DOC_ID FROM USER_ORDER_LINK WHERE LINK_STATE = 'OPEN' AND CREATED_DT < ? "
        "AND DOC_ID IN (SELECT DOC_ID FROM PS_DOC_HDR)"
    )
    ids = [row[0] for row in database.execute(which, (text,))]
    head = "DOC_ID, STR_ID, STA_ID, TKT_NO, CUST_NO, CUST_PO_NO, REF, TKT_DT"
    tables = [
        row[0]
        for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'PS_DOC_%'")
        if row[0] not in ("PS_DOC_PMT", "PS_DOC_PMT_APPLY", "PS_DOC_PKG_TRK_NO")
    ]
    for doc_id in ids:
        database.execute(f"INSERT INTO PS_ORD_HIST ({head}) SELECT {head} FROM PS_DOC_HDR WHERE DOC_ID = ?", (doc_id,))  # noqa: S608
        database.execute(
            "INSERT INTO PS_ORD_HIST_LIN (DOC_ID, LIN_SEQ_NO, ITEM_NO, ORIG_QTY, QTY_SOLD, EXT_PRC)"
            " SELECT DOC_ID, LIN_SEQ_NO, ITEM_NO, ORIG_QTY, QTY_SOLD, EXT_PRC FROM PS_DOC_LIN WHERE DOC_ID = ?",
            (doc_id,),
        )
        for table in tables:
            database.execute(f"DELETE FROM {table} WHERE DOC_ID = ?", (doc_id,))  # noqa: S608


# Before


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
            mock.patch.dict(os.environ, made.environment(), clear=True),
            contextlib.chdir(folder),
        ):
            yield made


def _prepare(made: Month) -> None:
    """Fill shop and trial ERP."""
    people = [customer(person, "2026-01-05T09:00:00") for person in made.maker.people]
    made.shop.load([], products=products(), customers=people)
    connection = Connection(url=made.shop.url, consumer_key=Secret(made.shop.key), consumer_secret=Secret(made.shop.secret))
    with closing(open_database(made.url)) as database, closing(WooCommerce(connection, store_id="woocommerce")) as store:
        seed_from_store(database, store)


def live(made: Month) -> None:
    """Live through a month long ago, and then through the one that the promises are about."""
    days = made.options.days
    _prepare(made)
    made.days(BEGIN, made.options.before, odd=made.options.odd)
    made.morning()
    made.odd.clear()
    begin = BEGIN + PURGED_AFTER
    made.clock.moment = begin - timedelta(minutes=30)
    for _ in range(2):
        for job in made.jobs:  # everything was at rest meanwhile; what is due at once isn't what is watched
            made.start(job, made.now)
        made.clock.wait(600)
    made.listen()
    made.heard.clear()
    made.mailbox.mails.clear()
    made.ran.clear()
    made.watched = True
    made.plan(begin, days)
    made.sizes.append(_rows(made))
    made.days(begin, days, odd=made.options.odd)
    made.listen()
    made.sizes.append(_rows(made))


def _rows(made: Month) -> dict[str, int]:
    with closing(sqlite3.connect(made.folder / "month.db")) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'USER_%'")]
        return {name: database.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in names}  # noqa: S608


# After


def findings(made: Month) -> dict[str, list[str]]:
    """Return each promise with what breaks it."""
    found: dict[str, list[str]] = {
        "nobody was told twice of one incident": _twice(made),
        "nobody was not told of an outage": _outages(made),
        "nobody was not told of an order that needs a person": _reviews(made),
        "each recovery was told once": _recoveries(made),
        "mail and HTTP were told the same": _ways(made),
        "health told the truth": [],
        "every job ended well, or said which system was down": [],
        "no job overlapped": _overlaps(made),
        "no job was missed": _missed(made),
        "tables stay at their size": _growth(made),
    }
    return found | {name: found[name] + said for name, said in made.broken.items()}


def _twice(made: Month) -> list[str]:
    opened = Counter((told.incident, told.title, told.subject) for told in made.heard if told.what == "opened" and told.incident)
    direct = Counter(told.title for told in made.heard if told.what == "opened" and not told.incident)
    outages = Counter(each.rule for each in made.outages if each.name == "database")
    said = [f"{key} was told {count} times" for key, count in opened.items() if count > 1]
    return said + [f"{title} was told {count} times" for title, count in direct.items() if count > max(1, outages[title])]


def _outages(made: Month) -> list[str]:
    return [
        f"of {outage.name}, {outage.begin} to {outage.end}"
        for outage in made.outages
        if not [told for told in made.heard if told.title == outage.rule and told.what == "opened" and outage.covers(told.at)]
    ]


def _reviews(made: Month) -> list[str]:
    titles = ("Orders need a person", "Orders failed at each of their tries")
    told_at = sorted(told.at for told in made.heard if told.title in titles and told.what in ("opened", "again"))
    missing = []
    for order_id, order in made.odd.items():
        if order.in_review is None:
            if order.kind.end != "applied":
                missing.append(f"order {order_id} ({order.kind.name}) never came to a person")
            continue
        until = min(order.in_review + GRACE, order.handled or made.now)
        disturbed = any(each.begin - GRACE <= order.in_review < each.end + GRACE for each in made.outages)
        if until - order.in_review >= GRACE and not disturbed and not any(order.in_review <= at <= until for at in told_at):
            missing.append(f"of order {order_id} ({order.kind.name}), in review since {order.in_review}")
    return missing


def _recoveries(made: Month) -> list[str]:
    with closing(sqlite3.connect(made.folder / "month.db")) as database:
        open_ones = {row[0] for row in database.execute("SELECT INCIDENT_ID FROM USER_INCIDENT WHERE RECOVERED_DT IS NULL")}
    told: dict[str, Counter[int]] = {
        what: Counter(each.incident for each in made.heard if each.what == what and each.incident)
        for what in ("opened", "recovered")
    }
    said = [f"the end of {number} was told {count} times" for number, count in told["recovered"].items() if count > 1]
    said += [f"the end of {number} was not told" for number in told["opened"].keys() - told["recovered"].keys() - open_ones]
    direct = Counter(each.what for each in made.heard if not each.incident)
    if direct["opened"] != direct["recovered"]:
        said.append(f"told without the database: {dict(direct)}")
    late = [
        outage.name
        for outage in made.outages
        if not [
            each
            for each in made.heard
            if each.what == "recovered" and each.title == outage.rule and outage.end <= each.at <= outage.end + GRACE
        ]
    ]
    return said + [f"the end of the outage of the {name} was not told in time" for name in late]


def _ways(made: Month) -> list[str]:
    mailed = Counter(str(mail["Subject"]) for mail in made.mailbox.mails)
    posted = Counter(f"{told.what}|{told.incident}|{told.title}|{told.subject}" for told in made.heard)
    return [] if mailed == posted else [f"mail {dict(mailed - posted)}, HTTP {dict(posted - mailed)}"]


def _overlaps(made: Month) -> list[str]:
    said = []
    by_job: dict[str, list[Ran]] = defaultdict(list)
    for run in made.ran:
        by_job[run.job].append(run)
    for name, runs in by_job.items():
        said += [f"{name}: {one.begun} to {one.ended}" for one, other in pairwise(runs) if other.begun < one.ended]
    return said


def _missed(made: Month) -> list[str]:
    said = []
    for job in made.jobs:
        runs = [run for run in made.ran if run.job == job.name]
        planned = made.options.days * DAY // made.minutes(job)
        late = [run for run in runs if run.begun - run.planned > timedelta(minutes=made.minutes(job))]
        if len(runs) != planned or late:
            said.append(f"{job.name}: {len(runs)} of {planned} runs, {len(late)} of them late")
        if not job.operation:
            continue
        with closing(sqlite3.connect(made.folder / "month.db")) as database:
            sql = "SELECT COUNT(*) FROM USER_SYNC_LOG WHERE OPERATION_TYPE = ? AND START_TIME >= ?"
            begun = f"{runs[0].begun:%Y-%m-%d %H:%M:%S}" if runs else ""
            [noted] = database.execute(sql, (job.operation, begun)).fetchone()
        unnoted = sum(run.code not in (0, 1) for run in runs)
        if not len(runs) - unnoted <= noted <= len(runs):
            said.append(f"{job.name}: {noted} runs in the log of {len(runs)}")
    return said


def _growth(made: Month) -> list[str]:
    before, after = made.sizes[0], made.sizes[-1]
    if made.options.before < made.options.days or made.options.days < LONG:
        return []  # what is forgotten lags behind by the days until a document is posted and the store is told
    return [
        f"{table}: {before[table]:,} rows at the beginning, {after[table]:,} at the end"
        for table in BOUNDED
        if after[table] > MOST_GROWTH * before[table] + 60
    ]


def _print(made: Month, took: float) -> None:
    told = ", ".join(f"{count} {what}" for what, count in sorted(Counter(each.what for each in made.heard).items()))
    ends = Counter(order.kind.end for order in made.odd.values())
    odd = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    print(
        f"{made.options.days} days in {took:.0f} s: {made.placed:,} orders with those of half a year before, {len(made.odd)} odd "
        f"({odd}), {len(made.ran):,} runs of {len(made.jobs)} jobs, "
        f"{len(made.outages)} outages"
    )
    print(f"  told: {told}; health was right {made.told_truth} times")
    for table in BOUNDED:
        print(f"  {table:<20} {made.sizes[0][table]:>7,} rows before, {made.sizes[-1][table]:>7,} after")


def main() -> int:
    """Live through it, look at it, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30, help="how many days (30)")
    parser.add_argument("--orders", type=int, default=40, help="how many orders a day (40)")
    parser.add_argument("--odd", type=int, default=200, help="how many of them all are odd (200)")
    parser.add_argument("--seed", type=int, default=1, help="another number makes another month (1)")
    parser.add_argument("--before", type=int, help="how many days of half a year before (as many)")
    options = parser.parse_args()
    if options.days < 1 or min(options.orders, options.odd, options.before or 0) < 0:
        parser.error("there is no such month")
    options.before = options.days if options.before is None else options.before
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="syncctl-month-", ignore_cleanup_errors=True) as name,
        month(options, Path(name)) as made,
    ):
        live(made)
        _print(made, time.monotonic() - began)
        return print_findings(findings(made))


if __name__ == "__main__":
    sys.exit(main())
