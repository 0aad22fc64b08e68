"""Proof of delivery: claims, their leases and outcomes, and the carriers' budgets.

A claim's `pod_fetch_status` is `pending`, `success` or `failed`. A worker holds a claim by a lease; `(worker_id, attempt_no)` is
the fence of every later write. A call to a carrier is reserved before it is made and stays on record, whatever becomes of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import BigInt, Bytes, Code, Flag, Hash, Int, Key, Line, Moment, Name, NoRow, Procedure, Text


@dataclass(frozen=True, slots=True)
class ClaimedPod:
    """A claim under this worker's lease. `retry_no` is the number of the retry that this is, 0 for a first fetch."""

    claim_id: BigInt
    claim_reference: Key
    carrier: Name | None
    tracking_number: Line | None
    """One number, or several between commas, semicolons, bars or line breaks."""
    pod_fetch_status: Code
    retry_no: Int
    attempt_no: BigInt
    lease_until_dt: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPods(Procedure[ClaimedPod]):
    """Lease up to `batch_size` (1 to 1,000) due claims of one status to one worker.

    Those whose dispute can still be answered come first, by its deadline, then those without one, those due longest first, then
    those whose deadline has passed, the latest first.

    `scope` is `pending` or `failed`. Of the failed, those whose error is persistent or whose retries are used up are left alone.
    `carriers` and `excluded` are JSON arrays of carriers exactly as claims spell them: which spellings mean one carrier is not
    for the database to say. The claims of the JSON array `passed` (numbers) are left out: this run has had them.
    A `claim_reference` names one claim: it is taken whenever it is due, whatever its error and its retries (`ignore_due`).
    A claim whose worker died comes back when the lease ends; after three such deaths in a row it counts as a failed attempt.
    """

    name: ClassVar[str] = "sp_ClaimPods"
    returns: ClassVar[type] = ClaimedPod

    worker_id: Key
    scope: Code
    batch_size: Int = 1
    lease_seconds: Int = 600
    max_retries: Int = 4
    claim_reference: Key | None = None
    carriers: Text | None = None
    excluded: Text | None = None
    ignore_due: Flag = False
    include_persistent: Flag = False
    passed: Text | None = None


@dataclass(frozen=True, slots=True)
class PodClaim:
    """A claim as people look at it.

    `standing`: `due`, `waiting` (for its next attempt), `persistent` (no automatic retry), `exhausted` (its retries are used up),
    `leased` (a worker has it), `done`.
    """

    claim_id: BigInt
    claim_reference: Key
    carrier: Name | None
    tracking_number: Line | None
    client_id: Name | None
    pod_fetch_status: Code
    standing: Code
    pod_url: Text | None
    pod_error: Text | None
    pod_error_class: Code | None
    pod_error_cause: Name | None
    pod_error_code: Name | None
    pod_retry_count: Int
    pod_last_retry_at: Moment | None
    pod_next_attempt_at: Moment | None
    pod_document_path: Text | None
    pod_sha256: Hash | None
    pod_content_type: Name | None
    pod_signed_by: Key | None
    pod_delivered_at: Moment | None
    created_at: Moment | None
    dispute_deadline: Moment | None
    """By when the dispute has to be answered."""
    client_name: Key | None
    pod_fetched_at: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPods(Procedure[PodClaim]):
    """Claims of one status (None: any), in the order in which they would be taken. Changes nothing.

    `standing` keeps only the claims that stand so, `carriers` (a JSON array) those of carriers that are spelt exactly so.
    `by_deadline` keeps those that have a dispute's deadline and no document, and lists them by that.
    """

    name: ClassVar[str] = "sp_ListPods"
    returns: ClassVar[type] = PodClaim
    repeatable: ClassVar[bool] = True

    scope: Code | None = None
    standing: Code | None = None
    max_retries: Int = 4
    claim_reference: Key | None = None
    carriers: Text | None = None
    by_deadline: Flag = False
    batch_size: Int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class AddClaim(Procedure[PodClaim]):
    """Add a claim as `pending`; one that is there already is left as it is. Returns the claim."""

    name: ClassVar[str] = "sp_AddClaim"
    returns: ClassVar[type] = PodClaim
    repeatable: ClassVar[bool] = True

    claim_reference: Key
    carrier: Name
    tracking_number: Line
    client_id: Name | None = None
    client_name: Key | None = None
    client_email: Line | None = None
    dispute_deadline: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPodSuccess(Procedure[NoRow]):
    """Note a document that is stored already. Saying it twice with the same fence and hash does nothing more.

    Drops what was still to be sent to the client about this claim.
    """

    name: ClassVar[str] = "sp_RecordPodSuccess"
    returns: ClassVar[type] = NoRow

    claim_id: BigInt
    worker_id: Key
    attempt_no: BigInt
    pod_url: Text
    document_path: Text
    sha256: Hash
    content_type: Name
    size_bytes: Int
    signed_by: Key | None = None
    delivered_dt: Moment | None = None


