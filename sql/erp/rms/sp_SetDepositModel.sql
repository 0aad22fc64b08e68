SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetDepositModel
    Refuses: RMS has no deposit tickets.

Called by    syncctl config erp deposit-model
Parameters   @NUMBER, @ORDER_NUMBER, @DRY_RUN as an ERP with such tickets takes them
Returns      no rows
Errors       50041 always
Locks        none
Repeatable   yes
Example      EXECUTE dbo.sp_SetDepositModel @NUMBER = N'1';
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetDepositModel
    @NUMBER nvarchar(50),
    @ORDER_NUMBER nvarchar(50) = NULL,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @NUMBER IS NOT NULL
    BEGIN
        THROW 50041, N'RMS has no deposit tickets: an order there has its deposit in its own row.', 1;
    END;

    SELECT
        DOC_ID = CONVERT(bigint, NULL),
        TKT_NO = CONVERT(varchar(15), NULL),
        ORDER_DOC_ID = CONVERT(bigint, NULL),
        ORDER_TKT_NO = CONVERT(varchar(15), NULL),
        PART = CONVERT(varchar(10), NULL),
        TABLE_NAME = CONVERT(varchar(128), NULL),
        ROW_NO = CONVERT(int, NULL),
        COLUMN_NAME = CONVERT(varchar(128), NULL),
        SOURCE = CONVERT(varchar(20), NULL),
        VALUE = CONVERT(nvarchar(1000), NULL)
    WHERE 1 = 0;
END;
GO
