SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListStepTimes
    How long orders took, step by step: until they were seen (placed in the store, staged), until they stood in the ERP (staged, or
    staged anew, created, changed or closed), until the store was told (that, the note written).

Called by    syncctl stats, syncctl report
Parameters   @SINCE_DT up to @UNTIL_DT, when a step ended; @STORE_ID NULL: every store
Returns      STORE_ID, STEP (seen, to_erp, to_store), ORDERS, and in milliseconds MEAN_MS, MEDIAN_MS, P90_MS, P95_MS, P99_MS (the
             nearest of the values there are, none in between), LONGEST_MS
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Note         seen counts what was staged for the first time, whenever it was placed: a first poll that looks back a month says so.
Example      EXECUTE dbo.sp_ListStepTimes @SINCE_DT = '2026-11-01', @UNTIL_DT = '2026-12-01';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListStepTimes
    @SINCE_DT datetime2(3),
    @UNTIL_DT datetime2(3),
    @STORE_ID varchar(50) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @FIRST_ID bigint;

    IF @SINCE_DT IS NULL OR @UNTIL_DT IS NULL OR @SINCE_DT >= @UNTIL_DT
    BEGIN
        THROW 50001, N'@SINCE_DT must be before @UNTIL_DT.', 1;
    END;

    EXECUTE dbo.sp_FirstRowOf @WHAT = 'events', @SINCE_DT = @SINCE_DT, @FIRST_ID = @FIRST_ID OUTPUT;

    SELECT
        ranked.STORE_ID,
        ranked.STEP,
        MAX(ranked.STEPS) AS ORDERS,
        AVG(ranked.MS) AS MEAN_MS,
        MAX(CASE WHEN ranked.PLACE = (ranked.STEPS * 50 + 99) / 100 THEN ranked.MS END) AS MEDIAN_MS,
        MAX(CASE WHEN ranked.PLACE = (ranked.STEPS * 90 + 99) / 100 THEN ranked.MS END) AS P90_MS,
        MAX(CASE WHEN ranked.PLACE = (ranked.STEPS * 95 + 99) / 100 THEN ranked.MS END) AS P95_MS,
        MAX(CASE WHEN ranked.PLACE = (ranked.STEPS * 99 + 99) / 100 THEN ranked.MS END) AS P99_MS,
        MAX(ranked.MS) AS LONGEST_MS
    FROM
    (
        SELECT
            timed.STORE_ID,
            timed.STEP,
            timed.MS,
            ROW_NUMBER() OVER (PARTITION BY timed.STORE_ID, timed.STEP ORDER BY timed.MS) AS PLACE,
            COUNT_BIG(*) OVER (PARTITION BY timed.STORE_ID, timed.STEP) AS STEPS
        FROM
        (
            SELECT
                ended.STORE_ID,
                CASE
                    WHEN ended.EVENT_TYPE = 'STAGED' THEN 'seen'
                    WHEN ended.EVENT_TYPE = 'WRITTEN_BACK' THEN 'to_store'
                    ELSE 'to_erp'
                END AS STEP,
                CONVERT(bigint, DATEDIFF_BIG
                (
                    MILLISECOND,
                    CASE
                        WHEN ended.EVENT_TYPE = 'STAGED'
                        THEN
                        (
                            SELECT
                                staged.WOO_CREATED_DT
                            FROM dbo.USER_ORDER_STAGING AS staged
                            WHERE staged.STAGING_ID = ended.STAGING_ID
                        )
                        WHEN ended.EVENT_TYPE = 'WRITTEN_BACK'
                        THEN
                        (
                            SELECT
                                MAX(began.EVENT_DT)
                            FROM dbo.USER_ORDER_EVENT AS began
                            WHERE began.STORE_ID = ended.STORE_ID
                            AND   began.WOO_ORDER_ID = ended.WOO_ORDER_ID
                            AND   began.EVENT_TYPE IN ('CREATED', 'REOPENED', 'CANCELLED', 'ALREADY_APPLIED', 'ERP_STATUS')
                            AND   began.EVENT_DT <= ended.EVENT_DT
                        )
                        ELSE
                        (
                            SELECT
                                MAX(began.EVENT_DT)
                            FROM dbo.USER_ORDER_EVENT AS began
                            WHERE began.STORE_ID = ended.STORE_ID
                            AND   began.WOO_ORDER_ID = ended.WOO_ORDER_ID
                            AND   began.EVENT_TYPE IN ('STAGED', 'RESTAGED', 'CANCEL_STAGED', 'RETRY_DECIDED')
                            AND   began.EVENT_DT <= ended.EVENT_DT
                        )
                    END,
                    ended.EVENT_DT
                )) AS MS
            FROM dbo.USER_ORDER_EVENT AS ended
            WHERE ended.EVENT_ID >= @FIRST_ID
            AND   ended.EVENT_DT >= @SINCE_DT
            AND   ended.EVENT_DT < @UNTIL_DT
            AND   ended.EVENT_TYPE IN ('STAGED', 'CREATED', 'REOPENED', 'UPDATED', 'CANCELLED', 'WRITTEN_BACK')
            AND   (@STORE_ID IS NULL OR ended.STORE_ID = @STORE_ID)
        ) AS timed
        WHERE timed.MS >= 0
    ) AS ranked
    GROUP BY
        ranked.STORE_ID,
        ranked.STEP
    ORDER BY
        ranked.STORE_ID,
        ranked.STEP;
END;
GO
