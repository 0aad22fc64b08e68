"""The messages to the store, as people look at them: what waits, what failed, try again."""

from __future__ import annotations

from collections.abc import Sequence

from syncctl.db.contract import Database, ListOutbox, OutboxEntry, RetryOutbox


def list_messages(database: Database, *, states: str | None = None, limit: int = 1000) -> list[OutboxEntry]:
    """Return messages in these states (comma-separated); those not delivered yet where none is named."""
    return database.run(ListOutbox(states=states, batch_size=limit))


def retry_messages(database: Database, outbox_ids: Sequence[int] = ()) -> list[OutboxEntry]:
    """Make failed and waiting messages due now: these, or all.

    Raises:
        NotFound: no such message.
    """
    if not outbox_ids:
        return database.run(RetryOutbox())
    return [entry for number in outbox_ids for entry in database.run(RetryOutbox(outbox_id=number))]
