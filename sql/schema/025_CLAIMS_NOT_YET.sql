SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.claims: how often, and since when, a carrier has said that a parcel isn't delivered

View         where dbo.claims is a view, both columns are its owner's to add, to the table and to the view.
Errors       50020 the view dbo.claims lacks the columns
Repeatable   yes: each step looks first
*/
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_not_yet_count') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_not_yet_count int NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_not_yet_since') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_not_yet_since datetime2(3) NULL;
END;
GO
IF COL_LENGTH(N'dbo.claims', N'pod_not_yet_count') IS NULL
OR COL_LENGTH(N'dbo.claims', N'pod_not_yet_since') IS NULL
BEGIN
    THROW 50020, N'The view dbo.claims lacks pod_not_yet_count (int), pod_not_yet_since (datetime2(3)): add them (docs/PROOF_OF_DELIVERY.md).', 1;
END;
GO
