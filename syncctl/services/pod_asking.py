"""Asking a carrier within its budget: every call reserved first, every answer an outcome, every document looked at."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syncctl.carriers import asking
from syncctl.carriers.base import Carrier, Checkable, Claim, Outcome, temporary
from syncctl.carriers.classify import BAD_CONTENT, BLOCKED, INVALID_CREDENTIALS
from syncctl.carriers.forms import refusal, sniff
from syncctl.carriers.http import CarrierHttp, CarrierUnreachable
from syncctl.carriers.limits import BudgetExhausted
from syncctl.carriers.numbers import plain_number
from syncctl.clock import Clock, system_clock
from syncctl.db.contract import (
    CarrierUse,
    ClaimedPod,
    Database,
    FinishCarrierCalls,
    GetCarrierUse,
    LowerCarrierBudget,
    ReserveCarrierCall,
    ReservedCall,
)
from syncctl.errors import STOPPED, DatabaseUnavailable, SyncError, SystemMisconfigured, TransientError
from syncctl.http_answer import MEGABYTE, HttpSession
from syncctl.services.pod_run import PodOptions
from syncctl.services.run_context import RunContext

log = logging.getLogger(__name__)

_SILENT = frozenset({"timeout", "too_slow", "connection", "certificate", "unavailable", BLOCKED})
"""Causes that say nothing of the claim: whoever was asked did not come to look at it."""


class CarrierSilent(TransientError):
    """A carrier did not answer a question about a claim, or not itself."""

    system = "carrier"
    error_class = "temporary"


class CarrierRefused(SystemMisconfigured):
    """A carrier refused the keys that it was sent with a question about a claim."""

    system = "carrier"


def doubt(outcome: Outcome) -> SyncError | None:
    """Return what an outcome may say of its carrier as a whole; None where it concerns the claim alone."""
    if outcome.cause == INVALID_CREDENTIALS:
        return CarrierRefused(outcome.message, code=outcome.code)
    if outcome.kind == "temporary" and (outcome.cause in _SILENT or (outcome.http_status or 0) >= 500):
        return CarrierSilent(outcome.message, code=outcome.code)
    return None


@dataclass(slots=True)
class Asker:
    """Asks carriers for one run; its patience for short waits is one for all of them."""

    database: Database
    worker_id: str
    options: PodOptions
    context: RunContext
    session: Callable[[], HttpSession] = HttpSession
    _patience: float = field(init=False)
    _sessions: dict[str, HttpSession] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._patience = self.options.patience_seconds

    def ask(self, claim: ClaimedPod, carrier: Carrier) -> Outcome:
        """Ask the carrier; whatever it or its adapter does comes back as an outcome.

        Raises:
            BudgetExhausted: no call is left.
            CarrierUnreachable: the run is to stop, and nobody waited for the answer.
        """
        try:
            return self._checked(asking.ask(carrier, _wanted(claim), self._http(claim, carrier)))
        except BudgetExhausted:
            self.finish(carrier, claim, "temporary", "budget")
            raise
        except CarrierUnreachable as stopped:
            self.finish(carrier, claim, "temporary", str(stopped.code))
            raise

    def check(self, claim: ClaimedPod, carrier: Carrier) -> bool:
        """Ask the carrier something cheap that names no claim: True where it answered well, False where nothing can be asked.

        Raises:
            CarrierSilent: it is down, or somebody in front of it turns us away.
            CarrierRefused: it refuses the keys.
            CarrierUnreachable: the run is to stop.
        """
        if not isinstance(carrier, Checkable):
            return False
        try:
            outcome = asking.check(carrier, _wanted(claim), self._http(claim, carrier))
        except BudgetExhausted:
            return False
        found = doubt(outcome) if outcome else None
        if found:
            raise found
        return outcome is None

    def _http(self, claim: ClaimedPod, carrier: Carrier) -> CarrierHttp:
        session = self._sessions.get(carrier.name)
        if session is None:
            session = self._sessions[carrier.name] = self.session()
        return CarrierHttp(
            session,
            reserve=lambda: self._reserve(carrier, claim),
            connect_timeout=self.options.connect_timeout,
            read_timeout=self.options.read_timeout,
            answer_timeout=self.options.answer_timeout,
            stop=self.context.stop,
            clock=self.context.clock,
            # Base64 in JSON takes a third more than the document itself.
            largest=self.options.largest_bytes * 3 // 2,
        )

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
        largest = self.options.largest_bytes
        return replace(outcome, more=tuple(each for each in outcome.more if len(each.content) <= largest and sniff(each.content)))

    def _reserve(self, carrier: Carrier, claim: ClaimedPod) -> None:
        """Reserve one call; wait for a free second or minute as long as the run's patience lasts."""
        while not (reserved := self._reserved(carrier, claim)).granted:
            if self.context.stop.is_set():
                raise CarrierUnreachable("The run was asked to stop.", code=STOPPED)
            now = self.context.clock()
            free = reserved.free_dt or now + timedelta(seconds=1)
            wait = max(0.05, (free - now).total_seconds())
            if reserved.reason not in ("second", "minute") or wait > self._patience:
                message = f"{carrier.label} is at its limit ({reserved.reason}); {reserved.used_day} calls today."
                raise BudgetExhausted(message, reason=str(reserved.reason), until=max(free, now + timedelta(seconds=1)))
            self._patience -= wait
            self.context.sleeper(wait)

    def _reserved(self, carrier: Carrier, claim: ClaimedPod) -> ReservedCall:
        limits = carrier.limits
        call = ReserveCarrierCall(
            carrier=carrier.name,
            worker_id=self.worker_id,
            claim_id=claim.claim_id,
            day_starts=limits.day_starts_json(self.context.clock()),
            per_second=limits.per_second,
            per_minute=limits.per_minute,
            per_day=limits.per_day,
        )
        reserved: ReservedCall = self.context.reaching(self.database.run, call)[0]
        return reserved

    def lower(self, carrier: Carrier, outcome: Outcome) -> datetime:
        """Note that the carrier had too many calls; return when it may be asked again."""
        now, limits = self.context.clock(), carrier.limits
        call = LowerCarrierBudget(
            carrier=carrier.name,
            day_starts=limits.day_starts_json(now),
            until_dt=outcome.retry_at,
            reason=outcome.message[:500] or outcome.code,
            per_minute=limits.per_minute,
            per_day=limits.per_day,
        )
        lowered = self.context.reaching(self.database.run, call)[0]
        return lowered.paused_until_dt or now + timedelta(minutes=1)

    def finish(self, carrier: Carrier, claim: ClaimedPod, outcome: str, code: str = "") -> None:
        """Note what came of the calls that were made for a claim."""
        call = FinishCarrierCalls(
            carrier=carrier.name,
            worker_id=self.worker_id,
            claim_id=claim.claim_id,
            outcome=outcome,
            error_code=code[:50] or None,
        )
        try:
            self.context.reaching(self.database.run, call)
        except DatabaseUnavailable:
            raise
        except SyncError as error:  # a statistic; the claim's own record is what counts
            log.warning("The end of the calls to %s could not be noted: %s", carrier.label, error)

    def close(self) -> None:
        """Give the connections back."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()


def _wanted(claim: ClaimedPod) -> Claim:
    """Say of a claim what the carrier has to know. The claim itself keeps the number as it was typed."""
    number = plain_number(claim.tracking_number)
    return Claim(claim_id=claim.claim_id, reference=claim.claim_reference, tracking_number=number)


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
