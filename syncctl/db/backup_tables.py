# ruff: noqa: S608  (names are checked by `quoted`; values are parameters)
"""The tables that a backup holds, and the plain SQL that reads and writes them, on either engine.

A backup is the owner's business, as a deploy is: it goes past the procedures, table by table, whatever columns there are.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

from syncctl.errors import ConfigError, TransientError

if TYPE_CHECKING:
    from syncctl.db.contract import Database
    from syncctl.db.embedded import EmbeddedDatabase
    from syncctl.db.sqlserver import SqlServer

Sort = Literal["lasting", "history", "state", "settings", "series"]
"""What a restore does with a table. `lasting`: a row that the backup lacks would be lost, so nothing is restored. `history`: rows
that are there stay, those of the backup join them. `state`: the backup's rows take the place of all. `settings` likewise, alone,
too. `series`: as `settings`, but a number never goes back."""

SORTS: dict[str, Sort] = {
    "USER_ORDER_EVENT": "history",
    "USER_ORDER_ATTEMPT": "history",
    "USER_SYNC_LOG": "history",
    "USER_CARRIER_CALL": "history",
    "USER_INCIDENT": "history",
    "USER_NOTIFICATION": "history",
    "woo_sync_activity": "history",
    "USER_SYNC_WALK": "state",
    "USER_SYNC_STATISTIC": "state",
    "USER_SYNC_STATISTIC_MARK": "state",
    "USER_SYNC_STATISTIC_RESET": "state",
    "USER_STORE_OUTBOX": "state",
    "USER_CARRIER_BUDGET": "history",
    "USER_STORE_PUSH": "state",
    "USER_ORDER_PART": "state",
    "USER_ORDER_PAYMENT": "state",
    "USER_RETRY_POLICY": "settings",
    "USER_CUSTOMER_MAP": "settings",
    "USER_ITEM_MAP": "settings",
    "USER_WEB_ITEM": "settings",
    "USER_STATUS_MAP": "settings",
    "USER_PAY_CODE_MAP": "settings",
    "USER_TAX_MAP": "settings",
    "USER_DEPOSIT_MODEL": "settings",
    "USER_ERP_SETTING": "settings",
    "USER_ERP_COLUMN": "settings",
    "USER_NOTIFY_PREFERENCE": "settings",
    "USER_NUMBER_SERIES": "series",
}
"""Tables by what a restore does with them; any other is lasting."""
NOT_KEPT = frozenset({"USER_SCHEMA_JOURNAL", "USER_DEMO_ERP", "USER_STORE_ITEM"})
"""The deploy's own, which tell of the database and not of the shop; and what the store has of its items, as far as is known: put
back, it would hide what the store was told since, and a store that sells one item more would forbid every restore."""
_PAGE = 500
_SMALL_PAGES = {"USER_POD_DOCUMENT": 4, "USER_ORDER_STAGING": 100, "USER_ORDER_DEAD_LETTER": 100}
"""Rows that are read at a time, where rows are long."""
_MOST_PARAMETERS = 2000
"""SQL Server takes 2,100 in a statement."""
_MOST_CHARACTERS = 4_000_000
_numbers = itertools.count(1)
"""Of tables beside others: a connection that restores twice has the first ones still."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is in a database: its columns that can be written, and those of its primary key."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    identity: bool = False
    """Whether the server makes the key's numbers, and has to be told to take ours."""

    @property
    def sort(self) -> Sort:
        """What a restore does with it."""
        return SORTS.get(self.name, "lasting")


class Tables(Protocol):
    """A connection that reads and writes whole tables, in one transaction."""

    engine: str

    def all(self) -> list[Table]:
        """Return the tables that a backup holds, parents before children."""

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Sequence[Any]]:
        """Run a statement and return its rows."""

    def transaction(self, *, writing: bool) -> Any:
        """Hold a transaction: what is read in it is of one moment; an error takes back what was written."""

    def waiting(self, table: Table) -> str:
        """Make an empty table beside `table` that lives as long as the connection, and return what SQL calls it."""

    def switch_identity(self, table: Table, *, on: bool) -> None:
        """Let numbers of a key be given, or made by the server again."""

    def close(self) -> None:
        """Give the connection back."""


def open_tables(database: Database) -> Tables:
    """Return the tables of a database that is open."""
    if database.engine == "embedded":
        return _Embedded(database)  # type: ignore[arg-type]
    return _Server(database)  # type: ignore[arg-type]


