SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_POD_DOCUMENT: several documents of one parcel, and how each was got
    KIND is proof, signature, photo …; IS_MAIN says which one the claim points to: it is kept last, so that a claim has all of them once
    it has that one. EVIDENCE is JSON: what the carrier was asked, when, and what it answered, its documents left out.

Kept before  documents are main ones, and proofs
Repeatable   yes: each step looks first
*/
IF COL_LENGTH(N'dbo.USER_POD_DOCUMENT', N'KIND') IS NULL
BEGIN
    ALTER TABLE dbo.USER_POD_DOCUMENT
    ADD KIND varchar(20) NOT NULL CONSTRAINT DF_USER_POD_DOCUMENT_KIND DEFAULT ('proof');
END;
GO
IF COL_LENGTH(N'dbo.USER_POD_DOCUMENT', N'IS_MAIN') IS NULL
BEGIN
    ALTER TABLE dbo.USER_POD_DOCUMENT
    ADD IS_MAIN bit NOT NULL CONSTRAINT DF_USER_POD_DOCUMENT_MAIN DEFAULT (1);
END;
GO
IF COL_LENGTH(N'dbo.USER_POD_DOCUMENT', N'EVIDENCE') IS NULL
BEGIN
    ALTER TABLE dbo.USER_POD_DOCUMENT
    ADD EVIDENCE nvarchar(max) NULL;
END;
GO
