"""Deliver the messages to people that wait: each by one worker, tried again where that failed, kept whatever comes of it."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from syncctl.db.contract import ClaimedNotification, ClaimNotifications, CompleteNotification, Database, FailNotification
from syncctl.errors import STOPPED, DatabaseUnavailable, LeaseLost, SyncError
from syncctl.notify.channels import Channel, DeliveryFailed
from syncctl.notify.messages import Templates
from syncctl.services.stopping import Never, Stop

log = logging.getLogger(__name__)

WAITS = (60, 300, 900, 3600, 14_400, 43_200, 86_400)
"""Seconds before each further try; after the last a message is given up and kept as FAILED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of one message: `sent`, `dropped`, `waiting` (tried again later), `failed` (given up)."""

    notification_id: int
    event_type: str
    address: str | None
    outcome: str
    message: str = ""


@dataclass(slots=True)
class Notifier:
    """Delivers to clients and operators, each through its channel. Without one, a message is a failed delivery like another."""

    database: Database
    channels: Mapping[str, Channel]
    templates: Templates
    worker_id: str
    stop: Stop = field(default_factory=Never)

    def deliver(self, *, event_type: str | None = None, limit: int = 100) -> list[Sent]:
        """Deliver what is due, up to `limit` messages.

        Raises:
            DatabaseUnavailable: no connection to the database.
        """
        done: list[Sent] = []
        while len(done) < limit and not self.stop.is_set():
            messages = self.database.run(ClaimNotifications(worker_id=self.worker_id, batch_size=1, event_type=event_type))
            if not messages:
                break
            try:
                done.append(self._handle(messages[0]))
            except LeaseLost as lost:
                log.warning("%s", lost)
            except DeliveryFailed as stopped:  # by the stop alone: the message comes back when its lease ends
                log.info("%s", stopped)
                break
        return done

    def _handle(self, claimed: ClaimedNotification) -> Sent:
        channel = self.channels.get(claimed.audience)
        if not claimed.wanted:
            return self._end(claimed, "dropped", "the recipient wants no messages of this kind")
        if claimed.audience == "client" and not claimed.address:
            return self._end(claimed, "dropped", "the recipient has no address")
        if channel is None:
            return self._fail(
                claimed, f"no channel for {claimed.audience}s is set (SYNCCTL_NOTIFY_{claimed.audience.upper()}_URL)"
            )
        try:
            message = self.templates.render(claimed.template, json.loads(claimed.data_json))
            channel.send(message, address=claimed.address if claimed.audience == "client" else None)
        except DatabaseUnavailable:
            raise
        except SyncError as error:
            if error.code == STOPPED:
                raise
            return self._fail(claimed, str(error))
        except Exception as error:
            log.exception("Notification %s failed in an unforeseen way", claimed.notification_id)
            return self._fail(claimed, f"{type(error).__name__}: {error}")
        return self._end(claimed, "sent", "")

    def _end(self, claimed: ClaimedNotification, result: str, detail: str) -> Sent:
        self.database.run(
            CompleteNotification(
                notification_id=claimed.notification_id,
                worker_id=self.worker_id,
                attempt_no=claimed.attempt_no,
                result=result,
                detail=detail or None,
            )
        )
        return self._sent(claimed, result, detail)

    def _fail(self, claimed: ClaimedNotification, why: str) -> Sent:
        wait = WAITS[claimed.attempt_no - 1] if claimed.attempt_no <= len(WAITS) else None
        log.warning("Notification %s (%s) was not delivered: %s", claimed.notification_id, claimed.event_type, why)
        self.database.run(
            FailNotification(
                notification_id=claimed.notification_id,
                worker_id=self.worker_id,
                attempt_no=claimed.attempt_no,
                message=why,
                retry_after_seconds=wait,
            )
        )
        return self._sent(claimed, "failed" if wait is None else "waiting", why)

    @staticmethod
    def _sent(claimed: ClaimedNotification, outcome: str, message: str) -> Sent:
        return Sent(
            notification_id=claimed.notification_id,
            event_type=claimed.event_type,
            address=claimed.address,
            outcome=outcome,
            message=message,
        )


def counts(sent: list[Sent]) -> dict[str, int]:
    """Return how many messages came to what."""
    outcomes = Counter(message.outcome for message in sent)
    return {f"notifications_{name}": outcomes[name] for name in ("sent", "dropped", "waiting", "failed") if outcomes[name]}
