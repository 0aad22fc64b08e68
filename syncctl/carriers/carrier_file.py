"""A carrier's file, read and checked: `docs/PROOF_OF_DELIVERY.md` has the format. Files of a shop, and those that ship.

A file that names a shipped carrier (`builtin = "ups"`) is laid over that one's, key by key. `${NAME}` takes an environment
variable, or the setting of that name; `${NAME?}` leaves its key out where there is none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jmespath
from jmespath.exceptions import JMESPathError

from syncctl.carriers.limits import Limits
from syncctl.carriers.numbers import CHECKS, Kind, Numbers
from syncctl.carriers.standing import STANDINGS
from syncctl.errors import ConfigError
from syncctl.secret import Secret
from syncctl.settings_pod import PodSettings

_REQUEST = {"method", "url", "headers", "query", "body"}
_PLACES = {"document", "link", "status", "signed_by", "delivered_at", "error_code", "error_text", "expect", "unknown_when"}
_RESPONSE = {*_PLACES, "format", "documents", "delivered", "fine", "comes_later"}
CODES = (
    "persistent",
    "not_yet",
    "temporary",
    "throttled",
    "invalid_tracking",
    "invalid_credentials",
    "not_found",
    "unavailable",
    "no_document",
    "returned",
    "lost",
)
"""What a code may mean: a kind of outcome, or a cause of ours."""
_SECTIONS: dict[str, set[str]] = {
    "limits": {"per_second", "per_minute", "per_day", "zone", "reset"},
    "request": _REQUEST,
    "response": _RESPONSE,
    "after": {*_REQUEST, "on", "response"},
    "auth": {"kind", "name", "value", "username", "password"},
    "token": {"url", "send", "id", "secret", "form"},
    "codes": set(CODES),
    "status": {*STANDINGS, "words"},
    "number": {"shortest", "longest", "digits_only", "kinds"},
}
_TOP = {
    *(
        "name",
        "label",
        "aliases",
        "builtin",
        "base_url",
        "sandbox_url",
        "verified",
        "described",
        "note",
        "hint",
        "documents",
        "needs",
    ),
    *_SECTIONS,
}
_NEEDED = {
    "basic": ("username", "password"),
    "header": ("name", "value"),
    "bearer": ("value",),
    "query": ("name", "value"),
}
UNTOUCHED = {"builtin", "name", "label", "aliases", "base_url", "limits", "number", "verified"}
"""What a file may change of a shipped carrier while that still agrees with the carrier's own description."""
_SETTINGS = {f"SYNCCTL_{each.name.upper()}" for each in fields(PodSettings)}
"""Of a setting it is known whether it is a secret; of any other variable it is taken for one."""
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(\??)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")


@dataclass(frozen=True, slots=True)
class CarrierFile:
    """A carrier's file, its variables filled in. `builtin` names the shipped carrier that it is laid over."""

    path: Path
    name: str
    label: str
    aliases: tuple[str, ...]
    builtin: str | None
    base_url: str | None
    limits: Limits | None
    numbers: Numbers
    table: Mapping[str, Any]
    secrets: tuple[str, ...] = field(repr=False, default=())
    """Every value that came from the environment, and every setting that is a secret, for the log's filter."""
    missing: tuple[str, ...] = ()
    """The settings that a shipped carrier wants and that are not set: it can't be asked."""


