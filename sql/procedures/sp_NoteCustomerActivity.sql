SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_NoteCustomerActivity
    Notes something that happened to a queue of customers outside the database: the store was down, is back, shows less than it counts.

Called by    syncctl customers start, syncctl customers resume
Parameters   @STATUS success, warning, error
Returns      nothing
Errors       50001 bad argument; 50004 no such queue
Locks        none beyond the new row
Repeatable   no: each call writes a row
Example      EXECUTE dbo.sp_NoteCustomerActivity @QUEUE_ID = 7, @ORG_ID = 'woocommerce', @ACTIVITY_TYPE = 'circuit_breaker', @STATUS = 'error',
                 @MESSAGE = N'the store is down';
*/
CREATE OR ALTER PROCEDURE dbo.sp_NoteCustomerActivity
    @QUEUE_ID int,
    @ORG_ID varchar(50),
    @ACTIVITY_TYPE varchar(50),
    @STATUS varchar(20),
    @MESSAGE nvarchar(max),
    @WORKER_ID nvarchar(100) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@ACTIVITY_TYPE, '') IS NULL THEN N'@ACTIVITY_TYPE is required. ' END,
        CASE WHEN @STATUS IS NULL OR @STATUS NOT IN ('success', 'warning', 'error') THEN N'@STATUS takes success, warning, error. ' END,
        CASE WHEN NULLIF(@MESSAGE, N'') IS NULL THEN N'@MESSAGE is required. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    EXECUTE dbo.sp_RequireCustomerQueue
        @QUEUE_ID = @QUEUE_ID,
        @ORG_ID = @ORG_ID;

    EXECUTE dbo.sp_WriteCustomerActivity
        @QUEUE_ID = @QUEUE_ID,
        @ACTIVITY_TYPE = @ACTIVITY_TYPE,
        @STATUS = @STATUS,
        @MESSAGE = @MESSAGE,
        @WORKER_ID = @WORKER_ID,
        @NOW = @NOW;
END;
GO
