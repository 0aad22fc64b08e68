"""What a setting's text may be: one `Kind` for each sort of value, with the words that tell a person what is accepted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs

from syncctl.secret import Secret

STORE_ID = "[A-Za-z0-9._-]{1,50}"
"""What a store's name may be, as a regular expression."""
_LONGEST_NAME = 255
"""Bytes of a file's or folder's name."""
_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class Kind:
    """How a text becomes a value. `parse` raises ValueError where it can't; `accepts` ends the sentence "takes …"."""

    parse: Callable[[str], Any]
    accepts: str
    metavar: str = "TEXT"


def text(accepts: str = "any text", *, pattern: str = "", longest: int = 0) -> Kind:
    """A text as it stands, without surrounding blanks."""

    def parse(value: str) -> str:
        if (pattern and not re.fullmatch(pattern, value)) or (longest and len(value) > longest):
            raise ValueError(value)
        return value

    return Kind(parse, accepts)


def integer(low: int, high: int) -> Kind:
    """A whole number from `low` to `high`."""

    def parse(value: str) -> int:
        number = int(value)
        if not low <= number <= high:
            raise ValueError(value)
        return number

    return Kind(parse, f"a whole number from {low:,} to {high:,}", "INTEGER")


def decimal(low: str, high: str, meaning: str = "") -> Kind:
    """A decimal number from `low` to `high`."""

    def parse(value: str) -> Decimal:
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise ValueError(value) from None
        if not number.is_finite() or not Decimal(low) <= number <= Decimal(high):
            raise ValueError(value)
        return number

    return Kind(parse, f"a number from {low} to {high}{meaning}", "NUMBER")


def choice(*words: str) -> Kind:
    """One of these words, in either case."""

    def parse(value: str) -> str:
        return {word.lower(): word for word in words}[value.lower()]

    return Kind(parse, " or ".join([", ".join(words[:-1]), words[-1]]), "|".join(words))


def words(accepts: str) -> Kind:
    """Words between commas, in small letters, as a tuple, none twice."""

    def parse(value: str) -> tuple[str, ...]:
        parts = [part.strip() for part in value.split(",")]
        found = tuple(dict.fromkeys(part.lower() for part in parts if part))
        if not found or not all(re.fullmatch(r"[\w-]+", part) for part in found):
            raise ValueError(value)
        return found

    return Kind(parse, accepts, "WORD,WORD…")


def _stores(value: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    if not found or not all(re.fullmatch(STORE_ID, name) for name in found):
        raise ValueError(value)
    return found


def _flag(value: str) -> bool:
    return _FLAGS[value.lower()]


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(value)
    return re.sub(r"(/wp-json(/wc(/v\d)?)?)?/*$", "", value)


def _timezone(value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError(value) from None


def is_text(value: str) -> bool:
    """True where a value is text that files, databases and other systems take: no NUL, no halves of characters."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def path_of(value: str) -> Path:
    """Return a path, `~` and `~name` replaced by the user's folder.

    Raises:
        ValueError: there is no such user, or one of its names is longer than file systems take.
    """
    if any(len(part.encode("utf-8", "replace")) > _LONGEST_NAME for part in Path(value).parts):
        raise ValueError(value)
    try:
        return Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError(value) from error


def _file(value: str) -> Path:
    path = path_of(value)
    if not path.is_file():
        raise ValueError(value)
    return path


def _database(value: str) -> str:
    if value.startswith("sqlite:///"):
        if not value.removeprefix("sqlite:///"):
            raise ValueError(value)
        return value
    if "://" in value or not re.search(r"(?i)\b(driver|server|dsn|filedsn)\s*=\s*\S", value):
        raise ValueError(value)
    return value


STORES = Kind(_stores, "stores' names between commas, such as outlet,shop2", "STORE,STORE…")
FLAG = Kind(_flag, "true or false", "true|false")
SECRET = Kind(Secret, "the key as the store gave it")
URL = Kind(_url, "the store's address, such as https://shop.example (no query, no user name in it)", "URL")
TIMEZONE = Kind(_timezone, "a time zone's name, such as UTC, Europe/Paris or America/New_York", "ZONE")
FOLDER = Kind(path_of, "a folder's path", "FOLDER")
FILE = Kind(_file, "the path of a file that exists", "FILE")
WRITTEN = Kind(path_of, "the path of a file to write", "FILE")
DATABASE = Kind(
    _database,
    "sqlite:///PATH, or an ODBC connection string such as"
    " Driver={ODBC Driver 18 for SQL Server};Server=sql01;Database=SHOP;UID=syncctl;PWD=…",
    "DATABASE",
)


def data_folder() -> Path:
    """Return the folder where the user's data lies where nothing else is set."""
    return Path(platformdirs.user_data_dir("syncctl", appauthor=False))


def setting(group: str, kind: Kind, default: Any, doc: str, *, bare: bool = False) -> Any:
    """Declare a field of the settings, with what its row of the table says."""
    described = {"group": group, "kind": kind, "doc": doc, "bare": bare}
    if callable(default):
        return field(default_factory=default, metadata=described)
    return field(default=default, metadata=described)
