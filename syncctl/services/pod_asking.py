"""Asking a carrier within its budget: every call reserved first, every answer an outcome, every document looked at."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syncctl.carriers.asking import ask
from syncctl.carriers.base import Carrier, Claim, Outcome, temporary
from syncctl.carriers.classify import BAD_CONTENT
from syncctl.carriers.content import refusal, sniff
from syncctl.carriers.http import CarrierHttp, CarrierUnreachable
from syncctl.carriers.limits import BudgetExhausted
from syncctl.clock import Clock, Sleeper, system_clock, system_sleeper
from syncctl.db.contract import (
    CarrierUse,
    ClaimedPod,
    Database,
    FinishCarrierCalls,
    GetCarrierUse,
    LowerCarrierBudget,
    ReserveCarrierCall,
)
from syncctl.errors import DatabaseUnavailable, SyncError
from syncctl.http_answer import MEGABYTE, HttpSession
from syncctl.services.pod_run import PodOptions
from syncctl.services.stopping import Never, Stop

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Asker:
    """Asks carriers for one run; its patience for short waits is one for all of them."""

    database: Database
    worker_id: str
    options: PodOptions
    session: Callable[[], HttpSession] = HttpSession
    stop: Stop = field(default_factory=Never)
    clock: Clock = system_clock
    sleeper: Sleeper = system_sleeper
    patience: float = 0
    _sessions: dict[str, HttpSession] = field(default_factory=dict)

    def ask(self, claim: ClaimedPod, carrier: Carrier) -> Outcome:
        """Ask the carrier; whatever it or its adapter does comes back as an outcome.

        Raises:
            BudgetExhausted: no call is left.
            CarrierUnreachable: the run is to stop, and nobody waited for the answer.
        """
        session = self._sessions.get(carrier.name)
        if session is None:
            session = self._sessions[carrier.name] = self.session()
        http = CarrierHttp(
            session,
            reserve=lambda: self._reserve(carrier, claim),
            connect_timeout=self.options.connect_timeout,
            read_timeout=self.options.read_timeout,
            answer_timeout=self.options.answer_timeout,
            stop=self.stop,
            # Base64 in JSON takes a third more than the document itself.
            largest=self.options.largest_bytes * 3 // 2,
        )
        wanted = Claim(
            claim_id=claim.claim_id, reference=claim.claim_reference, tracking_number=(claim.tracking_number or "").strip()
        )
        try:
            return self._checked(ask(carrier, wanted, http))
        except BudgetExhausted:
            self.finish(carrier, claim, "temporary", "budget")
            raise
        except CarrierUnreachable as stopped:
            self.finish(carrier, claim, "temporary", str(stopped.code))
            raise

    def _checked(self, outcome: Outcome) -> Outcome:
        """Return the outcome, or where its document is none, one that says so."""
        document = outcome.document
        if outcome.kind != "document" or document is None:
            return outcome
        if len(document.content) > self.options.largest_bytes:
            size = self.options.largest_bytes // MEGABYTE
            return temporary("too_large", f"The document is larger than {size} MB (SYNCCTL_POD_MAX_MEGABYTES).")
        if sniff(document.content) is None:
            return temporary(BAD_CONTENT, f"The carrier sent {refusal(document.content, document.declared_type)}.")
        return outcome

    def _reserve(self, carrier: Carrier, claim: ClaimedPod) -> None:
        """Reserve one call; wait for a free second or minute as long as the run's patience lasts."""
        limits = carrier.limits
        while True:
            reserved = self.database.run(
                ReserveCarrierCall(
                    carrier=carrier.name,
                    worker_id=self.worker_id,
                    claim_id=claim.claim_id,
                    day_starts=limits.day_starts_json(self.clock()),
                    per_second=limits.per_second,
                    per_minute=limits.per_minute,
                    per_day=limits.per_day,
                )
            )[0]
            if reserved.granted:
                return
            now = self.clock()
            free = reserved.free_dt or now + timedelta(seconds=1)
            wait = max(0.05, (free - now).total_seconds())
            if reserved.reason not in ("second", "minute") or wait > self.patience or self.stop.is_set():
                message = f"{carrier.label} is at its limit ({reserved.reason}); {reserved.used_day} calls today."
                raise BudgetExhausted(message, reason=str(reserved.reason), until=max(free, now + timedelta(seconds=1)))
            self.patience -= wait
            self.sleeper(wait)

    def lower(self, carrier: Carrier, outcome: Outcome) -> datetime:
        """Note that the carrier had too many calls; return when it may be asked again."""
        now, limits = self.clock(), carrier.limits
        lowered = self.database.run(
            LowerCarrierBudget(
                carrier=carrier.name,
                day_starts=limits.day_starts_json(now),
                until_dt=outcome.retry_at,
                reason=outcome.message[:500] or outcome.code,
                per_minute=limits.per_minute,
                per_day=limits.per_day,
            )
        )[0]
        return lowered.paused_until_dt or now + timedelta(minutes=1)

    def finish(self, carrier: Carrier, claim: ClaimedPod, outcome: str, code: str = "") -> None:
        """Note what came of the calls that were made for a claim."""
        try:
            self.database.run(
                FinishCarrierCalls(
                    carrier=carrier.name,
                    worker_id=self.worker_id,
                    claim_id=claim.claim_id,
                    outcome=outcome,
                    error_code=code[:50] or None,
                )
            )
        except DatabaseUnavailable:
            raise
        except SyncError as error:  # a statistic; the claim's own record is what counts
            log.warning("The end of the calls to %s could not be noted: %s", carrier.label, error)

    def close(self) -> None:
        """Give the connections back."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()


def carrier_use(database: Database, carrier: Carrier, clock: Clock = system_clock) -> CarrierUse:
    """Return a carrier's budget as it stands."""
    limits = carrier.limits
    return database.run(
        GetCarrierUse(
            carrier=carrier.name,
            day_starts=limits.day_starts_json(clock()),
            per_minute=limits.per_minute,
            per_day=limits.per_day,
        )
    )[0]
