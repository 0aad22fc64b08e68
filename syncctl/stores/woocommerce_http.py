"""Talking to WooCommerce's REST API: signing, time-outs, and an error that says what to do for everything that can go wrong."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import backoff
import requests
from requests.auth import AuthBase, HTTPBasicAuth
from requests_oauthlib import OAuth1  # type: ignore[import-untyped]

from syncctl import __version__
from syncctl.answer_json import NoJson, read_json
from syncctl.clock import Clock, Sleeper, system_clock, system_sleeper
from syncctl.errors import STOPPED, ConfigError, StoreMisconfigured, StoreRefused, StoreUnavailable
from syncctl.http_answer import MEGABYTE, AnswerFailed, Bounds, HttpAnswer, HttpSession, ask
from syncctl.secret import Hider, Secret
from syncctl.stop import Never, StopFlag

log = logging.getLogger(__name__)

API_PATH = "/wp-json/wc/v3"
GET_TRIES = 3
LONGEST_WAIT_IN_CALL = 10.0
"""Seconds. A store that asks for a longer wait than this is left alone until the next run."""
CLOCK_TOLERANCE = 900.0
"""Seconds that WooCommerce lets an OAuth time stamp be off."""
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)
_TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_TRANSIENT = frozenset({408, 425, 429})
_NOT_AGAIN = frozenset({"too_large", "too_slow", STOPPED})
"""Codes of answers that would be the same once more, or that nobody waits for any longer."""
_LESS = (
    "Ask for fewer orders at a time (SYNCCTL_ORDER_POLLING_BATCH_SIZE), or allow more in one answer (SYNCCTL_HTTP_MAX_MEGABYTES)."
)
_LONGEST_REST = 7 * 86_400.0
"""Seconds. A store that asks for more has most likely sent nonsense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a WooCommerce store is and how to get in."""

    url: str
    consumer_key: Secret
    consumer_secret: Secret
    ca_bundle: Path | None = None
    auth_in_query: bool = False
    """Put the credentials into the address, where a server drops the Authorization header."""
    signature_method: str = "HMAC-SHA256"
    """For plain HTTP: HMAC-SHA256 or HMAC-SHA1."""
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    answer_timeout: float = 120.0
    """Seconds that a whole answer may take, from the beginning of the request."""
    largest: int = 64 * MEGABYTE
    """Bytes that an answer may have, unpacked."""

    @property
    def base(self) -> str:
        """The store's address without a trailing slash or API path.

        Raises:
            ConfigError: no address that could be a store's.
        """
        address = self.url.strip().rstrip("/")
        for ending in (API_PATH, "/wp-json"):
            address = address.removesuffix(ending).rstrip("/")
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ConfigError(
                "SYNCCTL_WOO_URL must be the store's address with http:// or https://, such as https://shop.example.com."
            )
        return address

    @property
    def secure(self) -> bool:
        """True for https, where the keys may travel as they are; over plain http each request is signed instead."""
        return urlsplit(self.base).scheme == "https"


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: the parsed JSON, numbers with a decimal point as `Decimal`, and its headers."""

    data: Any
    headers: Mapping[str, str]

    @property
    def total(self) -> int | None:
        """How many rows the whole list has, as the store counts."""
        text = self.headers.get("X-WP-Total", "")
        return int(text) if text.isdecimal() and len(text) < 19 else None


