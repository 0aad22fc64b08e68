"""A carrier described in a TOML file, so that a shop adds its own without Python. `docs/PROOF_OF_DELIVERY.md` has the format.

Where things lie in an answer is said in JMESPath for JSON (`documents[0].content`) and by an element's name for XML. Texts may
hold `{tracking_number}` and `{claim}`, which are quoted as their place wants, and `${NAME}`, an environment variable.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jmespath
from jmespath.exceptions import JMESPathError

from syncctl.carriers.base import Claim, Document, Kind, Outcome, delivered, not_yet, persistent, temporary
from syncctl.carriers.classify import NO_DOCUMENT, Codes, error_outcome, link_outcome
from syncctl.carriers.http import CarrierHttp, Reply
from syncctl.carriers.limits import Limits
from syncctl.carriers.reading import first, from_base64, moment
from syncctl.clock import Clock, system_clock
from syncctl.errors import ConfigError

_KEYS: dict[str, set[str]] = {
    "": {"name", "label", "aliases", "builtin", "base_url", "limits", "request", "auth", "response", "codes", "verified"},
    "limits": {"per_second", "per_minute", "per_day", "zone", "reset"},
    "request": {"method", "url", "headers", "query", "body"},
    "auth": {"kind", "name", "value", "username", "password"},
    "response": {
        "format",
        "document",
        "link",
        "status",
        "delivered",
        "signed_by",
        "delivered_at",
        "error_code",
        "error_text",
    },
    "codes": {"persistent", "not_yet", "temporary", "throttled"},
}
_NEEDED = {
    "basic": ("username", "password"),
    "header": ("name", "value"),
    "bearer": ("value",),
    "query": ("name", "value"),
}
_KINDS: tuple[Kind, ...] = ("persistent", "not_yet", "temporary", "throttled")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_KEY = re.compile(r"key|token|secret|auth|pass|sign", re.IGNORECASE)
"""In the name of a header or of a part of the query: what it holds is most likely a key."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")


@dataclass(frozen=True, slots=True)
class CarrierFile:
    """A carrier's file, read and checked. `builtin` names the built-in carrier whose address and limits it changes."""

    path: Path
    name: str
    label: str
    aliases: tuple[str, ...]
    builtin: str | None
    base_url: str | None
    limits: Limits | None
    table: Mapping[str, Any]
    secrets: tuple[str, ...]
    """Every value that came from the environment, for the log's filter."""


