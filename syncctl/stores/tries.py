"""Asking a store again that doesn't answer: how often, and how long it is waited for in between."""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import wraps
from typing import Any, TypeVar, cast

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

    @wraps(once)
    def asking(*arguments: Any, **named: Any) -> Any:
        try:
            return once(*arguments, **named)
        except StoreUnavailable as error:
            failed: StoreUnavailable | None = error

        def first_or_again() -> Any:
            nonlocal failed
            if failed is not None:
                failure, failed = failed, None
                raise failure
            return once(*arguments, **named)

        import backoff  # here, since it takes longer to import than most runs take to ask, and most stores answer

        # It counts and decides; the waiting itself is the sleeper's, so that tests don't wait.
        return backoff.on_exception(
            backoff.constant,
            StoreUnavailable,
            max_tries=tries,
            giveup=is_no_use,
            on_backoff=wait,
            jitter=None,
            logger=None,
            interval=0,
        )(first_or_again)()

    return cast("Asking", asking)
