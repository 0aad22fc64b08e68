SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_StagedTaxes
    A staged order's tax rates out of its ORDER_JSON, each with the tax that the store reckoned by it before refunds.

Called by    the ERP's procedure that writes a document's tax
Returns      POSITION_NO from 1; RATE_COD, the store's code of the rate; TAX_AMT to the cent
Note         An order that an older version staged has none.
Example      SELECT taxes.* FROM dbo.USER_ORDER_STAGING AS staged
             CROSS APPLY dbo.fn_StagedTaxes(staged.ORDER_JSON) AS taxes WHERE staged.STAGING_ID = 1;
*/
CREATE OR ALTER FUNCTION dbo.fn_StagedTaxes
(
    @ORDER_JSON nvarchar(max)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        POSITION_NO = CONVERT(int, element.[key]) + 1,
        RATE_COD = LEFT(COALESCE(parsed.RATE_COD, N''), 100),
        TAX_AMT = CONVERT(decimal(15, 2), ROUND(COALESCE(TRY_CONVERT(decimal(15, 4), parsed.TAX_AMT), 0), 2))
    FROM OPENJSON(CASE WHEN ISJSON(@ORDER_JSON) = 1 THEN @ORDER_JSON ELSE N'{}' END, '$.TAX_LINES') AS element
    CROSS APPLY OPENJSON(CASE WHEN element.[type] = 5 THEN element.value ELSE N'{}' END)
    WITH
    (
        RATE_COD nvarchar(4000) '$.RATE_COD',
        TAX_AMT nvarchar(50) '$.TAX_AMT'
    ) AS parsed
    WHERE element.[type] = 5
);
GO
