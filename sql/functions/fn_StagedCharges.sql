SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_StagedCharges
    A staged order's charges (shipping, fees, refunds of an amount) out of its ORDER_JSON.

Called by    sp_ValidateStagedOrder, sp_WriteOrderTotals, sp_WriteOrderNotes
Returns      POSITION_NO from 1; CHARGE_TYPE; DESCR; AMT and TAX_AMT to the cent, negative where the store's are; EXACT_AMT, AMT as it
             was staged
Example      SELECT charges.* FROM dbo.USER_ORDER_STAGING AS staged
             CROSS APPLY dbo.fn_StagedCharges(staged.ORDER_JSON) AS charges WHERE staged.STAGING_ID = 1;
*/
CREATE OR ALTER FUNCTION dbo.fn_StagedCharges
(
    @ORDER_JSON nvarchar(max)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        POSITION_NO = CONVERT(int, element.[key]) + 1,
        CHARGE_TYPE = COALESCE(parsed.CHARGE_TYPE, N''),
        DESCR = COALESCE(parsed.DESCR, N''),
        EXACT_AMT = CONVERT(decimal(15, 4), COALESCE(TRY_CONVERT(decimal(15, 4), parsed.AMT), 0)),
        AMT = CONVERT(decimal(15, 2), ROUND(COALESCE(TRY_CONVERT(decimal(15, 4), parsed.AMT), 0), 2)),
        TAX_AMT = CONVERT(decimal(15, 2), ROUND(COALESCE(TRY_CONVERT(decimal(15, 4), parsed.TAX_AMT), 0), 2))
    FROM OPENJSON(CASE WHEN ISJSON(@ORDER_JSON) = 1 THEN @ORDER_JSON ELSE N'{}' END, '$.CHARGES') AS element
    CROSS APPLY OPENJSON(CASE WHEN element.[type] = 5 THEN element.value ELSE N'{}' END)
    WITH
    (
        CHARGE_TYPE nvarchar(20) '$.TYPE',
        DESCR nvarchar(4000) '$.DESCR',
        AMT nvarchar(50) '$.AMT',
        TAX_AMT nvarchar(50) '$.TAX_AMT'
    ) AS parsed
    WHERE element.[type] = 5
);
GO
