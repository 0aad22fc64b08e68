"""A job's row in `USER_SYNC_LOG`, and the version of the tables: what every run asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import Code, Flag, Int, Key, Name, NoRow, Procedure, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRun(Procedure[NoRow]):
    """Open a run's row in `USER_SYNC_LOG`. `store_id`: the store that it works for; None for none in particular."""

    name: ClassVar[str] = "sp_StartRun"
    returns: ClassVar[type] = NoRow

    sync_id: Name
    operation_type: Name
    direction: Code
    dry_run: Flag
    host: Key
    process_id: Int
    created_by: Name
    store_id: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishRun(Procedure[NoRow]):
    """Close a run's row with its counts, exit code and, as JSON, its timings; count what happened to orders, as statistics."""

    name: ClassVar[str] = "sp_FinishRun"
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
    error_message: Text | None = None
    metrics_json: Text | None = None


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """Of which version the database's tables are: each change to them counts one up."""

    version: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSchemaVersion(Procedure[SchemaVersion]):
    """The version of the database's tables. A program that knows only older ones leaves the database alone."""

    name: ClassVar[str] = "sp_GetSchemaVersion"
    returns: ClassVar[type] = SchemaVersion
    repeatable: ClassVar[bool] = True
