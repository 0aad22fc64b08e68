"""SQL Server through pyodbc. Imported only when a SQL Server is configured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from struct import unpack
from typing import Any, TypeVar

import pyodbc

from syncctl.clock import Clock, Sleeper, system_sleeper
from syncctl.db.contract import NoRow, Procedure
from syncctl.db.odbc import complete, describe, find_driver, without_secrets
from syncctl.db.sqlserver_errors import DEADLOCK, Diagnosis, diagnose, lost, translate, unreachable
from syncctl.errors import AlreadyRunning, ConfigError

Row = TypeVar("Row")

DEADLOCK_TRIES = 4
"""How often a repeatable call is run in all before a deadlock is passed on."""

_LONG = 4000
"""Longer texts travel as nvarchar(max), whatever the driver says of itself."""

_SESSION = "SET XACT_ABORT ON; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT {lock_timeout};"
"""Milliseconds. A till that waits for the same rows wins: whoever stands there has a customer, this can try again."""

_MOST_KEPT = 64
"""Statements that a connection keeps prepared: a run has fewer, and each holds a handle on the server."""

_LOCK_NAME = (
    "SET NOCOUNT ON; DECLARE @GRANTED int, @RESOURCE nvarchar(255) = LEFT(CONCAT(N'syncctl:', DB_NAME(), N':', ?), 255); "
)
# With the database in it, for engines whose application locks are one for all databases.

_LOCK = _LOCK_NAME + (
    "EXECUTE @GRANTED = sys.sp_getapplock @Resource = @RESOURCE, @LockMode = N'Exclusive', @LockOwner = N'Session', "
    "@LockTimeout = 0; SELECT @GRANTED AS GRANTED;"
)
_RELEASE = _LOCK_NAME + "EXECUTE @GRANTED = sys.sp_releaseapplock @Resource = @RESOURCE, @LockOwner = N'Session';"

pyodbc.pooling = False
# A pooled connection would keep a session's application locks beyond `close`.


class QueryRow:
    """A row of `query`: columns by name, in any case, and by position, as `sqlite3.Row` has them."""

    __slots__ = ("_columns", "_values")

    def __init__(self, columns: list[str], values: list[Any]) -> None:
        self._columns = columns
        self._values = values

    def __getitem__(self, key: str | int) -> Any:
        """A column by name or position."""
        return self._values[key if isinstance(key, int) else self._columns.index(key.upper())]

    def __iter__(self) -> Iterator[Any]:
        """The values, in order."""
        return iter(self._values)

    def __len__(self) -> int:
        """How many columns there are."""
        return len(self._values)

    def keys(self) -> list[str]:
        """The columns' names, in capitals."""
        return list(self._columns)

    def __repr__(self) -> str:
        return f"QueryRow({dict(zip(self._columns, self._values, strict=True))})"


