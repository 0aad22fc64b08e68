"""A backup file: every table in one gzip of JSON lines, read and written line by line, with a checksum over all of it.

The first line says what it is; each table has a line with its columns, a line for each row, and one with their number; the last
line has the number of all rows and the SHA-256 of everything before it. A file that lacks it was cut off.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from syncctl import __version__
from syncctl.db.backup_tables import Table, Tables, rows
from syncctl.errors import ConfigError, UsageError
from syncctl.private_files import FILE_MODE

FORMAT = 1
_LONGEST_LINE = 256 * 1024 * 1024
"""Bytes of a row. A proof of delivery is the longest, and has a limit far below."""


@dataclass(slots=True)
class Backup:
    """What a backup file says of itself."""

    taken: datetime
    engine: str
    syncctl: str
    database_id: str | None
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By table."""
    counts: dict[str, int] = field(default_factory=dict)
    """Rows by table."""
    sha256: str = ""

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.counts.values())


def write_backup(
    tables: Tables, path: Path, *, now: datetime, database_id: str | None, progress: Callable[[int], None] = lambda _: None
) -> Backup:
    """Write a backup, whole or not at all, readable by this account alone; return what it holds.

    Raises:
        UsageError: there is such a file already.
        ConfigError: it can't be written.
        DatabaseUnavailable: no connection.
    """
    if path.exists():
        raise UsageError(f"{path} is there already, and is no backup of now: name another file.")
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    backup = Backup(now, tables.engine, __version__, database_id)
    try:
        with open(beside, "xb", opener=_private) as file:
            _write(tables, file, backup, progress)
            file.flush()
            os.fsync(file.fileno())
        # Two at the same moment: the second finds the first one's file.
        if path.exists():
            raise UsageError(f"{path} is there already: name another file.")
        beside.replace(path)
    except OSError as error:
        raise ConfigError(f"The backup {path} can't be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return backup


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_BINARY", 0), FILE_MODE)


def _write(tables: Tables, file: BinaryIO, backup: Backup, progress: Callable[[int], None]) -> None:
    digest = hashlib.sha256()
    whole = gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0, compresslevel=6)
    with whole as packed, tables.transaction(writing=False):

        def put(line: Any) -> None:
            raw = json.dumps(line, default=_packed, separators=(",", ":")).encode("ascii") + b"\n"
            digest.update(raw)
            packed.write(raw)

        put(
            {
                "format": FORMAT,
                "syncctl": backup.syncctl,
                "engine": backup.engine,
                "taken": backup.taken.astimezone(UTC).isoformat(),
                "database_id": backup.database_id,
            }
        )
        for table in tables.all():
            put({"table": table.name, "columns": table.columns})
            count = 0
            for row in rows(tables, table):
                put(list(row))
                count += 1
                progress(1)
            put({"end": table.name, "rows": count})
            backup.columns[table.name], backup.counts[table.name] = table.columns, count
        backup.sha256 = digest.hexdigest()
        last = json.dumps({"rows": backup.total, "sha256": backup.sha256})
        packed.write(f"{last}\n".encode())


def _packed(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(bytes(value)).decode("ascii")}
    return str(value)


def read_backup(path: Path, take: Callable[[str, Sequence[str], Iterator[list[Any]]], None] | None = None) -> Backup:
    """Read a backup file from its beginning to its end, and return what it holds. Nothing of it is trusted before that.

    `take` is called for each table, with its name, its columns and its rows, which it may read once.

    Raises:
        ConfigError: it can't be read, is no backup, was cut off, changed, or is of a newer version.
    """
    try:
        with gzip.open(path, "rb") as packed:
            return _read(path, packed, take)  # type: ignore[arg-type]
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigError(f"The backup {path} can't be read: {getattr(error, 'strerror', None) or error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ConfigError(f"{path} is no backup of syncctl, or was changed: {error}.") from error


def _read(path: Path, packed: BinaryIO, take: Callable[[str, Sequence[str], Iterator[list[Any]]], None] | None) -> Backup:
    lines = _Lines(packed)
    head = lines.next()
    if head["format"] != FORMAT:
        raise ConfigError(f"The backup {path} is of format {head['format']}; this syncctl ({__version__}) reads {FORMAT}.")
    backup = Backup(datetime.fromisoformat(head["taken"]), str(head["engine"]), str(head["syncctl"]), head["database_id"])
    while True:
        digest = lines.digest.hexdigest()
        line = lines.next()
        if "sha256" in line:
            break
        name, columns = str(line["table"]), tuple(str(column) for column in line["columns"])
        if name in backup.columns:
            raise ValueError(f"it has {name} twice")
        backup.columns[name] = columns
        table_rows = _Rows(lines, name, len(columns))
        if take:
            take(name, columns, iter(table_rows))
        for _ in table_rows:
            pass
        backup.counts[name] = table_rows.count
    backup.sha256 = digest
    if line["sha256"] != digest or line["rows"] != backup.total:
        raise ConfigError(f"The backup {path} was changed since it was written: its checksum is not that of its rows.")
    if packed.read(1):
        raise ConfigError(f"The backup {path} was changed since it was written: something stands behind its end.")
    return backup


class _Lines:
    """The lines of a backup, with the checksum of those that were read."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self.digest = hashlib.sha256()

    def next(self) -> Any:
        raw = self._packed.readline(_LONGEST_LINE)
        if not raw.endswith(b"\n"):
            raise ValueError("it ends before its last line" if len(raw) < _LONGEST_LINE else "a line is far too long")
        self.digest.update(raw)
        return json.loads(raw)


class _Rows:
    """The rows of one table, up to the line that ends it."""

    def __init__(self, lines: _Lines, name: str, width: int) -> None:
        self._lines = lines
        self._name = name
        self._width = width
        self._over = False
        self.count = 0

    def __iter__(self) -> Iterator[list[Any]]:
        while not self._over:
            line = self._lines.next()
            if isinstance(line, dict):
                if line["end"] != self._name or line["rows"] != self.count:
                    raise ValueError(f"{self._name} has not its {line['rows']} rows")
                self._over = True
                return
            if len(line) != self._width:
                raise ValueError(f"a row of {self._name} has {len(line)} values")
            self.count += 1
            yield [base64.b64decode(value["base64"]) if isinstance(value, dict) else value for value in line]


def same_columns(backup: Backup, here: Sequence[Table]) -> list[str]:
    """Return what a backup and the tables here don't have in common, each in words; nothing where they are the same."""
    now = {table.name: set(table.columns) for table in here}
    wrong = [f"{name} is not here" for name in backup.columns if name not in now]
    wrong += [f"{name} is not in the backup" for name in now if name not in backup.columns]
    for name in now.keys() & backup.columns.keys():
        for column in sorted(now[name] ^ set(backup.columns[name])):
            where = "here" if column in now[name] else "in the backup"
            wrong.append(f"{name}.{column} is only {where}")
    return sorted(wrong)
