"""Fetch proofs of delivery, and retry what failed: within the carriers' budgets, one claim at a time, each under a lease.

The order of things is what survives a hard kill: a call is reserved before it is made, the document is kept before the claim is
marked, and the next worker finds a kept document before it asks the carrier again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from syncctl.carriers.base import Carrier, Outcome, persistent, temporary
from syncctl.carriers.catalog import Catalog, folded
from syncctl.carriers.classify import INVALID_CREDENTIALS, INVALID_TRACKING, NOT_SUPPORTED
from syncctl.carriers.content import sniff
from syncctl.carriers.http import CarrierUnreachable
from syncctl.carriers.limits import BudgetExhausted
from syncctl.clock import Clock, Sleeper, system_clock, system_sleeper
from syncctl.db.contract import ClaimedPod, ClaimPods, Database, ListPods, RecordPodFailure, RecordPodSuccess, ReleasePod
from syncctl.errors import ConfigError, DatabaseUnavailable, LeaseLost, SyncError
from syncctl.http_answer import HttpSession
from syncctl.services.pod_asking import Asker, carrier_use
from syncctl.services.pod_documents import DocumentStore, StoredDocument
from syncctl.services.pod_run import PodItem, PodOptions, PodResult
from syncctl.services.stopping import Never, Stop

log = logging.getLogger(__name__)


@dataclass(slots=True)
class PodWorker:
    """One run over the claims of one status."""

    database: Database
    catalog: Catalog
    documents: DocumentStore
    worker_id: str
    options: PodOptions
    session: Callable[[], HttpSession] = HttpSession
    stop: Stop = field(default_factory=Never)
    clock: Clock = system_clock
    sleeper: Sleeper = system_sleeper
    progress: Callable[[PodItem], None] = lambda _: None
    _asker: Asker = field(init=False)
    _excluded: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._asker = Asker(
            self.database,
            self.worker_id,
            self.options,
            session=self.session,
            stop=self.stop,
            clock=self.clock,
            sleeper=self.sleeper,
            patience=self.options.patience_seconds,
        )

    def run(self) -> PodResult:
        """Take claims one by one until none is due, the batch is full, or the stop comes.

        Raises:
            DatabaseUnavailable: the database has gone; what was in hand comes back when its lease ends.
        """
        result = PodResult(self.options.scope, found=len(self.due()))
        if self.options.scope == "failed" and not self.options.include_persistent:
            result.skipped_persistent = len(self._standing("persistent", 10_000))
        log.info("Found %d claim(s) to %s", result.found, "retry" if self.options.scope == "failed" else "fetch")
        worked, number = 0, 0
        try:
            while worked < self.options.batch_size and not self.stop.is_set():
                claims = self._claim()
                if not claims:
                    break
                number += 1
                item = self._handle(claims[0], number, result)
                if item is None:
                    break
                worked += item.outcome in ("success", "failed", "not_yet")
                result.items.append(item)
                self.progress(item)
                if self.options.claim:
                    break
        finally:
            self._asker.close()
        asked = {item.carrier for item in result.items}
        result.usage = [carrier_use(self.database, carrier, self.clock) for carrier in self._asked(asked)]
        return result

    def due(self) -> list[str]:
        """Return the references of the claims that a run would take, without touching them."""
        if self.options.claim:
            listed = self.database.run(ListPods(scope=self.options.scope, claim_reference=self.options.claim, batch_size=1))
            return [claim.claim_reference for claim in listed if claim.standing != "leased"]
        found = self._standing("due", self.options.batch_size)
        if self.options.include_persistent:
            found += self._standing("persistent", self.options.batch_size)
        return found[: self.options.batch_size]

    def _standing(self, standing: str, most: int) -> list[str]:
        listed = self.database.run(
            ListPods(
                scope=self.options.scope,
                standing=standing,
                max_retries=self.options.max_retries,
                carriers=self._spellings(self.options.carrier),
                batch_size=most,
            )
        )
        return [claim.claim_reference for claim in listed]

    def _spellings(self, carrier: str | None) -> str | None:
        """Return every way in which claims may spell a carrier, as the procedures want them."""
        if carrier is None:
            return None
        name = self.catalog.name_of(carrier)
        known = {spelled for spelled, named in self.catalog.spellings().items() if named == name} if name else set()
        return json.dumps(sorted(known | {folded(carrier)}))

    def _claim(self) -> list[ClaimedPod]:
        return self.database.run(
            ClaimPods(
                worker_id=self.worker_id,
                scope=self.options.scope,
                batch_size=1,
                lease_seconds=self.options.lease_seconds,
                max_retries=self.options.max_retries,
                claim_reference=self.options.claim,
                carriers=self._spellings(self.options.carrier),
                excluded=json.dumps(sorted(self._excluded)) if self._excluded else None,
                ignore_due=self.options.claim is not None,
                include_persistent=self.options.include_persistent,
            )
        )

    def _handle(self, claim: ClaimedPod, number: int, result: PodResult) -> PodItem | None:
        name = self.catalog.name_of(claim.carrier or "")
        carrier = self.catalog.carriers.get(name or "")
        label = carrier.label if carrier else self.catalog.label_of(name or "") or claim.carrier or "no carrier"
        what = f"Retry #{claim.retry_no}" if claim.retry_no else "Fetch"
        log.info("[%d] %s for %s (%s)", number, what, claim.claim_reference, label)
        try:
            kept = self.documents.find(claim, self.worker_id)
            if kept:
                return self._succeeded(claim, label, kept, recovered=True)
            if carrier is None and name in self.catalog.missing:
                return self._unconfigured(claim, label, str(name), result)
            outcome = self._refused_unasked(claim, carrier)
            if outcome is None and carrier is not None:
                outcome = self._asker.ask(claim, carrier)
            return self._settle(claim, label, carrier, outcome or temporary("unknown", "nothing was asked"), result)
        except BudgetExhausted as full:
            self._exclude(str(name))
            return self._limited(claim, label, full.until, str(full))
        except CarrierUnreachable as stopped:  # by the stop alone: it says nothing about the claim
            self._release(claim, None, None)
            log.info("%s was given back: %s", claim.claim_reference, stopped)
            return None
        except LeaseLost as lost:
            log.warning("%s", lost)
            return self._item(claim, label, "lost", message=str(lost))
        except (DatabaseUnavailable, ConfigError):
            raise
        except SyncError as error:
            # A deadlock, say. The lease stays, so that this run doesn't take the claim again and again; it comes back by itself.
            log.warning("%s was left until its lease ends: %s", claim.claim_reference, error)
            return self._item(claim, label, "lost", message=str(error))

    def _refused_unasked(self, claim: ClaimedPod, carrier: Carrier | None) -> Outcome | None:
        """Return the outcome of a claim that no carrier can be asked about."""
        if carrier is None:
            return persistent(
                NOT_SUPPORTED, f"There is no carrier {claim.carrier!r} here. Describe it in a carrier file, or correct it."
            )
        if not (claim.tracking_number or "").strip():
            return persistent(INVALID_TRACKING, "The claim has no tracking number.")
        return None

    def _settle(self, claim: ClaimedPod, label: str, carrier: Carrier | None, outcome: Outcome, result: PodResult) -> PodItem:
        """Keep or note what came out, the document first."""
        document = outcome.document
        form = sniff(document.content) if document else None
        if document and form:
            kept = self.documents.keep(claim, document, form, self.worker_id)
            if carrier:
                self._asker.finish(carrier, claim, "document")
            return self._succeeded(claim, label, kept)
        if carrier:
            self._asker.finish(carrier, claim, outcome.kind, outcome.code)
        if outcome.kind == "throttled" and carrier:
            self._exclude(carrier.name)
            return self._limited(claim, label, self._asker.lower(carrier, outcome), outcome.message)
        if outcome.cause == INVALID_CREDENTIALS and carrier:
            self._exclude(carrier.name)
            result.warnings.append(
                f"{label} refused the credentials; its other claims were left for a later run. Check its settings."
            )
        return self._failed(claim, label, outcome)

    def _succeeded(self, claim: ClaimedPod, label: str, kept: StoredDocument, *, recovered: bool = False) -> PodItem:
        self.database.run(
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
        attempts = f" after {claim.retry_no} attempt{'s' if claim.retry_no != 1 else ''}" if claim.retry_no else ""
        log.info("SUCCESS: POD fetched for %s%s", claim.claim_reference, attempts)
        return self._item(claim, label, "success", recovered=recovered, path=kept.path, sha256=kept.sha256)

    def _failed(self, claim: ClaimedPod, label: str, outcome: Outcome) -> PodItem:
        noted = self.database.run(
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
            )
        )[0]
        if noted.final:
            log.warning("FINAL FAILURE: no POD for %s (%s): %s", claim.claim_reference, label, outcome.message)
        else:
            log.info("No POD for %s (%s) yet: %s", claim.claim_reference, label, outcome.message)
        return self._item(
            claim,
            label,
            "not_yet" if outcome.kind == "not_yet" else "failed",
            error_class=outcome.kind,
            cause=outcome.cause,
            code=outcome.code,
            message=outcome.message,
            final=noted.final,
            next_attempt_at=noted.next_attempt_dt,
        )

    def _limited(self, claim: ClaimedPod, label: str, until: datetime, message: str) -> PodItem:
        self._release(claim, until, message)
        log.info("%s waits until %s: %s", claim.claim_reference, until.isoformat(timespec="seconds"), message)
        return self._item(claim, label, "skipped_rate_limit", message=message, next_attempt_at=until)

    def _unconfigured(self, claim: ClaimedPod, label: str, name: str, result: PodResult) -> PodItem:
        self._exclude(name)
        self._release(claim, None, None)
        warning = f"Claims of {label} were left alone: {self.catalog.missing[name]} not set."
        result.warnings.append(warning)
        return self._item(claim, label, "skipped_unconfigured", message=warning)

    def _release(self, claim: ClaimedPod, until: datetime | None, reason: str | None) -> None:
        self.database.run(
            ReleasePod(
                claim_id=claim.claim_id,
                worker_id=self.worker_id,
                attempt_no=claim.attempt_no,
                next_attempt_dt=until,
                reason=reason[:500] if reason else None,
            )
        )

    def _exclude(self, name: str) -> None:
        """Take no further claim of a carrier in this run."""
        self._excluded |= {spelled for spelled, named in self.catalog.spellings().items() if named == name}

    def _asked(self, labels: set[str]) -> list[Carrier]:
        return [carrier for carrier in self.catalog.carriers.values() if carrier.label in labels]

    def _item(self, claim: ClaimedPod, label: str, outcome: str, **more: object) -> PodItem:
        return PodItem(
            claim_id=claim.claim_id,
            claim_reference=claim.claim_reference,
            carrier=label,
            tracking_number=claim.tracking_number,
            retry_no=claim.retry_no,
            outcome=outcome,
            **more,  # type: ignore[arg-type]
        )
