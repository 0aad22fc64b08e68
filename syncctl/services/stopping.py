"""What a service looks at between two orders to know whether it should stop."""

from __future__ import annotations

from typing import Protocol


class Stop(Protocol):
    """Set from outside (a signal, a time limit); `threading.Event` fits."""

    def is_set(self) -> bool:
        """True once the run should finish what it holds and take nothing new."""
        ...


class Never:
    """A stop that never comes."""

    def is_set(self) -> bool:
        """See `Stop.is_set`."""
        return False
