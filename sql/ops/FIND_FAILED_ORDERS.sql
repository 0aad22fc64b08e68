SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
FIND_FAILED_ORDERS
    Every order that needs attention, oldest failure first: those that wait for their next attempt, those that wait for a person,
    those whose worker died, and messages that the store did not take. Reads only.

Use          run it as it stands; a member of syncctl_monitor may
Result       1 orders: what failed, how often, why, and what to type next
             2 every failed attempt of those orders
             3 messages to the store that failed
*/
SET NOCOUNT ON;

SELECT
    staged.STAGING_ID,
    staged.STORE_ID,
    staged.WOO_ORDER_ID,
    staged.WOO_ORDER_NO,
    staged.STATE,
    staged.PENDING_ACTION,
    staged.ERROR_CLASS,
    staged.VALIDATION_ERROR,
    staged.STATE_REASON,
    staged.ATTEMPT_NO,
    staged.NEXT_ATTEMPT_DT,
    staged.LEASE_OWNER,
    staged.LEASE_UNTIL_DT,
    staged.IS_APPLIED,
    staged.CP_DOC_ID,
    staged.TKT_NO,
    staged.TOT_AMT,
    staged.CREATED_DT,
    NEXT_STEP = CASE staged.STATE
        WHEN 'FAILED' THEN CONCAT(N'tried again by itself; at once: syncctl retry-failed ', staged.STAGING_ID)
        WHEN 'CLAIMED' THEN N'its worker is gone; the next syncctl process takes it'
        ELSE CONCAT(N'syncctl dead-letter show ', staged.STAGING_ID, N'; settle the cause; then dead-letter retry or cancel')
    END
FROM dbo.USER_ORDER_STAGING AS staged
WHERE staged.STATE IN ('FAILED', 'NEEDS_MANUAL_REVIEW')
OR    (staged.STATE = 'CLAIMED' AND staged.LEASE_UNTIL_DT <= SYSUTCDATETIME())
ORDER BY
    staged.STAGING_ID;

SELECT
    attempt.STAGING_ID,
    attempt.ATTEMPT_DT,
    attempt.ATTEMPT_NO,
    attempt.PENDING_ACTION,
    attempt.ERROR_CLASS,
    attempt.ERROR_CODE,
    attempt.ERROR_MESSAGE,
    attempt.WORKER_ID
FROM dbo.USER_ORDER_ATTEMPT AS attempt
INNER JOIN dbo.USER_ORDER_STAGING AS staged
    ON staged.STAGING_ID = attempt.STAGING_ID
WHERE staged.STATE IN ('FAILED', 'NEEDS_MANUAL_REVIEW')
ORDER BY
    attempt.STAGING_ID,
    attempt.ATTEMPT_ID;

SELECT
    message.OUTBOX_ID,
    message.STORE_ID,
    message.WOO_ORDER_ID,
    message.KIND,
    message.TARGET_STATUS,
    message.ATTEMPT_NO,
    message.ERROR_CLASS,
    message.ERROR_CODE,
    message.ERROR_MESSAGE,
    message.CREATED_DT
FROM dbo.USER_STORE_OUTBOX AS message
WHERE message.STATE = 'FAILED'
ORDER BY
    message.OUTBOX_ID;
GO