@dataclass(frozen=True, slots=True)
class FailedPod:
    """Where a claim stands after an attempt without a document. `final`: there will be no automatic attempt any more."""

    claim_id: BigInt
    pod_fetch_status: Code
    pod_retry_count: Int
    next_attempt_dt: Moment | None
    final: Flag
    notification_id: BigInt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPodFailure(Procedure[FailedPod]):
    """Note an attempt without a document. `outcome`: `persistent`, `temporary` or `not_yet`.

    A failed retry counts one; the next attempt is 1, 6, 24, 72 hours later by that count, then 72 hours each. A claim taken from
    `pending` becomes `failed` with count 0. `not_yet` keeps status and count and waits `wait_seconds`, until it has been the
    answer for `not_yet_days` or `not_yet_tries` times: then it is a persistent error. That count begins anew where the claim's
    last error was persistent: a person has put it back.
    `notify` says when the client hears of a persistent error, once: `at_once`, `at_maximum` (when the retries would be over) or
    `never`; with `notify_temporary` also of a temporary one whose retries are used up.
    """

    name: ClassVar[str] = "sp_RecordPodFailure"
    returns: ClassVar[type] = FailedPod

    claim_id: BigInt
    worker_id: Key
    attempt_no: BigInt
    outcome: Code
    cause: Name
    error_code: Name | None
    message: Text
    max_retries: Int = 4
    wait_seconds: Int = 21_600
    notify: Code = "at_maximum"
    notify_temporary: Flag = False
    not_yet_days: Int = 30
    not_yet_tries: Int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePod(Procedure[NoRow]):
    """Give a claim back untried, nothing counted. With `next_attempt_dt` it waits until then (a carrier at its limit)."""

    name: ClassVar[str] = "sp_ReleasePod"
    returns: ClassVar[type] = NoRow

    claim_id: BigInt
    worker_id: Key
    attempt_no: BigInt
    next_attempt_dt: Moment | None = None
    reason: Line | None = None


@dataclass(frozen=True, slots=True)
class StoredPod:
    """What is known of a document that is kept in the database."""

    document_id: BigInt
    claim_id: BigInt
    tracking_number: Key
    sha256: Hash
    content_type: Name
    size_bytes: Int
    source_url: Text | None
    signed_by: Key | None
    delivered_dt: Moment | None
    created_dt: Moment
    kind: Code
    """`proof`, `signature`, `photo` …"""
    is_main: Flag
    """The one that the claim points to; it is kept last."""


@dataclass(frozen=True, slots=True)
class DescribedPod(StoredPod):
    """A document that is kept in the database, with how it was got."""

    evidence: Text | None
    """JSON: what the carrier was asked, when, and what it answered, its documents left out."""


