SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_AddErpAddress
    The port's part about where a customer of the store has parcels sent: joins the customer's ship-to addresses in CounterPoint, where the
    site wants that (WRITE_SHIP_ADRS) and none of them is the same. None is changed: documents stand on them.

Called by    sp_FollowCustomer, inside its caller's transaction
Parameters   @CUST_NO; @PERSON_JSON of a customer of the store, with a shipping address; @EMAIL; @IS_ADDED OUTPUT
Returns      no rows
Errors       none
Locks        as sp_ShipToAddress
Repeatable   yes
Example      DECLARE @IS_ADDED bit; EXECUTE dbo.sp_AddErpAddress @CUST_NO = 'C1', @PERSON_JSON = N'{}', @EMAIL = N'', @IS_ADDED = @IS_ADDED OUTPUT;
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

    DECLARE @SHIP_ADRS_ID varchar(10);

    EXECUTE dbo.sp_ShipToAddress
        @PERSON_JSON = @PERSON_JSON,
        @CUST_NO = @CUST_NO,
        @SHIP_ADRS_ID = @SHIP_ADRS_ID OUTPUT,
        @IS_ADDED = @IS_ADDED OUTPUT;
END;
GO