def read_table(path: Path) -> dict[str, Any]:
    """Read a carrier's file as it stands.

    Raises:
        ConfigError: it can't be read, or has a key that no carrier file has.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The carrier file {path} can't be read: {error}.") from error
    wrong = list(_unknown(table))
    if wrong:
        raise ConfigError(f"{path}: {', '.join(wrong)}: a carrier file has no such key. docs/PROOF_OF_DELIVERY.md lists them.")
    return table


def carrier_file(
    path: Path, table: Mapping[str, Any], environment: Mapping[str, str | Secret], *, shipped: bool = False
) -> CarrierFile:
    """Fill a file's variables in, and check what would only fail in the middle of a run.

    Raises:
        ConfigError: the message names file and key. A variable that is not set is no error in a shipped file: see `missing`.
    """
    builtin = table.get("builtin")
    filler = _Filler(path, environment, strict=not shipped)
    filled = filler.fill({key: value for key, value in table.items() if key != "needs"})
    for needed in table.get("needs", []):
        filler.look_up(str(needed), optional=False)
    name = str(table.get("name") or builtin or path.stem)
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{path}: name is {name!r}, but takes small letters, digits and underscores, at most 50.")
    found = CarrierFile(
        path=path,
        name=name,
        label=str(filled.get("label") or name),
        aliases=tuple(str(alias) for alias in filled.get("aliases", [])),
        builtin=str(builtin) if builtin else None,
        base_url=str(filled["base_url"]).rstrip("/") if "base_url" in filled else None,
        limits=_limits(filled["limits"], path) if "limits" in filled else None,
        numbers=_numbers(filled.get("number", {}), path),
        table=filled,
        secrets=tuple(filler.secrets),
        missing=tuple(dict.fromkeys(filler.missing)),
    )
    if not builtin:
        wrong = list(_wrong(filled, skip_url=bool(found.missing)))
        if wrong:
            raise ConfigError(f"{path}: {' '.join(wrong)}")
    return found


def laid_over(shipped: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a shipped carrier's table with what a shop's file says otherwise, key by key."""
    changed = {key: value for key, value in own.items() if key not in ("builtin", "name")}
    merged = dict(shipped)
    for key, value in changed.items():
        before = merged.get(key)
        # Limits stand for themselves: a shop that names a day's limit alone has no other.
        both = isinstance(before, dict) and isinstance(value, dict) and key != "limits"
        merged[key] = laid_over(before, value) if both and isinstance(before, dict) else value
    if not set(own) <= UNTOUCHED:
        merged.pop("described", None)
        merged["note"] = "The file that ships is changed by one of yours."
    return merged


def read_carrier_file(path: Path, environment: Mapping[str, str | Secret]) -> CarrierFile:
    """Read and check a shop's file.

    Raises:
        ConfigError: it makes no sense.
    """
    return carrier_file(path, read_table(path), environment)


@dataclass(slots=True)
class _Filler:
    """Puts the environment's values in, and notes each as a secret."""

    path: Path
    environment: Mapping[str, str | Secret]
    strict: bool
    secrets: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def fill(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled for key, item in value.items() if (filled := self.fill(item)) is not None}
        if isinstance(value, list):
            return [filled for item in value if (filled := self.fill(item)) is not None]
        if not isinstance(value, str):
            return value
        found = [(each, self.look_up(each[1], optional=bool(each[2]))) for each in _VARIABLE.finditer(value)]
        if any(each[2] and not held for each, held in found):
            return None
        as_xml = value.lstrip().startswith("<")
        for each, held in found:
            value = value.replace(each[0], escape(held) if as_xml else held)
        return value

    def look_up(self, name: str, *, optional: bool) -> str:
        held = self.environment.get(name, "")
        text = held.reveal() if isinstance(held, Secret) else held
        if not text:
            if self.strict and not optional:
                raise ConfigError(f"{self.path} needs the environment variable {name}, which is not set.")
            self.missing += [] if optional else [name]
        elif isinstance(held, Secret) or name not in _SETTINGS:
            self.secrets.append(text)
        return text


def _unknown(table: Mapping[str, Any]) -> Iterator[str]:
    yield from (key for key in table if key not in _TOP)
    for section, keys in _SECTIONS.items():
        held = table.get(section)
        if isinstance(held, dict):
            yield from (f"[{section}] {key}" for key in held if key not in keys)
            inner = held.get("response")
            if isinstance(inner, dict):
                yield from (f"[{section}.response] {key}" for key in inner if key not in _RESPONSE)


