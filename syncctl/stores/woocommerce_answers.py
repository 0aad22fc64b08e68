"""What WooCommerce's answers say: their JSON, or an error that names what is wrong and what to do."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from html import unescape
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from syncctl.answer_json import NoJson, read_json
from syncctl.clock import Clock
from syncctl.errors import StoreMisconfigured, StoreRefused, StoreUnavailable
from syncctl.foreign_text import beginning
from syncctl.http_answer import HttpAnswer
from syncctl.http_dates import date_of, header_moment

if TYPE_CHECKING:
    from syncctl.stores.woocommerce_http import Connection

log = logging.getLogger(__name__)

API_PATH = "/wp-json/wc/v3"
CLOCK_TOLERANCE = 900.0
"""Seconds that WooCommerce lets an OAuth time stamp be off."""
LESS = (
    "Ask for fewer orders at a time (SYNCCTL_ORDER_POLLING_BATCH_SIZE), or allow more in one answer (SYNCCTL_HTTP_MAX_MEGABYTES)."
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)
_TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_MOST = 8000
"""Characters of a page or an error that are looked at for a message."""
_NAMES_A_ROW = re.compile(r"/[0-9]+(/|$)")
_TRANSIENT = frozenset({408, 425, 429})
_LONGEST_REST = 7 * 86_400.0
"""Seconds. A store that asks for more has most likely sent nonsense."""


class Reader:
    """Reads one store's answers. `plain` makes the store's text fit for a message, without our keys."""

    def __init__(self, connection: Connection, plain: Callable[..., str], clock: Clock) -> None:
        self._connection = connection
        self._store = connection.base
        self._plain = plain
        self._clock = clock
        self._told: set[str] = set()

    def read(self, what: str, answer: HttpAnswer, shape: Any = None) -> Any:
        """Return an answer's data. `what` is the request, as in `GET /orders`; of `shape` see `read_json`.

        Raises:
            StoreUnavailable: 408, 429, 5xx, or a success that can't be read.
            StoreRefused: any other 4xx; `StoreMisconfigured` where it concerns every request (it names no row, for one), and for
                a redirect.
        """
        if 300 <= answer.status < 400:
            self._redirected(what, answer)
        if answer.status >= 400:
            self._refused(what, answer)
        return self._json(what, answer, shape)

    def _redirected(self, what: str, answer: HttpAnswer) -> NoReturn:
        location = answer.headers.get("Location", "")
        try:
            target = urlsplit(location)
            where = f"{target.scheme}://{target.netloc}{target.path.partition('/wp-json')[0]}" if target.netloc else target.path
        except ValueError:  # no address at all
            target, where = urlsplit(""), location
        raise StoreMisconfigured(
            f"{self._store} sends us on to {self._plain(where) or 'another address'} (HTTP {answer.status}). "
            "Signed requests can't follow: set SYNCCTL_WOO_URL to the address where the store really is"
            + (", with https://." if target.scheme == "https" and not self._connection.secure else "."),
            code=answer.status,
            alone=self._alone(f"sends {what} on to {self._plain(where) or 'another address'} (HTTP {answer.status})"),
        )

    def _alone(self, did: str) -> str:
        """Say what the store did to one request while it answers others."""
        return (
            f"{self._store} {did} and answers others, so that it concerns this one alone. "
            "Look for what is special about it in the store: a plugin that locks it, its type, a firewall's rule, a PHP error."
        )

    def _refused(self, what: str, answer: HttpAnswer) -> NoReturn:
        status = answer.status
        code, message = self._store_error(answer)
        said = f"HTTP {status}" + (f", {code}" if code else "") + (f": {message}" if message else "")
        if status in _TRANSIENT or status >= 500:
            wait = self._retry_after(answer)
            asked = f" It asks for {wait:g} s of rest." if wait else ""
            told = f"{self._store} can't answer {what} now ({said}).{asked}"
            raise StoreUnavailable(told, code=code or status, retry_after=wait)
        if status in (401, 403, 405):
            why = self._denied_because(answer, code, message)
            raise StoreMisconfigured(
                f"{self._store} denies {what} ({said}). {why}",
                code=code or status,
                alone=self._alone(f"denies {what} ({said})"),
            )
        if status == 404 and code in ("", "rest_no_route"):
            raise StoreMisconfigured(
                f"{self._store} has no WooCommerce REST API at {API_PATH} ({said}). Check SYNCCTL_WOO_URL, "
                "that WooCommerce is active, and that Settings → Permalinks isn't on 'Plain'.",
                code=code or status,
                alone=self._alone(f"has nothing at {what} ({said})"),
            )
        if not _NAMES_A_ROW.search(what):
            raise StoreMisconfigured(
                f"{self._store} refused {what} ({said}), which asks for nothing special: no request like it will pass. "
                "Look for a firewall, a proxy or a plugin that limits or changes REST requests.",
                code=code or status,
            )
        raise StoreRefused(f"{self._store} refused {what} ({said}).", code=code or status)

    def _denied_because(self, answer: HttpAnswer, code: str, message: str) -> str:
        if answer.status == 405:
            return f"The server or a firewall stops this kind of request: it has to allow GET, POST and PUT on {API_PATH}."
        if not code:
            return (
                "The answer isn't WooCommerce's own: look for a firewall, a security plugin or a password in front of the store."
            )
        off = self._clock_off(answer)
        if not self._connection.secure and abs(off) > CLOCK_TOLERANCE:
            side = "behind" if off > 0 else "ahead of"
            return f"This machine's clock is {abs(off) / 60:.0f} minutes {side} the store's; signed requests need it right to 15."
        if "write permission" in message:
            return "The REST API key is read-only: give it Read/Write in WooCommerce → Settings → Advanced → REST API."
        if "nonce" in message.lower():
            return "A request arrived twice; a proxy may be repeating them. Try again."
        hint = " Where the server drops the Authorization header, set SYNCCTL_WOO_AUTH_IN_QUERY=true."
        hint = "" if self._connection.auth_in_query else hint
        return f"Check SYNCCTL_WOO_CONSUMER_KEY and SYNCCTL_WOO_CONSUMER_SECRET, and that the key's user may manage orders.{hint}"

    def _clock_off(self, answer: HttpAnswer) -> float:
        """How many seconds the store's clock is ahead of ours."""
        store_time = date_of(answer.headers)
        return 0.0 if store_time is None else (store_time - self._clock()).total_seconds()

    def _retry_after(self, answer: HttpAnswer) -> float | None:
        text = answer.headers.get("Retry-After", "").strip()
        if text.isdecimal():
            return min(float(text[:20]), _LONGEST_REST)
        moment = header_moment(text)
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

    def _json(self, what: str, answer: HttpAnswer, shape: Any) -> Any:
        """Parse a body. Some sites put a byte order mark, PHP warnings or a cache's comment round it, which are left out."""
        store = self._store
        try:
            found = read_json(answer.body, exact=True, memory=self._connection.largest * 5 // 4, shape=shape)
        except NoJson as error:
            if error.kind == "truncated":
                raise StoreUnavailable(
                    f"{store}: the answer to {what} breaks off after {error.position:,} characters.", code="truncated"
                ) from None
            if error.kind == "too_large":
                raise StoreUnavailable(
                    f"{store}: the answer to {what}, {len(answer.body):,} bytes, takes too much memory. {LESS}",
                    code="too_large",
                ) from None
            came, advice = self._instead(error)
            raise StoreUnavailable(
                f"{store} answered {what} with {came}. {advice}",
                code="not_json",
                alone=self._alone(f"answers {what} with {came}"),
            ) from None
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

    def _instead(self, error: NoJson) -> tuple[str, str]:
        """Say what came instead of JSON, and what to look at where that is so for every request."""
        if error.kind == "empty":
            return (
                "nothing: HTTP 200 and an empty body",
                "A PHP error in the shop that is not shown? Its own log (WooCommerce → Status → Logs, or the host's) tells.",
            )
        if error.kind in ("broken", "too_deep"):
            what = "is nested too deep" if error.kind == "too_deep" else f"is none from character {error.position:,} on"
            return f"JSON that {what}", "Look for a plugin that changes REST answers."
        seen = self._plain(_without_tags(error.text)) or "nothing"
        return (
            f'{"a web page" if error.kind == "page" else "text"} instead of data: "{seen}"',
            "A proxy's or maintenance page? If it stays so, check SYNCCTL_WOO_URL and Settings → Permalinks.",
        )


def _words(value: object) -> str:
    """Return what stands in a field of an error as text; nothing where it holds a list, an object or nothing."""
    return "" if value is None or isinstance(value, dict | list | bool) else str(value)


def _without_tags(text: str) -> str:
    """Take the words out of a little HTML, for a message: its title where it has one."""
    text = beginning(text, _MOST)
    title = _TITLE.search(text)
    return " ".join(unescape(_TAGS.sub(" ", title[1] if title else text)).split())
