"""Running a job as a scheduler does: what is told and what is not, limits, stops, records that can't be read or written."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncctl.jobs import BY_NAME
from syncctl.schedulers.record import JobRecord, folder, gist, read, to_tell, write
from syncctl.services.run_job import Done, is_due, run_job
from syncctl.stop import Stop
from tests.clocks import PATIENCE
from tests.crash.hosts import eventually

NOW = datetime(2026, 11, 26, 11, 0, tzinfo=UTC)
STAGE, NIGHTLY = BY_NAME["stage"], BY_NAME["reconcile"]


def run(records: Path, code: str, *, at: datetime = NOW, stop: Stop | None = None, **more: Any) -> Done:
    command = [sys.executable, "-c", code]
    return run_job(STAGE, records, options=(), clock=lambda: at, stop=stop or Stop(), command=command, **more)


def test_trouble_is_told_when_it_comes_when_it_changes_when_it_is_gone_and_once_a_day(tmp_path: Path):
    told = []
    said = [
        (0, ""),
        (1, "syncctl: pending: the oldest of 3 waits for 61 min."),
        (1, "syncctl: pending: the oldest of 3 waits for 66 min."),
        (1, "syncctl: pending: the oldest of 4 waits for 71 min."),
        (75, "already running"),
        (1, "syncctl: pending: the oldest of 4 waits for 81 min."),
        (0, ""),
        (0, ""),
    ]
    for number, (code, text) in enumerate(said):
        at = NOW + timedelta(minutes=5 * number)
        told.append(run(tmp_path, f"print({text!r}, end=''); raise SystemExit({code})", at=at))
    assert [done.exit_code for done in told] == [code for code, _ in said]
    assert [bool(done.text) for done in told] == [False, True, False, True, False, False, True, False]
    assert told[6].text == "syncctl: stage is well again.\n"


def test_trouble_that_stays_is_told_again_after_a_day(tmp_path: Path):
    code = "print('no store'); raise SystemExit(69)"
    assert run(tmp_path, code).text == "no store\n"
    assert run(tmp_path, code, at=NOW + timedelta(hours=23)).text == ""
    again = run(tmp_path, code, at=NOW + timedelta(hours=25)).text
    assert again.startswith("no store\n(unchanged since 2026-11-26 ")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("run 20261126T110000-0123abcd failed at 11:00:03", "run 20261126T111000-99999999 failed at 11:10:07", True),
        ("oldest since 2026-11-26 10:00:00 UTC", "oldest since 2026-11-26 10:05:00 UTC", True),
        ("waits 1,061 s", "waits 1,361 s", True),
        ("3 orders in review", "4 orders in review", False),
        ("order 4711 failed", "order 4712 failed", False),
        ("", "x", False),
    ],
)
def test_times_and_ages_are_no_news_and_numbers_are(one: str, other: str, same: bool):
    assert (gist(one) == gist(other)) is same


def test_a_job_is_ended_at_its_limit_and_one_that_does_not_listen_is_killed(tmp_path: Path):
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    done = run(tmp_path, deaf, limit=timedelta(seconds=0.4), grace=0.3)
    assert done.exit_code == 143
    assert "its time limit" in done.text
    record = read(tmp_path, "stage")
    assert record
    assert record.at_limit


def test_a_stop_is_passed_on_to_the_job(tmp_path: Path):
    stop, begun = Stop(), tmp_path / "begun"

    def stop_once_begun() -> None:
        eventually(begun.exists)
        stop.set(143)

    waiting = threading.Thread(target=stop_once_begun)
    waiting.start()
    done = run(tmp_path, f"import time; open({str(begun)!r}, 'w').close(); time.sleep(3600)", stop=stop, grace=PATIENCE)
    waiting.join()
    assert done == Done(143)


def test_a_job_that_dies_without_a_word_is_told_of(tmp_path: Path):
    done = run(tmp_path, "import os; os._exit(9)")
    assert done == Done(9, "syncctl: stage ended with exit code 9 and said nothing.\n")


def test_a_flood_of_output_is_cut_and_holds_nothing_up(tmp_path: Path):
    done = run(tmp_path, "print('x' * 5_000_000); raise SystemExit(1)")
    assert done.exit_code == 1
    assert len(done.text) < 5000


def test_a_record_that_cannot_be_written_keeps_no_job_from_running(tmp_path: Path):
    in_the_way = tmp_path / "jobs"
    in_the_way.write_text("")
    done = run(in_the_way, "print('hello')")
    assert done.exit_code == 0
    assert done.text.startswith("hello\nsyncctl: what stage came to can't be noted")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"job": "stage"}', '{"job": "stage", "started": "yesterday"}', '{"job": "stage", "started": "2026-11-26"}'],
)
def test_a_record_that_cannot_be_read_is_none(text: str, tmp_path: Path):
    (tmp_path / "stage.json").write_text(text, encoding="utf-8")
    assert read(tmp_path, "stage") is None
    assert run(tmp_path, "").exit_code == 0
    assert read(tmp_path, "stage") == JobRecord("stage", NOW, NOW, 0, succeeded=NOW)


def test_a_record_comes_back_as_it_was(tmp_path: Path):
    record = JobRecord("stage", NOW, None, None, True, "é\n", NOW, "abc", NOW)
    write(tmp_path, record)
    assert read(tmp_path, "stage") == record
    assert [path.name for path in tmp_path.iterdir()] == ["stage.json"]


def test_two_stores_have_records_of_their_own(tmp_path: Path):
    assert folder(tmp_path, Path("a/.env")) != folder(tmp_path, Path("b/.env"))
    assert folder(tmp_path, Path("a/.env")) == folder(tmp_path, Path("a/../a/.env"))


def test_the_first_run_that_is_well_says_nothing():
    record = JobRecord("stage", NOW, NOW, 0)
    assert to_tell(None, record) == ("", record)


@pytest.mark.parametrize(
    ("last", "hour", "due"),
    [
        (None, 2, True),
        (None, 11, False),
        (timedelta(hours=-21), 2, True),
        (timedelta(hours=-21), 11, True),
        (timedelta(hours=-21), 1, False),
        (timedelta(hours=2, minutes=20), 11, False),
    ],
)
def test_a_daily_job_is_due_once_its_time_has_come(last: timedelta | None, hour: int, due: bool):
    midnight = datetime(2026, 11, 26).astimezone()
    now = midnight + timedelta(hours=hour, minutes=15)
    record = JobRecord("reconcile", midnight + last) if last is not None else None
    assert is_due(NIGHTLY, record, now) is due
