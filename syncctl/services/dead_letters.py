"""Orders set aside for a person: list, show, retry, cancel."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from syncctl.db.contract import (
    Database,
    DeadLetter,
    DecideDeadLetter,
    Decision,
    GetPayload,
    ListDeadLetters,
    ListOrderAttempts,
    OrderAttempt,
)
from syncctl.errors import NotFound, SyncError, UsageError


@dataclass(frozen=True, slots=True)
class DeadLetterStory:
    """A dead letter with every attempt at its order, and the content as it was when it was set aside."""

    letters: list[DeadLetter]
    attempts: list[OrderAttempt]
    order: dict[str, Any] | None
    lines: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DecidedOrder:
    """What became of one order that a person decided on; `error` says why nothing did."""

    staging_id: int
    decision: str
    state: str | None
    error: str = ""


def list_dead_letters(
    database: Database, *, error_class: str | None = None, include_decided: bool = False, limit: int = 1000
) -> list[DeadLetter]:
    """Return what waits for a person, oldest first."""
    return database.run(ListDeadLetters(error_class=error_class, include_decided=include_decided, batch_size=limit))


def show_dead_letter(database: Database, staging_id: int) -> DeadLetterStory:
    """Return one order's dead letters, decided ones included, with its attempts and content.

    Raises:
        NotFound: the order was never set aside.
    """
    letters = database.run(ListDeadLetters(staging_id=staging_id, include_decided=True))
    if not letters:
        raise NotFound(f"No dead letter has the staging id {staging_id}. `syncctl dead-letter list --all` shows every one.")
    payload = database.run(GetPayload(staging_id=staging_id, dead_letter_id=letters[-1].dead_letter_id))[0]
    return DeadLetterStory(
        letters,
        database.run(ListOrderAttempts(staging_id=staging_id)),
        json.loads(payload.order_json) if payload.order_json else None,
        json.loads(payload.line_items_json) if payload.line_items_json else [],
    )


def decide(
    database: Database,
    decision: str,
    *,
    decided_by: str,
    staging_ids: Sequence[int] = (),
    error_class: str | None = None,
    everything: bool = False,
    reason: str | None = None,
) -> list[DecidedOrder]:
    """Retry or cancel the orders named, those of one error class, or all that wait. One that refuses doesn't stop the rest.

    Raises:
        UsageError: nothing says which orders are meant.
    """
    if not staging_ids and error_class is None and not everything:
        raise UsageError("Say which orders: staging ids, --class CLASS, or --all. `syncctl dead-letter list` shows what waits.")
    numbers = list(dict.fromkeys(staging_ids)) or [
        letter.staging_id for letter in database.run(ListDeadLetters(error_class=error_class, batch_size=1000))
    ]
    return [_decide_one(database, number, decision, decided_by=decided_by, reason=reason) for number in numbers]


def _decide_one(database: Database, staging_id: int, decision: str, *, decided_by: str, reason: str | None) -> DecidedOrder:
    call = DecideDeadLetter(staging_id=staging_id, decision=decision, decided_by=decided_by, reason=reason)
    try:
        decided: Decision = database.run(call)[0]
    except SyncError as error:
        if isinstance(error, NotFound) or error.exit_code == 1:
            return DecidedOrder(staging_id, decision, None, str(error))
        raise
    return DecidedOrder(staging_id, decision, decided.state)
