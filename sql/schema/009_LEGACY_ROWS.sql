SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
Rows that were there before the upgrade
    Gives each row of a live USER_ORDER_STAGING its state, and resolves orders that stand there more than once.

Applied      IS_APPLIED = 1: APPLIED. The next poll that sees the order adopts its content.
Not applied  SKIPPED, never claimed: what was staged then lacks what is needed now. The next poll that sees the order stages it.
Duplicates   One row of an order stays live: the applied one, the first applied where there are several, the newest where none
             is. The others get DUPLICATE_OF_ID. Those that were applied too mean two documents for one order:
             NEEDS_MANUAL_REVIEW, with a dead letter. syncctl db deploy lists every duplicate.
Locks        the table, for the length of the transaction
Repeatable   yes: only rows without PENDING_ACTION and CONTENT_HASH that are still PENDING are touched
*/
SET XACT_ABORT ON;

BEGIN TRANSACTION;

UPDATE
    staged
SET
    DUPLICATE_OF_ID = ranked.LIVE_ID
FROM dbo.USER_ORDER_STAGING AS staged
INNER JOIN
(
    SELECT
        candidate.STAGING_ID,
        LIVE_ID = FIRST_VALUE(candidate.STAGING_ID) OVER
        (
            PARTITION BY
                candidate.STORE_ID,
                candidate.WOO_ORDER_ID
            ORDER BY
                CASE WHEN candidate.CONTENT_HASH IS NOT NULL THEN 0 ELSE 1 END,
                CASE WHEN candidate.IS_APPLIED = 1 THEN 0 ELSE 1 END,
                CASE WHEN candidate.IS_APPLIED = 1 THEN COALESCE(candidate.APPLIED_DT, '9999-12-31') END,
                CASE WHEN candidate.IS_APPLIED = 1 THEN candidate.STAGING_ID ELSE -candidate.STAGING_ID END
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
    FROM dbo.USER_ORDER_STAGING AS candidate
    WHERE candidate.DUPLICATE_OF_ID IS NULL
) AS ranked
    ON ranked.STAGING_ID = staged.STAGING_ID
WHERE ranked.LIVE_ID <> staged.STAGING_ID
AND   staged.CONTENT_HASH IS NULL;

INSERT INTO dbo.USER_ORDER_DEAD_LETTER
(
    STAGING_ID, STORE_ID, WOO_ORDER_ID, WOO_ORDER_NO, PENDING_ACTION, ERROR_CLASS, ERROR_CODE, ERROR_MESSAGE, ATTEMPTS,
    ORDER_JSON, LINE_ITEMS_JSON, CREATED_DT
)
SELECT
    staged.STAGING_ID,
    staged.STORE_ID,
    staged.WOO_ORDER_ID,
    staged.WOO_ORDER_NO,
    NULL,
    'conflict',
    NULL,
    CONCAT
    (
        N'Order ', COALESCE(staged.WOO_ORDER_NO, CONVERT(varchar(20), staged.WOO_ORDER_ID)),
        N' was applied more than once before the upgrade: here as document ', COALESCE(staged.CP_DOC_ID, '(none noted)'),
        N', and as ', COALESCE(live.CP_DOC_ID, '(none noted)'), N' by staging id ', live.STAGING_ID,
        N'. Remove the surplus document in the ERP by hand, then: syncctl dead-letter cancel ', staged.STAGING_ID
    ),
    0,
    NULL,
    staged.LINE_ITEMS_JSON,
    SYSUTCDATETIME()
FROM dbo.USER_ORDER_STAGING AS staged
INNER JOIN dbo.USER_ORDER_STAGING AS live
    ON live.STAGING_ID = staged.DUPLICATE_OF_ID
WHERE staged.STATE = 'PENDING'
AND   staged.PENDING_ACTION IS NULL
AND   staged.CONTENT_HASH IS NULL
AND   staged.IS_APPLIED = 1;

UPDATE
    staged
SET
    STATE = CASE
        WHEN staged.DUPLICATE_OF_ID IS NOT NULL AND staged.IS_APPLIED = 1 THEN 'NEEDS_MANUAL_REVIEW'
        WHEN staged.DUPLICATE_OF_ID IS NULL AND staged.IS_APPLIED = 1 THEN 'APPLIED'
        ELSE 'SKIPPED'
    END,
    STATE_REASON = CASE
        WHEN staged.DUPLICATE_OF_ID IS NOT NULL AND staged.IS_APPLIED = 1
            THEN CONCAT(N'applied more than once before the upgrade; staging id ', staged.DUPLICATE_OF_ID, N' is the live one')
        WHEN staged.DUPLICATE_OF_ID IS NOT NULL
            THEN CONCAT(N'a duplicate from before the upgrade; staging id ', staged.DUPLICATE_OF_ID, N' is the live one')
        WHEN staged.IS_APPLIED = 1 THEN N'applied before the upgrade'
        ELSE N'staged before the upgrade; the next poll brings it in'
    END,
    ERROR_CLASS = CASE WHEN staged.DUPLICATE_OF_ID IS NOT NULL AND staged.IS_APPLIED = 1 THEN 'conflict' END,
    UPDATED_DT = SYSUTCDATETIME()
FROM dbo.USER_ORDER_STAGING AS staged
WHERE staged.STATE = 'PENDING'
AND   staged.PENDING_ACTION IS NULL
AND   staged.CONTENT_HASH IS NULL;

COMMIT TRANSACTION;
GO
