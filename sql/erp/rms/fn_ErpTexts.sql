SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpTexts
    A staged order's texts that RMS's columns cut. RMS holds every letter (nvarchar); what a line is called stands whole in its entry's
    comment, up to 255 letters, and everything else in the shipping notes.

Called by    sp_CheckOrder, sp_WriteOrderShipping
Parameters   @CUST_EMAIL, @ORDER_JSON, @LINE_ITEMS_JSON, @WOO_ORDER_NO: the order
Returns      POSITION_NO, FIELD, VALUE; HELD and RAW of which no letter is lost; WIDTH
Example      SELECT written.FIELD FROM dbo.fn_ErpTexts(N'ada@example.test', N'{}', N'[]', '4711') AS written;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpTexts
(
    @CUST_EMAIL nvarchar(100),
    @ORDER_JSON nvarchar(max),
    @LINE_ITEMS_JSON nvarchar(max),
    @WOO_ORDER_NO varchar(50)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        written.POSITION_NO,
        written.FIELD,
        written.VALUE,
        HELD = N'',
        RAW = CONVERT(varbinary(10), 0x),
        written.WIDTH
    FROM
    (
        SELECT
            POSITION_NO = CASE WHEN whole.KIND = 'BILL' THEN 100 ELSE 200 END + part.POSITION_NO,
            FIELD = CONVERT(varchar(50), CONCAT(whole.KIND, '.', part.FIELD)),
            part.VALUE,
            part.WIDTH
        FROM dbo.fn_StagedAddress(@ORDER_JSON) AS whole
        CROSS APPLY
        (
            VALUES
                (1, 'FST_NAM', whole.FST_NAM, 30 /* width of CUSTOMER.FirstName */),
                (2, 'LST_NAM', whole.LST_NAM, 50 /* width of CUSTOMER.LastName */),
                (3, 'NAM', whole.NAM, 50 /* width of SHIPTO.Name */),
                (4, 'COMPANY', whole.COMPANY, 50 /* width of CUSTOMER.Company */),
                (5, 'ADRS_1', whole.ADRS_1, 50 /* width of CUSTOMER.Address */),
                (
                    6,
                    'ADRS_2',
                    CONCAT(whole.ADRS_2, CASE WHEN whole.ADRS_2 <> N'' AND whole.ADRS_3 <> N'' THEN N', ' END, whole.ADRS_3),
                    50 /* width of CUSTOMER.Address2 */
                ),
                (7, 'CITY', whole.CITY, 50 /* width of CUSTOMER.City */),
                (8, 'STATE', whole.STATE, 20 /* width of CUSTOMER.State */),
                (9, 'ZIP_COD', whole.ZIP_COD, 20 /* width of CUSTOMER.Zip */),
                (10, 'CNTRY', whole.CNTRY, 20 /* width of CUSTOMER.Country */),
                (11, 'PHONE', whole.PHONE, 30 /* width of CUSTOMER.PhoneNumber */)
        ) AS part (POSITION_NO, FIELD, VALUE, WIDTH)
        WHERE (whole.KIND = 'BILL' OR CONCAT(whole.ADRS_1, whole.ADRS_2, whole.CITY, whole.ZIP_COD) <> N'')
        UNION ALL
        SELECT
            300 + line.POSITION_NO,
            CONCAT('LINE_ITEMS[', line.WOO_LINE_ID, '].DESCR'),
            line.DESCR,
            255
        FROM dbo.fn_StagedLines('*', @LINE_ITEMS_JSON) AS line
        WHERE line.QTY > 0
    ) AS written
    WHERE LEN(written.VALUE) > written.WIDTH
);
GO
