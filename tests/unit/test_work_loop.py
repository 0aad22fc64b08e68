"""The one work loop: whom a failure concerns, and what a result holds whatever ends the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from syncctl.errors import ConfigError, LeaseLost, PermanentError, StoreMisconfigured, StoreUnavailable, SyncError, TransientError
from syncctl.services.run_context import Breakers, RunContext
from syncctl.services.work_loop import Concern, Result, blame, work_off
from syncctl.stop import Stop
from tests.clocks import MovableClock

DOWN = StoreUnavailable("the store can't answer (HTTP 503)", code=503)
DENIED = StoreMisconfigured("the store denies it (HTTP 403)", code=403)
DEADLOCK = TransientError("deadlock victim", code=1205, error_class="deadlock")


def _fine(_: object) -> None:
    """Answer, when asked."""


@dataclass
class Rows:
    """Numbers to work off; `troubles` says what doing each raises, the first time or always."""

    numbers: list[int]
    troubles: dict[int, Exception] = field(default_factory=dict)
    ask_raises: Callable[[SyncError], None] = _fine
    fail_raises: list[Exception] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    released: list[int] = field(default_factory=list)
    batches: list[list[str]] = field(default_factory=list)

    def claim(self, limit: int) -> Sequence[int]:
        taken, self.numbers = self.numbers[:limit], self.numbers[limit:]
        return taken

    def next_due(self) -> float | None:
        return None

    def key(self, item: int) -> int:
        return item

    def do(self, item: int) -> str:
        if item in self.troubles:
            raise self.troubles[item]
        self.done.append(item)
        return f"done {item}"

    def fail(self, item: int, error: SyncError) -> str:
        if self.fail_raises:
            raise self.fail_raises.pop()
        self.failed[item] = str(error)
        return f"failed {item}"

    def lose(self, item: int, error: SyncError) -> str:
        return f"{'lost' if isinstance(error, LeaseLost) else 'unnoted'} {item}"

    def release(self, item: int, reason: str) -> None:
        assert reason
        self.released.append(item)
        self.numbers = sorted([item, *self.numbers])

    def ask(self, error: SyncError) -> None:
        self.ask_raises(error)

    def finish(self, rows: Sequence[str]) -> None:
        self.batches.append(list(rows))


def run(rows: Rows, *, batch: int = 1, stop: Stop | None = None) -> tuple[Result[str], MovableClock]:
    clock = MovableClock()
    result: Result[str] = Result()
    context = RunContext(run_id="run", stop=stop or Stop(), clock=clock, sleeper=clock.sleep, breakers=Breakers(3))
    work_off(rows, result, context, batch=batch)
    return result, clock


def raises(error: Exception) -> Callable[[SyncError], None]:
    def ask(_: SyncError) -> None:
        raise error

    return ask


@pytest.mark.parametrize(
    ("error", "answer", "concern"),
    [
        (PermanentError("no item"), raises(DOWN), Concern.ROW),
        (SyncError("ValueError: odd"), raises(DOWN), Concern.ROW),
        (DEADLOCK, raises(DOWN), Concern.ROW),
        (DOWN, _fine, Concern.ROW),
        (DENIED, _fine, Concern.ROW),
        (DOWN, raises(DOWN), Concern.SYSTEM),
        (DENIED, raises(DOWN), Concern.SYSTEM),
        (DENIED, raises(DENIED), Concern.SETUP),
        (DOWN, raises(DENIED), Concern.SETUP),
        (ConfigError("EXECUTE denied"), _fine, Concern.SETUP),
        (LeaseLost("another's"), _fine, Concern.LOST),
    ],
)
def test_an_answer_about_one_row_is_no_answer_about_the_whole(
    error: SyncError, answer: Callable[[SyncError], None], concern: Concern
) -> None:
    assert blame(error, answer, Stop()).concern is concern


def test_after_a_stop_silence_is_nobodys_fault() -> None:
    stop = Stop()
    stop.set()
    assert blame(DOWN, _fine, stop).concern is Concern.STOP
    assert blame(PermanentError("no item"), _fine, stop).concern is Concern.ROW


@pytest.mark.parametrize("trouble", [PermanentError("odd"), ValueError("odd"), RecursionError("odd"), DOWN, DENIED, DEADLOCK])
@pytest.mark.parametrize("batch", [1, 3, 100])
def test_one_odd_row_never_stops_the_rest(trouble: Exception, batch: int) -> None:
    rows = Rows(list(range(1, 8)), {3: trouble})
    result, _ = run(rows, batch=batch)
    assert (rows.done, list(rows.failed)) == ([1, 2, 4, 5, 6, 7], [3])
    assert (len(result.rows), result.ended_by) == (7, None)
    assert sum(map(len, rows.batches)) == 7, "what follows is done for all of them"


def test_a_system_that_is_down_is_waited_for_then_ends_the_run_and_burns_nothing() -> None:
    rows = Rows([1, 2, 3], {2: DOWN}, raises(DOWN))
    result, clock = run(rows, batch=3)
    assert clock.slept == [2, 4]
    assert result.ended_by is DOWN
    assert (list(result.rows), rows.failed, sorted(set(rows.released))) == ([1], {}, [2, 3])


def test_a_system_that_comes_back_in_time_ends_nothing() -> None:
    rows = Rows([1, 2, 3], {2: DOWN})
    answers = iter([DOWN, None])

    def ask(_: SyncError) -> None:
        if (error := next(answers, None)) is not None:
            raise error
        rows.troubles.clear()

    rows.ask_raises = ask
    result, clock = run(rows)
    assert (clock.slept, result.ended_by) == ([2], None)
    assert len(result.rows) == 3


def test_only_failures_in_a_row_take_a_system_for_down() -> None:
    """Three short interruptions, rows apart, are none of them a system that is down."""
    rows = Rows(list(range(1, 31)), {5: DOWN, 15: DOWN, 25: DOWN})

    def ask(error: SyncError) -> None:
        rows.troubles.pop(min(rows.troubles))
        raise error

    rows.ask_raises = ask
    result, clock = run(rows)
    assert (rows.done, result.ended_by) == (list(range(1, 31)), None)
    assert clock.slept == [2, 2, 2]


@pytest.mark.parametrize(("trouble", "answer"), [(ConfigError("no right"), _fine), (DENIED, raises(DENIED))])
def test_a_wrong_set_up_ends_the_run_at_once_and_gives_back_what_is_held(
    trouble: Exception, answer: Callable[[SyncError], None]
) -> None:
    rows = Rows([1, 2, 3, 4], {2: trouble}, answer)
    result, clock = run(rows, batch=3)
    assert (rows.done, rows.failed, rows.released, clock.slept) == ([1], {}, [2, 3], [])
    assert result.ended_by is trouble
    assert rows.batches == [["done 1"]]


def test_a_stop_in_mid_batch_gives_the_rest_back() -> None:
    stop = Stop()
    rows = Rows([1, 2, 3])
    do = rows.do

    def doing(item: int) -> str:
        stop.set(143)
        return do(item)

    rows.do = doing  # type: ignore[method-assign]
    result, _ = run(rows, batch=3, stop=stop)
    assert (rows.done, rows.released, result.stopped) == ([1], [2, 3], True)


def test_a_row_whose_failure_cannot_be_noted_is_told_and_the_others_go_on() -> None:
    rows = Rows([1, 2, 3], {2: ValueError("odd")}, fail_raises=[PermanentError("and worse")])
    result, _ = run(rows)
    assert (rows.done, result.rows[2], result.ended_by) == ([1, 3], "unnoted 2", None)


def test_a_failure_that_is_noted_at_the_second_try_is_noted() -> None:
    rows = Rows([1, 2, 3], {2: ValueError("odd")}, fail_raises=[DEADLOCK])
    result, clock = run(rows)
    assert (rows.failed, clock.slept) == ({2: "ValueError: odd"}, [2])
    assert len(result.rows) == 3


def test_a_lease_lost_while_failing_is_told_as_lost() -> None:
    rows = Rows([1, 2], {1: ValueError("odd")}, fail_raises=[LeaseLost("another's")])
    result, _ = run(rows)
    assert result.rows == {1: "lost 1", 2: "done 2"}


def test_a_bug_in_what_follows_ends_the_run_and_the_report_is_whole() -> None:
    rows = Rows([1, 2, 3])

    def finish(_: Sequence[str]) -> None:
        raise KeyError("a bug")

    rows.finish = finish  # type: ignore[assignment, method-assign]
    result, _ = run(rows)
    assert list(result.rows) == [1]
    assert "KeyError: 'a bug'" in str(result.ended_by)


def test_a_claim_that_fails_for_a_passing_reason_is_made_again() -> None:
    rows = Rows([1, 2])
    troubles = [DEADLOCK, DEADLOCK]
    claim = rows.claim

    def claiming(limit: int) -> Sequence[int]:
        if troubles:
            raise troubles.pop()
        return claim(limit)

    rows.claim = claiming  # type: ignore[method-assign]
    result, clock = run(rows)
    assert (rows.done, clock.slept, result.ended_by) == ([1, 2], [2, 4], None)