@dataclass(frozen=True, slots=True)
class PodDocument(StoredPod):
    """A document that is kept in the database, with its bytes."""

    content: Bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePodDocument(Procedure[StoredPod]):
    """Keep a document in the database, under its claim's lease; the same one again is found, not kept twice. Never overwrites."""

    name: ClassVar[str] = "sp_StorePodDocument"
    returns: ClassVar[type] = StoredPod
    repeatable: ClassVar[bool] = True

    claim_id: BigInt
    worker_id: Key
    attempt_no: BigInt
    tracking_number: Key
    sha256: Hash
    content_type: Name
    size_bytes: Int
    content: Bytes
    source_url: Text | None = None
    signed_by: Key | None = None
    delivered_dt: Moment | None = None
    kind: Code = "proof"
    is_main: Flag = True
    evidence: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPodDocuments(Procedure[DescribedPod]):
    """The documents kept in the database for a claim, as they were kept, without their bytes."""

    name: ClassVar[str] = "sp_ListPodDocuments"
    returns: ClassVar[type] = DescribedPod
    repeatable: ClassVar[bool] = True

    claim_id: BigInt


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPodDocument(Procedure[PodDocument]):
    """The latest main document kept in the database for a claim and tracking number; no row where there is none.

    `document_id` names one of the claim's documents instead, main or not.
    """

    name: ClassVar[str] = "sp_GetPodDocument"
    returns: ClassVar[type] = PodDocument
    repeatable: ClassVar[bool] = True

    claim_id: BigInt
    tracking_number: Key | None = None
    document_id: BigInt | None = None


@dataclass(frozen=True, slots=True)
class ReservedCall:
    """The answer to a reservation. `reason` of a refusal: `second`, `minute`, `day` or `paused`; ask again at `free_dt`."""

    call_id: BigInt | None
    granted: Flag
    reason: Code | None
    free_dt: Moment | None
    used_day: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveCarrierCall(Procedure[ReservedCall]):
    """Reserve one call in a carrier's budget, or say when one is free. Two workers never get the same last call.

    `day_starts` is a JSON array of the moments (UTC) at which the carrier's days around the present begin; the database picks the
    present one by its own clock. A budget that the carrier lowered counts instead of the parameters where it is lower.
    """

    name: ClassVar[str] = "sp_ReserveCarrierCall"
    returns: ClassVar[type] = ReservedCall

    carrier: Name
    worker_id: Key
    claim_id: BigInt | None
    day_starts: Text
    per_second: Int | None = None
    per_minute: Int | None = None
    per_day: Int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishCarrierCalls(Procedure[NoRow]):
    """Note what came of the calls that a worker has open with a carrier for a claim.

    `outcome`: `document`, `persistent`, `temporary`, `not_yet` or `throttled`.
    """

    name: ClassVar[str] = "sp_FinishCarrierCalls"
    returns: ClassVar[type] = NoRow
    repeatable: ClassVar[bool] = True

    carrier: Name
    worker_id: Key
    claim_id: BigInt | None
    outcome: Code
    error_code: Name | None = None


@dataclass(frozen=True, slots=True)
class CarrierUse:
    """A carrier's budget as it stands. `paused_until_dt`: it asked for a pause. Limits are None where there is none."""

    carrier: Name
    used_second: Int
    used_minute: Int
    used_day: Int
    unfinished: Int
    """Calls of the day whose end nobody noted: their workers died."""
    limit_minute: Int | None
    limit_day: Int | None
    day_start_dt: Moment
    day_end_dt: Moment
    paused_until_dt: Moment | None
    pause_reason: Line | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetCarrierUse(Procedure[CarrierUse]):
    """A carrier's budget: calls used and limits in force. Changes nothing."""

    name: ClassVar[str] = "sp_GetCarrierUse"
    returns: ClassVar[type] = CarrierUse
    repeatable: ClassVar[bool] = True

    carrier: Name
    day_starts: Text
    per_minute: Int | None = None
    per_day: Int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerCarrierBudget(Procedure[CarrierUse]):
    """The carrier said that there were too many calls: pause it, and go slower for the rest of its day.

    The pause lasts until `until_dt`; None takes a minute, twice as long each time in a row, to the day's end at most.
    The minute's limit becomes one less than what was used in the last minute, at least 1. A pause to the day's end makes what
    was used the day's limit.
    """

    name: ClassVar[str] = "sp_LowerCarrierBudget"
    returns: ClassVar[type] = CarrierUse

    carrier: Name
    day_starts: Text
    until_dt: Moment | None
    reason: Line
    per_minute: Int | None = None
    per_day: Int | None = None
