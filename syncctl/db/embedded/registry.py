"""Which function serves which procedure, and what those functions share."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, TypeVar

from syncctl.db.contract import Procedure
from syncctl.errors import BadArgument

Call = TypeVar("Call", bound=Procedure[Any])


@dataclass(frozen=True, slots=True)
class Session:
    """What a procedure's function gets: the connection, inside `BEGIN IMMEDIATE`, and the moment that is now."""

    db: sqlite3.Connection
    now: datetime

    def one(self, sql: str, parameters: dict[str, Any] | None = None) -> sqlite3.Row | None:
        """Return the first row, or None."""
        row: sqlite3.Row | None = self.db.execute(sql, parameters or {}).fetchone()
        return row

    def all(self, sql: str, parameters: dict[str, Any] | None = None) -> list[sqlite3.Row]:
        """Return every row."""
        return self.db.execute(sql, parameters or {}).fetchall()

    def keep(self) -> None:
        """Commit what was written so far, whatever becomes of the rest."""
        self.db.execute("COMMIT")
        self.db.execute("BEGIN IMMEDIATE")

    def run(self, sql: str, parameters: dict[str, Any] | None = None) -> int:
        """Execute a statement and return how many rows it changed."""
        return self.db.execute(sql, parameters or {}).rowcount

    def many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Execute a statement once for each row of values."""
        self.db.executemany(sql, rows)


Serving = Callable[[Session, Any], list[Any]]
SERVED: dict[type[Procedure[Any]], Serving] = {}
"""Procedure → its twin, as far as their modules were imported."""
TWINS = {
    "apply": (
        "CreateOrderFromStaging",
        "UpdateOrderFromStaging",
        "CancelOrderFromStaging",
        "ValidateStagedOrder",
        "ProcessStagedOrder",
    ),
    "audit": ("AuditOrders",),
    "carrier_budget": ("ReserveCarrierCall", "FinishCarrierCalls", "GetCarrierUse", "LowerCarrierBudget"),
    "customer_lines": ("ClaimCustomers", "ApplyCustomers", "FailCustomer", "ReleaseCustomers"),
    "customer_queues": (
        "StartCustomerQueue",
        "FillCustomerQueue",
        "ListGuestOrders",
        "RetryCustomerQueue",
        "EndCustomerQueue",
        "ListCustomerQueues",
        "ListCustomerLines",
        "ListCustomerActivity",
        "NoteCustomerActivity",
    ),
    "dead_letters": ("ListDeadLetters", "ListOrderAttempts", "GetPayload", "DecideDeadLetter"),
    "deposit_calls": ("RecordDeposit", "SetDepositModel"),
    "erp_calls": (
        "GetErpDocument",
        "ImportErpSettings",
        "ListMissingErpSettings",
        "ListNumberSeries",
        "SeedDemoErp",
        "SetNumberSeries",
    ),
    "figures": ("CountAttempts", "CountEvents", "ListBacklog", "ListFailures", "ListRunFigures", "ListStepTimes"),
    "health": ("GetHealth", "ListStorePolls", "ListReviewCauses"),
    "health_runs": ("ListJobRuns", "CountNotifications", "ListDeployedScripts", "ListCustomerActions"),
    "history": ("PurgeHistory",),
    "incidents": ("NoteIncidents", "TellIncident", "ListIncidents", "AcknowledgeIncident", "CountReviews"),
    "maps": ("ListItemMap", "SetItemMap", "ListCustomerMap", "SetCustomerMap", "SetStatusMap"),
    "maps_of_codes": ("ListPayCodeMap", "SetPayCodeMap", "ListTaxMap", "SetTaxMap"),
    "notifications": (
        "QueueNotification",
        "ClaimNotifications",
        "CompleteNotification",
        "FailNotification",
        "ReleaseNotification",
        "ListNotifications",
        "SetNotifyPreference",
    ),
    "operations": (
        "CountStates",
        "ListErpSettings",
        "SetErpSetting",
        "ListStatusMap",
    ),
    "outbox": ("ClaimOutbox", "CompleteOutbox", "FailOutbox", "ReleaseOutbox", "ListOutbox", "RetryOutbox"),
    "pod_claims": ("ClaimPods", "ReleasePod", "ListPods", "AddClaim"),
    "pod_counts": ("CountPods",),
    "pod_outcomes": ("StorePodDocument", "GetPodDocument", "ListPodDocuments", "RecordPodSuccess", "RecordPodFailure"),
    "polls": ("StartPoll", "FinishPoll"),
    "policy": ("ListRetryPolicies", "SetRetryPolicy"),
    "pushes": ("NoteStorePush", "ListStorePushes", "CountStorePushes", "ListRefusedItems"),
    "rollback": ("RollbackOrder",),
    "runs": ("GetSchemaVersion", "StartRun", "FinishRun"),
    "staged_lists": ("ListKnownOrders", "ListStoreOrders", "ListOpenOrders", "ListStagedOrders", "TraceOrder"),
    "staging": ("StageOrders",),
    "statistics": ("ListStatistics", "ResetStatistics"),
    "status_changes": ("QueueStatusChanges",),
    "unreadable": ("ListOrdersToReadAgain",),
    "walks": ("ListWalks", "NoteWalks"),
    "web_items": (
        "CountStoreItems",
        "ListErpItems",
        "ListStockChanges",
        "ListWebItems",
        "NoteStockTold",
        "NoteStoreItems",
        "SetWebItem",
    ),
    "web_prices": ("ListPriceChanges", "NotePriceTold"),
    "work": ("ClaimStagedOrders", "ReleaseStagedOrder", "FailStagedOrder"),
}
"""Module → the procedures that it serves; `tests/contract/test_signatures.py` compares."""
_HOMES = {name: module for module, names in TWINS.items() for name in names}


def serving(procedure: type[Procedure[Any]]) -> Serving:
    """Return the embedded twin of a procedure; its module is imported when it is first called."""
    if procedure not in SERVED:
        import_module(f"syncctl.db.embedded.{_HOMES[procedure.__name__]}")
    return SERVED[procedure]


def serves(procedure: type[Call]) -> Callable[[Callable[[Session, Call], list[Any]]], Callable[[Session, Call], list[Any]]]:
    """Register the function below as the embedded twin of `procedure`."""

    def register(function: Callable[[Session, Call], list[Any]]) -> Callable[[Session, Call], list[Any]]:
        SERVED[procedure] = function
        return function

    return register


def require(*checks: tuple[bool, str]) -> None:
    """Raise one BadArgument that names every check that failed, as THROW 50001 does."""
    failed = [message for holds, message in checks if not holds]
    if failed:
        raise BadArgument(" ".join(failed), code=50001)


def is_json_list(text: str | None) -> bool:
    """True where `text` is a JSON array."""
    try:
        return isinstance(json.loads(text or ""), list)
    except ValueError:
        return False


def is_json_object(text: str) -> bool:
    """True where `text` is a JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def require_batch_size(batch_size: int) -> None:
    """Raise BadArgument unless a list's length is in its range."""
    require((1 <= batch_size <= 10_000, "@BATCH_SIZE takes 1 to 10000."))
