"""The bugs that `scripts/plant_bugs.py` plants still fit the tree; that the tests notice them is shown by running it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts import plant_bugs
from scripts.plant_bugs import BUGS, Bug, Edit, NoLongerFits, planted


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_every_bug_still_fits_and_its_tests_are_there(bug: Bug) -> None:
    for path, text in planted(plant_bugs.ROOT, bug).items():
        assert text != path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            compile(text, str(path), "exec")
    for test in bug.tests:
        assert (plant_bugs.ROOT / test).is_file()
    text = "".join((plant_bugs.ROOT / test).read_text(encoding="utf-8") for test in bug.tests)
    words = set(re.findall(r"\w{3,}", bug.only)) - {"and", "not", "embedded"}
    assert not words or any(word in text for word in words), "its -k selects nothing"


def test_there_are_many_and_each_is_another() -> None:
    assert len(BUGS) >= 12
    assert len({bug.name for bug in BUGS}) == len({bug.edits for bug in BUGS}) == len(BUGS)


@pytest.mark.parametrize("text", ["nothing of the kind", "twice twice"])
def test_a_text_that_is_not_there_exactly_once_is_said_loudly(tmp_path: Path, text: str) -> None:
    (tmp_path / "module.py").write_text(text, encoding="utf-8")
    with pytest.raises(NoLongerFits, match=r"a slip: module\.py has this text (0|2) times, not once"):
        planted(tmp_path, Bug("a slip", (Edit("module.py", "twice", "once"),), ()))


def test_the_list_names_them_and_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert plant_bugs.main(["--list", "fence"]) == 0
    assert capsys.readouterr().out.count("fence") == 2
    assert plant_bugs.main(["--list", "no such bug"]) == 2
