"""An answer over HTTP, with a limit to its size and its time: the one place where the program reads what others send.

The other side may send gigabytes in a small gzip, a body without an end, or one byte a second for ever. None of it may cost
more memory than the limit, more time than the deadline, or keep a run from stopping.
"""

from __future__ import annotations

import io
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
import urllib3

from syncctl.errors import STOPPED
from syncctl.in_time import Begun, GivenUp, OutOfTime, StopAsked
from syncctl.meter import Meter
from syncctl.stop import Never, StopFlag

MEGABYTE = 1024 * 1024
LARGEST_ERROR = MEGABYTE
"""Bytes. Of an error's body no more than this is read: what it says stands at its beginning."""
_BLOCK = 65_536
_GZIP = ("gzip", "x-gzip")


class AnswerFailed(Exception):
    """There is an answer, or may be one, that can't be waited for or taken."""

    code = ""
    """What the caller's error bears as its code."""


class TooLarge(AnswerFailed):
    """The body, unpacked, is larger than the limit."""

    code = "too_large"


class TooSlow(AnswerFailed):
    """The answer wasn't complete when the deadline came."""

    code = "too_slow"


class StrangePacking(AnswerFailed):
    """The body is packed in a way that was not asked for."""

    code = "packing"


class Stopped(AnswerFailed):
    """The run was asked to stop while it waited."""

    code = STOPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much of an answer is taken, and for how long it is waited for."""

    largest: int = 64 * MEGABYTE
    """Bytes, unpacked."""
    seconds: float = 120.0
    """From the beginning of the request to the answer's last byte."""
    stop: StopFlag = field(default_factory=Never)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer, whole; of an error, and of a redirect, its beginning."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class HttpSession(requests.Session):
    """A session that leaves redirects to its caller. `requests` would read a redirect's body, however large, to make the next."""

    meter: Meter | None = None
    """Counts its requests, where somebody wants to know."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """See `requests.Session.get_redirect_target`: nowhere."""


class Asked:
    """A request under way. Others may be made meanwhile; its answer waits here."""

    def __init__(self, session: HttpSession, method: str, url: str, *, bounds: Bounds, **more: Any) -> None:
        """Begin the request; see `ask`."""
        self._bounds = bounds
        # gzip alone is asked for: what else there is either unpacks less predictably or needs a package more.
        headers = {**(more.pop("headers", None) or {}), "Accept-Encoding": "gzip"}
        self.seconds = 0.0
        """From the beginning to the answer's last byte, once it is there."""
        begun = time.monotonic()

        def call(given_up: GivenUp) -> HttpAnswer:
            try:
                with session.request(method, url, headers=headers, stream=True, allow_redirects=False, **more) as response:
                    body = _body(response, bounds.largest, given_up)
            finally:
                self.seconds = time.monotonic() - begun
                if session.meter is not None:
                    session.meter.note(f"HTTP {method}", self.seconds)
            return HttpAnswer(response.status_code, response.headers, body)

        self.call = Begun(call)

    def answer(self) -> HttpAnswer:
        """Wait for the answer. To be asked for once.

        Raises:
            as `ask`.
        """
        try:
            return self.call.result(seconds=self._bounds.seconds, stop=self._bounds.stop)
        except OutOfTime:
            raise TooSlow from None
        except StopAsked:
            raise Stopped from None


def ask(session: HttpSession, method: str, url: str, *, bounds: Bounds, **more: Any) -> HttpAnswer:
    """Make one request; redirects are the caller's business. `more` is what `requests` takes, `timeout` included.

    Raises:
        TooLarge, TooSlow, StrangePacking, Stopped: the answer was given up.
        requests.RequestException: there is none, or it broke off.
    """
    return Asked(session, method, url, bounds=bounds, **more).answer()


def limit_others(most: int = 4 * MEGABYTE) -> None:
    """From now on let `requests` read no body larger than `most`: for a library of this process that makes its requests itself.

    `ask` reads by another way. Asking twice is no harm.
    """
    whole = requests.Response.iter_content
    if getattr(whole, "limited", False):
        return

    def iter_content(response: requests.Response, *given: Any, **more: Any) -> Iterator[Any]:
        taken = 0
        for block in whole(response, *given, **more):
            taken += len(block)
            if taken > most:
                raise requests.exceptions.ContentDecodingError(f"an answer of more than {most:,} bytes")
            yield block

    iter_content.limited = True  # type: ignore[attr-defined]
    requests.Response.iter_content = iter_content  # type: ignore[method-assign,assignment]


def _body(response: requests.Response, largest: int, given_up: GivenUp) -> bytes:
    """Read a body block by block. No copy of the whole is made on the way."""
    is_error = response.status_code >= 300
    most = min(largest, LARGEST_ERROR) if is_error else largest
    # Closed whatever comes: an error may be kept for a while, and with it all that was at hand when it was raised.
    with io.BytesIO() as held:
        try:
            for block in _unpacked(response, most):
                if held.tell() + len(block) > most:
                    raise TooLarge
                held.write(block)
                if given_up():
                    break
        except (TooLarge, StrangePacking):
            if not is_error:  # else the status says enough
                raise
        except requests.RequestException:
            raise
        # What `requests` makes of these itself where it reads a body.
        except urllib3.exceptions.ReadTimeoutError as error:
            raise requests.exceptions.ReadTimeout(error) from error
        except urllib3.exceptions.SSLError as error:
            raise requests.exceptions.SSLError(error) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise requests.exceptions.ChunkedEncodingError(error) from error
        except zlib.error as error:
            raise requests.exceptions.ContentDecodingError(error) from error
        return held.getvalue()


def _unpacked(response: requests.Response, most: int) -> Iterator[bytes]:
    """Give the body in blocks of at most 64 KB, unpacked; also empty ones, so that whoever reads can look up meanwhile.

    What arrives is limited as what comes out is: of gzip there may be any amount that holds nothing.
    """
    codings = [coding for part in response.headers.get("Content-Encoding", "").split(",") if (coding := part.strip().lower())]
    packed = [coding for coding in codings if coding != "identity"]
    if len(packed) > 1 or any(coding not in _GZIP for coding in packed):
        raise StrangePacking(", ".join(packed))
    arrived = 0
    unpacking = _Gzip() if packed else None
    while block := response.raw.read1(_BLOCK, decode_content=False):
        arrived += len(block)
        if arrived > most:
            raise TooLarge
        if unpacking:
            yield from unpacking.feed(block)
        else:
            yield block
    if unpacking and unpacking.unfinished:
        raise requests.exceptions.ContentDecodingError("the packed answer breaks off")


class _Gzip:
    """Unpacks gzip of one member or several, never more than a block at a time."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._members = 0
        self._spent = False
        self.unfinished = False
        """True in the middle of a member."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Give what these bytes unpack to. What stands behind the last member is left out, as everybody does."""
        while not self._spent:
            try:
                found = self._member.decompress(data, _BLOCK)
            except zlib.error:
                if not self._members or self.unfinished:
                    raise
                self._spent = True
                return
            yield found
            over = self._member.eof
            data = self._member.unused_data if over else self._member.unconsumed_tail
            if over:
                self._members += 1
                self._member = zlib.decompressobj(wbits=31)
            # A full block may leave some of what it unpacks to in the decompressor, with no input left.
            self.unfinished = not over and (self.unfinished or bool(found) or not self._members)
            if not data and (over or len(found) < _BLOCK):
                return
