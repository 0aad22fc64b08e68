"""Calls to a carrier: each reserved in its budget first, always with time-outs, never more bytes than a document may have."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import requests

from syncctl.answer_json import MEMORY, NoJson, read_json
from syncctl.carriers.reading import read_xml
from syncctl.clock import Clock, system_clock
from syncctl.errors import TransientError
from syncctl.foreign_text import beginning, plain
from syncctl.http_answer import MEGABYTE, Bounds, HttpSession, Stopped, StrangePacking, TooLarge, TooSlow, ask
from syncctl.stop import Never, StopFlag

log = logging.getLogger(__name__)


class CarrierUnreachable(TransientError):
    """The carrier gave no answer that could be read: a time-out, a broken connection, an endless body."""

    error_class = "temporary"


@dataclass(frozen=True, slots=True)
class Reply:
    """A carrier's answer, whole; of an error its beginning."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str
    asked: str = ""
    """The address that was asked for first, where redirects led elsewhere."""
    memory: int = MEMORY
    """Bytes that the body may take once it is read as JSON or XML."""

    @property
    def ok(self) -> bool:
        """True for a 2xx."""
        return 200 <= self.status < 300

    @property
    def content_type(self) -> str:
        """The declared type without its parameters, in lower case."""
        return self.headers.get("Content-Type", "").split(";")[0].strip().lower()

    @property
    def host(self) -> str:
        """Who answered."""
        return host_of(self.url)

    @property
    def elsewhere(self) -> bool:
        """True where the answer came from another host than the one that was asked."""
        return bool(self.asked) and host_of(self.asked) != self.host

    def text(self, length: int = 8000) -> str:
        """Return the beginning of the body as text, for classification and messages."""
        return beginning(self.body[: length * 4].decode("utf-8", errors="replace"), length)

    def json(self) -> Any:
        """Return the body's JSON value, or None where it is none that can be read."""
        try:
            found = read_json(self.body, memory=self.memory)
        except NoJson as error:
            log.debug("%s: %s", self.host, error)
            return None
        if found.before or found.behind:
            log.warning("%s puts text round its JSON; it is left out: %s", self.host, plain(found.before or found.behind))
        return found.value

    def xml(self) -> Element | None:
        """Return the root of the body's XML document, or None where it is none that can be read."""
        return read_xml(self.body, memory=self.memory)


Reserve = Callable[[], None]
"""Reserves one call in the carrier's budget, or raises BudgetExhausted."""


class CarrierHttp:
    """A session with one carrier. `reserve` is asked before every request, redirects included."""

    def __init__(
        self,
        session: HttpSession,
        *,
        reserve: Reserve,
        connect_timeout: float = 10,
        read_timeout: float = 60,
        answer_timeout: float = 120,
        largest: int = 20 * MEGABYTE,
        stop: StopFlag | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._session = session
        self._clock = clock
        self.replies: list[tuple[str, datetime, Reply]] = []
        """What was asked (GET, POST), when, and what was answered, for whoever has to prove how a document was got."""
        self._reserve = reserve
        self._timeouts = (connect_timeout, read_timeout)
        self._bounds = Bounds(largest=largest, seconds=answer_timeout, stop=stop or Never())

    def call(self, method: str, url: str, **more: Any) -> Reply:
        """Make one call.

        Raises:
            BudgetExhausted: no call is left; nothing was sent.
            CarrierUnreachable: no answer, half an answer, or too long a one; with the code `STOPPED`, the run is to stop.
        """
        self._reserve()
        host, asked = host_of(url), self._clock()
        try:
            answer = ask(self._session, method, url, bounds=self._bounds, timeout=self._timeouts, **more)
        except TooLarge as error:
            most = self._bounds.largest // MEGABYTE
            raise CarrierUnreachable(f"{host} sent more than {most} MB (SYNCCTL_POD_MAX_MEGABYTES).", code=error.code) from error
        except TooSlow as error:
            seconds = self._bounds.seconds
            raise CarrierUnreachable(
                f"{host} did not answer completely within {seconds:g} s (SYNCCTL_HTTP_ANSWER_TIMEOUT).", code=error.code
            ) from error
        except StrangePacking as error:
            told = plain(str(error), 50)
            raise CarrierUnreachable(
                f"{host} packs its answer in a way that was not asked for ({told}).", code=error.code
            ) from error
        except Stopped as error:
            raise CarrierUnreachable(f"The call to {host} was broken off: the run was asked to stop.", code=error.code) from error
        except requests.Timeout as error:
            raise CarrierUnreachable(f"{host} did not answer in time.", code="timeout") from error
        except requests.exceptions.SSLError as error:
            raise CarrierUnreachable(f"{host}: the certificate can't be trusted.", code="certificate") from error
        except (requests.RequestException, OSError, ValueError) as error:  # ValueError: a link that is no address
            raise CarrierUnreachable(
                f"{host}: no connection, or it broke ({type(error).__name__}).", code="connection"
            ) from error
        # Base64 and its text take the document's size once more, each.
        memory = max(MEMORY, self._bounds.largest * 8 // 3)
        reply = Reply(answer.status, answer.headers, answer.body, url, asked=url, memory=memory)
        self.replies.append((method, asked, reply))
        return reply

    def get(self, url: str, **more: Any) -> Reply:
        """Call with GET. A redirect to another address is followed once more for each step, each reserved."""
        asked = url
        reply = self.call("GET", url, **more)
        for _ in range(4):
            target = reply.headers.get("Location", "")
            if reply.status not in (301, 302, 303, 307, 308) or not target:
                break
            before, url = url, _joined(url, target)
            same = _origin(before) == _origin(url)
            # Keys are for the host they were made for.
            kept = {name: value for name, value in more.items() if same and name in ("headers", "auth")}
            reply = replace(self.call("GET", url, **kept), asked=asked)
        return reply

    def post(self, url: str, **more: Any) -> Reply:
        """Call with POST."""
        return self.call("POST", url, **more)

    def close(self) -> None:
        """Give the connections back."""
        with suppress(Exception):
            self._session.close()


def host_of(url: str) -> str:
    """Return the host of an address. Addresses come from carriers, too, and may be none."""
    try:
        return plain(urlsplit(url).hostname or "an address without a host", 100)
    except ValueError:
        return "an address that is none"


def _origin(url: str) -> tuple[str, str] | None:
    try:
        return urlsplit(url)[:2]
    except ValueError:
        return None


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:
        return target
