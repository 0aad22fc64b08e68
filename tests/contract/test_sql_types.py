"""A varchar column is compared with varchar: an nvarchar value would have the server convert the column, and leave its index."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "sql"
FILES = [path for path in sorted(ROOT.rglob("*.sql")) if path.parent.name not in ("schema", "security")]

_COMMENTS = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_STRING = re.compile(r"(N?)'(?:[^']|'')*'")
_TABLE = re.compile(r"CREATE TABLE (dbo\.\w+)\s*\((.*?)\n    \);", re.DOTALL)
_ROWS = re.compile(r"(@\w+) (?:AS )?table\s*\((.*?)\n    \)", re.DOTALL | re.IGNORECASE)
_COLUMN = re.compile(r"^\s+(\w+) (n?varchar|n?char)\b", re.MULTILINE)
_ADDED = re.compile(r"ALTER TABLE (dbo\.\w+) ADD (\w+) (n?varchar|n?char)\b")
_JSON = re.compile(r"WITH\s*\(([^;]*?)\n\s*\) AS (\w+)")
_VARIABLE = re.compile(r"(@\w+) (n?varchar|n?char)\b")
_ALIAS = re.compile(r"(?:FROM|JOIN|APPLY) (dbo\.\w+|@\w+) AS (\w+)")
_TARGET = re.compile(r"(?:UPDATE|DELETE FROM)\s+(dbo\.\w+)")
_VALUE = r"(?:@\w+|N?''|\w+\.\w+|\w+)"
_COMPARED = re.compile(rf"(?:WHERE|AND|OR|ON|WHEN|IF|\()\s+({_VALUE}) (?:=|<>|<|>|<=|>=|LIKE) ({_VALUE})(?![\w.(])")


def code(path: Path) -> str:
    """A script without comments; its strings empty."""
    return _STRING.sub(r"\1''", _COMMENTS.sub("", path.read_text(encoding="utf-8")))


@cache
def tables() -> dict[str, dict[str, str]]:
    """The text columns of every table, each with its type."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(ROOT.rglob("*.sql")):
        text = code(path)
        for name, body in _TABLE.findall(text):
            found.setdefault(name.lower(), {}).update(_COLUMN.findall(body))
        for name, column, kind in _ADDED.findall(text):
            found.setdefault(name.lower(), {}).setdefault(column, kind)
    return found


def mixed(text: str) -> list[str]:
    """The comparisons of a varchar column with an nvarchar value in a script's code."""
    known = {**tables(), **{name.lower(): dict(_COLUMN.findall(body)) for name, body in _ROWS.findall(text)}}
    variables = dict(_VARIABLE.findall(text))
    aliases: dict[str, list[dict[str, str]]] = {}
    for table, alias in _ALIAS.findall(text):
        aliases.setdefault(alias, []).append(known.get(table.lower(), {}))
    for body, alias in _JSON.findall(text):
        aliases.setdefault(alias, []).append(dict(_COLUMN.findall(body)))
    changed = [known.get(table.lower(), {}) for table in _TARGET.findall(text)]

    def kinds(value: str) -> set[str]:
        if value.startswith("@"):
            return {variables.get(value, "?")}
        if value.endswith("''"):
            return {"nvarchar" if value.startswith("N") else "varchar"}
        alias, _, column = value.rpartition(".")
        return {columns.get(column, "?") for columns in (aliases.get(alias, []) if alias else changed)}

    found = []
    for left, right in _COMPARED.findall(text):
        for column, value in ((left, right), (right, left)):
            is_column = not column.startswith("@") and not column.endswith("''")
            if is_column and "varchar" in kinds(column) and "nvarchar" in kinds(value) and "varchar" not in kinds(value):
                found.append(f"{column} and {value}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_varchar_column_meets_varchar(path: Path) -> None:
    assert mixed(code(path)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("DECLARE @A nvarchar(50); SELECT 1 FROM dbo.USER_ORDER_STAGING AS s WHERE s.STORE_ID = @A", ["s.STORE_ID and @A"]),
        ("DECLARE @A varchar(50); SELECT 1 FROM dbo.USER_ORDER_STAGING AS s WHERE s.STORE_ID = @A", []),
        ("SELECT 1 FROM dbo.USER_ORDER_STAGING AS s WHERE 1 = 1 AND N'' = s.STORE_ID", ["s.STORE_ID and N''"]),
        ("UPDATE dbo.USER_ORDER_STAGING SET STATE_REASON = N'' WHERE STORE_ID = N''", ["STORE_ID and N''"]),
        ("SELECT 1 FROM dbo.USER_ORDER_STAGING AS s WHERE s.LEASE_OWNER = ''", []),
    ],
)
def test_the_check_finds_what_it_looks_for(text: str, found: list[str]) -> None:
    assert mixed(text) == found
