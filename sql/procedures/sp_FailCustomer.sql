SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FailCustomer
    Notes a failure on a claimed line: one that may pass is tried again after 1, 2, 4 … seconds, as often as the queue's maximum says;
    any other is left to syncctl customers retry.

Called by    sp_ApplyCustomers; syncctl customers start, syncctl customers resume
Parameters   @IS_PASSING 1 where another try may succeed
Returns      LINE_ID, STATE (draft or failed), NEXT_ATTEMPT_DT
Errors       50001 bad argument; 50004 no such line; 50010 lease lost
Locks        the line's row, for this short transaction
Repeatable   no: the second call finds the lease gone (50010)
Note         One that was tried more often than the maximum needs a person: is_action_required.
Example      EXECUTE dbo.sp_FailCustomer @LINE_ID = 42, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1, @MESSAGE = N'no name';
*/
CREATE OR ALTER PROCEDURE dbo.sp_FailCustomer
    @LINE_ID int,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @MESSAGE nvarchar(max),
    @IS_PASSING bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @STATE varchar(20);
    DECLARE @NEXT_ATTEMPT_DT datetime2(3);

    IF NULLIF(@MESSAGE, N'') IS NULL
    BEGIN
        THROW 50001, N'@MESSAGE is required.', 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FenceCustomer
            @LINE_ID = @LINE_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @NOW = @NOW;

        EXECUTE dbo.sp_SettleFailedCustomer
            @LINE_ID = @LINE_ID,
            @MESSAGE = @MESSAGE,
            @IS_PASSING = @IS_PASSING,
            @STATE = @STATE OUTPUT,
            @NEXT_ATTEMPT_DT = @NEXT_ATTEMPT_DT OUTPUT,
            @NOW = @NOW;

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;

        THROW;
    END CATCH;

    SELECT
        LINE_ID = @LINE_ID,
        STATE = @STATE,
        NEXT_ATTEMPT_DT = @NEXT_ATTEMPT_DT;
END;
GO
