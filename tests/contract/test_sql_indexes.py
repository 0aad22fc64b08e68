"""Each T-SQL statement of a job finds its rows of a table that grows by an index's first column, or by what one is filtered on.

It looks at the text: how the server carries a statement out, only the server knows. The embedded engine's statements are
looked at by their plans (`tests/plans.py`).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.contract.test_sql_types import FILES, ROOT, code
from tests.plans import SEEN_BY_PEOPLE, SMALL

_TABLE = re.compile(r"CREATE TABLE (?:dbo\.)?\[?(\w+)\]?\s*\((.*?)\n\s*\);", re.DOTALL)
_INDEX = re.compile(r"CREATE (?:UNIQUE )?(?:NONCLUSTERED |CLUSTERED )?INDEX \w+\s+ON dbo\.\[?(\w+)\]? \((\w+)(.*?);", re.DOTALL)
_KEY = re.compile(r"(?:PRIMARY KEY|UNIQUE)(?: CLUSTERED| NONCLUSTERED)? \(\[?(\w+)")
_KEY_COLUMN = re.compile(r"^\s+\[?(\w+)\]? [^\n]*\b(?:PRIMARY KEY|UNIQUE)\b(?! \(| CLUSTERED \()", re.MULTILINE)
_ADDED_KEY = re.compile(
    r"ALTER TABLE dbo\.(\w+)\s+ADD CONSTRAINT \w+ (?:PRIMARY KEY|UNIQUE)(?: CLUSTERED| NONCLUSTERED)? \((\w+)"
)
_FILTER = re.compile(r"\bWHERE\s+(\w+)")
_READ = re.compile(r"\b(?:FROM|JOIN|APPLY) dbo\.\[?(\w+)\]?(?!\w*\()(?: AS (\w+))?")
_WRITTEN = re.compile(r"\b(?:UPDATE|DELETE FROM|DELETE) dbo\.\[?(\w+)\]?")
_COMPARED = r"\s*(?:=|<|>|<=|>=|IN|IS|LIKE|BETWEEN)(?![\w>])"
_LISTED = re.compile(r"\bSELECT\b(?:(?!\bSELECT\b|\bFROM\b).)*\bFROM\b|\bSET\b(?:(?!\bWHERE\b|\bFROM\b|\bOUTPUT\b).)*", re.DOTALL)
"""What a statement gives or sets: `STATE = staged.STATE` there asks for nothing."""


@cache
def indexes() -> dict[str, set[str]]:
    """Every table's columns by which rows are found: the first of each index, and what an index is filtered on."""
    found: dict[str, set[str]] = {}
    for path in sorted(ROOT.rglob("*.sql")):
        text = code(path)
        for table, body in _TABLE.findall(text):
            found.setdefault(table, set()).update(_KEY.findall(body), _KEY_COLUMN.findall(body))
        for table, column, rest in _INDEX.findall(text):
            found.setdefault(table, set()).update({column}, _FILTER.findall(rest))
        for table, column in _ADDED_KEY.findall(text):
            found.setdefault(table, set()).add(column)
    return found


def unfound(text: str) -> set[str]:
    """The tables that grow of which a statement of the script reads rows that no index finds."""
    known, missing = indexes(), set[str]()
    for statement in text.split(";"):
        asked = _LISTED.sub(" FROM ", statement)
        read = _READ.findall(statement) + [(table, "") for table in _WRITTEN.findall(statement)]
        for table, alias in read:
            if table not in known or table in SMALL:
                continue
            named = (rf"\b{alias}\." if alias else r"(?<![.\w@])") + rf"(?:{'|'.join(sorted(known[table]))})\b"
            if not re.search(rf"{named}{_COMPARED}|[=<>] {named}", asked):
                missing.add(table)
    return missing


NOT_A_JOBS = {
    "demo_schema": "makes a trial ERP",
    "sp_CheckDemoErp": "guards a trial ERP",
    "settings": "runs at a deploy",
    "fn_ErpAudit": "sp_AuditOrders",
    "fn_ErpUnlinkedDocuments": "RESTORE_SYNC_TABLES.sql",
}
"""Scripts that no job of every few minutes calls → who does."""
PROCEDURES = [path for path in FILES if path.parent.name != "ops" and path.stem not in SEEN_BY_PEOPLE.keys() | NOT_A_JOBS.keys()]
EXCEPTIONS = {
    "fn_CounterPointTaken": "only where the next number is taken already, to find a gap",
    "fn_DynamicsAllCustomers": "who reads it says which: the server takes that into the statement",
    "fn_DynamicsAllItems": "the same",
    "USER_V_ITEM_ALIAS": "the same",
    "USER_V_RUNS_TODAY": "a view for people",
    "fn_ErpNamesakes": "CUST_MATCH_NAME = Y: the vendor's tables have no index by name",
    "fn_ErpSettingFault": "the ERP's locations are named only where one that the site named is gone",
    "fn_ErpItems": "`item map` lists all of the ERP's items",
    "sp_FirstRowOf": "asks for the two ends of the primary key",
}
"""Script → why it may read tables from end to end."""


@pytest.mark.parametrize("path", PROCEDURES, ids=lambda path: path.stem)
def test_rows_of_a_table_that_grows_are_found_by_an_index(path: Path) -> None:
    assert path.stem in EXCEPTIONS or unfound(code(path)) == set()


def test_every_exception_is_one() -> None:
    assert {path.stem for path in PROCEDURES if unfound(code(path))} == EXCEPTIONS.keys()


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("SELECT staged.STATE FROM dbo.USER_ORDER_STAGING AS staged WHERE staged.STAGING_ID = @STAGING_ID;", set()),
        ("SELECT staged.STATE FROM dbo.USER_ORDER_STAGING AS staged WHERE staged.TKT_NO = @TKT_NO;", {"USER_ORDER_STAGING"}),
        ("SELECT STATE = staged.STATE FROM dbo.USER_ORDER_STAGING AS staged;", {"USER_ORDER_STAGING"}),
        ("SELECT 1 FROM @TAKEN AS taken INNER JOIN dbo.claims AS claim ON claim.id = taken.CLAIM_ID;", set()),
        ("UPDATE dbo.USER_STORE_OUTBOX SET STATE = '' WHERE ORDER_KEY = @ORDER_KEY;", {"USER_STORE_OUTBOX"}),
        ("UPDATE dbo.USER_STORE_OUTBOX SET ORDER_KEY = '' WHERE STATE = '';", set()),
        ("DELETE FROM dbo.USER_ORDER_EVENT WHERE MESSAGE LIKE @MESSAGE;", {"USER_ORDER_EVENT"}),
        ("SELECT setting.VALUE FROM dbo.USER_ERP_SETTING AS setting;", set()),
    ],
)
def test_the_check_finds_what_it_looks_for(statement: str, missing: set[str]) -> None:
    assert unfound(statement) == missing
