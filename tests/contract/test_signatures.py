"""Contract, T-SQL and embedded engine agree in names, parameters, order, types, defaults and result columns. Needs no server."""

from __future__ import annotations

import ast
import re
from dataclasses import MISSING, fields
from decimal import Decimal
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from syncctl.db import contract
from syncctl.db.contract import PROCEDURES, NoRow, Procedure, Sql
from syncctl.db.deploy_scripts import erps, scripts
from syncctl.db.embedded.registry import SERVED, serving

BY_NAME = pytest.mark.parametrize("procedure", PROCEDURES, ids=lambda procedure: procedure.name)

_HEAD = re.compile(r"CREATE OR ALTER PROCEDURE dbo\.(\w+)\s*\n(.*?)\nAS\n", re.DOTALL)
_PARAMETER = re.compile(r"@(\w+) ([a-z0-9]+(?:\([^)]*\))?)(?: = (N?'[^']*'|[\w.-]+))?(?: (OUTPUT))?(?:,|$)")
_CALL = re.compile(r"EXECUTE (?:@\w+ = )?dbo\.(sp_\w+)(.*?);", re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)


EVERY_ERP = pytest.mark.parametrize("erp", erps())


@cache
def bodies(erp: str) -> dict[str, str]:
    """Each procedure's text without comments, by name, as a database of that ERP has it."""
    return {
        name: _COMMENT.sub("", text) for script in scripts(erp) for name, text in script.modules.items() if name.startswith("sp_")
    }


@cache
def signature(erp: str, name: str) -> dict[str, tuple[str, str | None]]:
    """A procedure's parameters in order: type and default (None: has to be given; OUTPUT parameters have none)."""
    head = _HEAD.search(bodies(erp)[name])
    assert head is not None, f"sql/ has no CREATE OR ALTER PROCEDURE dbo.{name} in the house style"
    lines = [line.strip() for line in head.group(2).split("\n") if line.strip()]
    found = {}
    for line in lines:
        parameter = _PARAMETER.fullmatch(line)
        assert parameter is not None, f"{name}: {line!r} is no parameter in the house style"
        found[parameter.group(1)] = (parameter.group(2).replace(" ", ""), parameter.group(3))
    return found


def in_tsql(value: Any) -> str:
    """How a default of the contract is written in T-SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (int, Decimal)):
        return str(value)
    return f"'{value}'"


def sql_type(hint: Any) -> str:
    """The T-SQL type that a field's annotation carries, optional or not."""
    kinds = [part for part in getattr(hint, "__metadata__", ()) if isinstance(part, Sql)]
    for part in get_args(hint):
        kinds += [inner for inner in getattr(part, "__metadata__", ()) if isinstance(inner, Sql)]
    assert len(kinds) == 1, f"{hint} names no T-SQL type"
    return kinds[0].type.replace(" ", "")


@EVERY_ERP
@BY_NAME
def test_sql_server_has_the_procedure_with_the_contracts_parameters(procedure: type[Procedure[Any]], erp: str) -> None:
    assert procedure.name in bodies(erp), f"there is no sql/…/{procedure.name}.sql"
    hints = get_type_hints(procedure, include_extras=True)
    expected = {}
    for field in fields(procedure):
        default = None if field.default is MISSING else in_tsql(field.default)
        expected[field.name.upper()] = (sql_type(hints[field.name]), default)
    expected["NOW"] = ("datetime2(3)", "NULL")
    there = {
        name: (kind, default and default.removeprefix("N")) if default != "NULL" else (kind, default)
        for name, (kind, default) in signature(erp, procedure.name).items()
    }
    assert list(there) == list(expected), "names or order differ"
    assert there == expected


@EVERY_ERP
@BY_NAME
def test_sql_server_returns_the_contracts_columns_in_order(procedure: type[Procedure[Any]], erp: str) -> None:
    if procedure.returns is NoRow:
        return
    expected = [field.name.upper() for field in fields(procedure.returns)]
    found = selected(bodies(erp)[procedure.name])
    assert expected in found, f"none of the result sets has exactly {expected}; there are {found}"


def selected(body: str) -> list[list[str]]:
    """The column names of each SELECT and OUTPUT clause that hands rows out, as far as the house style shows them."""
    found = []
    lines = body.split("\n")
    for start, line in enumerate(lines):
        word = line.strip()
        if not (word == "SELECT" or word == "OUTPUT" or re.fullmatch(r"SELECT( DISTINCT)?( TOP \([^)]*\))?", word)):
            continue
        indent = len(line) - len(line.lstrip())
        items = [""]
        for following in lines[start + 1 :]:
            depth = len(following) - len(following.lstrip())
            if following.strip() and depth <= indent:
                break
            items[-1] += " " + following.strip()
            if depth == indent + 4 and following.rstrip().endswith(","):
                items.append("")
        names = [name_of(item) for item in items]
        if all(names):
            found.append([str(name) for name in names])
    return found


def name_of(item: str) -> str | None:
    """What a select item is called; None for an assignment to a variable."""
    item = item.strip().rstrip(",;")
    for pattern in (r"([A-Z][A-Z0-9_]*) = .*", r".* AS ([A-Z][A-Z0-9_]*)", r"(?:\w+\.)?([A-Z][A-Z0-9_]*)"):
        if found := re.fullmatch(pattern, item, re.DOTALL):
            return found.group(1)
    return None


@BY_NAME
def test_the_embedded_engine_serves_the_procedure(procedure: type[Procedure[Any]]) -> None:
    assert serving(procedure) is SERVED[procedure]


@BY_NAME
def test_each_result_column_names_its_type(procedure: type[Procedure[Any]]) -> None:
    for hint in get_type_hints(procedure.returns, include_extras=True).values():
        assert sql_type(hint)


@EVERY_ERP
def test_every_call_inside_a_procedure_gives_parameters_that_exist(erp: str) -> None:
    for caller, body in bodies(erp).items():
        for called, arguments in _CALL.findall(body):
            assert called in bodies(erp), f"{caller} calls {called}, which is nowhere"
            known = signature(erp, called)
            given = re.findall(r"@(\w+) = ", arguments)
            assert set(given) <= set(known), f"{caller} gives {called} what it doesn't take: {set(given) - set(known)}"
            required = {name for name, (_, default) in known.items() if default is None}
            assert required <= set(given), f"{caller} leaves out {required - set(given)} of {called}"


@EVERY_ERP
def test_names_are_unique(erp: str) -> None:
    names = [name for script in scripts(erp) for name in script.modules]
    assert len(names) == len(set(names))
    assert len({procedure.name for procedure in PROCEDURES}) == len(PROCEDURES)


def test_the_contract_names_where_everything_is() -> None:
    """Names are imported when asked for; the list for type checkers and the one for the running program are the same."""
    tree = ast.parse(Path(contract.__file__).read_text(encoding="utf-8"))
    for_checkers = {
        node.module.rpartition(".")[2]: sorted(alias.name for alias in node.names)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("syncctl.db.contract.")
    }
    base = for_checkers.pop("base")
    assert {module: sorted(names) for module, names in contract.NAMES.items()} == for_checkers
    for module, names in contract.NAMES.items():
        home = import_module(f"syncctl.db.contract.{module}")
        own = {name for name, thing in vars(home).items() if isinstance(thing, type) and thing.__module__ == home.__name__}
        assert own <= set(names) <= set(vars(home)), module
    assert set(base) <= set(vars(contract))
