"""The database side as its owner sees it: deploy this version's SQL, look it over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncctl.db.contract import Database
from syncctl.errors import UsageError

if TYPE_CHECKING:
    from syncctl.db.deploy import Deployment
    from syncctl.db.deploy_check import DatabaseFinding
    from syncctl.db.sqlserver import SqlServer

NO_SERVER = (
    "SYNCCTL_DATABASE names an embedded database, which makes and keeps its tables by itself: there is nothing to deploy or "
    "check. Name a SQL Server with an ODBC connection string."
)


def deploy_database(
    database: Database, *, erp: str | None = None, demo_erp: bool = False, dry_run: bool = False, again: bool = False
) -> Deployment:
    """Bring a SQL Server database to this version. Twice in a row changes nothing the second time.

    Without `erp` the one that the database belongs to by its last deploy; on the first one, the only one that there is SQL for.

    Raises:
        UsageError: an embedded database, which makes its tables by itself; an ERP that there is no SQL for, or another than the
            one that the database belongs to.
        DeployError: a script failed; the message names file, batch and line.
        ConfigError: the ERP's tables are missing, or the login lacks a right.
        AlreadyRunning: another deploy is at work on this database.
        DatabaseUnavailable: no connection.
    """
    from syncctl.db.deploy import deploy

    return deploy(_server(database), erp=erp, demo_erp=demo_erp, dry_run=dry_run, again=again)


def check_database(database: Database, *, erp: str | None = None) -> list[DatabaseFinding]:
    """Look a SQL Server database over: version, deploy, drift, rights, the ERP's tables and columns. Changes nothing.

    Raises:
        UsageError: an embedded database, or an ERP that there is no SQL for.
        DatabaseUnavailable: no connection.
    """
    from syncctl.db.deploy_check import check

    return check(_server(database), erp=erp)


def _server(database: Database) -> SqlServer:
    if database.engine != "sqlserver":
        raise UsageError(NO_SERVER)
    from syncctl.db.sqlserver import SqlServer

    if not isinstance(database, SqlServer):
        raise TypeError(f"{type(database).__name__} is no SQL Server")
    return database
