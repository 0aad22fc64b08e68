SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
USER_ORDER_STAGING.READ_MARK
    What a poll told an order's staged version apart by, as it stood in the store's list: where the list gives the same again, the
    order is not looked into. NULL where it has to be: the version was read within minutes of its last change, or by its id, or
    could not be read.

Repeatable   yes: it looks first
*/
IF COL_LENGTH(N'dbo.USER_ORDER_STAGING', N'READ_MARK') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_STAGING ADD READ_MARK varchar(50) NULL;
END;
GO
