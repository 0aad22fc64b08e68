"""The database or the store goes away in mid-run: the run stops early, says so, and burns no attempt of what was never tried."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import CountStates, Database, Procedure
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.errors import DatabaseUnavailable, PermanentError, StoreMisconfigured, StoreUnavailable, TransientError
from syncctl.retry import CircuitBreaker
from syncctl.services.process import ProcessOptions, ProcessResult
from syncctl.services.run_context import RunContext
from syncctl.services.validate import Rules
from syncctl.services.workers import process
from tests.acceptance.program import Program
from tests.crash.conftest import Shop
from tests.faults import Failing, FaultyDatabase
from tests.nobody import gone
from tests.orders import order, stage
from tests.raws import raw_order

DOWN = DatabaseUnavailable("SQL01 does not answer", code="08001")


@pytest.fixture
def url(empty_embedded: str) -> str:
    return empty_embedded


def run(shop: Shop, *, fault: Callable[[Procedure[Any]], Exception | None] = lambda _: None, **options: Any) -> ProcessResult:
    """One `process` run with that fault in front of the database."""

    def connect() -> Database:
        return FaultyDatabase(EmbeddedDatabase(Path(shop.url.removeprefix("sqlite:///")), clock=shop.clock), before=fault)

    workers = options.pop("workers", 1)
    chosen = ProcessOptions(rules=Rules(), **options)
    context = RunContext(run_id="run", clock=shop.clock, sleeper=shop.clock.sleep)
    return process(connect, shop.client, chosen, context, workers=workers)


def messages(shop: Shop) -> list[tuple[str, int]]:
    return [(row["STATE"], row["ATTEMPT_NO"]) for row in shop.rows("SELECT * FROM dbo.USER_STORE_OUTBOX ORDER BY OUTBOX_ID")]


def states(shop: Shop) -> dict[str, int]:
    return {row.state: row.orders for row in shop.database.run(CountStates()) if row.orders}


class GoesAway:
    """The database stops answering from the `number`-th call of a procedure on."""

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.left = number
        self.gone = False

    def __call__(self, call: Procedure[Any]) -> Exception | None:
        if call.name == self.name:
            self.left -= 1
            self.gone = self.gone or self.left == 0
        return DOWN if self.gone else None


@pytest.mark.parametrize("at", ["sp_ClaimStagedOrders", "sp_ProcessStagedOrder", "sp_ClaimOutbox"])
def test_the_database_goes_away_in_mid_run(shop: Shop, at: str) -> None:
    stage(shop.database, *(order(number) for number in range(1, 9)))
    result = run(shop, fault=GoesAway(at, 3), batch=1)
    assert result.ended_by is DOWN
    assert result.counts["created"] == 2, "what was done is in the report"
    attempts = [row["ATTEMPT_NO"] for row in shop.rows("SELECT ATTEMPT_NO FROM dbo.USER_ORDER_STAGING ORDER BY STAGING_ID")]
    tried = 2 + (at == "sp_ProcessStagedOrder")
    assert attempts == [1] * tried + [0] * (8 - tried)
    shop.catch_up()
    assert states(shop) == {"APPLIED": 8}
    assert shop.on_order() == {"TEE-BLK": Decimal(8)}


def test_what_a_lost_database_leaves_claimed_comes_back_without_a_lost_attempt(shop: Shop) -> None:
    stage(shop.database, *(order(number) for number in range(1, 9)))
    result = run(shop, fault=GoesAway("sp_ProcessStagedOrder", 3))
    assert (result.ended_by, result.counts["created"], result.counts["claimed"]) == (DOWN, 2, 8)
    assert states(shop) == {"APPLIED": 2, "CLAIMED": 6}
    shop.catch_up()
    rows = shop.rows("SELECT STATE, ATTEMPT_NO FROM dbo.USER_ORDER_STAGING ORDER BY STAGING_ID")
    assert [tuple(row) for row in rows] == [("APPLIED", 1)] * 2 + [("APPLIED", 2)] + [("APPLIED", 1)] * 5


def test_several_workers_stop_together_when_the_database_goes_away(shop: Shop) -> None:
    stage(shop.database, *(order(number) for number in range(1, 31)))
    result = run(shop, fault=GoesAway("sp_ClaimStagedOrders", 6), workers=4, batch=1)
    assert result.ended_by is DOWN
    untried = shop.rows("SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING WHERE ATTEMPT_NO = 0 AND STATE = 'PENDING'")
    assert len(untried) >= 30 - 5


def test_a_database_that_is_too_busy_to_claim_ends_the_run_as_down(shop: Shop) -> None:
    stage(shop.database, order(1))
    busy = TransientError("another process holds it", error_class="lock_timeout")
    assert run(shop, fault=Failing("sp_ClaimStagedOrders", busy, times=2)).counts["created"] == 1
    stage(shop.database, order(2))
    assert run(shop, fault=Failing("sp_ClaimStagedOrders", busy, times=99)).ended_by is busy
    assert states(shop) == {"APPLIED": 1, "PENDING": 1}


def test_a_message_that_cannot_be_claimed_does_not_end_the_run(shop: Shop) -> None:
    stage(shop.database, order(1), order(2))
    deadlock = TransientError("deadlock victim", code=1205, error_class="deadlock")
    result = run(shop, fault=Failing("sp_ClaimOutbox", deadlock, times=1))
    assert [(each.outcome, each.store) for each in result.orders] == [("created", "dropped")] * 2, "tried again"


def test_messages_that_can_never_be_claimed_hold_up_no_order(shop: Shop) -> None:
    stage(shop.database, order(1), order(2))
    result = run(shop, fault=Failing("sp_ClaimOutbox", PermanentError("a row that can't be read"), times=99))
    assert [(each.outcome, each.store) for each in result.orders] == [("created", "waiting")] * 2


def test_a_failure_that_cannot_be_noted_does_not_end_the_run(shop: Shop) -> None:
    stage(shop.database, order(1), order(2), order(3))

    def fault(call: Procedure[Any]) -> Exception | None:
        if getattr(call, "staging_id", None) != 2:
            return None
        refused = {"sp_ProcessStagedOrder": ValueError("poison"), "sp_FailStagedOrder": PermanentError("and worse")}
        return refused.get(call.name)

    result = run(shop, fault=fault)
    assert (result.counts["created"], result.counts["failed"]) == (2, 1)
    assert shop.order(2).state == "CLAIMED"
    shop.catch_up()
    assert states(shop) == {"APPLIED": 3}


def test_the_store_is_down_orders_enter_the_erp_and_messages_keep_their_attempts(shop: Shop) -> None:
    stage(shop.database, *(order(number) for number in range(1, 9)))
    gone(shop.store)
    result = run(shop)
    assert isinstance(result.store_down, StoreUnavailable)
    assert result.counts["created"] == 8
    assert {item.store for item in result.orders} == {"waiting"}
    assert messages(shop) == [("PENDING", 0)] * 8


def test_wrong_keys_stop_the_messages_at_once_and_burn_no_attempt(shop: Shop) -> None:
    numbers = [shop.store.shopkeeper.place(raw_order()) for _ in range(4)]
    shop.stage()
    asked = len(shop.store.requests)
    shop.store.fail("status", status=401, times=99)
    result = run(shop)
    assert isinstance(result.store_down, StoreMisconfigured)
    assert result.counts["created"] == 4
    assert result.counts["write_back_pending"] == 4
    assert messages(shop) == [("PENDING", 0)] * 4
    assert len(shop.store.requests) - asked <= 3, "the store was asked again and again with keys that it denies"
    retried = shop.catch_up("failed")
    assert isinstance(retried.store_down, StoreMisconfigured)
    assert messages(shop) == [("PENDING", 0)] * 4
    shop.store.faults.clear()
    shop.catch_up()
    assert [state for state, _ in messages(shop)] == ["DONE"] * 4
    assert [shop.notes(number) for number in numbers] == [1] * 4


def test_a_breaker_opens_for_good() -> None:
    breaker = CircuitBreaker("store", 2)
    first, second, late = (StoreUnavailable(text) for text in ("first", "second", "late"))
    breaker.failed(first)
    breaker.answered()
    breaker.failed(first)
    assert not breaker.open
    breaker.failed(second)
    breaker.answered()
    breaker.failed(late)
    assert (breaker.open, breaker.last_error) == (True, second)


@pytest.fixture
def syncctl(shop: Shop, tmp_path: Path) -> Program:
    program = Program(tmp_path)
    program.connect_to(shop.store)
    stage(shop.database, *(order(number) for number in range(1, 5)))
    return program


def test_the_program_says_in_one_line_that_the_store_is_down(syncctl: Program, shop: Shop) -> None:
    gone(shop.store)
    ended = syncctl("process", "--quiet")
    assert ended.code == 69
    assert len(ended.err.splitlines()) == 1
    assert shop.store.url in ended.err
    assert states(shop) == {"APPLIED": 4}


def test_the_program_says_in_one_line_that_the_keys_are_wrong(syncctl: Program, shop: Shop) -> None:
    syncctl.settings["SYNCCTL_WOO_CONSUMER_SECRET"] = "cs_wrong"
    for command in ("process", "retry-failed"):
        ended = syncctl(command, "--quiet")
        assert ended.code == 78, ended.err
        assert len(ended.err.splitlines()) == 1
        assert f"{shop.store.url} denies" in ended.err
    assert messages(shop) == [("PENDING", 0)] * 4


def test_max_retries_stay_on_no_order(syncctl: Program, shop: Shop) -> None:
    syncctl.settings["SYNCCTL_MAX_RETRIES"] = "7"
    assert syncctl("process", "--limit", "1").code == 0
    assert syncctl("process", "--limit", "1", "--max-retries", "5").code == 0
    kept = shop.rows("SELECT MAX_ATTEMPTS FROM dbo.USER_ORDER_STAGING ORDER BY STAGING_ID")
    assert [row["MAX_ATTEMPTS"] for row in kept] == [None] * 4


def test_the_program_says_in_one_line_that_the_database_went_away(syncctl: Program, shop: Shop, tmp_path: Path) -> None:
    syncctl.settings |= {"SYNCCTL_DATABASE_QUERY_TIMEOUT": "1", "SYNCCTL_BREAKER_THRESHOLD": "1"}
    holder = sqlite3.connect(tmp_path / "shop.db", isolation_level=None, check_same_thread=False)

    def take_it_away(_method: str, path: str, _query: dict[str, str]) -> None:
        if path.endswith("/orders/1") and not holder.in_transaction:
            holder.execute("BEGIN IMMEDIATE")

    shop.store.before_request = take_it_away
    told = syncctl("process", "--json").json
    holder.execute("ROLLBACK")
    holder.close()
    assert (told["exit_code"], told["status"]) == (69, "unavailable")
    assert told["counts"]["created"] == 4
    [error] = told["errors"]
    assert "shop.db" in error["message"]
    assert states(shop) == {"APPLIED": 4}
    assert messages(shop) == [("CLAIMED", 1)] * 4, "they come back when their lease ends"
