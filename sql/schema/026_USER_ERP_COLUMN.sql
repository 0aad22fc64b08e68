SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_ERP_COLUMN
    Columns of the ERP's tables that must be given at this site and that nothing in an order fills, each with what goes into it.
    A deploy writes them into the procedures; changing a row changes nothing until the next deploy.

Note         Filled by syncctl config erp column, which makes this table where no deploy has yet.
Repeatable   yes: it looks first
*/
IF OBJECT_ID(N'dbo.USER_ERP_COLUMN', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_ERP_COLUMN
    (
        TABLE_NAME varchar(128) NOT NULL,
        COLUMN_NAME varchar(128) NOT NULL,
        VALUE nvarchar(200) NOT NULL,
        CONSTRAINT PK_USER_ERP_COLUMN PRIMARY KEY CLUSTERED (TABLE_NAME, COLUMN_NAME)
    );
END;
GO
