"""Talking to WooCommerce: signing, time-outs, further tries, and an error that says what to do where no answer comes."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from syncctl import __version__
from syncctl.clock import Clock, Sleeper, system_clock, system_sleeper
from syncctl.errors import STOPPED, ConfigError, StoreMisconfigured, StoreUnavailable
from syncctl.http_answer import MEGABYTE, AnswerFailed, Asked, Bounds, HttpSession, TooLarge
from syncctl.http_dates import date_of
from syncctl.meter import Meter
from syncctl.secret import Hider, Secret
from syncctl.stop import Never, StopFlag
from syncctl.stores.ahead import Ahead
from syncctl.stores.tries import asked_again
from syncctl.stores.woocommerce_answers import API_PATH, LESS, Reader

GET_TRIES = 3
LARGEST_EARLY = 4 * MEGABYTE
"""Bytes of an answer that is read before its turn: as many may be held as there are connections."""
LONGEST_WAIT_IN_CALL = 10.0
"""Seconds. A store that asks for a longer wait than this is left alone until the next run."""
_ROW = re.compile(r"/[0-9]+")
_NOT_AGAIN = frozenset({"too_large", "too_slow", STOPPED})
"""Codes of answers that would be the same once more, or that nobody waits for any longer."""


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
    meter: Meter | None = None
    connections: int = 1
    """How many requests that are foreseen may be under way at once; with one, each waits for its turn."""

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
    seconds: float = 0.0
    """From the beginning of the request to the answer's last byte."""

    @property
    def asked_at(self) -> datetime | None:
        """The store's own clock when it was asked, or a little before; None where it doesn't tell its time.

        Whatever the answer says, changes of a later moment than this may be missing in it.
        """
        answered = date_of(self.headers)
        return None if answered is None else answered - timedelta(seconds=self.seconds)

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
        self._early_bounds = replace(self._bounds, largest=min(connection.largest, LARGEST_EARLY))
        self._plain = Hider((connection.consumer_key.reveal(), connection.consumer_secret.reveal())).plain
        self._reader = Reader(connection, self._plain, clock)
        self._ahead = Ahead(connection.connections, stop=stop or Never())
        self._clock = clock
        self._session = session or HttpSession()
        self._session.meter = connection.meter
        self._session.headers["User-Agent"] = f"syncctl/{__version__}"
        self._session.headers["Accept"] = "application/json"
        if not (connection.consumer_key.value and connection.consumer_secret.value):
            raise ConfigError(
                "SYNCCTL_WOO_CONSUMER_KEY and SYNCCTL_WOO_CONSUMER_SECRET are needed: "
                "the store gives them under WooCommerce → Settings → Advanced → REST API."
            )
        if connection.ca_bundle is not None and not connection.ca_bundle.exists():
            raise ConfigError(f"SYNCCTL_WOO_CA_BUNDLE: there is no file {connection.ca_bundle}.")
        # The environment's proxies and certificates: looked up once, since there is one store, and it takes longer than to send.
        verify = True if connection.ca_bundle is None else str(connection.ca_bundle)
        self._way = self._session.merge_environment_settings(self.base, {}, None, verify, None)
        self._session.trust_env = False
        # These loggers write whole addresses and signing keys at DEBUG level.
        for name in ("urllib3.connectionpool", "requests_oauthlib", "oauthlib"):
            logging.getLogger(name).setLevel(logging.INFO)
        self._get = asked_again(
            self._get_once, tries=GET_TRIES, longest_wait=LONGEST_WAIT_IN_CALL, never=_NOT_AGAIN, sleep=sleeper
        )

    def get(self, path: str, parameters: Mapping[str, str] | None = None, *, once: bool = False, shape: Any = None) -> Answer:
        """Read. Tried up to three times (unless `once`) where the store doesn't answer, since reading twice does no harm.

        Raises:
            StoreUnavailable: no (usable) answer, 408, 429 or 5xx.
            StoreRefused: any other 4xx; `StoreMisconfigured` where it concerns every request.
        """
        return (self._get_once if once else self._get)(path, dict(parameters or {}), shape)

    def get_small(self, path: str, parameters: Mapping[str, str]) -> Answer:
        """Read once what is kept while others are read: no more than an answer may have before its turn.

        Raises:
            StoreUnavailable, StoreRefused: as for `get`; StoreUnavailable (`too_large`) also of what another way may give.
        """
        return self._request("GET", path, parameters, None, small=True)

    @property
    def bearable(self) -> int:
        """How many requests may be under way at once by what the store has borne so far, 1 or more."""
        return max(1, self._ahead.allowed)

    def expect(self, lane: str, requests: Iterable[tuple[str, Mapping[str, str]]]) -> None:
        """Say which paths, with their parameters, will be read next: `get` finds them answered, or under way.

        What was said of this `lane` (see `lane_of`) before and isn't said again is dropped. See `ahead`.
        """
        bounds = self._early_bounds
        begin = {_key(path, given): partial(self._begin, "GET", path, given, None, bounds=bounds) for path, given in requests}
        self._ahead.expect(lane, begin)

    def send(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        """Write. Sent once: whether to repeat a write whose answer was lost is for the caller to find out by reading.

        Raises:
            StoreUnavailable, StoreRefused: as for `get`.
        """
        return self._request(method, path, {}, body)

    def close(self) -> None:
        """Let go of the pooled connections."""
        self._ahead.close()
        self._session.close()

    def _get_once(self, path: str, parameters: dict[str, str], shape: Any) -> Answer:
        return self._request("GET", path, parameters, None, shape)

    def _request(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        body: dict[str, Any] | None,
        shape: Any = None,
        *,
        small: bool = False,
    ) -> Answer:
        what = f"{method} {path}"
        bounds = self._early_bounds if small else self._bounds
        try:
            asked = self._ahead.take(_key(path, parameters)) if method == "GET" else None
            if asked is not None:
                try:
                    answer = asked.answer()
                except TooLarge:
                    if small:
                        raise
                    # Several answers of this size at once would fill the memory: they are asked for in their turn from now on.
                    self._ahead.no_more()
                    asked = None
            if asked is None:
                self._ahead.make_room()
                asked = self._begin(method, path, parameters, body, bounds=bounds)
                answer = asked.answer()
        except AnswerFailed as failed:
            if not small or not isinstance(failed, TooLarge):
                self._ahead.failed()
            self._given_up(what, method, failed, bounds)
        except requests.RequestException as error:
            self._ahead.failed()
            self._no_answer(what, method, error)
        self._ahead.answered(lane_of(path, parameters), answer.status, asked.seconds)
        return Answer(self._reader.read(what, answer, shape), answer.headers, asked.seconds)

    def _begin(
        self, method: str, path: str, parameters: Mapping[str, str], body: dict[str, Any] | None, *, bounds: Bounds
    ) -> Asked:
        connection = self.connection
        return Asked(
            self._session,
            method,
            self.base + API_PATH + path,
            bounds=bounds,
            params={**parameters, **self._query_keys()},
            data=None if body is None else json.dumps(body).encode(),
            headers=None if body is None else {"Content-Type": "application/json"},
            auth=self._auth(),
            timeout=(connection.connect_timeout, connection.read_timeout),
            proxies=self._way["proxies"],
            verify=self._way["verify"],
            cert=self._way["cert"],
        )

    def _auth(self) -> AuthBase:
        connection = self.connection
        key, secret = connection.consumer_key.reveal(), connection.consumer_secret.reveal()
        if not connection.secure:
            from requests_oauthlib import OAuth1  # type: ignore[import-untyped]  # few stores are reached without TLS

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

    def _given_up(self, what: str, method: str, failed: AnswerFailed, bounds: Bounds) -> NoReturn:
        """Say why an answer was not taken."""
        why = {
            "packing": f"the answer to {what} is packed in a way that was not asked for ({self._plain(str(failed), 50)}). "
            "Look for a proxy or a plugin that changes REST answers.",
            "too_large": f"the answer to {what} is larger than {bounds.largest // MEGABYTE} MB, unpacked. {LESS}",
            "too_slow": f"the answer to {what} was not complete after {bounds.seconds:g} s (SYNCCTL_HTTP_ANSWER_TIMEOUT).",
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


def lane_of(path: str, parameters: Mapping[str, str]) -> str:
    """Return what kind of request this is, whichever row it names: those of one kind take about the same time."""
    return f"{_ROW.sub('/ID', path)} {parameters.get('status', '')} {parameters.get('_fields', '')}"


def _key(path: str, parameters: Mapping[str, str]) -> str:
    return f"{path}?{sorted(parameters.items())}"


class _NoHeader(AuthBase):
    """Sends no Authorization header, not even one that `requests` would take from a netrc file."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _lost(method: str) -> str:
    """Say what a write without an answer leaves open."""
    return "" if method == "GET" else " Whether it was carried out isn't known."


def _innermost(error: BaseException) -> BaseException:
    """Follow an exception down to what first went wrong."""
    while True:
        inner = error.__cause__ or error.__context__
        if inner is None:
            return error
        error = inner
