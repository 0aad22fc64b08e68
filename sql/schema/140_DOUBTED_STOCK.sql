SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_STORE_ITEM.DOUBTED_DT
    Since when what a store has of an item isn't known: an order of it came, changed or went, and the store counts by itself. NULL: known.

Repeatable   yes: it looks first
*/
IF COL_LENGTH(N'dbo.USER_STORE_ITEM', N'DOUBTED_DT') IS NULL
BEGIN
    ALTER TABLE dbo.USER_STORE_ITEM ADD DOUBTED_DT datetime2(3) NULL;
END;
GO
