"""Lists that a site's own tables and columns make, and parts that only a site with a certain table has.

In a script under `sql/erp/` they stand between comments:

    /* Where there is TABLE: */ … /* End. */
    /* Where there is TABLE.COLUMN: */ … /* End. */
    /* For each column of TABLE [like PREFIX%]: */ … /* End. */
    /* For each table like PREFIX% with COLUMN: */ … /* End. */
    /* For each column that takes no NULL of tables like PREFIX%: */ … /* End. */

The first two go where the site lacks the table, or its column. Of the others, what stands between is what the trial ERP makes of
it, so that the file can be read and compiled as it is; a deploy writes the site's own in its place. The last one names what takes
none at the site and does at the trial ERP, behind a first row that says the types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from syncctl.db.site_catalogue import Catalogue, Column, Table

_COLUMNS = re.compile(
    r"^( *)/\* For each column of (\w+)(?: like (\w+)%)?: \*/\n(.*?)^ */\* End\. \*/\n", re.DOTALL | re.MULTILINE
)
_TABLES = re.compile(r"^( *)/\* For each table like (\w+)% with (\w+): \*/\n(.*?)^ */\* End\. \*/\n", re.DOTALL | re.MULTILINE)
_REQUIRED = re.compile(
    r"^( *)/\* For each column that takes no NULL of tables like (\w+)%: \*/\n( *[^\n]*\)),?\n.*?^ */\* End\. \*/\n",
    re.DOTALL | re.MULTILINE,
)
_START = re.compile(r"^ */\* Where there is (\w+)(?:\.(\w+))?: \*/$", re.MULTILINE)
_ALIAS = re.compile(r"= (?:CASE WHEN )?(\w+)\.")
_BYTES = ("binary", "varbinary", "image", "timestamp", "rowversion")
_OF_T_SQL = (
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "IDENTITY_INSERT",
    "SESSION_USER",
    "SYSTEM_USER",
)
_LEFT_OUT = ("geography", "geometry", "hierarchyid", "sql_variant", "xml")
"""What JSON can't hold, or nobody compares."""
NO_TEXT = (*_BYTES, *_LEFT_OUT)
"""Kinds of columns whose values no text holds that a column could be filled from."""


def fill_lists(text: str, site: Catalogue, trial: Catalogue) -> str:
    """Return the script with this site's tables and columns in its lists, those of the trial ERP in its spelling and order."""
    if "/* End. */" not in text:
        return text
    site = replace(site, tables={}, others={name: _like(there, trial.tables.get(name, {})) for name, there in site.every.items()})
    text = _REQUIRED.sub(lambda found: _required(found, site, trial), text)
    return _TABLES.sub(lambda found: _tables(found, site), _in_order(text, site))


def _like(columns: Table, known: Table) -> Table:
    """Return columns in the order and spelling of known ones, then the others: engines keep both in their own way."""
    return {key: replace(columns[key], name=known[key].name) for key in known if key in columns} | {
        key: column for key, column in columns.items() if key not in known
    }


def _in_order(text: str, site: Catalogue) -> str:
    """Fill the lists of columns, then take the parts out whose table isn't there; the first stand inside the second."""

    def columns(found: re.Match[str]) -> str:
        indent, table, prefix, body = found.groups()
        there = site.every.get(table.upper())
        if not there:
            return found.group()
        alias = _ALIAS.search(body)
        if alias is None:
            raise ValueError(f"the list of columns of {table} names no alias")
        listed = _listed(there, alias.group(1), indent, prefix or "")
        head = found.group()[: found.start(4) - found.start()]
        last = "\n" if not body.rstrip().endswith(",") else ",\n"
        return f"{head}{listed}{last}{indent}/* End. */\n"

    text = _COLUMNS.sub(columns, text)
    ends = "/* End. */"
    for found in reversed(list(_START.finditer(text))):
        table, column = found.groups()
        if table.upper() in site.every and (column is None or column.upper() in site.every[table.upper()]):
            continue
        depth, at = 1, found.end()
        while depth:
            end = text.index(ends, at)
            depth += len(re.findall(r"/\* (?:Where there is|For each) ", text[at:end])) - 1
            at = end + len(ends)
        text = text[: found.start()] + text[at + 1 :]
    return text


