SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListPayCodeMap
    Which pay code of the ERP a store's payment method is ('*': in every store without a row of its own).

Called by    syncctl map pay list
Returns      STORE_ID, PMT_METH, PAY_COD (empty: such orders aren't paid when they come), PREVIOUS (always NULL)
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListPayCodeMap;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListPayCodeMap
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        map.STORE_ID,
        map.PMT_METH,
        map.PAY_COD,
        PREVIOUS = CONVERT(varchar(20), NULL)
    FROM dbo.USER_PAY_CODE_MAP AS map
    ORDER BY
        map.PMT_METH,
        map.STORE_ID;
END;
GO
