"""Which jobs a folder has: those of each of its stores, and those of the database that they share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from syncctl.errors import ConfigError
from syncctl.jobs import ScheduledJob
from syncctl.profiles import list_profiles
from syncctl.schedulers.base import Place
from syncctl.schedulers.record import folder
from syncctl.services.schedule import entry_problems, place_of, planned, where_installed
from syncctl.settings import Settings
from syncctl.settings_files import env_path, profile_names
from syncctl.settings_health import intervals_of


@dataclass(frozen=True, slots=True)
class Part:
    """The jobs of one store, or of the database that all of them share."""

    place: Place
    jobs: list[ScheduledJob]
    records: Path
    store_id: str
    """The store that these jobs are for; that of those which are for none says nothing."""


def parts_of(
    settings: Settings,
    env_file: Path | None,
    without: Sequence[str] = (),
    account: str = "",
    *,
    remark: Callable[[str], object] = lambda _: None,
) -> list[Part]:
    """Return the parts that this folder has: that of the profile which was named, else one for each store.

    `env_file` is the settings file that was named, `without` are jobs to be left out; `remark` is told what a person should know.

    Raises:
        ConfigError: a profile's settings can't be read.
        UsageError: `without` names a job that there is not.
    """
    file = env_path(env_file)
    named = settings.profile if settings.origin("profile") in ("flag", "environment") else None
    names = profile_names(file)
    known = {name.lower(): name for name in names}
    place_file = file if env_file or os.environ.get("SYNCCTL_ENV_FILE", "").strip() else None
    found = [(known.get(named.lower(), named), settings)] if named else []
    for each in [] if named else list_profiles(env_file) if names else [None]:
        if each is not None and each.settings is None:
            raise ConfigError(f"The jobs of the profile {each.name} can't be told: {each.fault}")
        found.append((each.name, each.settings) if each and each.settings else ("", settings))
    if not named and names and not any(name == "" for name, _ in found):
        found.insert(0, ("", settings))
    parts = []
    for name, own in found:
        jobs, remarks = planned(
            polling_minutes=own.order_polling_interval_minutes,
            intervals=intervals_of(own.job_intervals),
            without=without,
            store=bool(name) or not names or bool(own.store_url),
            once=not name,
        )
        for said in remarks:
            remark(f"{name}: {said}" if name else said)
        place = place_of(Path.cwd(), profile=name, env_file=place_file, account=account)
        parts.append(Part(place, jobs, folder(own.lock_dir, file, name), own.store_id))
    return parts


def problems(settings: Settings, env_file: Path | None) -> dict[str, str]:
    """Ask this host's schedulers what is wrong with the jobs of the run's own store; nothing of jobs that they don't have.

    Raises:
        SyncError: a scheduler doesn't answer, or the settings can't be read.
    """
    named = settings.profile or ""
    found: dict[str, str] = {}
    for part in parts_of(settings, env_file):
        if part.place.profile.lower() in (named.lower(), ""):
            entries = {name: entry for each in where_installed(part.place) for name, entry in each.ask(part.place).items()}
            found |= entry_problems(entries, part.records)
    return found
