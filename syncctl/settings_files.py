"""The files that settings are read from: `.env`, and beside it `.env.NAME` for each profile (one store's settings).

The same names mean the same on every host: a profile's name is looked up without regard to capitals, and two files whose names
differ in nothing else are refused, since Windows could not keep both.
"""

from __future__ import annotations

import difflib
import io
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from syncctl.errors import ConfigError
from syncctl.setting_kinds import path_of

ENV_FILE = ".env"
PROFILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,29}")
"""What a profile's name may be: log files, scheduled tasks and units are called by it, on every system."""
PROFILE_TAKES = "a profile's name: 1 to 30 Latin letters, digits, dashes and underscores, the first a letter or a digit"
NO_PROFILES = frozenset({"example", "sample", "template", "dist", "bak", "backup", "old", "orig", "save", "tmp", "swp"})
"""Names that files beside `.env` have for other reasons."""
_DEVICES = re.compile(r"(?i)con|prn|aux|nul|(com|lpt)[0-9]")
_LARGEST = 1_048_576
"""Bytes of a settings file that are read."""
_SHOWN = 60
"""Characters of a wrong name that are repeated to whoever typed it."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What one file says. `slips`: its lines that are no settings, each as a sentence."""

    path: Path
    values: Mapping[str, str] = field(default_factory=dict)
    slips: tuple[str, ...] = ()


def env_path(env_file: Path | None = None, environment: Mapping[str, str] | None = None) -> Path:
    """Return the path of the `.env` file that is read, whether it exists or not."""
    named = (os.environ if environment is None else environment).get("SYNCCTL_ENV_FILE", "").strip()
    try:
        return env_file or path_of(named or ENV_FILE)
    except ValueError:
        raise ConfigError(f"There is no such user folder: SYNCCTL_ENV_FILE is {_short(named)}.") from None


def read_base(env_file: Path | None, environment: Mapping[str, str]) -> SettingsFile:
    """Read the `.env` file, which all profiles share. It may be missing unless it was named.

    Raises:
        ConfigError: it was named and isn't there, or can't be read.
    """
    path = env_path(env_file, environment)
    wanted = env_file is not None or bool(environment.get("SYNCCTL_ENV_FILE", "").strip())
    if not path.is_file():
        if wanted:
            raise ConfigError(f"There is no settings file {path}. Make it, or leave --env-file (SYNCCTL_ENV_FILE) out.")
        return SettingsFile(path)
    return read_file(path)


def read_file(path: Path) -> SettingsFile:
    """Read a settings file. `$` stands for itself there: keys and passwords hold it.

    Raises:
        ConfigError: it can't be read, is no UTF-8 text, or is far too large for one.
    """
    from dotenv.parser import parse_stream

    try:
        with path.open("rb") as stream:
            raw = stream.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise ConfigError(f"The settings file {path} is larger than a megabyte: it is no settings file.")
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise ConfigError(
                f"The settings file {path} is UTF-16. Save it as UTF-8 text (in PowerShell: Set-Content -Encoding utf8)."
            )
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"The settings file {path} can't be read: {error}. It must be UTF-8 text.") from error
    except OSError as error:
        said = f"{path.absolute()} can't be read: {error.strerror or error}"
        raise ConfigError(f"The settings file {said}. See to it that the account of the jobs may read it.") from error
    lines = list(parse_stream(io.StringIO(re.sub("\r\n?", "\n", text))))
    values = {line.key: line.value for line in lines if line.key is not None and line.value is not None}
    slips = (
        f"{path}, line {line.original.line}, is no setting and was ignored. Write NAME=value." for line in lines if line.error
    )
    return SettingsFile(path, values, tuple(slips))


def profile_names(base: Path) -> list[str]:
    """Return the names of the profiles beside the `.env` file `base`, in the order of the alphabet."""
    return sorted(found for found in _beside(base) if PROFILE.fullmatch(found) and found.lower() not in NO_PROFILES)


def no_profiles(base: Path) -> list[str]:
    """Return the files beside `.env` that look like profiles and can't be any: other letters, too long a name."""
    found = (name for name in _beside(base) if not PROFILE.fullmatch(name) and not re.search(r"[.~#]", name))
    return sorted(f"{base.name}.{name}" for name in found)


def _beside(base: Path) -> Iterator[str]:
    """Give what stands behind the `.env.` of each file beside it."""
    begin = os.path.normcase(f"{base.name}.")
    try:
        with os.scandir(base.parent) as entries:
            for entry in entries:
                if os.path.normcase(entry.name).startswith(begin) and entry.is_file():
                    yield entry.name[len(begin) :]
    except OSError:
        return  # no such folder, or not ours to look into: no profiles


def require_name(name: str) -> None:
    """Refuse what can't be a profile's name: paths, blanks, letters that not every system keeps.

    Raises:
        ConfigError: as said.
    """
    if not PROFILE.fullmatch(name):
        raise ConfigError(f"{_short(name)} is no profile: SYNCCTL_PROFILE (--profile) takes {PROFILE_TAKES}.")
    if name.lower() in NO_PROFILES:
        raise ConfigError(f"{name} is no profile: {ENV_FILE}.{name} is what a copy or a pattern of {ENV_FILE} is called.")
    if _DEVICES.fullmatch(name):
        raise ConfigError(f"{name} is no profile: Windows keeps that name for a device. Take another.")


def profile_path(base: Path, name: str) -> Path:
    """Return where a profile's file lies, whether it exists or not; one that is there is found without regard to capitals.

    Raises:
        ConfigError: that is no profile's name, or two files' names differ in nothing but capitals.
    """
    require_name(name)
    alike = [found for found in profile_names(base) if found.lower() == name.lower()]
    if len(alike) > 1:
        files = " and ".join(f"{base.name}.{found}" for found in alike)
        raise ConfigError(f"{files} in {base.parent.absolute()} differ in capitals alone, which Windows can't keep: rename one.")
    return base.with_name(f"{base.name}.{alike[0] if alike else name}")


def read_profile(base: Path, name: str) -> SettingsFile:
    """Read a profile's file.

    Raises:
        ConfigError: there is no such profile (the message names the nearest, and all), or its file can't be read.
    """
    path = profile_path(base, name)
    if not path.is_file():
        raise ConfigError(_no_such(base, name, path))
    return read_file(path)


def _no_such(base: Path, name: str, path: Path) -> str:
    """Say which profiles there are, where one was named that isn't there."""
    said = f"There is no profile {name}: no file {path.absolute()}."
    if path.exists():
        return f"{said} What lies there is no file."
    known = profile_names(base)
    near = difflib.get_close_matches(name.lower(), [found.lower() for found in known], n=1, cutoff=0.6)
    meant = next((f" Did you mean {found}?" for found in known if near and found.lower() == near[0]), "")
    if not known:
        return f"{said} There are no profiles there. Is this the folder of the {base.name} that you mean?"
    return f"{said}{meant} There {'is' if len(known) == 1 else 'are'} {', '.join(known)}."


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
