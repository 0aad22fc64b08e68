SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
Role syncctl_executor
    What the scheduled commands' login needs, and no more: EXECUTE on the procedures that they call. No table is open to it; the
    procedures reach them because they and the tables have one owner (dbo). What a person decides is syncctl_operator's.

Use          CREATE USER [DOMAIN\syncctl] FOR LOGIN [DOMAIN\syncctl];
             ALTER ROLE syncctl_executor ADD MEMBER [DOMAIN\syncctl];
Repeatable   yes: each deploy runs it
*/
IF DATABASE_PRINCIPAL_ID(N'syncctl_executor') IS NULL
BEGIN
    CREATE ROLE syncctl_executor;
END;
GO
IF OBJECT_ID(N'dbo.sp_AddClaim', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_AddClaim TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ApplyCustomers', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ApplyCustomers TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_AuditOrders', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_AuditOrders TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ClaimCustomers', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ClaimCustomers TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ClaimNotifications', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ClaimNotifications TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ClaimOutbox', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ClaimOutbox TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ClaimPods', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ClaimPods TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ClaimStagedOrders', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ClaimStagedOrders TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_CompleteNotification', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_CompleteNotification TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_CompleteOutbox', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_CompleteOutbox TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_CountAttempts', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_CountAttempts TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_CountEvents', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_CountEvents TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_CountNotifications', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_CountNotifications TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_CountPods', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_CountPods TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_CountReviews', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_CountReviews TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_CountStates', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_CountStates TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_CountStoreItems', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_CountStoreItems TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_CountStorePushes', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_CountStorePushes TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_FailCustomer', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_FailCustomer TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_FailNotification', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_FailNotification TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_FailOutbox', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_FailOutbox TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_FailStagedOrder', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_FailStagedOrder TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_FillCustomerQueue', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_FillCustomerQueue TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_FinishCarrierCalls', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_FinishCarrierCalls TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_FinishPoll', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_FinishPoll TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_FinishRun', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_FinishRun TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_GetCarrierUse', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_GetCarrierUse TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_GetHealth', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_GetHealth TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_GetPayload', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_GetPayload TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_GetPodDocument', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_GetPodDocument TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_GetSchemaVersion', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_GetSchemaVersion TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListBacklog', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListBacklog TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListCustomerActions', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListCustomerActions TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListCustomerActivity', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListCustomerActivity TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListCustomerLines', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListCustomerLines TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListCustomerMap', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListCustomerMap TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListCustomerQueues', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListCustomerQueues TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListDeadLetters', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListDeadLetters TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListDeployedScripts', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListDeployedScripts TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListErpItems', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListErpItems TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListErpSettings', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListErpSettings TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListFailures', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListFailures TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListGuestOrders', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListGuestOrders TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListIncidents', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListIncidents TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListItemMap', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListItemMap TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListJobRuns', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListJobRuns TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListKnownOrders', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListKnownOrders TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListMissingErpSettings', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListMissingErpSettings TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListNotifications', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListNotifications TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListNumberSeries', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListNumberSeries TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListOpenOrders', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListOpenOrders TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListOrderAttempts', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListOrderAttempts TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListOrdersToReadAgain', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListOrdersToReadAgain TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListOutbox', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListOutbox TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListPayCodeMap', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListPayCodeMap TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListPodDocuments', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListPodDocuments TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListPods', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListPods TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListPriceChanges', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListPriceChanges TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListRefusedItems', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListRefusedItems TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListRetryPolicies', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListRetryPolicies TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListReviewCauses', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListReviewCauses TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListRunFigures', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListRunFigures TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListStagedOrders', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListStagedOrders TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListStatistics', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListStatistics TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListStatusMap', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListStatusMap TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListStepTimes', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListStepTimes TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListStockChanges', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListStockChanges TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListStoreOrders', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListStoreOrders TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListStorePolls', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListStorePolls TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListStorePushes', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListStorePushes TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListTaxMap', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListTaxMap TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListWalks', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListWalks TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ListWebItems', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ListWebItems TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_LowerCarrierBudget', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_LowerCarrierBudget TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_NoteCustomerActivity', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_NoteCustomerActivity TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_NoteIncidents', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_NoteIncidents TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_NotePriceTold', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_NotePriceTold TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_NoteStockTold', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_NoteStockTold TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_NoteStoreItems', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_NoteStoreItems TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_NoteStorePush', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_NoteStorePush TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_NoteWalks', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_NoteWalks TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ProcessStagedOrder', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ProcessStagedOrder TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_QueueNotification', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_QueueNotification TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_QueueStatusChanges', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_QueueStatusChanges TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_RecordPodFailure', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_RecordPodFailure TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_RecordPodSuccess', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_RecordPodSuccess TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ReleaseCustomers', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ReleaseCustomers TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ReleaseNotification', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ReleaseNotification TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ReleaseOutbox', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ReleaseOutbox TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ReleasePod', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ReleasePod TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ReleaseStagedOrder', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ReleaseStagedOrder TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ReserveCarrierCall', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ReserveCarrierCall TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_StageOrders', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_StageOrders TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_StartCustomerQueue', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_StartCustomerQueue TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_StartPoll', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_StartPoll TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_StartRun', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_StartRun TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_StorePodDocument', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_StorePodDocument TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_TellIncident', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_TellIncident TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_TraceOrder', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_TraceOrder TO syncctl_executor;
END;
IF OBJECT_ID(N'dbo.sp_ValidateStagedOrder', N'P') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.sp_ValidateStagedOrder TO syncctl_executor;
END;
GO
