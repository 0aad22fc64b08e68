"""Messages to people: queued in the transaction of what they tell of, delivered afterwards, kept whatever becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import BigInt, Code, Flag, Int, Key, Line, Moment, Name, NoRow, Procedure, Text


@dataclass(frozen=True, slots=True)
class QueuedNotification:
    """A message that is queued, or was already: `queued` tells which."""

    notification_id: BigInt
    queued: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNotification(Procedure[QueuedNotification]):
    """Queue a message, once for its `dedup_key`.

    `audience` is `client` or `operator`; `recipient_id` names the client, or the way to operators.

    `template` names the text, `data_json` fills it. It isn't sent before `not_before_dt`.
    """

    name: ClassVar[str] = "sp_QueueNotification"
    returns: ClassVar[type] = QueuedNotification
    repeatable: ClassVar[bool] = True

    event_type: Name
    dedup_key: Key
    audience: Code
    template: Name
    data_json: Text
    recipient_id: Name | None = None
    address: Line | None = None
    not_before_dt: Moment | None = None


@dataclass(frozen=True, slots=True)
class ClaimedNotification:
    """A message under this worker's lease. `wanted` is False where its recipient wants none of this kind.

    `address` is the recipient's own from the preferences, else the message's.
    """

    notification_id: BigInt
    event_type: Name
    audience: Code
    recipient_id: Name | None
    address: Line | None
    template: Name
    data_json: Text
    wanted: Flag
    attempt_no: Int
    lease_until_dt: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimNotifications(Procedure[ClaimedNotification]):
    """Lease up to `batch_size` due messages, oldest first. One whose worker died comes back when the lease ends.

    One whose `max_attempts` are gone, the last one by a dead worker, is given up instead: FAILED, kept for a person.
    Left out are the messages of the JSON array `passed` (numbers: this run has had them), and those to the audiences, and to the
    ways to operators (`recipient_id`), of the JSON array `excluded`.
    """

    name: ClassVar[str] = "sp_ClaimNotifications"
    returns: ClassVar[type] = ClaimedNotification

    worker_id: Key
    batch_size: Int = 1
    lease_seconds: Int = 300
    event_type: Name | None = None
    passed: Text | None = None
    excluded: Text | None = None
    max_attempts: Int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteNotification(Procedure[NoRow]):
    """Note the end of a message. `result`: `sent`, or `dropped` with the reason in `detail`."""

    name: ClassVar[str] = "sp_CompleteNotification"
    returns: ClassVar[type] = NoRow

    notification_id: BigInt
    worker_id: Key
    attempt_no: Int
    result: Code
    detail: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailNotification(Procedure[NoRow]):
    """Note a failed delivery. It is tried again after `retry_after_seconds`; None gives it up (FAILED, kept)."""

    name: ClassVar[str] = "sp_FailNotification"
    returns: ClassVar[type] = NoRow

    notification_id: BigInt
    worker_id: Key
    attempt_no: Int
    message: Text
    retry_after_seconds: Int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseNotification(Procedure[NoRow]):
    """Give a message back untried. The attempt doesn't count."""

    name: ClassVar[str] = "sp_ReleaseNotification"
    returns: ClassVar[type] = NoRow

    notification_id: BigInt
    worker_id: Key
    attempt_no: Int


@dataclass(frozen=True, slots=True)
class NotificationEntry:
    """A message as people look at it. `state`: PENDING, CLAIMED, SENT, DROPPED, FAILED."""

    notification_id: BigInt
    event_type: Name
    dedup_key: Key
    audience: Code
    recipient_id: Name | None
    address: Line | None
    template: Name
    data_json: Text
    state: Code
    attempt_no: Int
    next_attempt_dt: Moment | None
    error_message: Text | None
    detail: Line | None
    created_dt: Moment
    ended_dt: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNotifications(Procedure[NotificationEntry]):
    """Messages in any of `states` (comma-separated; None: any), latest first."""

    name: ClassVar[str] = "sp_ListNotifications"
    returns: ClassVar[type] = NotificationEntry
    repeatable: ClassVar[bool] = True

    states: Key | None = None
    event_type: Name | None = None
    batch_size: Int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNotifyPreference(Procedure[NoRow]):
    """Say whether a recipient wants messages of a kind (`*`: any kind that has no word of its own), and at which address."""

    name: ClassVar[str] = "sp_SetNotifyPreference"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = NoRow
    repeatable: ClassVar[bool] = True

    recipient_id: Name
    event_type: Name
    is_wanted: Flag
    address: Line | None = None
