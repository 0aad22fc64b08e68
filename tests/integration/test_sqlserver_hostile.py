"""The program on a SQL Server that refuses, changes or goes away: one line that says what to do, and nothing half done."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyodbc", reason="pyodbc can't be loaded here: no T-SQL engine can be reached", exc_type=ImportError)

from syncctl.db.contract import AuditOrders, CountStates
from syncctl.db.odbc import join, parts
from syncctl.db.sqlserver import SqlServer
from syncctl.errors import DatabaseUnavailable, SyncError
from tests.acceptance.program import Ended, Program
from tests.orders import line, order, stage
from tests.shop import Shop

pytestmark = pytest.mark.sqlserver

PASSWORD = "T00l!2026-only-for-tests"


@pytest.fixture
def database(empty_sqlserver: str) -> Iterator[SqlServer]:
    """An owner's connection, past everything that a test puts in the program's way."""
    owner = SqlServer(empty_sqlserver)
    yield owner
    owner.close()


@pytest.fixture
def shop(database: SqlServer) -> Shop:
    return Shop(database, database.query)


@pytest.fixture
def syncctl(tmp_path: Path, empty_sqlserver: str) -> Program:
    """The program, on that database."""
    return Program(tmp_path, {"SYNCCTL_DATABASE": empty_sqlserver, "SYNCCTL_DATABASE_LOGIN_TIMEOUT": "4"})


@pytest.fixture
def login(database: SqlServer, empty_sqlserver: str) -> Iterator[Callable[..., str]]:
    """Makes a login that may enter the database, and what it is told; returns its connection string."""
    made: list[str] = []

    def make(name: str, role: str | None = None) -> str:
        database.query(f"IF SUSER_ID(N'{name}') IS NULL CREATE LOGIN {name} WITH PASSWORD = N'{PASSWORD}';")
        database.query(f"CREATE USER {name} FOR LOGIN {name};")
        made.append(name)
        if role:
            database.query(f"ALTER ROLE {role} ADD MEMBER {name};")
        return join({**parts(empty_sqlserver), "UID": name, "PWD": PASSWORD})

    yield make
    for name in made:
        database.query(f"DROP USER {name};")
        with suppress(SyncError):  # a session of the program's that has just ended may still be counted
            database.query(f"DROP LOGIN {name};")


class Line:
    """Between the program and the server, to be cut."""

    def __init__(self, url: str) -> None:
        pieces = parts(url)
        host, _, port = pieces["SERVER"].removeprefix("tcp:").partition(",")
        if "\\" in host:
            pytest.skip(f"{host} is a named instance, which can't be reached through another port")
        self._to = (host, int(port or pieces.get("PORT", "1433")))
        self._listening = socket.create_server(("127.0.0.1", 0))
        own = self._listening.getsockname()[1]
        self.url = join(
            {**pieces, "SERVER": "127.0.0.1", "PORT": str(own)} if "PORT" in pieces else {**pieces, "SERVER": f"127.0.0.1,{own}"}
        )
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listening.accept()
                there = socket.create_connection(self._to)
                self._open += [here, there]
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Break every connection, and take no other."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def one_line(ended: Ended, code: int, *said: str) -> None:
    """The program ended with that code, and told it in one line, without the password."""
    assert ended.code == code, ended
    lines = ended.err.splitlines()
    assert len(lines) == 1, ended.err
    assert lines[0].startswith("syncctl: ")
    for words in said:
        assert words in lines[0]
    assert "Traceback" not in ended.out + ended.err
    assert "PWD" not in ended.err


def refused(syncctl: Program, url: str, *said: str) -> str:
    """Every command that needs the database ends with 69, and says why in one line."""
    syncctl.settings["SYNCCTL_DATABASE"] = url
    for command in (("process",), ("db", "deploy"), ("db", "check"), ("validate",)):
        ended = syncctl(*command)
        one_line(ended, 69, *said)
    return ended.err


def stage_many(database: SqlServer, count: int) -> None:
    stage(database, *[order(number, line(1), line(2, "MUG", "2", "8.00")) for number in range(1, count + 1)])


def states(database: SqlServer) -> dict[str, int]:
    return {row.state: row.orders for row in database.run(CountStates()) if row.orders}


def audit(database: SqlServer) -> list[str]:
    return [finding.detail for finding in database.run(AuditOrders(inventory=True))]


def until_applied(database: SqlServer, count: int, running: subprocess.Popen[str], *, seconds: float = 240) -> None:
    """Wait until a run that is going on has brought that many orders into the ERP."""
    end = time.monotonic() + seconds
    while states(database).get("APPLIED", 0) < count:
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.1)


def let_leases_end(database: SqlServer) -> None:
    database.query("UPDATE dbo.USER_ORDER_STAGING SET LEASE_UNTIL_DT = '2026-01-01T00:00:00.000' WHERE STATE = 'CLAIMED'")


def test_a_wrong_password(syncctl: Program, empty_sqlserver: str) -> None:
    if "PWD" not in parts(empty_sqlserver):
        pytest.skip("the database named for tests is entered without a password")
    said = refused(syncctl, join({**parts(empty_sqlserver), "PWD": "Wr0ng-and-secret"}), "refuses this login", "SYNCCTL_DATABASE")
    assert "Wr0ng-and-secret" not in said


def test_a_database_that_is_not_there(syncctl: Program, empty_sqlserver: str) -> None:
    refused(syncctl, join({**parts(empty_sqlserver), "DATABASE": "no_such_database"}), "no_such_database", "Check")


def test_a_server_that_is_not_there(syncctl: Program, empty_sqlserver: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    there = {"SERVER": "127.0.0.1", "PORT": str(port)} if "PORT" in parts(empty_sqlserver) else {"SERVER": f"127.0.0.1,{port}"}
    refused(syncctl, join({**parts(empty_sqlserver), **there}), "No connection to", "Check the server's name and port")


def test_encryption_is_asked_for_where_nobody_says_otherwise(syncctl: Program, empty_sqlserver: str) -> None:
    pieces = {name: value for name, value in parts(empty_sqlserver).items() if name not in ("ENCRYPT", "TRUSTSERVERCERTIFICATE")}
    with suppress(DatabaseUnavailable):
        SqlServer(join(pieces)).close()
        pytest.skip("the server named for tests has a certificate that this host trusts")
    refused(syncctl, join(pieces), "SYNCCTL_DATABASE" if "tds" not in pieces.get("DRIVER", "").lower() else "No connection")


def test_a_login_without_rights(syncctl: Program, shop: Shop, login: Callable[..., str]) -> None:
    stage_many(shop.database, 1)
    syncctl.settings["SYNCCTL_DATABASE"] = login("syncctl_test_nobody")
    for command in (("process",), ("validate",), ("dead-letter", "list")):
        one_line(syncctl(*command), 78, "syncctl_executor")
    assert shop.staged(1)["STATE"] == "PENDING"


def test_the_executors_role_is_enough_for_everything_and_opens_no_table(
    syncctl: Program, shop: Shop, login: Callable[..., str]
) -> None:
    url = login("syncctl_test_tool", "syncctl_executor")
    tool = SqlServer(url)
    if not reaches_through_procedures(shop, tool):
        tool.close()
        pytest.skip("this engine gives a procedure no way to the tables of its owner: the role can't be tried on it")
    stage_many(tool, 2)
    syncctl.settings["SYNCCTL_DATABASE"] = url
    for command in (("validate",), ("process",), ("retry-failed",), ("trace", "1"), ("dead-letter", "list")):
        assert syncctl(*command).code == 0, command
    one_line(syncctl("rollback", "1", "--reason", "none of a job's", "--yes"), 78, "syncctl_operator")
    assert states(tool) == {"APPLIED": 2}
    for forbidden in (
        "SELECT STATE FROM dbo.USER_ORDER_STAGING",
        "UPDATE dbo.IM_INV SET QTY_ON_SO = 0",
        "SELECT NAM FROM dbo.AR_CUST",
        "EXECUTE dbo.sp_NextNumber @SERIES = 'DOC_ID'",
    ):
        with pytest.raises(SyncError, match=r"(?i)permission"):
            tool.query(forbidden)
    tool.close()
    assert audit(shop.database) == []


def test_a_letter_that_the_code_page_lacks_makes_no_second_address(shop: Shop) -> None:
    there = order()["ORDER_JSON"]
    there["SHIP"]["CITY"] = "Łódź"
    doc_id = shop.apply(ORDER_JSON=there).doc_id
    shop.query("UPDATE dbo.AR_SHIP_ADRS SET CITY = CONVERT(varchar(20), CITY)")  # as a site's varchar column would have it
    assert shop.apply(line(qty="2", total="39.98"), ORDER_JSON=there).doc_id == doc_id
    assert len(shop.query("SELECT CITY FROM dbo.AR_SHIP_ADRS")) == 1


def reaches_through_procedures(shop: Shop, tool: SqlServer) -> bool:
    """Tell whether the server has ownership chains, which the role counts on: every SQL Server has."""
    shop.query("CREATE TABLE dbo.USER_TRIED (ID int NOT NULL)")
    shop.query("CREATE PROCEDURE dbo.sp_Tried AS SELECT COUNT(*) AS N FROM dbo.USER_TRIED")
    shop.query("GRANT EXECUTE ON dbo.sp_Tried TO syncctl_executor")
    try:
        tool.query("EXECUTE dbo.sp_Tried")
    except SyncError:
        return False
    finally:
        shop.query("DROP PROCEDURE dbo.sp_Tried")
        shop.query("DROP TABLE dbo.USER_TRIED")
    return True


def test_the_monitors_role_reads_and_changes_nothing(syncctl: Program, shop: Shop, login: Callable[..., str]) -> None:
    stage_many(shop.database, 1)
    url = login("syncctl_test_watcher", "syncctl_monitor")
    watcher = SqlServer(url)
    for view in ("USER_V_HEALTH", "USER_V_PENDING_ORDERS", "USER_V_FAILED_ORDERS", "USER_V_RUNS_TODAY"):
        watcher.query(f"SELECT * FROM dbo.{view}")
    assert watcher.query("SELECT STATE FROM dbo.USER_ORDER_STAGING")[0]["STATE"] == "PENDING"
    for forbidden in (
        "UPDATE dbo.USER_ORDER_STAGING SET STATE = 'APPLIED'",
        "DELETE FROM dbo.USER_ORDER_EVENT",
        "SELECT NAM FROM dbo.AR_CUST",
        "EXECUTE dbo.sp_CountStates",
    ):
        with pytest.raises(SyncError, match=r"(?i)permission"):
            watcher.query(forbidden)
    watcher.close()
    syncctl.settings["SYNCCTL_DATABASE"] = url
    one_line(syncctl("process"), 78, "syncctl_executor")
    assert shop.staged(1)["STATE"] == "PENDING"


def test_an_erp_table_with_a_column_that_we_know_nothing_of(syncctl: Program, shop: Shop) -> None:
    stage_many(shop.database, 2)
    before = {table: rows for table, rows in shop.snapshot().items() if table.startswith(("PS_", "IM_", "USER_NUMBER"))}
    shop.query("ALTER TABLE dbo.PS_DOC_HDR ADD SITE_COD varchar(10) NOT NULL")
    try:
        ended = syncctl("process", "--json")
        assert ended.code == 1
        assert [item["outcome"] for item in ended.json["items"]] == ["review", "review"]
        assert all("site_cod" in error["message"].lower() for error in ended.json["errors"])
        after = {table: rows for table, rows in shop.snapshot().items() if table in before}
        assert after == before, "an order that failed left something behind"
        checked = syncctl("db", "check")
        assert checked.code == 1
        assert "PS_DOC_HDR.SITE_COD" in checked.out
    finally:
        shop.query("ALTER TABLE dbo.PS_DOC_HDR DROP COLUMN SITE_COD")
    assert syncctl("dead-letter", "retry", "--all", "--reason", "the column has a default now").code == 0
    assert syncctl("process").code == 0
    assert states(shop.database) == {"APPLIED": 2}
    assert audit(shop.database) == []


def test_sessions_killed_in_mid_run_cost_time_and_nothing_else(syncctl: Program, shop: Shop, database: SqlServer) -> None:
    stage_many(database, 25)

    def sessions() -> set[int]:
        return {
            row["ID"] for row in database.query("SELECT session_id AS ID FROM sys.dm_exec_sessions WHERE database_id = DB_ID()")
        }

    others = sessions()
    with syncctl.start("process", "--json") as running:
        for applied in (3, 9):
            until_applied(database, applied, running)
            for session in sessions() - others:
                database.query(f"KILL {session}")
        out, err = running.communicate(timeout=300)
    ended = Ended(running.returncode, out, err)
    assert ended.code == 0, ended
    assert states(database).get("CLAIMED", 0) <= 2, "an order whose claim was granted, and the answer lost, waits for its lease"
    let_leases_end(database)
    assert syncctl("process").code == 0
    assert states(database) == {"APPLIED": 25}
    assert audit(database) == []
    created = [row["WOO_ORDER_ID"] for row in database.query("SELECT * FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'CREATED'")]
    assert sorted(created) == list(range(1, 26))


def test_a_server_that_goes_away_in_mid_run_ends_it_and_the_next_run_goes_on(
    syncctl: Program, shop: Shop, database: SqlServer, empty_sqlserver: str
) -> None:
    stage_many(database, 25)
    cable = Line(empty_sqlserver)
    syncctl.settings.update(SYNCCTL_DATABASE=cable.url)
    with syncctl.start("process") as running:
        until_applied(database, 5, running)
        cable.cut()
        out, err = running.communicate(timeout=300)
    one_line(Ended(running.returncode, out, err), 69, "127.0.0.1")
    left = states(database)
    assert 0 < left["APPLIED"] < 25
    assert left.get("CLAIMED", 0) <= 1
    assert audit(database) == []
    let_leases_end(database)
    syncctl.settings["SYNCCTL_DATABASE"] = empty_sqlserver
    assert syncctl("process").code == 0
    assert states(database) == {"APPLIED": 25}
    assert audit(database) == []


def test_a_server_that_is_gone_from_the_start_leaves_no_order_an_attempt_older(
    syncctl: Program, shop: Shop, empty_sqlserver: str
) -> None:
    stage_many(shop.database, 1)
    cable = Line(empty_sqlserver)
    cable.cut()
    syncctl.settings["SYNCCTL_DATABASE"] = cable.url
    one_line(syncctl("process"), 69, "No connection to")
    row: Any = shop.staged(1)
    assert (row["STATE"], row["ATTEMPT_NO"]) == ("PENDING", 0)
