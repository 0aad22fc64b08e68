"""`report`: one page that a browser opens without a word to anybody."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.acceptance.test_chain import PRODUCTS
from tests.clocks import PATIENCE
from tests.raws import raw_order

ON_SCREENS = """<!doctype html><iframe id="desk" style="width: 1040px" srcdoc="PAGE"></iframe>
<iframe id="phone" style="width: 390px" srcdoc="PAGE"></iframe>
<script>
onload = () => {
  const measured = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument;
    const over = [...page.querySelectorAll(".wide")].filter(each => each.scrollWidth > each.clientWidth);
    const tiles = [...page.querySelectorAll(".tiles li")];
    measured[frame.id] = {
      page: page.documentElement.scrollWidth,
      over: over.map(each => each.querySelector("th").textContent),
      tiles: tiles.length,
      rows: new Set(tiles.map(each => each.offsetTop)).size,
    };
  }
  document.title = JSON.stringify(measured);
};
</script>"""
"""The page as a desk and a phone show it; the title tells which of its tables, by their first heading, go over the edge."""
CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)


@pytest.fixture
def day(syncctl: Program, store: SimulatedStore) -> Path:
    """A day's work, and where its report is to be written."""
    syncctl.settings["SYNCCTL_UNKNOWN_CUSTOMER"] = "create"
    store.load(products=PRODUCTS)
    for sku in ("MUG", "NO-SUCH"):
        store.shopkeeper.place(raw_order((sku, 1, "8.00")))
    syncctl("db", "seed", "--from-store")
    assert syncctl("stage", "--since", "1d").code == 0
    assert syncctl("process").code == 1
    return syncctl.folder / "share" / "orders.html"


def test_the_page_tells_the_day(syncctl: Program, day: Path) -> None:
    told = syncctl("report", "--out", str(day), "--json").json
    assert (told["counts"]["staged"], told["counts"]["created"], told["counts"]["review"], told["counts"]["told"]) == (2, 1, 1, 1)
    assert told["file"] == str(day)
    page = day.read_text(encoding="utf-8")
    assert "NO-SUCH" in page
    assert "process" in page
    assert [path.name for path in day.parent.iterdir()] == ["orders.html"], "no parts are left"
    if os.name != "nt":
        assert day.stat().st_mode & 0o044, "others may read it on the share"
    before = day.read_text(encoding="utf-8")
    assert syncctl("report", "--out", str(day), "--store", "outlet").code == 0
    assert "NO-SUCH" in before
    assert "NO-SUCH" not in day.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_leaves_the_old_one(syncctl: Program, day: Path) -> None:
    assert syncctl("report", "--out", str(day)).code == 0
    before = day.read_text(encoding="utf-8")
    ended = syncctl("report", "--out", str(day.parent))
    assert ended.code == 78
    assert "SYNCCTL_REPORT_FILE" in ended.err
    assert day.read_text(encoding="utf-8") == before
    assert [path.name for path in day.parent.iterdir()] == ["orders.html"]
    assert [path.name for path in day.parent.parent.glob(".share*")] == []


@pytest.mark.parametrize(
    "wrong", [("--since", "2026-11-20", "--until", "2026-11-19"), ("--since", "2020-01-01"), ("--since", "soon")]
)
def test_a_window_that_makes_no_sense_is_refused(syncctl: Program, wrong: tuple[str, ...]) -> None:
    assert syncctl("report", *wrong).code == 2


@pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the report isn't opened in one. Install chromium to have it tried.")
def test_a_browser_opens_it_without_an_error_and_without_a_request(syncctl: Program, day: Path, tmp_path: Path) -> None:
    assert syncctl("report", "--out", str(day)).code == 0
    assert "<svg" in opened(day, tmp_path)
    beside = tmp_path / "beside.html"
    beside.write_text(ON_SCREENS.replace("PAGE", html.escape(day.read_text(encoding="utf-8"))), encoding="utf-8")
    measured = json.loads(re.findall(r"<title>(.*)</title>", opened(beside, tmp_path))[-1])
    assert measured["desk"]["over"] == [], "on a desk nothing is off the edge"
    assert measured["phone"]["page"] <= 390
    assert not {"Cause", "Order"} & set(measured["phone"]["over"]), "what has to be read is not off a phone's edge"
    assert measured["phone"]["rows"] <= measured["phone"]["tiles"] / 2, "two figures beside each other"


def opened(path: Path, tmp_path: Path) -> str:
    """Open a page in a browser, which has nothing to say about it; return what the browser made of it."""
    assert CHROMIUM is not None
    quiet = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    more = f"--disable-component-update --disable-sync --user-data-dir={tmp_path / 'profile'} --enable-logging=stderr --v=0"
    ended = subprocess.run(
        [CHROMIUM, *quiet.split(), *more.split(), "--virtual-time-budget=2000", "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=True,
    )
    assert "CONSOLE" not in ended.stderr
    return ended.stdout


def test_the_log_of_runs_tells_what_each_step_took_and_the_log_file_tells_every_document(syncctl: Program, day: Path) -> None:
    staged, processed = (
        json.loads(syncctl.query("SELECT METRICS_JSON FROM USER_SYNC_LOG WHERE OPERATION_TYPE = ?", job)[0][0])["steps"]
        for job in ("stage", "process")
    )
    assert staged["HTTP GET"]["count"] >= 1
    assert staged["sp_StageOrders"]["count"] == 1
    assert processed["sp_ProcessStagedOrder"]["count"] == 2
    assert set(processed["sp_ProcessStagedOrder"]) == {"count", "seconds", "longest"}
    lines = "".join(path.read_text(encoding="utf-8") for path in (syncctl.folder / "logs").glob("woo_order_processing*.log"))
    assert re.search(r"Order \d+ \(staging id \d+\): created, document \d+ \(101-000001\)", lines)
    assert re.search(r"Order \d+: the store was told \(delivered\): applied", lines)


def test_the_same_figures_by_hour_and_day_and_in_a_file_that_no_spreadsheet_reckons(syncctl: Program, day: Path) -> None:
    for by in ("hour", "day"):
        told = syncctl("stats", "--by", by, "--json").json
        assert (told["counts"]["staged"], told["counts"]["created"], told["counts"]["review"]) == (2, 1, 1)
        assert sum(item["created"] for item in told["items"]) == 1
        assert told["peaks"][by]["created"] == 1
        assert {step["step"] for step in told["steps"]} == {"seen", "to_erp", "to_store"}
        assert [cause["orders"] for cause in told["causes"]] == [1]
    assert len(told["items"]) == 8, "a week of days, and today"
    path = syncctl.folder / "week.csv"
    shown = syncctl("stats", "--by", "day", "--csv", str(path))
    assert "Busiest day" in shown.out
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "start,staged,edited,created,changed,closed,told,failed,review"
    assert len(lines) == 9
    for wrong in (
        ("--by", "week"),
        ("--since", "1d"),
        ("--csv", "x"),
        ("--by", "day", "--reset"),
        ("--by", "day", "--since", "x"),
    ):
        assert syncctl("stats", *wrong).code == 2
    assert syncctl("stats", "--by", "day", "--csv", str(syncctl.folder)).code == 2


def test_the_page_tells_of_queues_of_customers(syncctl: Program, day: Path, store: SimulatedStore) -> None:
    assert syncctl("customers", "start", "--name", "<First> day").code == 0
    assert syncctl("report", "--out", str(day)).code == 0
    page = day.read_text(encoding="utf-8")
    assert "&lt;First&gt; day" in page
    assert "Customers</h2>" in page
