SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListCustomerMap
    Which customer of the ERP each customer of a store is, by the store's customer id or the e-mail address.

Called by    syncctl map customer list
Returns      STORE_ID (empty: from before stores were told apart, see fn_StoreCustomers), CUST_NO, WOO_USER_ID, WOO_EMAIL,
             PREVIOUS (always NULL here), of the rows that count
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListCustomerMap;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListCustomerMap
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        map.STORE_ID,
        map.CUST_NO,
        map.WOO_USER_ID,
        map.WOO_EMAIL,
        PREVIOUS = CONVERT(varchar(15), NULL)
    FROM dbo.USER_CUSTOMER_MAP AS map
    WHERE map.IS_ACTIVE = 1
    ORDER BY
        map.CUST_NO,
        map.STORE_ID,
        map.MAP_ID;
END;
GO
