SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_POD_DOCUMENT: a document is kept as its bytes (CONTENT), no longer as text in base64, which took three times the memory

Kept before  their text is read into bytes and let go of; the column CONTENT_BASE64 stays, empty
Locks        the table, for as long as its documents are rewritten
Repeatable   yes: each step looks first
*/
IF COL_LENGTH(N'dbo.USER_POD_DOCUMENT', N'CONTENT') IS NULL
BEGIN
    ALTER TABLE dbo.USER_POD_DOCUMENT
    ADD CONTENT varbinary(max) NULL;
END;
GO
ALTER TABLE dbo.USER_POD_DOCUMENT
ALTER COLUMN CONTENT_BASE64 nvarchar(max) NULL;
GO
IF EXISTS (SELECT 1 FROM dbo.USER_POD_DOCUMENT AS stored WHERE stored.CONTENT_BASE64 IS NOT NULL)
BEGIN
    UPDATE
        stored
    SET
        CONTENT = COALESCE
        (
            stored.CONTENT,
            CONVERT(xml, N'').value('xs:base64Binary(sql:column("stored.CONTENT_BASE64"))', 'varbinary(max)')
        ),
        CONTENT_BASE64 = NULL
    FROM dbo.USER_POD_DOCUMENT AS stored
    WHERE stored.CONTENT_BASE64 IS NOT NULL;
END;
GO
ALTER TABLE dbo.USER_POD_DOCUMENT
ALTER COLUMN CONTENT varbinary(max) NOT NULL;
GO
