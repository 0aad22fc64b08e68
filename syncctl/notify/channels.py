"""Channels to people, through Apprise: mail first, and everything else that it knows an address for."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, unquote

from syncctl.errors import STOPPED, ConfigError, PermanentError, TransientError
from syncctl.http_answer import limit_others
from syncctl.in_time import GivenUp, OutOfTime, StopAsked, in_time
from syncctl.notify.messages import Message
from syncctl.secret import Hider, Secret
from syncctl.stop import Never, StopFlag

if TYPE_CHECKING:
    from apprise import AppriseAsset

_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")
_KINDS = {"critical": "FAILURE", "warning": "WARNING", "recovered": "SUCCESS"}
"""Severity → what Apprise calls it: by that a pager decides whether it wakes somebody, and a chat in which colour it says so."""
_LONGEST = 500
"""Characters of what a channel says."""
_TOKEN = 8
"""Characters. A part of an address that is this long may be a token."""
_DOTTED_TOKEN = 20
"""Characters of a part with dots in it: a shorter one is a host's name rather than a token."""


class DeliveryFailed(TransientError):
    """A message could not be handed over; the text says what the channel said."""

    system = "channel"
    error_class = "notify"


class AddressRefused(PermanentError):
    """What stands where a person's address should is none."""

    error_class = "notify"


class Channel(Protocol):
    """A way to a person."""

    def send(self, message: Message, *, address: str | None = None) -> None:
        """Hand a message over.

        Raises:
            DeliveryFailed: it was not taken; try again later.
            AddressRefused: the person's address makes no sense.
            ConfigError: the channel's own address makes no sense.
        """
        ...


class AppriseChannel:
    """One or more Apprise addresses. With `address` they are sent to that mail address instead of their own."""

    def __init__(
        self,
        urls: Sequence[Secret],
        *,
        named: str = "SYNCCTL_NOTIFY_CLIENT_URL",
        seconds: float = 120,
        stop: StopFlag | None = None,
    ) -> None:
        """`named` is what stands for the addresses where one of them makes no sense."""
        self._urls = tuple(urls)
        self._named = named
        self._seconds = seconds
        self._stop = stop or Never()
        self._hider = Hider(secret for url in self._urls for secret in _secrets(url.reveal()))

    def send(self, message: Message, *, address: str | None = None) -> None:
        """See `Channel.send`. A delivery that takes too long, or goes on when the run is to stop, may still arrive."""
        import apprise

        if address is not None and not _ADDRESS.fullmatch(address):
            raise AddressRefused(f"{address!r} is no mail address.")
        sender = apprise.Apprise(asset=_in_one_thread())
        with _unheard():
            added = [sender.add(_addressed(url.reveal(), address)) for url in self._urls]
        if not all(added) or not added:
            if address is not None and added and self.usable():
                raise AddressRefused(f"{address!r} is no address that a message can be sent to.")
            raise ConfigError(f"{self._named} is no address that Apprise knows; `syncctl config check` tells more.")

        limit_others()

        def deliver(_: GivenUp) -> tuple[bool, str]:
            with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:  # type: ignore[no-untyped-call]
                taken = sender.notify(
                    title=message.title,
                    body=message.body or message.title,  # a template of the site's own may be one line
                    body_format=apprise.NotifyFormat.TEXT,
                    notify_type=getattr(apprise.NotifyType, _KINDS.get(message.severity, "INFO")),
                )
                return bool(taken), said.getvalue()

        try:
            taken, words = in_time(deliver, seconds=self._seconds, stop=self._stop)
        except OutOfTime:
            raise DeliveryFailed(
                f"Whether it was delivered isn't known: no end after {self._seconds:g} s (SYNCCTL_HTTP_ANSWER_TIMEOUT)."
            ) from None
        except StopAsked:
            raise DeliveryFailed("Whether it was delivered isn't known: the run was asked to stop.", code=STOPPED) from None
        if not taken:
            raise DeliveryFailed(f"Not delivered: {self._hider.plain(words, _LONGEST) or 'the channel gave no reason'}")

    def makes_sense(self) -> bool:
        """Tell whether its addresses are whole as they stand. Nothing is sent."""
        import apprise

        with _unheard():
            return bool(self._urls) and all(apprise.Apprise().add(url.reveal()) for url in self._urls)

    def usable(self) -> bool:
        """Tell whether its addresses make sense, with a person's address that does. Nothing is sent."""
        import apprise

        with _unheard():
            return bool(self._urls) and all(
                apprise.Apprise().add(_addressed(url.reveal(), "someone@example.com")) for url in self._urls
            )


def _in_one_thread() -> AppriseAsset:
    """Let Apprise deliver in the thread that calls it, which nobody waits for at the end of the process.

    Its own pool is waited for by Python: a server that says a letter a second would keep a job from ever ending.
    """
    import apprise

    asset = apprise.AppriseAsset(async_mode=False)
    asset._service_timeout = 0.0  # an argument only of newer versions
    return asset


@contextmanager
def _unheard() -> Iterator[None]:
    """Let Apprise read addresses in silence.

    It loads its plug-ins then, some of which import what Python is about to drop; and it logs each address that it doesn't
    understand, with all that is secret in it.
    """
    logger = logging.getLogger("apprise")
    before = logger.disabled
    logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        logger.disabled = before


def _secrets(url: str) -> Iterator[str]:
    """Give what must not be shown of an address: all of it, its password, and every long part, for tokens stand in the path."""
    yield url
    yield from re.findall(r"(?<=[:/])([^:/@]{4,})(?=@)", url)
    parts = re.split(r"[:/?&=@]+", url)
    dotted = {part for part in parts if "." in part and (len(part) < _DOTTED_TOKEN or f"@{part}" in url)}
    yield from (unquote(part) for part in parts if len(part) >= _TOKEN and part not in dotted)


def split(urls: Secret | None) -> list[Secret]:
    """Return the addresses of a setting that holds several, with blanks between them."""
    return [Secret(part) for part in urls.reveal().split()] if urls else []


def _addressed(url: str, address: str | None) -> str:
    """Put a recipient into an address, in place of one that is there."""
    if address is None:
        return url
    bare = re.sub(r"(?<=[?&])to=[^&]*&?", "", url).rstrip("?&")
    return f"{bare}{'&' if '?' in bare else '?'}to={quote(address, safe='@')}"