def read_carrier_file(path: Path, environment: Mapping[str, str]) -> CarrierFile:
    """Read a carrier's file.

    Raises:
        ConfigError: it can't be read, or says something that makes no sense; the message names file and key.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The carrier file {path} can't be read: {error}.") from error
    wrong = [f"{f'[{section}] ' if section else ''}{key}" for section, key in _unknown(table)]
    if wrong:
        raise ConfigError(f"{path}: {', '.join(wrong)}: a carrier file has no such key. docs/PROOF_OF_DELIVERY.md lists them.")
    secrets: list[str] = []
    table = _filled(table, environment, path, secrets)
    name = str(table.get("name") or table.get("builtin") or path.stem)
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{path}: name is {name!r}, but takes small letters, digits and underscores, at most 50.")
    builtin = table.get("builtin")
    found = CarrierFile(
        path=path,
        name=name,
        label=str(table.get("label") or name),
        aliases=tuple(str(alias) for alias in table.get("aliases", [])),
        builtin=str(builtin) if builtin else None,
        base_url=str(table["base_url"]).rstrip("/") if "base_url" in table else None,
        limits=_limits(table["limits"], path) if "limits" in table else None,
        table=table,
        secrets=tuple(secrets),
    )
    if builtin is None:
        Declarative(found)  # says what is wrong with the rest
    return found


class Declarative:
    """A carrier that works as its file says."""

    verified = False

    def __init__(self, described: CarrierFile, *, clock: Clock = system_clock) -> None:
        self.name = described.name
        self.label = described.label
        self.unverified = f"Described in {described.path.name}; set verified = true there once it has fetched a real document."
        self.verified = bool(described.table.get("verified", False))
        self.limits = described.limits or Limits()
        self._path = described.path
        self._from_environment = described.secrets
        self._clock = clock
        self._request: Mapping[str, Any] = self._section(described.table, "request")
        self._auth: Mapping[str, Any] = described.table.get("auth", {})
        self._response: Mapping[str, Any] = self._section(described.table, "response")
        self._codes: Codes = {
            str(code): (kind, str(code).casefold()[:50])
            for kind in _KINDS
            for code in described.table.get("codes", {}).get(kind, [])
        }
        self._check()

    @property
    def secrets(self) -> Sequence[str]:
        """See `Carrier.secrets`. Of a header such as `Token abc` the last word is one by itself."""
        held = [str(self._auth[key]) for key in ("password", "value") if self._auth.get(key)]
        sent = [*self._request.get("headers", {}).items(), *self._request.get("query", {}).items()]
        held += [str(value) for name, value in sent if _KEY.search(str(name)) and "{" not in str(value)]
        return (*self._from_environment, *held, *(value.split()[-1] for value in held if " " in value.strip()))

    def fetch(self, claim: Claim, http: CarrierHttp) -> Outcome:
        """See `Carrier.fetch`."""
        reply = self._ask(claim, http)
        if self._format == "document":
            if not reply.ok:
                return error_outcome(reply, self._clock(), codes=self._codes)
            return delivered(Document(content=reply.body, declared_type=reply.content_type))
        answer = Answer.of(reply, self._format)
        code, text = answer.text(self._response.get("error_code")), answer.text(self._response.get("error_text"))
        if not reply.ok or answer.value is None or code or text:
            return error_outcome(reply, self._clock(), codes=self._codes, code=code or None, text=text or None)
        content = from_base64(answer.find(self._response.get("document")))
        link = answer.text(self._response.get("link"))
        signed_by = answer.text(self._response.get("signed_by")) or None
        delivered_at = moment(answer.text(self._response.get("delivered_at")))
        declared = ""
        if content is None and link:
            followed = http.get(link)
            if not followed.ok:
                return link_outcome(followed, self._clock())
            content, declared = followed.body, followed.content_type
        if content:
            return delivered(
                Document(
                    content=content, declared_type=declared, link=link or None, signed_by=signed_by, delivered_at=delivered_at
                )
            )
        return self._without_document(answer)

    def _without_document(self, answer: Answer) -> Outcome:
        """No document and no error: the status says why."""
        status = answer.text(self._response.get("status"))
        reached = {str(word).casefold() for word in self._response.get("delivered", [])}
        if status and status.casefold() in reached:
            if "document" not in self._response and "link" not in self._response:
                return persistent(NO_DOCUMENT, f"{self.label} delivered the parcel, and its file names no place for a document.")
            return temporary("pod_not_ready", f"{self.label} delivered the parcel but has no document for it yet.")
        if status or not reached:
            return not_yet(f"{self.label} has no document yet{f' (status {status})' if status else ''}.")
        return temporary("unknown", f"{self.label} answered with neither document nor status.")

    def _ask(self, claim: Claim, http: CarrierHttp) -> Reply:
        marks = {"tracking_number": claim.tracking_number, "claim": claim.reference}
        headers = {name: _marked(text, marks) for name, text in self._request.get("headers", {}).items()}
        query = {name: _marked(text, marks) for name, text in self._request.get("query", {}).items()}
        more: dict[str, Any] = {}
        kind = self._auth.get("kind", "none")
        if kind == "basic":
            more["auth"] = (str(self._auth["username"]), str(self._auth["password"]))
        elif kind == "header":
            headers[str(self._auth["name"])] = str(self._auth["value"])
        elif kind == "bearer":
            headers["Authorization"] = f"Bearer {self._auth['value']}"
        elif kind == "query":
            query[str(self._auth["name"])] = str(self._auth["value"])
        url = _marked(str(self._request["url"]), {name: quote(value, safe="") for name, value in marks.items()})
        method = str(self._request.get("method", "GET")).upper()
        if method == "GET":
            return http.get(url, headers=headers, params=query, **more)
        body = self._request.get("body", "")
        if isinstance(body, dict):
            more["json"] = json.loads(_marked(json.dumps(body), {name: json.dumps(value)[1:-1] for name, value in marks.items()}))
        elif body:
            more["data"] = _marked(str(body), marks).encode("utf-8")
        return http.call(method, url, headers=headers, params=query, **more)

    @property
    def _format(self) -> str:
        return str(self._response.get("format", "json"))

    def _section(self, table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        section = table.get(name)
        if not isinstance(section, dict):
            raise ConfigError(f"{self._path}: the section [{name}] is missing.")
        return section

    def _check(self) -> None:
        """Raise one ConfigError for what would only fail in the middle of a run."""
        wrong: list[str] = []
        if urlsplit(str(self._request.get("url", ""))).scheme not in ("http", "https"):
            wrong.append("[request] url must begin with https:// or http://.")
        if str(self._request.get("method", "GET")).upper() not in ("GET", "POST"):
            wrong.append("[request] method takes GET or POST.")
        if self._format not in ("json", "xml", "document"):
            wrong.append("[response] format takes json, xml or document.")
        kind = str(self._auth.get("kind", "none"))
        if kind != "none" and kind not in _NEEDED:
            wrong.append("[auth] kind takes none, basic, header, bearer or query.")
        wrong += [f"[auth] {key} is missing." for key in _NEEDED.get(kind, ()) if not self._auth.get(key)]
        if self._format == "json":
            places = [(key, value) for key, value in self._response.items() if not _compiles(key, value)]
            wrong += [f"[response] {key} is no JMESPath: {value}." for key, value in places]
        if wrong:
            raise ConfigError(f"{self._path}: {' '.join(wrong)}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed answer, JSON or XML, in which places are looked up."""

    value: Any
    is_xml: bool

    @classmethod
    def of(cls, reply: Reply, form: str) -> Answer:
        """Parse a reply."""
        return cls(reply.xml() if form == "xml" else reply.json(), form == "xml")

    def find(self, place: object) -> Any:
        """Return what lies at a place, or None."""
        if not place or self.value is None:
            return None
        if self.is_xml:
            return first(self.value, str(place)) or None
        try:
            return jmespath.search(str(place), self.value)
        except (JMESPathError, ArithmeticError, RecursionError):  # a place that fits some answers and not this one
            return None

    def text(self, place: object) -> str:
        """Return what lies at a place as text, or nothing."""
        found = self.find(place)
        return "" if found is None or isinstance(found, dict | list | bool) else str(found).strip()


def _compiles(key: str, value: object) -> bool:
    if key in ("format", "delivered"):
        return True
    try:
        jmespath.compile(str(value))
    except JMESPathError:
        return False
    return True


def _marked(text: object, marks: Mapping[str, str]) -> str:
    """Put the marks' values in. `str.format` would choke on JSON's braces."""
    found = str(text)
    for name, value in marks.items():
        found = found.replace("{" + name + "}", value)
    return found


def _unknown(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [("", key) for key in table if key not in _KEYS[""]]
    for section, keys in _KEYS.items():
        if section and isinstance(table.get(section), dict):
            found += [(section, key) for key in table[section] if key not in keys]
    return found


def _filled(value: Any, environment: Mapping[str, str], path: Path, secrets: list[str]) -> Any:
    """Put the environment's values in, and note each as a secret."""
    if isinstance(value, dict):
        return {key: _filled(item, environment, path, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, environment, path, secrets) for item in value]
    if not isinstance(value, str):
        return value

    def look_up(found: re.Match[str]) -> str:
        held = environment.get(found[1], "")
        if not held:
            raise ConfigError(f"{path} needs the environment variable {found[1]}, which is not set.")
        secrets.append(held)
        return held

    return _VARIABLE.sub(look_up, value)


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
