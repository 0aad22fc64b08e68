"""A run that is asked to stop finishes what is in hand and leaves the rest as it was; asked twice, it ends at once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from syncctl.db.contract import Procedure
from syncctl.demo.carriers import SimulatedCarriers
from syncctl.services.process import BATCH, ProcessOptions
from syncctl.services.run_context import RunContext
from syncctl.services.validate import Rules
from syncctl.services.workers import process
from syncctl.stop import Stop
from tests.clocks import PATIENCE
from tests.crash.conftest import Shop
from tests.crash.hosts import NOTES, ORDERS, Held, Site, ask_to_stop, ended, eventually, running
from tests.faults import FaultyDatabase
from tests.orders import order, stage

needs_posix = pytest.mark.skipif(os.name == "nt", reason="Windows can't send SIGTERM or SIGINT to one process; see CTRL_BREAK")
needs_windows = pytest.mark.skipif(os.name != "nt", reason="CTRL_BREAK exists on Windows alone; SIGTERM has the same handler")


@needs_posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_in_hand_is_finished_and_the_rest_given_back(site: Site, number: signal.Signals, code: int, workers: int) -> None:
    orders = site.stage(BATCH + 8)
    held = Held(site.store, NOTES, every=True)
    with running(site.host(), "process", "--workers", str(workers), "--json", held=held) as process:
        ask_to_stop(process, number)
        held.go.set()
        told = ended(process).json
    assert (process.returncode, told["status"]) == (code, "stopped")
    states = site.states()
    done = states.count(("APPLIED", 1))
    assert 1 <= done < len(orders)
    assert states.count(("PENDING", 0)) == len(orders) - done, "no attempt is burnt, no lease is left"
    assert told["counts"]["created"] == done
    in_hand = int(held.first.split("/")[-2])
    assert site.notes([in_hand]) == [1], "what was under way to the store came to its end, too"
    assert site.rows("SELECT EXIT_CODE FROM dbo.USER_SYNC_LOG WHERE OPERATION_TYPE = 'process'") == [[code]]
    site.host()("process")
    site.host()("retry-failed")
    assert site.states() == [("APPLIED", 1)] * len(orders)
    assert site.notes(orders) == [1] * len(orders)


@needs_windows
def test_ctrl_break_stops_a_run_on_windows(site: Site) -> None:
    site.stage(3)
    held = Held(site.store, NOTES)
    group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    with running(site.host(), "process", "--json", held=held, creationflags=group) as process:
        ask_to_stop(process, getattr(signal, "CTRL_BREAK_EVENT", 0))
        held.go.set()
        assert ended(process).json["status"] == "stopped"
    assert process.returncode == 143
    assert site.states() == [("APPLIED", 1)] * 3


@needs_posix
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_run_at_once_and_the_next_one_finishes(site: Site, second: signal.Signals) -> None:
    orders = site.stage(2)
    held = Held(site.store, NOTES)
    with running(site.host(), "process", held=held) as process:
        ask_to_stop(process)
        process.send_signal(second)
        code = process.wait(timeout=PATIENCE)  # the store still holds its answer back
    assert code == (143 if second == signal.SIGTERM else 130)
    assert site.states() == [("APPLIED", 1)] * 2
    assert ["CLAIMED"] in site.rows("SELECT STATE FROM dbo.USER_STORE_OUTBOX")
    site.rows("UPDATE dbo.USER_STORE_OUTBOX SET LEASE_UNTIL_DT = ?", datetime(2026, 1, 1, tzinfo=UTC))  # time goes by
    assert site.host()("retry-failed").code == 0
    assert site.host()("process").code == 0
    assert site.states() == [("APPLIED", 1)] * 2
    assert site.notes(orders) == [1, 1]


@needs_posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_one_signal_ends_a_poll_whose_store_says_nothing(site: Site, number: signal.Signals, code: int) -> None:
    site.place(1)
    held = Held(site.store, ORDERS, every=True)
    with running(site.host(), "stage", "--since", "1h", "--json", held=held) as process:
        ask_to_stop(process, number)
        told = ended(process).json  # the store still holds its answer back
    assert (process.returncode, told["status"]) == (code, "stopped")
    assert "asked to stop" in told["errors"][0]["message"]
    assert site.rows("SELECT EXIT_CODE FROM dbo.USER_SYNC_LOG WHERE OPERATION_TYPE = 'stage'") == [[code]]
    assert site.host()("stage", "--since", "1h", "--json").json["counts"]["staged"] == 1


@needs_posix
def test_a_comparison_stops_between_the_orders_that_it_asks_for(site: Site) -> None:
    orders = site.stage(6)
    for order_id in orders[4:]:
        site.store.shopkeeper.delete(order_id)
    held = Held(site.store, r"/orders/\d+$")
    with running(site.host(), "stage", "--reconcile", "--batch-size", "2", "--json", held=held) as process:
        ask_to_stop(process)
        held.go.set()
        told = ended(process).json
    assert (process.returncode, told["status"]) == (143, "stopped")
    assert site.states()[5] == ("PENDING", 0)
    assert any("per_page=2" in target for _, target, _ in site.store.requests)
    assert site.host()("stage", "--reconcile", "--json").json["counts"]["errors"] == 0
    assert [state for state, _ in site.states()] == ["PENDING"] * 4 + ["SKIPPED"] * 2


@needs_posix
def test_one_signal_ends_a_run_whose_store_says_nothing_and_no_message_is_to_blame(site: Site) -> None:
    orders = site.stage(2)
    held = Held(site.store, NOTES)
    with running(site.host(), "process", "--json", held=held) as process:
        ask_to_stop(process)
        told = ended(process).json  # the store still holds its answer back
    assert (process.returncode, told["status"]) == (143, "stopped")
    assert site.states() == [("APPLIED", 1)] * 2
    assert site.rows("SELECT DISTINCT STATE, ATTEMPT_NO FROM dbo.USER_STORE_OUTBOX") == [["PENDING", 0]]
    assert site.host()("retry-failed").code == 0
    assert site.host()("process").code == 0
    assert site.notes(orders) == [1, 1]


@needs_posix
def test_one_signal_ends_a_fetch_whose_carrier_says_nothing(site: Site, tmp_path: Path) -> None:
    host = site.host()
    with SimulatedCarriers() as carriers:
        carriers.simulation.scripts["XN1"] = ["timeout", "document"]
        carriers.simulation.hang = 2 * PATIENCE
        carriers.describe(tmp_path / "carriers", "acme")
        host.settings.update(SYNCCTL_POD_CARRIER_DIR=str(tmp_path / "carriers"), SYNCCTL_POD_DIR=str(tmp_path / "pods"))
        for number in ("XN1", "XN2"):
            assert host("pod", "add", f"CLM-{number}", "--carrier", "acme", "--tracking", number).code == 0
        with host.start("pod-fetch", "--json") as process:
            eventually(lambda: carriers.simulation.asked("acme") == 1)
            ask_to_stop(process)
            told = ended(process).json  # the carrier still holds its answer back
        assert (process.returncode, told["status"], told["items"]) == (143, "stopped", [])
        found = host("pod", "list", "--json").json["items"]
        assert [(item["standing"], item["pod_retry_count"], item["pod_error"]) for item in found] == [("due", 0, None)] * 2
        assert host("pod-fetch", "--json").json["counts"]["success"] == 2


def test_max_runtime_ends_a_run_in_good_order(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.stage(BATCH + 3)
    passed = [0.0]
    monkeypatch.setattr("syncctl.stop.time", SimpleNamespace(monotonic=lambda: passed[0]))

    def an_hour_goes_by(_method: str, path: str, _query: dict[str, str]) -> None:
        if re.search(NOTES, path):
            passed[0] = 3600.0

    site.store.before_request = an_hour_goes_by
    told = site.host()("process", "--max-runtime", "1h", "--json").json
    assert (told["exit_code"], told["status"], told["stopped"]) == (0, "ok", True)
    assert site.states() == [("APPLIED", 1)] * BATCH + [("PENDING", 0)] * 3
    assert told["counts"]["created"] == BATCH


def test_an_order_claimed_when_the_stop_comes_is_given_back(shop: Shop) -> None:
    stage(shop.database, order(1), order(2))
    stop = Stop()

    def after(call: Procedure[Any]) -> None:
        if call.name == "sp_ClaimStagedOrders":
            stop.set(143)

    result = process(
        lambda: FaultyDatabase(shop.connect(), after=after),
        None,
        ProcessOptions(rules=Rules()),
        RunContext(run_id="run", stop=stop),
    )
    assert (result.stopped, result.orders) == (True, [])
    assert [(shop.order(number).state, shop.order(number).attempt_no) for number in (1, 2)] == [("PENDING", 0)] * 2
    released = shop.rows("SELECT MESSAGE FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'RELEASED'")
    assert [row["MESSAGE"] for row in released] == ["the run was stopped"] * 2
