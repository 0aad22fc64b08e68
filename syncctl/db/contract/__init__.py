"""The procedure contract: every stored procedure as a frozen dataclass, served alike by both engines.

Adding a procedure: add a class to the module it belongs to and its name to both lists below, `sql/…/sp_Name.sql`, and one
function in `db/embedded/` with its name in `registry.TWINS`; `tests/contract/test_signatures.py` tells what is missing.

Making the classes of all of them takes longer than most runs that find nothing to do: a name is imported when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from syncctl.db.contract.base import (
    Database as Database,
    NoRow as NoRow,
    Procedure as Procedure,
    Sql as Sql,
)

if TYPE_CHECKING:
    from syncctl.db.contract.figures import (
        AttemptCount as AttemptCount,
        Backlog as Backlog,
        CountAttempts as CountAttempts,
        CountEvents as CountEvents,
        EventCount as EventCount,
        Failure as Failure,
        ListBacklog as ListBacklog,
        ListFailures as ListFailures,
        ListRunFigures as ListRunFigures,
        ListStepTimes as ListStepTimes,
        RunFigures as RunFigures,
        StepTime as StepTime,
    )
    from syncctl.db.contract.health import (
        CountNotifications as CountNotifications,
        CountPods as CountPods,
        DeployedScript as DeployedScript,
        GetHealth as GetHealth,
        Health as Health,
        JobRuns as JobRuns,
        ListDeployedScripts as ListDeployedScripts,
        ListJobRuns as ListJobRuns,
        ListReviewCauses as ListReviewCauses,
        ListStorePolls as ListStorePolls,
        NotificationCount as NotificationCount,
        PodCount as PodCount,
        ReviewCause as ReviewCause,
        StorePoll as StorePoll,
    )
    from syncctl.db.contract.history import (
        PurgedBatch as PurgedBatch,
        PurgeHistory as PurgeHistory,
    )
    from syncctl.db.contract.maps import (
        ChangedStatusMapping as ChangedStatusMapping,
        CustomerMapping as CustomerMapping,
        ItemMapping as ItemMapping,
        ListCustomerMap as ListCustomerMap,
        ListItemMap as ListItemMap,
        SetCustomerMap as SetCustomerMap,
        SetItemMap as SetItemMap,
        SetStatusMap as SetStatusMap,
    )
    from syncctl.db.contract.notify import (
        ClaimedNotification as ClaimedNotification,
        ClaimNotifications as ClaimNotifications,
        CompleteNotification as CompleteNotification,
        FailNotification as FailNotification,
        ListNotifications as ListNotifications,
        NotificationEntry as NotificationEntry,
        QueuedNotification as QueuedNotification,
        QueueNotification as QueueNotification,
        ReleaseNotification as ReleaseNotification,
        SetNotifyPreference as SetNotifyPreference,
    )
    from syncctl.db.contract.operations import (
        AuditFinding as AuditFinding,
        AuditOrders as AuditOrders,
        CountStates as CountStates,
        DeadLetter as DeadLetter,
        DecideDeadLetter as DecideDeadLetter,
        Decision as Decision,
        DocumentPart as DocumentPart,
        ErpSetting as ErpSetting,
        GetErpDocument as GetErpDocument,
        GetPayload as GetPayload,
        ImportedSetting as ImportedSetting,
        ImportErpSettings as ImportErpSettings,
        ListDeadLetters as ListDeadLetters,
        ListErpSettings as ListErpSettings,
        ListMissingErpSettings as ListMissingErpSettings,
        ListNumberSeries as ListNumberSeries,
        ListOrderAttempts as ListOrderAttempts,
        ListStatusMap as ListStatusMap,
        MissingSetting as MissingSetting,
        NumberSeries as NumberSeries,
        OrderAttempt as OrderAttempt,
        Payload as Payload,
        RollbackOrder as RollbackOrder,
        RollbackStep as RollbackStep,
        SeedCount as SeedCount,
        SeedDemoErp as SeedDemoErp,
        SetErpSetting as SetErpSetting,
        SetNumberSeries as SetNumberSeries,
        StateCount as StateCount,
        StatusMapping as StatusMapping,
    )
    from syncctl.db.contract.outbox import (
        ClaimOutbox as ClaimOutbox,
        CompletedMessage as CompletedMessage,
        CompleteOutbox as CompleteOutbox,
        FailedMessage as FailedMessage,
        FailOutbox as FailOutbox,
        ListOutbox as ListOutbox,
        OutboxEntry as OutboxEntry,
        OutboxMessage as OutboxMessage,
        QueueStatusChanges as QueueStatusChanges,
        ReleaseOutbox as ReleaseOutbox,
        RetryOutbox as RetryOutbox,
        StatusChange as StatusChange,
    )
    from syncctl.db.contract.pod import (
        AddClaim as AddClaim,
        CarrierUse as CarrierUse,
        ClaimedPod as ClaimedPod,
        ClaimPods as ClaimPods,
        DescribedPod as DescribedPod,
        FailedPod as FailedPod,
        FinishCarrierCalls as FinishCarrierCalls,
        GetCarrierUse as GetCarrierUse,
        GetPodDocument as GetPodDocument,
        ListPodDocuments as ListPodDocuments,
        ListPods as ListPods,
        LowerCarrierBudget as LowerCarrierBudget,
        PodClaim as PodClaim,
        PodDocument as PodDocument,
        RecordPodFailure as RecordPodFailure,
        RecordPodSuccess as RecordPodSuccess,
        ReleasePod as ReleasePod,
        ReserveCarrierCall as ReserveCarrierCall,
        ReservedCall as ReservedCall,
        StoredPod as StoredPod,
        StorePodDocument as StorePodDocument,
    )
    from syncctl.db.contract.runs import (
        FinishRun as FinishRun,
        GetSchemaVersion as GetSchemaVersion,
        SchemaVersion as SchemaVersion,
        StartRun as StartRun,
    )
    from syncctl.db.contract.staging import (
        KnownOrder as KnownOrder,
        ListKnownOrders as ListKnownOrders,
        ListOpenOrders as ListOpenOrders,
        ListOrdersToReadAgain as ListOrdersToReadAgain,
        ListStagedOrders as ListStagedOrders,
        ListStoreOrders as ListStoreOrders,
        OpenOrder as OpenOrder,
        OrderToReadAgain as OrderToReadAgain,
        StagedOrder as StagedOrder,
        StagedResult as StagedResult,
        StageOrders as StageOrders,
        StageOutcome as StageOutcome,
        State as State,
        StoreOrder as StoreOrder,
        TraceEvent as TraceEvent,
        TraceOrder as TraceOrder,
    )
    from syncctl.db.contract.statistics import (
        ListStatistics as ListStatistics,
        ResetRow as ResetRow,
        ResetStatistics as ResetStatistics,
        StatisticRow as StatisticRow,
    )
    from syncctl.db.contract.walks import (
        FinishPoll as FinishPoll,
        ListWalks as ListWalks,
        NoteWalks as NoteWalks,
        StartPoll as StartPoll,
        Walk as Walk,
    )
    from syncctl.db.contract.work import (
        AppliedOrder as AppliedOrder,
        CancelOrderFromStaging as CancelOrderFromStaging,
        ClaimedOrder as ClaimedOrder,
        ClaimStagedOrders as ClaimStagedOrders,
        CreateOrderFromStaging as CreateOrderFromStaging,
        FailedOrder as FailedOrder,
        FailStagedOrder as FailStagedOrder,
        ListRetryPolicies as ListRetryPolicies,
        ProcessedRow as ProcessedRow,
        ProcessStagedOrder as ProcessStagedOrder,
        ReleaseStagedOrder as ReleaseStagedOrder,
        RetryPolicy as RetryPolicy,
        SetRetryPolicy as SetRetryPolicy,
        UpdateOrderFromStaging as UpdateOrderFromStaging,
        ValidateStagedOrder as ValidateStagedOrder,
        Violation as Violation,
    )

    PROCEDURES: tuple[type[Procedure[object]], ...]
    """Every procedure of the contract, by name."""

NAMES = {
    "figures": (
        "AttemptCount",
        "Backlog",
        "CountAttempts",
        "CountEvents",
        "EventCount",
        "Failure",
        "ListBacklog",
        "ListFailures",
        "ListRunFigures",
        "ListStepTimes",
        "RunFigures",
        "StepTime",
    ),
    "health": (
        "CountNotifications",
        "CountPods",
        "DeployedScript",
        "GetHealth",
        "Health",
        "JobRuns",
        "ListDeployedScripts",
        "ListJobRuns",
        "ListReviewCauses",
        "ListStorePolls",
        "NotificationCount",
        "PodCount",
        "ReviewCause",
        "StorePoll",
    ),
    "history": (
        "PurgedBatch",
        "PurgeHistory",
    ),
    "maps": (
        "ChangedStatusMapping",
        "CustomerMapping",
        "ItemMapping",
        "ListCustomerMap",
        "ListItemMap",
        "SetCustomerMap",
        "SetItemMap",
        "SetStatusMap",
    ),
    "notify": (
        "ClaimedNotification",
        "ClaimNotifications",
        "CompleteNotification",
        "FailNotification",
        "ListNotifications",
        "NotificationEntry",
        "QueuedNotification",
        "QueueNotification",
        "ReleaseNotification",
        "SetNotifyPreference",
    ),
    "operations": (
        "AuditFinding",
        "AuditOrders",
        "CountStates",
        "DeadLetter",
        "DecideDeadLetter",
        "Decision",
        "DocumentPart",
        "ErpSetting",
        "GetErpDocument",
        "GetPayload",
        "ImportedSetting",
        "ImportErpSettings",
        "ListDeadLetters",
        "ListErpSettings",
        "ListMissingErpSettings",
        "ListNumberSeries",
        "ListOrderAttempts",
        "ListStatusMap",
        "MissingSetting",
        "NumberSeries",
        "OrderAttempt",
        "Payload",
        "RollbackOrder",
        "RollbackStep",
        "SeedCount",
        "SeedDemoErp",
        "SetErpSetting",
        "SetNumberSeries",
        "StateCount",
        "StatusMapping",
    ),
    "outbox": (
        "ClaimOutbox",
        "CompletedMessage",
        "CompleteOutbox",
        "FailedMessage",
        "FailOutbox",
        "ListOutbox",
        "OutboxEntry",
        "OutboxMessage",
        "QueueStatusChanges",
        "ReleaseOutbox",
        "RetryOutbox",
        "StatusChange",
    ),
    "pod": (
        "AddClaim",
        "CarrierUse",
        "ClaimedPod",
        "ClaimPods",
        "FailedPod",
        "FinishCarrierCalls",
        "GetCarrierUse",
        "DescribedPod",
        "GetPodDocument",
        "ListPodDocuments",
        "ListPods",
        "LowerCarrierBudget",
        "PodClaim",
        "PodDocument",
        "RecordPodFailure",
        "RecordPodSuccess",
        "ReleasePod",
        "ReserveCarrierCall",
        "ReservedCall",
        "StoredPod",
        "StorePodDocument",
    ),
    "runs": (
        "FinishRun",
        "GetSchemaVersion",
        "SchemaVersion",
        "StartRun",
    ),
    "staging": (
        "KnownOrder",
        "ListKnownOrders",
        "ListOpenOrders",
        "ListOrdersToReadAgain",
        "ListStagedOrders",
        "ListStoreOrders",
        "OpenOrder",
        "OrderToReadAgain",
        "StagedOrder",
        "StagedResult",
        "StageOrders",
        "StageOutcome",
        "State",
        "StoreOrder",
        "TraceEvent",
        "TraceOrder",
    ),
    "statistics": (
        "ListStatistics",
        "ResetRow",
        "ResetStatistics",
        "StatisticRow",
    ),
    "walks": (
        "FinishPoll",
        "ListWalks",
        "NoteWalks",
        "StartPoll",
        "Walk",
    ),
    "work": (
        "AppliedOrder",
        "CancelOrderFromStaging",
        "ClaimedOrder",
        "ClaimStagedOrders",
        "CreateOrderFromStaging",
        "FailedOrder",
        "FailStagedOrder",
        "ListRetryPolicies",
        "ProcessedRow",
        "ProcessStagedOrder",
        "ReleaseStagedOrder",
        "RetryPolicy",
        "SetRetryPolicy",
        "UpdateOrderFromStaging",
        "ValidateStagedOrder",
        "Violation",
    ),
}
"""Module of the contract → what it gives."""
_HOMES = {name: module for module, given in NAMES.items() for name in given}


def __getattr__(name: str) -> Any:
    """Import the part of the contract that gives this name; or list all procedures."""
    if name == "PROCEDURES":
        things = (getattr(import_module(f"{__name__}.{home}"), each) for each, home in _HOMES.items())
        found: Any = tuple(sorted((each for each in things if _is_procedure(each)), key=lambda procedure: procedure.name))
    elif name in _HOMES:
        found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def _is_procedure(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, Procedure)
