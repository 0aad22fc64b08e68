"""The database side as its owner sees it: deploy this version's SQL, look it over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from syncctl.db.contract import Database
from syncctl.errors import SyncError, UsageError
from syncctl.services.erp_site import missing_settings, not_set

if TYPE_CHECKING:
    from syncctl.db.deploy import Deployment
    from syncctl.db.deploy_check import DatabaseFinding
    from syncctl.db.sqlserver import SqlServer

NO_SERVER = (
    "SYNCCTL_DATABASE names an embedded database, which makes and keeps its tables by itself: there is nothing to deploy or "
    "check. Name a SQL Server with an ODBC connection string."
)


def deploy_database(
    database: Database,
    *,
    keep_in: Path,
    erp: str | None = None,
    demo_erp: bool = False,
    dry_run: bool = False,
    again: bool = False,
    force: bool = False,
) -> Deployment:
    """Bring a SQL Server database to this version. Twice in a row changes nothing the second time.

    The texts of objects of our names that no deploy made as they are go to files in the folder `keep_in`; they are replaced only
    with `force`.

    Without `erp` the one that the database belongs to by its last deploy; on the first one, the only one that there is SQL for.

    Raises:
        UsageError: an embedded database, which makes its tables by itself; an ERP that there is no SQL for, or another than the
            one that the database belongs to.
        DeployError: a script failed; the message names file, batch and line.
        ConfigError: the ERP's tables are missing, the login lacks a right, or something of the site's own is in the way.
        AlreadyRunning: another deploy is at work on this database.
        DatabaseUnavailable: no connection.
    """
    from syncctl.db.deploy import deploy

    return deploy(_server(database), erp=erp, demo_erp=demo_erp, dry_run=dry_run, again=again, force=force, keep_in=keep_in)


def deploy_offline(*, erp: str | None = None) -> Deployment:
    """Return what a first deploy would run, without a database: for a site whose ERP's tables are as the trial ERP has them.

    Raises:
        UsageError: there is no SQL for that ERP.
    """
    from syncctl.db.deploy import deploy_offline as read_scripts

    return read_scripts(erp)


def give_erp_column(database: Database, column: str, value: str | None) -> dict[str, str]:
    """Set what goes into a column of the ERP's that must be given and that nothing in an order fills; None takes it back.

    Returns every such column with its value. The next deploy writes them into the procedures.

    Raises:
        UsageError: an embedded database, whose trial ERP needs none; no such column; a value that is too long for it.
        DatabaseUnavailable: no connection.
    """
    from syncctl.db.deploy import give_column

    return give_column(_server(database), column, value)


def check_database(database: Database, *, erp: str | None = None) -> list[DatabaseFinding]:
    """Look a SQL Server database over: version, deploy, drift, rights, the ERP's tables and columns, the site's own settings.

    Changes nothing.

    Raises:
        UsageError: an embedded database, or an ERP that there is no SQL for.
        DatabaseUnavailable: no connection.
    """
    from syncctl.db.deploy_check import check

    return [*check(_server(database), erp=erp), *_site(database)]


def _site(database: Database) -> list[DatabaseFinding]:
    """Say which of the site's own settings are missing; nothing where the procedure that knows it isn't deployed or allowed."""
    from syncctl.db.deploy_check import DatabaseFinding

    try:
        missing = missing_settings(database)
    except SyncError:
        return []
    if missing:
        return [DatabaseFinding("site settings", "problem", not_set(missing))]
    return [DatabaseFinding("site settings", "ok", "all that a document needs is set")]


def _server(database: Database) -> SqlServer:
    if database.engine != "sqlserver":
        raise UsageError(NO_SERVER)
    from syncctl.db.sqlserver import SqlServer
    from syncctl.meter import Metered

    server = database.unmetered if isinstance(database, Metered) else database
    if not isinstance(server, SqlServer):
        raise TypeError(f"{type(server).__name__} is no SQL Server")
    return server
