"""What a service looks at between two orders to know whether it should stop."""

from __future__ import annotations

from syncctl.stop import Never, StopFlag as Stop

__all__ = ["Never", "Stop"]
