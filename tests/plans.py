"""How the embedded engine reads its tables, statement by statement, at a site that has grown for years.

Statements are noted while tests run, each once, and their plans are read afterwards, on a database whose statistics say what a
large site's would. A table counts as growing unless it is named here as small.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import Procedure
from syncctl.db.embedded import EmbeddedDatabase

SMALL = frozenset(
    {
        *("USER_SYNC_WALK", "USER_RETRY_POLICY", "USER_STATUS_MAP", "USER_PAY_CODE_MAP", "USER_TAX_MAP", "USER_ERP_SETTING"),
        *("USER_NUMBER_SERIES", "USER_CARRIER_BUDGET", "USER_NOTIFY_PREFERENCE", "USER_STORE_PUSH"),
        "USER_DEPOSIT_MODEL",
        *("SY_PAY_COD", "PS_STR", "PS_STA", "EC_CTL", "SY_WRKGRP", "Configuration"),
        *("sqlite_sequence", "sqlite_master", "USER_SCHEMA_JOURNAL", "USER_DEMO_ERP"),
    }
)
"""What has a row for each setting, store, carrier, station …, and not for each order, message, run, claim, customer or item."""

ROWS = {"USER_ORDER_STAGING": 1_000_000, "USER_ORDER_EVENT": 3_000_000, "USER_SYNC_LOG": 1_000_000, "claims": 200_000}
MANY, FEW, OPEN = 1_000_000, 20, 1_000
"""Rows of any other table that grows; of a small one; and of an index that holds only what is open."""
ALIKE = {"STORE_ID": 1, "STATE": 5, "LINK_STATE": 4, "ERROR_CLASS": 8, "carrier": 10, "CARRIER": 10, "OPERATION_TYPE": 12}
"""How many values a column has, where many rows have the same; any other counts as one that tells rows apart."""

SEEN_BY_PEOPLE = {
    "sp_AuditOrders": "looks at every order, on demand",
    "sp_CountStates": "counts every order, on demand",
    "sp_ImportErpSettings": "looks through the site's documents once, while it is set up",
    "sp_GetErpDocument": "adds up what other documents want of the items, for `trace`",
    "sp_ListErpItems": "lists everything that the ERP sells, for `item map`",
    "sp_ListItemMap": "lists the whole map",
    "sp_ListNotifications": "lists the newest, whatever their state",
    "sp_ListOutbox": "lists the oldest, whatever their state",
    "sp_ListStatistics": "adds up a row an hour of a store, on demand",
    "sp_ListWebItems": "lists all that the site says of single items, for `item map`",
    "sp_ListPods": "lists whatever is asked for; what the jobs ask for is looked at in `test_plans`",
    "sp_RetryOutbox": "`write-back retry` of everything",
}
"""Procedures that may read all of a table → why: a person asked, and they run now and then, not every few minutes."""

ALLOWED = {
    "AS IS_POSTED FROM dbo.PS_DOC_HDR": "FORMER_ORDERS = Y: the vendor's tables have no index for it; N ends it",
    "WHERE NAM = :NAM COLLATE NOCASE OR NAM = :company COLLATE NOCASE": "CUST_MATCH_NAME = Y: the same of customers' names",
    "SELECT CUST_NO AS NUMBER FROM dbo.AR_CUST": "only where the next number is taken already, to find a gap",
    "SELECT TKT_NO AS NUMBER FROM dbo.PS_DOC_HDR": "the same",
    "SELECT CAST(DOC_ID AS TEXT) AS NUMBER FROM dbo.PS_DOC_HDR": "the same",
    "FROM dbo.USER_STORE_ITEM WHERE STORE_ID = :store": "all items of a store, whose number doesn't grow with orders",
    "AS kept WHERE kept.value IN (0, PRODUCT_ID, PARENT_ID)": "the same, where the store shows one that can't be read",
    "SELECT 1 FROM dbo.IM_INV WHERE LOC_ID": "ends at the first row of a location, which almost every one has",
    "SELECT DISTINCT LOC_ID FROM dbo.IM_INV": "only where a location that the site named is gone",
    "FROM dbo.USER_V_ITEM_ALIAS": "a view of the site's own, which has no row as delivered",
}
"""Words of single statements that may → why."""

_NAMED = re.compile(
    r"\bdbo\.\[?(\w+)\]?(?:\s+(?:AS\s+)?"
    r"(?!(?:WHERE|SET|ORDER|GROUP|LIMIT|INNER|LEFT|CROSS|JOIN|ON|UNION|INDEXED|NOT|DEFAULT|VALUES|SELECT)\b)(\w+))?",
    re.IGNORECASE,
)
_SCAN = re.compile(r"^SCAN (?:TABLE )?(?:dbo\.)?(\w+)(?: AS (\w+))?(?:.*?USING (?:COVERING )?INDEX (\w+))?")


class _Anything(dict[str, Any]):
    """Parameters of any name. A plan doesn't depend on them."""

    def __missing__(self, name: str) -> None:
        return None


