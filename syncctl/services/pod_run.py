"""What a run over claims is told, and what it tells."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from syncctl.db.contract import CarrierUse
from syncctl.http_answer import MEGABYTE
from syncctl.services.work_loop import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class PodOptions:
    """How a run works. `scope` is `pending` (pod-fetch) or `failed` (pod-retry)."""

    scope: str
    batch_size: int = 30
    max_retries: int = 4
    carrier: str | None = None
    claim: str | None = None
    include_persistent: bool = False
    lease_seconds: int = 600
    not_yet_seconds: int = 21_600
    not_yet_days: int = 30
    not_yet_tries: int = 200
    patience_seconds: float = 120
    largest_bytes: int = 20 * MEGABYTE
    connect_timeout: float = 10
    read_timeout: float = 60
    answer_timeout: float = 120
    notify: str = "at_maximum"
    notify_temporary: bool = False
    url: str = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class PodItem:
    """What became of one claim in this run.

    `outcome`: success, failed, not_yet, lost (another worker has it, or its end could not be noted: it comes back when its
    lease ends). And as it was before: skipped_rate_limit, skipped_unconfigured, skipped_left_out (its carrier is down, or refuses
    the keys).
    """

    claim_id: int
    claim_reference: str
    carrier: str
    tracking_number: str | None
    retry_no: int
    outcome: str
    error_class: str = ""
    cause: str = ""
    code: str = ""
    message: str = ""
    final: bool = False
    next_attempt_at: datetime | None = None
    recovered: bool = False
    """True where the document had been kept by a run that died before it could say so."""
    path: str = ""
    sha256: str = ""


@dataclass(slots=True)
class PodResult(Result[PodItem]):
    """What a run did."""

    scope: str = "pending"
    found: int = 0
    skipped_persistent: int = 0
    usage: list[CarrierUse] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def items(self) -> list[PodItem]:
        """The claims, in the order in which they were done."""
        return list(self.rows.values())

    @property
    def counts(self) -> dict[str, int]:
        """The documented counters."""
        outcomes = Counter(item.outcome for item in self.items)
        return {
            "found": self.found,
            "processed": outcomes["success"] + outcomes["failed"] + outcomes["not_yet"],
            "success": outcomes["success"],
            "failed": outcomes["failed"],
            "not_yet": outcomes["not_yet"],
            "skipped_persistent": self.skipped_persistent,
            "skipped_rate_limit": outcomes["skipped_rate_limit"],
            "skipped_unconfigured": outcomes["skipped_unconfigured"],
            "skipped_left_out": outcomes["skipped_left_out"],
            "max_retries_reached": sum(1 for item in self.items if item.final and item.error_class != "persistent"),
        }

    @property
    def success_rate(self) -> float | None:
        """Documents per hundred claims that could have had one; None where none could."""
        counts = self.counts
        done = counts["success"] + counts["failed"]
        return round(100 * counts["success"] / done, 1) if done else None
