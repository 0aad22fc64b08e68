"""Figures for people: what happened when, how long it took, why it failed, what waits. Read only; the same on both engines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import BigInt, Code, Int, Line, Moment, Name, Procedure


@dataclass(frozen=True, slots=True)
class EventCount:
    """How often something happened to orders of a store in the hour or day that begins at `start_dt`."""

    store_id: Name
    start_dt: Moment
    event_type: Code
    events: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountEvents(Procedure[EventCount]):
    """Count events from `since_dt` up to `until_dt` by store, kind, and hour or day (`grain`).

    `offset_minutes` says how far local time, by which hours and days begin, is ahead of UTC.
    """

    name: ClassVar[str] = "sp_CountEvents"
    returns: ClassVar[type] = EventCount
    repeatable: ClassVar[bool] = True

    since_dt: Moment
    until_dt: Moment
    store_id: Name | None = None
    grain: Code = "day"
    offset_minutes: Int = 0


@dataclass(frozen=True, slots=True)
class StepTime:
    """How long a step took (milliseconds): `seen` placed → staged, `to_erp` staged → in the ERP, `to_store` in the ERP → told."""

    store_id: Name
    step: Code
    orders: BigInt
    mean_ms: BigInt
    median_ms: BigInt
    p90_ms: BigInt
    p95_ms: BigInt
    p99_ms: BigInt
    longest_ms: BigInt


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStepTimes(Procedure[StepTime]):
    """The times of steps that ended from `since_dt` up to `until_dt`; percentiles are the nearest value that there is."""

    name: ClassVar[str] = "sp_ListStepTimes"
    returns: ClassVar[type] = StepTime
    repeatable: ClassVar[bool] = True

    since_dt: Moment
    until_dt: Moment
    store_id: Name | None = None


@dataclass(frozen=True, slots=True)
class AttemptCount:
    """How many orders came through at their first, second … attempt."""

    store_id: Name
    attempt_no: Int
    orders: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountAttempts(Procedure[AttemptCount]):
    """Count what was settled from `since_dt` up to `until_dt` by the number of its attempt."""

    name: ClassVar[str] = "sp_CountAttempts"
    returns: ClassVar[type] = AttemptCount
    repeatable: ClassVar[bool] = True

    since_dt: Moment
    until_dt: Moment
    store_id: Name | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A cause of failed attempts: how many, of how many orders, how many of those still wait; the last one is the example."""

    store_id: Name
    error_class: Code
    error_code: Name | None
    attempts: Int
    orders: Int
    open_orders: Int
    last_dt: Moment
    staging_id: Int
    woo_order_no: Name | None
    message: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFailures(Procedure[Failure]):
    """The causes of attempts that failed from `since_dt` up to `until_dt`, most orders first."""

    name: ClassVar[str] = "sp_ListFailures"
    returns: ClassVar[type] = Failure
    repeatable: ClassVar[bool] = True

    since_dt: Moment
    until_dt: Moment
    store_id: Name | None = None


@dataclass(frozen=True, slots=True)
class RunFigures:
    """The runs of one job. Dry runs are left out, and a run that found another at work has not failed."""

    operation_type: Name
    runs: Int
    failed_runs: Int
    records_input: BigInt
    records_created: BigInt
    records_updated: BigInt
    records_skipped: BigInt
    records_failed: BigInt
    mean_ms: BigInt
    p95_ms: BigInt
    longest_ms: BigInt
    last_dt: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRunFigures(Procedure[RunFigures]):
    """The jobs' runs that ended from `since_dt` up to `until_dt`, by job."""

    name: ClassVar[str] = "sp_ListRunFigures"
    returns: ClassVar[type] = RunFigures
    repeatable: ClassVar[bool] = True

    since_dt: Moment
    until_dt: Moment


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many orders of a state, or messages (`WRITE_BACK`), wait now, and since when the oldest has been known."""

    store_id: Name
    state: Code
    rows_waiting: Int
    oldest_dt: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ListBacklog(Procedure[Backlog]):
    """What waits now, by store and state."""

    name: ClassVar[str] = "sp_ListBacklog"
    returns: ClassVar[type] = Backlog
    repeatable: ClassVar[bool] = True

    store_id: Name | None = None
