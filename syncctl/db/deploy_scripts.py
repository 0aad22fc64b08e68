"""The SQL files that a deploy runs: where they lie, in which order they go, and how they split into batches."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from syncctl import __version__
from syncctl.errors import ConfigError, UsageError

Kind = Literal["once", "changed", "always"]
"""When a script runs: one time; again when its text has changed; at each deploy."""

JOURNAL = "schema/000_USER_SCHEMA_JOURNAL.sql"
LEGACY = "schema/009_LEGACY_ROWS.sql"
GIVEN_COLUMNS = "schema/026_USER_ERP_COLUMN.sql"

_GO = re.compile(r"\s*GO\s*(?:--.*)?$", re.IGNORECASE)
_TOKEN = re.compile(r"/\*|\*/|'|--|\n|\[|\]|\"")
_HEAD = re.compile(r"\bCREATE\s+(?:OR\s+ALTER\s+)?(PROCEDURE|VIEW|FUNCTION)\b", re.IGNORECASE)
_MODULE = re.compile(r"^\s*CREATE\s+(?:OR\s+ALTER\s+)?(PROCEDURE|VIEW|FUNCTION)\s+dbo\.(\w+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Batch:
    """What stands between two `GO` lines. `line` is where it starts in its file, counted from 1."""

    number: int
    line: int
    text: str


@dataclass(frozen=True)
class Script:
    """A file under `sql/`, by its path there."""

    name: str
    kind: Kind
    text: str

    @cached_property
    def sha256(self) -> str:
        """The hash of the text; line ends don't count."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def batches(self) -> list[Batch]:
        """Its batches, in order."""
        return list(split(self.text))

    @cached_property
    def modules(self) -> dict[str, str]:
        """The procedures, views and functions that it makes, by name, each with the batch that makes it."""
        return {found.group(2): batch.text for batch in self.batches if (found := _MODULE.search(batch.text))}


def bare(definition: str) -> str:
    """A module's text from CREATE on, as far as it means something: the server keeps OR ALTER and blanks in its own way."""
    found = _HEAD.search(definition)
    if found:
        definition = f"CREATE {found.group(1).upper()}{definition[found.end() :]}"
    return " ".join(definition.split()).rstrip("; ")


def split(text: str) -> Iterator[Batch]:
    """Split a script at its `GO` lines; one inside a comment or a string is no separator."""
    number, start, lines = 1, 1, text.split("\n")
    closed = _closed_lines(text)
    gathered: list[str] = []
    for position, line in enumerate(lines, start=1):
        if _GO.fullmatch(line) and closed[position - 1]:
            if "".join(gathered).strip():
                yield Batch(number, start, "\n".join(gathered))
                number += 1
            gathered, start = [], position + 1
        else:
            gathered.append(line)
    if "".join(gathered).strip():
        yield Batch(number, start, "\n".join(gathered))


def _closed_lines(text: str) -> list[bool]:
    """For each line, whether it starts outside of comments, strings and quoted names."""
    closed, depth, quote = [True], 0, ""
    skip_line = False
    for token in (found.group() for found in _TOKEN.finditer(text)):
        if token == "\n":  # noqa: S105
            skip_line = False
            closed.append(not depth and not quote)
        elif skip_line:
            continue
        elif depth:
            depth += {"/*": 1, "*/": -1}.get(token, 0)
        elif quote:
            quote = "" if token == quote else quote
        elif token == "/*":  # noqa: S105
            depth = 1
        elif token == "--":  # noqa: S105
            skip_line = True
        elif token in ("'", '"', "["):
            quote = "]" if token == "[" else token  # noqa: S105
    return closed


def sql_root() -> Traversable:
    """The folder `sql/`: of the repository, or the one that the installed package carries."""
    checkout = Path(__file__).resolve().parents[2] / "sql"
    if (checkout / "schema").is_dir():
        return checkout
    return resources.files("syncctl").joinpath("_data", "sql")


def erps() -> list[str]:
    """The ERPs that there is SQL for."""
    return sorted(entry.name for entry in sql_root().joinpath("erp").iterdir() if entry.is_dir())


def scripts(erp: str, *, demo_erp: bool = False) -> list[Script]:
    """Every script of a deploy for this ERP, in the order in which they run.

    Raises:
        UsageError: there is no SQL for that ERP.
    """
    if erp not in erps():
        raise UsageError(f"There is no SQL for the ERP {erp!r}; there is for: {', '.join(erps())}.")
    found = [_read(JOURNAL, "once")]
    if demo_erp:
        found.append(demo_schema(erp))
    found += [script for script in _folder("schema", "once") if script.name != JOURNAL]
    for folder in ("functions", "views", "procedures", f"erp/{erp}"):
        found += [script for script in _folder(folder, "changed") if not script.name.endswith("/demo_schema.sql")]
    return found + _folder("security", "always")


def of_every_erp() -> list[Script]:
    """The scripts that are deployed as they stand here, whatever the ERP and the site: tables, functions, views, procedures."""
    tables = [script for script in _folder("schema", "once") if script.name != JOURNAL]
    return tables + [script for folder in ("functions", "views", "procedures") for script in _folder(folder, "changed")]


def schema_version() -> int:
    """The version of the tables that this program works with: how many scripts of `schema/` there are. None is ever removed."""
    return sum(entry.name.endswith(".sql") for entry in sql_root().joinpath("schema").iterdir())


def refuse_newer(version: int) -> None:
    """Make sure that this program knows a database whose tables are of that version.

    Raises:
        ConfigError: it doesn't.
    """
    known = schema_version()
    if version > known:
        raise ConfigError(
            f"The database is of version {version}; this syncctl ({__version__}) knows versions up to {known}. "
            "A newer syncctl was deployed to it: run that one, or install it here, too."
        )


def demo_schema(erp: str) -> Script:
    """The script that makes this ERP's tables on an empty server."""
    return _read(f"erp/{erp}/demo_schema.sql", "changed")


def _folder(folder: str, kind: Kind) -> list[Script]:
    place = sql_root()
    for part in folder.split("/"):
        place = place.joinpath(part)
    if not place.is_dir():
        return []
    names = sorted(entry.name for entry in place.iterdir() if entry.name.endswith(".sql"))
    return [_read(f"{folder}/{name}", kind) for name in names]


def _read(name: str, kind: Kind) -> Script:
    text = sql_root().joinpath(*name.split("/")).read_text(encoding="utf-8")
    return Script(name, kind, text.replace("\r\n", "\n"))
