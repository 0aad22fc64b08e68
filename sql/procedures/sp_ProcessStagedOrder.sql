SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ProcessStagedOrder
    Does a claimed order in one call and one transaction: fence, validate, create or update or cancel, settle.

Called by    syncctl process, syncctl retry-failed
Parameters   @STAGING_ID, @WORKER_ID, @ATTEMPT_NO: the fence; @NEXT_STAGING_ID the order that the worker comes to next, NULL where it
             holds none; the rest as sp_ValidateStagedOrder
Returns      a row for each violation (KIND violation: CODE, FIELD, VALUE, MESSAGE, SEVERITY), then one of KIND outcome: OUTCOME
             created, reopened, already_applied, updated, unchanged, cancelled, or invalid where an error blocks the order (then it
             is still claimed, nothing of it is in the ERP, and what was found stands on its row); DOC_ID, TKT_NO
Errors       50001 bad argument; 50041 this site's set-up keeps customers from being made; the rest as sp_ApplyOrder
Locks        as sp_ApplyOrder, until the transaction ends
Repeatable   yes: an answer that was lost is given again
Note         From here on the order is in the worker's hands (IS_IN_HAND): a worker that dies now has used up an attempt. That is on record
             before anything else happens: it stands there from the call for the order before this one, by @NEXT_STAGING_ID, or is
             committed first.
Example      EXECUTE dbo.sp_ProcessStagedOrder @STAGING_ID = 123, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ProcessStagedOrder
    @STAGING_ID int,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @UNKNOWN_CUSTOMER varchar(20) = 'review',
    @GUEST_CUST_NO varchar(20) = NULL,
    @ERP_CURRENCY varchar(20) = 'USD',
    @PRICE_CHECK varchar(20) = 'warning',
    @PRICE_TOLERANCE decimal(15, 4) = NULL,
    @NEXT_STAGING_ID int = NULL,
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
        CASE WHEN @PRICE_TOLERANCE NOT BETWEEN 0 AND 1 THEN N'@PRICE_TOLERANCE takes 0 to 1. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE
        @MESSAGE nvarchar(2000),
        @STATE varchar(20),
        @ACTION varchar(20),
        @VIOLATIONS nvarchar(max),
        @IS_BLOCKED bit = 0,
        @DOC_ID bigint,
        @TKT_NO varchar(15),
        @OUTCOME varchar(20);

    UPDATE dbo.USER_ORDER_STAGING
    SET IS_IN_HAND = 1
    WHERE STAGING_ID = @STAGING_ID
    AND   IS_IN_HAND = 0
    AND   STATE = 'CLAIMED'
    AND   LEASE_OWNER = @WORKER_ID
    AND   ATTEMPT_NO = @ATTEMPT_NO;

    BEGIN TRY
        BEGIN TRANSACTION;

        SELECT
            @STATE = staged.STATE,
            @ACTION = staged.PENDING_ACTION
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;

        EXECUTE dbo.sp_FenceStagedOrder
            @STAGING_ID = @STAGING_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @FINISHED = @STATE,
            @NOW = @NOW;

        /* What this same attempt has finished has nothing pending any more; the state says what it was. */
        SELECT
            @STATE = staged.STATE,
            @ACTION = COALESCE(staged.PENDING_ACTION, CASE staged.STATE WHEN 'CANCELLED' THEN 'cancel' ELSE 'create' END)
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;

        IF @STATE = 'CLAIMED' AND @ACTION IN ('create', 'update')
        BEGIN
            EXECUTE dbo.sp_CheckOrder
                @STAGING_ID = @STAGING_ID,
                @VIOLATIONS = @VIOLATIONS OUTPUT,
                @IS_BLOCKED = @IS_BLOCKED OUTPUT,
                @UNKNOWN_CUSTOMER = @UNKNOWN_CUSTOMER,
                @GUEST_CUST_NO = @GUEST_CUST_NO,
                @ERP_CURRENCY = @ERP_CURRENCY,
                @PRICE_CHECK = @PRICE_CHECK,
                @PRICE_TOLERANCE = @PRICE_TOLERANCE,
                @NOW = @NOW;
        END;

        IF @IS_BLOCKED = 1
        BEGIN
            SELECT
                @MESSAGE = MIN(found.MESSAGE)
            FROM dbo.fn_Violations(@VIOLATIONS) AS found
            WHERE found.CODE = 'set_up';

            IF @MESSAGE IS NOT NULL
            BEGIN
                THROW 50041, @MESSAGE, 1;
            END;

            SET @OUTCOME = 'invalid';
        END;
        ELSE
        BEGIN
            EXECUTE dbo.sp_ApplyOrder
                @STAGING_ID = @STAGING_ID,
                @WORKER_ID = @WORKER_ID,
                @ATTEMPT_NO = @ATTEMPT_NO,
                @ACTION = @ACTION,
                @DOC_ID = @DOC_ID OUTPUT,
                @TKT_NO = @TKT_NO OUTPUT,
                @OUTCOME = @OUTCOME OUTPUT,
                @NOW = @NOW;

            /* One that is locked is being staged anew, and no longer the worker's. */
            UPDATE dbo.USER_ORDER_STAGING WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)
            SET IS_IN_HAND = 1
            WHERE STAGING_ID = @NEXT_STAGING_ID
            AND   STATE = 'CLAIMED'
            AND   LEASE_OWNER = @WORKER_ID;
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
        answer.KIND,
        answer.CODE,
        answer.FIELD,
        answer.VALUE,
        answer.MESSAGE,
        answer.SEVERITY,
        answer.DOC_ID,
        answer.TKT_NO,
        answer.OUTCOME
    FROM
    (
        SELECT
            found.POSITION_NO,
            KIND = CONVERT(varchar(20), 'violation'),
            found.CODE,
            found.FIELD,
            found.VALUE,
            found.MESSAGE,
            found.SEVERITY,
            DOC_ID = CONVERT(bigint, NULL),
            TKT_NO = CONVERT(varchar(15), NULL),
            OUTCOME = CONVERT(varchar(20), NULL)
        FROM dbo.fn_Violations(@VIOLATIONS) AS found
        UNION ALL
        SELECT
            2147483647,
            'outcome',
            NULL,
            NULL,
            NULL,
            NULL,
            NULL,
            @DOC_ID,
            @TKT_NO,
            @OUTCOME
    ) AS answer
    ORDER BY
        answer.POSITION_NO;
END;
GO
