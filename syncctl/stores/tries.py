"""Asking a store again that doesn't answer: how often, and how long it is waited for in between."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, TypeVar

import backoff

from syncctl.errors import StoreUnavailable

Asking = TypeVar("Asking", bound=Callable[..., Any])


def asked_again(
    once: Asking, *, tries: int, longest_wait: float, never: Container[object], sleep: Callable[[float], object]
) -> Asking:
    """Return `once`, asked up to so many times where it raises StoreUnavailable.

    Waited for in between is what the store asks for, else 1, 2, 4 … seconds. It isn't asked again where that is longer than
    `longest_wait` (seconds), or where the error's code is one of `never`.
    """

    def wait(details: Any) -> None:
        error = details["exception"]
        sleep(error.retry_after if error.retry_after is not None else 2.0 ** (details["tries"] - 1))

    def is_no_use(error: Any) -> bool:
        return error.code in never or (error.retry_after or 0.0) > longest_wait

    # `backoff` counts and decides; the waiting itself is the sleeper's, so that tests don't wait.
    return backoff.on_exception(
        backoff.constant,
        StoreUnavailable,
        max_tries=tries,
        giveup=is_no_use,
        on_backoff=wait,
        jitter=None,
        logger=None,
        interval=0,
    )(once)
