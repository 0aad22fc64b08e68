"""What a message comes to, by what the store's order is this moment: the rules, whichever way it is told."""

from __future__ import annotations

from syncctl.db.contract import OutboxMessage
from syncctl.services.raising import MAY_BE_ENTERED, why_not_raised
from syncctl.stores.base import Store, StoreStatus

Outcome = tuple[str, str]
"""`delivered` or `dropped`, and where something was left out, why."""

NOTE_ONLY: Outcome = ("delivered", "the note only: the order is in the store's trash, or gone")


def settled_before(message: OutboxMessage, there: StoreStatus) -> Outcome | None:
    """Say what the message comes to where nothing is written of it; None where it is to be told."""
    if not there.exists:
        return "dropped", "the order is gone from the store"
    if there.trashed:
        return "dropped", "the order is in the store's trash, and writing to it would bring it back"
    if message.order_key and there.order_key and message.order_key != there.order_key:
        return "dropped", "its id belongs to another order of the store by now"
    if message.tag_value is not None and there.tag == message.tag_value:
        return "delivered", "the store had it already"
    return None


def status_for(message: OutboxMessage, there: StoreStatus, store: Store, *, allowed: bool) -> tuple[str | None, str]:
    """Return the status that the order gets; where it gets none, why the message's is not taken.

    `there` is how the order stands in the moment of writing.
    """
    status = message.target_status
    if status is None or status == there.status:
        return None, ""
    meaning = store.meaning(status)
    if allowed and meaning not in MAY_BE_ENTERED:
        return None, f"the status stays {there.status}: {store.why_never(status)}"
    why_not = why_not_raised(
        status,
        staged=(message.staged_status or "", message.staged_meaning),
        present=(there.status, there.meaning),
        target_meaning=meaning,
        allowed=allowed,
    )
    return (None, f"the status stays {there.status}: {why_not}") if why_not else (status, "")
