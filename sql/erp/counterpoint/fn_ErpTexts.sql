SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpTexts
    An order's texts that aren't ASCII alone, or longer than their columns, each whole and as CounterPoint's columns hold it: the port's
    answer to what may be lost of them. Which letters are lost, fn_LostLetters says. A deploy puts this site's widths in the trial ERP's place.

Used by      sp_CheckOrder, sp_WriteOrderNotes
Returns      a row each: POSITION_NO, FIELD (CUST_EMAIL, BILL.NAM, SHIP.CITY, LINE_ITEMS[17].DESCR ...), VALUE whole, HELD (cut, and without the
             letters that the column's code page lacks), RAW (its bytes), WIDTH of the column: a VALUE that is longer is cut
Example      SELECT written.* FROM dbo.USER_ORDER_STAGING AS staged
             CROSS APPLY dbo.fn_ErpTexts(staged.CUST_EMAIL, staged.ORDER_JSON, staged.LINE_ITEMS_JSON, staged.WOO_ORDER_NO) AS written
             WHERE staged.STAGING_ID = 1;
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
        written.HELD,
        written.RAW,
        written.WIDTH
    FROM
    (
        SELECT
            POSITION_NO = 0,
            FIELD = CONVERT(varchar(50), 'CUST_EMAIL'),
            VALUE = CONVERT(nvarchar(4000), @CUST_EMAIL),
            HELD = CONVERT
            (
                nvarchar(250), CONVERT(varchar(100), @CUST_EMAIL COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.EMAIL_ADRS_1 */
            ) COLLATE DATABASE_DEFAULT,
            RAW = CONVERT(varbinary(500), CONVERT(varchar(100), @CUST_EMAIL COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.EMAIL_ADRS_1 */),
            WIDTH = 100 /* width of PS_DOC_CONTACT.EMAIL_ADRS_1 */
        UNION ALL
        SELECT
            -1,
            'CUST_PO_NO',
            CONVERT(nvarchar(4000), @WOO_ORDER_NO),
            CONVERT(nvarchar(4000), LEFT(@WOO_ORDER_NO, 20)),
            CONVERT(varbinary(500), LEFT(@WOO_ORDER_NO, 20)),
            20
        UNION ALL
        SELECT
            CASE WHEN whole.KIND = 'BILL' THEN 100 ELSE 200 END + part.POSITION_NO,
            CONCAT(whole.KIND, '.', part.FIELD),
            part.VALUE,
            part.HELD,
            part.RAW,
            part.WIDTH
        FROM dbo.fn_StagedAddress(@ORDER_JSON) AS whole
        INNER JOIN dbo.fn_ErpAddress(@ORDER_JSON) AS held
            ON held.KIND = whole.KIND
        CROSS APPLY
        (
            SELECT
                POSITION_NO = 1, FIELD = CONVERT(varchar(20), 'NAM'), VALUE = whole.NAM,
                HELD = CONVERT(nvarchar(4000), held.NAM) COLLATE DATABASE_DEFAULT, RAW = CONVERT(varbinary(8000), held.NAM),
                WIDTH = 40 /* width of PS_DOC_CONTACT.NAM */
            UNION ALL
            SELECT 2, 'COMPANY', CASE WHEN whole.NAM = N'' THEN whole.COMPANY ELSE N'' END,
                CONVERT(nvarchar(4000), held.COMPANY) COLLATE DATABASE_DEFAULT, CONVERT(varbinary(8000), held.COMPANY),
                40 /* width of PS_DOC_CONTACT.NAM */
            UNION ALL
            SELECT 3, 'FST_NAM', whole.FST_NAM, CONVERT(nvarchar(4000), held.FST_NAM) COLLATE DATABASE_DEFAULT, CONVERT(varbinary(8000), held.FST_NAM),
                15 /* width of PS_DOC_CONTACT.FST_NAM */
            UNION ALL
            SELECT 4, 'LST_NAM', whole.LST_NAM, CONVERT(nvarchar(4000), held.LST_NAM) COLLATE DATABASE_DEFAULT, CONVERT(varbinary(8000), held.LST_NAM),
                25 /* width of PS_DOC_CONTACT.LST_NAM */
            UNION ALL
            SELECT 5, 'ADRS_1', whole.ADRS_1, CONVERT(nvarchar(4000), held.ADRS_1) COLLATE DATABASE_DEFAULT, CONVERT(varbinary(8000), held.ADRS_1),
                40 /* width of PS_DOC_CONTACT.ADRS_1 */
            UNION ALL
            SELECT 6, 'ADRS_2', whole.ADRS_2, CONVERT(nvarchar(4000), held.ADRS_2) COLLATE DATABASE_DEFAULT, CONVERT(varbinary(8000), held.ADRS_2),
                40 /* width of PS_DOC_CONTACT.ADRS_2 */
            UNION ALL
            SELECT 7, 'ADRS_3', whole.ADRS_3, CONVERT(nvarchar(4000), held.ADRS_3) COLLATE DATABASE_DEFAULT, CONVERT(varbinary(8000), held.ADRS_3),
                40 /* width of PS_DOC_CONTACT.ADRS_3 */
            UNION ALL
            SELECT 8, 'CITY', whole.CITY, CONVERT(nvarchar(4000), held.CITY) COLLATE DATABASE_DEFAULT, CONVERT(varbinary(8000), held.CITY),
                20 /* width of PS_DOC_CONTACT.CITY */
            UNION ALL
            SELECT 9, 'STATE', whole.STATE, CONVERT(nvarchar(4000), held.STATE) COLLATE DATABASE_DEFAULT, CONVERT(varbinary(8000), held.STATE),
                10 /* width of PS_DOC_CONTACT.STATE */
            UNION ALL
            SELECT 10, 'ZIP_COD', whole.ZIP_COD, CONVERT(nvarchar(4000), held.ZIP_COD) COLLATE DATABASE_DEFAULT, CONVERT(varbinary(8000), held.ZIP_COD),
                15 /* width of PS_DOC_CONTACT.ZIP_COD */
            UNION ALL
            SELECT 11, 'CNTRY', whole.CNTRY, CONVERT(nvarchar(4000), held.CNTRY) COLLATE DATABASE_DEFAULT, CONVERT(varbinary(8000), held.CNTRY),
                20 /* width of PS_DOC_CONTACT.CNTRY */
            UNION ALL
            SELECT 12, 'PHONE', whole.PHONE, CONVERT(nvarchar(4000), held.PHONE) COLLATE DATABASE_DEFAULT, CONVERT(varbinary(8000), held.PHONE),
                25 /* width of PS_DOC_CONTACT.PHONE_1 */
        ) AS part
        WHERE (whole.KIND = 'BILL' OR CONCAT(whole.ADRS_1, whole.ADRS_2, whole.CITY, whole.ZIP_COD) <> N'')
        UNION ALL
        SELECT
            300 + line.POSITION_NO,
            CONCAT('LINE_ITEMS[', line.WOO_LINE_ID, '].DESCR'),
            line.DESCR,
            CONVERT
            (
                nvarchar(4000), CONVERT(varchar(250), dbo.fn_Shorten(line.DESCR, 250) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_LIN.DESCR */
            ) COLLATE DATABASE_DEFAULT,
            CONVERT(varbinary(8000), CONVERT(varchar(250), dbo.fn_Shorten(line.DESCR, 250) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_LIN.DESCR */),
            250 /* width of PS_DOC_LIN.DESCR */
        FROM dbo.fn_StagedLines('*', @LINE_ITEMS_JSON) AS line
        WHERE line.QTY > 0
    ) AS written
    WHERE LEN(written.VALUE) > written.WIDTH
    OR    PATINDEX(N'%[^ -~]%' COLLATE Latin1_General_BIN2, written.VALUE) > 0
);
GO
