"""The settings of `health`: a part of `settings.Settings`, which has them all."""

from __future__ import annotations

from dataclasses import dataclass

from syncctl.jobs import BY_NAME
from syncctl.setting_kinds import STORES, Kind, integer, setting
from syncctl.settings_stock import StockSettings

_GROUP = "Health"
_LONGEST_INTERVAL = 525_600


def _intervals(value: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    if not found or len(intervals_of(found)) != len(found):
        raise ValueError(value)
    return tuple(f"{name}={minutes}" for name, minutes in intervals_of(found).items())


def intervals_of(written: tuple[str, ...]) -> dict[str, int]:
    """Return job → minutes.

    Raises:
        ValueError: one of them names no job, or no number of minutes.
    """
    found = {}
    for part in written:
        name, _, minutes = (each.strip() for each in part.partition("="))
        if name not in BY_NAME or not 0 <= int(minutes) <= _LONGEST_INTERVAL:
            raise ValueError(part)
        found[name] = int(minutes)
    return found


INTERVALS = Kind(
    _intervals,
    f"jobs with their minutes between commas, such as stage=5,reconcile=0; jobs are {', '.join(BY_NAME)}",
    "JOB=MINUTES,…",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSettings(StockSettings):
    """See `settings.Settings`."""

    health_pending_minutes: int = setting(_GROUP, integer(1, 525_600), 60, "An order that waits longer than this is an issue.")
    health_write_back_minutes: int = setting(
        _GROUP, integer(1, 525_600), 60, "A message to the store that waits longer than this is an issue."
    )
    health_overdue_minutes: int = setting(
        _GROUP,
        integer(1, 525_600),
        60,
        "A failed order or message whose next attempt has been due for longer than this is an issue: nobody tries it.",
    )
    health_silence_minutes: int = setting(
        _GROUP, integer(0, 525_600), 60, "No successful run for this long is an issue; 0 turns the check off."
    )
    health_failed_orders: int = setting(_GROUP, integer(0, 1_000_000), 10, "More failed orders than this are an issue.")
    health_review_orders: int = setting(_GROUP, integer(0, 1_000_000), 0, "More orders in review than this are an issue.")
    health_failed_proofs: int = setting(
        _GROUP, integer(0, 1_000_000), 10, "More claims that will get no proof of delivery by themselves than this are an issue."
    )
    health_clock_warning_seconds: int = setting(
        _GROUP, integer(1, 86_400), 60, "This host's clock may differ so much from the database's and the store's."
    )
    health_clock_critical_seconds: int = setting(
        _GROUP, integer(1, 86_400), 300, "From this difference of clocks on, moments and signatures can't be trusted."
    )
    health_ignore_stores: tuple[str, ...] = setting(
        _GROUP,
        STORES,
        (),
        "Stores between commas whose orders are in the database and that nobody polls any more.",
    )
    health_database_warning_ms: int = setting(
        _GROUP, integer(1, 600_000), 1000, "A database that takes longer than this to answer is an issue."
    )
    health_database_critical_ms: int = setting(
        _GROUP, integer(1, 600_000), 5000, "From this time of answering on, the database is too slow to work with."
    )
    health_disk_warning_mb: int = setting(
        _GROUP, integer(0, 100_000_000), 1024, "Less room than this, in MB, for the database file, logs or documents is an issue."
    )
    health_disk_critical_mb: int = setting(
        _GROUP, integer(0, 100_000_000), 256, "Below this room, in MB, the jobs are about to stop."
    )
    health_certificate_warning_days: int = setting(
        _GROUP, integer(0, 3650), 21, "The store's certificate should be good for longer than so many days."
    )
    health_certificate_critical_days: int = setting(
        _GROUP, integer(0, 3650), 7, "Below so many days it is about to stop the polls."
    )
    health_version_warning_days: int = setting(
        _GROUP, integer(0, 3650), 30, "The version of the store's API should be in use for longer than so many days."
    )
    health_notification_minutes: int = setting(
        _GROUP, integer(1, 525_600), 60, "A message to people that has been due for longer than this is an issue."
    )
    health_budget_percent: int = setting(
        _GROUP,
        integer(1, 100),
        90,
        "A carrier is an issue from this share of its calls of a day on, where claims wait for it.",
    )
    health_late_intervals: int = setting(
        _GROUP,
        integer(1, 1000),
        3,
        "A job that has not run for so many of its intervals is an issue; one that runs once a day or less often, from a day on.",
    )
    health_push_warning_minutes: int = setting(
        _GROUP,
        integer(1, 525_600),
        60,
        "A store that was not told of its stock to the end for longer than this is an issue; one whose job runs seldom, when "
        "that is late.",
    )
    health_push_critical_minutes: int = setting(
        _GROUP, integer(1, 525_600), 240, "From this age of the last push on, the store sells what isn't there."
    )
    health_refused_warning: int = setting(
        _GROUP, integer(0, 1_000_000), 0, "More items that the store refused three times in a row than this are an issue."
    )
    health_refused_critical: int = setting(
        _GROUP, integer(0, 1_000_000), 50, "With more of them than this, most of what is told doesn't arrive."
    )
    job_intervals: tuple[str, ...] = setting(
        _GROUP,
        INTERVALS,
        (),
        "How often jobs run here, in minutes, where that differs from the schedules' own; 0: the job doesn't run here. One "
        "that is named here, or has run three times, is missed when it stays away.",
    )
    health_deadline_seconds: int = setting(
        _GROUP, integer(1, 600), 20, "`health` waits so long for the database and the store; what hangs is critical."
    )
