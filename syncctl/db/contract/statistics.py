"""What was polled and what became of orders, counted by store and hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import Code, Flag, Int, Key, Moment, Name, Procedure


@dataclass(frozen=True, slots=True)
class StatisticRow:
    """The numbers of a store in an hour or a day from `begin_dt` on (UTC), or in all (then that is None)."""

    store_id: Name
    begin_dt: Moment | None
    reset_dt: Moment | None
    """When the store's statistics were last reset; None: never."""
    poll_count: Int
    polled_count: Int
    """Orders that polls gave, each as often as it was given."""
    known_count: Int
    """Those of them that needed nothing."""
    created_count: Int
    """Orders created, or opened again, in the ERP."""
    updated_count: Int
    closed_count: Int
    review_count: Int
    """How often an order was left to a person."""
    failed_count: Int
    """Attempts that failed and that a later one may make good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStatistics(Procedure[StatisticRow]):
    """The numbers of one store or all, by `grain`: `total`, `day` or `hour` (UTC).

    A store or time without any has no row, but for the total since a reset.

    `since_dt` counts from the beginning of its hour; `since_reset` leaves out what was before the store's last reset.
    """

    name: ClassVar[str] = "sp_ListStatistics"
    returns: ClassVar[type] = StatisticRow
    repeatable: ClassVar[bool] = True

    store_id: Name | None = None
    grain: Code = "total"
    since_dt: Moment | None = None
    until_dt: Moment | None = None
    since_reset: Flag = False


@dataclass(frozen=True, slots=True)
class ResetRow:
    """From when on a store's statistics count now, and from when on they did before (None: from the beginning)."""

    store_id: Name
    reset_dt: Moment
    previous_dt: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetStatistics(Procedure[ResetRow]):
    """Let a store's statistics count from now on. What was counted before is kept."""

    name: ClassVar[str] = "sp_ResetStatistics"
    returns: ClassVar[type] = ResetRow
    repeatable: ClassVar[bool] = True
    by_operator: ClassVar[bool] = True

    store_id: Name
    reset_by: Key
