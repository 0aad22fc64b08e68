"""All of `sql/` parses as T-SQL and keeps the house style. Needs no server.

Where Microsoft's own parser and compiler run (`scripts/tsql_check.py`), test_tsql_check has them read all of it; elsewhere
sqlfluff does, which takes longer and knows less.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts import tsql_check
from syncctl.db.contract import PROCEDURES
from syncctl.db.deploy_scripts import split

if TYPE_CHECKING:
    from sqlfluff.core import Linter

ROOT = Path(__file__).resolve().parents[2] / "sql"
FILES = sorted(ROOT.rglob("*.sql"))
PROCEDURE_FILES = [path for path in FILES if path.name.startswith("sp_")]
EVERY_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
EVERY_PROCEDURE = pytest.mark.parametrize("path", PROCEDURE_FILES, ids=lambda path: path.stem)

_COMMENTS_AND_STRINGS = re.compile(r"/\*.*?\*/|--[^\n]*|'(?:[^']|'')*'", re.DOTALL)
_SECTIONS = ("Called by", "Returns", "Errors", "Locks", "Repeatable", "Example")


@cache
def code(path: Path) -> str:
    """A file's text without its comments and strings."""
    return _COMMENTS_AND_STRINGS.sub("''", path.read_text(encoding="utf-8"))


@cache
def parser() -> Linter:
    """One for all files: it reads the dialect's grammar first."""
    from sqlfluff.core import FluffConfig, Linter

    return Linter(config=FluffConfig(overrides={"dialect": "tsql"}))


