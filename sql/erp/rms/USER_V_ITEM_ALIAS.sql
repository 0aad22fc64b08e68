SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_V_ITEM_ALIAS
    Codes that stand neither in Item nor in Alias, as the site knows them. A deploy makes it empty; a site replaces it by a view of its own
    of the same name, and the deploys after that leave it alone.

Site         replaces it
Used by      fn_DynamicsSku, after ItemLookupCode and Alias
Returns      ALIAS, the code; ITEM_ID, the item's ID
Example      SELECT named.ITEM_ID FROM dbo.USER_V_ITEM_ALIAS AS named WHERE named.ALIAS = N'4006381333931';
*/
CREATE OR ALTER VIEW dbo.USER_V_ITEM_ALIAS
AS
SELECT
    ALIAS = CONVERT(nvarchar(100), item.ItemLookupCode),
    ITEM_ID = item.ID
FROM dbo.Item AS item
WHERE 1 = 0;
GO
