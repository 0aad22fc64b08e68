"""Calls to a carrier: each reserved in its budget first, always with time-outs, never more bytes than a document may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from syncctl.errors import TransientError

MEGABYTE = 1024 * 1024


class CarrierUnreachable(TransientError):
    """The carrier gave no answer that could be read: a time-out, a broken connection, an endless body."""

    error_class = "temporary"


@dataclass(frozen=True, slots=True)
class Reply:
    """A carrier's answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def ok(self) -> bool:
        """True for a 2xx."""
        return 200 <= self.status < 300

    @property
    def content_type(self) -> str:
        """The declared type without its parameters, in lower case."""
        return self.headers.get("Content-Type", "").split(";")[0].strip().lower()

    def text(self, length: int = 2000) -> str:
        """Return the beginning of the body as text, for classification and messages."""
        return self.body[: length * 4].decode("utf-8", errors="replace")[:length]


Reserve = Callable[[], None]
"""Reserves one call in the carrier's budget, or raises BudgetExhausted."""


class CarrierHttp:
    """A session with one carrier. `reserve` is asked before every request, redirects included."""

    def __init__(
        self,
        session: requests.Session,
        *,
        reserve: Reserve,
        connect_timeout: float = 10,
        read_timeout: float = 60,
        largest: int = 20 * MEGABYTE,
    ) -> None:
        self._session = session
        self._reserve = reserve
        self._timeouts = (connect_timeout, read_timeout)
        self._largest = largest

    def call(self, method: str, url: str, **more: Any) -> Reply:
        """Make one call.

        Raises:
            BudgetExhausted: no call is left; nothing was sent.
            CarrierUnreachable: no answer, half an answer, or too long a one.
        """
        self._reserve()
        host = urlsplit(url).hostname or url
        try:
            with self._session.request(
                method, url, timeout=self._timeouts, stream=True, allow_redirects=False, **more
            ) as response:
                body = bytearray()
                for block in response.iter_content(65_536):
                    body += block
                    if len(body) > self._largest:
                        raise CarrierUnreachable(
                            f"{host} sent more than {self._largest // MEGABYTE} MB (SYNCCTL_POD_MAX_MEGABYTES).", code="too_large"
                        )
                reply = Reply(response.status_code, response.headers, bytes(body), url)
        except requests.Timeout as error:
            raise CarrierUnreachable(f"{host} did not answer in time.", code="timeout") from error
        except requests.exceptions.SSLError as error:
            raise CarrierUnreachable(f"{host}: the certificate can't be trusted.", code="certificate") from error
        except (requests.RequestException, OSError) as error:
            raise CarrierUnreachable(
                f"{host}: no connection, or it broke ({type(error).__name__}).", code="connection"
            ) from error
        return reply

    def get(self, url: str, **more: Any) -> Reply:
        """Call with GET. A redirect to another address is followed once more for each step, each reserved."""
        reply = self.call("GET", url, **more)
        for _ in range(4):
            target = reply.headers.get("Location", "")
            if reply.status not in (301, 302, 303, 307, 308) or not target:
                break
            before, url = url, urljoin(url, target)
            same = urlsplit(before)[:2] == urlsplit(url)[:2]
            # Keys are for the host they were made for.
            kept = {name: value for name, value in more.items() if same and name in ("headers", "auth")}
            reply = self.call("GET", url, **kept)
        return reply

    def post(self, url: str, **more: Any) -> Reply:
        """Call with POST."""
        return self.call("POST", url, **more)

    def close(self) -> None:
        """Give the connections back."""
        with suppress(Exception):
            self._session.close()
