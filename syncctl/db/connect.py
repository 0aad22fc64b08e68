"""Open the database that a setting names, whichever engine that is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from syncctl.clock import Clock, system_clock
from syncctl.errors import ConfigError
from syncctl.setting_kinds import path_of

if TYPE_CHECKING:
    from syncctl.db.contract import Database

EMBEDDED = "sqlite:///"


def is_embedded(url: str) -> bool:
    """True where `url` names an embedded database."""
    return url.lower().startswith("sqlite:")


def embedded_path(url: str) -> Path:
    """Return the file that `sqlite:///PATH` names.

    Raises:
        ConfigError: it names none.
    """
    path = url[len(EMBEDDED) :]
    if not url.lower().startswith(EMBEDDED) or not path:
        raise ConfigError(f"An embedded database is named sqlite:///PATH, such as sqlite:///syncctl.db; this is {url!r}.")
    try:
        return path_of(path)
    except ValueError as error:
        raise ConfigError(f"There is no such user folder: {path}. Write the whole path in SYNCCTL_DATABASE.") from error


def identity(url: str) -> str:
    """Return a text that is the same for every way to write the name of one database, and holds nothing secret.

    Links, relative paths and `~` lead to the file itself; of a SQL Server the host and the database count, not who logs in.
    """
    if is_embedded(url):
        return f"sqlite:{os.path.normcase(os.path.realpath(embedded_path(url)))}"
    from syncctl.db.odbc import server_and_database

    return f"sqlserver:{server_and_database(url)}"


def open_database(
    url: str,
    *,
    clock: Clock | None = None,
    login_timeout: int = 15,
    query_timeout: int = 120,
    create: bool = True,
    erp: str | None = None,
) -> Database:
    """Open `sqlite:///PATH`, or what an ODBC connection string names.

    `clock` replaces the present moment on either engine; without one an embedded database takes this host's time and a SQL
    Server its own. Times are in seconds. With `create` an embedded database is made where there is none, for this `erp`
    (None: the default one).

    Raises:
        ConfigError: neither of the two, or the ODBC driver (or its manager) is missing; the message says what to install.
        NoDatabase: there is no such embedded database, and none is to be made.
        DatabaseUnavailable: no connection.
    """
    if is_embedded(url):
        from syncctl.db.embedded import EmbeddedDatabase

        return EmbeddedDatabase(
            embedded_path(url), clock=clock or system_clock, busy_timeout=float(query_timeout), create=create, erp=erp
        )
    try:
        from syncctl.db.sqlserver import SqlServer
    except ImportError as error:
        from syncctl.db.odbc import missing_manager

        raise ConfigError(missing_manager(str(error))) from error
    return SqlServer(url, clock=clock, login_timeout=login_timeout, query_timeout=query_timeout)


def require_known_version(database: Database) -> None:
    """Leave a database alone whose tables are of a newer version than this program knows. Asks a SQL Server once.

    Raises:
        ConfigError: as said. (An embedded database is looked at whenever it is opened.)
    """
    if database.engine != "sqlserver":
        return
    from syncctl.db.contract import GetSchemaVersion
    from syncctl.db.deploy_scripts import refuse_newer

    [found] = database.run(GetSchemaVersion())
    refuse_newer(found.version)
