"""Reading the settings: which source counts, the profile that is chosen, and what must not be mixed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from syncctl.errors import ConfigError, UsageError
from syncctl.secret import HIDDEN, without_password
from syncctl.setting_kinds import is_text
from syncctl.settings import BY_NAME, PREFIX, STORE_KEYS, TABLE, Entry, Origin, Settings, nearest
from syncctl.settings_files import SettingsFile, profile_names, profile_path, read_base, read_profile

Sources = Sequence[tuple[Origin, Mapping[str, str]]]
"""Where settings stand beside the command line, what counts first first."""
_NOT_SETTINGS = ("SYNCCTL_TEST_", "SYNCCTL_ENV_FILE")
_SHOWN_VALUE = 200
"""Characters of a wrong value that are repeated to whoever set it."""


def load(
    flags: Mapping[str, str | None] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    env_file: Path | None = None,
    option_names: Mapping[str, str] | None = None,
    alone: bool = False,
    writing: bool = False,
) -> Settings:
    """Read the settings from every source and check them all.

    `flags` are texts from the command line by field name (None: not given), `option_names` what those options are called there.
    `env_file` must exist where it is given; else `SYNCCTL_ENV_FILE`, else `.env` in the current folder is read, if there; and
    beside it the file of the profile that is chosen, which must exist. With `alone` none is chosen. For `writing` into the files
    they need not be right yet: the profile's may be a new one, and a value that is wrong counts as none.

    Raises:
        ConfigError: every value that is wrong, each with its setting, the value and what is accepted.
        UsageError: the same, where only options are wrong.
    """
    surroundings = os.environ if environment is None else environment
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    base = read_base(env_file, surroundings)
    profile = None if alone else _profile(given, surroundings, base, new=writing)
    sources = _sources(surroundings, base, profile)
    files: dict[Origin, Path] = {".env": base.path}
    if profile:
        files["profile"] = profile.path
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    wrong: list[tuple[Origin, str]] = []
    for entry in TABLE:
        found = look_up(entry, sources, given)
        if found is None:
            continue
        origin, name, raw = found
        try:
            if not is_text(raw):
                raise ValueError(raw)
            values[entry.name] = entry.kind.parse(raw)
            origins[entry.name] = origin
        except (ValueError, KeyError):
            where = files[origin].name if origin == "profile" else origin
            label = (option_names or {}).get(entry.name, name) if origin == "flag" else f"{name} (from {where})"
            shown = HIDDEN if entry.secret else f"'{_short(without_password(raw))}'"
            wrong.append((origin, f"{label} is {shown}, but takes {entry.kind.accepts}."))
    if profile:
        values["profile"] = profile.path.name.removeprefix(f"{base.path.name}.")
    if values.get("source") == "shopify":
        values.setdefault("store_id", "shopify")  # never another store's rows
    slips = (*base.slips, *(profile.slips if profile else ()), *_unknown(*(values for _, values in sources)))
    settings = replace(Settings(**values), origins=origins, files=files, unknown=slips)
    if settings.unknown_customer == "guest" and not settings.guest_cust_no:
        wrong.append((settings.origin("unknown_customer"), "SYNCCTL_UNKNOWN_CUSTOMER is 'guest': set SYNCCTL_GUEST_CUST_NO too."))
    wrong += _mixed_stores(settings, given, sources)
    if writing:
        wrong = [(origin, message) for origin, message in wrong if origin == "flag"]
    if wrong:
        error = UsageError if all(origin == "flag" for origin, _ in wrong) else ConfigError
        raise error(" ".join(message for _, message in wrong))
    return settings


def _short(text: str) -> str:
    """Return a wrong value, or the beginning of a long one."""
    return text if len(text) <= _SHOWN_VALUE else f"{text[:_SHOWN_VALUE]}…"


def _sources(environment: Mapping[str, str], base: SettingsFile, profile: SettingsFile | None) -> Sources:
    """Return where settings stand. What a profile's file says of the profile itself is left out: it is chosen by then."""
    own = {name: value for name, value in profile.values.items() if name != f"{PREFIX}PROFILE"} if profile else {}
    return (("environment", environment), ("profile", own), (".env", base.values))


