"""A year of claims within a carrier's limit of calls a day: whose turn it was, the calls, time and memory, printed.

    python scripts/pod_year.py [--claims 50000] [--days 365] [--per-day 100]

Claims come in each day, each with a dispute that has to be answered 20 to 90 days later. One in twelve has a number of which a
digit was misread, one in ten is on its way for some days. Each simulated day the job runs until the carrier's budget is used up:
the limit is for fewer claims than come in. Exit code 1: a call was wasted on a number that can't be right, or a dispute whose day
comes later was asked for before one whose day comes earlier.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import logging
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from syncctl.carriers.catalog import Catalog, open_catalog
from syncctl.carriers.numbers import CHECKS
from syncctl.db.contract import AddClaim, CountPods
from syncctl.db.embedded.engine import EmbeddedDatabase
from syncctl.demo.carriers import pdf
from syncctl.http_answer import HttpSession
from syncctl.services.pod import PodWork
from syncctl.services.pod_documents import FolderStore
from syncctl.services.pod_run import PodOptions, PodResult
from syncctl.services.run_context import RunContext
from syncctl.settings import Settings
from syncctl.stop import Never

BEGIN = datetime(2026, 1, 1, 6, tzinfo=UTC)
DAY = timedelta(days=1)
CARRIER = """
name = "acme"
[limits]
per_day = {per_day}
[request]
url = "https://acme.invalid/pod/{{tracking_number}}"
[response]
document = "document"
status = "status"
delivered = ["DELIVERED"]
[number]
kinds = [{{ shape = "(?P<serial>[0-9]{{9}})(?P<check>[0-9])", check = "mod7" }}]
"""


@dataclass
class Year:
    """The simulated year: its clock, and what the carrier was asked on the day."""

    now: datetime = BEGIN
    asked: list[str] = field(default_factory=list)
    due: dict[str, datetime] = field(default_factory=dict)
    """Number → by when its dispute has to be answered."""
    delivered: dict[str, datetime] = field(default_factory=dict)
    """Number → when the parcel is there."""

    def clock(self) -> datetime:
        """Return the present of the simulation."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def answer(self, number: str) -> dict[str, str]:
        """Answer as the carrier does."""
        self.asked.append(number)
        if self.delivered[number] > self.now:
            return {"status": "ON THE WAY"}
        return {"status": "DELIVERED", "document": base64.b64encode(pdf(number)).decode()}


class Wire(BaseAdapter):
    """Where the program's requests end: in the simulated year, not on a network."""

    def __init__(self, year: Year) -> None:
        super().__init__()
        self._year = year

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """See `BaseAdapter.send`."""
        body = json.dumps(self._year.answer(str(request.url).rsplit("/", 1)[-1])).encode()
        response = requests.Response()
        response.status_code, response.url, response.request = 200, str(request.url), request
        response.headers["Content-Type"] = "application/json"
        response.raw = HTTPResponse(io.BytesIO(body), preload_content=False)
        return response

    def close(self) -> None:
        """Nothing is held."""


def main() -> int:
    """Run the year; print a line a month (CPU seconds are those of an average day) and the sums."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--claims", type=int, default=50_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--per-day", type=int, default=100)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        return simulate(given, Path(folder))


def simulate(given: argparse.Namespace, folder: Path) -> int:
    """Run the year in a folder; return the exit code."""
    year, chance, serials = Year(), random.Random(15), iter(range(100_000_000, 999_999_999, 7))  # noqa: S311  (no secret)
    (folder / "carriers").mkdir()
    (folder / "carriers" / "acme.toml").write_text(CARRIER.format(per_day=given.per_day), encoding="utf-8")
    catalog = open_catalog(Settings(), folder=folder / "carriers", clock=year.clock)
    database = EmbeddedDatabase(folder / "year.db", clock=year.clock)
    total, wrong, bad = Counter[str](), 0, set[str]()
    names = ("claims", "calls", "done", "in time", "late", "bad no.", "waiting", "CPU s", "MB")
    print(f"{'day':>4}" + "".join(f"{name:>9}" for name in names), flush=True)
    seconds = 0.0
    for day in range(given.days):
        year.now = BEGIN + day * DAY
        for _ in range(given.claims * (day + 1) // given.days - given.claims * day // given.days):
            bad |= come_in(database, year, chance, serials, total)
        begun = time.process_time()
        year.asked.clear()
        result = run(database, catalog, year, folder)
        seconds += time.process_time() - begun
        wrong += out_of_turn(year) + sum(1 for number in year.asked if number in bad)
        count(result, year, total)
        if (day + 1) % 30 == 0 or day + 1 == given.days:
            waiting = sum(row.claims for row in database.run(CountPods(open_only=True)) if row.standing in ("due", "waiting"))
            span = 30 if (day + 1) % 30 == 0 else (day + 1) % 30
            sums = [total[key] for key in ("claims", "calls", "done", "in time", "late", "bad")]
            shown = "".join(f"{each:>9,}" for each in (*sums, waiting))
            print(f"{day + 1:>4}{shown}{seconds / span:>9.2f}{memory():>9.0f}", flush=True)
            seconds = 0.0
    database.close()
    print(f"Most calls on a day: {total['most']}. Calls on numbers that can't be right, or out of turn: {wrong}.")
    return 1 if wrong or total["most"] > given.per_day else 0


def come_in(
    database: EmbeddedDatabase, year: Year, chance: random.Random, serials: Iterator[int], total: Counter[str]
) -> set[str]:
    """Add one claim; return its number where it is one that can't be right."""
    serial = str(next(serials))
    number = serial + CHECKS["mod7"](serial)
    misread = chance.random() < 1 / 12
    if misread:
        number = serial + str((int(number[-1]) + 1) % 10)
    year.due[number] = year.now + chance.randint(20, 90) * DAY
    year.delivered[number] = year.now + (chance.randint(3, 20) * DAY if chance.random() < 0.1 else -DAY)
    total["claims"] += 1
    claim = AddClaim(
        claim_reference=f"C-{total['claims']}", carrier="acme", tracking_number=number, dispute_deadline=year.due[number]
    )
    database.run(claim)
    return {number} if misread else set()


def run(database: EmbeddedDatabase, catalog: Catalog, year: Year, folder: Path) -> PodResult:
    """Run the job once, as `pod-fetch --batch-size 1000` does."""

    def session() -> HttpSession:
        made = HttpSession()
        made.mount("https://", Wire(year))
        return made

    options = PodOptions(scope="pending", batch_size=1000, not_yet_seconds=2 * 86_400)
    context = RunContext(run_id="year", clock=year.clock, sleeper=year.sleep, stop=Never())
    documents = FolderStore(folder / "pods", clock=year.clock)
    return PodWork(database, catalog, documents, "year", options, context, session=session).run()


def out_of_turn(year: Year) -> int:
    """Count the disputes that were asked for after one whose day comes later, as long as both can still be answered."""
    due = [year.due[number] for number in year.asked if year.due[number] >= year.now]
    return sum(1 for before, after in pairwise(due) if before > after)


def count(result: PodResult, year: Year, total: Counter[str]) -> None:
    """Add a day's outcomes up."""
    total["calls"] += len(year.asked)
    total["most"] = max(total["most"], len(year.asked))
    for item in result.items:
        number = item.tracking_number or ""
        total["bad"] += item.cause == "invalid_tracking"
        if item.outcome == "success":
            total["done"] += 1
            total["in time" if year.due.pop(number) >= year.now else "late"] += 1
            del year.delivered[number]


def memory() -> float:
    """Return the most memory that the process has had, in megabytes; 0 where the system doesn't tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    raise SystemExit(main())
