SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.claims: counting by carrier and status
    Read each few minutes by syncctl health, however many claims were done in years. Where dbo.claims is a view, its owner indexes the
    table behind it: docs/PROOF_OF_DELIVERY.md.

Repeatable   yes: it looks first
*/
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.claims')
    AND   UPPER(indexed.name) = N'IX_CLAIMS_STATUS'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_claims_status
    ON dbo.claims (pod_fetch_status)
    INCLUDE (carrier);
END;
GO
