"""Files that hold customers' data or keys: made readable by this account alone, from their first moment on.

On Windows a file has the rights of the folder it is in, and a user's own folders are the user's own: nothing is done there.
"""

from __future__ import annotations

import os
import stat
from io import TextIOWrapper
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def make_folder(folder: Path) -> None:
    """Make a folder and those above it where they are missing, each for this account alone; one that is there stays as it is."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        if folder.parent == folder:
            break
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(mode=FOLDER_MODE, exist_ok=True)  # another process may have been first
    if not folder.is_dir():
        folder.mkdir()  # raises what is wrong with it


def nearest_there(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def unwritable(folder: Path) -> str:
    """Say why no file can be made in a folder, or in the nearest one above it that exists; empty where one can. None is left."""
    import tempfile  # here, since most runs ask nothing of the kind

    try:
        with tempfile.TemporaryFile(dir=nearest_there(folder)):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def open_text(path: Path, mode: str) -> TextIOWrapper:
    """Open a file to be written as UTF-8 text (`w`, `a`); one that is made by it is for this account alone."""
    return open(path, mode, encoding="utf-8", opener=_opener)  # type: ignore[return-value]


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)


def make_file(path: Path) -> bool:
    """Make an empty file for this account alone; return whether it was made (False: it is there already)."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
    except FileExistsError:
        return False
    return True


def others_may_read(path: Path) -> bool:
    """True where other accounts of this host may read the file, as far as that can be told."""
    if os.name == "nt":
        return False
    try:
        return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False
