"""What the ERP's tables are like at one site: read from a server, or, without one, from the trial ERP's own script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from syncctl.db.deploy_scripts import demo_schema, scripts

if TYPE_CHECKING:
    from syncctl.db.sqlserver import SqlServer

_TABLE = re.compile(r"CREATE TABLE dbo\.\[?(\w+)\]?\s*\((.*?)\n    \);", re.DOTALL)
_KEY = re.compile(r"PRIMARY KEY CLUSTERED \(([^)]*)\)")
_COLUMN = re.compile(r"^        (\w+) (?:AS (\()|([a-z0-9]+)(?:\((\d+|max)(?:, (\d+))?\))?)([^\n]*?),?$", re.MULTILINE)
_COLLATED = re.compile(r"\bCOLLATE (\w+)")
_OTHER_NAMES = {"bbf_unicode_cp1_ci_as": "SQL_Latin1_General_CP1_CI_AS"}
"""What an engine that speaks T-SQL on another's tables calls a collation there."""
_MADE_LIKE = re.compile(r"\bMade like the row of: (\w+), (\w+)\.(\w+)")
_LOOKED_FOR = re.compile(r"/\* Where there is (\w+): \*/")
_EXACT = ("decimal", "numeric")
_TEXT = ("char", "varchar", "nchar", "nvarchar")
_NUMBERS = ("bit", "tinyint", "smallint", "int", "bigint", "decimal", "numeric", "money", "smallmoney", "real", "float")
_READ = """
SELECT
    tab.name AS TABLE_NAME,
    col.name AS COLUMN_NAME,
    typ.name AS TYPE_NAME,
    col.max_length AS BYTES,
    CONVERT(int, col.precision) AS DIGITS,
    CONVERT(int, col.scale) AS SCALE,
    CONVERT(varchar(128), col.collation_name) AS COLLATION,
    CASE WHEN col.is_identity = 1 OR col.is_computed = 1 OR col.system_type_id = 189 THEN 1 ELSE 0 END AS GENERATED,
    CASE WHEN col.is_nullable = 0 AND col.default_object_id = 0 AND col.is_identity = 0 AND col.is_computed = 0
        AND col.system_type_id <> 189 THEN 1 ELSE 0 END AS MUST_BE_GIVEN,
    CASE WHEN col.is_nullable = 0 THEN 1 ELSE 0 END AS NOT_NULL
FROM sys.columns AS col
INNER JOIN sys.tables AS tab ON tab.object_id = col.object_id
INNER JOIN sys.types AS typ ON typ.user_type_id = col.system_type_id
WHERE tab.schema_id = SCHEMA_ID(N'dbo')
ORDER BY tab.name, col.column_id;
"""
_KEYS = """
SELECT tab.name AS TABLE_NAME, col.name AS COLUMN_NAME
FROM sys.indexes AS ind
INNER JOIN sys.index_columns AS part ON part.object_id = ind.object_id AND part.index_id = ind.index_id
INNER JOIN sys.columns AS col ON col.object_id = part.object_id AND col.column_id = part.column_id
INNER JOIN sys.tables AS tab ON tab.object_id = ind.object_id
WHERE ind.is_primary_key = 1 AND tab.schema_id = SCHEMA_ID(N'dbo')
ORDER BY tab.name, part.key_ordinal;
"""
_TRIGGERS = """
SELECT tab.name AS TABLE_NAME, trg.name AS TRIGGER_NAME
FROM sys.triggers AS trg
INNER JOIN sys.tables AS tab ON tab.object_id = trg.parent_id
WHERE tab.schema_id = SCHEMA_ID(N'dbo') AND trg.is_disabled = 0
ORDER BY tab.name, trg.name;
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the ERP's. `width` counts letters; None for what is no text, or has no end."""

    name: str
    width: int | None = None
    must_be_given: bool = False
    """True where it takes no NULL, has no default, and the database doesn't fill it by itself."""
    kind: str = ""
    """The type's name, such as varchar."""

    generated: bool = False
    """True where the database fills it, and nobody may: an identity, a computed column, a row version."""

    collation: str | None = None
    """Of a text; its code page says which letters a varchar holds."""
    digits: tuple[int, int] | None = None
    """Of a decimal number: how many digits it has, and how many of them behind the point."""
    not_null: bool = False

    @property
    def takes_null(self) -> bool:
        """False where a value must be written into it, or none at all for its default."""
        return not (self.not_null or self.must_be_given)

    @property
    def is_text(self) -> bool:
        """True for what has a width in letters, or none for as long as one likes."""
        return self.kind in _TEXT

    @property
    def is_number(self) -> bool:
        """True for what counts or measures."""
        return self.kind in _NUMBERS

    @property
    def nothing(self) -> str | None:
        """What says that there is nothing: an empty text, or 0. None of any other kind, such as a date."""
        return "" if self.is_text else "0" if self.is_number else None


