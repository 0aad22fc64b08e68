"""Numbers on their way to a procedure."""

from __future__ import annotations

from decimal import Decimal


def seconds(value: float | None) -> Decimal | None:
    """Return a number of seconds (or a fraction) as the `decimal(15,4)` that procedures take."""
    return None if value is None else Decimal(str(round(value, 4)))
