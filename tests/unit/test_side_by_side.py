"""Several workers share the tests: those of the one T-SQL database still run one by one, and what is left out is said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import named_sqlserver

ROOT = Path(__file__).resolve().parents[2]

TESTS = """
import os
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("engine", ["embedded", pytest.param("server", marks=pytest.mark.sqlserver)])
def test(engine, number):
    with Path(engine).open("a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + " ")
"""


def run(folder: Path, connection_string: str, *, workers: int) -> tuple[subprocess.CompletedProcess[str], dict[str, set[str]]]:
    """Run eight tests for each engine with this suite's conftest; return what was said, and which workers ran which engine's."""
    (folder / "conftest.py").write_text("from tests.conftest import *\n", encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = sqlserver\nfilterwarnings = error\n", encoding="utf-8")
    (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), named_sqlserver.VARIABLE: connection_string}
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "-p", "no:cacheprovider"]
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )
    found = {file.name: set(file.read_text(encoding="utf-8").split()) for file in folder.glob("*e*e*") if not file.suffix}
    return ended, found


def test_one_worker_has_all_tests_of_the_one_server(tmp_path: Path) -> None:
    ended, workers = run(tmp_path, "SERVER=nowhere", workers=2)
    assert ended.stdout.splitlines()[-1].startswith("16 passed in "), ended.stdout + ended.stderr
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(workers["server"]) == 1
    assert workers["embedded"] <= {"gw0", "gw1"}


@pytest.mark.skipif(named_sqlserver.FILE.exists(), reason="NOT tested here, because a file names a server: nothing is left out")
def test_what_does_not_run_for_want_of_a_server_is_said_before_the_closing_line(tmp_path: Path) -> None:
    ended, workers = run(tmp_path, "", workers=1)
    said, closing = ended.stdout.splitlines()[-2:]
    assert said == f"SQL SERVER HALF OF THE CONTRACT SUITE DID NOT RUN: {named_sqlserver.NOT_NAMED}"
    assert closing.startswith("8 passed, 8 skipped in ")
    assert workers.keys() == {"embedded"}
