"""The T-SQL engines that tests run on: SQL Server itself, or one that takes deploy scripts only in plainer forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from syncctl.db.deploy import RUN_BATCH
from syncctl.db.sqlserver import QueryRow, SqlServer

_MODULE = re.compile(r"^(\s*)CREATE\s+OR\s+ALTER\s+(PROCEDURE|VIEW|FUNCTION)(\s+)(dbo\.\w+)", re.IGNORECASE | re.MULTILINE)
_NULLABILITY = re.compile(r"(ALTER\s+COLUMN\s+\w+\s+\w+(?:\s*\([^)]*\))?)\s+(?:NOT\s+)?NULL\b", re.IGNORECASE)


class PlainForms(SqlServer):
    """An engine without CREATE OR ALTER, that keeps a column's nullability in ALTER COLUMN and creates nothing inside a string."""

    def query(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[QueryRow]:
        """See `SqlServer.query`."""
        if sql != RUN_BATCH:
            return super().query(sql, parameters)
        for piece in plain_forms(parameters[0]):
            super().query(piece)
        return []


def plain_forms(batch: str) -> Iterator[str]:
    """The same batch in statements that such an engine takes."""
    batch = _NULLABILITY.sub(r"\1", batch)
    module = _MODULE.search(batch)
    if module:
        yield f"DROP {module.group(2).upper()} IF EXISTS {module.group(4)};"
        batch = _MODULE.sub(r"\1CREATE \2\3\4", batch, count=1)
    yield batch


def server(connection_string: str, **more: Any) -> SqlServer:
    """Connect as this engine needs it."""
    database = SqlServer(connection_string, **more)
    if database.query("SELECT SERVERPROPERTY('Babelfish') AS FOUND")[0]["FOUND"] is None:
        return database
    database.close()
    return PlainForms(connection_string, **more)
