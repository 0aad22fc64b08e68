SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_DynamicsReference
    By what an order is known in RMS: its reference, exact and never another order's, and its comment.

Called by    sp_CreateErpDocument, sp_TakeOverOrder
Parameters   @STAGING_ID
Returns      one row: PREFIX, what the references of its store begin with; REFERENCE; COMMENT
Example      SELECT known.REFERENCE FROM dbo.fn_DynamicsReference(1) AS known;
*/
CREATE OR ALTER FUNCTION dbo.fn_DynamicsReference
(
    @STAGING_ID int
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        named.PREFIX,
        REFERENCE = CONVERT(nvarchar(50), CONCAT(named.PREFIX, N'-', staged.WOO_ORDER_ID)),
        COMMENT = CONVERT(nvarchar(255), dbo.fn_Shorten
        (
            REPLACE
            (
                REPLACE(site.ORDER_COMMENT, N'{store}', named.STORE_NAME),
                N'{number}',
                CASE
                    WHEN staged.WOO_ORDER_NO LIKE '#%' THEN SUBSTRING(staged.WOO_ORDER_NO, 2, 50)
                    ELSE COALESCE(staged.WOO_ORDER_NO, '')
                END
            ),
            255
        ))
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS JOIN dbo.fn_DynamicsConfig() AS site
    CROSS APPLY
    (
        SELECT
            PREFIX = CONVERT(nvarchar(30), CASE
                WHEN site.REFERENCE_FROM = N'STORE' THEN LEFT(UPPER(staged.STORE_ID), 29)
                WHEN COALESCE(staged.SOURCE_SYSTEM, '') = 'shopify' THEN 'SHOPIFY'
                ELSE 'WOOCOMMERCE'
            END),
            STORE_NAME = CASE WHEN COALESCE(staged.SOURCE_SYSTEM, '') = 'shopify' THEN N'Shopify' ELSE N'WooCommerce' END
    ) AS named
    WHERE staged.STAGING_ID = @STAGING_ID
);
GO