def quoted(name: str) -> str:
    """Return a name as both engines quote it.

    Raises:
        ConfigError: no table or column of ours is called so.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,127}", name):
        raise ConfigError(f"There is no table or column named {name[:60]!r}.")
    return f"[{name}]"


def listed(columns: Sequence[str], alias: str = "") -> str:
    """Return columns as a list, each of `alias`."""
    return ", ".join(f"{alias}{quoted(column)}" for column in columns)


def rows(tables: Tables, table: Table) -> Iterator[Sequence[Any]]:
    """Give every row of a table in the order of its key, a page at a time."""
    size = _SMALL_PAGES.get(table.name, _PAGE)
    key = table.key or table.columns
    at = [table.columns.index(column) for column in key]
    after: list[Any] = []
    while True:
        beyond = f" WHERE {_beyond(key)}" if after else ""
        page = tables.query(
            _limited(tables, f"{listed(table.columns)} FROM dbo.{quoted(table.name)}{beyond} ORDER BY {listed(key)}", size),
            [value for depth in range(len(after)) for value in after[: depth + 1]],
        )
        yield from page
        if len(page) < size:
            return
        after = [page[-1][place] for place in at]


def _beyond(key: Sequence[str]) -> str:
    """Return the condition of what comes behind a key: (a > ?) OR (a = ? AND b > ?) …; with the key's parts for each."""
    parts = []
    for depth, column in enumerate(key):
        same = "".join(f"{quoted(before)} = ? AND " for before in key[:depth])
        parts.append(f"({same}{quoted(column)} > ?)")
    return f"({' OR '.join(parts)})"


def _limited(tables: Tables, selection: str, size: int) -> str:
    if tables.engine == "embedded":
        return f"SELECT {selection} LIMIT {size}"
    return f"SELECT TOP ({size}) {selection}"


def insert(tables: Tables, into: str, columns: Sequence[str], values: Iterable[Sequence[Any]]) -> None:
    """Insert rows, as many to a statement as it takes. A NULL is written out: as a parameter it would have no type."""
    most = max(1, min(_MOST_PARAMETERS // max(1, len(columns)), 900))
    block: list[Sequence[Any]] = []
    size = 0
    for row in values:
        length = sum(len(value) for value in row if isinstance(value, str | bytes))
        if block and (len(block) >= most or size + length > _MOST_CHARACTERS):
            _insert(tables, into, columns, block)
            block, size = [], 0
        block.append(row)
        size += length
    if block:
        _insert(tables, into, columns, block)


def _insert(tables: Tables, into: str, columns: Sequence[str], block: Sequence[Sequence[Any]]) -> None:
    marks = ", ".join("(" + ", ".join("NULL" if value is None else "?" for value in row) + ")" for row in block)
    given = [value for row in block for value in row if value is not None]
    tables.query(f"INSERT INTO {into} ({listed(columns)}) VALUES {marks}", given)


class _Embedded:
    """The file itself, through a connection of our own that reads texts as they are kept."""

    engine = "embedded"

    def __init__(self, database: EmbeddedDatabase) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None, timeout=60, cached_statements=16)
        self._db.execute("PRAGMA temp_store = FILE")
        self._db.execute("ATTACH DATABASE ? AS dbo", (str(database.path),))

    def all(self) -> list[Table]:
        """See `Tables`: here all of them, those of the trial ERP too, which lie in the same file."""
        names = [
            name
            for (name,) in self._db.execute("SELECT name FROM dbo.sqlite_master WHERE type = 'table' ORDER BY rowid")
            if not name.startswith("sqlite_") and name not in NOT_KEPT
        ]
        return [self._table(name) for name in names]

    def _table(self, name: str) -> Table:
        found = self._db.execute(f"PRAGMA dbo.table_xinfo({quoted(name)})").fetchall()
        key = sorted((part[5], part[1]) for part in found if part[5])
        return Table(name, tuple(part[1] for part in found if part[6] == 0), tuple(column for _, column in key))

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Sequence[Any]]:
        """See `Tables`."""
        from syncctl.db.embedded.engine import _named

        with _named(self._path()):
            return self._db.execute(sql, list(parameters)).fetchall()

    def _path(self) -> Any:
        from pathlib import Path

        return Path(next(row[2] for row in self._db.execute("PRAGMA database_list") if row[1] == "dbo"))

    @contextmanager
    def transaction(self, *, writing: bool) -> Iterator[None]:
        """See `Tables`."""
        self.query("BEGIN IMMEDIATE" if writing else "BEGIN")
        try:
            yield
            self.query("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def waiting(self, table: Table) -> str:
        """See `Tables`."""
        name = f"temp.{quoted(f'WAITING_{table.name}')}"
        self.query(f"DROP TABLE IF EXISTS {name}")
        self.query(f"CREATE TABLE {name} AS SELECT {listed(table.columns)} FROM dbo.{quoted(table.name)} WHERE 0")
        return name

    def switch_identity(self, table: Table, *, on: bool) -> None:
        """See `Tables`: numbers may be given at any time here."""

    def close(self) -> None:
        """See `Tables`."""
        self._db.close()


class _Server:
    """A SQL Server, through the connection that is open."""

    engine = "sqlserver"

    def __init__(self, database: SqlServer) -> None:
        self._database = database

    def all(self) -> list[Table]:
        """See `Tables`: here our own; the ERP's are in the site's backups, and nowhere else whole."""
        found: dict[str, tuple[list[str], list[tuple[int, str]], bool]] = {}
        ours = {name.lower(): name for name in own_tables()}  # some servers keep names in small letters
        for given, column, place, identity in self._database.query(_COLUMNS):
            name = ours.get(str(given).lower())
            if name is not None:
                columns, key, _ = found.setdefault(name, ([], [], False))
                columns.append(str(column))
                if place:
                    key.append((int(place), str(column)))
                if identity:
                    found[name] = (columns, key, True)
        order = [name for name in own_tables() if name in found]
        return [
            Table(name, tuple(found[name][0]), tuple(column for _, column in sorted(found[name][1])), found[name][2])
            for name in order
        ]

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Sequence[Any]]:
        """See `Tables`."""
        return [tuple(_plain(value) for value in row) for row in self._database.query(sql, tuple(parameters))]

    @contextmanager
    def transaction(self, *, writing: bool) -> Iterator[None]:
        """See `Tables`. Where the database keeps no snapshots, jobs wait for its end: what was read stays as it is that long."""
        snapshots = "SELECT snapshot_isolation_state FROM sys.databases WHERE name = DB_NAME();"
        [kept] = self._database.query(snapshots)
        level = "READ COMMITTED" if writing else "SNAPSHOT" if kept[0] == 1 else "SERIALIZABLE"
        self._database.query(f"SET TRANSACTION ISOLATION LEVEL {level}; BEGIN TRANSACTION;")
        try:
            if writing:  # nobody else reads or writes them from here on
                for table in self.all():
                    self._database.query(f"SELECT TOP (1) 1 FROM dbo.{quoted(table.name)} WITH (TABLOCKX, HOLDLOCK);")
            yield
            self._database.query("COMMIT TRANSACTION; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;")
        except BaseException:
            with suppress(TransientError):  # a connection that is gone has taken the transaction with it
                self._database.query("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;")
            raise

    def waiting(self, table: Table) -> str:
        """See `Tables`. Of two selections in one no column keeps its IDENTITY."""
        name = f"#WAITING_{next(_numbers)}_{table.name}"
        empty = f"SELECT {{into}} FROM dbo.{quoted(table.name)} WHERE 1 = 0"
        columns = listed(table.columns)
        first = empty.format(into=f"{columns} INTO {name}")
        self._database.query(f"{first} UNION ALL {empty.format(into=columns)};")
        return name

    def switch_identity(self, table: Table, *, on: bool) -> None:
        """See `Tables`."""
        if table.identity:
            self._database.query(f"SET IDENTITY_INSERT dbo.{quoted(table.name)} {'ON' if on else 'OFF'};")

    def close(self) -> None:
        """See `Tables`: the connection is its owner's."""