class Client:
    """One pooled session to one store. Safe to share between threads."""

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Clock = system_clock,
        sleeper: Sleeper = system_sleeper,
        session: HttpSession | None = None,
        stop: StopFlag | None = None,
    ) -> None:
        self.connection = connection
        self.base = connection.base
        self._bounds = Bounds(largest=connection.largest, seconds=connection.answer_timeout, stop=stop or Never())
        self._plain = Hider((connection.consumer_key.reveal(), connection.consumer_secret.reveal())).plain
        self._told: set[str] = set()
        self._clock = clock
        self._session = session or HttpSession()
        self._session.headers["User-Agent"] = f"syncctl/{__version__}"
        self._session.headers["Accept"] = "application/json"
        if not (connection.consumer_key.value and connection.consumer_secret.value):
            raise ConfigError(
                "SYNCCTL_WOO_CONSUMER_KEY and SYNCCTL_WOO_CONSUMER_SECRET are needed: "
                "the store gives them under WooCommerce → Settings → Advanced → REST API."
            )
        if connection.ca_bundle is not None and not connection.ca_bundle.exists():
            raise ConfigError(f"SYNCCTL_WOO_CA_BUNDLE: there is no file {connection.ca_bundle}.")
        # These loggers write whole addresses and signing keys at DEBUG level.
        for name in ("urllib3.connectionpool", "requests_oauthlib", "oauthlib"):
            logging.getLogger(name).setLevel(logging.INFO)

        def wait(details: Any) -> None:
            error = details["exception"]
            asked = error.retry_after if isinstance(error, StoreUnavailable) else None
            sleeper(asked if asked is not None else 2.0 ** (details["tries"] - 1))

        # `backoff` counts and decides; the waiting itself is the sleeper's, so that tests don't wait.
        self._get = backoff.on_exception(
            backoff.constant,
            StoreUnavailable,
            max_tries=GET_TRIES,
            giveup=_not_again,
            on_backoff=wait,
            jitter=None,
            logger=None,
            interval=0,
        )(self._get_once)

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """Read. Tried up to three times where the store doesn't answer, since reading twice does no harm.

        Raises:
            StoreUnavailable: no (usable) answer, 408, 429 or 5xx.
            StoreRefused: any other 4xx; `StoreMisconfigured` where it concerns every request.
        """
        return self._get(path, dict(parameters or {}))

    def send(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        """Write. Sent once: whether to repeat a write whose answer was lost is for the caller to find out by reading.

        Raises:
            StoreUnavailable, StoreRefused: as for `get`.
        """
        return self._request(method, path, {}, body)

    def close(self) -> None:
        """Let go of the pooled connections."""
        self._session.close()

    def _get_once(self, path: str, parameters: dict[str, str]) -> Answer:
        return self._request("GET", path, parameters, None)

    def _request(self, method: str, path: str, parameters: dict[str, str], body: dict[str, Any] | None) -> Answer:
        what = f"{method} {path}"
        connection = self.connection
        parameters = {**parameters, **self._query_keys()}
        try:
            answer = ask(
                self._session,
                method,
                self.base + API_PATH + path,
                bounds=self._bounds,
                params=parameters,
                data=None if body is None else json.dumps(body).encode(),
                headers=None if body is None else {"Content-Type": "application/json"},
                auth=self._auth(),
                timeout=(connection.connect_timeout, connection.read_timeout),
                # Given per request: the environment's CA bundle would override the session's own setting.
                verify=True if connection.ca_bundle is None else str(connection.ca_bundle),
            )
        except AnswerFailed as failed:
            self._given_up(what, method, failed)
        except requests.RequestException as error:
            self._no_answer(what, method, error)
        if 300 <= answer.status < 400:
            self._redirected(answer)
        if answer.status >= 400:
            self._refused(what, answer)
        return Answer(self._json(what, answer), answer.headers)

    def _auth(self) -> AuthBase:
        connection = self.connection
        key, secret = connection.consumer_key.reveal(), connection.consumer_secret.reveal()
        if not connection.secure:
            signed: AuthBase = OAuth1(
                key,
                client_secret=secret,
                signature_method=connection.signature_method,
                signature_type="QUERY" if connection.auth_in_query else "AUTH_HEADER",
            )
            return signed
        if connection.auth_in_query:
            return _NoHeader()
        return HTTPBasicAuth(key.encode(), secret.encode())

    def _query_keys(self) -> dict[str, str]:
        if not (self.connection.secure and self.connection.auth_in_query):
            return {}
        return {
            "consumer_key": self.connection.consumer_key.reveal(),
            "consumer_secret": self.connection.consumer_secret.reveal(),
        }

    def _given_up(self, what: str, method: str, failed: AnswerFailed) -> NoReturn:
        """Say why an answer was not taken."""
        why = {
            "packing": f"the answer to {what} is packed in a way that was not asked for ({self._plain(str(failed), 50)}). "
            "Look for a proxy or a plugin that changes REST answers.",
            "too_large": f"the answer to {what} is larger than {self._bounds.largest // MEGABYTE} MB, unpacked. {_LESS}",
            "too_slow": f"the answer to {what} was not complete after {self._bounds.seconds:g} s (SYNCCTL_HTTP_ANSWER_TIMEOUT).",
            STOPPED: f"{what} was broken off, because the run was asked to stop.",
        }[failed.code]
        raise StoreUnavailable(f"{self.base}: {why}{_lost(method)}", code=failed.code) from None

    def _no_answer(self, what: str, method: str, error: requests.RequestException) -> NoReturn:
        """Name why there was no answer. The cause is left out of the chain: its text holds the address with everything in it."""
        store = self.base
        lost = _lost(method)
        if isinstance(error, requests.exceptions.SSLError):
            raise StoreMisconfigured(
                f"{store}: no safe connection ({self._plain(str(_innermost(error)))}). "
                "Where the store's certificate is signed by a private authority, name its file in SYNCCTL_WOO_CA_BUNDLE."
            ) from None
        if isinstance(error, requests.exceptions.ProxyError):
            raise StoreUnavailable(
                f"{store}: the proxy gave no way through. Look at HTTPS_PROXY and NO_PROXY, or try later.", code="proxy"
            ) from None
        if isinstance(error, requests.exceptions.ConnectTimeout):
            raise StoreUnavailable(
                f"{store}: no connection within {self.connection.connect_timeout:g} s.", code="timeout"
            ) from None
        if isinstance(error, requests.exceptions.Timeout):
            seconds = self.connection.read_timeout
            raise StoreUnavailable(f"{store}: no answer to {what} within {seconds:g} s.{lost}", code="timeout") from None
        if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
            raise StoreUnavailable(f"{store}: the answer to {what} broke off.{lost}", code="truncated") from None
        if isinstance(error, requests.exceptions.ConnectionError):
            raise StoreUnavailable(
                f"{store}: no connection, or it was cut ({type(_innermost(error)).__name__}).{lost} "
                "Is the address right (SYNCCTL_WOO_URL), and the network up?",
                code="connection",
            ) from None
        raise StoreMisconfigured(f"{store}: {what} can't be sent ({type(error).__name__}). Look at SYNCCTL_WOO_URL.") from None

    def _redirected(self, answer: HttpAnswer) -> NoReturn:
        location = answer.headers.get("Location", "")
        try:
            target = urlsplit(location)
            where = f"{target.scheme}://{target.netloc}{target.path.partition('/wp-json')[0]}" if target.netloc else target.path
        except ValueError:  # no address at all
            target, where = urlsplit(""), location
        raise StoreMisconfigured(
            f"{self.base} sends us on to {self._plain(where) or 'another address'} (HTTP {answer.status}). "
            "Signed requests can't follow: set SYNCCTL_WOO_URL to the address where the store really is"
            + (", with https://." if target.scheme == "https" and not self.connection.secure else "."),
            code=answer.status,
        )

    def _refused(self, what: str, answer: HttpAnswer) -> NoReturn:
        status = answer.status
        code, message = self._store_error(answer)
        said = f"HTTP {status}" + (f", {code}" if code else "") + (f": {message}" if message else "")
        if status in _TRANSIENT or status >= 500:
            wait = self._retry_after(answer)
            asked = f" It asks for {wait:g} s of rest." if wait else ""
            raise StoreUnavailable(f"{self.base} can't answer {what} now ({said}).{asked}", code=code or status, retry_after=wait)
        if status in (401, 403):
            why = self._denied_because(answer, code, message)
            raise StoreMisconfigured(f"{self.base} denies {what} ({said}). {why}", code=code or status)
        if status == 404 and code in ("", "rest_no_route"):
            raise StoreMisconfigured(
                f"{self.base} has no WooCommerce REST API at {API_PATH} ({said}). Check SYNCCTL_WOO_URL, "
                "that WooCommerce is active, and that Settings → Permalinks isn't on 'Plain'.",
                code=code or status,
            )
        raise StoreRefused(f"{self.base} refused {what} ({said}).", code=code or status)

    def _denied_because(self, answer: HttpAnswer, code: str, message: str) -> str:
        if not code:
            return (
                "The answer isn't WooCommerce's own: look for a firewall, a security plugin or a password in front of the store."
            )
        off = self._clock_off(answer)
        if not self.connection.secure and abs(off) > CLOCK_TOLERANCE:
            side = "behind" if off > 0 else "ahead of"
            return f"This machine's clock is {abs(off) / 60:.0f} minutes {side} the store's; signed requests need it right to 15."
        if "write permission" in message:
            return "The REST API key is read-only: give it Read/Write in WooCommerce → Settings → Advanced → REST API."
        if "nonce" in message.lower():
            return "A request arrived twice; a proxy may be repeating them. Try again."
        hint = " Where the server drops the Authorization header, set SYNCCTL_WOO_AUTH_IN_QUERY=true."
        hint = "" if self.connection.auth_in_query else hint
        return f"Check SYNCCTL_WOO_CONSUMER_KEY and SYNCCTL_WOO_CONSUMER_SECRET, and that the key's user may manage orders.{hint}"

    def _clock_off(self, answer: HttpAnswer) -> float:
        """How many seconds the store's clock is ahead of ours."""
        store_time = date_of(answer.headers)
        return 0.0 if store_time is None else (store_time - self._clock()).total_seconds()

    def _retry_after(self, answer: HttpAnswer) -> float | None:
        text = answer.headers.get("Retry-After", "").strip()
        if text.isdecimal():
            return min(float(text[:20]), _LONGEST_REST)
        moment = _moment(text)
        if moment is None:
            return None
        now = date_of(answer.headers) or self._clock()
        return min(max(0.0, (moment - now).total_seconds()), _LONGEST_REST)

    def _store_error(self, answer: HttpAnswer) -> tuple[str, str]:
        """Read the code and message of an error's JSON body, in which `data` may be an object, a number or missing."""
        try:
            body = read_json(answer.body).value
        except NoJson:
            return "", ""
        if not isinstance(body, dict):
            return "", ""
        message = _without_tags(_words(body.get("message")))
        data = body.get("data")
        reasons = data.get("params") if isinstance(data, dict) else None
        if isinstance(reasons, dict):
            message += " (" + "; ".join(_words(reason) for reason in reasons.values()) + ")"
        return self._plain(_words(body.get("code")), 64), self._plain(message)

    def _json(self, what: str, answer: HttpAnswer) -> Any:
        """Parse a body. Some sites put a byte order mark, PHP warnings or a cache's comment round it, which are left out."""
        store = self.base
        try:
            found = read_json(answer.body, exact=True, memory=self._bounds.largest * 5 // 4)
        except NoJson as error:
            if error.kind == "truncated":
                raise StoreUnavailable(
                    f"{store}: the answer to {what} breaks off after {error.position:,} characters.", code="truncated"
                ) from None
            if error.kind == "too_large":
                raise StoreUnavailable(
                    f"{store}: the answer to {what}, {len(answer.body):,} bytes, takes too much memory. {_LESS}",
                    code="too_large",
                ) from None
            raise StoreUnavailable(f"{store} answered {what} with {self._instead(error)}", code="not_json") from None
        for place, text in (("in front of", found.before), ("behind", found.behind)):
            if text and place not in self._told:
                self._told.add(place)
                log.warning(
                    "%s puts text %s its JSON, such as a plugin's warning or comment; it is left out: %s",
                    store,
                    place,
                    self._plain(_without_tags(text) or text),
                )
        return found.value

    def _instead(self, error: NoJson) -> str:
        """Say what came instead of JSON, and what to look at."""
        if error.kind == "empty":
            return (
                "nothing: HTTP 200 and an empty body. A PHP error in the shop that is not shown? "
                "Its own log (WooCommerce → Status → Logs, or the host's) tells."
            )
        if error.kind in ("broken", "too_deep"):
            what = "is nested too deep" if error.kind == "too_deep" else f"is none from character {error.position:,} on"
            return f"JSON that {what}. Look for a plugin that changes REST answers."
        seen = self._plain(_without_tags(error.text)) or "nothing"
        return (
            f'{"a web page" if error.kind == "page" else "text"} instead of data: "{seen}". '
            "A proxy's or maintenance page? If it stays so, check SYNCCTL_WOO_URL and Settings → Permalinks."
        )


class _NoHeader(AuthBase):
    """Sends no Authorization header, not even one that `requests` would take from a netrc file."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Read the Date header: the other side's clock."""
    return _moment(headers.get("Date", ""))


def _moment(text: str) -> datetime | None:
    """Read a header's date, in UTC; None where it is none, or one at the edge of time."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _lost(method: str) -> str:
    """Say what a write without an answer leaves open."""
    return "" if method == "GET" else " Whether it was carried out isn't known."


def _not_again(error: Exception) -> bool:
    """True where another try at once is of no use."""
    return getattr(error, "code", None) in _NOT_AGAIN or (getattr(error, "retry_after", None) or 0.0) > LONGEST_WAIT_IN_CALL


def _innermost(error: BaseException) -> BaseException:
    """Follow an exception down to what first went wrong."""
    while True:
        inner = error.__cause__ or error.__context__
        if inner is None:
            return error
        error = inner


def _words(value: object) -> str:
    """Return what stands in a field of an error as text; nothing where it holds a list, an object or nothing."""
    return "" if value is None or isinstance(value, dict | list | bool) else str(value)


def _without_tags(text: str) -> str:
    """Take the words out of a little HTML, for a message: its title where it has one."""
    title = _TITLE.search(text)
    return " ".join(unescape(_TAGS.sub(" ", title[1] if title else text)).split())
