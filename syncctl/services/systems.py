"""The systems of which each row needs one: a carrier, a way to people. One that is down or refuses its keys is left out.

The work goes on without it. What a row's failure says of its system is decided by the work loop's `blame`, as for the systems
without which nothing can be done; only, many of these have nothing that could be asked without naming a row. Of those, what their
other rows came to in this run tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from syncctl.errors import SyncError, SystemMisconfigured
from syncctl.services.run_context import RunContext
from syncctl.services.work_loop import Concern, blame

REFUSALS = 2
"""So many rows must have been refused by a system that can't be asked by itself before it counts as refusing its keys."""


def _nothing_to_ask() -> bool:
    """See `Systems.concern`."""
    return False


@dataclass(slots=True)
class Systems:
    """What one run knows of them, each by its name. It has each row in its hands once, so that no row counts twice.

    One that says nothing to as many rows in a row as the breaker's threshold counts as down.
    """

    context: RunContext
    left_out: dict[str, SyncError] = field(default_factory=dict)
    """Those without which the work goes on, and why."""
    _trusted: set[str] = field(default_factory=set)
    """Those that have shown in this run that they take the keys."""
    _silent: Counter[str] = field(default_factory=Counter)
    _refused: Counter[str] = field(default_factory=Counter)

    def answered(self, name: str, *, trusted: bool = False) -> None:
        """Note that a system answered; `trusted`: and that it takes its keys."""
        self._silent[name] = 0
        if trusted:
            self._trusted.add(name)

    def trusted(self, name: str) -> bool:
        """Tell whether a system has shown in this run that it takes its keys."""
        return name in self._trusted

    def concern(self, name: str, error: SyncError, check: Callable[[], bool] = _nothing_to_ask) -> Concern:
        """Tell whom a row's failure concerns; where that is its system, the system is left out from now on.

        `check` asks the system something cheap that names no row: True where it answered well, False where there is nothing to
        ask. It raises what came back.
        """

        def ask(_: SyncError) -> None:
            refused = isinstance(error, SystemMisconfigured)
            if refused and name in self._trusted:
                return
            if check():
                self.answered(name, trusted=True)
                return
            counted = self._refused if refused else self._silent
            counted[name] += 1
            if counted[name] >= (REFUSALS if refused else self.context.breakers.threshold):
                raise error

        concern, why = blame(error, ask, self.context.stop)
        if concern in (Concern.SYSTEM, Concern.SETUP):
            self.left_out[name] = why
        return concern
