SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_POD_DOCUMENT
    Proofs of delivery that are kept in the database (SYNCCTL_POD_STORE=database). A row is never changed.

Repeatable   yes: each step looks first
*/
IF OBJECT_ID(N'dbo.USER_POD_DOCUMENT', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_POD_DOCUMENT
    (
        DOCUMENT_ID bigint IDENTITY(1, 1) NOT NULL,
        CLAIM_ID bigint NOT NULL,
        TRACKING_NUMBER nvarchar(100) NOT NULL,
        SHA256 char(64) NOT NULL,
        CONTENT_TYPE varchar(50) NOT NULL,
        SIZE_BYTES int NOT NULL,
        SOURCE_URL nvarchar(max) NULL,
        SIGNED_BY nvarchar(100) NULL,
        DELIVERED_DT datetime2(3) NULL,
        CONTENT_BASE64 nvarchar(max) NOT NULL,
        CREATED_DT datetime2(3) NOT NULL,
        CONSTRAINT PK_USER_POD_DOCUMENT PRIMARY KEY CLUSTERED (DOCUMENT_ID),
        CONSTRAINT UX_USER_POD_DOCUMENT_HASH UNIQUE (CLAIM_ID, SHA256)
    );
END;
GO
