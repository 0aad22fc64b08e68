"""How the stores stand with being told: pushes that came to their end, are held, or were refused. What health and figures ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import BigInt, Code, Flag, Int, Key, Line, Moment, Name, NoRow, Procedure, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteStorePush(Procedure[NoRow]):
    """Note that a push of a `kind` (stock, price) came to its end; or, with `held_why`, that it waits for a person.

    `held_why`: first (nothing was ever told), or which guard holds it: zeroed, changed, limit. With `is_part` the rest was told:
    it came to its end all the same. `left_json`: a JSON object, why items were left alone → how many.
    """

    name: ClassVar[str] = "sp_NoteStorePush"
    returns: ClassVar[type] = NoRow
    repeatable: ClassVar[bool] = True

    store_id: Name
    kind: Code
    held_why: Code | None = None
    held_message: Line | None = None
    is_part: Flag = False
    item_count: Int = 0
    change_count: Int = 0
    left_json: Text | None = None


@dataclass(frozen=True, slots=True)
class StorePush:
    """How a store stands with one kind of push. Moments are None where there is none; `held_dt` is set while a push is held.

    `stubborn` items were refused so often in a row as was asked for; `sku` and `message` are of the one refused most often.
    `change_count` and `left_json` (why items were left alone → how many) are of the last push that looked at all items.
    """

    store_id: Name
    kind: Code
    items: Int
    managed: Int
    told: Int
    refused: Int
    stubborn: Int
    sku: Key | None
    message: Line | None
    listed_dt: Moment | None
    told_dt: Moment | None
    tried_dt: Moment | None
    ended_dt: Moment | None
    held_dt: Moment | None
    held_why: Code | None
    held_message: Line | None
    change_count: Int
    left_json: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStorePushes(Procedure[StorePush]):
    """How a store, or each, stands with each kind of push that was ever tried; by store and kind."""

    name: ClassVar[str] = "sp_ListStorePushes"
    returns: ClassVar[type] = StorePush
    repeatable: ClassVar[bool] = True

    store_id: Name | None = None
    attempts: Int = 3


@dataclass(frozen=True, slots=True)
class PushCount:
    """The pushes of one kind to a store that ended in the hour or day that begins at `start_dt`."""

    store_id: Name
    kind: Code
    start_dt: Moment
    pushes: Int
    held: Int
    told: BigInt
    refused: BigInt


@dataclass(frozen=True, slots=True, kw_only=True)
class CountStorePushes(Procedure[PushCount]):
    """Count the pushes that ended from `since_dt` up to `until_dt` by store, kind, and hour or day (`grain`).

    `offset_minutes` says how far local time, by which hours and days begin, is ahead of UTC.
    """

    name: ClassVar[str] = "sp_CountStorePushes"
    returns: ClassVar[type] = PushCount
    repeatable: ClassVar[bool] = True

    since_dt: Moment
    until_dt: Moment
    store_id: Name | None = None
    grain: Code = "day"
    offset_minutes: Int = 0


@dataclass(frozen=True, slots=True)
class RefusedItem:
    """An item that a store refused, with what it said, how often in a row, and when it is told again."""

    kind: Code
    store_id: Name
    product_id: BigInt
    sku: Key
    name: Text | None
    attempt_no: Int
    next_attempt_dt: Moment | None
    error_message: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRefusedItems(Procedure[RefusedItem]):
    """The items that a store refused when it was told of them last, the most stubborn first."""

    name: ClassVar[str] = "sp_ListRefusedItems"
    returns: ClassVar[type] = RefusedItem
    repeatable: ClassVar[bool] = True

    store_id: Name
    kind: Code = "stock"
    batch_size: Int = 100