@pytest.mark.parametrize("path", FILES if tsql_check.not_here() else [], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_it_parses(path: Path, request: pytest.FixtureRequest) -> None:
    """A text that this version of the parser has read before isn't read again."""
    text = path.read_text(encoding="utf-8")
    key = f"syncctl/parses-{version('sqlfluff')}/{sha256(text.encode()).hexdigest()}"
    known: pytest.Cache | None = getattr(request.config, "cache", None)
    if known and known.get(key, False):
        return
    parsed = parser().parse_string(text, fname=str(path))
    assert [f"line {found.line_no}: {found.desc()}" for found in parsed.violations] == []
    assert parsed.tree is not None and "unparsable" not in parsed.tree.type_set()
    if known:
        known.set(key, True)


@EVERY_FILE
def test_set_options_come_first(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("SET ANSI_NULLS ON;\nSET QUOTED_IDENTIFIER ON;\nGO\n/*\n")


@EVERY_FILE
def test_lines_end_in_lf_and_fit(path: Path) -> None:
    raw = path.read_bytes()
    assert b"\r" not in raw and b"\t" not in raw
    assert raw.endswith(b"GO\n")
    too_long = [number for number, line in enumerate(raw.decode().split("\n"), start=1) if len(line) > 160]
    assert too_long == []


_NO_PLACE = (
    (r"\bMERGE\b", "MERGE has races of its own"),
    (r"\bPRINT\b", "a PRINT hides the rows from pyodbc"),
    (r"\bRAISERROR\b", "THROW ends the batch, RAISERROR may not"),
    (r"\bsp_executesql\b|\bEXEC(?:UTE)?\s*\(", "no dynamic SQL"),
    (r"\bTRIGGER\b", "no trigger on anybody's table"),
    (
        r"\b(?:STRING_AGG|CONCAT_WS|TRANSLATE|GREATEST|LEAST|DATETRUNC|GENERATE_SERIES|JSON_OBJECT|JSON_ARRAY)\s*\(",
        "SQL Server 2016",
    ),
    (r"(?<![LR])\bTRIM\s*\(|\bIS\s+(?:NOT\s+)?DISTINCT\s+FROM\b", "SQL Server 2016 doesn't know it"),
    (r"\bREADPAST\b(?!, READCOMMITTEDLOCK)", "an error where READ_COMMITTED_SNAPSHOT is on"),
    (r"\bNOLOCK\b|\bREAD UNCOMMITTED\b", "no dirty reads"),
    (r"\bGETDATE\b|\bSYSDATETIME\b|\bGETUTCDATE\b", "UTC, and datetime2, and the clock that was handed in"),
    (r"\breal\b|(?<!AS )\bfloat\b(?! = @BACKOFF_SECONDS)", "money is decimal; only the back-off's power is none"),
    (r"\bGREATEST\b|\bLEAST\b|\bDATETRUNC\b|\bGENERATE_SERIES\b|\bIS (NOT )?DISTINCT FROM\b", "not before SQL Server 2022"),
)


@EVERY_FILE
def test_what_has_no_place_here(path: Path) -> None:
    text = code(path)
    if path.parent.name == "rms" and path.name == "demo_schema.sql":
        text = re.sub(r"\bQuantity\w* float\b", "", text)  # as the ERP's own tables have them
    found = [(word, why) for word, why in _NO_PLACE if re.search(word, text, re.IGNORECASE)]
    assert found == []


@EVERY_FILE
def test_one_module_a_file_and_named_like_it(path: Path) -> None:
    made = re.findall(r"^CREATE OR ALTER (?:PROCEDURE|VIEW|FUNCTION) dbo\.(\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    if path.parent.name in ("schema", "security", "ops") or path.name in ("demo_schema.sql", "settings.sql"):
        assert made == []
    else:
        assert made == [path.stem]
    assert not re.search(r"^\s*CREATE (PROCEDURE|VIEW|FUNCTION)", path.read_text(encoding="utf-8"), re.MULTILINE | re.IGNORECASE)


@EVERY_PROCEDURE
def test_a_procedures_header_tells_what_a_dba_asks(path: Path) -> None:
    header = path.read_text(encoding="utf-8").split("/*", 1)[1].split("*/", 1)[0]
    assert header.startswith(f"\ndbo.{path.stem}\n    "), "name and purpose"
    missing = [section for section in _SECTIONS if not re.search(rf"^{section} ", header, re.MULTILINE)]
    assert missing == []


@EVERY_PROCEDURE
def test_a_procedure_starts_quiet_and_all_or_nothing(path: Path) -> None:
    body = code(path).split("\nAS\n", 1)[1]
    assert re.match(r"\s*BEGIN\s+SET NOCOUNT ON;\s+SET XACT_ABORT ON;", body)


@EVERY_PROCEDURE
def test_a_transaction_is_rolled_back_in_the_catch_and_the_error_goes_on(path: Path) -> None:
    body = code(path)
    if "BEGIN TRANSACTION" not in body:
        return
    caught = body[body.index("BEGIN CATCH") :]
    assert re.search(r"IF XACT_STATE\(\) <> 0\s+(?:BEGIN\s+)?ROLLBACK TRANSACTION;", caught)
    assert re.search(r"\bTHROW;", caught)
    assert body.count("COMMIT TRANSACTION") >= 1


def test_every_object_is_called_with_its_schema() -> None:
    for path in FILES:
        named = re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE|EXECUTE|TABLE)\s+((?:sp_|USER_|PS_DOC|IM_|AR_)\w+)", code(path))
        assert named == [], f"{path.name} names {named} without dbo."


@cache
def declared() -> set[str]:
    """Every table and column that a script makes, as it is spelled there."""
    names: set[str] = set()
    for path in FILES:
        for table, body in re.findall(r"CREATE TABLE dbo\.(\w+)\s*\((.*?)\n    \);", code(path), re.DOTALL):
            names |= {table, *re.findall(r"^        (\w+) ", body, re.MULTILINE)}
        names |= set(re.findall(r"\bADD (\w+) \w", code(path)))
    return names - {"CONSTRAINT"}


@EVERY_FILE
def test_names_are_spelled_as_they_were_declared(path: Path) -> None:
    """A case-sensitive database takes no other spelling, of a variable neither."""
    spellings: dict[str, set[str]] = {}
    for name in declared():
        spellings.setdefault(name.lower(), set()).add(name)
    in_capitals = {key for key, names in spellings.items() if any(name.isupper() for name in names)}
    used = re.sub(r"\bAS \w+", "", code(path))  # a result column may be called as it likes
    words = set(re.findall(r"(?<![@.\w])\w+_\w+|(?<=\.)[A-Z]\w*_\w+", used))
    assert {word for word in words if word.lower() in in_capitals and word not in spellings[word.lower()]} == set()
    variables = set(re.findall(r"@\w+", code(path))) - {"@Resource", "@LockMode", "@LockOwner", "@LockTimeout"}
    assert len({variable.lower() for variable in variables}) == len(variables)
    modules = {other.stem.lower(): other.stem for other in FILES if other.parent.name not in ("schema", "ops", "security")}
    called = {word for word in re.findall(r"dbo\.(\w+)", code(path)) if word.lower() in modules}
    assert {word for word in called if word != modules[word.lower()]} == set()


def test_a_deploy_knows_each_column_that_a_script_changes() -> None:
    """It looks beforehand whether something of the site's own stands on it."""
    from syncctl.db.deploy_columns import changes
    from syncctl.db.deploy_scripts import scripts

    for script in scripts("counterpoint"):
        if script.name.startswith("schema/"):
            written = len(re.findall(r"ALTER COLUMN", code(ROOT / script.name)))
            assert len(list(changes(script))) == written, script.name


def test_every_constraint_has_a_name() -> None:
    for path in [*(ROOT / "schema").glob("*.sql"), *ROOT.glob("erp/*/demo_schema.sql")]:
        text = code(path)
        for found in re.finditer(r"\bDEFAULT \(|\bPRIMARY KEY\b|\bUNIQUE \(|\bCHECK \(|\bREFERENCES\b", text):
            before = text[: found.start()].split()[-2:]
            assert before[0] == "CONSTRAINT", f"{path.name}: {' '.join(before)} {found.group()}"


def test_no_module_asks_what_there_is_in_the_database() -> None:
    """A login that may only execute sees no metadata of the tables: to it, nothing is there."""
    asks = re.compile(r"\b(?:OBJECT_ID|COL_LENGTH|(?:OBJECT|COLUMN|INDEX)PROPERTY)\b|\bsys\.(?!sp_)|INFORMATION_SCHEMA")
    modules = [path for path in FILES if path.name.startswith(("sp_", "fn_", "USER_V_"))]
    assert [path.stem for path in modules if asks.search(code(path))] == []


@pytest.mark.parametrize("role", ["syncctl_executor", "syncctl_operator"])
def test_each_role_may_execute_its_part_of_the_contract_and_nothing_else(role: str) -> None:
    text = (ROOT / f"security/{role}.sql").read_text("utf-8")
    granted = re.findall(rf"GRANT EXECUTE ON dbo\.(\w+) TO {role};", text)
    theirs = [procedure.name for procedure in PROCEDURES if procedure.by_operator == (role == "syncctl_operator")]
    assert sorted(granted) == sorted(theirs)
    assert set(re.findall(r"GRANT (\w+)", code(ROOT / f"security/{role}.sql"))) == {"EXECUTE"}


def test_what_is_the_operators_is_taken_from_the_executor() -> None:
    text = (ROOT / "security/syncctl_operator.sql").read_text("utf-8")
    revoked = re.findall(r"REVOKE EXECUTE ON dbo\.(\w+) FROM syncctl_executor;", text)
    assert sorted(revoked) == sorted(procedure.name for procedure in PROCEDURES if procedure.by_operator)
    assert "ALTER ROLE syncctl_executor ADD MEMBER syncctl_operator;" in text


def test_the_monitor_may_read_every_view_and_change_nothing() -> None:
    text = code(ROOT / "security/syncctl_monitor.sql")
    assert set(re.findall(r"GRANT (\w+)", text)) == {"SELECT"}
    assert {path.stem for path in (ROOT / "views").glob("*.sql")} <= set(re.findall(r"ON dbo\.(\w+) TO", text))


def test_a_go_inside_a_comment_or_a_string_separates_nothing() -> None:
    script = "SELECT 1;\nGO\n/*\nGO\n*/\nSELECT 'it''s\nGO\n' AS [a]]'\nGO\n];\n-- don't\nGO -- next\nSELECT 2;\n"
    batches = list(split(script))
    assert [(batch.number, batch.line) for batch in batches] == [(1, 1), (2, 3), (3, 13)]
    assert batches[2].text == "SELECT 2;\n"


def test_the_contract_in_the_readme_is_todays() -> None:
    from scripts.sql_readme import README, rewritten

    text = README.read_text(encoding="utf-8")
    assert rewritten(text) == text, "run: python scripts/sql_readme.py"
