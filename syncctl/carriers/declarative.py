"""A carrier that works as its file says, a shop's or one that ships. `docs/PROOF_OF_DELIVERY.md` has the format.

Where things lie in an answer is said in JMESPath for JSON (`documents[0].content`) and by an element's name for XML. Texts may
hold `{tracking_number}`, `{claim}`, `{base_url}` and `{uuid}`, which are quoted as their place wants.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import jmespath
from jmespath.exceptions import JMESPathError

from syncctl.carriers.base import Claim, Document, Kind, Outcome, delivered, not_yet, persistent, temporary
from syncctl.carriers.carrier_file import CODES, CarrierFile, places
from syncctl.carriers.classify import (
    INVALID_CREDENTIALS,
    INVALID_TRACKING,
    LOST,
    NO_DOCUMENT,
    RETURNED,
    Codes,
    error_outcome,
    link_outcome,
)
from syncctl.carriers.forms import sniff
from syncctl.carriers.http import CarrierHttp, Reply
from syncctl.carriers.limits import Limits
from syncctl.carriers.oauth import TokenRefused, Tokens
from syncctl.carriers.reading import every, from_base64, moment
from syncctl.carriers.standing import STANDINGS, Standing, judge, same
from syncctl.clock import Clock, system_clock

_MEANINGS: dict[str, tuple[Kind, str]] = {
    "invalid_tracking": ("persistent", INVALID_TRACKING),
    "invalid_credentials": ("persistent", INVALID_CREDENTIALS),
    "not_found": ("temporary", "not_found"),
    "unavailable": ("temporary", "unavailable"),
    "throttled": ("throttled", "rate_limit"),
    "no_document": ("persistent", NO_DOCUMENT),
    "returned": ("persistent", RETURNED),
    "lost": ("persistent", LOST),
}
_KINDS: dict[str, Kind] = {"persistent": "persistent", "not_yet": "not_yet", "temporary": "temporary"}
"""Words that name a kind alone: the cause is the code itself."""
_KEY = re.compile(r"key|token|secret|auth|pass|sign", re.IGNORECASE)
"""In the name of a header or of a part of the query: what it holds is most likely a key."""


class Declarative:
    """A carrier that works as its file says."""

    def __init__(self, file: CarrierFile, *, clock: Clock = system_clock, base_url: str | None = None) -> None:
        table = file.table
        self.name, self.label = file.name, file.label
        self.verified = bool(table.get("verified", False))
        self.described = str(table.get("described", ""))
        self.documents = bool(table.get("documents", True))
        self.unverified = str(
            table.get("note") or f"Described in {file.path.name}; set verified = true there once it has fetched a real document."
        )
        self.limits = file.limits or Limits()
        self.numbers = file.numbers
        self._base = (base_url or file.base_url or "").rstrip("/")
        self._from_environment = file.secrets
        self._clock = clock
        self._table = table
        self._auth: Mapping[str, Any] = table.get("auth", {})
        told = [(word, str(code)) for word in CODES for code in table.get("codes", {}).get(word, [])]
        self._codes: Codes = {code: _MEANINGS.get(word) or (_KINDS[word], code.casefold()[:50]) for word, code in told}
        standings = {**table.get("status", {})}
        standings["delivered"] = [*standings.get("delivered", []), *table["response"].get("delivered", [])]
        self._words = bool(standings.get("words", False))
        self._standings: dict[str, Standing] = {
            same(str(code)): standing for standing in STANDINGS for code in standings.get(standing, [])
        }
        self._token: Mapping[str, Any] = table.get("token", {})
        self._tokens = Tokens(clock, self._ask_token, self._codes) if self._token else None

    @property
    def secrets(self) -> Sequence[str]:
        """See `Carrier.secrets`. Of a header such as `Token abc` the last word is one by itself."""
        held = [str(self._auth[key]) for key in ("password", "value") if self._auth.get(key)]
        held += [str(self._token[key]) for key in ("id", "secret") if self._token.get(key)]
        request = self._table["request"]
        sent = [*request.get("headers", {}).items(), *request.get("query", {}).items()]
        sent = [(name, str(value)) for name, value in sent if _KEY.search(str(name))]  # returnSignature is none
        held += [value for _, value in sent if "{" not in value and value not in ("true", "false")]
        obtained = self._tokens.obtained if self._tokens else ()
        return (*self._from_environment, *held, *(value.split()[-1] for value in held if " " in value.strip()), *obtained)

    def fetch(self, claim: Claim, http: CarrierHttp) -> Outcome:
        """See `Carrier.fetch`."""
        after = self._table.get("after")
        try:
            first = self._read(self._table["response"], self._ask(self._table["request"], claim, http), claim, http)
            if after is None or not (first.answered or _is_on(first.outcome, after.get("on", []))):
                return first.outcome
            return self._read(after.get("response", {}), self._ask(after, claim, http), claim, http).outcome
        except TokenRefused as refused:
            return refused.outcome

    def _read(self, response: Mapping[str, Any], reply: Reply, claim: Claim, http: CarrierHttp) -> _Read:
        """Return what an answer comes to."""
        if response.get("format") == "document":
            if not reply.ok:
                return _Read(self._failed(reply))
            return _Read(delivered(Document(content=reply.body, declared_type=reply.content_type)))
        answer = Answer.of(reply, str(response.get("format", "json")))
        code, text = answer.text(response.get("error_code")), answer.joined(response.get("error_text"))
        if code in map(str, response.get("fine", [])):
            code = text = ""
        lacks = "expect" in response and not answer.texts(response["expect"]) and not answer.find(response["expect"])
        if not reply.ok or answer.value is None or code or text or lacks:
            return _Read(self._failed(reply, code=code, text=text))
        if answer.find(response.get("unknown_when")) not in (None, False, "", [], {}):
            return _Read(persistent(INVALID_TRACKING, f"{self.label} does not know the number {claim.tracking_number}."))
        statuses = answer.texts(response.get("status"))
        standing = judge(statuses, self._standings, words=self._words)
        if standing == "returned":
            return _Read(persistent(RETURNED, f"{self.label} returned the parcel to its sender ({', '.join(statuses[:3])})."))
        found = self._documents(response, answer, http)
        if isinstance(found, Outcome):
            return _Read(found)
        if found:
            return _Read(delivered(*found))
        return _Read(self._without_document(response, answer, statuses, standing), answered=True)

    def _failed(self, reply: Reply, *, code: str = "", text: str = "") -> Outcome:
        if not code and not reply.ok and str(reply.status) in self._codes:
            code = str(reply.status)
        return error_outcome(reply, self._clock(), codes=self._codes, code=code or None, text=text or None)

    def _documents(self, response: Mapping[str, Any], answer: Answer, http: CarrierHttp) -> list[Document] | Outcome:
        """Return the documents of an answer, the proof first, or the outcome of a link that gave none."""
        link = next((each for each in answer.texts(response.get("link")) if each.startswith(("https://", "http://"))), "")
        known: dict[str, Any] = {
            "signed_by": answer.text(response.get("signed_by")) or None,
            "delivered_at": moment(*answer.texts(response.get("delivered_at"))),
            "link": link or None,
        }
        wanted = [*response.get("documents", []), *({"at": place} for place in places(response.get("document")))]
        found = [
            Document(content=content, what=str(each.get("what", "proof")), declared_type=answer.text(each.get("type")), **known)
            for each in wanted
            for packed in answer.packed(each["at"])
            if (content := from_base64(packed))
        ]
        if found or not link:
            once = {each.content: each for each in reversed(found)}  # some carriers give one document in two places
            found = [each for each in found if once[each.content] is each]
            return sorted(found, key=lambda each: sniff(each.content) is None)  # an empty letter comes behind the signature
        followed = http.get(link)
        if not followed.ok:
            return link_outcome(followed, self._clock())
        return [Document(content=followed.body, declared_type=followed.content_type, **known)]

    def _without_document(
        self, response: Mapping[str, Any], answer: Answer, statuses: Sequence[str], standing: Standing | None
    ) -> Outcome:
        """No document and no error: the status says why."""
        if standing == "delivered":
            when = answer.text(response.get("delivered_at"))
            said = f"{self.label} delivered the parcel{f' ({when})' if when else ''}"
            names_place = {"document", "documents", "link"} & (set(response) | set(self._table["response"]))
            if not self.documents or not names_place:
                hint = self._table.get("hint", "Ask the carrier for it, and put its address into pod_url.")
                return persistent(NO_DOCUMENT, f"{said}, but its service gives no document. {hint}")
            if not self._table["response"].get("comes_later", True):
                return persistent(NO_DOCUMENT, f"{said} but offers no document.")
            return temporary("pod_not_ready", f"{said} but has no document for it yet.")
        if standing == "lost":
            return persistent(LOST, f"{self.label} says that the parcel is lost ({', '.join(statuses[:3])}).")
        if statuses or not self._standings or "expect" in response:
            shown = f" (status {', '.join(statuses[:3])})" if statuses else ""
            return not_yet(f"{self.label} has not delivered the parcel yet{shown}.")
        return temporary("unknown", f"{self.label} answered with neither document nor status.")

    def _ask(self, request: Mapping[str, Any], claim: Claim, http: CarrierHttp) -> Reply:
        """Ask; where a token that was held is refused, once more with a new one. No question changes anything there."""
        if self._tokens is None:
            return self._send(request, claim, http, {})
        held = len(self._tokens.obtained)
        reply = self._send(request, claim, http, self._tokens.headers(http))
        if reply.status == 401:
            self._tokens.forget()
            if len(self._tokens.obtained) == held:
                reply = self._send(request, claim, http, self._tokens.headers(http))
        return reply

    def _send(self, request: Mapping[str, Any], claim: Claim, http: CarrierHttp, bearer: Mapping[str, str]) -> Reply:
        marks = {
            "tracking_number": claim.tracking_number,
            "claim": claim.reference,
            "uuid": uuid.uuid4().hex,
        }
        headers = {name: _marked(text, marks) for name, text in request.get("headers", {}).items()} | dict(bearer)
        query = {name: _marked(text, marks) for name, text in request.get("query", {}).items()}
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
        quoted = {name: quote(value, safe="") for name, value in marks.items()}
        url = _marked(str(request["url"]), {**quoted, "base_url": self._base})
        method = str(request.get("method", "GET")).upper()
        if method == "GET":
            return http.get(url, headers=headers, params=query, **more)
        body = request.get("body", "")
        if isinstance(body, dict):
            more["json"] = json.loads(_marked(json.dumps(body), {name: json.dumps(value)[1:-1] for name, value in marks.items()}))
        elif body:
            if str(body).lstrip().startswith("<"):
                marks = {name: escape(value) for name, value in marks.items()}
            more["data"] = _marked(str(body), marks).encode("utf-8")
        return http.call(method, url, headers=headers, params=query, **more)

    def _ask_token(self, http: CarrierHttp) -> Reply:
        form = {"grant_type": "client_credentials", **self._token.get("form", {})}
        held = (str(self._token["id"]), str(self._token["secret"]))
        url = _marked(self._token["url"], {"base_url": self._base})
        if self._token.get("send", "basic") == "basic":
            return http.post(url, data=form, auth=held)
        return http.post(url, data={**form, "client_id": held[0], "client_secret": held[1]})


class DeclarativeWithToken(Declarative):
    """A carrier whose file has a [token]: the token's address names no parcel, so that it can be asked by itself."""

    def check(self, http: CarrierHttp) -> Outcome | None:
        """See `Checkable.check`."""
        assert self._tokens is not None  # noqa: S101  (made so)
        return self._tokens.check(http)


