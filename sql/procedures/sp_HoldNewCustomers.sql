SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_HoldNewCustomers
    Lets nobody else make a customer until the caller's transaction ends: of two orders of one new customer, or an order and that customer's
    own account, the second waits here until the first is done, and then finds the customer.

Called by    sp_OrderCustomer, sp_SyncCustomer, before they look again, inside their caller's transaction
Parameters   none
Returns      no rows
Errors       none
Locks        the CUST_NO series, or the DOC_ID series where customers aren't numbered by the first and its row is missing
Repeatable   yes
Example      EXECUTE dbo.sp_HoldNewCustomers;
*/
CREATE OR ALTER PROCEDURE dbo.sp_HoldNewCustomers
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    UPDATE
        dbo.USER_NUMBER_SERIES
    SET
        NEXT_NO = NEXT_NO
    WHERE SERIES = 'CUST_NO';

    IF @@ROWCOUNT = 0
    BEGIN
        UPDATE
            dbo.USER_NUMBER_SERIES
        SET
            NEXT_NO = NEXT_NO
        WHERE SERIES = 'DOC_ID';
    END;
END;
GO
