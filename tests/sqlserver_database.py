"""The T-SQL engine that tests run on: started where it can be, deployed to, and emptied between tests."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from syncctl.clock import Clock, system_clock
from syncctl.db.deploy import deploy
from syncctl.db.deploy_scripts import Script, scripts
from syncctl.db.odbc import join, parts
from syncctl.db.sqlserver import SqlServer
from syncctl.errors import AlreadyRunning, DatabaseUnavailable, SyncError
from tests.plain_forms import server

KEPT = {"USER_SCHEMA_JOURNAL", "USER_DEMO_ERP"}
SET_UP = """
UPDATE dbo.USER_ERP_SETTING SET VALUE = N'101' WHERE NAME IN ('STA_ID', 'DRW_ID');
INSERT INTO dbo.USER_NUMBER_SERIES (SERIES, PREFIX, WIDTH, NEXT_NO, DESCR) VALUES
    ('DOC_ID', '101', 9, 1, N'Prefix and a number of WIDTH digits'),
    ('TKT_NO', '101-', 6, 1, N'Prefix and a number of WIDTH digits');
"""
"""What `config erp import` makes of a trial ERP; a test compares."""


def connect(connection_string: str, start: str | None) -> SqlServer:
    """Connect; where nothing answers, run the start command first."""
    try:
        return server(connection_string, login_timeout=5)
    except DatabaseUnavailable:
        if not start:
            raise
    subprocess.run(shlex.split(start), check=True, timeout=300)
    return server(connection_string, login_timeout=60)


class Connections:
    """Connections to one database, kept open for a whole test run: a server compiles a procedure once for each of them.

    Each takes the present moment from the clock that `take` was last called with. One that a test closed connects anew.
    """

    def __init__(self, connection_string: str) -> None:
        self._connection_string = connection_string
        self._clock: Clock = system_clock
        self._opened: list[SqlServer] = []

    def take(self, number: int, clock: Clock) -> SqlServer:
        """The connection of that number, from 0."""
        self._clock = clock
        while len(self._opened) <= number:
            self._opened.append(SqlServer(self._connection_string, clock=lambda: self._clock()))
        return self._opened[number]

    def close(self) -> None:
        """Close them all."""
        for database in self._opened:
            database.close()


class Scratch:
    """Empty databases beside the one that is named for tests, dropped at the end."""

    def __init__(self, url: str) -> None:
        self._pieces = parts(url)
        self._master = SqlServer(join({**self._pieces, "DATABASE": "master"}))
        self._made: list[tuple[str, SqlServer]] = []

    def __call__(self, suffix: str = "deploy", *, collation: str = "") -> SqlServer:
        name = f"{self._pieces['DATABASE']}_{suffix}"
        if self._master.query("SELECT name FROM sys.databases WHERE name = ?", (name,)):
            self._master.query(f"DROP DATABASE {name}")
        self._master.query(f"CREATE DATABASE {name}" + (f" COLLATE {collation}" if collation else ""))
        self._made.append((name, server(self.url(suffix))))
        return self._made[-1][1]

    def url(self, suffix: str) -> str:
        return join({**self._pieces, "DATABASE": f"{self._pieces['DATABASE']}_{suffix}"})

    def drop(self) -> None:
        for name, database in self._made:
            drop_everything(database)
            database.close()
            for attempt in range(20):  # a session that has just ended may still be counted
                try:
                    self._master.query(f"DROP DATABASE {name}")
                    break
                except SyncError:
                    if attempt == 19:
                        raise
                    time.sleep(0.2)
        self._master.close()


def prepare(database: SqlServer) -> None:
    """Deploy, onto an empty server where the tables there are of an earlier text of their scripts."""
    if _out_of_date(database):
        drop_everything(database)
    deploy(database, erp="counterpoint", demo_erp=True)
    empty(database)


def _out_of_date(database: SqlServer) -> bool:
    if not _tables(database) & {"USER_SCHEMA_JOURNAL"}:
        return False
    applied = {
        row["SCRIPT"]: row["SHA256"]
        for row in database.query("SELECT SCRIPT, SHA256 FROM dbo.USER_SCHEMA_JOURNAL WHERE KIND = 'once' ORDER BY JOURNAL_ID")
    }
    wanted = {script.name: script.sha256 for script in scripts("counterpoint", demo_erp=True) if script.kind == "once"}
    return applied != wanted


def drop_everything(database: SqlServer) -> None:
    """Drop every procedure, view, function and table of a trial database."""
    tables = _tables(database)
    others = {table for table in tables if not table.startswith("USER_")} - {"CLAIMS"}
    assert not others or "USER_DEMO_ERP" in tables, (
        f"{database.where} is no trial database ({sorted(others)}); it was not touched"
    )
    for kind, code in (("PROCEDURE", "P"), ("VIEW", "V"), ("FUNCTION", "FN"), ("FUNCTION", "IF"), ("FUNCTION", "TF")):
        for row in database.query("SELECT name FROM sys.objects WHERE type = ? AND schema_id = SCHEMA_ID(N'dbo')", (code,)):
            database.query(f"DROP {kind} dbo.{row['name']}")
    for table in tables:
        database.query(f"DROP TABLE dbo.[{table}]")


def empty(database: SqlServer, *, erp: str = "counterpoint", set_up: bool = True) -> None:
    """Take every row away, start identities at 1, put the seed rows back and set the site up: one round trip."""
    tables = sorted(_tables(database) - KEPT)
    identities = {
        row["name"].upper()
        for row in database.query("SELECT OBJECT_NAME(object_id) AS name FROM sys.columns WHERE is_identity = 1")
        if row["name"]
    }
    cleared = [f"TRUNCATE TABLE dbo.[{table}];" if table in identities else f"DELETE FROM dbo.[{table}];" for table in tables]
    seeds = _seeds(scripts(erp, demo_erp=True))
    database.query("\n".join(["SET NOCOUNT ON;", *cleared, *seeds, *([SET_UP] if set_up else [])]))


@contextmanager
def held(connection_string: str, *, wait: float = 60.0) -> Iterator[SqlServer]:
    """Take this database for one test run; another run's tests would empty it in between.

    Each try has a connection of its own, so that nothing that a refused one leaves behind adds up.
    """
    until = time.monotonic() + wait
    while True:
        database = server(connection_string)
        with ExitStack() as stack:
            stack.callback(database.close)
            try:
                stack.enter_context(database.exclusive("test-run"))
            except AlreadyRunning:
                assert time.monotonic() < until, f"another test run holds {database.where}; name another database"
            else:
                yield database
                return
        time.sleep(1)


def _tables(database: SqlServer) -> set[str]:
    return {row["name"].upper() for row in database.query("SELECT name FROM sys.tables WHERE schema_id = SCHEMA_ID(N'dbo')")}


def _seeds(wanted: list[Script]) -> list[str]:
    return [
        batch.text
        for script in wanted
        if script.name.startswith("schema/") or script.name.endswith(("/settings.sql", "/demo_schema.sql"))
        for batch in script.batches
        if re.sub(r"^\s*/\*.*?\*/\s*", "", batch.text, flags=re.DOTALL).lstrip().startswith("INSERT INTO")
    ]
