"""The pyodbc engine on a running T-SQL engine: values both ways, errors as ours, locks, a connection that goes away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest

pytest.importorskip("pyodbc", reason="pyodbc can't be loaded here: no T-SQL engine can be reached", exc_type=ImportError)

from syncctl import errors
from syncctl.db.contract import ListRetryPolicies, NoRow, Procedure, StartRun
from syncctl.db.contract.base import BigInt, Day, Flag, Int, Key, Moment, Money, Text
from syncctl.db.odbc import join, parts
from syncctl.db.sqlserver import SqlServer
from tests.clocks import MovableClock

pytestmark = pytest.mark.sqlserver


@dataclass(frozen=True, slots=True)
class Echoed:
    """What sp_TestEcho was given."""

    whole: BigInt | None
    amount: Money | None
    flag: Flag | None
    moment: Moment | None
    day: Day | None
    text: Text | None
    now: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo(Procedure[Echoed]):
    """Gives back what it gets."""

    name: ClassVar[str] = "sp_TestEcho"
    returns: ClassVar[type] = Echoed
    repeatable: ClassVar[bool] = True

    whole: BigInt | None = None
    amount: Money | None = None
    flag: Flag | None = None
    moment: Moment | None = None
    day: Day | None = None
    text: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(Procedure[NoRow]):
    """Fails as it is told, after a result set and inside a transaction."""

    name: ClassVar[str] = "sp_TestFail"
    returns: ClassVar[type] = NoRow

    how: Key
    number: Int = 0


ECHO = """
CREATE PROCEDURE dbo.sp_TestEcho
    @WHOLE bigint = NULL, @AMOUNT decimal(15, 4) = NULL, @FLAG bit = NULL, @MOMENT datetime2(3) = NULL, @DAY date = NULL,
    @TEXT nvarchar(max) = NULL, @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SELECT @WHOLE AS WHOLE, @AMOUNT AS AMOUNT, @FLAG AS FLAG, @MOMENT AS MOMENT, @DAY AS DAY, @TEXT AS TEXT, @NOW AS NOW;
