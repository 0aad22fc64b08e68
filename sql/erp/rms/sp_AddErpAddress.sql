SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_AddErpAddress
    Where a customer of the store has parcels sent joins the customer's ship-to addresses in RMS, as long as none of them is the same. None
    is changed: orders stand on them.

Called by    sp_FollowCustomer, inside its caller's transaction
Parameters   @CUST_NO; @PERSON_JSON of a customer of the store, with a shipping address; @EMAIL; @IS_ADDED OUTPUT
Returns      no rows
Errors       none
Locks        as sp_DynamicsShipTo
Repeatable   yes
Example      DECLARE @IS_ADDED bit; EXECUTE dbo.sp_AddErpAddress @CUST_NO = 'W1', @PERSON_JSON = N'{}', @EMAIL = N'', @IS_ADDED = @IS_ADDED OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_AddErpAddress
    @CUST_NO varchar(15),
    @PERSON_JSON nvarchar(max),
    @EMAIL nvarchar(100),
    @IS_ADDED bit OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @CUSTOMER_ID int,
        @SHIP_TO_ID int;

    SELECT
        @CUSTOMER_ID = customer.ID
    FROM dbo.fn_DynamicsCustomer(@CUST_NO) AS customer;

    EXECUTE dbo.sp_DynamicsShipTo
        @CUSTOMER_ID = @CUSTOMER_ID,
        @PERSON_JSON = @PERSON_JSON,
        @EMAIL = @EMAIL,
        @SHIP_TO_ID = @SHIP_TO_ID OUTPUT,
        @IS_ADDED = @IS_ADDED OUTPUT;
END;
GO
