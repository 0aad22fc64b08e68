"""What a run is made in: its name, its clock, who may stop it, and what it knows of the systems that it works with."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from syncctl.clock import Clock, Sleeper, system_clock, system_sleeper
from syncctl.errors import SyncError, TransientError
from syncctl.retry import LONGEST_WAIT_IN_RUN, CircuitBreaker, delay_before
from syncctl.stop import Never, StopFlag

T = TypeVar("T")


@dataclass(slots=True)
class Breakers:
    """One circuit breaker for each system that a run talks to, made when first asked for; shared by the run's workers."""

    threshold: int = 3
    _made: dict[str, CircuitBreaker] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, system: str) -> CircuitBreaker:
        """Return the breaker of `database`, `store` …."""
        with self._lock:
            return self._made.setdefault(system, CircuitBreaker(system, self.threshold))


def _nothing(_: Any) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Handed from the command through every layer of a run, and shared by its workers."""

    run_id: str
    stop: StopFlag = field(default_factory=Never)
    clock: Clock = system_clock
    sleeper: Sleeper = system_sleeper
    """Waits so many seconds; a command's own sleeper ends early when it is asked to stop."""
    jitter: Callable[[], float] = random.random
    """0 to 1: spreads the next attempts of rows that failed together."""
    progress: Callable[[Any], None] = _nothing
    """Told each row that is finished."""
    expect: Callable[[int], object] = _nothing
    """Told how many rows there will be in all, as soon as that is known and when it changes."""
    retry_delay_base: float = 2
    """Seconds before the second attempt to reach a system; doubled for each further one."""
    breakers: Breakers = field(default_factory=Breakers)

    def breaker(self, system: str) -> CircuitBreaker:
        """Return what this run knows of a system (`SyncError.system`)."""
        return self.breakers.of(system)

    def reaching(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Make a call that no row is to blame for; wait and try again while the system is down or busy.

        Raises:
            TransientError: the system's breaker has opened, or the run is asked to stop.
        """
        attempt = 1
        while True:
            try:
                result = call(*arguments, **named)
            except TransientError as error:
                attempt += 1
                self.wait_for(error, attempt)
            else:
                if attempt > 1:
                    self.breaker("database").answered()
                return result

    def wait_for(self, error: TransientError, attempt: int) -> None:
        """Count one failure to reach a system and wait before the next try.

        Raises:
            TransientError: `error` itself, where this run has waited for that system long enough or is asked to stop.
        """
        breaker = self.breaker(error.system)
        breaker.failed(error)
        if breaker.open or self.stop.is_set():
            raise error
        asked = error.retry_after or 0
        self.sleeper(min(max(asked, delay_before(attempt, self.retry_delay_base)), LONGEST_WAIT_IN_RUN))
        if self.stop.is_set():
            raise error


def unforeseen(error: Exception) -> SyncError:
    """Make one of ours out of an exception that nobody expected; one of ours stays as it is."""
    return error if isinstance(error, SyncError) else SyncError(f"{type(error).__name__}: {error}")
