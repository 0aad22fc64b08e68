"""What a driver says is read the same way whichever driver it is, and each number has its class. Needs no server."""

from __future__ import annotations

import pytest

from syncctl import errors
from syncctl.db.sqlserver_errors import Diagnosis, diagnose, lost, translate, unreachable


@pytest.mark.parametrize(
    ("args", "number", "text"),
    [
        (
            ("42000", "[42000] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]no such id (50004) (SQLExecDirectW)"),
            50004,
            "no such id",
        ),
        (("42000", "[42000] [FreeTDS][SQL Server]lease (gone) lost (50010) (SQLExecDirectW)"), 50010, "lease (gone) lost"),
        (
            (
                "23000",
                "[23000] [Microsoft][ODBC Driver 17 for SQL Server][SQL Server]Violation of UNIQUE KEY (2627) (SQLExecDirectW); "
                "[23000] [Microsoft][ODBC Driver 17 for SQL Server][SQL Server]The statement has been terminated. (3621)",
            ),
            2627,
            "Violation of UNIQUE KEY",
        ),
        (
            (
                "42000",
                "[42000] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]The statement has been terminated. (3621) "
                "(SQLExecDirectW); "
                "[42000] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Transaction was deadlocked (1205)",
            ),
            1205,
            "Transaction was deadlocked",
        ),
        (
            ("HYT00", "[HYT00] [Microsoft][ODBC Driver 18 for SQL Server]Query timeout expired (0) (SQLExecDirectW)"),
            0,
            "Query timeout expired",
        ),
        (
            (
                "08S01",
                "[08S01] [Microsoft][ODBC Driver 18 for SQL Server]TCP Provider: Error code 0x2746 (10054) (SQLExecDirectW)",
            ),
            10054,
            "TCP Provider: Error code 0x2746",
        ),
        (("HY000", "The driver did not supply an error!"), 0, "The driver did not supply an error!"),
    ],
)
def test_a_drivers_message_is_read(args: tuple[str, str], number: int, text: str) -> None:
    found = diagnose(Exception(*args))
    assert (found.state, found.number, found.text) == (args[0], number, text)


@pytest.mark.parametrize(
    ("state", "number", "kind", "error_class"),
    [
        ("40001", 1205, errors.TransientError, "deadlock"),
        ("42000", 3960, errors.TransientError, "deadlock"),
        ("42000", 1222, errors.TransientError, "lock_timeout"),
        ("HYT00", 0, errors.TransientError, "lock_timeout"),
        ("42000", 40501, errors.TransientError, "throttle"),
        ("42000", 49918, errors.TransientError, "throttle"),
        ("42000", 10928, errors.TransientError, "throttle"),
        ("42000", 10929, errors.TransientError, "throttle"),
        ("42000", 40197, errors.TransientError, "connection"),
        ("42000", 40613, errors.TransientError, "connection"),
        ("08S01", 10054, errors.TransientError, "connection"),
        ("08S01", 0, errors.TransientError, "connection"),
        ("01000", 20017, errors.TransientError, "connection"),
        ("42000", 3906, errors.DatabaseUnavailable, "connection"),
        ("42000", 9002, errors.DatabaseUnavailable, "connection"),
        ("42000", 2812, errors.ConfigError, "config"),
        ("42000", 8144, errors.ConfigError, "config"),
        ("42000", 229, errors.ConfigError, "config"),
        ("42S02", 208, errors.ConfigError, "config"),
        ("23000", 515, errors.PermanentError, "constraint"),
        ("23000", 547, errors.PermanentError, "constraint"),
        ("23000", 2601, errors.PermanentError, "constraint"),
        ("23000", 2627, errors.PermanentError, "constraint"),
        ("22001", 2628, errors.PermanentError, "constraint"),
        ("22001", 8152, errors.PermanentError, "constraint"),
        ("22018", 245, errors.PermanentError, "constraint"),
        ("22003", 8115, errors.PermanentError, "constraint"),
        ("42000", 12345, errors.PermanentError, "unknown"),
    ],
)
def test_each_number_has_its_class(state: str, number: int, kind: type[errors.SyncError], error_class: str) -> None:
    found = translate(Diagnosis(state, number, "text"), where="server/db", doing="sp_X")
    assert (type(found), found.error_class) == (kind, error_class)
    assert "server/db" in str(found)
    assert "sp_X" in str(found)


@pytest.mark.parametrize(
    ("state", "number", "kind", "error_class"),
    [
        ("28000", 18456, errors.DatabaseUnavailable, "connection"),
        ("42000", 4060, errors.DatabaseUnavailable, "connection"),
        ("42000", 40613, errors.DatabaseUnavailable, "connection"),
        ("42000", 10928, errors.DatabaseUnavailable, "throttle"),
        ("HYT00", 0, errors.DatabaseUnavailable, "connection"),
        ("IM002", 0, errors.ConfigError, "config"),
    ],
)
def test_each_refusal_of_a_connection_has_its_class(
    state: str, number: int, kind: type[errors.SyncError], error_class: str
) -> None:
    found = unreachable(Diagnosis(state, number, "text"), where="server/db")
    assert (type(found), found.error_class) == (kind, error_class)


def test_a_full_or_read_only_database_is_no_lost_connection() -> None:
    assert not lost(Diagnosis("42000", 3906, "read only"))
    assert lost(Diagnosis("08S01", 0, "link"))
    assert lost(Diagnosis("HY000", 0, "Unknown error"))
    assert not lost(Diagnosis("HY000", 0, "Function sequence error"))


def test_a_number_that_is_too_large_is_explained() -> None:
    found = translate(Diagnosis("22003", 8115, "Arithmetic overflow error."), where="server/db", doing="sp_X")
    assert str(found).endswith("larger than a column holds: look at the order's and at the item's stock and cost.")
