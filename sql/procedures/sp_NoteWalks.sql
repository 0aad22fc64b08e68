SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_NoteWalks
    Notes how far walks through a store have come; one that stands nowhere in particular (SINCE_DT is NULL) has come to its end.

Called by    syncctl stage, sp_StageOrders, sp_FinishPoll
Parameters   @WALKS  JSON array of objects keyed by the columns of USER_SYNC_WALK, each walk once
Returns      nothing
Errors       50001 bad argument
Locks        the walks' rows; one poll of a store runs at a time
Repeatable   yes: the same places again, at a later moment
Example      EXECUTE dbo.sp_NoteWalks @STORE_ID = 'woocommerce',
                 @WALKS = N'[{"WALK_NAME": "orders", "WATERMARK_DT": "2026-11-20T11:00:00.000"}]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_NoteWalks
    @STORE_ID varchar(50),
    @WALKS nvarchar(max),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = CONCAT
    (
        CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
        CASE WHEN COALESCE(ISJSON(@WALKS), 0) = 0 OR LEFT(LTRIM(@WALKS), 1) <> N'[' THEN N'@WALKS takes a JSON array. ' END
    );

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @NOTED TABLE
    (
        WALK_NAME varchar(50) NOT NULL,
        WATERMARK_DT datetime2(3) NULL,
        SINCE_DT datetime2(3) NULL,
        UNTIL_DT datetime2(3) NULL,
        LAST_ID bigint NULL,
        ROW_OFFSET int NULL
    );

    INSERT INTO @NOTED
    (
        WALK_NAME, WATERMARK_DT, SINCE_DT, UNTIL_DT, LAST_ID, ROW_OFFSET
    )
    SELECT
        COALESCE(given.WALK_NAME, ''), given.WATERMARK_DT, given.SINCE_DT, given.UNTIL_DT, given.LAST_ID, given.ROW_OFFSET
    FROM OPENJSON(@WALKS)
    WITH
    (
        WALK_NAME varchar(50) '$.WALK_NAME',
        WATERMARK_DT datetime2(3) '$.WATERMARK_DT',
        SINCE_DT datetime2(3) '$.SINCE_DT',
        UNTIL_DT datetime2(3) '$.UNTIL_DT',
        LAST_ID bigint '$.LAST_ID',
        ROW_OFFSET int '$.ROW_OFFSET'
    ) AS given;

    IF EXISTS (SELECT 1 FROM @NOTED AS noted WHERE noted.WALK_NAME = '')
    BEGIN
        THROW 50001, N'Every walk needs WALK_NAME.', 1;
    END;

    UPDATE
        walk
    SET
        WATERMARK_DT = noted.WATERMARK_DT,
        SINCE_DT = noted.SINCE_DT,
        UNTIL_DT = noted.UNTIL_DT,
        LAST_ID = noted.LAST_ID,
        ROW_OFFSET = noted.ROW_OFFSET,
        UPDATED_DT = @NOW,
        FINISHED_DT = CASE WHEN noted.SINCE_DT IS NULL THEN @NOW ELSE walk.FINISHED_DT END
    FROM dbo.USER_SYNC_WALK AS walk
    INNER JOIN @NOTED AS noted
        ON noted.WALK_NAME = walk.WALK_NAME
    WHERE walk.STORE_ID = @STORE_ID;

    INSERT INTO dbo.USER_SYNC_WALK
    (
        STORE_ID, WALK_NAME, WATERMARK_DT, SINCE_DT, UNTIL_DT, LAST_ID, ROW_OFFSET, UPDATED_DT, FINISHED_DT
    )
    SELECT
        @STORE_ID, noted.WALK_NAME, noted.WATERMARK_DT, noted.SINCE_DT, noted.UNTIL_DT, noted.LAST_ID, noted.ROW_OFFSET, @NOW,
        CASE WHEN noted.SINCE_DT IS NULL THEN @NOW END
    FROM @NOTED AS noted
    WHERE NOT EXISTS
    (
        SELECT 1
        FROM dbo.USER_SYNC_WALK AS walk
        WHERE walk.STORE_ID = @STORE_ID
        AND   walk.WALK_NAME = noted.WALK_NAME
    );
END;
GO
