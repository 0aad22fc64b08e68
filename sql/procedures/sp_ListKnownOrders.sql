SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListKnownOrders
    Of a page of the store's list: the orders whose staged version may be the one that the list gives, and by what to tell.

Called by    syncctl stage
Parameters   @ORDERS  JSON array of order ids
Returns      WOO_ORDER_ID, STAGING_ID, READ_MARK, in no order. Left out are orders that are to be looked into whatever the list says:
             those not staged, set aside or in review, and those without a READ_MARK
Errors       50001 bad argument
Locks        none beyond the read; one poll of a store runs at a time
Repeatable   yes
Example      EXECUTE dbo.sp_ListKnownOrders @STORE_ID = 'woocommerce', @ORDERS = N'[4711, 4712]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListKnownOrders
    @STORE_ID varchar(50),
    @ORDERS nvarchar(max),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF COALESCE(ISJSON(@ORDERS), 0) = 0 OR LEFT(LTRIM(@ORDERS), 1) <> N'['
    BEGIN
        THROW 50001, N'@ORDERS takes a JSON array.', 1;
    END;

    SELECT
        staged.WOO_ORDER_ID,
        staged.STAGING_ID,
        staged.READ_MARK
    FROM OPENJSON(@ORDERS)
    WITH
    (
        WOO_ORDER_ID bigint '$'
    ) AS asked
    INNER JOIN dbo.USER_ORDER_STAGING AS staged
        ON  staged.STORE_ID = @STORE_ID
        AND staged.WOO_ORDER_ID = asked.WOO_ORDER_ID
        AND staged.DUPLICATE_OF_ID IS NULL
    WHERE staged.READ_MARK IS NOT NULL
    AND   staged.STATE <> 'NEEDS_MANUAL_REVIEW';
END;
GO
