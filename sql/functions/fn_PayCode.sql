SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_PayCode
    The pay code of a store's payment method: the store's own row of USER_PAY_CODE_MAP before the one of every store.

Used by      sp_CheckOrder, sp_WriteOrderPayment
Parameters   @STORE_ID; @PMT_METH as the order names it
Returns      one row: PAY_COD (empty: it isn't paid when it comes); none where the map doesn't know it
Example      SELECT code.PAY_COD FROM dbo.fn_PayCode('woocommerce', 'stripe') AS code;
*/
CREATE OR ALTER FUNCTION dbo.fn_PayCode
(
    @STORE_ID varchar(50),
    @PMT_METH varchar(50)
)
RETURNS TABLE
AS
RETURN
(
    SELECT TOP (1)
        mapped.PAY_COD
    FROM dbo.USER_PAY_CODE_MAP AS mapped
    WHERE mapped.PMT_METH = @PMT_METH
    AND   mapped.STORE_ID IN (@STORE_ID, '*')
    ORDER BY
        CASE WHEN mapped.STORE_ID = '*' THEN 1 ELSE 0 END
);
GO
