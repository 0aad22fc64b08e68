"""Microsoft's T-SQL compiler on sql/: faults planted in a copy turn it red; what is allowed is allowed by name, with a reason."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from scripts import tsql_check
from scripts.tsql_check import ALLOWED, ROOT, Allowance, CannotRun, allowances, judged, main

SQL = ROOT / "sql"
FEW = (
    "FenceOutbox",
    "FencePod",
    "ListOpenOrders",
    "ListStoreOrders",
    "ListWalks",
    "RecordPodSuccess",
    "ReleaseOutbox",
    "ReleasePod",
)


def plant(folder: Path, file: str, old: str, new: str) -> None:
    """Put a mistake into the copy of a script."""
    path = next(folder.rglob(file))
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of sql/, where the compiler runs: the tables and few procedures. All of it is read by `scripts/dev.py tsql`."""
    if reason := tsql_check.not_here():
        pytest.skip(f"NOT RUN: Microsoft's T-SQL compiler. {reason}")
    copied = [*SQL.glob("schema/*.sql"), *(SQL / "procedures" / f"sp_{name}.sql" for name in FEW), SQL / ALLOWED]
    for path in (*copied, SQL / "ops" / "FIND_FAILED_ORDERS.sql"):
        place = tmp_path / "sql" / path.relative_to(SQL)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    return tmp_path / "sql"


def test_unknown_names_and_names_in_another_case_are_found(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The server's own names are folded by no case-sensitive database: a column, an alias, a procedure, a parameter of one."""
    plant(copy, "sp_ListStoreOrders.sql", "staged.WOO_CREATED_DT >= @SINCE_DT", "staged.WOO_CREATD_DT >= @SINCE_DT")
    plant(copy, "sp_ReleasePod.sql", "@ATTEMPT_NO = @ATTEMPT_NO", "@ATEMPT_NO = @ATTEMPT_NO")
    plant(copy, "FIND_FAILED_ORDERS.sql", "staged.STATE = 'CLAIMED' AND", "staged.STAT = 'CLAIMED' AND")
    plant(copy, "sp_ListWalks.sql", "ORDER BY", "ORDER BYE")
    plant(copy, "sp_ListStoreOrders.sql", "staged.WOO_CREATED_DT < @UNTIL_DT", "staged.Woo_Created_DT < @UNTIL_DT")
    plant(copy, "sp_ListOpenOrders.sql", "link.STAGING_ID > @AFTER_ID", "Link.STAGING_ID > @AFTER_ID")
    plant(copy, "sp_ReleaseOutbox.sql", "@WORKER_ID = @WORKER_ID", "@Worker_ID = @WORKER_ID")
    plant(copy, "sp_RecordPodSuccess.sql", "dbo.sp_FencePod", "dbo.sp_fencePod")

    assert main(["--sql", str(copy), "--versions", "130"]) == 1

    told = capsys.readouterr().out
    assert "WOO_CREATD_DT" in told and "[@ATEMPT_NO]" in told and "[STAT]" in told and "sp_ListWalks.sql" in told
    assert "sql/procedures/sp_ListWalks.sql:" in told and "SYNTAX" in told
    for name in ("[Woo_Created_DT]", "[Link]", "[sp_fencePod]", "[@Worker_ID]"):
        assert name in told
    assert ALLOWED not in told, "what is allowed can't be judged by half"


def test_a_value_that_is_cut_is_found_and_nothing_else(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "procedures" / "sp_ListOpenOrders.sql").unlink()  # it asks an ERP, and none is here
    plant(copy, "sp_ListWalks.sql", "SET XACT_ABORT ON;", "SET XACT_ABORT ON; DECLARE @SHORT varchar(5) = @STORE_ID;")

    assert main(["--sql", str(copy), "--versions", "130"]) == 1

    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("sql/") and ALLOWED not in line]
    assert len(told) == 1
    assert "/sp_ListWalks.sql:" in told[0] and "SR0014" in told[0] and "from VarChar(50) to VarChar(5)" in told[0]


def answer(*findings: tuple[str, int, str, str], ruled: bool = True) -> dict[str, Any]:
    return {"ruled": ruled, "findings": [dict(zip(("file", "line", "rule", "text"), found, strict=True)) for found in findings]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "procedures").mkdir()
    (tmp_path / "procedures" / "sp_A.sql").write_text("first\n    WHERE A = B\n    WHERE A = C\n", encoding="utf-8")
    return tmp_path


FOUND = ("procedures/sp_A.sql", 2, "SR0007", "A nullable column.")


def test_a_finding_is_allowed_by_file_rule_and_line_wherever_the_file_lies(folder: Path) -> None:
    allowed = [Allowance(1, "sp_A.sql", "SR0007 *", "WHERE A = B", "meant")]
    assert judged(folder, {130: answer(FOUND)}, allowed) == []
    elsewhere = ("procedures/sp_A.sql", 3, "SR0007", "A nullable column.")
    left = judged(folder, {130: answer(FOUND, elsewhere), 150: answer(FOUND, elsewhere)}, allowed)
    assert left == [f"{folder.name}/procedures/sp_A.sql:3: SR0007 A nullable column. [2016, 2019]\n    WHERE A = C"]


def test_what_is_allowed_and_fits_nothing_is_named(folder: Path) -> None:
    gone = Allowance(7, "sp_B.sql", "SR0007 *", "WHERE A = B", "meant")
    assert judged(folder, {130: answer()}, [gone]) == [
        f"{folder.name}/{ALLOWED}:7: fits no finding any more: sp_B.sql | SR0007 * | WHERE A = B"
    ]
    assert judged(folder, {130: answer(ruled=False)}, [gone]) == []


def test_brackets_in_a_line_stand_for_themselves() -> None:
    allowance = Allowance(1, "*", "MODEL *", "FROM [a-z] WHERE *", "meant")
    assert allowance.fits("x.sql", "MODEL Error", "FROM [a-z] WHERE 1 = 1")
    assert not allowance.fits("x.sql", "MODEL Error", "FROM b WHERE 1 = 1")


def test_each_line_has_a_reason(tmp_path: Path) -> None:
    (tmp_path / ALLOWED).write_text("# remark\n\n* | SR0007 * | A | B | the reason\n", encoding="utf-8")
    assert allowances(tmp_path / ALLOWED) == [Allowance(3, "*", "SR0007 *", "A | B", "the reason")]
    (tmp_path / ALLOWED).write_text("* | SR0007 * | A\n", encoding="utf-8")
    with pytest.raises(CannotRun, match=rf"{ALLOWED}:1: "):
        allowances(tmp_path / ALLOWED)
    assert len(allowances(SQL / ALLOWED)) > 10


def test_where_it_cannot_run_it_says_so_loudly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("== NOT RUN: Microsoft's T-SQL compiler on sql/. It runs on Linux x86-64")


def test_a_failed_installation_is_said_and_leaves_nothing_half_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tsql_check, "not_here", lambda: None)
    monkeypatch.setattr(tsql_check, "IMPORTED", (str(tmp_path / "no-such-package.whl"),))
    assert main(["--cache", str(tmp_path / "cache")]) == 2
    assert "the installation failed" in capsys.readouterr().err
    assert list((tmp_path / "cache").iterdir()) == []
