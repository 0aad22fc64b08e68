"""A day of `scripts/month.py`, by a clock that is moved: everybody is told of everything, once, and health tells the truth."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from scripts.month import live
from scripts.month_findings import findings, unchecked
from scripts.month_world import month
from scripts.runs import print_findings


def test_everybody_is_told_of_everything_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    options = argparse.Namespace(days=1, orders=12, odd=6, seed=1, before=0)
    with month(options, tmp_path) as made:
        live(made)
        assert {name: said for name, said in findings(made).items() if said} == {}
        assert {each.what for each in made.heard} >= {"opened", "recovered"}
        assert made.told_truth == 24
        assert made.owed > 0
        # Of a day nothing is said of growth, and that is said.
        capsys.readouterr()
        assert print_findings(findings(made), unchecked=unchecked(made)) == 0
        assert "not checked  tables stay at their size: it takes 10 days or more, these were 1" in capsys.readouterr().out
        # What breaks a promise is seen.
        made.heard.append(next(each for each in made.heard if each.what == "opened" and each.incident))
        assert findings(made)["nobody was told twice of one incident"]
        heard, made.heard = made.heard, [each for each in made.heard if each.title != "Orders need a person"]
        assert len(findings(made)["nobody was not told of an order that needs a person"]) == made.owed
        made.heard = [each for each in heard if each.title != "The store can't be used"]
        broken = findings(made)
        assert len(broken["nobody was not told of an outage"]) == 2
        assert broken["each recovery was told once"]
