"""The procedure contract: every stored procedure as a frozen dataclass, served alike by both engines.

Adding a procedure: add a class to the module it belongs to and a name to the import below, `sql/…/sp_Name.sql`, and one function
in `db/embedded/`; `tests/contract/test_signatures.py` tells what is missing.
"""

from __future__ import annotations

from syncctl.db.contract.base import (
    Database as Database,
    NoRow as NoRow,
    Procedure as Procedure,
    Sql as Sql,
)
from syncctl.db.contract.health import (
    GetHealth as GetHealth,
    Health as Health,
    ListReviewCauses as ListReviewCauses,
    ListStorePolls as ListStorePolls,
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
    FinishRun as FinishRun,
    GetErpDocument as GetErpDocument,
    GetPayload as GetPayload,
    GetSchemaVersion as GetSchemaVersion,
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
    SchemaVersion as SchemaVersion,
    SeedCount as SeedCount,
    SeedDemoErp as SeedDemoErp,
    SetErpSetting as SetErpSetting,
    SetNumberSeries as SetNumberSeries,
    StartRun as StartRun,
    StateCount as StateCount,
    StatusMapping as StatusMapping,
)
from syncctl.db.contract.outbox import (
    ClaimOutbox as ClaimOutbox,
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
    CountPods as CountPods,
    FailedPod as FailedPod,
    FinishCarrierCalls as FinishCarrierCalls,
    GetCarrierUse as GetCarrierUse,
    GetPodDocument as GetPodDocument,
    ListPods as ListPods,
    LowerCarrierBudget as LowerCarrierBudget,
    PodClaim as PodClaim,
    PodCount as PodCount,
    PodDocument as PodDocument,
    RecordPodFailure as RecordPodFailure,
    RecordPodSuccess as RecordPodSuccess,
    ReleasePod as ReleasePod,
    ReserveCarrierCall as ReserveCarrierCall,
    ReservedCall as ReservedCall,
    StoredPod as StoredPod,
    StorePodDocument as StorePodDocument,
)
from syncctl.db.contract.staging import (
    ListOpenOrders as ListOpenOrders,
    ListOrdersToReadAgain as ListOrdersToReadAgain,
    ListStagedOrders as ListStagedOrders,
    ListStoreOrders as ListStoreOrders,
    ListWalks as ListWalks,
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

PROCEDURES: tuple[type[Procedure[object]], ...] = tuple(
    sorted(
        (
            thing
            for thing in list(globals().values())
            if isinstance(thing, type) and issubclass(thing, Procedure) and thing is not Procedure
        ),
        key=lambda procedure: procedure.name,
    )
)
"""Every procedure of the contract, by name."""
