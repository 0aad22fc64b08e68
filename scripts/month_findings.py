"""What `month.py` promises, and how each promise is held against what happened."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from itertools import pairwise

from scripts.month_plan import Outage
from scripts.month_pushes import HELD, OFFERS, PRICES, ZERO, told_of
from scripts.month_world import Heard, Month, Ran
from syncctl.jobs import DAY

GRACE = timedelta(hours=2, minutes=10)
"""Within this somebody has to be told. Two turns of the alerts: the first of them may come while the cool-down lasts."""
BOUNDED = (
    "USER_SYNC_LOG",
    "USER_ORDER_ATTEMPT",
    "USER_STORE_OUTBOX",
    "USER_NOTIFICATION",
    "USER_INCIDENT",
    "USER_STORE_ITEM",
    "USER_STORE_PUSH",
)
"""Tables whose rows go once they are old, or of which there is one for each item or kind of push."""
KEPT = (
    "USER_ORDER_STAGING",
    "USER_ORDER_LINK",
    "USER_ORDER_LINE_LINK",
    "USER_ORDER_PART",
    "USER_ORDER_DEAD_LETTER",
    "USER_CUSTOMER_FIELD",
    "USER_SYNC_STATISTIC",
)
"""Tables that keep for ever what there is of each order, customer or hour: they grow by as much as in the month before."""
EVENTS = "USER_ORDER_EVENT"
"""Keeps one row of each order for ever, such as that it was created; the others go."""
LONG = 10
"""A shorter month says nothing of how tables grow."""
MOST_GROWTH = 1.15
"""As many rows as before, and those that outages bring: half a year before there were none."""
LAG = 3
"""Days at the end of the month before whose orders are posted in the ERP only in this one: their story isn't old yet."""
SOME = 60
"""Rows that are no growth."""
ABOUT_ORDERS = ("Orders need a person", "Orders failed at each of their tries")
_GROWTH = "tables stay at their size"


def findings(made: Month) -> dict[str, list[str]]:
    """Return each promise with what breaks it."""
    found: dict[str, list[str]] = {
        "nobody was told twice of one incident": _twice(made),
        "nobody was not told of an outage": _untold(made, made.outages),
        "nobody was not told of a push that is held or refused": _untold(made, told_of(made.pushes.troubles)),
        "nobody was not told of an order that needs a person": _reviews(made),
        "each recovery was told once": _recoveries(made),
        "mail and HTTP were told the same": _ways(made),
        OFFERS: [],
        ZERO: [],
        PRICES: [],
        HELD: [],
        "health told the truth": [],
        "every job ended well, or said which system was down": [],
        "no job overlapped": _overlaps(made),
        "no job was missed": _missed(made),
        _GROWTH: growth(made),
    }
    return found | {name: found[name] + said for name, said in made.broken.items()}


def unchecked(made: Month) -> dict[str, str]:
    """Return each promise of which this month says nothing, with why."""
    options = made.options
    if options.days < LONG:
        # What is forgotten lags behind by the days until a document is posted and the store is told.
        return {_GROWTH: f"it takes {LONG} days or more, these were {options.days}"}
    if options.before < options.days:
        return {_GROWTH: f"of the {options.before} days half a year before, less was to be forgotten than came in {options.days}"}
    return {}


def _twice(made: Month) -> list[str]:
    opened = Counter((told.incident, told.title, told.subject) for told in made.heard if told.what == "opened" and told.incident)
    direct = Counter(told.title for told in made.heard if told.what == "opened" and not told.incident)
    outages = Counter(each.rule for each in made.outages if each.name == "database")
    said = [f"{key} was told {count} times" for key, count in opened.items() if count > 1]
    said += [f"{title} was told {count} times" for title, count in direct.items() if count > max(1, outages[title])]
    return said + _again(made)


def _again(made: Month) -> list[str]:
    """Of orders that need a person people may hear again where there is one more of them."""
    said = []
    before: dict[int, Heard] = {}
    for told in made.heard:
        if told.title in ABOUT_ORDERS and told.what in ("opened", "again"):
            last = before.get(told.incident)
            if last and not any(order.in_review and last.at <= order.in_review <= told.at for order in made.odd.values()):
                said.append(f"{told.title} ({told.subject}) was told again at {told.at}, and there was no other since {last.at}")
            before[told.incident] = told
    return said


def _untold(made: Month, planned: Sequence[Outage]) -> list[str]:
    return [
        f"of {outage.name}, {outage.begin} to {outage.end}"
        for outage in planned
        if not [told for told in made.heard if told.title == outage.rule and told.what == "opened" and outage.covers(told.at)]
    ]


def _reviews(made: Month) -> list[str]:
    """Look for what was told of each order that came to a person and stayed there long enough: of the class that it has."""
    heard = [told for told in made.heard if told.title in ABOUT_ORDERS and told.what in ("opened", "again")]
    with closing(sqlite3.connect(made.folder / "month.db")) as database:
        classes: dict[int, set[str]] = defaultdict(set)
        for order_id, error_class in database.execute("SELECT WOO_ORDER_ID, ERROR_CLASS FROM USER_ORDER_DEAD_LETTER"):
            classes[order_id].add(error_class)
    missing = []
    made.owed = 0
    for order_id, order in made.odd.items():
        if order.in_review is None:
            if order.kind.end != "applied":
                missing.append(f"order {order_id} ({order.kind.name}) never came to a person")
            continue
        # Who can't be told while something else is down is told after that.
        ends = [each.end for each in made.outages if each.begin - GRACE <= order.in_review < each.end]
        until = max([order.in_review, *ends]) + GRACE
        if min(order.handled or made.now, made.now) < until:
            continue  # somebody has decided about it before
        made.owed += 1
        known = classes.get(order_id)
        if not any(order.in_review <= told.at <= until and (not known or told.subject in known) for told in heard):
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
        for outage in (*made.outages, *told_of(made.pushes.troubles))
        if not [
            each
            for each in made.heard
            if each.what == "recovered" and each.title == outage.rule and outage.end <= each.at <= outage.end + GRACE
        ]
    ]
    return said + [f"the end of what was wrong with the {name} was not told in time" for name in late]


def _ways(made: Month) -> list[str]:
    mailed = Counter(str(mail["Subject"]) for mail in made.mailbox.mails)
    posted = Counter(told.message for told in made.heard if told.message)
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
        noted -= made.pushes.by_hand[job.name]
        unnoted = sum(run.code not in (0, 1) for run in runs)
        if not len(runs) - unnoted <= noted <= len(runs):
            said.append(f"{job.name}: {noted} runs in the log of {len(runs)}")
    return said


def growth(made: Month) -> list[str]:
    """Return each table that grew by more than it may."""
    if unchecked(made):
        return []
    before, after = made.sizes[0], made.sizes[-1]
    orders = made.options.days * made.options.orders
    most = {table: (rows if table in KEPT else 0) + MOST_GROWTH * rows for table, rows in before.items()}
    most[EVENTS] = before[EVENTS] * (1 + LAG / made.options.before) + MOST_GROWTH * orders
    return [
        f"{table}: {before[table]:,} rows at the beginning, {rows:,} at the end"
        for table, rows in after.items()
        if rows > most[table] + SOME
    ]
