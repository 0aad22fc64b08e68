"""The stores that this folder knows, each by its profile, and that none is taken for another."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from syncctl.errors import ConfigError, SyncError
from syncctl.settings import Settings
from syncctl.settings_files import env_path, profile_names, profile_path
from syncctl.settings_load import load


@dataclass(frozen=True, slots=True)
class Profile:
    """One store's settings. `name` is empty for what `.env` alone says."""

    name: str
    file: Path
    settings: Settings | None
    """None where they can't be used: `fault` says why."""
    fault: str = ""

    @property
    def called(self) -> str:
        """What a sentence calls it."""
        return f"the profile {self.name}" if self.name else f"{self.file.name} alone"

    @property
    def has_store(self) -> bool:
        """Whether a store is set there."""
        return self.settings is not None and bool(self.settings.store_url)


def list_profiles(env_file: Path | None, environment: Mapping[str, str] | None = None) -> list[Profile]:
    """Return every profile, and first what `.env` alone says where a store is set there. What is wrong is a `fault`."""
    given = os.environ if environment is None else environment
    without = {name: value for name, value in given.items() if name != "SYNCCTL_PROFILE"}
    base = env_path(env_file, given)
    found = [_profile("", base, env_file, without)]
    found = [one for one in found if one.has_store or one.fault]
    return found + [_profile(name, base, env_file, without) for name in profile_names(base)]


def _profile(name: str, base: Path, env_file: Path | None, environment: Mapping[str, str]) -> Profile:
    file = base.with_name(f"{base.name}.{name}") if name else base
    try:
        file = profile_path(base, name) if name else base
        return Profile(name, file, load({"profile": name or None}, environment=environment, env_file=env_file, alone=not name))
    except SyncError as error:
        return Profile(name, file, None, str(error))


def require_own_store(settings: Settings, env_file: Path | None, environment: Mapping[str, str] | None = None) -> None:
    """Refuse to work on a database where another profile has the same store's name, or another name for the same store.

    Raises:
        ConfigError: as said; the message names both.
    """
    base = settings.files.get(".env")
    if base is None or not profile_names(base) or not (settings.profile or settings.store_url):
        return
    for other in list_profiles(env_file, environment):
        if other.settings is not None and other.name != (settings.profile or ""):
            for fault in clashes(settings, other.settings):
                raise ConfigError(fault)


def require_chosen(settings: Settings) -> None:
    """Refuse to work on no store at all where one of several is meant: the run would find nothing to do, for ever.

    Raises:
        ConfigError: as said; the message names the profiles.
    """
    names = unchosen(settings)
    if names:
        raise ConfigError(
            f"No store is chosen: {settings.own_file} sets none, and there {'is' if len(names) == 1 else 'are'} the "
            f"profile{'' if len(names) == 1 else 's'} {', '.join(names)}. Say which with --profile (SYNCCTL_PROFILE)."
        )


def unchosen(settings: Settings) -> list[str]:
    """Return the profiles that could have been chosen where no store is."""
    base = settings.files.get(".env")
    return profile_names(base) if base and not settings.profile and not settings.store_url else []


def clashes(one: Settings, other: Settings) -> Iterator[str]:
    """Say what two profiles on one database must not share. A SQL Server may take capitals for small letters: so does this."""
    from syncctl.db.connect import identity

    same_id = one.store_id.lower() == other.store_id.lower()
    same_store = bool(one.store_url) and bare_address(one.store_url) == bare_address(other.store_url)
    if not (same_id or same_store) or identity(one.database) != identity(other.database):
        return
    both = " and ".join(_called(each) for each in sorted((one, other), key=lambda each: each.profile or ""))
    if not same_id:
        yield (
            f"{both} both poll {one.store_url}, under the names {one.store_id} and {other.store_id}: its orders would get into "
            "the ERP twice. Take one of them away."
        )
        return
    everywhere = " The environment sets SYNCCTL_STORE_ID for all: take it out." if one.origin("store_id") == "environment" else ""
    yield (
        f"{both} have the same SYNCCTL_STORE_ID, {one.store_id}, on the same database: an order of one would be taken for the "
        f"other's. Give each store its own.{everywhere}"
    )


def _called(settings: Settings) -> str:
    return settings.own_file


def bare_address(address: str | None) -> str:
    """Return an address as far as it tells which store it is."""
    bare = (address or "").lower()
    for scheme, port in (("https://", ":443"), ("http://", ":80")):
        if bare.startswith(scheme):
            host, slash, folder = bare.removeprefix(scheme).partition("/")
            bare = host.removesuffix(port) + slash + folder
    return bare.removeprefix("www.").rstrip("/")


def profile_of(store_id: str, env_file: Path | None) -> str | None:
    """Return the profile whose store has that id; empty for what `.env` alone says, None where there is none."""
    for known in list_profiles(env_file):
        if known.settings is not None and known.settings.store_id == store_id:
            return known.name
    return None
