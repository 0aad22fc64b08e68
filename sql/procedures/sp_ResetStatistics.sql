SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ResetStatistics
    Lets a store's statistics count from now on. What was counted before is kept, and listed with @SINCE_RESET = 0.

Called by    syncctl stats --reset
Returns      one row: STORE_ID, RESET_DT, PREVIOUS_DT (of the reset before; NULL: none)
Errors       50001 bad argument
Locks        the new row
Repeatable   yes: later, from then on
Example      EXECUTE dbo.sp_ResetStatistics @STORE_ID = 'woocommerce', @RESET_BY = N'ada';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ResetStatistics
    @STORE_ID varchar(50),
    @RESET_BY nvarchar(100),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = CONCAT
    (
        CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
        CASE WHEN NULLIF(@RESET_BY, N'') IS NULL THEN N'@RESET_BY is required. ' END
    );

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @PREVIOUS_DT datetime2(3) =
    (
        SELECT
            MAX(reset.RESET_DT)
        FROM dbo.USER_SYNC_STATISTIC_RESET AS reset
        WHERE reset.STORE_ID = @STORE_ID
        AND   reset.RESET_DT < @NOW
    );

    INSERT INTO dbo.USER_SYNC_STATISTIC_RESET
    (
        STORE_ID, RESET_DT, RESET_BY
    )
    SELECT
        @STORE_ID, @NOW, @RESET_BY
    WHERE NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_SYNC_STATISTIC_RESET AS same WITH (UPDLOCK, HOLDLOCK)
        WHERE same.STORE_ID = @STORE_ID
        AND   same.RESET_DT = @NOW
    );

    SELECT
        @STORE_ID AS STORE_ID,
        @NOW AS RESET_DT,
        @PREVIOUS_DT AS PREVIOUS_DT;
END;
GO
