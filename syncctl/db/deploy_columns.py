"""What of a site's own stands on a column that a deploy has to change: found for all columns, before anything runs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncctl.db.deploy_scripts import Script
from syncctl.errors import ConfigError

if TYPE_CHECKING:
    from syncctl.db.sqlserver import SqlServer

_CHANGE = re.compile(r"ALTER\s+TABLE\s+dbo\.(\w+)\s+ALTER\s+COLUMN\s+(\w+)\s+(\w+)(?:\s*\((\d+)\))?", re.IGNORECASE)
_BYTES = {"tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}
_VARIABLE = frozenset({"varchar", "nvarchar", "varbinary"})
_EVEN_WIDER = frozenset({"primary key", "foreign key", "computed column", "bound module"})
"""What forbids even to make a text wider (ALTER TABLE in SQL Server's documentation, ALTER COLUMN)."""

_COLUMNS = """
SELECT tab.name AS TABLE_NAME, col.name AS COLUMN_NAME, typ.name AS TYPE_NAME, col.max_length AS BYTES
FROM sys.columns AS col
INNER JOIN sys.tables AS tab ON tab.object_id = col.object_id
INNER JOIN sys.types AS typ ON typ.user_type_id = col.system_type_id
WHERE tab.schema_id = SCHEMA_ID(N'dbo');
"""
_BY_COLUMN = (
    """
    SELECT
        tab.name AS TABLE_NAME, col.name AS COLUMN_NAME, indexed.name AS HOLDER,
        CASE
            WHEN indexed.is_primary_key = 1 THEN 'primary key'
            WHEN indexed.is_unique_constraint = 1 THEN 'unique constraint'
            ELSE 'index'
        END AS KIND
    FROM sys.index_columns AS keyed
    INNER JOIN sys.indexes AS indexed ON indexed.object_id = keyed.object_id AND indexed.index_id = keyed.index_id
    INNER JOIN sys.tables AS tab ON tab.object_id = keyed.object_id
    INNER JOIN sys.columns AS col ON col.object_id = keyed.object_id AND col.column_id = keyed.column_id
    WHERE tab.schema_id = SCHEMA_ID(N'dbo');
    """,
    """
    SELECT tab.name AS TABLE_NAME, col.name AS COLUMN_NAME, bound.name AS HOLDER, 'default' AS KIND
    FROM sys.default_constraints AS bound
    INNER JOIN sys.tables AS tab ON tab.object_id = bound.parent_object_id
    INNER JOIN sys.columns AS col ON col.object_id = bound.parent_object_id AND col.column_id = bound.parent_column_id
    WHERE tab.schema_id = SCHEMA_ID(N'dbo');
    """,
    """
    SELECT
        tab.name AS TABLE_NAME, col.name AS COLUMN_NAME, OBJECT_NAME(tied.constraint_object_id) AS HOLDER, 'foreign key' AS KIND
    FROM sys.foreign_key_columns AS tied
    INNER JOIN sys.tables AS tab ON tab.object_id IN (tied.parent_object_id, tied.referenced_object_id)
    INNER JOIN sys.columns AS col
        ON  col.object_id = tab.object_id
        AND (col.object_id = tied.parent_object_id AND col.column_id = tied.parent_column_id
            OR col.object_id = tied.referenced_object_id AND col.column_id = tied.referenced_column_id)
    WHERE tab.schema_id = SCHEMA_ID(N'dbo');
    """,
    """
    SELECT tab.name AS TABLE_NAME, col.name AS COLUMN_NAME, counted.name AS HOLDER, 'statistics' AS KIND
    FROM sys.stats AS counted
    INNER JOIN sys.stats_columns AS part ON part.object_id = counted.object_id AND part.stats_id = counted.stats_id
    INNER JOIN sys.tables AS tab ON tab.object_id = counted.object_id
    INNER JOIN sys.columns AS col ON col.object_id = part.object_id AND col.column_id = part.column_id
    WHERE counted.user_created = 1 AND tab.schema_id = SCHEMA_ID(N'dbo');
    """,
    """
    SELECT tab.name AS TABLE_NAME, col.name AS COLUMN_NAME, module.name AS HOLDER, 'bound module' AS KIND
    FROM sys.sql_expression_dependencies AS needed
    INNER JOIN sys.objects AS module ON module.object_id = needed.referencing_id AND module.type IN ('V', 'FN', 'IF', 'TF', 'P')
    INNER JOIN sys.tables AS tab ON tab.object_id = needed.referenced_id
    INNER JOIN sys.columns AS col ON col.object_id = needed.referenced_id AND col.column_id = needed.referenced_minor_id
    WHERE needed.is_schema_bound_reference = 1 AND tab.schema_id = SCHEMA_ID(N'dbo');
    """,
)
_BY_TEXT = (
    """
    SELECT tab.name AS TABLE_NAME, checked.name AS HOLDER, checked.definition AS SAID, 'check constraint' AS KIND
    FROM sys.check_constraints AS checked
    INNER JOIN sys.tables AS tab ON tab.object_id = checked.parent_object_id
    WHERE tab.schema_id = SCHEMA_ID(N'dbo');
    """,
    """
    SELECT tab.name AS TABLE_NAME, computed.name AS HOLDER, computed.definition AS SAID, 'computed column' AS KIND
    FROM sys.computed_columns AS computed
    INNER JOIN sys.tables AS tab ON tab.object_id = computed.object_id
    WHERE tab.schema_id = SCHEMA_ID(N'dbo');
    """,
    """
    SELECT tab.name AS TABLE_NAME, indexed.name AS HOLDER, indexed.filter_definition AS SAID, 'index' AS KIND
    FROM sys.indexes AS indexed
    INNER JOIN sys.tables AS tab ON tab.object_id = indexed.object_id
    WHERE indexed.filter_definition IS NOT NULL AND tab.schema_id = SCHEMA_ID(N'dbo');
    """,
)


@dataclass(frozen=True, slots=True)
class Change:
    """A column as a script will have it."""

    table: str
    column: str
    type: str
    bytes: int | None
    """None for what has no end."""

    @property
    def key(self) -> tuple[str, str]:
        """Table and column in capitals."""
        return self.table.upper(), self.column.upper()


def require_free_columns(database: SqlServer, due: list[Script]) -> None:
    """Make sure that nothing stands on the columns that these scripts will change. Changes nothing.

    Raises:
        ConfigError: something does; the message names all of it.
    """
    if held := in_the_way(database, due):
        raise ConfigError(
            f"{database.where} has something of its own on columns that have to change: {held}. Nothing was changed. Write down "
            "how each was made, drop it, deploy again, then make anew what is still wanted (the deploy makes its own indexes)."
        )


def in_the_way(database: SqlServer, due: list[Script]) -> str | None:
    """Say what stands on columns that these scripts will widen or give another type; None where nothing does. Changes nothing.

    What the scripts themselves take away first doesn't count.
    """
    wanted = {change.key: change for script in due for change in changes(script)}
    if not wanted:
        return None
    columns = {(str(row["TABLE_NAME"]).upper(), str(row["COLUMN_NAME"]).upper()): row for row in database.query(_COLUMNS)}
    needed = {}
    for key, change in wanted.items():
        there = columns.get(key)
        if there is not None and change.bytes is not None and 0 < int(there["BYTES"]) < change.bytes:
            kind = change.type.partition("(")[0]
            needed[key] = kind in _VARIABLE and kind == str(there["TYPE_NAME"]).lower()
    if not needed:
        return None
    dropped = {name.upper() for script in due for name in re.findall(r"DROP (?:INDEX|CONSTRAINT|STATISTICS) (\w+)", script.text)}
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for key, kind, name in _holders(database, list(needed)):
        if key in needed and name.upper() not in dropped and (kind in _EVEN_WIDER or not needed[key]):
            found[key].add(f"{kind} {name}")
    if not found:
        return None
    return "; ".join(
        f"{wanted[key].table}.{wanted[key].column} must become {wanted[key].type}: {', '.join(sorted(found[key]))}"
        for key in sorted(found)
    )


def changes(script: Script) -> Iterator[Change]:
    """Each column that a script gives another type or width, or forbids NULL."""
    for found in _CHANGE.finditer(script.text):
        table, column, kind, length = found.groups()
        kind = kind.lower()
        if length:
            yield Change(table, column, f"{kind}({length})", int(length) * (2 if kind.startswith("n") else 1))
        else:
            yield Change(table, column, kind, _BYTES.get(kind))


def _holders(database: SqlServer, keys: list[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], str, str]]:
    """Each thing that stands on a column: table and column in capitals, what it is, and its name."""
    for sql in _BY_COLUMN:
        for row in database.query(sql):
            yield (str(row["TABLE_NAME"]).upper(), str(row["COLUMN_NAME"]).upper()), str(row["KIND"]), str(row["HOLDER"])
    for sql in _BY_TEXT:
        for row in database.query(sql):
            for table, column in keys:
                said = re.search(rf"\b{column}\b", str(row["SAID"]), re.IGNORECASE)
                if str(row["TABLE_NAME"]).upper() == table and said:
                    yield (table, column), str(row["KIND"]), str(row["HOLDER"])
