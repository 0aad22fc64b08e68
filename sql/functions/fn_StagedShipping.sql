SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_StagedShipping
    Where a person has parcels sent, as one text, where that is another address than the billing address.

Used by      sp_SyncCustomer, sp_FollowCustomer
Parameters   @PERSON_JSON of an order or of a customer of the store, as fn_StagedAddress reads it
Returns      one row: CONTENT, a line for each part; no row without a shipping address of its own
Example      SELECT shipping.CONTENT FROM dbo.fn_StagedShipping(N'{"billing": {}, "shipping": {"city": "Leith"}}') AS shipping;
*/
CREATE OR ALTER FUNCTION dbo.fn_StagedShipping
(
    @PERSON_JSON nvarchar(max)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        CONTENT = texts.SHIP_TO
    FROM
    (
        SELECT
            SHIP_TO = MAX(CASE WHEN said.KIND = 'SHIP' AND said.HAS_ADDRESS = 1 THEN said.CONTENT END),
            BILL_TO = MAX(CASE WHEN said.KIND = 'BILL' THEN said.CONTENT END)
        FROM
        (
            SELECT
                address.KIND,
                HAS_ADDRESS = CASE WHEN CONCAT(address.ADRS_1, address.ADRS_2, address.CITY, address.ZIP_COD) <> N'' THEN 1 ELSE 0 END,
                CONTENT = CONVERT(nvarchar(1000), CONCAT
                (
                    address.NAM, NCHAR(10), address.COMPANY, NCHAR(10), address.ADRS_1, NCHAR(10), address.ADRS_2, NCHAR(10),
                    address.ADRS_3, NCHAR(10), address.CITY, NCHAR(10), address.STATE, NCHAR(10), address.ZIP_COD, NCHAR(10),
                    address.CNTRY, NCHAR(10), address.PHONE
                ))
            FROM dbo.fn_StagedAddress(@PERSON_JSON) AS address
        ) AS said
    ) AS texts
    WHERE texts.SHIP_TO COLLATE Latin1_General_BIN2 <> COALESCE(texts.BILL_TO, N'')
);
GO