def _wrong(table: Mapping[str, Any], *, skip_url: bool) -> Iterator[str]:
    """Say what is wrong with a file that describes a whole carrier."""
    for section in ("request", "response"):
        if not isinstance(table.get(section), dict):
            yield f"the section [{section}] is missing."
            return
    for name in ("request", "after", "token"):
        section = table.get(name, {})
        url = str(section.get("url", "")).replace("{base_url}", str(table.get("base_url", "")))
        if (section or name == "request") and not skip_url and urlsplit(url).scheme not in ("http", "https"):
            yield f"[{name}] url must begin with https:// or http://."
        if str(section.get("method", "GET")).upper() not in ("GET", "POST"):
            yield f"[{name}] method takes GET or POST."
    for name, response in (("response", table["response"]), ("after.response", table.get("after", {}).get("response", {}))):
        yield from _wrong_response(name, response)
    auth, kind = table.get("auth", {}), str(table.get("auth", {}).get("kind", "none"))
    if kind != "none" and kind not in _NEEDED:
        yield "[auth] kind takes none, basic, header, bearer or query."
    if not skip_url:
        yield from (f"[auth] {key} is missing." for key in _NEEDED.get(kind, ()) if not auth.get(key))
        yield from (
            f"[token] {key} is missing." for key in ("url", "id", "secret") if table.get("token") and not table["token"].get(key)
        )
    if str(table.get("token", {}).get("send", "basic")) not in ("basic", "form"):
        yield "[token] send takes basic or form."


def _wrong_response(name: str, response: Mapping[str, Any]) -> Iterator[str]:
    if str(response.get("format", "json")) not in ("json", "xml", "document"):
        yield f"[{name}] format takes json, xml or document."
    documents = response.get("documents", [])
    if not all(isinstance(each, dict) and set(each) <= {"at", "what", "type"} and each.get("at") for each in documents):
        yield f"[{name}] documents takes a list of tables with at, and perhaps what and type."
        return
    if str(response.get("format", "json")) == "json":
        told = [(key, place) for key in _PLACES & set(response) for place in places(response[key])]
        told += [("documents", place) for each in documents for key in ("at", "type") for place in places(each.get(key))]
        yield from (f"[{name}] {key} is no JMESPath: {place}." for key, place in told if not _compiles(place))


def places(said: object) -> Sequence[str]:
    """Return the places that a key names: one, several, or none."""
    if said is None:
        return ()
    return tuple(str(each) for each in said) if isinstance(said, list) else (str(said),)


def _compiles(place: str) -> bool:
    try:
        jmespath.compile(place)
    except JMESPathError:
        return False
    return True


def _limits(table: Mapping[str, Any], path: Path) -> Limits:
    try:
        zone = ZoneInfo(str(table.get("zone", "UTC")))
        reset = time.fromisoformat(str(table.get("reset", "00:00")))
        numbers = {key: int(table[key]) for key in ("per_second", "per_minute", "per_day") if key in table}
        if any(number < 1 for number in numbers.values()):
            raise ValueError("a limit must be at least 1")
    except (ValueError, TypeError, ZoneInfoNotFoundError, OSError) as error:
        raise ConfigError(f"{path}: [limits] can't be used: {error}.") from error
    return Limits(zone=zone, reset=reset, **numbers)


def _numbers(table: Mapping[str, Any], path: Path) -> Numbers:
    try:
        kinds = []
        for each in table.get("kinds", []):
            shape, by = re.compile(str(each["shape"])), str(each["check"])
            if by not in CHECKS or not {"serial", "check"} <= set(shape.groupindex):
                raise ValueError(f"check takes {', '.join(CHECKS)}, and shape the groups serial and check")
            kinds.append(Kind(shape, by))
        shortest, longest = int(table.get("shortest", Numbers.shortest)), int(table.get("longest", Numbers.longest))
    except (ValueError, TypeError, KeyError, re.error) as error:
        raise ConfigError(f"{path}: [number] can't be used: {error}.") from error
    return Numbers(kinds=tuple(kinds), digits_only=bool(table.get("digits_only", False)), shortest=shortest, longest=longest)
