"""The settings of `health`: a part of `settings.Settings`, which has them all."""

from __future__ import annotations

from dataclasses import dataclass

from syncctl.setting_kinds import STORES, integer, setting

_GROUP = "Health"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSettings:
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
    health_deadline_seconds: int = setting(
        _GROUP, integer(1, 600), 20, "`health` waits so long for the database and the store; what hangs is critical."
    )
