SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_TemplateCustomer
    The customer that new ones are made like: the site setting TMPLT_CUST_NO, or, where that is empty, EC_CTL's. The setting - is none.

Used by      sp_CheckErpNewCustomer, sp_CreateErpCustomer
Returns      one row: CUST_NO, NULL where there is no template; IS_THERE 1 where AR_CUST has that customer
Example      SELECT template.* FROM dbo.fn_TemplateCustomer() AS template;
*/
CREATE OR ALTER FUNCTION dbo.fn_TemplateCustomer
(
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        named.CUST_NO,
        IS_THERE = CASE WHEN EXISTS (SELECT 1 FROM dbo.AR_CUST AS customer WHERE customer.CUST_NO = named.CUST_NO) THEN 1 ELSE 0 END
    FROM
    (
        SELECT
            CUST_NO = NULLIF
            (
                COALESCE
                (
                    (
                        SELECT
                            CONVERT(varchar(15), NULLIF(setting.VALUE, N''))
                        FROM dbo.USER_ERP_SETTING AS setting
                        WHERE setting.NAME = 'TMPLT_CUST_NO'
                    ),
                    /* Where there is EC_CTL: */
                    (
                        SELECT TOP (1)
                            NULLIF(control.TMPLT_CUST_NO, '')
                        FROM dbo.EC_CTL AS control
                        ORDER BY
                            control.KEY_ID
                    ),
                    /* End. */
                    CONVERT(varchar(15), NULL)
                ),
                '-'
            )
    ) AS named
);
GO
