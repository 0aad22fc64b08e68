SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_StartPoll
    Opens the row of a run that reads from a store (sp_StartRun), and tells how far the walks through it have come (sp_ListWalks).

Called by    syncctl stage
Returns      as sp_ListWalks
Errors       50001 bad argument
Locks        the new row
Repeatable   no: each call writes a row
Example      EXECUTE dbo.sp_StartPoll @SYNC_ID = 'by-hand', @OPERATION_TYPE = 'stage', @DIRECTION = 'STORE_TO_ERP', @DRY_RUN = 0,
                 @HOST = N'SHOP01', @PROCESS_ID = 1, @CREATED_BY = 'admin', @STORE_ID = 'woocommerce';
*/
CREATE OR ALTER PROCEDURE dbo.sp_StartPoll
    @SYNC_ID varchar(50),
    @OPERATION_TYPE varchar(50),
    @DIRECTION varchar(20),
    @DRY_RUN bit,
    @HOST nvarchar(100),
    @PROCESS_ID int,
    @CREATED_BY varchar(50),
    @STORE_ID varchar(50),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    EXECUTE dbo.sp_StartRun
        @SYNC_ID = @SYNC_ID,
        @OPERATION_TYPE = @OPERATION_TYPE,
        @DIRECTION = @DIRECTION,
        @DRY_RUN = @DRY_RUN,
        @HOST = @HOST,
        @PROCESS_ID = @PROCESS_ID,
        @CREATED_BY = @CREATED_BY,
        @STORE_ID = @STORE_ID,
        @NOW = @NOW;

    DECLARE @WALKS TABLE
    (
        WALK_NAME varchar(50) NOT NULL PRIMARY KEY,
        WATERMARK_DT datetime2(3) NULL,
        SINCE_DT datetime2(3) NULL,
        UNTIL_DT datetime2(3) NULL,
        LAST_ID bigint NULL,
        ROW_OFFSET int NULL,
        UPDATED_DT datetime2(3) NOT NULL,
        ANY_DUE bit NOT NULL
    );

    INSERT INTO @WALKS
    (
        WALK_NAME, WATERMARK_DT, SINCE_DT, UNTIL_DT, LAST_ID, ROW_OFFSET, UPDATED_DT, ANY_DUE
    )
    EXECUTE dbo.sp_ListWalks
        @STORE_ID = @STORE_ID,
        @NOW = @NOW;

    SELECT
        walk.WALK_NAME,
        walk.WATERMARK_DT,
        walk.SINCE_DT,
        walk.UNTIL_DT,
        walk.LAST_ID,
        walk.ROW_OFFSET,
        walk.UPDATED_DT,
        walk.ANY_DUE
    FROM @WALKS AS walk
    ORDER BY
        walk.WALK_NAME;
END;
GO
