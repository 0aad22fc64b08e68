"""How the stores stand with what is pushed to them, for people and programs: the last push, what is held, refused, left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncctl.db.contract import Database, ListRefusedItems, ListStorePushes, RefusedItem, StorePush
from syncctl.pushes import LEFT_TO_NEXT, PushKind
from syncctl.services.health_pushes import STUBBORN, left_alone

MOST_REFUSED = 50
"""Refused items that are listed of a store and kind."""
_LISTED_ANEW = 2001
"""A listing of before is one that the next push makes anew, whenever it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushFigures:
    """How one store stands with one kind of push."""

    kind: PushKind
    push: StorePush
    refused: list[RefusedItem]
    """The first `MOST_REFUSED` items that the store refused last, most often first."""

    @property
    def left(self) -> dict[str, int]:
        """Why items were left alone by the last push, in words → how many."""
        return {self.kind.left.get(why, LEFT_TO_NEXT): number for why, number in left_alone(self.push).items()}

    @property
    def listed_at(self) -> datetime | None:
        """When the store was last read; None where that is to be done anew."""
        listed = self.push.listed_dt
        return None if listed is None or listed.year < _LISTED_ANEW else listed

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        push = self.push
        return {
            "kind": push.kind,
            "store_id": push.store_id,
            "items": push.items,
            "managed": push.managed,
            "told": push.told,
            "refused": push.refused,
            "refused_again_and_again": push.stubborn,
            "listed_at": self.listed_at,
            "told_at": push.told_dt,
            "tried_at": push.tried_dt,
            "ended_at": push.ended_dt,
            "held_since": push.held_dt,
            "held_why": push.held_why,
            "held_message": push.held_message,
            "left_alone": left_alone(push),
            "refusals": [
                {
                    "sku": item.sku,
                    "name": item.name,
                    "product_id": item.product_id,
                    "attempts": item.attempt_no,
                    "next_attempt_at": item.next_attempt_dt,
                    "message": item.error_message,
                }
                for item in self.refused
            ],
        }


def push_figures(database: Database, kinds: Sequence[PushKind], *, store_id: str | None) -> list[PushFigures]:
    """Return how a store, or each, stands with these kinds of push, so far as one was ever tried."""
    if not kinds:
        return []
    by_name = {kind.name: kind for kind in kinds}
    known = database.run(ListStorePushes(store_id=store_id, attempts=STUBBORN))
    return [
        PushFigures(kind=by_name[push.kind], push=push, refused=_refused(database, push))
        for push in known
        if push.kind in by_name
    ]


def _refused(database: Database, push: StorePush) -> list[RefusedItem]:
    if not push.refused:
        return []
    call = ListRefusedItems(store_id=push.store_id, kind=push.kind, batch_size=MOST_REFUSED)
    found: list[RefusedItem] = database.run(call)
    return found
