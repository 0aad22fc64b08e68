SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetStatusMap
    Says what an ERP document's state is called in a store, or that it has no row any more.

Called by    syncctl map status
Parameters   @STORE_ID, or '*' for every store without a row of its own; @ERP_STATUS open, shipped, closed or gone; @WOO_STATUS the
             store's word, NULL tells the store nothing; @REMOVE takes the row away instead; @DRY_RUN checks and tells, and writes
             nothing
Returns      STORE_ID, ERP_STATUS, WOO_STATUS as it is now, IS_MAPPED (0: there is no row), PREVIOUS and WAS_MAPPED as it was
Errors       50001 bad argument; 50004 no row to take away
Locks        the map's row
Repeatable   yes, but for taking away
Example      EXECUTE dbo.sp_SetStatusMap @STORE_ID = '*', @ERP_STATUS = 'shipped', @WOO_STATUS = 'completed';
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetStatusMap
    @STORE_ID varchar(50),
    @ERP_STATUS varchar(20),
    @WOO_STATUS varchar(20) = NULL,
    @REMOVE bit = 0,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @WOO_STATUS = CASE WHEN @REMOVE = 0 THEN NULLIF(LTRIM(RTRIM(@WOO_STATUS)), '') END;

    DECLARE
        @MESSAGE nvarchar(2000),
        @PREVIOUS varchar(20),
        @WAS_MAPPED bit = 0,
        @ERRORS nvarchar(2000) = RTRIM(CONCAT
        (
            CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
            CASE WHEN @ERP_STATUS IS NULL OR @ERP_STATUS NOT IN ('open', 'shipped', 'closed', 'gone')
                THEN N'@ERP_STATUS takes open, shipped, closed, gone. ' END
        ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        SELECT
            @PREVIOUS = map.WOO_STATUS,
            @WAS_MAPPED = 1
        FROM dbo.USER_STATUS_MAP AS map WITH (UPDLOCK, HOLDLOCK)
        WHERE map.STORE_ID = @STORE_ID
        AND   map.ERP_STATUS = @ERP_STATUS;

        IF @WAS_MAPPED = 0 AND @REMOVE = 1
        BEGIN
            SET @MESSAGE = CONCAT(N'The status map has no row for ', @ERP_STATUS, N' and store ', @STORE_ID, N'.');
            THROW 50004, @MESSAGE, 1;
        END;

        IF @DRY_RUN = 0 AND @REMOVE = 1
        BEGIN
            DELETE FROM dbo.USER_STATUS_MAP
            WHERE STORE_ID = @STORE_ID
            AND   ERP_STATUS = @ERP_STATUS;
        END;
        ELSE IF @DRY_RUN = 0 AND @WAS_MAPPED = 0
        BEGIN
            INSERT INTO dbo.USER_STATUS_MAP (STORE_ID, ERP_STATUS, WOO_STATUS)
            VALUES (@STORE_ID, @ERP_STATUS, @WOO_STATUS);
        END;
        ELSE IF @DRY_RUN = 0
        BEGIN
            UPDATE
                dbo.USER_STATUS_MAP
            SET
                WOO_STATUS = @WOO_STATUS
            WHERE STORE_ID = @STORE_ID
            AND   ERP_STATUS = @ERP_STATUS;
        END;

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
        STORE_ID = @STORE_ID,
        ERP_STATUS = @ERP_STATUS,
        WOO_STATUS = @WOO_STATUS,
        IS_MAPPED = CONVERT(bit, 1 - @REMOVE),
        PREVIOUS = @PREVIOUS,
        WAS_MAPPED = @WAS_MAPPED;
END;
GO
