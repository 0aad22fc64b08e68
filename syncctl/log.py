"""The log: one file for each command and day, old ones deleted, and on stderr only what a person at a terminal wants.

One file per command and day because processes that share one rotating file lose lines on Windows.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from syncctl.clock import Clock, system_clock
from syncctl.foreign_text import escaped
from syncctl.personal import masked, traceback_without_quoted, without_quoted
from syncctl.private_files import make_folder, open_text
from syncctl.secret import Hider

ROOT = "syncctl"
ORDER = ("order", "staging_id", "document")
"""What a record says by itself of the order that it is about (`extra=`), so that a program finds all lines of one."""
_FILE_NAMES = {"process": "woo_order_processing"}


def file_stem(command: str) -> str:
    """Return how a command's log files begin: `process` writes `woo_order_processing_2026-11-22.log`."""
    return _FILE_NAMES.get(command, re.sub(r"[^A-Za-z0-9]+", "_", command))


class Redaction(logging.Filter):
    """Takes every secret out of a record, whoever wrote it into the message, its arguments or the exception.

    Controls in it are written out, a message's line ends included: what others sent must not look like a line of ours.
    """

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__()
        self._hider = Hider(secrets)

    def clean(self, text: str) -> str:
        """Return the text without secrets."""
        return self._hider.clean(text)

    def filter(self, record: logging.LogRecord) -> bool:
        """See `logging.Filter.filter`: always True, the record cleaned."""
        record.msg, record.args = escaped(self.clean(record.getMessage())), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = "\n".join(escaped(line) for line in self.clean(record.exc_text).split("\n"))
        return True


class _Screen(logging.StreamHandler[TextIO]):
    """Writes to whatever stderr is at that moment: a progress bar puts itself in between, so that lines appear above it."""

    def __init__(self, *, verbose: int) -> None:
        super().__init__(sys.stderr)
        self._verbose = verbose

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`. What the command's result says anyway is left out, unless everything was asked for."""
        if self._verbose or not getattr(record, "in_result", False):
            self.stream = sys.stderr
            super().emit(record)


class _File(logging.FileHandler):
    """A log file, for this account alone, whose disk may be full: that is said once, and stops nothing."""

    said = False

    def _open(self) -> TextIOWrapper:
        return open_text(Path(self.baseFilename), self.mode)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """See `logging.Handler.handleError`."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self.said:
            self.said = True
            told = f"The log file {self.baseFilename} can't be written: {error.strerror or error}. The run goes on without it."
            logging.getLogger(ROOT).info("%s", told, extra={"not_in_file": True})

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        if not getattr(record, "not_in_file", False):
            super().emit(record)

    def close(self) -> None:
        """See `logging.Handler.close`. What could not be written is let go."""
        with suppress(OSError):
            super().close()


class _FileFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`. A traceback is set in, so that none of its lines looks like a record of its own."""
        return super().format(record).replace("\n", "\n    ")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802, ARG002
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _ScreenFormatter(logging.Formatter):
    """`syncctl: message`; a traceback only where it was asked for."""

    def __init__(self, *, tracebacks: bool) -> None:
        super().__init__()
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        text = f"syncctl: {record.getMessage()}"
        return f"{text}\n{record.exc_text}".replace("\n", "\n    ") if self._tracebacks and record.exc_text else text


class _Masking(logging.Filter):
    """Leaves out of a record what can lead to a person, for a file that many may read."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See `logging.Filter.filter`: always True, the record masked."""
        text = masked(record.getMessage())
        record.msg, record.args = (without_quoted(text) if getattr(record, "personal", False) else text), None
        if record.exc_text:
            record.exc_text = masked(traceback_without_quoted(record.exc_text))
        return True


class _JsonFormatter(_FileFormatter):
    """One JSON object a line, for programs that collect logs."""

    def __init__(self, run_id: str, command: str) -> None:
        super().__init__()
        self._of_run = {"run_id": run_id, "command": command}

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        told = {"time": self.formatTime(record), "level": record.levelname, **self._of_run, "logger": record.name}
        told |= {name: held for name in ORDER if (held := getattr(record, name, None)) is not None}
        told["message"] = record.getMessage()
        if record.exc_text:
            told["exception"] = record.exc_text
        return json.dumps(told, ensure_ascii=False)


def to_screen(*, quiet: bool = False, verbose: int = 0, secrets: Sequence[str] = ()) -> None:
    """Send warnings to stderr (`quiet`: errors only; `verbose` 1: also what is going on, 2: everything), and nowhere else."""
    logger = logging.getLogger(ROOT)
    close()
    handler = _Screen(verbose=verbose)
    handler.setLevel(logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)])
    handler.setFormatter(_ScreenFormatter(tracebacks=verbose > 0))
    handler.addFilter(Redaction(secrets))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False


def to_file(
    folder: Path,
    command: str,
    *,
    days: int,
    level: str,
    run_id: str,
    profile: str | None = None,
    secrets: Sequence[str] = (),
    as_json: bool = False,
    personal: bool = False,
    clock: Clock = system_clock,
) -> Path | None:
    """Also write to today's file of this command and profile, and delete its files that are older than `days`.

    With `as_json` a line is a JSON object. Unless `personal`, what can lead to a person is masked.

    Returns:
        The file; None where it can't be written, which is said on stderr and stops nothing.
    """
    logger = logging.getLogger(ROOT)
    path = folder / f"{file_stem(command)}_{clock().date().isoformat()}{_ending(profile)}"
    try:
        make_folder(folder)
        handler = _File(path, encoding="utf-8")
    except OSError as error:
        logger.warning(
            "No log file: %s: %s. The run goes on; name another folder with SYNCCTL_LOG_DIR.", path, error.strerror or error
        )
        return None
    handler.setLevel(level)
    text = f"%(asctime)s %(levelname)-7s {run_id} %(name)s: %(message)s"
    handler.setFormatter(_JsonFormatter(run_id, command) if as_json else _FileFormatter(text))
    handler.addFilter(Redaction(secrets))
    if not personal:
        handler.addFilter(_Masking())
    logger.addHandler(handler)
    prune(folder, command, days=days, profile=profile, clock=clock)
    return path


def _ending(profile: str | None) -> str:
    """Return how the files of a profile end: `stage_2026-11-22_shop2.log`."""
    return f"_{profile}.log" if profile else ".log"


def prune(folder: Path, command: str, *, days: int, profile: str | None = None, clock: Clock = system_clock) -> list[Path]:
    """Delete this command's log files of more than `days` days ago, told by the date in their names. Returns what was deleted."""
    oldest = clock().date() - timedelta(days=days)
    gone: list[Path] = []
    ending = _ending(profile)
    for path in sorted(folder.glob(f"{file_stem(command)}_????-??-??{ending}")):
        try:
            day = datetime.strptime(path.name.removesuffix(ending)[-10:], "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError:
            continue
        if day < oldest:
            with suppress(OSError):  # open elsewhere on Windows: the next run gets it
                path.unlink()
                gone.append(path)
    return gone


def close() -> None:
    """Take the handlers off again and close their files."""
    logger = logging.getLogger(ROOT)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
