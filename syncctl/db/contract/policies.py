"""How failures are treated, by their class: tried again or left to a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import Code, Int, Line, Procedure


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How failures of one class are treated. Attempts are in all, across runs; `destination` is where the last one leads."""

    error_class: Code
    max_attempts: Int
    backoff_seconds: Int
    backoff_factor: Int
    backoff_cap_seconds: Int
    destination: Code
    descr: Line | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRetryPolicies(Procedure[RetryPolicy]):
    """The failure policy, by class."""

    name: ClassVar[str] = "sp_ListRetryPolicies"
    returns: ClassVar[type] = RetryPolicy
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRetryPolicy(Procedure[RetryPolicy]):
    """Change the treatment of one class; what is None stays. `destination`: `review` (at once) | `retry` (then review)."""

    name: ClassVar[str] = "sp_SetRetryPolicy"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = RetryPolicy
    repeatable: ClassVar[bool] = True

    error_class: Code
    max_attempts: Int | None = None
    backoff_seconds: Int | None = None
    backoff_factor: Int | None = None
    backoff_cap_seconds: Int | None = None
    destination: Code | None = None
