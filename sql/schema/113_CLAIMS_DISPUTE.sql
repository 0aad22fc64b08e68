SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.claims: by when the dispute has to be answered (dispute_deadline), and room for several tracking numbers
    The program that adds the rows says by when, or syncctl pod add --dispute-by. Claims are taken in that order. A tracking number of
    ours takes 500 characters instead of 100; a column of another width is the site's own and stays.
    Where dbo.claims is a view, its owner adds the column to it and indexes the table behind it: docs/PROOF_OF_DELIVERY.md.

Kept before  every row as it is
Repeatable   yes: each step looks first
*/
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'dispute_deadline') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD dispute_deadline datetime2(3) NULL;
END;
GO
IF EXISTS
(
    SELECT
        1
    FROM sys.columns AS held
    INNER JOIN sys.tables AS owner
        ON owner.object_id = held.object_id
    INNER JOIN sys.types AS kind
        ON kind.user_type_id = held.user_type_id
    WHERE held.object_id = OBJECT_ID(N'dbo.claims')
    AND   held.name = N'tracking_number'
    AND   kind.name = N'nvarchar'
    AND   held.max_length = 200
    AND   held.is_nullable = 1
)
BEGIN
    ALTER TABLE dbo.claims
    ALTER COLUMN tracking_number nvarchar(500) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.claims')
    AND   UPPER(indexed.name) = N'IX_CLAIMS_DEADLINE'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_claims_deadline
    ON dbo.claims (pod_fetch_status, dispute_deadline, pod_next_attempt_at);
END;
GO
