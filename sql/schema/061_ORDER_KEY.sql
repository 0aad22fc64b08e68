SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
USER_ORDER_STAGING.ORDER_KEY
    The store's own key of an order, which never changes: under a known id another key is another order, as after a restore of the shop.
    Orders that are there get theirs when they are next seen.

Repeatable   yes: it looks first
*/
IF COL_LENGTH(N'dbo.USER_ORDER_STAGING', N'ORDER_KEY') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_STAGING ADD ORDER_KEY nvarchar(100) NULL;
END;
GO
