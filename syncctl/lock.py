"""One job at a time on a host: a file lock, which the operating system frees when its holder dies, however that happens."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from syncctl.errors import AlreadyRunning, ConfigError
from syncctl.private_files import FILE_MODE, make_folder, open_text


def lock_path(folder: Path, job: str, scope: str) -> Path:
    """Return the lock file of a job on one database and store (`scope`), which two different ones don't share."""
    digest = hashlib.sha256(scope.encode("utf-8")).hexdigest()[:12]
    return folder / f"{re.sub(r'[^A-Za-z0-9_-]', '_', job)}-{digest}.lock"


@contextmanager
def only_once(folder: Path, job: str, *, scope: str = "") -> Iterator[None]:
    """Hold the job's lock while the block runs.

    Raises:
        AlreadyRunning: another process holds it; the message names that process where it can be told.
        ConfigError: the lock file can't be made.
    """
    path = lock_path(folder, job, scope)
    try:
        make_folder(folder)
        lock = FileLock(path, timeout=0, mode=FILE_MODE)
        lock.acquire()
    except Timeout:
        raise AlreadyRunning(f"{job} is already running here{_holder(path)}; this run did nothing.") from None
    except OSError as error:
        why = error.strerror or error
        if path.exists():
            said = f"is there and can't be opened: {why}. Another account may have run {job}: delete the file while no job runs"
        else:
            said = f"can't be made: {why}. Name another folder with SYNCCTL_LOCK_DIR"
        raise ConfigError(f"The lock file {path} {said}.") from error
    try:
        with suppress(OSError), open_text(_holder_path(path), "w") as file:
            file.write(str(os.getpid()))
        yield
    finally:
        lock.release()


def _holder_path(path: Path) -> Path:
    """The holder's process id lies beside the lock: Windows lets nobody read a file that is locked."""
    return path.with_suffix(".pid")


def _holder(path: Path) -> str:
    try:
        return f" (process {int(_holder_path(path).read_text(encoding='utf-8'))})"
    except (OSError, ValueError):
        return ""
