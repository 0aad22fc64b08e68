"""Channels to people, through Apprise: mail first, and everything else that it knows an address for."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import quote

from syncctl.errors import ConfigError, TransientError
from syncctl.notify.messages import Message
from syncctl.secret import Secret

_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")


class DeliveryFailed(TransientError):
    """A message could not be handed over; the text says what the channel said."""

    error_class = "notify"


class Channel(Protocol):
    """A way to a person."""

    def send(self, message: Message, *, address: str | None = None) -> None:
        """Hand a message over.

        Raises:
            DeliveryFailed: it was not taken; try again later.
            ConfigError: the channel's address makes no sense.
        """
        ...


class AppriseChannel:
    """One or more Apprise addresses. With `address` they are sent to that mail address instead of their own."""

    def __init__(self, urls: Sequence[Secret]) -> None:
        self._urls = tuple(urls)

    def send(self, message: Message, *, address: str | None = None) -> None:
        """See `Channel.send`."""
        import apprise

        if address is not None and not _ADDRESS.fullmatch(address):
            raise ConfigError(f"{address!r} is no mail address.")
        sender = apprise.Apprise()
        with warnings.catch_warnings():
            # Apprise loads its plug-ins here, some of which import what Python is about to drop.
            warnings.simplefilter("ignore", DeprecationWarning)
            added = [sender.add(_addressed(url.reveal(), address)) for url in self._urls]
        if not all(added) or not added:
            raise ConfigError("An address to notify people (SYNCCTL_NOTIFY_CLIENT_URL, SYNCCTL_NOTIFY_OPERATOR_URL) is none.")
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:  # type: ignore[no-untyped-call]
            taken = sender.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT)
            words = said.getvalue()
        if not taken:
            told = " ".join(words.split())[:500] or "the channel gave no reason"
            raise DeliveryFailed(f"Not delivered: {self._clean(told)}")

    def _clean(self, text: str) -> str:
        """Take the addresses' secrets out of what Apprise says."""
        for url in self._urls:
            text = text.replace(url.reveal(), "***")
            for secret in re.findall(r"(?<=[:/])([^:/@]{4,})(?=@)", url.reveal()):
                text = text.replace(secret, "***")
        return text


def split(urls: Secret | None) -> list[Secret]:
    """Return the addresses of a setting that holds several, with blanks between them."""
    return [Secret(part) for part in urls.reveal().split()] if urls else []


def _addressed(url: str, address: str | None) -> str:
    """Put a recipient into an address, in place of one that is there."""
    if address is None:
        return url
    bare = re.sub(r"(?<=[?&])to=[^&]*&?", "", url).rstrip("?&")
    return f"{bare}{'&' if '?' in bare else '?'}to={quote(address, safe='@')}"
