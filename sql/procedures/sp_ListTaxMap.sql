SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListTaxMap
    Which tax authority and rule of the ERP a store's tax rate is ('*': in every store without a row of its own).

Called by    syncctl map tax list
Returns      STORE_ID, RATE_COD, AUTH_COD, RUL_COD, PREVIOUS_AUTH_COD and PREVIOUS_RUL_COD (always NULL)
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListTaxMap;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListTaxMap
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        map.STORE_ID,
        map.RATE_COD,
        map.AUTH_COD,
        map.RUL_COD,
        PREVIOUS_AUTH_COD = CONVERT(varchar(20), NULL),
        PREVIOUS_RUL_COD = CONVERT(varchar(20), NULL)
    FROM dbo.USER_TAX_MAP AS map
    ORDER BY
        map.RATE_COD,
        map.STORE_ID;
END;
GO
