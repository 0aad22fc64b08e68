"""Orders set aside for a person: list, show, retry, cancel, reopen."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncctl.db.contract import (
    Database,
    DeadLetter,
    DecideDeadLetter,
    Decision,
    GetPayload,
    ListDeadLetters,
    ListOrderAttempts,
    ListStagedOrders,
    OrderAttempt,
    StagedOrder,
)
from syncctl.errors import NotFound, SyncError, UsageError
from syncctl.services.causes import Cause, CauseCount, of_error
from syncctl.services.find import called, each_staged_order

_PAGE = 1000
_GIVEN_UP = "cancel decided by "
"""How the STATE_REASON of an order begins that a person gave up and that nothing has happened to since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLetters:
    """Dead letters, how many there are in all, and why those of them that wait do, by cause."""

    shown: list[DeadLetter]
    count: int
    causes: list[Cause]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which of the orders set aside are meant, where they aren't named one by one."""

    everything: bool = False
    error_class: str | None = None
    decided_by: str | None = None
    """For `reopen`: who gave them up."""
    since: datetime | None = None
    """For `reopen`: given up at this moment or later."""
    store_id: str | None = None
    """Only orders of this store."""

    @property
    def says_which(self) -> bool:
        """True where it selects anything at all."""
        return self.everything or any((self.error_class, self.decided_by, self.since))

    def takes(self, letter: DeadLetter) -> bool:
        """Return whether it selects this one."""
        return (
            self.store_id in (None, letter.store_id)
            and self.decided_by in (None, letter.decided_by)
            and (self.since is None or (letter.decided_dt is not None and letter.decided_dt >= self.since))
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """What a decision would do to one order. `effect` says it in words that follow "1 order" or "12 orders"."""

    staging_id: int
    name: str
    """Its number and its staging id."""
    effect: str


def each_dead_letter(
    database: Database, *, error_class: str | None = None, include_decided: bool = False, decision: str | None = None
) -> Iterator[DeadLetter]:
    """Give dead letters one by one, oldest first; memory does not grow with their number."""
    after = 0
    while True:
        page = database.run(
            ListDeadLetters(
                error_class=error_class, include_decided=include_decided, decision=decision, after_id=after, batch_size=_PAGE
            )
        )
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].dead_letter_id


def list_dead_letters(
    database: Database,
    *,
    error_class: str | None = None,
    include_decided: bool = False,
    limit: int | None = None,
    staging_ids: Collection[int] = (),
) -> ListedLetters:
    """Return what waits for a person, oldest first, at most `limit` of them; and of all of it the number and the causes.

    With `staging_ids` (a set, where there are many) of these orders alone.
    """
    shown: list[DeadLetter] = []
    causes = CauseCount(set_aside=True)
    count = 0
    for letter in each_dead_letter(database, error_class=error_class, include_decided=include_decided):
        if staging_ids and letter.staging_id not in staging_ids:
            continue
        count += 1
        if limit is None or count <= limit:
            shown.append(letter)
        if letter.decision is None:
            name = letter.woo_order_no or str(letter.woo_order_id)
            causes.add(of_error(letter.staging_id, name, letter.error_class, letter.error_code, letter.error_message))
    return ListedLetters(shown=shown, count=count, causes=causes.causes())


def show_dead_letter(database: Database, order: StagedOrder) -> DeadLetterStory:
    """Return one order's dead letters, decided ones included, with its attempts and content.

    Raises:
        NotFound: the order was never set aside.
    """
    letters = database.run(ListDeadLetters(staging_id=order.staging_id, include_decided=True))
    if not letters:
        name = called(order)
        raise NotFound(
            f"{name[0].upper()}{name[1:]} was never set aside; it is {order.state}. "
            f"`syncctl trace {order.woo_order_no or order.woo_order_id}` tells its story, `syncctl dead-letter list` what waits."
        )
    payload = database.run(GetPayload(staging_id=order.staging_id, dead_letter_id=letters[-1].dead_letter_id))[0]
    return DeadLetterStory(
        letters,
        database.run(ListOrderAttempts(staging_id=order.staging_id)),
        json.loads(payload.order_json) if payload.order_json else None,
        json.loads(payload.line_items_json) if payload.line_items_json else [],
    )


