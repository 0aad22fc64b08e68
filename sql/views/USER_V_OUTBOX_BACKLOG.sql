SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_V_OUTBOX_BACKLOG
    What the stores have not been told yet, with how long it waits, when it is tried again, and the last error.

Used by      people: SELECT * FROM dbo.USER_V_OUTBOX_BACKLOG ORDER BY OUTBOX_ID;
*/
CREATE OR ALTER VIEW dbo.USER_V_OUTBOX_BACKLOG
AS
SELECT
    message.OUTBOX_ID,
    message.STORE_ID,
    message.WOO_ORDER_ID,
    message.STAGING_ID,
    message.KIND,
    message.TARGET_STATUS,
    message.STATE,
    message.ATTEMPT_NO,
    message.NEXT_ATTEMPT_DT,
    message.ERROR_CLASS,
    message.ERROR_MESSAGE,
    message.CREATED_DT,
    DATEDIFF(MINUTE, message.CREATED_DT, SYSUTCDATETIME()) AS WAITING_MINUTES
FROM dbo.USER_STORE_OUTBOX AS message
WHERE message.STATE IN ('PENDING', 'CLAIMED', 'FAILED');
GO
