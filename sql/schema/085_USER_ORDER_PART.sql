SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_ORDER_PART
    Of each part of an order's document that a person may correct in the ERP, and that is written anew as a whole (a contact, a note):
    what the order said when it was last looked at, and what the document held when it was last written, as hashes. By them is told who
    changed it, the store or a person.

Repeatable   yes: it looks first
*/
IF OBJECT_ID(N'dbo.USER_ORDER_PART', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_ORDER_PART
    (
        STORE_ID varchar(50) NOT NULL,
        WOO_ORDER_ID bigint NOT NULL,
        PART varchar(20) NOT NULL,
        DOC_ID bigint NOT NULL,
        ASKED_HASH varbinary(32) NOT NULL,
        HELD_HASH varbinary(32) NOT NULL,
        KEPT_DT datetime2(3) NULL,
        UPDATED_DT datetime2(3) NOT NULL,
        CONSTRAINT PK_USER_ORDER_PART PRIMARY KEY CLUSTERED (STORE_ID, WOO_ORDER_ID, PART)
    );
END;
GO
