SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_ORDER_LINE_LINK: which of the ERP's stock columns hold a line's quantity
    A site that moves other columns from now on gets each open order's quantity back from those that it went into.

Note         Several with commas between them. NULL: the line is older than this column, and the ERP's documented column holds it.
Repeatable   yes: it looks first
*/
IF COL_LENGTH(N'dbo.USER_ORDER_LINE_LINK', N'STOCK_COLUMNS') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_LINE_LINK ADD STOCK_COLUMNS varchar(100) NULL;
END;
GO
