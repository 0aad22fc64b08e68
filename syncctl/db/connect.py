"""Open the database that a setting names, whichever engine that is."""

from __future__ import annotations

from pathlib import Path

from syncctl.clock import Clock, system_clock
from syncctl.db.contract import Database
from syncctl.errors import ConfigError

EMBEDDED = "sqlite:///"


def is_embedded(url: str) -> bool:
    """True where `url` names an embedded database."""
    return url.lower().startswith("sqlite:")


def require_there(url: str) -> None:
    """Make sure that `url` names no embedded database that isn't there: opening it would make one.

    Raises:
        ConfigError: there is no such file.
    """
    path = Path(url[len(EMBEDDED) :]).expanduser()
    if is_embedded(url) and not path.exists():
        raise ConfigError(f"There is no database {path}. Is SYNCCTL_DATABASE right? A first `syncctl stage` makes one.")


def open_database(url: str, *, clock: Clock | None = None, login_timeout: int = 15, query_timeout: int = 120) -> Database:
    """Open `sqlite:///PATH`, or what an ODBC connection string names.

    `clock` replaces the present moment on either engine; without one an embedded database takes this host's time and a SQL
    Server its own. Times are in seconds.

    Raises:
        ConfigError: neither of the two, or the ODBC driver (or its manager) is missing; the message says what to install.
        DatabaseUnavailable: no connection.
    """
    if is_embedded(url):
        path = url[len(EMBEDDED) :]
        if not url.lower().startswith(EMBEDDED) or not path:
            raise ConfigError(f"An embedded database is named sqlite:///PATH, such as sqlite:///syncctl.db; this is {url!r}.")
        from syncctl.db.embedded import EmbeddedDatabase

        return EmbeddedDatabase(Path(path).expanduser(), clock=clock or system_clock, busy_timeout=float(query_timeout))
    try:
        from syncctl.db.sqlserver import SqlServer
    except ImportError as error:
        from syncctl.db.odbc import missing_manager

        raise ConfigError(missing_manager(str(error))) from error
    return SqlServer(url, clock=clock, login_timeout=login_timeout, query_timeout=query_timeout)