END;
"""

FAIL = """
CREATE PROCEDURE dbo.sp_TestFail
    @HOW nvarchar(100), @NUMBER int = 0, @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        INSERT INTO dbo.USER_TEST_FAIL (ID, CODE) VALUES (2, 'before');
        SELECT 1 AS ROWS_BEFORE_THE_ERROR;
        IF @HOW = N'throw'
        BEGIN
            DECLARE @MESSAGE nvarchar(100) = CONCAT(N'order 4711 (staging id 7) says ', @NUMBER, N'.');
            THROW @NUMBER, @MESSAGE, 1;
        END;
        IF @HOW = N'duplicate' INSERT INTO dbo.USER_TEST_FAIL (ID, CODE) VALUES (1, 'again');
        IF @HOW = N'null' INSERT INTO dbo.USER_TEST_FAIL (ID, CODE) VALUES (3, NULL);
        IF @HOW = N'check' INSERT INTO dbo.USER_TEST_FAIL (ID, CODE) VALUES (-1, 'below');
        IF @HOW = N'long' INSERT INTO dbo.USER_TEST_FAIL (ID, CODE) VALUES (3, REPLICATE('x', 100));
        IF @HOW = N'convert' INSERT INTO dbo.USER_TEST_FAIL (ID, CODE) VALUES (CONVERT(int, @HOW), 'text');
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
END;
"""


@pytest.fixture(scope="module")
def url(sqlserver_url: str) -> Iterator[str]:
    """The test database, with two procedures more."""
    database = SqlServer(sqlserver_url)
    made = ("PROCEDURE IF EXISTS dbo.sp_TestEcho", "PROCEDURE IF EXISTS dbo.sp_TestFail", "TABLE IF EXISTS dbo.USER_TEST_FAIL")
    drop = " ".join(f"DROP {thing};" for thing in made)
    database.query(drop)
    database.query(
        "CREATE TABLE dbo.USER_TEST_FAIL (ID int NOT NULL CONSTRAINT PK_USER_TEST_FAIL PRIMARY KEY, CODE varchar(10) NOT NULL, "
        "CONSTRAINT CK_USER_TEST_FAIL_ID CHECK (ID > 0))"
    )
    database.query("INSERT INTO dbo.USER_TEST_FAIL (ID, CODE) VALUES (1, 'there')")
    database.query(ECHO)
    database.query(FAIL)
    yield sqlserver_url
    database.query(drop)
    database.close()


@pytest.fixture
def connect(url: str) -> Iterator[Callable[..., SqlServer]]:
    opened: list[SqlServer] = []

    def open_one(**more: Any) -> SqlServer:
        opened.append(SqlServer(url, **more))
        return opened[-1]

    yield open_one
    for database in opened:
        database.close()


def kill(connect: Callable[..., SqlServer], database: SqlServer) -> None:
    """End a session from another one, as an administrator or a failover does."""
    session = database.query("SELECT @@SPID AS ID")[0]["ID"]
    connect().query(f"KILL {session}")


@pytest.mark.parametrize("text", ["", "O'Brien -- /* */ ;", "Zoë 北京 😀", "x" * 3999, "ü" * 4001, "😀" * 20_000])
def test_text_goes_both_ways_whole(connect: Callable[..., SqlServer], text: str) -> None:
    assert connect().run(Echo(text=text))[0].text == text


def test_every_kind_of_value_goes_both_ways(connect: Callable[..., SqlServer]) -> None:
    call = Echo(
        whole=9_007_199_254_740_993,
        amount=Decimal("-12345678901.2345"),
        flag=True,
        moment=datetime(2026, 3, 29, 1, 30, 15, 250_000, tzinfo=UTC),
        day=date(2026, 2, 28),
        text="t",
    )
    (row,) = connect().run(call)
    assert (row.whole, row.amount, row.flag, row.moment, row.day, row.text) == (
        call.whole,
        call.amount,
        True,
        call.moment,
        call.day,
        "t",
    )
    assert isinstance(row.amount, Decimal)
    assert isinstance(row.flag, bool)
    assert row.moment is not None and row.moment.tzinfo is UTC


def test_a_moment_of_another_zone_arrives_in_utc(connect: Callable[..., SqlServer]) -> None:
    from zoneinfo import ZoneInfo

    local = datetime(2026, 7, 1, 14, 0, tzinfo=ZoneInfo("America/Chicago"))
    assert connect().run(Echo(moment=local))[0].moment == local


def test_nothing_stays_nothing(connect: Callable[..., SqlServer]) -> None:
    assert connect().run(Echo()) == [Echoed(None, None, None, None, None, None, None)]


def test_the_clock_that_was_handed_in_is_the_procedures_present(connect: Callable[..., SqlServer]) -> None:
    clock = MovableClock()
    database = connect(clock=clock)
    clock.move(timedelta(hours=5))
    assert database.run(Echo())[0].now == clock()


@pytest.mark.parametrize(("number", "kind"), errors.PROCEDURE_ERRORS.items())
def test_a_procedures_own_error_becomes_ours_with_its_bare_message(
    connect: Callable[..., SqlServer], number: int, kind: type[errors.SyncError]
) -> None:
    database = connect()
    with pytest.raises(kind) as raised:
        database.run(Fail(how="throw", number=number))
    assert type(raised.value) is kind
    assert str(raised.value) == f"order 4711 (staging id 7) says {number}."
    assert raised.value.code == str(number)


@pytest.mark.parametrize("how", ["duplicate", "null", "check", "long", "convert"])
def test_refused_data_is_permanent_and_undone(connect: Callable[..., SqlServer], how: str) -> None:
    database = connect()
    with pytest.raises(errors.PermanentError) as raised:
        database.run(Fail(how=how))
    assert raised.value.error_class == "constraint"
    assert "ODBC" not in str(raised.value)
    assert [row["ID"] for row in database.query("SELECT ID FROM dbo.USER_TEST_FAIL")] == [1]


def test_an_error_after_the_first_result_set_is_not_lost(connect: Callable[..., SqlServer]) -> None:
    with pytest.raises(errors.Conflict):
        connect().run(Fail(how="throw", number=50030))


def test_rows_of_another_shape_ask_for_a_deploy(connect: Callable[..., SqlServer]) -> None:
    with pytest.raises(errors.ConfigError, match="syncctl db deploy"):
        connect().run(Fail(how="nothing"))


def test_a_missing_procedure_asks_for_a_deploy(connect: Callable[..., SqlServer]) -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Nowhere(Procedure[NoRow]):
        name: ClassVar[str] = "sp_Nowhere"
        returns: ClassVar[type] = NoRow

    with pytest.raises(errors.ConfigError, match="syncctl db deploy"):
        connect().run(Nowhere())


def test_a_killed_session_is_transient_and_the_next_call_connects_anew(connect: Callable[..., SqlServer]) -> None:
    database = connect()
    kill(connect, database)
    with pytest.raises(errors.TransientError) as raised:
        database.run(ListRetryPolicies())
    assert raised.value.error_class == "connection"
    assert not isinstance(raised.value, errors.DatabaseUnavailable)
    assert len(database.run(ListRetryPolicies())) > 5
    assert database.query("SELECT 1 AS ONE")[0]["ONE"] == 1


def test_an_exclusive_lock_is_one_for_all_connections_and_freed(connect: Callable[..., SqlServer]) -> None:
    first, second = connect(), connect()
    with first.exclusive("stage:shop"):
        with pytest.raises(errors.AlreadyRunning, match="stage:shop is already running"), second.exclusive("stage:shop"):
            pytest.fail("two hold it")
        with second.exclusive("stage:other"):
            pass
    with second.exclusive("stage:shop"):
        pass


def test_a_killed_sessions_lock_is_free(connect: Callable[..., SqlServer]) -> None:
    holder, heir = connect(), connect()
    with holder.exclusive("stage:shop"):
        kill(connect, holder)
        for _ in range(50):
            try:
                with heir.exclusive("stage:shop"):
                    break
            except errors.AlreadyRunning:
                heir.close()
                threading.Event().wait(0.1)
        else:
            pytest.fail("the dead session's lock was never freed")


def test_a_lock_is_taken_again_with_a_new_connection_or_the_run_ends(connect: Callable[..., SqlServer]) -> None:
    holder, rival = connect(), connect()
    with holder.exclusive("stage:shop"):
        kill(connect, holder)
        with pytest.raises(errors.TransientError):
            holder.run(ListRetryPolicies())
        holder.run(ListRetryPolicies())
        with pytest.raises(errors.AlreadyRunning), rival.exclusive("stage:shop"):
            pytest.fail("the lock was lost with the connection")


def test_a_deadlock_victim_is_run_again_where_that_does_no_harm(connect: Callable[..., SqlServer]) -> None:
    """Two sessions update two rows crosswise; the procedure of one is repeatable, so that both get through."""
    waits: list[float] = []
    first, second = connect(sleeper=waits.append), connect(sleeper=waits.append)
    first.query("DROP TABLE IF EXISTS dbo.USER_TEST_CROSS")
    first.query("CREATE TABLE dbo.USER_TEST_CROSS (ID int NOT NULL PRIMARY KEY, N int NOT NULL)")
    first.query("INSERT INTO dbo.USER_TEST_CROSS (ID, N) VALUES (1, 0), (2, 0)")
    first.query("DROP PROCEDURE IF EXISTS dbo.sp_TestCross")
    first.query(
        "CREATE PROCEDURE dbo.sp_TestCross @A int, @B int, @NOW datetime2(3) = NULL AS BEGIN "
        "SET NOCOUNT ON; SET XACT_ABORT ON; BEGIN TRANSACTION; UPDATE dbo.USER_TEST_CROSS SET N = N + 1 WHERE ID = @A; "
        "DECLARE @UNTIL datetime2(3) = DATEADD(SECOND, 1, SYSUTCDATETIME()); WHILE SYSUTCDATETIME() < @UNTIL SET @NOW = NULL; "
        "UPDATE dbo.USER_TEST_CROSS SET N = N + 1 WHERE ID = @B; COMMIT TRANSACTION; END;"
    )

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Cross(Procedure[NoRow]):
        name: ClassVar[str] = "sp_TestCross"
        returns: ClassVar[type] = NoRow
        repeatable: ClassVar[bool] = True
        a: Int
        b: Int

    failed: list[Exception] = []

    def run(database: SqlServer, call: Cross) -> None:
        try:
            database.run(call)
        except errors.SyncError as error:
            failed.append(error)

    run(first, Cross(a=1, b=1))  # each session compiles the procedure before it counts
    run(second, Cross(a=2, b=2))
    rounds = 0
    while not waits and rounds < 5:
        rounds += 1
        threads = [
            threading.Thread(target=run, args=(first, Cross(a=1, b=2))),
            threading.Thread(target=run, args=(second, Cross(a=2, b=1))),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    numbers = [row["N"] for row in first.query("SELECT N FROM dbo.USER_TEST_CROSS ORDER BY ID")]
    first.query("DROP PROCEDURE dbo.sp_TestCross; DROP TABLE dbo.USER_TEST_CROSS;")
    assert failed == []
    assert numbers == [2 + 2 * rounds, 2 + 2 * rounds]
    assert waits, "no deadlock came about: the test showed nothing"


def test_a_wait_for_a_lock_ends_as_a_lock_timeout(connect: Callable[..., SqlServer]) -> None:
    holder, waiter = connect(), connect(query_timeout=2)
    holder.query("BEGIN TRANSACTION")
    holder.query("UPDATE dbo.USER_TEST_FAIL SET CODE = 'held' WHERE ID = 1")
    try:
        with pytest.raises(errors.TransientError) as raised:
            waiter.query("UPDATE dbo.USER_TEST_FAIL SET CODE = 'waits' WHERE ID = 1")
    finally:
        holder.query("ROLLBACK TRANSACTION")
    assert raised.value.error_class == "lock_timeout"


def test_a_session_is_ours_by_name_and_gives_way_to_the_till(connect: Callable[..., SqlServer]) -> None:
    [row] = connect(query_timeout=30).query(
        "SELECT session.program_name AS PROGRAM, session.deadlock_priority AS PRIORITY, session.lock_timeout AS WAITS, "
        "@@LOCK_TIMEOUT AS LOCK_TIMEOUT, (@@OPTIONS & 16384) AS XACT_ABORT "
        "FROM sys.dm_exec_sessions AS session WHERE session.session_id = @@SPID"
    )
    assert row["PROGRAM"] == "syncctl"
    assert (row["LOCK_TIMEOUT"], row["XACT_ABORT"]) == (15_000, 16384)
    assert row["PRIORITY"] in (-5, 0), "an engine without priorities takes the order and says 0"


def test_a_run_is_noted_with_the_servers_own_time(connect: Callable[..., SqlServer]) -> None:
    database = connect()
    database.run(
        StartRun(sync_id="r1", operation_type="test", direction="in", dry_run=False, host="h", process_id=1, created_by="me")
    )
    (run,) = database.query("SELECT START_TIME FROM dbo.USER_SYNC_LOG WHERE SYNC_ID = 'r1'")
    assert abs(datetime.now(UTC) - run["START_TIME"]) < timedelta(minutes=5)
    database.query("DELETE FROM dbo.USER_SYNC_LOG WHERE SYNC_ID = 'r1'")


def test_a_refused_login_says_so_and_keeps_the_password_to_itself(url: str) -> None:
    with pytest.raises(errors.DatabaseUnavailable) as raised:
        SqlServer(join({**parts(url), "PWD": "Wr0ng;}pass word"}))
    assert raised.value.exit_code == 69
    assert "Check user and password" in str(raised.value)
    assert "Wr0ng" not in str(raised.value)


def test_nobody_at_home_is_unavailable(url: str) -> None:
    pieces = {key: value for key, value in parts(url).items() if key != "PORT"}
    with pytest.raises(errors.DatabaseUnavailable, match="No connection to 127"):
        SqlServer(join({**pieces, "SERVER": "127.0.0.1,1"}), login_timeout=2)


def test_an_unknown_database_is_named(url: str) -> None:
    with pytest.raises(errors.DatabaseUnavailable, match="no_such_database"):
        SqlServer(join({**parts(url), "DATABASE": "no_such_database"}))


def test_rows_of_a_query_answer_to_names_and_places(connect: Callable[..., SqlServer]) -> None:
    (row,) = connect().query("SELECT 1 AS Staging_Id, N'x' AS NAME WHERE 1 = ?", (1,))
    assert (row["STAGING_ID"], row[0], row["name"], row.keys(), list(row), len(row)) == (
        1,
        1,
        "x",
        ["STAGING_ID", "NAME"],
        [1, "x"],
        2,
    )


def test_closing_twice_is_harmless(connect: Callable[..., SqlServer]) -> None:
    database = connect()
    database.close()
    database.close()
