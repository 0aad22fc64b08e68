"""A day of `scripts/month.py`, by a clock that is moved: everybody is told of everything, once, and health tells the truth."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from scripts.month import findings, live, month


def test_everybody_is_told_of_everything_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    options = argparse.Namespace(days=1, orders=12, odd=6, seed=1, before=0)
    with month(options, tmp_path) as made:
        live(made)
        assert {name: said for name, said in findings(made).items() if said} == {}
        assert {each.what for each in made.heard} >= {"opened", "recovered"}
        assert made.told_truth == 24
        # What breaks a promise is seen.
        made.heard.append(next(each for each in made.heard if each.what == "opened" and each.incident))
        assert findings(made)["nobody was told twice of one incident"]
        made.heard = [each for each in made.heard if each.title != "The store can't be used"]
        broken = findings(made)
        assert len(broken["nobody was not told of an outage"]) == 2
        assert broken["each recovery was told once"]