def plan(
    database: Database, decision: str, *, orders: Sequence[StagedOrder] = (), selection: Selection | None = None
) -> list[Planned]:
    """Say which orders a decision concerns, and what it would do to each; nothing is changed.

    Of `orders` all are taken, whatever their state: what doesn't fit is refused when it is decided on. Without any, those of
    `selection`.

    Raises:
        UsageError: nothing says which orders are meant.
    """
    if orders:
        return [Planned(order.staging_id, called(order), _effect(order, decision)) for order in orders]
    if selection is None or not selection.says_which:
        which = "--class CLASS, --by NAME, --since WHEN" if decision == "reopen" else "--class CLASS"
        raise UsageError(
            f"Say which orders: staging ids, --order NUMBER, {which}, or --all. `syncctl dead-letter list` shows what waits."
        )
    chosen = _given_up(database, selection) if decision == "reopen" else _waiting(database, selection)
    return [Planned(order.staging_id, called(order), _effect(order, decision)) for order in chosen]


def of_other_stores(database: Database, store_id: str) -> dict[str, int]:
    """Return how many orders of each other store wait for a person."""
    found: dict[str, int] = {}
    for letter in each_dead_letter(database):
        if letter.store_id != store_id:
            found[letter.store_id] = found.get(letter.store_id, 0) + 1
    return found


def _waiting(database: Database, selection: Selection) -> list[StagedOrder]:
    wanted = {
        letter.staging_id for letter in each_dead_letter(database, error_class=selection.error_class) if selection.takes(letter)
    }
    in_review = each_staged_order(database, states="NEEDS_MANUAL_REVIEW") if wanted else ()
    return [order for order in in_review if order.staging_id in wanted]


def _given_up(database: Database, selection: Selection) -> list[StagedOrder]:
    """Return the orders that a person gave up and that are still as that left them."""
    letters = {
        letter.staging_id: letter
        for letter in each_dead_letter(database, error_class=selection.error_class, include_decided=True, decision="cancel")
    }
    found: list[StagedOrder] = []
    for staging_id, letter in letters.items():
        if selection.takes(letter):
            rows = database.run(ListStagedOrders(staging_id=staging_id))
            found += [
                row for row in rows if row.state in ("SKIPPED", "APPLIED") and (row.state_reason or "").startswith(_GIVEN_UP)
            ]
    return found


def _effect(order: StagedOrder, decision: str) -> str:
    if decision == "retry" and order.error_class == "unreadable":
        return "asked for again by the next `stage`"
    if decision == "retry":
        return f"tried again ({order.pending_action or 'create'})"
    if decision == "reopen":
        return "back in review"
    if order.is_applied and order.duplicate_of_id is None:
        return f"given up: the change ({order.pending_action}) is not made, the document in the ERP stays as it is"
    return "given up: never brought into the ERP (SKIPPED)"


def decide(
    database: Database,
    decision: str,
    *,
    decided_by: str,
    staging_ids: Sequence[int] = (),
    error_class: str | None = None,
    everything: bool = False,
    reason: str | None = None,
    progress: Callable[[DecidedOrder], None] = lambda _: None,
) -> list[DecidedOrder]:
    """Retry, cancel or reopen the orders named, those of one error class, or all. One that refuses doesn't stop the rest.

    Raises:
        UsageError: nothing says which orders are meant.
    """
    numbers = list(dict.fromkeys(staging_ids)) or [
        planned.staging_id
        for planned in plan(database, decision, selection=Selection(everything=everything, error_class=error_class))
    ]
    decided = []
    for number in numbers:
        decided.append(_decide_one(database, number, decision, decided_by=decided_by, reason=reason))
        progress(decided[-1])
    return decided


def _decide_one(database: Database, staging_id: int, decision: str, *, decided_by: str, reason: str | None) -> DecidedOrder:
    call = DecideDeadLetter(staging_id=staging_id, decision=decision, decided_by=decided_by, reason=reason)
    try:
        decided: Decision = database.run(call)[0]
    except SyncError as error:
        if isinstance(error, NotFound) or error.exit_code == 1:
            return DecidedOrder(staging_id, decision, None, str(error))
        raise
    return DecidedOrder(staging_id, decision, decided.state)
