"""`scripts/load_test.py`, small: a load is done once, what breaks a promise is seen, and the store misbehaves as asked."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from scripts.load_checks import Before, check
from scripts.load_faults import KINDS, ByChance
from scripts.load_test import run
from scripts.load_workers import Load
from syncctl.db.connect import open_database
from syncctl.demo.store import SimulatedStore


def test_a_load_is_done_once_and_what_is_told_twice_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load = Load(
        orders=3,
        processes=1,
        faults=0,
        url=f"sqlite:///{(tmp_path / 'load.db').as_posix()}",
        erp="counterpoint",
        folder=tmp_path,
        seed=1,
        kills=0,
        kill_every=1,
        lease_seconds=60,
        limit_minutes=2,
    )
    with SimulatedStore() as shop:
        assert run(load, shop, row=True) == 0
        told = capsys.readouterr().out
        assert "kept    the store told of each order, once" in told
        assert "a call: an order into the ERP" in told
        assert "| 3 | counterpoint | 1 | 0 % | 0 | 0 |" in told
        raws = list(shop.state.orders.values())
        shop.state.notes[raws[0]["id"]] *= 2
        with closing(open_database(load.url)) as database:
            broken = check(load, database, Before(documents=1, numbers={"DOC_ID": 0, "TKT_NO": 0}, on_order={}), raws[1:], shop)
            doubled = check(load, database, Before(documents=0, numbers={"DOC_ID": 0, "TKT_NO": 0}, on_order={}), raws[:1], shop)
    assert broken["one document for each order"]
    assert broken["stock on order is what was sold"]
    assert doubled["the store told of each order, once"] == [f"order {raws[0]['id']} has 2 notes in the store"]


def test_so_many_of_all_requests_go_wrong_in_each_way() -> None:
    faults = ByChance(share=0.25, seed=1)
    hit = [fault for _ in range(4000) if (fault := faults.take("GET", "/orders"))]
    assert len(hit) == faults.happened == sum(faults.kinds.values()) == pytest.approx(1000, rel=0.1)
    assert set(faults.kinds) == {name for name, _ in KINDS}
    faults.share = 0
    assert faults.take("GET", "/orders") is None
