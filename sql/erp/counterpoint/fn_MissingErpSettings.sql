SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_MissingErpSettings
    The site settings and number series without which no document can be written, and that nobody has set. They have no default: the
    numbers of one site are another's till. With deposit tickets (WRITE_PAYMENT D) the model of one is needed, too.

Used by      sp_ListMissingErpSettings, sp_NextNumber
Returns      SEQ_NO, NAME, COMMAND (what sets it)
Example      SELECT missing.* FROM dbo.fn_MissingErpSettings() AS missing;
*/
CREATE OR ALTER FUNCTION dbo.fn_MissingErpSettings
(
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        needed.SEQ_NO,
        NAME = CONVERT(varchar(50), CASE needed.IS_SERIES WHEN 1 THEN CONCAT('the number series ', needed.NAME) ELSE needed.NAME END),
        COMMAND = CONVERT(nvarchar(500), needed.COMMAND)
    FROM
    (
        VALUES
            (1, 0, 'STA_ID', N'syncctl config erp set STA_ID STATION'),
            (2, 0, 'DRW_ID', N'syncctl config erp set DRW_ID DRAWER'),
            (3, 1, 'DOC_ID', N'syncctl config erp series DOC_ID --prefix DIGITS'),
            (4, 1, 'TKT_NO', N'syncctl config erp series TKT_NO --prefix TEXT'),
            (5, 2, 'DEPOSIT_MODEL', N'syncctl config erp deposit-model TICKET')
    ) AS needed (SEQ_NO, IS_SERIES, NAME, COMMAND)
    WHERE
    (
        needed.IS_SERIES = 0
        AND NOT EXISTS
        (
            SELECT
                1
            FROM dbo.USER_ERP_SETTING AS setting
            WHERE setting.NAME = needed.NAME
            AND   COALESCE(setting.VALUE, N'') <> N''
        )
    )
    OR
    (
        needed.IS_SERIES = 2
        AND EXISTS (SELECT 1 FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'WRITE_PAYMENT' AND setting.VALUE = N'D')
        AND EXISTS (SELECT 1 FROM dbo.fn_DepositModelProblem() AS model)
    )
    OR
    (
        needed.IS_SERIES = 1
        AND NOT EXISTS (SELECT 1 FROM dbo.USER_NUMBER_SERIES AS series WHERE series.SERIES = needed.NAME)
    )
);
GO
