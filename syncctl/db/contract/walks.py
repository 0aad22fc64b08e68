"""How far each walk through a store has come, and the runs that go on from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import BigInt, Code, Flag, Int, Key, Moment, Name, NoRow, Procedure, Text


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a walk through a store has come. `since_dt` … `row_offset` are set while one is unfinished.

    `any_due` tells of the whole store: whether `ListOrdersToReadAgain` has any.
    """

    walk_name: Name
    watermark_dt: Moment | None
    since_dt: Moment | None
    until_dt: Moment | None
    last_id: BigInt | None
    row_offset: Int | None
    updated_dt: Moment
    any_due: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWalks(Procedure[Walk]):
    """Every walk of a store."""

    name: ClassVar[str] = "sp_ListWalks"
    returns: ClassVar[type] = Walk
    repeatable: ClassVar[bool] = True

    store_id: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWalks(Procedure[NoRow]):
    """Note how far walks have come. `walks` is a JSON array of objects with the columns of `USER_SYNC_WALK`, each walk once."""

    name: ClassVar[str] = "sp_NoteWalks"
    returns: ClassVar[type] = NoRow
    repeatable: ClassVar[bool] = True

    store_id: Name
    walks: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPoll(Procedure[Walk]):
    """Open the row of a run that reads from a store, as `StartRun`, and tell how far its walks have come, as `ListWalks`."""

    name: ClassVar[str] = "sp_StartPoll"
    returns: ClassVar[type] = Walk

    sync_id: Name
    operation_type: Name
    direction: Code
    dry_run: Flag
    host: Key
    process_id: Int
    created_by: Name
    store_id: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishPoll(Procedure[NoRow]):
    """Note how far walks have come, as `NoteWalks`, and close the run's row, as `FinishRun`, in one transaction."""

    name: ClassVar[str] = "sp_FinishPoll"
    returns: ClassVar[type] = NoRow
    repeatable: ClassVar[bool] = True

    sync_id: Name
    records_input: Int
    records_created: Int
    records_updated: Int
    records_skipped: Int
    records_failed: Int
    success: Flag
    exit_code: Int
    store_id: Name
    walks: Text
    error_message: Text | None = None
    metrics_json: Text | None = None
