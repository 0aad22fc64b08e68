SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RecordDeposit
    Refuses: RMS has no deposit tickets.

Called by    syncctl dead-letter deposit
Parameters   @STAGING_ID, @TAKEN, @DECIDED_BY, @REASON, @DRY_RUN as an ERP with such tickets takes them
Returns      no rows
Errors       50041 always
Locks        none
Repeatable   yes
Example      EXECUTE dbo.sp_RecordDeposit @STAGING_ID = 1, @TAKEN = 1, @DECIDED_BY = N'ada';
*/
CREATE OR ALTER PROCEDURE dbo.sp_RecordDeposit
    @STAGING_ID int,
    @TAKEN decimal(15, 4),
    @DECIDED_BY nvarchar(100),
    @REASON nvarchar(500) = NULL,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @STAGING_ID IS NOT NULL
    BEGIN
        THROW 50041, N'RMS has no deposit tickets: an order there has its deposit in its own row.', 1;
    END;

    SELECT
        STAGING_ID = CONVERT(int, NULL),
        TKT_NO = CONVERT(varchar(15), NULL),
        BEFORE_AMT = CONVERT(decimal(15, 4), NULL),
        AFTER_AMT = CONVERT(decimal(15, 4), NULL),
        WANTED_AMT = CONVERT(decimal(15, 4), NULL),
        PAY_COD = CONVERT(varchar(10), NULL)
    WHERE 1 = 0;
END;
GO
