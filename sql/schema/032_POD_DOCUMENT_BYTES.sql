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
IF OBJECT_ID(N'dbo.DF_USER_POD_DOCUMENT_BASE64', N'D') IS NULL
BEGIN
    ALTER TABLE dbo.USER_POD_DOCUMENT
    ADD CONSTRAINT DF_USER_POD_DOCUMENT_BASE64 DEFAULT (N'') FOR CONTENT_BASE64;
END;
GO
IF EXISTS (SELECT 1 FROM dbo.USER_POD_DOCUMENT AS stored WHERE stored.CONTENT_BASE64 <> N'')
BEGIN
    -- OPENJSON reads a varbinary from base64.
    UPDATE
        stored
    SET
        CONTENT = decoded.CONTENT,
        CONTENT_BASE64 = N''
    FROM dbo.USER_POD_DOCUMENT AS stored
    CROSS APPLY OPENJSON(N'{"content":"' + stored.CONTENT_BASE64 + N'"}') WITH (CONTENT varbinary(max) '$.content') AS decoded
    WHERE stored.CONTENT_BASE64 <> N'';
END;
GO
ALTER TABLE dbo.USER_POD_DOCUMENT
ALTER COLUMN CONTENT varbinary(max) NOT NULL;
GO