Table = Mapping[str, Column]
"""Columns by their names in capitals."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The ERP's tables by their names in capitals, and what a site wants written into columns that nothing else fills."""

    tables: Mapping[str, Table]
    given: Mapping[str, str] = field(default_factory=dict)
    """`TABLE.COLUMN` → the value, as `config erp column` was told."""
    triggers: tuple[tuple[str, str], ...] = ()
    """Table and trigger, of the ERP's tables."""
    optional: frozenset[str] = frozenset()
    """Tables that a site may lack: the procedures look whether they are there before they read them."""
    template: tuple[str, str, str] | None = None
    """Of the trial ERP: the setting that names a row that new ones are made like, and table and column that name it else."""
    has_template: bool = False
    """Whether the site names a row that new ones are made like: what nothing else fills comes from there."""
    others: Mapping[str, Table] = field(default_factory=dict)
    """The tables beside those that the trial ERP has, for lists of whatever is there."""
    modelled: frozenset[str] = frozenset()
    """`TABLE.COLUMN` of what the site's model of a deposit ticket has a cell of; empty where it has none yet."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Table → the columns of its primary key, all in capitals."""

    @property
    def every(self) -> Mapping[str, Table]:
        """All tables in dbo."""
        return {**self.others, **self.tables}


def demo_catalogue(erp: str) -> Catalogue:
    """Return what the trial ERP's tables are like, as `demo_schema.sql` makes them."""
    made = {name.upper(): body for name, body in _TABLE.findall(demo_schema(erp).text) if not name.startswith("USER_")}
    keys = {name: tuple(key.group(1).upper().split(", ")) for name, body in made.items() if (key := _KEY.search(body))}
    texts = [script.text for script in scripts(erp) if script.name.startswith("erp/")]
    looked_for = {name.upper() for text in texts for name in _LOOKED_FOR.findall(text)}
    tables = {name: _columns(body) for name, body in made.items()}
    template = next((found for text in texts for found in _MADE_LIKE.findall(text)), None)
    return Catalogue(tables, optional=frozenset(looked_for & tables.keys()), template=template, keys=keys)


def _columns(body: str) -> dict[str, Column]:
    columns = {}
    for name, computed, kind, width, scale, rest in _COLUMN.findall(body):
        if name == "CONSTRAINT":
            continue
        generated = bool(computed) or "IDENTITY" in rest or kind in ("timestamp", "rowversion")
        needed = not generated and "NOT NULL" in rest and "DEFAULT" not in rest
        letters = int(width) if kind in _TEXT and width not in ("", "max") else None
        collated = _COLLATED.search(rest)
        digits = (int(width), int(scale)) if kind in _EXACT and width and scale else None
        collation = collated.group(1) if collated else None
        columns[name.upper()] = Column(name, letters, needed, kind, generated, collation, digits, "NOT NULL" in rest)
    return columns


