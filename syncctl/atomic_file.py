"""A file that its readers see whole: the old one or the new one, never a half, whatever interrupts the write."""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

_TRIES = 20
_WAIT = 0.1
"""Seconds. Windows lets nobody replace a file in the moment in which somebody reads it."""
_READABLE = 0o644


def write_whole(path: Path, text: str) -> None:
    """Write UTF-8 text, readable by others as the folder allows, in place of what is there.

    Raises:
        OSError: it can't be written, or isn't a file but a folder or a device; what is there stands as it was.
    """
    path = Path(os.path.realpath(path))  # a link stays one
    if path.exists() and not path.is_file():
        # What takes its place whole would take the place of a device, too.
        raise OSError(errno.EINVAL, "it is there, and no file")
    with NamedTemporaryFile(
        "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False
    ) as file:
        part = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            file.close()
            with suppress(OSError):
                part.unlink()
            raise
    try:
        part.chmod(_READABLE)
        _put(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


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
