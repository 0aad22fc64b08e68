"""When an order's status in the store is changed by us.

A status is more than a word to a store: a change sets the date of payment, grants downloads, gives stock back, mails the
customer, and with some gateways takes the money. So only an order that is *ready* (paid, to be fulfilled) is ever moved on, only
from the very status in which it was staged, and never into one that would say more of a payment than the store does.
"""

from __future__ import annotations

from syncctl.models import Meaning

MAY_BE_ENTERED: frozenset[Meaning] = frozenset({"ready", "done", "dead"})
"""What a status must mean that an order gets from us: another word for ready, or what became of its document in the ERP."""


def why_not_raised(
    target: str,
    *,
    staged: tuple[str, str | None],
    present: tuple[str, str] | None = None,
    target_meaning: Meaning,
    allowed: bool = True,
) -> str:
    """Say why an order doesn't get the status `target` from us; empty where it does.

    `staged` and `present` are its status and what that means: as last staged, and in the store this moment (None: not looked at).
    """
    status, meaning = staged
    if not allowed:
        return "statuses are left alone (SYNCCTL_WRITE_BACK_STATUS)"
    if target_meaning not in MAY_BE_ENTERED:
        return f"{target} is none that an order gets from us"
    if present is not None and present[0] != status:
        return f"it was {status or 'unknown'} when the order was staged, and the ERP follows with the next poll"
    if meaning != "ready" or (present is not None and present[1] != "ready"):
        return "only an order that is paid and waits to be fulfilled gets another one from us"
    return ""
