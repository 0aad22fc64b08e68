"""Talking to Shopify's Admin API: one address, GraphQL, the token in a header, the bucket waited for, further tries."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests

from syncctl import __version__
from syncctl.clock import Clock, Sleeper, system_clock, system_sleeper
from syncctl.errors import STOPPED, ConfigError, StoreMisconfigured, StoreRefused, StoreUnavailable
from syncctl.http_answer import MEGABYTE, AnswerFailed, Bounds, HttpAnswer, HttpSession, ask
from syncctl.http_dates import date_of
from syncctl.meter import Meter
from syncctl.secret import Hider, Secret
from syncctl.stop import Never, StopFlag
from syncctl.stores.shopify_answers import TOO_DEAR, Fault, Reader, Throttled
from syncctl.stores.shopify_bucket import Bucket, requested
from syncctl.stores.shopify_operations import Operation
from syncctl.stores.tries import asked_again

log = logging.getLogger(__name__)

TRIES = 3
_THINGS = 100
"""Rows of a page of `Client.things`."""
LONGEST_WAIT_IN_CALL = 30.0
"""Seconds. The largest query's points are back after ten on the smallest plan; who asks for more is left alone until later."""
MOST_THROTTLES = 10
"""How often one request is put off because other programs emptied the bucket."""
_NOT_AGAIN = frozenset({"too_large", "too_slow", TOO_DEAR, STOPPED})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a Shopify store is and how to get in."""

    shop: str
    """Its `….myshopify.com` domain, or an address with https://."""
    token: Secret
    version: str
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    answer_timeout: float = 120.0
    largest: int = 64 * MEGABYTE
    meter: Meter | None = None

    @property
    def base(self) -> str:
        """The store's address.

        Raises:
            ConfigError: no address that could be a store's, or one over which the token would travel for all to read.
        """
        address = self.shop.strip().rstrip("/")
        address = address if "://" in address else f"https://{address}"
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.path:
            raise ConfigError("SYNCCTL_SHOPIFY_URL must be the store's domain, such as your-shop.myshopify.com.")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ConfigError("SYNCCTL_SHOPIFY_URL begins with http://: the token travels by https:// only.")
        return address

    @property
    def endpoint(self) -> str:
        """The address that all requests go to."""
        return f"{self.base}/admin/api/{self.version}/graphql.json"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with data, which may lack what its `faults` name."""

    data: Mapping[str, Any]
    faults: tuple[Fault, ...]
    headers: Mapping[str, str]
    seconds: float
    cost: float | None
    """Points that the request had to find in the bucket."""

    @property
    def asked_at(self) -> datetime | None:
        """The store's own clock when it was asked, or a little before; None where it doesn't tell its time."""
        answered = date_of(self.headers)
        return None if answered is None else answered - timedelta(seconds=self.seconds)


class Client:
    """One pooled session to one store. Safe to share between threads."""

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Clock = system_clock,
        sleeper: Sleeper = system_sleeper,
        stop: StopFlag | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        if not connection.token.value:
            raise ConfigError("SYNCCTL_SHOPIFY_TOKEN is empty: it is the Admin API access token of the store's app (shpat_…).")
        self.connection = connection
        self.base = connection.base
        self.clock = clock
        self.bucket = Bucket(seconds)
        self._endpoint = connection.endpoint
        self._stop = stop or Never()
        self._sleeper = sleeper
        self._bounds = Bounds(largest=connection.largest, seconds=connection.answer_timeout, stop=self._stop)
        self.plain = Hider((connection.token.reveal(),)).plain
        self._reader = Reader(self.base, connection.version, self.plain, clock)
        self._known: dict[str, float] = {}
        """What a request of a kind and size had to find in the bucket."""
        self._session = HttpSession()
        self._session.meter = connection.meter
        self._session.headers.update({"User-Agent": f"syncctl/{__version__}", "Accept": "application/json"})
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        self._again = asked_again(self._once, tries=TRIES, longest_wait=LONGEST_WAIT_IN_CALL, never=_NOT_AGAIN, sleep=self._sleep)

    @property
    def warnings(self) -> list[str]:
        """What the answers so far said of the version of the API that is used, for a person to act upon in time."""
        return list(self._reader.warnings)

    def read(self, operation: Operation, variables: Mapping[str, Any], *, size: int = 0, once: bool = False) -> Reply:
        """Ask. Tried up to three times (unless `once`) where the store doesn't answer. `size` is how much is asked for.

        Raises:
            StoreUnavailable: no (usable) answer, 429, 5xx, an error inside Shopify that left no data.
            StoreMisconfigured: the token, the address, the version or a right.
        """
        return (self._once if once else self._again)(operation, dict(variables), size)

    def send(self, operation: Operation, variables: Mapping[str, Any], *, size: int = 0) -> Reply:
        """Write. Sent once, or again only where Shopify says that it did nothing, for want of points.

        Raises:
            as for `read`; whether a write without an answer was carried out isn't known.
        """
        return self._once(operation, dict(variables), size)

    def repeat(self, operation: Operation, variables: Mapping[str, Any], *, size: int = 0) -> Reply:
        """Write what bears a key by which Shopify knows it again, or does no harm twice: tried as often as a question.

        Raises:
            as for `read`; whether a write without an answer was carried out isn't known.
        """
        return self._again(operation, dict(variables), size)

    def things(self, operation: Operation, name: str, **more: Any) -> Iterator[Mapping[str, Any]]:
        """Go through a list of the shop from its beginning to its end, page by page.

        What Shopify could not make whole comes with its id alone, or as nothing at all.

        Raises:
            StoreRefused: the answer has no such list.
            as for `read`.
        """
        after: str | None = None
        while True:
            reply = self.read(operation, {**more, "first": _THINGS, "after": after}, size=_THINGS)
            held = reply.data.get(name)
            nodes = held.get("nodes") if isinstance(held, Mapping) else None
            if not isinstance(held, Mapping) or not isinstance(nodes, list):
                said = "; ".join(fault.message for fault in reply.faults[:3]) or "no list"
                raise StoreRefused(f"{self.base}: its {name} can't be read ({said}).", code="no_list")
            broken = {fault.path[2] for fault in reply.faults if fault.path[:2] == (name, "nodes") and len(fault.path) > 2}
            for place, node in enumerate(nodes):
                whole = node if isinstance(node, Mapping) else {}
                yield whole if place not in broken else {"id": whole.get("id")}
            info = held.get("pageInfo")
            after = info.get("endCursor") if isinstance(info, Mapping) and info.get("hasNextPage") else None
            if not after:
                return

    def close(self) -> None:
        """Let go of the pooled connections."""
        self._session.close()

    def _once(self, operation: Operation, variables: dict[str, Any], size: int) -> Reply:
        kind = f"{operation.name} {size}"
        for _ in range(MOST_THROTTLES):
            points = self._known.get(kind, 0.0)
            cost: Mapping[str, Any] | None = None
            try:
                self._sleep(self.bucket.take(points))
                answer, seconds = self._post(operation, variables)
                data, faults, cost = self._reader.read(operation, answer)
            except Throttled as throttled:
                cost = throttled.cost
                wait = throttled.retry_after
                if wait is None or wait > LONGEST_WAIT_IN_CALL:
                    raise
            else:
                if (found := requested(cost)) is not None:
                    self._known[kind] = found
                return Reply(data, faults, answer.headers, seconds, found)
            finally:
                self.bucket.answered(points, cost)
            log.info("%s: no points left for %s, waiting %.1f s.", self.base, operation.name, wait)
            self._sleep(wait)
        raise StoreUnavailable(
            f"{self.base} put {operation.name} off {MOST_THROTTLES} times for want of points: other programs use them up, too.",
            code="THROTTLED",
        )

    def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._sleeper(seconds)
        if self._stop.is_set():
            raise StoreUnavailable(f"{self.base}: not asked any more, because the run was asked to stop.", code=STOPPED)

    def _post(self, operation: Operation, variables: dict[str, Any]) -> tuple[HttpAnswer, float]:
        connection = self.connection
        begun = time.monotonic()
        try:
            answer = ask(
                self._session,
                "POST",
                self._endpoint,
                bounds=self._bounds,
                data=json.dumps({"query": operation.text, "operationName": operation.name, "variables": variables}).encode(),
                headers={"Content-Type": "application/json", "X-Shopify-Access-Token": connection.token.reveal()},
                timeout=(connection.connect_timeout, connection.read_timeout),
            )
        except AnswerFailed as failed:
            self._given_up(operation, failed)
        except requests.RequestException as error:
            self._no_answer(operation, error)
        return answer, time.monotonic() - begun

    def _given_up(self, operation: Operation, failed: AnswerFailed) -> NoReturn:
        what = operation.name
        why = {
            "packing": f"the answer to {what} is packed in a way that was not asked for. Look for a proxy that changes answers.",
            "too_large": f"the answer to {what} is larger than {self._bounds.largest // MEGABYTE} MB, unpacked. "
            "Allow more (SYNCCTL_HTTP_MAX_MEGABYTES).",
            "too_slow": f"the answer to {what} was not complete after {self._bounds.seconds:g} s (SYNCCTL_HTTP_ANSWER_TIMEOUT).",
            STOPPED: f"{what} was broken off, because the run was asked to stop.",
        }[failed.code]
        raise StoreUnavailable(f"{self.base}: {why}{_lost(operation)}", code=failed.code) from None

    def _no_answer(self, operation: Operation, error: requests.RequestException) -> NoReturn:
        """Name why there was no answer. The cause is left out of the chain: its text may hold more than a person should see."""
        lost, store = _lost(operation), self.base
        known: tuple[tuple[type[Exception], str, str], ...] = (
            (requests.exceptions.ProxyError, "the proxy gave no way through. Look at HTTPS_PROXY and NO_PROXY.", "proxy"),
            (requests.exceptions.ConnectTimeout, f"no connection within {self.connection.connect_timeout:g} s.", "timeout"),
            (requests.exceptions.Timeout, f"no answer to {operation.name} within {self.connection.read_timeout:g} s.", "timeout"),
            (requests.exceptions.ChunkedEncodingError, f"the answer to {operation.name} broke off.", "truncated"),
            (requests.exceptions.ContentDecodingError, f"the answer to {operation.name} broke off.", "truncated"),
        )
        if isinstance(error, requests.exceptions.SSLError):
            raise StoreMisconfigured(
                f"{store}: no safe connection. Where a proxy signs with an authority of its own, name its file in "
                "REQUESTS_CA_BUNDLE."
            ) from None
        for kind, said, code in known:
            if isinstance(error, kind):
                raise StoreUnavailable(f"{store}: {said}{lost}", code=code) from None
        if isinstance(error, requests.exceptions.ConnectionError):
            raise StoreUnavailable(
                f"{store}: no connection, or it was cut.{lost} Is the domain right (SYNCCTL_SHOPIFY_URL), and the network up?",
                code="connection",
            ) from None
        raise StoreMisconfigured(
            f"{store}: {operation.name} can't be sent ({type(error).__name__}). Look at SYNCCTL_SHOPIFY_URL."
        ) from None


def _lost(operation: Operation) -> str:
    """Say what a write without an answer leaves open."""
    return " Whether it was carried out isn't known." if operation.writes else ""
