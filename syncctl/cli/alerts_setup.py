"""From the settings to what alerts work with: the ways to people, when they are told, what is kept for want of settings."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncctl.settings_alerts import clock_time
from syncctl.settings_files import env_path

if TYPE_CHECKING:
    from syncctl.cli.run import Run
    from syncctl.notify.ping import Ping
    from syncctl.notify.ways import Addresses, Ways
    from syncctl.services.alert_policy import Policy
    from syncctl.services.alerts import Alerts
    from syncctl.settings import Settings

_log = logging.getLogger("syncctl.cli")
_SECONDS = 30
"""That one message may take: a run that has a few of them is over before the next one begins."""


def addresses_of(settings: Settings) -> Addresses:
    """Return where people can be reached by these settings."""
    from syncctl.notify.channels import split
    from syncctl.notify.ways import Addresses

    return Addresses(
        operator=split(settings.notify_operator_url),
        critical=split(settings.alert_critical_url),
        syslog=settings.alert_syslog,
        event_log=settings.alert_event_log,
    )


def _policy(settings: Settings) -> Policy:
    from syncctl.services.alert_policy import Policy

    begin, _, end = (settings.alert_quiet_hours or "").partition("-")
    return Policy(
        cooldown=timedelta(minutes=settings.alert_cooldown_minutes),
        quiet=(clock_time(begin), clock_time(end)) if begin else None,
        digest_at=clock_time(settings.alert_digest_time) if settings.alert_digest_time else None,
        zone=settings.alert_timezone,
    )


@contextmanager
def alerts(run: Run) -> Iterator[Alerts]:
    """Give a run of alerts, its look at everything done; what it learns is kept for the time when there are no settings."""
    from syncctl.cli.health_setup import look
    from syncctl.notify.last_known import LastKnown, opened
    from syncctl.notify.messages import Templates
    from syncctl.services.alert_rules import Mismatch, Scope
    from syncctl.services.alerts import Alerts

    connect = run.connect
    verdict = look(run)
    settings = run.settings
    with opened(_place(run)) as held:
        if held is None:
            _log.warning("What people are told of can't be kept in %s: they may be told of it twice.", _place(run).parent)
        known = held if held is not None else LastKnown()
        known.addresses, known.ping = addresses_of(settings), settings.ping_url
        yield Alerts(
            connect=connect,
            verdict=verdict,
            scope=Scope(store_id=settings.store_id, host=platform.node() or "this host"),
            policy=_policy(settings),
            ways=_ways(run),
            templates=Templates(settings.notify_template_dir),
            context=run.context(),
            known=known,
            mismatch=Mismatch(percent=settings.alert_mismatch_percent, orders=settings.alert_mismatch_orders),
            off=settings.alert_off,
            personal=settings.log_personal,
        )


def _ways(run: Run) -> Ways:
    from syncctl.notify.ways import Ways

    seconds = min(run.settings.http_answer_timeout, _SECONDS)
    return Ways(addresses_of(run.settings), seconds=seconds, stop=run.stop)


def _place(run: Run) -> Path:
    from syncctl.notify.last_known import place

    return place(env_path(run.env_file), run.settings.profile)


def try_ways(run: Run, *, critical: bool) -> list[dict[str, Any]]:
    """Send a test message each way; say of each what came of it."""
    from syncctl.errors import ConfigError, SyncError
    from syncctl.notify.messages import Message
    from syncctl.notify.ways import CRITICAL, problem, shown

    ways = _ways(run)
    channels = ways.channels()
    tried = []
    for name in ways.addresses.names():
        if name.startswith(CRITICAL) and not critical:
            continue
        text = f"This is a test of syncctl's alerts, sent from {platform.node()}: all is as it was."
        error: SyncError | None = None
        detail = problem(ways.addresses, name)
        if detail is None:
            try:
                channels[name].send(Message("syncctl: a test", text, ""))
            except SyncError as failed:
                error, detail = failed, str(failed)
        tried.append(
            {
                "way": name,
                "kind": shown(ways.addresses, name),
                "ok": detail is None,
                "detail": detail or "taken",
                "misconfigured": detail is not None and (error is None or isinstance(error, ConfigError)),
            }
        )
    return tried


# --- What other jobs need of it -------------------------------------------------------------------------------------------


def ping_of(settings: Settings, operation: str) -> Ping | None:
    """Return the pings of a job's run; None where its runs aren't watched."""
    from syncctl.jobs import JOBS

    name = next((job.name for job in JOBS if job.operation == operation), None)
    if settings.ping_url is None or name is None:
        return None
    from syncctl.notify.ping import Ping, url_for

    url = url_for(settings.ping_url, name)
    return Ping(url, seconds=settings.ping_seconds) if url else None


def failed_before_settings(
    command: str, operation: str, said: str, *, env_file: Path | None, flags: Mapping[str, str | None]
) -> None:
    """Tell people that a job has no settings, in the ways that were known last; and whoever watches the job that it failed.

    Where nothing is known, nothing is told; it never raises.
    """
    try:
        from syncctl.jobs import JOBS
        from syncctl.notify.last_known import opened, place

        path = place(env_path(env_file), flags.get("profile") or os.environ.get("SYNCCTL_PROFILE"))
        name = next((job.name for job in JOBS if job.operation == operation), None)
        if not path.exists():
            return
        with opened(path) as known:
            if known is None:
                return
            if known.ping is not None and name is not None:
                _ping_failure(known.ping, name)
            from syncctl.services.alerts import tell_of_settings

            tell_of_settings(known, command=command, host=platform.node() or "this host", said=said)
    except Exception:
        # The text of such an error may hold an address, and the address a key.
        _log.info("Nobody could be told that %s has no settings.", command)


def _ping_failure(setting: Any, name: str) -> None:
    from syncctl.errors import EXIT_CONFIG
    from syncctl.notify.ping import Ping, url_for

    url = url_for(setting, name)
    if url:
        Ping(url).end(EXIT_CONFIG)
