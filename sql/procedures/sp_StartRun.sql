SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_StartRun
    Opens a run's row in USER_SYNC_LOG. @STORE_ID: the store that it works for; NULL for none in particular.

Called by    every syncctl command that moves orders
Returns      nothing
Errors       50001 bad argument
Locks        the new row
Repeatable   no: each call writes a row
Example      EXECUTE dbo.sp_StartRun @SYNC_ID = 'by-hand', @OPERATION_TYPE = 'process', @DIRECTION = 'store_to_erp', @DRY_RUN = 0,
                 @HOST = N'SHOP01', @PROCESS_ID = 1, @CREATED_BY = 'admin';
*/
CREATE OR ALTER PROCEDURE dbo.sp_StartRun
    @SYNC_ID varchar(50),
    @OPERATION_TYPE varchar(50),
    @DIRECTION varchar(20),
    @DRY_RUN bit,
    @HOST nvarchar(100),
    @PROCESS_ID int,
    @CREATED_BY varchar(50),
    @STORE_ID varchar(50) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = CONCAT
    (
        CASE WHEN NULLIF(@SYNC_ID, '') IS NULL THEN N'@SYNC_ID is required. ' END,
        CASE WHEN NULLIF(@OPERATION_TYPE, '') IS NULL THEN N'@OPERATION_TYPE is required. ' END
    );

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    INSERT INTO dbo.USER_SYNC_LOG
    (
        SYNC_ID, OPERATION_TYPE, DIRECTION, DRY_RUN, START_TIME, CREATED_DT, CREATED_BY, HOST, PROCESS_ID, STORE_ID
    )
    VALUES
    (
        @SYNC_ID, @OPERATION_TYPE, @DIRECTION, @DRY_RUN, @NOW, @NOW, @CREATED_BY, @HOST, @PROCESS_ID, NULLIF(@STORE_ID, '')
    );
END;
GO
