SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
Indexes of the work that is open
    What the claims of messages and of proofs read, from its start and in its order, however much was done in years; and a dead
    letter by its order. Where dbo.claims is a view, its owner indexes the table behind it: docs/PROOF_OF_DELIVERY.md.

Repeatable   yes: each step looks first
*/
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_STORE_OUTBOX')
    AND   UPPER(indexed.name) = N'IX_USER_STORE_OUTBOX_DUE'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_STORE_OUTBOX_DUE
    ON dbo.USER_STORE_OUTBOX (NEXT_ATTEMPT_DT, OUTBOX_ID)
    INCLUDE (STATE, LEASE_UNTIL_DT, STORE_ID, WOO_ORDER_ID, STAGING_ID)
    WHERE STATE IN ('PENDING', 'CLAIMED');
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_NOTIFICATION')
    AND   UPPER(indexed.name) = N'IX_USER_NOTIFICATION_OPEN'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_NOTIFICATION_OPEN
    ON dbo.USER_NOTIFICATION (NOTIFICATION_ID)
    INCLUDE (STATE, NEXT_ATTEMPT_DT, LEASE_UNTIL_DT, EVENT_TYPE, AUDIENCE)
    WHERE STATE IN ('PENDING', 'CLAIMED');
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.claims')
    AND   UPPER(indexed.name) = N'IX_CLAIMS_LEASE'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_claims_lease
    ON dbo.claims (pod_lease_until)
    WHERE pod_lease_until IS NOT NULL;
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_DEAD_LETTER')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_DEAD_LETTER_ORDER'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_DEAD_LETTER_ORDER
    ON dbo.USER_ORDER_DEAD_LETTER (STORE_ID, WOO_ORDER_ID);
END;
GO
