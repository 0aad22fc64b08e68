SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
Role syncctl_operator
    For the people who look after the orders: all that syncctl_executor may, and what gives up, undoes or sets something. A login
    of scheduled commands doesn't need it: whoever gets hold of that one can't take a document out of the ERP again.

Use          ALTER ROLE syncctl_operator ADD MEMBER [DOMAIN\ada];
Repeatable   yes: each deploy runs it
*/
IF DATABASE_PRINCIPAL_ID(N'syncctl_operator') IS NULL
BEGIN
    CREATE ROLE syncctl_operator;
END;
GO
ALTER ROLE syncctl_executor ADD MEMBER syncctl_operator;
GO
IF OBJECT_ID(N'dbo.sp_AcknowledgeIncident', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_AcknowledgeIncident FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_AcknowledgeIncident TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_CancelOrderFromStaging', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_CancelOrderFromStaging FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_CancelOrderFromStaging TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_CreateOrderFromStaging', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_CreateOrderFromStaging FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_CreateOrderFromStaging TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_DecideDeadLetter', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_DecideDeadLetter FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_DecideDeadLetter TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_EndCustomerQueue', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_EndCustomerQueue FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_EndCustomerQueue TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_GetErpDocument', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_GetErpDocument FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_GetErpDocument TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_ImportErpSettings', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_ImportErpSettings FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_ImportErpSettings TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_PurgeHistory', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_PurgeHistory FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_PurgeHistory TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_ResetStatistics', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_ResetStatistics FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_ResetStatistics TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_RetryCustomerQueue', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_RetryCustomerQueue FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_RetryCustomerQueue TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_RetryOutbox', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_RetryOutbox FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_RetryOutbox TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_RollbackOrder', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_RollbackOrder FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_RollbackOrder TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_SeedDemoErp', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_SeedDemoErp FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_SeedDemoErp TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_SetCustomerMap', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_SetCustomerMap FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_SetCustomerMap TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_SetErpSetting', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_SetErpSetting FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_SetErpSetting TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_SetItemMap', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_SetItemMap FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_SetItemMap TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_SetDepositModel', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_SetDepositModel FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_SetDepositModel TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_RecordDeposit', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_RecordDeposit FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_RecordDeposit TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_SetNotifyPreference', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_SetNotifyPreference FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_SetNotifyPreference TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_SetNumberSeries', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_SetNumberSeries FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_SetNumberSeries TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_SetPayCodeMap', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_SetPayCodeMap FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_SetPayCodeMap TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_SetRetryPolicy', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_SetRetryPolicy FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_SetRetryPolicy TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_SetStatusMap', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_SetStatusMap FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_SetStatusMap TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_SetTaxMap', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_SetTaxMap FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_SetTaxMap TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_SetWebItem', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_SetWebItem FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_SetWebItem TO syncctl_operator;
END;
IF OBJECT_ID(N'dbo.sp_UpdateOrderFromStaging', N'P') IS NOT NULL
BEGIN
    REVOKE EXECUTE ON dbo.sp_UpdateOrderFromStaging FROM syncctl_executor;
    GRANT EXECUTE ON dbo.sp_UpdateOrderFromStaging TO syncctl_operator;
END;
GO