_COLUMNS = """
SELECT
    named.name,
    col.name,
    COALESCE(part.key_ordinal, 0),
    COALESCE(col.is_identity, 0)
FROM sys.tables AS named
INNER JOIN sys.columns AS col
    ON col.object_id = named.object_id
LEFT JOIN sys.indexes AS keyed
    ON keyed.object_id = named.object_id AND keyed.is_primary_key = 1
LEFT JOIN sys.index_columns AS part
    ON part.object_id = named.object_id AND part.index_id = keyed.index_id AND part.column_id = col.column_id
WHERE named.schema_id = SCHEMA_ID(N'dbo') AND col.is_computed = 0
ORDER BY named.name, col.column_id;
"""


@cache
def own_tables() -> dict[str, None]:
    """Return the names of the tables that a deploy makes, in the order in which it makes them."""
    from syncctl.db.deploy_scripts import erps, scripts

    texts = [script.text for erp in erps() for script in scripts(erp) if script.name.startswith("schema/")]
    made = dict.fromkeys(name for text in texts for name in re.findall(r"CREATE TABLE dbo\.(\w+)", text))
    return {name: None for name in made if name not in NOT_KEPT}


def _plain(value: Any) -> Any:
    """Return a value of the driver's as a backup keeps it: what the server reads back from a text stands as one."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="microseconds" if value.microsecond % 1000 else "milliseconds")
    if isinstance(value, date | Decimal):
        return value.isoformat() if isinstance(value, date) else format(value, "f")
    return bytes(value) if isinstance(value, bytearray | memoryview) else value