def surroundings(env_file: Path | None = None, profile: str | None = None) -> dict[str, str]:
    """Return the environment with what the files add to it, for files that name variables of their own (carriers' keys)."""
    base = read_base(env_file, os.environ)
    own = read_profile(base.path, profile).values if profile else {}
    return {**base.values, **own, **os.environ}


def _profile(given: Mapping[str, str], environment: Mapping[str, str], base: SettingsFile, *, new: bool) -> SettingsFile | None:
    """Read the file of the profile that is chosen: by its name, or by the kind of store that `--source` asks for."""
    sources = _sources(environment, base, None)
    found = look_up(BY_NAME["profile"], sources, given)
    if found is not None:
        path = profile_path(base.path, found[2])
        return SettingsFile(path) if new and not path.exists() else read_profile(base.path, found[2])
    kind = given.get("source", "").strip().lower()
    if kind not in STORE_KEYS or look_up(BY_NAME[STORE_KEYS[kind][0]], sources, {}):
        return None
    alike = [name for name in profile_names(base.path) if _kind(_with(environment, base, name)) == kind]
    if len(alike) > 1:
        raise UsageError(f"--source {kind} may be {', '.join(alike)}: say which with --profile.")
    return read_profile(base.path, alike[0]) if alike else None


def _with(environment: Mapping[str, str], base: SettingsFile, name: str) -> Sources:
    """Return the sources that a profile would have; without its file where that can't be read."""
    try:
        return _sources(environment, base, read_profile(base.path, name))
    except ConfigError:
        return _sources(environment, base, None)


def _kind(sources: Sources) -> str:
    """Return the kind of store that these sources name."""
    found = look_up(BY_NAME["source"], sources, {})
    return found[2].lower() if found else "woocommerce"


def look_up(entry: Entry, sources: Sources, flags: Mapping[str, str]) -> tuple[Origin, str, str] | None:
    """Find the text that counts for a setting, the name it stood under and where. An empty text is as good as none."""
    if entry.name in flags:
        return "flag", entry.name, flags[entry.name].strip()
    for origin, source in sources:
        for name in (entry.variable, entry.bare):
            if name and source.get(name, "").strip():
                return origin, name, source[name].strip()
    return None


def _mixed_stores(settings: Settings, flags: Mapping[str, str], sources: Sources) -> Iterator[tuple[Origin, str]]:
    """Find where one store's name or keys would be taken for another's: its orders would get into the wrong hands."""
    if "source" in flags and settings.profile and _kind(sources) != settings.source:
        yield "flag", f"--source is {settings.source}, but the profile {settings.profile} is a store of {_kind(sources)}."
        return
    place = [origin for origin, _ in sources]
    named = settings.origin("store_id")
    if named in place:
        meant = _kind(sources[place.index(named) :])
        if meant != settings.source:
            yield (
                settings.origin("source"),
                f"SYNCCTL_STORE_ID is {settings.store_id} (from {named}), the name of a store of {meant} there; the "
                f"{settings.source} store needs another. Give each store a profile of its own (docs/SEVERAL_STORES.md).",
            )
    address, *keys = settings.store_keys
    if settings.origin(address) != "profile":
        return
    begin = address.partition("_")[0] + "_"
    more = [entry.name for entry in TABLE if entry.secret and entry.name.startswith(begin) and entry.name not in keys]
    lent = [BY_NAME[key].variable for key in (*keys, *more) if settings.origin(key) == ".env"]
    if settings.origin("store_id") in (".env", "default"):
        lent.insert(0, "SYNCCTL_STORE_ID")
    if lent:
        yield (
            "profile",
            f"{settings.own_file} names a store of its own ({BY_NAME[address].variable}); it needs its own "
            f"{' and '.join(lent)}, too, instead of what .env or the default says.",
        )


def _unknown(*sources: Mapping[str, str]) -> tuple[str, ...]:
    known = {entry.variable for entry in TABLE}
    given = {name for source in sources for name in source}
    names = sorted({name for name in given if name.startswith(PREFIX) and not name.startswith(_NOT_SETTINGS)} - known)
    return tuple(f"{name} is no setting of syncctl and was ignored.{nearest(name.removeprefix(PREFIX))}" for name in names)
