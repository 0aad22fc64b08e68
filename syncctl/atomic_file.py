"""A file that its readers see whole: the old one or the new one, never a half, whatever interrupts the write."""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from pathlib import Path

_TRIES = 20
_WAIT = 0.1
"""Seconds. Windows lets nobody replace a file in the moment in which somebody reads it."""
_READABLE = 0o644


def write_whole(path: Path, text: str, *, private: bool = False) -> None:
    """Write UTF-8 text in place of what is there, readable by others as the folder allows, or, `private`, by this account alone.

    Raises:
        OSError: it can't be written, or isn't a file but a folder or a device; what is there stands as it was.
    """
    from tempfile import mkstemp  # here, since most runs write no such file

    path = Path(os.path.realpath(path))  # a link stays one
    if path.exists() and not path.is_file():
        # What takes its place whole would take the place of a device, too.
        raise OSError(errno.EINVAL, "it is no file that could be written")
    number, name = mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if not private:
            part.chmod(_READABLE)
        _put(part, path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _put(part: Path, path: Path) -> None:
    for left in range(_TRIES, -1, -1):
        try:
            part.replace(path)
        except PermissionError:
            if os.name != "nt" or not left:
                raise
            time.sleep(_WAIT)
        else:
            return
