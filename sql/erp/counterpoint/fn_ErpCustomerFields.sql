SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpCustomerFields
    The port's answer to what a customer's fields in CounterPoint hold, and what they would hold of a person: cut to their widths, in their
    code page. A deploy puts this site's types, widths and collations in the place of the trial ERP's.

Used by      sp_FollowCustomer
Parameters   @CUST_NO; @PERSON_JSON of a customer of the store, as fn_StagedAddress reads it; @EMAIL, '' for none
Returns      a row each: POSITION_NO, PART (name, address, telephone, e-mail: what is changed together), FIELD, WANTED, THERE; '' for nothing.
             Without an address in the store all of its fields are wanted empty
Example      SELECT field.FIELD FROM dbo.fn_ErpCustomerFields('C100', N'{"billing": {}}', N'') AS field WHERE field.WANTED <> field.THERE;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpCustomerFields
(
    @CUST_NO varchar(15),
    @PERSON_JSON nvarchar(max),
    @EMAIL nvarchar(100)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        field.POSITION_NO,
        PART = CONVERT(varchar(10), field.PART),
        FIELD = CONVERT(varchar(40), field.FIELD),
        WANTED = CASE WHEN field.PART = 'address' AND held.HAS_ADDRESS = 0 THEN N'' ELSE COALESCE(RTRIM(field.WANTED), N'') END,
        THERE = COALESCE(RTRIM(field.THERE), N'')
    FROM dbo.AR_CUST AS customer
    CROSS JOIN
    (
        SELECT
            NAM = CONVERT(varchar(40), COALESCE(NULLIF(address.NAM, ''), address.COMPANY) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.NAM */,
            FST_NAM = CONVERT(varchar(15), address.FST_NAM COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.FST_NAM */,
            LST_NAM = CONVERT(varchar(25), address.LST_NAM COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.LST_NAM */,
            ADRS_1 = CONVERT(varchar(40), address.ADRS_1 COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.ADRS_1 */,
            ADRS_2 = CONVERT(varchar(40), address.ADRS_2 COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.ADRS_2 */,
            ADRS_3 = CONVERT(varchar(40), address.ADRS_3 COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.ADRS_3 */,
            CITY = CONVERT(varchar(20), address.CITY COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.CITY */,
            STATE = CONVERT(varchar(10), address.STATE COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.STATE */,
            ZIP_COD = CONVERT(varchar(15), address.ZIP_COD COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.ZIP_COD */,
            CNTRY = CONVERT(varchar(20), address.CNTRY COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.CNTRY */,
            PHONE_1 = CONVERT(varchar(25), address.PHONE COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.PHONE_1 */,
            EMAIL_ADRS_1 = CONVERT(varchar(100), @EMAIL COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.EMAIL_ADRS_1 */,
            HAS_ADDRESS = CASE WHEN CONCAT(address.ADRS_1, address.ADRS_2, address.CITY, address.ZIP_COD) <> '' THEN 1 ELSE 0 END
        FROM dbo.fn_ErpAddress(@PERSON_JSON) AS address
        WHERE address.KIND = 'BILL'
    ) AS held
    CROSS APPLY
    (
        VALUES
            (
                1, 'name', 'NAM', CONVERT(nvarchar(250), held.NAM) COLLATE DATABASE_DEFAULT,
                CONVERT(nvarchar(250), customer.NAM) COLLATE DATABASE_DEFAULT
            ),
            (
                2, 'name', 'FST_NAM', CONVERT(nvarchar(250), held.FST_NAM) COLLATE DATABASE_DEFAULT,
                CONVERT(nvarchar(250), customer.FST_NAM) COLLATE DATABASE_DEFAULT
            ),
            (
                3, 'name', 'LST_NAM', CONVERT(nvarchar(250), held.LST_NAM) COLLATE DATABASE_DEFAULT,
                CONVERT(nvarchar(250), customer.LST_NAM) COLLATE DATABASE_DEFAULT
            ),
            (
                4, 'address', 'ADRS_1', CONVERT(nvarchar(250), held.ADRS_1) COLLATE DATABASE_DEFAULT,
                CONVERT(nvarchar(250), customer.ADRS_1) COLLATE DATABASE_DEFAULT
            ),
            (
                5, 'address', 'ADRS_2', CONVERT(nvarchar(250), held.ADRS_2) COLLATE DATABASE_DEFAULT,
                CONVERT(nvarchar(250), customer.ADRS_2) COLLATE DATABASE_DEFAULT
            ),
            /* Where there is AR_CUST.ADRS_3: */
            (
                6, 'address', 'ADRS_3', CONVERT(nvarchar(250), held.ADRS_3) COLLATE DATABASE_DEFAULT,
                CONVERT(nvarchar(250), customer.ADRS_3) COLLATE DATABASE_DEFAULT
            ),
            /* End. */
            (
                7, 'address', 'CITY', CONVERT(nvarchar(250), held.CITY) COLLATE DATABASE_DEFAULT,
                CONVERT(nvarchar(250), customer.CITY) COLLATE DATABASE_DEFAULT
            ),
            (
                8, 'address', 'STATE', CONVERT(nvarchar(250), held.STATE) COLLATE DATABASE_DEFAULT,
                CONVERT(nvarchar(250), customer.STATE) COLLATE DATABASE_DEFAULT
            ),
            (
                9, 'address', 'ZIP_COD', CONVERT(nvarchar(250), held.ZIP_COD) COLLATE DATABASE_DEFAULT,
                CONVERT(nvarchar(250), customer.ZIP_COD) COLLATE DATABASE_DEFAULT
            ),
            (
                10, 'address', 'CNTRY', CONVERT(nvarchar(250), held.CNTRY) COLLATE DATABASE_DEFAULT,
                CONVERT(nvarchar(250), customer.CNTRY) COLLATE DATABASE_DEFAULT
            ),
            (
                11, 'telephone', 'PHONE_1', CONVERT(nvarchar(250), held.PHONE_1) COLLATE DATABASE_DEFAULT,
                CONVERT(nvarchar(250), customer.PHONE_1) COLLATE DATABASE_DEFAULT
            ),
            (
                12, 'e-mail', 'EMAIL_ADRS_1', CONVERT(nvarchar(250), held.EMAIL_ADRS_1) COLLATE DATABASE_DEFAULT,
                CONVERT(nvarchar(250), customer.EMAIL_ADRS_1) COLLATE DATABASE_DEFAULT
            )
    ) AS field (POSITION_NO, PART, FIELD, WANTED, THERE)
    WHERE customer.CUST_NO = @CUST_NO
);
GO
