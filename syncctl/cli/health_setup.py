"""From the settings to a look at everything: thresholds, and what there is to look at. `alerts` looks in the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from syncctl.cli.process import open_store
from syncctl.settings_health import intervals_of

if TYPE_CHECKING:
    from datetime import datetime

    from syncctl.cli.run import Run
    from syncctl.db.contract import CarrierUse, Database, PodCount
    from syncctl.services.health import Around
    from syncctl.services.health_findings import Thresholds
    from syncctl.services.health_jobs import StoreJobs
    from syncctl.services.health_verdict import Verdict
    from syncctl.settings import Settings

_SHARE = 0.4
"""How much of the deadline one call of the database, or one try to connect, may take: one that hangs leaves time for others."""


def look(run: Run, names: Sequence[str] = ()) -> Verdict:
    """Look at everything, or only at the checks named, within the deadline.

    Raises:
        UsageError: there is no such check.
    """
    from syncctl.services.health import health
    from syncctl.services.health_verdict import check_named

    settings = run.settings
    wanted = frozenset(check_named(name) for name in names)
    return health(
        _connecting(run),
        open_store(run),
        store_id=settings.store_id,
        thresholds=_thresholds(run),
        around=_around(run),
        wanted=wanted,
        clock=run.clock,
        deadline=timedelta(seconds=settings.health_deadline_seconds),
    )


def _connecting(run: Run) -> Callable[[], Database]:
    """Return what opens a connection that waits for nothing as long as a job's would."""
    settings = run.settings
    most = max(1, int(settings.health_deadline_seconds * _SHARE))
    run.settings = replace(
        settings,
        database_login_timeout=min(settings.database_login_timeout, most),
        database_query_timeout=min(settings.database_query_timeout, most),
    )
    return run.connect


def _thresholds(run: Run) -> Thresholds:
    from syncctl.pushes import switched_on
    from syncctl.services.health_findings import Thresholds

    settings = run.settings
    return Thresholds(
        pending_minutes=settings.health_pending_minutes,
        write_back_minutes=settings.health_write_back_minutes,
        overdue_minutes=settings.health_overdue_minutes,
        silence_minutes=settings.health_silence_minutes,
        failed_orders=settings.health_failed_orders,
        review_orders=settings.health_review_orders,
        failed_proofs=settings.health_failed_proofs,
        proof_retries=settings.pod_max_retries,
        deadline_days=settings.pod_deadline_days,
        clock_warning_seconds=settings.health_clock_warning_seconds,
        clock_critical_seconds=settings.health_clock_critical_seconds,
        polling=settings.enable_order_polling,
        polling_interval_minutes=settings.order_polling_interval_minutes,
        ignore_stores=settings.health_ignore_stores,
        database_warning_ms=settings.health_database_warning_ms,
        database_critical_ms=settings.health_database_critical_ms,
        disk_warning_mb=settings.health_disk_warning_mb,
        disk_critical_mb=settings.health_disk_critical_mb,
        certificate_warning_days=settings.health_certificate_warning_days,
        certificate_critical_days=settings.health_certificate_critical_days,
        version_warning_days=settings.health_version_warning_days,
        notification_minutes=settings.health_notification_minutes,
        budget_percent=settings.health_budget_percent,
        intervals=_intervals(settings),
        late_intervals=settings.health_late_intervals,
        pushes=switched_on(settings),
        push_warning_minutes=settings.health_push_warning_minutes,
        push_critical_minutes=settings.health_push_critical_minutes,
        refused_warning=settings.health_refused_warning,
        refused_critical=settings.health_refused_critical,
    )


def _intervals(settings: Settings) -> dict[str, int]:
    """Return how often jobs run by the settings. Where these say how often the store is polled, `stage` is missed at once."""
    known = intervals_of(settings.job_intervals)
    if settings.origin("order_polling_interval_minutes") == "default":
        return known
    return {"stage": settings.order_polling_interval_minutes, **known}


def _stores(run: Run) -> dict[str, StoreJobs]:
    """Return what each profile on this database says of its store's jobs, by store id; nothing where there are none."""
    from syncctl.profiles import list_profiles
    from syncctl.services.health_jobs import StoreJobs
    from syncctl.settings_files import env_path, profile_names

    if not profile_names(env_path(run.env_file)):
        return {}
    return {
        each.settings.store_id: StoreJobs(
            profile=each.name, intervals=_intervals(each.settings), polling=each.settings.enable_order_polling
        )
        for each in list_profiles(run.env_file)
        if each.settings is not None and each.settings.database == run.settings.database
    }


def _around(run: Run) -> Around:
    from syncctl.profiles import unchosen
    from syncctl.services.health import Around

    return Around(
        folders=_folders(run),
        certificate=_certificate(run),
        scripts=_scripts,
        uses=lambda *claims: _uses(run, *claims),
        scheduler=lambda: _scheduled(run),
        profiles=unchosen(run.settings),
        stores=_stores(run),
    )


def _scheduled(run: Run) -> Mapping[str, str]:
    from syncctl.services.schedule_parts import problems

    return problems(run.settings, run.env_file)


def _folders(run: Run) -> dict[str, Path]:
    from syncctl.db.connect import embedded_path, is_embedded

    settings = run.settings
    folders = {"log files": settings.log_dir, "lock files": settings.lock_dir}
    if settings.pod_store == "folder":
        folders["documents"] = settings.pod_dir
    if is_embedded(settings.database):
        folders["database"] = embedded_path(settings.database).parent
    return folders


def _certificate(run: Run) -> Callable[[], datetime | None] | None:
    settings = run.settings
    url = settings.store_url
    if not url or not url.lower().startswith("https:"):
        return None

    def expires() -> datetime | None:
        from syncctl.stores.certificate import expires_at

        bundle = settings.woo_ca_bundle if settings.source == "woocommerce" else None
        return expires_at(url, ca_bundle=bundle, seconds=min(settings.http_connect_timeout, settings.health_deadline_seconds))

    return expires


def _scripts() -> dict[str, str]:
    """Return what every database of this version has, whatever its ERP: script → hash."""
    from syncctl.db.deploy_scripts import of_every_erp

    return {script.name: script.sha256 for script in of_every_erp()}


def _uses(run: Run, database: Database, claims: list[PodCount]) -> list[tuple[str, CarrierUse]]:
    """Return the budgets of the carriers that claims wait for."""
    from syncctl.cli.pod_setup import open_carriers
    from syncctl.services.pod_asking import carrier_use

    catalog = open_carriers(run)
    names = {catalog.name_of(row.carrier or "") for row in claims if row.standing in ("due", "waiting", "leased")}
    known = [(name, carrier) for name, carrier in sorted(catalog.carriers.items()) if name in names]
    return [(carrier.label, carrier_use(database, carrier, run.clock)) for _, carrier in known]
