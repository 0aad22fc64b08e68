"""Connection strings taken apart and put together, and what is said where a driver is missing. No server is needed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from syncctl.db import odbc
from syncctl.db.connect import is_embedded, open_database
from syncctl.errors import ConfigError

PLAIN = "DRIVER={ODBC Driver 18 for SQL Server};SERVER=db.example,1433;DATABASE=CP;UID=sync;PWD={p;w}}d=1}"


def test_values_in_braces_come_out_whole() -> None:
    assert odbc.parts(PLAIN) == {
        "DRIVER": "ODBC Driver 18 for SQL Server",
        "SERVER": "db.example,1433",
        "DATABASE": "CP",
        "UID": "sync",
        "PWD": "p;w}d=1",
    }


@given(
    st.dictionaries(st.sampled_from(["SERVER", "DATABASE", "UID", "PWD", "APP"]), st.text(min_size=1).map(str.strip).filter(bool))
)
def test_taken_apart_and_put_together_it_is_the_same(pieces: dict[str, str]) -> None:
    assert odbc.parts(odbc.join(pieces)) == pieces


def test_secrets_are_never_shown() -> None:
    assert odbc.describe(PLAIN) == "db.example,1433/CP"
    assert odbc.without_secrets("refused p;w}d=1 there", PLAIN) == "refused *** there"


def test_encryption_is_on_and_the_certificate_verified_unless_told_otherwise() -> None:
    assert odbc.parts(odbc.complete(PLAIN))["ENCRYPT"] == "yes"
    assert "TRUSTSERVERCERTIFICATE" not in odbc.parts(odbc.complete(PLAIN))
    assert odbc.parts(odbc.complete(PLAIN + ";Encrypt=no"))["ENCRYPT"] == "no"


@pytest.mark.parametrize(("encrypt", "expected"), [("", "require"), (";Encrypt=yes", "require"), (";Encrypt=no", None)])
def test_freetds_is_told_in_its_own_words(encrypt: str, expected: str | None) -> None:
    told = odbc.parts(odbc.complete("DRIVER=FreeTDS;SERVER=tcp:db.example,1433;DATABASE=CP" + encrypt))
    assert (told["SERVER"], told["PORT"], told["TDS_VERSION"]) == ("db.example", "1433", "7.4")
    assert told.get("ENCRYPTION") == expected
    assert "ENCRYPT" not in told


def test_a_data_source_name_is_left_as_it_is() -> None:
    assert odbc.parts(odbc.complete("DSN=CounterPoint;UID=sync;PWD=x")) == {"DSN": "CounterPoint", "UID": "sync", "PWD": "x"}


@pytest.mark.parametrize("text", ["", "nonsense", "postgres://host/db", "DATABASE=CP;UID=x"])
def test_what_names_no_server_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="names no server"):
        odbc.complete(text)


@pytest.mark.parametrize("text", ["sqlite://x.db", "sqlite:///", "sqlite:x.db"])
def test_an_embedded_database_without_a_path_is_refused(text: str) -> None:
    assert is_embedded(text)
    with pytest.raises(ConfigError, match="sqlite:///PATH"):
        open_database(text)


@pytest.mark.parametrize(
    ("system", "family", "manager", "driver"),
    [
        ("linux", {"ID": "debian"}, "apt install unixodbc", "tdsodbc"),
        ("linux", {"ID": "ubuntu", "ID_LIKE": "debian"}, "apt install unixodbc", "msodbcsql18"),
        ("linux", {"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "dnf install unixODBC", "dnf install msodbcsql18"),
        ("linux", {"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, "zypper install unixODBC", "zypper"),
        ("linux", {"ID": "alpine"}, "apk add unixodbc", "apk add freetds"),
        ("darwin", {}, "brew install unixodbc", "brew install msodbcsql18"),
        ("win32", {}, "Download and install", "https://aka.ms/msodbcsql"),
    ],
)
def test_what_to_install_is_said_for_this_system(
    monkeypatch: pytest.MonkeyPatch, system: str, family: dict[str, str], manager: str, driver: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: family)
    assert manager in odbc.install_hint("manager")
    assert driver in odbc.install_hint("driver")


def test_a_missing_driver_manager_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = "pip install --force-reinstall pyodbc" if sys.platform == "win32" else "ODBC driver manager"  # Windows has one
    monkeypatch.setitem(sys.modules, "pyodbc", None)
    monkeypatch.delitem(sys.modules, "syncctl.db.sqlserver", raising=False)
    with pytest.raises(ConfigError, match=missing) as raised:
        open_database("SERVER=db.example;DATABASE=CP;Trusted_Connection=yes")
    assert raised.value.exit_code == 78
    with pytest.raises(ConfigError, match=missing):
        odbc.find_driver()


class _Drivers:
    """Stands for the driver manager's list."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def drivers(self) -> list[str]:
        return list(self._names)


@pytest.mark.parametrize(
    ("registered", "expected"),
    [
        (
            ("FreeTDS", "ODBC Driver 17 for SQL Server", "ODBC Driver 18 for SQL Server", "SQLite3"),
            "ODBC Driver 18 for SQL Server",
        ),
        (("FreeTDS", "ODBC Driver 17 for SQL Server"), "ODBC Driver 17 for SQL Server"),
        (("FreeTDS",), "FreeTDS"),
    ],
)
def test_the_best_driver_is_taken(monkeypatch: pytest.MonkeyPatch, registered: tuple[str, ...], expected: str) -> None:
    monkeypatch.setitem(sys.modules, "pyodbc", _Drivers(*registered))
    monkeypatch.setattr(odbc, "bundled_driver", lambda: None)
    assert odbc.find_driver() == expected


@pytest.mark.parametrize(
    ("registered", "expected"),
    [(("FreeTDS",), "libmsodbcsql-18.so"), (("FreeTDS", "ODBC Driver 17 for SQL Server"), "ODBC Driver 17 for SQL Server")],
)
def test_microsofts_driver_of_the_extra_comes_before_freetds(
    monkeypatch: pytest.MonkeyPatch, registered: tuple[str, ...], expected: str
) -> None:
    monkeypatch.setitem(sys.modules, "pyodbc", _Drivers(*registered))
    monkeypatch.setattr(odbc, "bundled_driver", lambda: Path("libmsodbcsql-18.so"))
    assert odbc.find_driver() == expected


@pytest.mark.parametrize("driver", ["ODBC Driver 18 for SQL Server", "FreeTDS"])
def test_the_server_is_told_who_we_are_unless_the_connection_string_says_it(driver: str) -> None:
    named = f"DRIVER={{{driver}}};SERVER=db.example;DATABASE=CP"
    assert odbc.parts(odbc.complete(named))["APP"] == "syncctl"
    assert odbc.parts(odbc.complete(named + ";App=Nightly"))["APP"] == "Nightly"


def test_without_any_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyodbc", _Drivers("SQLite3"))
    monkeypatch.setattr(odbc, "bundled_driver", lambda: None)
    with pytest.raises(ConfigError, match="No ODBC driver for SQL Server is installed"):
        odbc.find_driver()
