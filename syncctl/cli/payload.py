"""`stage --payload`: a webhook's body from a file or from stdin, with the headers that came with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from syncctl.errors import STOPPED, ConfigError, StoreUnavailable, UsageError
from syncctl.in_time import GivenUp, OutOfTime, StopAsked, in_time
from syncctl.secret import Secret

if TYPE_CHECKING:
    from syncctl.cli.run import Run
    from syncctl.stores.payload import Hint

STDIN = "-"
_MEGABYTE = 1024 * 1024
_PIECE = 64 * 1024
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed: a path or `-`, and headers; None where they are to be looked for in the environment."""

    path: str
    signature: str | None = None
    topic: str | None = None


def hint_in(run: Run, given: Given, environment: Mapping[str, str] | None = None) -> Hint:
    """Read a webhook's body, check it, and return of which order it speaks.

    Headers that weren't given come from where a web server leaves them for a program it starts (CGI): `HTTP_X_WC_WEBHOOK_TOPIC`.

    Raises:
        ConfigError: the store's webhook secret isn't set.
        UsageError: the body can't be read, is too large, or isn't the store's.
    """
    from syncctl.stores.payload import HEADERS, Delivery, read_hint

    settings = run.settings
    secret = _secret(run)
    around = os.environ if environment is None else environment
    headers = {what: around.get(_cgi(name), "") if name else "" for what, name in HEADERS[settings.source].items()}
    body = _body(run, given.path, around.get("CONTENT_LENGTH", ""))
    delivery = Delivery(
        body=body,
        signature=headers["signature"] if given.signature is None else given.signature,
        topic=headers["topic"] if given.topic is None else given.topic,
        sender=headers["sender"],
        trial=headers["trial"],
    )
    return read_hint(settings.source, delivery, secret=secret, store_url=settings.store_url)


def _secret(run: Run) -> Secret:
    settings = run.settings
    name = "shopify_webhook_secret" if settings.source == "shopify" else "woo_webhook_secret"
    settings.need(name)
    secret: Secret | None = getattr(settings, name)
    if secret is None or not secret.reveal().strip():
        raise ConfigError(f"SYNCCTL_{name.upper()} is blank: whoever knows that could sign. Set the webhook's own secret.")
    return secret


def _cgi(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


def _body(run: Run, path: str, length: str) -> bytes:
    most = run.settings.http_max_megabytes * _MEGABYTE
    # A web server need not close what it hands over: the body ends where it says.
    whole = int(length) if path == STDIN and length.isascii() and length.isdigit() and len(length) < _DIGITS else None
    name = "stdin" if path == STDIN else path
    try:
        body = in_time(
            lambda given_up: _read(path, most + 1 if whole is None else min(most + 1, whole), given_up),
            seconds=run.settings.http_answer_timeout,
            stop=run.stop,
        )
    except OutOfTime:
        raise UsageError(
            f"The payload's end didn't come within {run.settings.http_answer_timeout} s (SYNCCTL_HTTP_ANSWER_TIMEOUT): {name}."
        ) from None
    except StopAsked:
        raise StoreUnavailable("Stopped before the payload was read.", code=STOPPED) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"The payload can't be read: {name}: {getattr(error, 'strerror', None) or error}.") from None
    if whole is not None and len(body) < min(whole, most + 1):
        raise UsageError(f"The payload broke off after {len(body):,} of {whole:,} bytes: {name}.")
    if len(body) > most:
        raise UsageError(f"The payload is larger than {run.settings.http_max_megabytes} MB (SYNCCTL_HTTP_MAX_MEGABYTES): {name}.")
    if not body.strip():
        raise UsageError(f"The payload is empty: {name}.")
    return body


def _read(path: str, most: int, given_up: GivenUp) -> bytes:
    """Read to the end, or at most so many bytes: what has no end must not fill the memory."""
    read = bytearray()
    with _opened(path) as file:
        while len(read) < most and not given_up() and (piece := file.read(min(_PIECE, most - len(read)))):
            read += piece
    return bytes(read)


def _opened(path: str) -> AbstractContextManager[IO[bytes]]:
    """Open without a buffer: a thread that hangs in a buffered stdin would keep the interpreter from ending."""
    if path != STDIN:
        return Path(path).open("rb", buffering=0)
    try:
        return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
    except (OSError, ValueError):  # stdin isn't a file of the system
        return nullcontext(sys.stdin.buffer)
