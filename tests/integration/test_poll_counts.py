"""What a poll costs: requests to the store and calls to the database, counted over the whole command."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncctl.cli.app import run_app
from syncctl.db.contract import Procedure
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from tests.raws import raw_order

ORDERS = 100
BATCH = 25


class Counts:
    """The command `stage`, and what its last run cost."""

    def __init__(self, store: SimulatedStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = store
        self.calls: Counter[str] = Counter()
        self._capsys = capsys
        run = EmbeddedDatabase.run

        def counted(database: EmbeddedDatabase, call: Procedure[Any]) -> list[Any]:
            self.calls[call.name] += 1
            return run(database, call)

        monkeypatch.setattr(EmbeddedDatabase, "run", counted)

    def stage(self, *options: str) -> dict[str, int]:
        self.calls.clear()
        self.store.requests.clear()
        assert run_app(["stage", "--json", *options]) == 0
        counts: dict[str, int] = json.loads(self._capsys.readouterr().out)["counts"]
        return counts

    @property
    def asked(self) -> Counter[str]:
        """The requests of the last run, by what they asked for."""
        kinds = Counter[str]()
        for _, path, _ in self.store.requests:
            kinds["refunds" if "/refunds" in path else "trash" if "status=trash" in path else "orders"] += 1
        return kinds


@pytest.fixture
def counts(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Counts]:
    with SimulatedStore() as store:
        monkeypatch.chdir(tmp_path)
        settings = {
            "DATABASE": "sqlite:///shop.db",
            "WOO_URL": store.url,
            "WOO_CONSUMER_KEY": store.key,
            "WOO_CONSUMER_SECRET": store.secret,
            "LOG_DIR": str(tmp_path / "logs"),
            "LOCK_DIR": str(tmp_path / "locks"),
            "ORDER_POLLING_BATCH_SIZE": str(BATCH),
            "ORDER_POLLING_LOOKBACK_MINUTES": "1440",
        }
        for name, value in settings.items():
            monkeypatch.setenv(f"SYNCCTL_{name}", value)
        yield Counts(store, capsys, monkeypatch)


def fill(store: SimulatedStore, *, refunded: int = 0) -> None:
    at = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    dates = {"date_created_gmt": at, "date_modified_gmt": at}
    store.load(raw_order(id=number, number=str(number), **dates) for number in range(1, ORDERS + 1))
    for number in range(1, refunded + 1):
        store.shopkeeper.refund_amount(number, "1.00")
        store.state.order(number).update(dates)


def test_an_empty_poll_asks_once_a_list_and_begins_and_ends_with_a_call_each(counts: Counts) -> None:
    counts.stage()
    assert counts.stage()["polled"] == 0
    assert counts.asked == {"trash": 1, "orders": 1}
    assert counts.calls == {"sp_StartPoll": 1, "sp_FinishPoll": 1, **known_version(counts)}


def test_a_poll_without_a_change_looks_each_page_up_and_no_more(counts: Counts) -> None:
    fill(counts.store, refunded=10)
    counts.stage()
    assert counts.stage()["unchanged"] == ORDERS
    assert counts.asked == {"trash": 1, "orders": 5}, "the row in common makes one page more"
    assert counts.calls == {"sp_StartPoll": 1, "sp_ListKnownOrders": 4, "sp_FinishPoll": 1, **known_version(counts)}


def test_refunds_are_asked_for_once_and_only_where_an_order_changed(counts: Counts) -> None:
    fill(counts.store, refunded=10)
    assert counts.stage()["staged"] == ORDERS
    assert counts.asked == {"trash": 1, "orders": 6, "refunds": 1}, "those of a page together; the store's time, too"
    assert counts.calls["sp_StageOrders"] == counts.calls["sp_ListKnownOrders"] == 4
    counts.store.shopkeeper.change_quantity(3, 2)
    assert counts.stage()["restaged"] == 1
    assert counts.asked == {"trash": 1, "orders": 5, "refunds": 1}
    assert counts.calls["sp_StageOrders"] == 1


def known_version(counts: Counts) -> dict[str, int]:
    """The question for the tables' version, which every command begins with."""
    return {name: count for name, count in counts.calls.items() if name == "sp_GetSchemaVersion"}
