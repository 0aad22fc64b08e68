"""Fetch proofs of delivery, and retry what failed: within the carriers' budgets, one claim at a time, each under a lease.

The order of things is what survives a hard kill: a call is reserved before it is made, the document is kept before the claim is
marked, and the next worker finds a kept document before it asks the carrier again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from syncctl.carriers.base import Carrier, Outcome, persistent, temporary
from syncctl.carriers.catalog import Catalog
from syncctl.carriers.classify import INVALID_TRACKING, NOT_SUPPORTED
from syncctl.carriers.forms import sniff
from syncctl.carriers.limits import BudgetExhausted
from syncctl.carriers.numbers import numbers_of, plain_number
from syncctl.db.contract import (
    CarrierUse,
    ClaimedPod,
    ClaimPods,
    CountPods,
    Database,
    ListPods,
    Procedure,
    RecordPodFailure,
    RecordPodSuccess,
    ReleasePod,
)
from syncctl.errors import SyncError, SystemMisconfigured, TransientError
from syncctl.foreign_text import plain
from syncctl.http_answer import HttpSession
from syncctl.services.pod_asking import Asker, carrier_use, doubt
from syncctl.services.pod_documents import DocumentStore, StoredDocument
from syncctl.services.pod_run import PodItem, PodOptions, PodResult
from syncctl.services.run_context import RunContext
from syncctl.services.systems import Systems
from syncctl.services.work_loop import Concern, OfTheDatabase, work_off

log = logging.getLogger(__name__)

Row = TypeVar("Row")

REFUSED = "refused"
"""The cause of a refusal that concerns the claim, not the keys: the carrier takes them with other questions."""


@dataclass(slots=True)
class PodWork(OfTheDatabase[PodItem]):
    """The claims of one status: a `work_loop.Work`."""

    database: Database
    catalog: Catalog
    documents: DocumentStore
    worker_id: str
    options: PodOptions
    context: RunContext
    result: PodResult = field(default_factory=PodResult)
    session: Callable[[], HttpSession] = HttpSession
    _asker: Asker = field(init=False)
    _systems: Systems = field(init=False)
    _wanted: str | None = None
    """How claims spell the one carrier whose claims are wanted, as JSON."""
    _passed: list[int] = field(default_factory=list)
    """Claims that this run has had in its hands: none of them is taken again, whatever became of it."""
    _skipped: dict[str, PodItem] = field(default_factory=dict)
    """Carriers whose claims are left for a later run, by name, each with the first of them."""
    _excluded: set[str] = field(default_factory=set)
    """Their spellings, as far as claims of this run have shown them."""
    _worked: int = 0

    def __post_init__(self) -> None:
        self._asker = Asker(self.database, self.worker_id, self.options, self.context, session=self.session)
        self._systems = Systems(self.context)

    def run(self) -> PodResult:
        """Take claims one by one until none is due, the batch is full, or something else ends the run: `ended_by`, `stopped`."""
        try:
            self.context.reaching(self._look)
            if self.result.found:
                self.documents.check()
            work_off(self, self.result, self.context)
            self.result.usage = self._usage()
        except SyncError as error:
            self.result.end(error)
        finally:
            self._asker.close()
        return self.result

    def _look(self) -> None:
        """See what there is to do."""
        result, retried = self.result, self.options.scope == "failed"
        result.scope = self.options.scope
        result.found = len(self.due())
        if retried and not self.options.include_persistent:
            result.skipped_persistent = len(self._standing("persistent", 10_000))
        log.info("Found %d claim(s) to %s", result.found, "retry" if retried else "fetch")

    def due(self) -> list[str]:
        """Return the references of the claims that a run would take, without touching them."""
        options = self.options
        self._wanted = self._spellings(options.carrier)
        if options.claim:
            listed = self.database.run(ListPods(scope=options.scope, claim_reference=options.claim, batch_size=1))
            return [claim.claim_reference for claim in listed if claim.standing != "leased"]
        found = self._standing("due", options.batch_size)
        if options.include_persistent:
            found += self._standing("persistent", options.batch_size)
        return found[: options.batch_size]

    def _standing(self, standing: str, most: int) -> list[str]:
        call = ListPods(
            scope=self.options.scope,
            standing=standing,
            max_retries=self.options.max_retries,
            carriers=self._wanted,
            batch_size=most,
        )
        return [claim.claim_reference for claim in self.database.run(call)]

    def _spellings(self, carrier: str | None) -> str | None:
        """Return every way in which claims spell a carrier. What is one carrier is decided by the catalog alone."""
        if carrier is None:
            return None
        name = self.catalog.name_of(carrier)
        spelled = {row.carrier or "" for row in self.database.run(CountPods(open_only=True))}
        return json.dumps(sorted(said for said in spelled if self.catalog.name_of(said) == name))

    def _usage(self) -> list[CarrierUse]:
        asked = {item.carrier for item in self.result.items}
        carriers = [carrier for carrier in self.catalog.carriers.values() if carrier.label in asked]
        return [carrier_use(self.database, carrier, self.context.clock) for carrier in carriers]

    def claim(self, limit: int) -> Sequence[ClaimedPod]:
        """Take claims that this run has not had, of carriers that are not left for a later run."""
        limit = min(limit, self.options.batch_size - self._worked)
        if limit <= 0:
            return ()
        claims = self.database.run(
            ClaimPods(
                worker_id=self.worker_id,
                scope=self.options.scope,
                batch_size=limit,
                lease_seconds=self.options.lease_seconds,
                max_retries=self.options.max_retries,
                claim_reference=self.options.claim,
                carriers=self._wanted,
                excluded=json.dumps(sorted(self._excluded)) if self._excluded else None,
                ignore_due=self.options.claim is not None,
                include_persistent=self.options.include_persistent,
                passed=json.dumps(self._passed) if self._passed else None,
            )
        )
        self._passed += [claim.claim_id for claim in claims]
        self.result.count_claimed(len(claims))
        return claims

    def key(self, item: ClaimedPod) -> int:
        """See `Work.key`."""
        return item.claim_id

    def do(self, item: ClaimedPod) -> PodItem:
        """Find or fetch the documents of one claim, of each of its numbers, or note why there is none."""
        name, carrier = self._carrier(item)
        log.info("[%d] %s for %s (%s)", self.result.claimed, _what(item), item.claim_reference, self._label(item))
        parcels = _parcels(item)
        kept = [self.documents.find(parcel) for parcel in parcels]
        if all(kept):
            return self._succeeded(item, kept, recovered=True)
        if name in self._skipped:
            first = self._skipped[name]
            return self._skip(item, name, first.outcome, first.message, until=first.next_attempt_at)
        if carrier is None and name in self.catalog.missing:
            message = f"Claims of {self._label(item)} were left alone: {self.catalog.missing[name]} not set."
            self.result.warnings.append(message)
            return self._skip(item, name, "skipped_unconfigured", message)
        if carrier is None:
            said = f"There is no carrier {item.carrier!r} here. Describe it in a carrier file, or correct it."
            return self._failed(item, persistent(NOT_SUPPORTED, said))
        failed: list[Outcome] = []
        for at, parcel in enumerate(parcels):
            got = kept[at] or self._asked(parcel, carrier)
            if isinstance(got, PodItem):
                return got
            if isinstance(got, Outcome):
                failed.append(got if len(parcels) == 1 else replace(got, message=f"{parcel.tracking_number}: {got.message}"))
            else:
                kept[at] = got
        if failed:  # as long as one of them may still come, the claim goes on
            return self._failed(item, min(failed, key=lambda outcome: outcome.kind == "persistent"))
        return self._succeeded(item, kept)

    def _asked(self, parcel: ClaimedPod, carrier: Carrier) -> StoredDocument | Outcome | PodItem:
        """Ask for one number: its document, or why there is none, or what became of the claim where it was given back."""
        number = plain_number(parcel.tracking_number)
        if not number:
            return persistent(INVALID_TRACKING, "The claim has no tracking number.")
        if fault := carrier.numbers.fault(number):  # no call is spent on it
            return persistent(INVALID_TRACKING, f"{carrier.label} was not asked: {fault}.")
        try:
            outcome = self._asker.ask(parcel, carrier)
        except BudgetExhausted as full:
            return self._limited(parcel, carrier.name, full.until, str(full))
        return self._settled(parcel, carrier, outcome)

    def _carrier(self, claim: ClaimedPod) -> tuple[str, Carrier | None]:
        name = self.catalog.name_of(claim.carrier or "") or ""
        return name, self.catalog.carriers.get(name)

    def _label(self, claim: ClaimedPod) -> str:
        name, carrier = self._carrier(claim)
        return carrier.label if carrier else self.catalog.label_of(name) or plain(claim.carrier or "no carrier")

    def _settled(self, claim: ClaimedPod, carrier: Carrier, outcome: Outcome) -> StoredDocument | Outcome | PodItem:
        """Keep what came of asking the carrier, or return why there is nothing; see to what it says of the carrier."""
        document = outcome.document
        form = sniff(document.content) if document else None
        doubted = doubt(outcome)
        if doubted is None:
            self._systems.answered(carrier.name, trusted=outcome.kind in ("document", "not_yet"))
        if document and form:
            for each in outcome.more:
                if (other := sniff(each.content)) is not None:
                    self.documents.keep(claim, each, other, self.worker_id, main=False, evidence=outcome.evidence)
            kept = self.documents.keep(claim, document, form, self.worker_id, evidence=outcome.evidence)
            self._asker.finish(carrier, claim, "document")
            return kept
        # Before a claim's answer counts as its carrier's, the carrier itself is asked where it can be.
        check = partial(self._asker.check, claim, carrier)
        concern = self._systems.concern(carrier.name, doubted, check) if doubted else Concern.ROW
        self._asker.finish(carrier, claim, outcome.kind, outcome.code)
        if doubted and concern is Concern.STOP:
            raise doubted
        if outcome.kind == "throttled":
            return self._limited(claim, carrier.name, self._asker.lower(carrier, outcome), outcome.message)
        refused = isinstance(doubted, SystemMisconfigured)
        if refused and concern is Concern.ROW and self._systems.trusted(carrier.name):
            outcome = replace(outcome, kind="temporary", cause=REFUSED)
        if concern in (Concern.SYSTEM, Concern.SETUP):
            return self._left_out(claim, carrier, outcome, counts=refused and concern is Concern.SETUP)
        return outcome

    def _left_out(self, claim: ClaimedPod, carrier: Carrier, outcome: Outcome, *, counts: bool) -> PodItem:
        """Leave the carrier's other claims for a later run. Refused keys count against the one claim that met with it."""
        why = self._systems.left_out[carrier.name]
        refuses = isinstance(why, SystemMisconfigured)
        said = "refuses its keys. Check its settings" if refuses else "is down"
        message = f"{carrier.label} {said}; its claims were left for a later run ({why})."
        self.result.warnings.append(message)
        log.warning("%s", message)
        skipped = self._skip(claim, carrier.name, "skipped_left_out", message, release=not counts)
        return self._failed(claim, outcome) if counts else skipped

    def _succeeded(self, claim: ClaimedPod, found: Sequence[StoredDocument | None], *, recovered: bool = False) -> PodItem:
        """Note the document; of several numbers the first one's."""
        kept = next(filter(None, found))
        self._run(
            RecordPodSuccess(
                claim_id=claim.claim_id,
                worker_id=self.worker_id,
                attempt_no=claim.attempt_no,
                pod_url=(kept.source_url if self.options.url == "carrier" else None) or kept.url,
                document_path=kept.path,
                sha256=kept.sha256,
                content_type=kept.content_type,
                size_bytes=kept.size_bytes,
                signed_by=(kept.signed_by or "")[:100] or None,
                delivered_dt=kept.delivered_at,
            )
        )
        self._worked += 1
        attempts = f" after {claim.retry_no} attempt{'s' if claim.retry_no != 1 else ''}" if claim.retry_no else ""
        log.info("SUCCESS: POD fetched for %s%s", claim.claim_reference, attempts)
        return self._item(claim, "success", recovered=recovered, path=kept.path, sha256=kept.sha256)

    def _failed(self, claim: ClaimedPod, outcome: Outcome) -> PodItem:
        noted = self._run(
            RecordPodFailure(
                claim_id=claim.claim_id,
                worker_id=self.worker_id,
                attempt_no=claim.attempt_no,
                outcome=outcome.kind,
                cause=outcome.cause[:50] or "unknown",
                error_code=outcome.code[:50] or None,
                message=outcome.message or outcome.cause,
                max_retries=self.options.max_retries,
                wait_seconds=self.options.not_yet_seconds,
                notify=self.options.notify,
                notify_temporary=self.options.notify_temporary,
                not_yet_days=self.options.not_yet_days,
                not_yet_tries=self.options.not_yet_tries,
            )
        )[0]
        self._worked += 1
        waits = outcome.kind == "not_yet" and not noted.final
        if noted.final:
            log.warning("FINAL FAILURE: no POD for %s (%s): %s", claim.claim_reference, self._label(claim), outcome.message)
        else:
            log.info("No POD for %s (%s) yet: %s", claim.claim_reference, self._label(claim), outcome.message)
        return self._item(
            claim,
            "not_yet" if waits else "failed",
            error_class="persistent" if outcome.kind == "not_yet" and noted.final else outcome.kind,
            cause=outcome.cause,
            code=outcome.code,
            message=outcome.message,
            final=noted.final,
            next_attempt_at=noted.next_attempt_dt,
        )

    def _limited(self, claim: ClaimedPod, name: str, until: datetime, message: str) -> PodItem:
        log.info("%s waits until %s: %s", claim.claim_reference, until.isoformat(timespec="seconds"), message)
        return self._skip(claim, name, "skipped_rate_limit", message, until=until)

    def _skip(
        self,
        claim: ClaimedPod,
        name: str,
        outcome: str,
        message: str,
        *,
        until: datetime | None = None,
        release: bool = True,
    ) -> PodItem:
        """Give a claim back as it was, and take no further one of its carrier in this run."""
        item = self._item(claim, outcome, message=message, next_attempt_at=until)
        self._skipped.setdefault(name, item)
        self._excluded.add(claim.carrier or "")
        if release:
            self._run(self._released(claim, until=until, reason=message if until else None))
        return item

    def fail(self, item: ClaimedPod, error: SyncError) -> PodItem:
        """Note what nobody foresaw as a failure that may pass. What a busy database refused costs the claim nothing."""
        if isinstance(error, TransientError):
            self.release(item, str(error))
            return self._item(item, "lost", message=str(error))
        return self._failed(item, temporary("unforeseen", plain(str(error), 500)))

    def lose(self, item: ClaimedPod, error: SyncError) -> PodItem:
        """See `Work.lose`: the claim comes back when its lease ends."""
        return self._item(item, "lost", message=str(error))

    def release(self, item: ClaimedPod, reason: str) -> None:  # noqa: ARG002  (it says nothing of the claim)
        """See `Work.release`."""
        self.database.run(self._released(item))

    def _released(self, claim: ClaimedPod, *, until: datetime | None = None, reason: str | None = None) -> ReleasePod:
        return ReleasePod(
            claim_id=claim.claim_id,
            worker_id=self.worker_id,
            attempt_no=claim.attempt_no,
            next_attempt_dt=until,
            reason=reason[:500] if reason else None,
        )

    def _run(self, call: Procedure[Row]) -> list[Row]:
        return self.context.reaching(self.database.run, call)

    def _item(self, claim: ClaimedPod, outcome: str, **more: object) -> PodItem:
        return PodItem(
            claim_id=claim.claim_id,
            claim_reference=claim.claim_reference,
            carrier=self._label(claim),
            tracking_number=claim.tracking_number,
            retry_no=claim.retry_no,
            outcome=outcome,
            **more,  # type: ignore[arg-type]
        )


def _parcels(claim: ClaimedPod) -> list[ClaimedPod]:
    """Return the claim once for each of its tracking numbers; a lone one as it was typed."""
    numbers = numbers_of(claim.tracking_number)
    return [claim] if len(numbers) < 2 else [replace(claim, tracking_number=number) for number in numbers]


def _what(claim: ClaimedPod) -> str:
    return f"Retry #{claim.retry_no}" if claim.retry_no else "Fetch"
