SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListStagedOrders
    Staged orders that match every filter given, by staging id, from above @AFTER_ID on.

Called by    syncctl process, retry-failed, validate, trace, rollback, demo
Returns      one row an order with its state, lease, ERP numbers and times
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Note         @ORDER_REF is an order's number as people read it, or its id. @STATES is a comma-separated list.
Example      EXECUTE dbo.sp_ListStagedOrders @STATES = N'FAILED,NEEDS_MANUAL_REVIEW';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListStagedOrders
    @STORE_ID varchar(50) = NULL,
    @STAGING_ID int = NULL,
    @ORDER_REF varchar(50) = NULL,
    @STATES nvarchar(100) = NULL,
    @AFTER_ID int = 0,
    @BATCH_SIZE int = 1000,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 10000
    BEGIN
        THROW 50001, N'@BATCH_SIZE takes 1 to 10000.', 1;
    END;

    SELECT TOP (@BATCH_SIZE)
        staged.STAGING_ID,
        staged.STORE_ID,
        staged.WOO_ORDER_ID,
        staged.WOO_ORDER_NO,
        staged.ORD_STATUS,
        staged.STATUS_MEANING,
        staged.STATE,
        staged.STATE_REASON,
        staged.PENDING_ACTION,
        staged.ATTEMPT_NO,
        staged.NEXT_ATTEMPT_DT,
        staged.LEASE_OWNER,
        staged.LEASE_UNTIL_DT,
        staged.IS_VALIDATED,
        staged.IS_APPLIED,
        staged.VALIDATION_ERROR,
        staged.ERROR_CLASS,
        staged.CUST_NO,
        staged.CUST_EMAIL,
        staged.CP_DOC_ID,
        staged.TKT_NO,
        staged.CURRENCY,
        staged.TOT_AMT,
        staged.ORD_DAT,
        staged.WOO_CREATED_DT,
        staged.WOO_MODIFIED_DT,
        staged.CREATED_DT,
        staged.LAST_SEEN_DT,
        staged.APPLIED_DT,
        staged.CONTENT_HASH,
        staged.APPLIED_HASH,
        staged.DUPLICATE_OF_ID
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID > @AFTER_ID
    AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
    AND   (@STAGING_ID IS NULL OR staged.STAGING_ID = @STAGING_ID)
    AND
    (
        @ORDER_REF IS NULL
        OR staged.STAGING_ID IN
        (
            SELECT numbered.STAGING_ID
            FROM dbo.USER_ORDER_STAGING AS numbered
            WHERE numbered.WOO_ORDER_NO = @ORDER_REF
            UNION ALL
            SELECT known.STAGING_ID
            FROM dbo.USER_ORDER_STAGING AS known
            WHERE known.WOO_ORDER_ID = TRY_CONVERT(bigint, @ORDER_REF)
            AND   CONVERT(varchar(50), known.WOO_ORDER_ID) = @ORDER_REF
        )
    )
    AND   (@STATES IS NULL OR staged.STATE IN (SELECT CONVERT(varchar(20), LTRIM(RTRIM(listed.value))) FROM STRING_SPLIT(@STATES, N',') AS listed))
    /* A page of states alone: the first of each, from where the last page ended. */
    AND
    (
        @STATES IS NULL
        OR @STAGING_ID IS NOT NULL
        OR @ORDER_REF IS NOT NULL
        OR staged.STAGING_ID IN
        (
            SELECT page.STAGING_ID
            FROM STRING_SPLIT(@STATES, N',') AS listed
            CROSS APPLY
            (
                SELECT TOP (@BATCH_SIZE)
                    following.STAGING_ID
                FROM dbo.USER_ORDER_STAGING AS following
                WHERE following.STATE = CONVERT(varchar(20), LTRIM(RTRIM(listed.value)))
                AND   following.STAGING_ID > @AFTER_ID
                AND   (@STORE_ID IS NULL OR following.STORE_ID = @STORE_ID)
                ORDER BY
                    following.STAGING_ID
            ) AS page
        )
    )
    ORDER BY
        staged.STAGING_ID
    OPTION (RECOMPILE);
END;
GO