def declared(file: CarrierFile, *, clock: Clock = system_clock, base_url: str | None = None) -> Declarative:
    """Make the carrier that a file describes."""
    kind = DeclarativeWithToken if "token" in file.table else Declarative
    return kind(file, clock=clock, base_url=base_url)


def _is_on(outcome: Outcome, on: Sequence[object]) -> bool:
    """Tell whether an error's status or code is one that only says that there is no document."""
    code, status = outcome.code.casefold(), str(outcome.http_status)
    known = [str(each).casefold() for each in on]
    return any(each in (code, status) or (each.startswith("*") and code.endswith(each[1:])) for each in known)


@dataclass(frozen=True, slots=True)
class _Read:
    """What an answer came to. `answered`: it was a good answer, without a document."""

    outcome: Outcome
    answered: bool = False


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
        """Return what lies at a place, or None; of several elements of XML the list of their texts."""
        if not place or self.value is None or isinstance(place, list):
            return None
        if self.is_xml:
            return [text for element in every(self.value, str(place)) if (text := (element.text or "").strip())] or None
        try:
            return jmespath.search(str(place), self.value)
        except (
            JMESPathError,
            ArithmeticError,
            RecursionError,
            TypeError,
            AttributeError,
        ):  # a place that fits some answers and not this one
            return None

    def texts(self, said: object) -> list[str]:
        """Return every text that lies at a place, or at several."""
        found = [each for place in places(said) for each in _flat(self.find(place))]
        return [text for each in found if not isinstance(each, bool) and (text := str(each).strip())]

    def text(self, said: object) -> str:
        """Return the first text that lies at a place, or at one of several; nothing where there is none."""
        return next(iter(self.texts(said)), "")

    def joined(self, said: object) -> str:
        """Return the texts of all places as one."""
        return " ".join(dict.fromkeys(self.text(place) for place in places(said) if self.text(place)))

    def packed(self, place: object) -> list[Any]:
        """Return what may be documents at a place: texts, or one list of byte values."""
        found = self.find(place)
        if isinstance(found, list) and not all(isinstance(each, int) for each in found):
            return found
        return [] if found is None else [found]


def _flat(value: Any) -> list[Any]:
    """Return the plain values of a list, at any depth; a lone one as a list of one."""
    if isinstance(value, list):
        return [each for item in value for each in _flat(item)]
    return [] if value is None or isinstance(value, dict) else [value]


def _marked(text: object, marks: Mapping[str, str]) -> str:
    """Put the marks' values in. `str.format` would choke on JSON's braces."""
    found = str(text)
    for name, value in marks.items():
        found = found.replace("{" + name + "}", value)
    return found
