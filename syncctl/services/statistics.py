"""How polling stands, and its numbers since they were last reset: what the documented status, statistics and trigger tell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from syncctl.db.contract import Database, StatisticRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The documented numbers. Of orders that polls gave, some needed nothing; the others were created, changed, or failed."""

    total_polled: int = 0
    already_synced: int = 0
    newly_synced: int = 0
    updated: int = 0
    sync_errors: int = 0
    last_poll_time: datetime | None = None

    @property
    def success_rate(self) -> float:
        """Percent of the orders that were to be synced, to one decimal; 100 where none was."""
        done = self.newly_synced + self.updated
        return round(100 * done / (done + self.sync_errors), 1) if done + self.sync_errors else 100.0

    def as_json(self) -> dict[str, Any]:
        """Return the documented object."""
        return {
            "total_polled": self.total_polled,
            "already_synced": self.already_synced,
            "newly_synced": self.newly_synced,
            "updated": self.updated,
            "sync_errors": self.sync_errors,
            "success_rate": self.success_rate,
            "last_poll_time": self.last_poll_time,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatistics:
    """A store's numbers. `since`: the reset that they count from; None: from the beginning."""

    store_id: str
    since: datetime | None
    statistics: Statistics
    polls: int = 0
    closed: int = 0
    """Orders closed in the ERP; they are among `statistics.updated`."""
    failed_attempts: int = 0
    """Attempts that failed, whatever a later one made of it."""


def store_statistics(database: Database, *, store_id: str | None, all_time: bool = False) -> list[StoreStatistics]:
    """Return the numbers of one store, or of each that the database knows, since the last reset (`all_time`: since ever).

    Orders count as errors when they are left to a person: what a later attempt makes good is none.
    """
    from syncctl.db.contract import ListStatistics, ListStorePolls  # here: every poll's end is told in this module's words

    polled = {poll.store_id: poll.finished_dt for poll in database.run(ListStorePolls())}
    rows = {row.store_id: row for row in database.run(ListStatistics(store_id=store_id, since_reset=not all_time))}
    if store_id is not None:
        return [_of_store(store_id, rows.get(store_id), polled.get(store_id), all_time=all_time)]
    return [
        _of_store(store, rows.get(store), polled.get(store), all_time=all_time) for store in sorted(polled.keys() | rows.keys())
    ]


def _of_store(store_id: str, row: StatisticRow | None, polled: datetime | None, *, all_time: bool) -> StoreStatistics:
    """Turn a store's row into the documented numbers."""
    if row is None:
        return StoreStatistics(store_id=store_id, since=None, statistics=Statistics(last_poll_time=polled))
    return StoreStatistics(
        store_id=store_id,
        since=None if all_time else row.reset_dt,
        statistics=Statistics(
            total_polled=row.polled_count,
            already_synced=row.known_count,
            newly_synced=row.created_count,
            updated=row.updated_count + row.closed_count,
            sync_errors=row.review_count,
            last_poll_time=polled,
        ),
        polls=row.poll_count,
        closed=row.closed_count,
        failed_attempts=row.failed_count,
    )


def of_a_run(counts: Mapping[str, int]) -> Statistics:
    """Return the numbers of one run of `stage`: what it staged is synced, as far as it goes; `process` does the rest."""
    changed, errors = counts["restaged"] + counts["cancel_staged"], counts["errors"]
    return Statistics(
        total_polled=counts["polled"],
        already_synced=max(0, counts["polled"] - counts["staged"] - changed - errors),
        newly_synced=counts["staged"],
        updated=changed,
        sync_errors=errors,
    )


def in_words(statistics: Statistics, *, what: str, whole: bool) -> str:
    """Say it in the documented words: `Polling complete: 25/28 orders synced`."""
    synced = statistics.newly_synced + statistics.updated
    return f"{what} {'complete' if whole else 'incomplete'}: {synced}/{statistics.total_polled} orders synced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """What the settings say of polling."""

    enabled: bool
    interval: timedelta
    lookback_minutes: int
    batch_size: int
    store_set: bool
    """Whether the store's address and keys are set."""
    webhooks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PollingStatus:
    """How polling stands: `status` is disabled, waiting_for_interval, or due. `numbers` are the store's."""

    polling: Polling
    numbers: StoreStatistics
    status: str
    seconds_until_next_poll: int

    def as_json(self) -> dict[str, Any]:
        """Return the documented object, field by field."""
        polling, statistics = self.polling, self.numbers.statistics
        return {
            "enabled": polling.enabled,
            "interval_minutes": round(polling.interval.total_seconds() / 60),
            "lookback_minutes": polling.lookback_minutes,
            "batch_size": polling.batch_size,
            "last_poll_time": statistics.last_poll_time,
            "polling_service_initialized": polling.store_set,
            "will_execute_next_cycle": self.status == "due",
            "seconds_until_next_poll": self.seconds_until_next_poll,
            "webhooks_enabled": polling.webhooks,
            "status": self.status,
            "statistics": statistics.as_json(),
        }


def polling_status(database: Database, polling: Polling, *, store_id: str, now: datetime) -> PollingStatus:
    """Say how polling of a store stands: when it was last read to the end, when it is due again, and the numbers."""
    [numbers] = store_statistics(database, store_id=store_id)
    last = numbers.statistics.last_poll_time
    left = timedelta(0) if last is None else min(polling.interval, max(timedelta(0), last + polling.interval - now))
    status = "disabled" if not polling.enabled else "waiting_for_interval" if left else "due"
    return PollingStatus(polling=polling, numbers=numbers, status=status, seconds_until_next_poll=math.ceil(left.total_seconds()))


def together(stores: Sequence[StoreStatistics]) -> Statistics:
    """Return the numbers of several stores in one."""
    total = Statistics()
    for each in (store.statistics for store in stores):
        total = replace(
            total,
            total_polled=total.total_polled + each.total_polled,
            already_synced=total.already_synced + each.already_synced,
            newly_synced=total.newly_synced + each.newly_synced,
            updated=total.updated + each.updated,
            sync_errors=total.sync_errors + each.sync_errors,
        )
    return total
