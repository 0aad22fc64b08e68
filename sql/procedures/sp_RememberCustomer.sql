SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RememberCustomer
    Remembers of a customer who was made just now what the store said of each field and what the ERP holds, so that sp_FollowCustomer can
    tell later who changed one.

Called by    sp_SyncCustomer, sp_OrderCustomer, inside their caller's transaction
Parameters   @STORE_ID; @CUST_NO; @PERSON_JSON of an order or of a customer of the store, as fn_StagedAddress reads it; @EMAIL
Returns      no rows
Errors       none
Locks        none but its own rows
Repeatable   yes: a field that is remembered already stays
Note         Less than sp_FollowCustomer does: an order that makes a customer holds the number series, and others wait for it.
Example      EXECUTE dbo.sp_RememberCustomer @STORE_ID = 'woocommerce', @CUST_NO = 'W00000001', @PERSON_JSON = N'{}', @EMAIL = N'';
*/
CREATE OR ALTER PROCEDURE dbo.sp_RememberCustomer
    @STORE_ID varchar(50),
    @CUST_NO varchar(15),
    @PERSON_JSON nvarchar(max),
    @EMAIL nvarchar(100),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    INSERT INTO dbo.USER_CUSTOMER_FIELD
    (
        STORE_ID, CUST_NO, FIELD, STORE_VALUE, ERP_VALUE, IS_KEPT, UPDATED_DT
    )
    SELECT
        @STORE_ID,
        @CUST_NO,
        field.FIELD,
        field.WANTED,
        field.THERE,
        0,
        @NOW
    FROM dbo.fn_ErpCustomerFields(@CUST_NO, @PERSON_JSON, COALESCE(@EMAIL, N'')) AS field
    WHERE NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_CUSTOMER_FIELD AS known
        WHERE known.STORE_ID = @STORE_ID
        AND   known.CUST_NO = @CUST_NO
        AND   known.FIELD = field.FIELD
    );
END;
GO
