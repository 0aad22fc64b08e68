"""The T-SQL engines that tests run on: SQL Server itself, or one that takes deploy scripts only in plainer forms."""

from __future__ import annotations

import re
from typing import Any

from syncctl.db.deploy import RUN_BATCH
from syncctl.db.sqlserver import QueryRow, SqlServer

_MODULE = re.compile(r"^(\s*)CREATE\s+OR\s+ALTER\s+(PROCEDURE|VIEW|FUNCTION)(\s+)(dbo\.\w+)", re.IGNORECASE | re.MULTILINE)
_NULLABILITY = re.compile(r"(ALTER\s+COLUMN\s+\w+\s+\w+(?:\s*\([^)]*\))?)\s+(?:NOT\s+)?NULL\b", re.IGNORECASE)


class PlainForms(SqlServer):
    """An engine without CREATE OR ALTER; it keeps a column's nullability in ALTER COLUMN and makes no module out of a string."""

    def query(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[QueryRow]:
        """See `SqlServer.query`."""
        if "sys.stats_columns" in sql:
            return []  # it has no statistics that a person could make
        if sql != RUN_BATCH:
            return super().query(sql, parameters)
        batch = _NULLABILITY.sub(r"\1", parameters[0])
        module = _MODULE.search(batch)
        if module is None:
            return super().query(RUN_BATCH, (batch,))
        super().query(f"DROP {module.group(2).upper()} IF EXISTS {module.group(4)};")
        return super().query(_MODULE.sub(r"\1CREATE \2\3\4", batch, count=1))


def server(connection_string: str, **more: Any) -> SqlServer:
    """Connect as this engine needs it."""
    database = SqlServer(connection_string, **more)
    if database.query("SELECT CONVERT(int, SERVERPROPERTY('Babelfish')) AS FOUND")[0]["FOUND"] is None:
        return database
    database.close()
    return PlainForms(connection_string, **more)