def tables_of(database: SqlServer) -> set[str]:
    """Return the tables in dbo, in capitals."""
    rows = database.query("SELECT name AS TABLE_NAME FROM sys.tables WHERE schema_id = SCHEMA_ID(N'dbo');")
    return {str(row["TABLE_NAME"]).upper() for row in rows}


def given_columns(database: SqlServer) -> dict[str, str]:
    """Return what the site wants written into columns that nothing else fills, by `TABLE.COLUMN`."""
    if "USER_ERP_COLUMN" not in tables_of(database):
        return {}
    rows = database.query("SELECT TABLE_NAME, COLUMN_NAME, VALUE FROM dbo.USER_ERP_COLUMN;")
    return {f"{row['TABLE_NAME']}.{row['COLUMN_NAME']}".upper(): str(row["VALUE"]) for row in rows}


def modelled_columns(database: SqlServer) -> frozenset[str]:
    """Return the columns that the model of a deposit ticket has cells of, by `TABLE.COLUMN`."""
    if "USER_DEPOSIT_MODEL" not in tables_of(database):
        return frozenset()
    rows = database.query("SELECT DISTINCT TABLE_NAME, COLUMN_NAME FROM dbo.USER_DEPOSIT_MODEL;")
    return frozenset(f"{row['TABLE_NAME']}.{row['COLUMN_NAME']}".upper() for row in rows)


def site_catalogue(database: SqlServer, trial: Catalogue) -> Catalogue:
    """Read what the ERP's tables are like in this database, and what the site gave values for."""
    wanted = trial.tables
    tables: dict[str, dict[str, Column]] = {}
    others: dict[str, dict[str, Column]] = {}
    for row in database.query(_READ):
        table, kind = str(row["TABLE_NAME"]).upper(), str(row["TYPE_NAME"]).lower()
        length = int(row["BYTES"])
        width = None if kind not in _TEXT or length < 0 else length // 2 if kind.startswith("n") else length
        name = str(row["COLUMN_NAME"])
        digits = (int(row["DIGITS"]), int(row["SCALE"])) if kind in _EXACT else None
        made = (bool(row["MUST_BE_GIVEN"]), kind, bool(row["GENERATED"]), _collation(row["COLLATION"]), digits)
        column = Column(name, width, *made, bool(row["NOT_NULL"]))
        (tables if table in wanted else others).setdefault(table, {})[name.upper()] = column
    keys: dict[str, tuple[str, ...]] = {}
    for row in database.query(_KEYS):
        table = str(row["TABLE_NAME"]).upper()
        keys[table] = (*keys.get(table, ()), str(row["COLUMN_NAME"]).upper())
    triggers = [(str(row["TABLE_NAME"]), str(row["TRIGGER_NAME"])) for row in database.query(_TRIGGERS)]
    return Catalogue(
        tables,
        given_columns(database),
        tuple(pair for pair in triggers if pair[0].upper() in wanted),
        has_template=_has_template(database, tables, trial.template),
        others=others,
        modelled=modelled_columns(database),
        keys=keys,
    )


def _collation(name: str | None) -> str | None:
    return None if name is None else _OTHER_NAMES.get(name.lower(), str(name))


def _has_template(database: SqlServer, tables: Mapping[str, Table], template: tuple[str, str, str] | None) -> bool:
    """Whether this site names a row that new ones are made like: by its setting, or else by what the ERP itself has."""
    if template is None:
        return False
    setting, table, column = template
    if "USER_ERP_SETTING" in tables_of(database):
        rows = database.query("SELECT VALUE FROM dbo.USER_ERP_SETTING WHERE NAME = ?;", (setting,))
        if rows and rows[0]["VALUE"]:
            return str(rows[0]["VALUE"]) != "-"
    if column not in tables.get(table, {}):
        return False
    return bool(database.query(f"SELECT TOP (1) {column} FROM dbo.{table} WHERE {column} <> '';"))  # noqa: S608  (of our own files)
