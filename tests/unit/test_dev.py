"""The script that works on a fresh machine: it must start on any Python 3, and install again only when it has to."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import dev

SCRIPT = Path(dev.__file__)


def test_it_can_be_read_by_a_python_that_is_too_old():
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))
    assert "from __future__ import annotations" not in SCRIPT.read_text(encoding="utf-8")


def test_it_imports_nothing_but_the_standard_library():
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    imported = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names)


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), ([], 0), (["tset"], 2)])
def test_it_tells_what_it_can_do(arguments: list[str], code: int):
    ended = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, encoding="utf-8", check=False)
    assert ended.returncode == code
    assert "scripts/dev.py demo" in ended.stdout


def test_an_installation_counts_for_one_pyproject_one_python_and_one_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert dev.fingerprint("dev") == f"{dev.fingerprint('')} dev"
    before = dev.fingerprint("")
    (tmp_path / "pyproject.toml").write_bytes((dev.ROOT / "pyproject.toml").read_bytes())
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    moved = dev.fingerprint("")
    (tmp_path / "pyproject.toml").write_text("changed", encoding="utf-8")
    assert len({before, moved, dev.fingerprint("")}) == 3


def test_trial_databases_go_into_memory_where_there_is_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(dev, "IN_MEMORY", tmp_path)
    monkeypatch.setattr(dev, "ROOM", 1)
    assert dev.fast_folder() == {"TMPDIR": str(tmp_path)}
    monkeypatch.setattr(dev, "ROOM", 1 << 80)
    assert dev.fast_folder() == {}
    monkeypatch.setattr(dev, "ROOM", 1)
    monkeypatch.setenv("TMPDIR", "/somewhere")
    assert dev.fast_folder() == {}
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(dev, "IN_MEMORY", tmp_path / "missing")
    assert dev.fast_folder() == {}


def test_the_ci_script_calls_it_and_can_be_run():
    script = SCRIPT.parent.parent / ".ci" / "run"
    assert "scripts/dev.py test" in script.read_text(encoding="utf-8")
    assert os.name == "nt" or os.access(script, os.X_OK)
