SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ValidateStagedOrder
    Finds everything that is wrong with a staged order, all at once, and notes it on the row where that is the caller's to write: with
    @WORKER_ID and @ATTEMPT_NO while that attempt holds the order; without them while the order waits for the ERP and nobody works on
    it. Of any other order it only tells. Orders that wait to be cancelled, or for nothing, are not looked at. With @DRY_RUN nothing is
    noted, and it tells what else keeps the order from being done: a document that can't follow the store any more.

Called by    syncctl validate, syncctl process --dry-run; an operator by hand
Parameters   @UNKNOWN_CUSTOMER what an order without a customer in the ERP becomes: review (an error), create (one is made with the
             order) or guest (@GUEST_CUST_NO's); @ERP_CURRENCY; @PRICE_CHECK off, warning or error for a unit price that differs from
             the ERP's by more than @PRICE_TOLERANCE (a fraction: 0.05 is 5 %; NULL is 0); @WORKER_ID and @ATTEMPT_NO, both or neither:
             the attempt that validates, where a worker does; @DRY_RUN
Returns      a row each: CODE, FIELD, VALUE, MESSAGE, SEVERITY (error: it blocks the order; warning)
Errors       50001 bad argument; 50004 no such staging id; 50010 another worker or attempt holds the order, or nobody does; 50030 with
             @DRY_RUN: an update or a cancellation can't be brought to the document, with the reasons
Locks        the order's row, so that what is found and what is noted are the same version; with @DRY_RUN the document's, too
Repeatable   yes
Note         A price is compared for the whole line, where a store rounds: half a cent for each piece, at most one cent, is rounding.
Example      EXECUTE dbo.sp_ValidateStagedOrder @STAGING_ID = 123, @UNKNOWN_CUSTOMER = 'create', @PRICE_TOLERANCE = 0.05;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ValidateStagedOrder
    @STAGING_ID int,
    @UNKNOWN_CUSTOMER varchar(20) = 'review',
    @GUEST_CUST_NO varchar(20) = NULL,
    @ERP_CURRENCY varchar(20) = 'USD',
    @PRICE_CHECK varchar(20) = 'warning',
    @PRICE_TOLERANCE decimal(15, 4) = NULL,
    @WORKER_ID nvarchar(100) = NULL,
    @ATTEMPT_NO int = NULL,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN @UNKNOWN_CUSTOMER IS NULL OR @UNKNOWN_CUSTOMER NOT IN ('review', 'create', 'guest')
            THEN N'@UNKNOWN_CUSTOMER takes review, create, guest. ' END,
        CASE WHEN @PRICE_CHECK IS NULL OR @PRICE_CHECK NOT IN ('off', 'warning', 'error')
            THEN N'@PRICE_CHECK takes off, warning, error. ' END,
        CASE WHEN NULLIF(@ERP_CURRENCY, '') IS NULL THEN N'@ERP_CURRENCY is required. ' END,
        CASE WHEN @PRICE_TOLERANCE NOT BETWEEN 0 AND 1 THEN N'@PRICE_TOLERANCE takes 0 to 1. ' END,
        CASE WHEN (@WORKER_ID IS NULL AND @ATTEMPT_NO IS NOT NULL) OR (@WORKER_ID IS NOT NULL AND @ATTEMPT_NO IS NULL)
            THEN N'@WORKER_ID and @ATTEMPT_NO come together. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE
        @MESSAGE nvarchar(2000),
        @VIOLATIONS nvarchar(max),
        @ACTION varchar(20),
        @IS_BLOCKED bit = 0,
        @NOTES bit = 1,
        @VERB varchar(20);

    BEGIN TRY
        BEGIN TRANSACTION;

        IF @WORKER_ID IS NOT NULL
        BEGIN
            EXECUTE dbo.sp_FenceStagedOrder
                @STAGING_ID = @STAGING_ID,
                @WORKER_ID = @WORKER_ID,
                @ATTEMPT_NO = @ATTEMPT_NO,
                @NOW = @NOW;
        END;
        ELSE
        BEGIN
            UPDATE
                dbo.USER_ORDER_STAGING
            SET
                UPDATED_DT = UPDATED_DT
            WHERE STAGING_ID = @STAGING_ID;

            IF @@ROWCOUNT = 0
            BEGIN
                SET @MESSAGE = CONCAT(N'Staging id ', @STAGING_ID, N' does not exist.');
                THROW 50004, @MESSAGE, 1;
            END;
        END;

        SELECT
            @ACTION = staged.PENDING_ACTION,
            @VERB = CASE staged.PENDING_ACTION WHEN 'update' THEN 'change' ELSE 'cancel' END,
            @NOTES = CASE
                WHEN @DRY_RUN = 1 THEN 0
                WHEN @WORKER_ID IS NOT NULL THEN 1
                WHEN staged.STATE IN ('PENDING', 'FAILED') THEN 1
                WHEN staged.STATE = 'CLAIMED' AND staged.LEASE_UNTIL_DT <= @NOW THEN 1
                ELSE 0
            END
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;

        EXECUTE dbo.sp_CheckOrder
            @STAGING_ID = @STAGING_ID,
            @VIOLATIONS = @VIOLATIONS OUTPUT,
            @IS_BLOCKED = @IS_BLOCKED OUTPUT,
            @UNKNOWN_CUSTOMER = @UNKNOWN_CUSTOMER,
            @GUEST_CUST_NO = @GUEST_CUST_NO,
            @ERP_CURRENCY = @ERP_CURRENCY,
            @PRICE_CHECK = @PRICE_CHECK,
            @PRICE_TOLERANCE = @PRICE_TOLERANCE,
            @NOTES = @NOTES,
            @NOW = @NOW;

        IF @DRY_RUN = 1 AND @IS_BLOCKED = 0 AND @ACTION IN ('update', 'cancel')
        BEGIN
            EXECUTE dbo.sp_RequireOpenLink
                @STAGING_ID = @STAGING_ID,
                @ACTION = @ACTION;

            EXECUTE dbo.sp_CheckDocumentState
                @STAGING_ID = @STAGING_ID,
                @ACTION = @VERB;
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
        found.CODE,
        found.FIELD,
        found.VALUE,
        found.MESSAGE,
        found.SEVERITY
    FROM dbo.fn_Violations(@VIOLATIONS) AS found
    ORDER BY
        found.POSITION_NO;
END;
GO
