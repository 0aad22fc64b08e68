"""The retry policy: how failures of each class are treated, of orders and of messages to the store alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from syncctl.db.contract import ListRetryPolicies, RetryPolicy, SetRetryPolicy
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.registry import Session, require, serves
from syncctl.errors import NotFound

LONGEST_WAIT = 604_800
"""Seconds (a week): nothing waits longer for its next attempt."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows a failure: attempts in all, where the last one leads, and when the next one is due."""

    max_attempts: int
    destination: str
    next_attempt_dt: datetime


def plan_retry(
    session: Session, error_class: str, attempt_no: int, retry_after_seconds: Decimal | None, jitter: Decimal | None
) -> Plan:
    """See `sql/procedures/sp_PlanRetry.sql`."""
    policy = session.one(
        """
        SELECT *
        FROM dbo.USER_RETRY_POLICY
        WHERE ERROR_CLASS IN (:class, 'unknown')
        ORDER BY CASE ERROR_CLASS WHEN :class THEN 0 ELSE 1 END
        """,
        {"class": error_class},
    )
    if policy is None:
        raise NotFound("USER_RETRY_POLICY has no row 'unknown'; `syncctl db deploy` puts it back.", code=50004)
    if retry_after_seconds is not None:
        seconds = min(max(Decimal(retry_after_seconds), Decimal(0)), Decimal(LONGEST_WAIT))
    else:
        backoff = policy["BACKOFF_SECONDS"] * policy["BACKOFF_FACTOR"] ** min(max(attempt_no - 1, 0), 10)
        seconds = Decimal(min(policy["BACKOFF_CAP_SECONDS"], backoff)) * (1 + Decimal("0.1") * Decimal(jitter or 0))
    milliseconds = int((seconds * 1000).to_integral_value(ROUND_HALF_UP))
    return Plan(policy["MAX_ATTEMPTS"], policy["DESTINATION"], session.now + timedelta(milliseconds=milliseconds))


@serves(ListRetryPolicies)
def list_retry_policies(session: Session, call: ListRetryPolicies) -> list[RetryPolicy]:  # noqa: ARG001  (takes no parameter)
    """See `sql/procedures/sp_ListRetryPolicies.sql`."""
    return [make(RetryPolicy, row) for row in session.all("SELECT * FROM dbo.USER_RETRY_POLICY ORDER BY ERROR_CLASS")]


@serves(SetRetryPolicy)
def set_retry_policy(session: Session, call: SetRetryPolicy) -> list[RetryPolicy]:
    """See `sql/procedures/sp_SetRetryPolicy.sql`."""
    require(
        (_within(call.max_attempts, 1, 100), "@MAX_ATTEMPTS takes 1 to 100."),
        (_within(call.backoff_seconds, 0, LONGEST_WAIT), f"@BACKOFF_SECONDS takes 0 to {LONGEST_WAIT}."),
        (_within(call.backoff_factor, 1, 10), "@BACKOFF_FACTOR takes 1 to 10."),
        (_within(call.backoff_cap_seconds, 0, LONGEST_WAIT), f"@BACKOFF_CAP_SECONDS takes 0 to {LONGEST_WAIT}."),
        (call.destination in (None, "review", "retry"), "@DESTINATION takes review, retry."),
    )
    changed = session.run(
        """
        UPDATE dbo.USER_RETRY_POLICY
        SET MAX_ATTEMPTS = COALESCE(:attempts, MAX_ATTEMPTS), BACKOFF_SECONDS = COALESCE(:seconds, BACKOFF_SECONDS),
            BACKOFF_FACTOR = COALESCE(:factor, BACKOFF_FACTOR), BACKOFF_CAP_SECONDS = COALESCE(:cap, BACKOFF_CAP_SECONDS),
            DESTINATION = COALESCE(:destination, DESTINATION)
        WHERE ERROR_CLASS = :class
        """,
        {
            "attempts": call.max_attempts,
            "seconds": call.backoff_seconds,
            "factor": call.backoff_factor,
            "cap": call.backoff_cap_seconds,
            "destination": call.destination,
            "class": call.error_class,
        },
    )
    if not changed:
        raise NotFound(f"There is no error class {call.error_class}; `syncctl config policy list` lists them.", code=50004)
    rows = session.all("SELECT * FROM dbo.USER_RETRY_POLICY WHERE ERROR_CLASS = :class", {"class": call.error_class})
    return [make(RetryPolicy, row) for row in rows]


def _within(value: int | None, least: int, most: int) -> bool:
    """None stays as it is."""
    return value is None or least <= value <= most
