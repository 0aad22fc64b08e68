"""One connection to an embedded database, serving the procedure contract.

The file is attached under the name `dbo`, so that `SELECT … FROM dbo.USER_ORDER_STAGING` reads as it does on SQL Server.
Every call runs in `BEGIN IMMEDIATE`: one writer at a time, on any number of processes of one host.
"""

from __future__ import annotations

import base64
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from syncctl import __version__
from syncctl.clock import Clock, system_clock
from syncctl.db.contract import NoRow, Procedure
from syncctl.db.embedded.registry import Session, serving
from syncctl.errors import (
    AlreadyRunning,
    ConfigError,
    DatabaseUnavailable,
    NoDatabase,
    PermanentError,
    TransientError,
    UsageError,
)
from syncctl.private_files import FILE_MODE, make_file, make_folder

Row = TypeVar("Row")

NO_MOMENT = datetime(1000, 1, 1, tzinfo=UTC)
"""What a text that is no moment reads as: early enough for every check of dates, and with room to reckon around it."""
_STATEMENTS = 512
"""Prepared statements that are kept. A run of `process` has twice Python's 128, and would prepare them anew for each order."""
_MOST_DIGITS = 38
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def to_database(moment: datetime) -> str:
    """Write an aware datetime as the fixed-width UTC text that sorts by time."""
    return moment.astimezone(UTC).isoformat(" ", "milliseconds")[:23]  # strftime writes 999 with three digits