def _listed(columns: Table, alias: str, indent: str, prefix: str = "") -> str:
    """Write columns as `NAME = alias.Name`, one a line; of bytes only whether there are any."""
    return ",\n".join(
        f"{indent}{_quoted(key)} = {_value(column, alias)}"
        for key, column in columns.items()
        if key.startswith(prefix) and column.kind not in _LEFT_OUT
    )


def _value(column: Column, alias: str) -> str:
    full = f"{alias}.{_quoted(column.name)}"
    return f"CASE WHEN {full} IS NULL THEN NULL ELSE 'bytes' END" if column.kind in _BYTES else full


def _required(found: re.Match[str], site: Catalogue, trial: Catalogue) -> str:
    """Write `(TABLE, COLUMN, what goes there where there is nothing)` of each column that takes no NULL at this site alone."""
    indent, prefix, types = found.groups()
    rows = [types]
    for table, columns in sorted(site.every.items()):
        known = trial.tables.get(table, {})
        for key, column in columns.items() if table.startswith(prefix) else ():
            if column.takes_null or column.generated or (key in known and not known[key].takes_null):
                continue
            given = site.given.get(f"{table}.{key}")
            value = column.nothing if given is None else given
            rows.append(f"{indent}({quoted(table)}, {quoted(key)}, {'NULL' if value is None else 'N' + quoted(value)})")
    head = found.group()[: found.start(3) - found.start()]
    listed = ",\n".join(rows)
    return f"{head}{listed}\n{indent}/* End. */\n"


def quoted(value: str) -> str:
    """Write a text as T-SQL."""
    return "'" + value.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    """A name as T-SQL takes it: in brackets where it may be one of its own words, or none at all."""
    plain = re.fullmatch(r"[A-Za-z]+_\w+", name, re.ASCII) and name.upper() not in _OF_T_SQL
    return name if plain else f"[{name.replace(']', ']]')}]"


def _tables(found: re.Match[str], site: Catalogue) -> str:
    indent, prefix, column, body = found.groups()
    head = found.group()[: found.start(4) - found.start()]
    tables = {name: there for name, there in site.every.items() if name.startswith(prefix) and column in there}
    parts = [_part(name, there, site.keys, column, indent) for name, there in sorted(tables.items())]
    return f"{head}{f'{indent}UNION ALL{chr(10)}'.join(parts) or body}{indent}/* End. */\n"


def _part(name: str, columns: Table, keys: Mapping[str, tuple[str, ...]], by: str, indent: str) -> str:
    """Write the SELECT that reads all rows of one table for a value of `by`, which is a parameter of that name, as JSON."""
    key = [columns[each] for each in keys.get(name, ()) if each in columns] or [columns[by]]
    lines = [
        "SELECT",
        f"    TABLE_NAME = CONVERT(varchar(128), '{name}'),",
        f"    KEY_COLUMNS = CONVERT(varchar(500), '{', '.join(column.name.upper() for column in key)}'),",
        "    CONTENT =",
        "    (",
        "        SELECT",
        *_listed(columns, "found", "            ").split("\n"),
        f"        FROM dbo.{_quoted(name)} AS found",
        f"        WHERE found.{columns[by].name} = @{by}",
        "        ORDER BY",
        *(
            f"            found.{_quoted(column.name)}{',' if number < len(key) else ''}"
            for number, column in enumerate(key, start=1)
        ),
        "        FOR JSON PATH, INCLUDE_NULL_VALUES",
        "    )",
    ]
    return "".join(f"{indent}{line}\n" for line in lines)