class SqlServer:
    """One connection, autocommit: each procedure owns its transaction. Not shared between threads."""

    engine = "sqlserver"

    def __init__(
        self,
        connection_string: str,
        *,
        clock: Clock | None = None,
        login_timeout: int = 15,
        query_timeout: int = 120,
        sleeper: Sleeper = system_sleeper,
    ) -> None:
        """Connect. Times are in seconds; a query that waits for a lock gives up after half of `query_timeout`.

        With a `clock`, every procedure is told what time it is (`@NOW`); without, the server's own time counts.

        Raises:
            DatabaseUnavailable: no connection, or the login is refused.
            ConfigError: no driver, or a connection string that names no server.
        """
        self._string = complete(connection_string)
        self._clock = clock
        self._login_timeout = login_timeout
        self._query_timeout = query_timeout
        self._sleeper = sleeper
        self._held: list[str] = []
        self._connection: pyodbc.Connection | None = None
        self._kept: dict[tuple[str, ...], pyodbc.Cursor] = {}
        """Statement, with its parameters' kinds → the cursor that has it prepared; the one used last is at the end."""
        self._session = ""
        """What the connection has yet to be told; it goes with its first batch."""
        self.where = describe(self._string)
        """Server and database, for messages."""
        self._connected()

    def run(self, call: Procedure[Row]) -> list[Row]:
        """See `contract.Database.run`."""
        sql, parameters = _statement(call, self._clock() if self._clock else None)
        tries = DEADLOCK_TRIES if call.repeatable else 1
        for attempt in range(1, tries + 1):
            try:
                return [_make(call, columns, row) for columns, row in self._rows(sql, parameters)]
            except pyodbc.Error as error:
                found = self._diagnose(error)
                if found.number in DEADLOCK and attempt < tries:
                    self._sleeper(0.05 * attempt)
                    continue
                raise translate(found, where=self.where, doing=call.name) from error
        raise AssertionError("the last try returns or raises")

    def query(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[QueryRow]:
        """Run a query of a person's or a test's; services use `run`."""
        try:
            return [QueryRow(columns, row) for columns, row in self._rows(sql, [_sent(value) for value in parameters])]
        except pyodbc.Error as error:
            raise translate(self._diagnose(error), where=self.where, doing="query") from error

    @contextmanager
    def exclusive(self, resource: str) -> Iterator[None]:
        """See `contract.Database.exclusive`: an application lock of this session, freed by the server when it ends."""
        self._lock(resource)
        self._held.append(resource)
        try:
            yield
        finally:
            self._held.remove(resource)
            if self._connection is not None:
                with suppress(pyodbc.Error):
                    self._rows(_RELEASE, [resource])

    @property
    def driver(self) -> str:
        """The ODBC driver in use, with its version."""
        connection = self._connected()
        return f"{connection.getinfo(pyodbc.SQL_DRIVER_NAME)} {connection.getinfo(pyodbc.SQL_DRIVER_VER)}"

    def close(self) -> None:
        """See `contract.Database.close`."""
        connection, self._connection = self._connection, None
        self._kept.clear()
        if connection is not None:
            with suppress(pyodbc.Error):
                connection.close()

    def _lock(self, resource: str) -> None:
        try:
            rows = self._rows(_LOCK, [resource])
        except pyodbc.Error as error:
            raise translate(self._diagnose(error), where=self.where, doing=f"lock {resource}") from error
        if rows[0][1][0] < 0:
            raise AlreadyRunning(f"{resource} is already running on this database; this run did nothing.")

    def _connected(self) -> pyodbc.Connection:
        """The connection, made anew where it was lost; with the locks that this session held."""
        if self._connection is not None:
            return self._connection
        try:
            connection = pyodbc.connect(self._string, autocommit=True, timeout=self._login_timeout)
            connection.timeout = self._query_timeout
            connection.maxwrite = _LONG
            connection.add_output_converter(-155, _moment_with_offset)
        except pyodbc.Error as error:
            raise unreachable(self._bare(error), where=self.where) from error
        self._connection = connection
        self._session = _SESSION.format(lock_timeout=self._query_timeout * 500 or -1)
        for resource in self._held:
            self._lock(resource)
        return connection

    def _rows(self, sql: str, parameters: list[Any]) -> list[tuple[list[str], list[Any]]]:
        """Run a batch and read every result set to its end: pyodbc hides an error raised after the first one until `nextset`."""
        connection = self._connected()
        if self._session and parameters:  # within a statement that is prepared, settings end with it
            connection.execute(self._session).close()
            self._session = ""
        text = f"{self._session} {sql}" if self._session else sql
        key = (text, *map(_shape, parameters))
        cursor = self._kept.pop(key, None) or connection.cursor()
        rows: list[tuple[list[str], list[Any]]] = []
        try:
            cursor.execute(text, parameters)
            while True:
                if cursor.description:
                    columns = [column[0].upper() for column in cursor.description]
                    rows += [(columns, [_received(value) for value in row]) for row in cursor]
                if not cursor.nextset():
                    break
        except BaseException:
            _close(cursor)
            raise
        self._session = ""
        self._kept[key] = cursor
        if len(self._kept) > _MOST_KEPT:
            _close(self._kept.pop(next(iter(self._kept))))
        return rows

    def _bare(self, error: pyodbc.Error) -> Diagnosis:
        found = diagnose(error)
        return Diagnosis(found.state, found.number, without_secrets(found.text, self._string))

    def _diagnose(self, error: pyodbc.Error) -> Diagnosis:
        """Diagnose an error of this connection; one that is gone is dropped, so that the next call connects anew."""
        found = self._bare(error)
        if lost(found):
            self.close()
        return found


def _statement(call: Procedure[Any], now: datetime | None) -> tuple[str, list[Any]]:
    """Write the EXECUTE of a call. A NULL is written out: a mark would have the driver ask the server for its type."""
    given = {field.name.upper(): _sent(getattr(call, field.name)) for field in fields(call)}  # type: ignore[arg-type]
    if now is not None:
        given["NOW"] = _sent(now)
    marks = ", ".join(f"@{name} = {'NULL' if value is None else '?'}" for name, value in given.items())
    return f"EXECUTE dbo.{call.name} {marks};", [value for value in given.values() if value is not None]


def _shape(value: Any) -> str:
    """What kind of parameter a value makes: a statement is prepared for one."""
    long = isinstance(value, str | bytes) and len(value) > _LONG
    large = isinstance(value, int) and not -(2**31) <= value < 2**31
    return f"{type(value).__name__}{'+' if long or large else ''}"


def _close(cursor: pyodbc.Cursor) -> None:
    with suppress(pyodbc.Error):
        cursor.close()


def _sent(value: Any) -> Any:
    """What the database gets: UTC without a zone, as ISO text, since some servers have the driver cut a datetime to seconds."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return value


def _received(value: Any) -> Any:
    """What the database sent: a datetime2 is UTC by convention."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _moment_with_offset(raw: bytes) -> datetime:
    """Read a DATETIMEOFFSET, which pyodbc hands over as the bytes of SQL_SS_TIMESTAMPOFFSET_STRUCT."""
    year, month, day, hour, minute, second, nanoseconds, hours, minutes = unpack("<6hI2h", raw)
    zone = timezone(timedelta(hours=hours, minutes=minutes))
    return datetime(year, month, day, hour, minute, second, nanoseconds // 1000, zone)


@cache
def _names(returns: type[Any]) -> tuple[str, ...]:
    return () if returns is NoRow else tuple(field.name for field in fields(returns))


def _make(call: Procedure[Row], columns: list[str], row: list[Any]) -> Row:
    """Make a result row from the columns of the same names, whatever their case and order."""
    names = _names(call.returns)
    values = dict(zip(columns, row, strict=True))
    missing = [name.upper() for name in names if name.upper() not in values]
    if missing or not names:
        raise ConfigError(
            f"{call.name} returned {', '.join(columns)}; {', '.join(missing) or 'no row'} was expected. "
            "The procedures on the server aren't those of this version: run `syncctl db deploy`."
        )
    made: Row = call.returns(**{name: values[name.upper()] for name in names})
    return made


__all__ = ["QueryRow", "SqlServer", "find_driver"]
