SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_ORDER_LINE_LINK: at which of the ERP's locations a line's quantity is held
    A document that a person moves to another location gives each quantity back where it was taken.

Note         NULL: the line is older than this column, and the document's own location holds it.
Repeatable   yes: it looks first
*/
IF COL_LENGTH(N'dbo.USER_ORDER_LINE_LINK', N'STOCK_LOCATION') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_LINE_LINK ADD STOCK_LOCATION varchar(10) NULL;
END;
GO
