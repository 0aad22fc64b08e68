"""Changing the `.env` file, or a profile's: one line at a time, checked first, replaced whole or not at all."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path

from syncctl.errors import ConfigError, UsageError
from syncctl.private_files import make_folder
from syncctl.secret import HIDDEN, without_password
from syncctl.settings import Entry


def write_setting(path: Path, entry: Entry, value: str) -> None:
    """Set `entry` in the file to `value`, or take it out where that is empty. Other lines stay as they are.

    A new file can be read by this account alone; one that exists keeps its mode.

    Raises:
        UsageError: the setting doesn't take this value.
        ConfigError: the file can't be written.
    """
    from dotenv import dotenv_values, unset_key

    text = value.strip()
    if "\n" in text:
        raise UsageError(f"{entry.variable} takes one line.")
    if text:
        try:
            entry.kind.parse(text)
        except (ValueError, KeyError):
            shown = HIDDEN if entry.secret else f"'{without_password(text)[:200]}'"
            raise UsageError(f"{entry.variable} is {shown}, but takes {entry.kind.accepts}. Nothing was changed.") from None
    try:
        make_folder(path.parent)
        encoding = _encoding(path)
        present = dotenv_values(path, interpolate=False, encoding=encoding) if path.exists() else {}
        names = [name for name in (entry.variable, entry.bare) if name and name in present] or [entry.variable]
        for name in names:
            if text:
                _set(path, name, text, encoding)
            elif name in present:
                unset_key(path, name, encoding=encoding, follow_symlinks=True)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be written: {error}. Check the file and its folder.") from error


def _encoding(path: Path) -> str:
    """Return how the file is written: one that begins with a byte order mark, as Windows' editor makes it, keeps that."""
    if not path.exists():
        return "utf-8"
    with path.open("rb") as stream:
        return "utf-8-sig" if stream.read(len(BOM_UTF8)) == BOM_UTF8 else "utf-8"


def _set(path: Path, name: str, text: str, encoding: str) -> None:
    """Write a value and read it back: versions of python-dotenv differ in whether they escape backslashes themselves."""
    from dotenv import dotenv_values, set_key

    for written in (text, text.replace("\\", "\\\\")):
        set_key(path, name, written, quote_mode="always", encoding=encoding, follow_symlinks=True)
        if dotenv_values(path, interpolate=False, encoding=encoding).get(name) == text:
            return
    raise ConfigError(f"{path} doesn't take this value of {name} as it is. Set it in the environment instead.")