class Noted:
    """The statements of the embedded engine with each ERP, and the procedures that ran them."""

    def __init__(self) -> None:
        self.statements: dict[str, dict[str, set[str]]] = {}
        """By ERP and statement."""
        self.erp = ""
        """Whose tables the test has that runs now; empty: what it runs isn't noted."""

    @contextmanager
    def all(self) -> Iterator[None]:
        """Note what connections opened from here on run for a procedure."""
        noted = self

        class Noting(sqlite3.Connection):
            procedure = ""

            def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
                if self.procedure:
                    noted._note(sql, self.procedure)
                return super().execute(sql, parameters)

            def executemany(self, sql: str, parameters: Any) -> sqlite3.Cursor:
                if self.procedure:
                    noted._note(sql, self.procedure)
                return super().executemany(sql, parameters)

        run = EmbeddedDatabase.run

        def running(database: EmbeddedDatabase, call: Procedure[Any]) -> list[Any]:
            connection = database._db
            if not (self.erp and isinstance(connection, Noting)):
                return run(database, call)
            connection.procedure = call.name
            try:
                return run(database, call)
            finally:
                connection.procedure = ""

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Noting))
            patch.setattr(EmbeddedDatabase, "run", running)
            yield

    def _note(self, sql: str, procedure: str) -> None:
        self.statements.setdefault(self.erp, {}).setdefault(sql, set()).add(procedure)

    def scans(self, erp: str, path: Path) -> set[str]:
        """Return each statement of an ERP's that reads something from end to end; `path` is an empty database of it."""
        plans = Plans(path)
        with closing(plans.database):
            return {
                f"{erp}: {', '.join(sorted(run_by))}: {scan}: {' '.join(sql.split())}"
                for sql, run_by in self.statements[erp].items()
                if not run_by <= SEEN_BY_PEOPLE.keys()
                for scan in plans.scans(sql)
            }


class Plans:
    """Reads plans, in a database that is told it is a large site's."""

    def __init__(self, path: Path, *, counted: bool = True) -> None:
        """Take an embedded database; with `counted` it gets the statistics that SQLite's ANALYZE would have found."""
        self.database = EmbeddedDatabase(path)
        self._db = self.database._db
        self._of_few = {
            row[0] for row in self._db.execute("SELECT name FROM dbo.sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'")
        }
        if counted:
            self._count()

    def scans(self, sql: str) -> list[str]:
        """Return what a statement reads from end to end of what grows; an index of what is open may be."""
        if not sql.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            return []
        if any(words in " ".join(sql.split()) for words in ALLOWED):
            return []
        aliases = {name: table for table, alias in _NAMED.findall(sql) for name in (table, alias or table)}
        marks = _Anything() if "?" not in sql else (None,) * sql.count("?")
        found = []
        for row in self._db.execute(f"EXPLAIN QUERY PLAN {sql}", marks):
            scan = _SCAN.match(row["detail"])
            table = scan and aliases.get(scan[2] or scan[1])
            if scan and table and table not in SMALL and scan[3] not in self._of_few:
                found.append(str(row["detail"]))
        return found

    def _count(self) -> None:
        """Write statistics: how many rows each index has, and how many of them share its first column, its first two …"""
        self._db.execute("ANALYZE dbo")
        self._db.execute("DELETE FROM dbo.sqlite_stat1")
        tables = [row[0] for row in self._db.execute("SELECT name FROM dbo.sqlite_master WHERE type = 'table'")]
        for table in tables:
            if table.startswith("sqlite_"):
                continue
            rows = FEW if table in SMALL else ROWS.get(table, MANY)
            self._db.execute("INSERT INTO dbo.sqlite_stat1 (tbl, idx, stat) VALUES (?, NULL, ?)", (table, str(rows)))
            for index in self._db.execute(f"PRAGMA dbo.index_list([{table}])").fetchall():
                left = total = min(OPEN, rows) if index["name"] in self._of_few else rows
                stat = [total]
                for column in self._db.execute(f"PRAGMA dbo.index_info([{index['name']}])").fetchall():
                    left = max(1, left // ALIKE.get(column["name"], total))
                    stat.append(left)
                self._db.execute(
                    "INSERT INTO dbo.sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)",
                    (table, index["name"], " ".join(map(str, stat))),
                )
        self._db.execute("ANALYZE dbo.sqlite_master")  # has them read again
