"""Deliver the messages to people that wait: each by one worker, tried again where that failed, kept whatever comes of it.

One odd message holds up no other. A way to people that is down is left alone for the rest of the run, and so are the messages
that would have gone that way: they lose no try by it.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from syncctl.db.contract import (
    ClaimedNotification,
    ClaimNotifications,
    CompleteNotification,
    Database,
    FailNotification,
    ReleaseNotification,
)
from syncctl.errors import ConfigError, SyncError, TransientError
from syncctl.foreign_text import plain
from syncctl.notify.channels import Channel
from syncctl.notify.messages import Templates
from syncctl.services.run_context import RunContext
from syncctl.services.systems import Systems
from syncctl.services.work_loop import Concern, OfTheDatabase, Result, work_off

log = logging.getLogger(__name__)

WAITS = (60, 300, 900, 3600, 14_400, 43_200, 86_400)
"""Seconds before each further try; after the last, or where its worker died over it, a message is kept as FAILED."""
_LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of one message: `sent`, `dropped`, `waiting` (tried again later), `failed` (given up)."""

    notification_id: int
    event_type: str
    address: str | None
    outcome: str
    message: str = ""


@dataclass(slots=True)
class NotificationResult(Result[Sent]):
    """What a run did with its messages."""

    left_out: dict[str, SyncError] = field(default_factory=dict)
    """Ways to people that could not be used, by audience (or an operator's own way), and why."""

    @property
    def sent(self) -> list[Sent]:
        """The messages that this run had in its hands."""
        return list(self.rows.values())

    @property
    def counts(self) -> dict[str, int]:
        """How many messages came to what."""
        return counts(self.sent)


@dataclass(slots=True)
class Notifier(OfTheDatabase[Sent]):
    """Messages to clients and operators, each through its channel: a `work_loop.Work`."""

    database: Database
    channels: Mapping[str, Channel]
    templates: Templates
    worker_id: str
    context: RunContext
    result: NotificationResult = field(default_factory=NotificationResult)
    event_type: str | None = None
    limit: int = 100
    _systems: Systems = field(init=False)
    _passed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._systems = Systems(self.context, left_out=self.result.left_out)

    def deliver(self) -> NotificationResult:
        """Deliver what is due, up to `limit` messages, none of them twice. What ended it early is `ended_by` of the result."""
        work_off(self, self.result, self.context)
        return self.result

    def claim(self, limit: int) -> Sequence[ClaimedNotification]:
        """Take messages that this run has not had, to people whom there is a way to."""
        limit = min(limit, self.limit - len(self._passed))
        if limit <= 0:
            return ()
        left_out = self._systems.left_out
        messages = self.database.run(
            ClaimNotifications(
                worker_id=self.worker_id,
                batch_size=limit,
                event_type=self.event_type,
                passed=json.dumps(self._passed) if self._passed else None,
                excluded=json.dumps(sorted(left_out)) if left_out else None,
                max_attempts=len(WAITS) + 1,
            )
        )
        self._passed += [message.notification_id for message in messages]
        return messages

    def key(self, item: ClaimedNotification) -> int:
        """See `Work.key`."""
        return item.notification_id

    def do(self, item: ClaimedNotification) -> Sent:
        """Hand one message over, or say why nobody gets it."""
        if not item.wanted:
            return self._end(item, "dropped", "the recipient wants no messages of this kind")
        if item.audience == "client" and not item.address:
            return self._end(item, "dropped", "the recipient has no address")
        if _way(item) not in self.channels and item.audience == "operator" and item.recipient_id:
            return self._end(item, "dropped", "there is no such way to operators any more")
        try:
            self._send(item)
        except SyncError as error:
            return self._unsent(item, error)
        self._systems.answered(_way(item))
        return self._end(item, "sent", "")

    def _send(self, message: ClaimedNotification) -> None:
        text = self.templates.render(message.template, json.loads(message.data_json))
        channel = self.channels.get(_way(message))
        if channel is None:
            setting = f"SYNCCTL_NOTIFY_{message.audience.upper()}_URL"
            raise ConfigError(f"There is no way to tell {message.audience}s anything: {setting} is not set.")
        channel.send(text, address=message.address if message.audience == "client" else None)

    def _unsent(self, message: ClaimedNotification, error: SyncError) -> Sent:
        """A message that its channel did not take is tried again later; one whose channel takes nothing waits as it was."""
        concern = self._systems.concern(_way(message), error)
        if concern is Concern.STOP:
            raise error
        if concern is Concern.ROW:
            return self.fail(message, error)
        log.warning("Messages to %s wait: %s", _way(message), error)
        self.context.reaching(self.release, message, str(error))
        return self._sent(message, "waiting", str(error))

    def _end(self, message: ClaimedNotification, result: str, detail: str) -> Sent:
        self.context.reaching(
            self.database.run,
            CompleteNotification(
                notification_id=message.notification_id,
                worker_id=self.worker_id,
                attempt_no=message.attempt_no,
                result=result,
                detail=detail or None,
            ),
        )
        return self._sent(message, result, detail)

    def fail(self, item: ClaimedNotification, error: SyncError) -> Sent:
        """Note a failed try; the message goes behind the others. What a busy database refused costs it nothing."""
        if isinstance(error, TransientError) and error.system == "database":
            self.release(item, str(error))
            return self._sent(item, "waiting", str(error))
        wait = WAITS[item.attempt_no - 1] if item.attempt_no <= len(WAITS) else None
        about = {"personal": True}  # an address stands in quotation marks
        log.warning("Notification %s (%s) was not delivered: %s", item.notification_id, item.event_type, error, extra=about)
        self.context.reaching(
            self.database.run,
            FailNotification(
                notification_id=item.notification_id,
                worker_id=self.worker_id,
                attempt_no=item.attempt_no,
                message=plain(str(error), _LONGEST_REASON),
                retry_after_seconds=wait,
            ),
        )
        return self._sent(item, "failed" if wait is None else "waiting", str(error))

    def lose(self, item: ClaimedNotification, error: SyncError) -> Sent:
        """See `Work.lose`."""
        return self._sent(item, "waiting", str(error))

    def release(self, item: ClaimedNotification, reason: str) -> None:  # noqa: ARG002  (the reason is the channel's, not its)
        """See `Work.release`."""
        self.database.run(
            ReleaseNotification(notification_id=item.notification_id, worker_id=self.worker_id, attempt_no=item.attempt_no)
        )

    @staticmethod
    def _sent(message: ClaimedNotification, outcome: str, text: str) -> Sent:
        return Sent(
            notification_id=message.notification_id,
            event_type=message.event_type,
            address=message.address,
            outcome=outcome,
            message=text,
        )


def _way(message: ClaimedNotification) -> str:
    """Return which way a message goes: to clients all one, to operators by its own name where it has one."""
    return message.recipient_id or message.audience if message.audience == "operator" else message.audience


def counts(sent: Iterable[Sent]) -> dict[str, int]:
    """Return how many messages came to what."""
    outcomes = Counter(message.outcome for message in sent)
    return {f"notifications_{name}": outcomes[name] for name in ("sent", "dropped", "waiting", "failed") if outcomes[name]}
