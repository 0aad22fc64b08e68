"""Run one job as a scheduler starts it: its command as a process of its own, with a time limit, silent where nothing is new."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from syncctl.clock import Clock
from syncctl.errors import EXIT_ALREADY_RUNNING, EXIT_CONFIG, EXIT_OK, EXIT_SIGTERM
from syncctl.jobs import ScheduledJob
from syncctl.schedulers.base import last_time
from syncctl.schedulers.record import LONGEST_TEXT, JobRecord, read, to_tell, write
from syncctl.stop import Stop

GRACE = 60.0
"""Seconds that a job has to end after it was asked to."""
_STEP = 0.5
_LONGEST_OUTPUT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Done:
    """What a run came to, and what is to be printed of it."""

    exit_code: int
    text: str = ""


def is_due(job: ScheduledJob, last: JobRecord | None, now: datetime) -> bool:
    """Tell whether a job that runs once a day is to run now: its time has come since it last started.

    One that never ran here waits for its time, and doesn't run at whatever hour it was installed.
    """
    came = last_time(job, now)
    if last is None:
        return now - came < timedelta(hours=1)
    return last.started < came


def run_job(
    job: ScheduledJob,
    records: Path,
    *,
    options: Sequence[str],
    clock: Clock,
    stop: Stop,
    command: Sequence[str] | None = None,
    limit: timedelta | None = None,
    grace: float = GRACE,
) -> Done:
    """Run a job and keep its record. `command` and `limit` stand in for those of the table.

    A record that can't be kept keeps no job from running: it is said with what the job says, each time.
    """
    before = read(records, job.name)
    started = clock()
    record = JobRecord(job.name, started, succeeded=before.succeeded if before else None)
    if before:
        record = replace(record, told=before.told, told_at=before.told_at)
    unkept = _keep(records, record)
    words = [*(command or (python(), "-P", "-m", "syncctl", *options, *job.arguments, "--quiet"))]
    code, said, at_limit = _run(words, stop, (limit or timedelta(minutes=job.limit)).total_seconds(), grace)
    if at_limit:
        said = f"syncctl: {job.name} was ended after {job.limit} minutes, its time limit.\n{said}"
    elif code not in (EXIT_OK, EXIT_ALREADY_RUNNING) and not said and not stop.is_set():
        said = f"syncctl: {job.name} ended with exit code {code} and said nothing.\n"
    if code == EXIT_ALREADY_RUNNING:
        said = ""  # the next one goes on
    ended = clock()
    record = replace(
        record,
        ended=ended,
        exit_code=code,
        at_limit=at_limit,
        said=said.strip()[:LONGEST_TEXT],
        succeeded=ended if code == EXIT_OK else record.succeeded,
    )
    text, record = to_tell(before, record)
    return Done(code, text + (_keep(records, record) or unkept))


def python() -> str:
    """Return the Python that a job's process runs under: the one with standard streams, on Windows too."""
    path = Path(sys.executable)
    beside = path.with_name("python.exe")
    return str(beside) if path.name.lower() == "pythonw.exe" and beside.exists() else str(path)


def _keep(records: Path, record: JobRecord) -> str:
    try:
        write(records, record)
    except OSError as error:
        return f"syncctl: what {record.job} came to can't be noted in {records}: {error.strerror or error}.\n"
    return ""


def _run(words: Sequence[str], stop: Stop, limit: float, grace: float) -> tuple[int, str, bool]:
    """Run a process to its end, its limit, or our own stop; return its exit code, its output, and whether it was the limit."""
    hidden = {"creationflags": subprocess.CREATE_NO_WINDOW} if os.name == "nt" else {}  # type: ignore[attr-defined,unused-ignore]
    try:
        process = subprocess.Popen(  # noqa: S603  (this Python, arguments as a list)
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **hidden,  # type: ignore[call-overload,unused-ignore]
        )
    except OSError as error:
        return EXIT_CONFIG, f"syncctl: {words[0]} can't be run: {error.strerror or error}.\n", False
    kept = bytearray()
    reader = threading.Thread(target=_read, args=(process.stdout, kept), daemon=True)
    reader.start()
    begun, asked, at_limit = time.monotonic(), None, False
    while True:
        try:
            code = process.wait(min(_STEP, limit))
            break
        except subprocess.TimeoutExpired:
            now = time.monotonic()
        if asked is None and (stop.is_set() or now - begun >= limit):
            at_limit = not stop.is_set()
            process.terminate()
            asked = now
        elif asked is not None and now - asked >= grace:
            process.kill()
    reader.join(grace)
    if stop.is_set() and stop.exit_code:
        code = stop.exit_code
    elif at_limit:
        code = EXIT_SIGTERM
    return code if code >= 0 else 128 - code, kept.decode("utf-8", "replace"), at_limit


def _read(stream: IO[bytes], kept: bytearray) -> None:
    """Read what a process prints to its end, so that it never waits for us, and keep the beginning."""
    with stream:
        while block := stream.read1(8192):  # type: ignore[attr-defined]
            kept += block[: max(0, _LONGEST_OUTPUT - len(kept))]