def moment_text(text: str) -> str:
    """Turn ISO text into the form that the tables sort by; without an offset it is UTC already."""
    moment = datetime.fromisoformat(text)
    if len(text) == 23 and text[4] == text[7] == "-" and text[19] == "." and moment.tzinfo is None:
        return f"{text[:10]} {text[11:]}"  # as staging writes it
    return to_database(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def from_database(text: bytes) -> datetime:
    """Read that text as an aware UTC datetime."""
    written = text.decode()
    if len(written) == 23:  # as it is written here; to give a moment its zone later takes ten times as long as to read it
        return datetime.fromisoformat(f"{written}+00:00")
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def amount_from_database(text: bytes) -> Decimal | None:
    """Read an amount; None for what no column of SQL Server holds: a text like NaN or Infinity, or one of hundreds of digits."""
    amount = Decimal(text.decode())
    return amount if amount.is_finite() and amount.adjusted() < _MOST_DIGITS else None


def _or(instead: Any, read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Read what makes no sense, such as a date changed by hand, as `instead`: one odd row must not hide all the others."""

    def reading(text: bytes) -> Any:
        try:
            return read(text)
        except (ValueError, ArithmeticError):
            return instead

    return reading


sqlite3.register_adapter(datetime, to_database)
sqlite3.register_adapter(date, date.isoformat)
sqlite3.register_adapter(Decimal, lambda amount: format(amount, "f"))
sqlite3.register_converter("DATETIME_TEXT", _or(NO_MOMENT, from_database))
sqlite3.register_converter("DATE_TEXT", _or(NO_MOMENT.date(), lambda text: date.fromisoformat(text.decode())))
sqlite3.register_converter("DECIMAL_TEXT", _or(None, amount_from_database))
sqlite3.register_converter("BIT", lambda text: text != b"0")


class EmbeddedDatabase:
    """An embedded database in one file, which this account alone may read. Not shared between threads."""

    engine = "embedded"

    def __init__(
        self, path: Path, *, clock: Clock = system_clock, busy_timeout: float = 30.0, create: bool = True, erp: str | None = None
    ) -> None:
        """Open `path`; with `create` it is made, with its tables and those of `erp` (see `ERPS`), where it is missing.

        Raises:
            NoDatabase: it isn't there, and is not to be made.
            ConfigError: its tables are of a newer version of syncctl.
            DatabaseUnavailable: the file can't be made, read or written; the message says which and what to do.
        """
        self.path = path
        self.made = False
        """Whether this connection made the database."""
        self._clock = clock
        with _named(path):
            if create:
                make_folder(path.parent)
                make_file(path)  # SQLite gives the files beside it the same rights
            elif not path.exists():
                raise NoDatabase(f"There is no database {path.absolute()}.")
            _writable(path)
            types = sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES
            # A connection may be handed on to another thread (and closed by its maker), as long as one uses it at a time.
            self._db = sqlite3.connect(
                ":memory:",
                isolation_level=None,
                timeout=busy_timeout,
                detect_types=types,
                check_same_thread=False,
                cached_statements=_STATEMENTS,
            )
            self._db.row_factory = sqlite3.Row
            try:
                self._db.execute("ATTACH DATABASE ? AS dbo", (str(path),))
                self._require_version(create=create)
                self._db.execute("PRAGMA dbo.journal_mode = WAL")
                self._db.execute("PRAGMA dbo.synchronous = FULL")
                self._db.execute("PRAGMA foreign_keys = ON")
                self._create_tables(erp)
            except BaseException:
                self._db.close()
                raise

    def _require_version(self, *, create: bool) -> None:
        """Leave alone what isn't ours, before anything of it is touched.

        Raises:
            NoDatabase: it is empty, and is not to be filled.
            ConfigError: its tables are of a newer version.
        """
        found, known = self._version(), schema_version()
        if found > known:
            raise ConfigError(
                f"The database {self.path.absolute()} is of version {found}; this syncctl ({__version__}) knows versions up to "
                f"{known}. A newer syncctl works with it: run that one, or install it here, too."
            )
        if found == 0 and not create:
            raise NoDatabase(f"There is nothing of syncctl in {self.path.absolute()}.")

    def _create_tables(self, erp: str | None) -> None:
        """Create the tables of a new file; bring those of an older version up to date, each step once per file."""
        folder = resources.files("syncctl.db.embedded")
        version = schema_version()
        if self._version() >= version:
            return
        schema = folder.joinpath("schema.sql").read_text(encoding="utf-8")
        self._db.create_function("base64_bytes", 1, base64.b64decode, deterministic=True)  # for upgrades/009.sql
        self._db.execute("BEGIN IMMEDIATE")
        try:
            found = self._version()  # another process may have been first
            # A new file belongs to one ERP for good.
            scripts = self._upgrades(found, version) if found else iter([schema, erp_schema(erp)])
            for statement in (part for script in scripts for part in script.split(";\n")):
                if statement.strip():
                    self._db.execute(statement)
            self._db.execute("COMMIT")
            self.made = found == 0
        except BaseException:
            if self._db.in_transaction:  # a full disk has ended it already
                self._db.execute("ROLLBACK")
            raise

    def _upgrades(self, found: int, version: int) -> Iterator[str]:
        """Yield what brings a file of an older version up to date, each step after the one before has been made."""
        from syncctl.db.embedded.erp import ERPS

        folder = resources.files("syncctl.db.embedded")
        for number in range(found + 1, version + 1):
            name = f"{number:03d}.sql"
            yield folder.joinpath("upgrades", name).read_text(encoding="utf-8")
            row = self._db.execute("SELECT VALUE FROM dbo.USER_ERP_SETTING WHERE NAME = 'ERP'").fetchone()
            own = folder.joinpath(row["VALUE"], "upgrades", name) if row is not None and row["VALUE"] in ERPS else None
            if own is not None and own.is_file():
                yield own.read_text(encoding="utf-8")
            yield f"PRAGMA dbo.user_version = {number};\n"

    def _version(self) -> int:
        """The version of the file's tables; 0 where it has none."""
        found: int = self._db.execute("PRAGMA dbo.user_version").fetchone()[0]
        return found

    def run(self, call: Procedure[Row]) -> list[Row]:
        """See `contract.Database.run`."""
        serve = serving(type(call))
        with _named(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                rows = serve(Session(self._db, self._clock()), call)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        return rows

    @contextmanager
    def exclusive(self, resource: str) -> Iterator[None]:
        """See `contract.Database.exclusive`: a lock file beside the database, freed by the system when the process dies."""
        lock = FileLock(
            self.path.with_name(f"{self.path.name}.{re.sub(r'[^A-Za-z0-9_-]', '_', resource)}.lock"), timeout=0, mode=FILE_MODE
        )
        try:
            lock.acquire()
        except Timeout:
            raise AlreadyRunning(f"{resource} is already running on this database; this run did nothing.") from None
        try:
            yield
        finally:
            lock.release()

    def query(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        """Run a query of a person's or a test's; services use `run`."""
        return self._db.execute(sql, parameters).fetchall()

    def close(self) -> None:
        """See `contract.Database.close`."""
        self._db.close()


def erp_schema(erp: str | None) -> str:
    """Return what makes an ERP's tables beside an embedded database; None: those of the default ERP.

    Raises:
        UsageError: there is no such ERP.
    """
    from syncctl.db.embedded.erp import ERPS

    name = erp or next(iter(ERPS))
    if name not in ERPS:
        raise UsageError(f"There is no ERP {name!r}; there are {' and '.join(ERPS)}.")
    return resources.files("syncctl.db.embedded").joinpath(name, "schema.sql").read_text(encoding="utf-8")


@cache
def schema_version() -> int:
    """The version of the tables that this program makes and works with."""
    schema = resources.files("syncctl.db.embedded").joinpath("schema.sql").read_text(encoding="utf-8")
    return int(re.search(r"user_version = (\d+)", schema).group(1))  # type: ignore[union-attr]


def make(returns: type[Row], row: sqlite3.Row) -> Row:
    """Make a result row from the columns of the same names."""
    if returns is NoRow:
        raise TypeError("a procedure without rows gave one")
    return returns(**{field.name: row[field.name] for field in fields(returns)})  # type: ignore[arg-type]  # Row is a dataclass


def _writable(path: Path) -> None:
    """Refuse a read-only file before SQLite touches it: its -wal and -shm would be made read-only too, and stay so.

    Raises:
        DatabaseUnavailable: the file, or one of those beside it, may not be written.
    """
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if file.exists() and not os.access(file, os.W_OK):
            raise DatabaseUnavailable(f"database {file}: it is read-only. See to it that this account may write to it.")


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn SQLite's and the file system's errors into ours, each with what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = (error.sqlite_errorcode or 0) & 0xFF
        text = f"database {path}: {error}"
        if code in _BUSY:
            raise TransientError(
                f"{text}. Another process has held it for too long; run the command again.", code=code, error_class="lock_timeout"
            ) from error
        if code == sqlite3.SQLITE_FULL:
            raise DatabaseUnavailable(
                f"{text}. Make room on that disk; what was under way is undone, what was done stays.", code=code
            ) from error
        if code == sqlite3.SQLITE_IOERR:  # some file systems answer so when they are full
            raise DatabaseUnavailable(
                f"{text}. Make room on that disk if it is full, and look whether it fails.", code=code
            ) from error
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            raise DatabaseUnavailable(
                f"{text}. Check that the file and its folder exist and that this account may write to both.", code=code
            ) from error
        if str(error).startswith(("no such column", "no such table")):
            raise ConfigError(
                f"{text}. A table or column is missing: the file was changed by hand, or is of another version.", code=code
            ) from error
        raise PermanentError(text, code=code, error_class="unknown") from error
    except IndexError as error:
        if str(error) != "No item with that key":
            raise
        raise ConfigError(
            f"database {path}: a column is missing: the file was changed by hand, or is of another version."
        ) from error
    except sqlite3.IntegrityError as error:
        raise PermanentError(f"database {path}: {error}", code=error.sqlite_errorcode, error_class="constraint") from error
    except sqlite3.DatabaseError as error:
        raise DatabaseUnavailable(
            f"{path} is not a database syncctl can read: {error}. Name another with SYNCCTL_DATABASE."
        ) from error
    except OSError as error:
        raise DatabaseUnavailable(f"database {path}: {error.strerror or error}. Check the folder and its rights.") from error


__all__ = ["EmbeddedDatabase", "make", "to_database"]
