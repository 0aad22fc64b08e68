SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpSettingFault
    What a site setting about items names that CounterPoint doesn't have: a column of prices, or a location of the stock (STOCK_LOCATIONS;
    STK_LOC_ID). So with PAY_COD, which is no setting: a pay code that a payment method is to be.

Used by      sp_CheckErpSetting, sp_ListErpSettings, sp_SetErpSetting, sp_SetPayCodeMap
Parameters   @SETTING_NAME; @VALUE, NULL for none
Returns      one row: FAULT in words; none where there is none
Note         A location is one that IM_INV has; of those at most ten are named. Where it has none at all, nothing can be said.
             All of IM_INV is read only where a location is gone.
Example      SELECT lacking.FAULT FROM dbo.fn_ErpSettingFault('STOCK_LOCATIONS', N'MAIN, WEB') AS lacking;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpSettingFault
(
    @SETTING_NAME varchar(50),
    @VALUE nvarchar(500)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        FAULT = CONVERT(nvarchar(500), CONCAT(@SETTING_NAME, N' takes PRC_1 to PRC_6 or REG_PRC, as this IM_PRC has them.'))
    WHERE @SETTING_NAME IN ('WEB_PRICE_LIST', 'WEB_SALE_LIST')
    AND   @VALUE <> N''
    AND   NOT EXISTS
    (
        SELECT
            1
        FROM
        (
            VALUES
                /* Where there is IM_PRC.PRC_2: */
                (N'PRC_2'),
                /* End. */
                /* Where there is IM_PRC.PRC_3: */
                (N'PRC_3'),
                /* End. */
                /* Where there is IM_PRC.PRC_4: */
                (N'PRC_4'),
                /* End. */
                /* Where there is IM_PRC.PRC_5: */
                (N'PRC_5'),
                /* End. */
                /* Where there is IM_PRC.PRC_6: */
                (N'PRC_6'),
                /* End. */
                (N'PRC_1'),
                (N'REG_PRC')
        ) AS listed (NAME)
        WHERE listed.NAME = @VALUE
    )
    /* Where there is SY_PAY_COD: */
    UNION ALL
    SELECT
        CONVERT(nvarchar(500), CONCAT(N'The ERP has no pay code ', @VALUE, N' (SY_PAY_COD). Name one that it has, or add it there first.'))
    WHERE @SETTING_NAME = 'PAY_COD'
    AND   @VALUE <> N''
    AND   NOT EXISTS (SELECT 1 FROM dbo.SY_PAY_COD AS code WHERE code.PAY_COD = CONVERT(varchar(10), @VALUE))
    /* End. */
    UNION ALL
    SELECT
        CONVERT(nvarchar(500), CONCAT
        (
            @SETTING_NAME, N' names the location ', LEFT(gone.LOC_ID, 20), N', where the ERP keeps no stock. It does at: ', there.NAMES, N'.'
        ))
    FROM
    (
        SELECT
            LOC_ID = MIN(CONVERT(nvarchar(500), word.value))
        FROM STRING_SPLIT(REPLACE(@VALUE, N' ', N''), N',') AS word
        WHERE word.value <> N''
        AND
        (
            LEN(word.value) > 10
            OR NOT EXISTS (SELECT 1 FROM dbo.IM_INV AS stock WHERE stock.LOC_ID = CONVERT(varchar(10), word.value))
        )
    ) AS gone
    CROSS APPLY
    (
        SELECT
            NAMES = CONCAT
            (
                MAX(CASE WHEN known.SEQ_NO = 1 THEN known.LOC_ID END),
                CASE WHEN MAX(known.SEQ_NO) >= 2 THEN N', ' END, MAX(CASE WHEN known.SEQ_NO = 2 THEN known.LOC_ID END),
                CASE WHEN MAX(known.SEQ_NO) >= 3 THEN N', ' END, MAX(CASE WHEN known.SEQ_NO = 3 THEN known.LOC_ID END),
                CASE WHEN MAX(known.SEQ_NO) >= 4 THEN N', ' END, MAX(CASE WHEN known.SEQ_NO = 4 THEN known.LOC_ID END),
                CASE WHEN MAX(known.SEQ_NO) >= 5 THEN N', ' END, MAX(CASE WHEN known.SEQ_NO = 5 THEN known.LOC_ID END),
                CASE WHEN MAX(known.SEQ_NO) >= 6 THEN N', ' END, MAX(CASE WHEN known.SEQ_NO = 6 THEN known.LOC_ID END),
                CASE WHEN MAX(known.SEQ_NO) >= 7 THEN N', ' END, MAX(CASE WHEN known.SEQ_NO = 7 THEN known.LOC_ID END),
                CASE WHEN MAX(known.SEQ_NO) >= 8 THEN N', ' END, MAX(CASE WHEN known.SEQ_NO = 8 THEN known.LOC_ID END),
                CASE WHEN MAX(known.SEQ_NO) >= 9 THEN N', ' END, MAX(CASE WHEN known.SEQ_NO = 9 THEN known.LOC_ID END),
                CASE WHEN MAX(known.SEQ_NO) >= 10 THEN N', ' END, MAX(CASE WHEN known.SEQ_NO = 10 THEN known.LOC_ID END),
                CASE WHEN MAX(known.SEQ_NO) > 10 THEN N', …' END
            )
        FROM
        (
            SELECT
                place.LOC_ID,
                SEQ_NO = ROW_NUMBER() OVER (ORDER BY place.LOC_ID)
            FROM
            (
                SELECT DISTINCT
                    stock.LOC_ID
                FROM dbo.IM_INV AS stock
                WHERE gone.LOC_ID <> N''
            ) AS place
        ) AS known
    ) AS there
    WHERE @SETTING_NAME IN ('STOCK_LOCATIONS', 'STK_LOC_ID')
    AND   gone.LOC_ID <> N''
    AND   there.NAMES <> N''
);
GO
