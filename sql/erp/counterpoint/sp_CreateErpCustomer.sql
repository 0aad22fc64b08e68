SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CreateErpCustomer
    Makes a CounterPoint customer from a person's billing address and e-mail, under the next number of the site's series. What is
    no person's own (category, terms, tax code and the like) comes from the template customer, where the site has one; what that lacks,
    and a site without a template, gets it from the site settings.

Called by    sp_OrderCustomer, sp_SyncCustomer, inside their caller's transaction
Parameters   @PERSON_JSON of an order or of a customer of the store, as fn_StagedAddress reads it; @EMAIL; @CUST_NO OUTPUT: the new number
Returns      no rows
Errors       50040 the number series is missing or has run out; 50041 the template isn't there, or there is no series to number by
Locks        the number series and the new row, until the transaction ends
Repeatable   no: each call makes a customer
Note         A deploy adds to the copied columns whatever else this site's AR_CUST has, but for what is listed there as not copied.
Example      DECLARE @CUST_NO varchar(15); EXECUTE dbo.sp_CreateErpCustomer @PERSON_JSON = N'{}', @EMAIL = N'a@example.test', @CUST_NO = @CUST_NO OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CreateErpCustomer
    @PERSON_JSON nvarchar(max),
    @EMAIL nvarchar(100),
    @CUST_NO varchar(15) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @NUMBER varchar(20),
        @PROBLEM nvarchar(500),
        @CATEG_COD varchar(10),
        @TAX_COD varchar(10),
        @STR_ID varchar(10),
        @TMPLT_CUST_NO varchar(15),
        @IS_THERE int,
        @LOCAL_NOW datetime2(3);

    SELECT
        @LOCAL_NOW = moment.LOCAL_DT
    FROM dbo.fn_CounterPointTime(@NOW) AS moment;

    SELECT
        @TMPLT_CUST_NO = template.CUST_NO,
        @IS_THERE = template.IS_THERE
    FROM dbo.fn_TemplateCustomer() AS template;

    IF @TMPLT_CUST_NO IS NOT NULL AND @IS_THERE = 0
    BEGIN
        SET @PROBLEM = CONCAT(N'The template customer ', @TMPLT_CUST_NO, N' is not in AR_CUST, so no customer can be made.');
        THROW 50041, @PROBLEM, 1;
    END;

    EXECUTE dbo.sp_NextCustomerNumber
        @NUMBER = @NUMBER OUTPUT,
        @PROBLEM = @PROBLEM OUTPUT;

    IF @PROBLEM IS NOT NULL
    BEGIN
        THROW 50041, @PROBLEM, 1;
    END;

    SET @CUST_NO = CONVERT(varchar(15), @NUMBER);

    SELECT
        @CATEG_COD = CONVERT(varchar(10), MAX(CASE WHEN setting.NAME = 'CUST_CATEG_COD' THEN NULLIF(setting.VALUE, N'') END)),
        @TAX_COD = CONVERT(varchar(10), MAX(CASE WHEN setting.NAME = 'TAX_COD' THEN NULLIF(setting.VALUE, N'') END)),
        @STR_ID = CONVERT(varchar(10), MAX(CASE WHEN setting.NAME = 'STR_ID' THEN NULLIF(setting.VALUE, N'') END))
    FROM dbo.USER_ERP_SETTING AS setting
    WHERE setting.NAME IN ('CUST_CATEG_COD', 'TAX_COD', 'STR_ID');

    IF @TMPLT_CUST_NO IS NULL
    BEGIN
        INSERT INTO dbo.AR_CUST
        (
            CUST_NO, NAM, NAM_UPR, FST_NAM, FST_NAM_UPR, LST_NAM, LST_NAM_UPR, ADRS_1, ADRS_2, ADRS_3, CITY, STATE, ZIP_COD, CNTRY, PHONE_1,
            EMAIL_ADRS_1, CUST_NAM_TYP, CATEG_COD, TAX_COD, STR_ID, LST_MAINT_DT
        )
        SELECT
            @CUST_NO,
            COALESCE
            (
                NULLIF(address.NAM, ''),
                NULLIF(address.COMPANY, ''),
                CONVERT(varchar(40), LEFT(@EMAIL, 40) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.NAM */
            ),
            UPPER(COALESCE
            (
                NULLIF(address.NAM, ''),
                NULLIF(address.COMPANY, ''),
                CONVERT(varchar(40), LEFT(@EMAIL, 40) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.NAM */
            )),
            NULLIF(address.FST_NAM, N''),
            UPPER(NULLIF(address.FST_NAM, N'')),
            NULLIF(address.LST_NAM, N''),
            UPPER(NULLIF(address.LST_NAM, N'')),
            NULLIF(address.ADRS_1, N''),
            NULLIF(address.ADRS_2, N''),
            NULLIF(address.ADRS_3, N''),
            NULLIF(address.CITY, N''),
            NULLIF(address.STATE, N''),
            NULLIF(address.ZIP_COD, N''),
            NULLIF(address.CNTRY, N''),
            NULLIF(address.PHONE, N''),
            CONVERT(varchar(100), @EMAIL COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.EMAIL_ADRS_1 */,
            CASE WHEN CONCAT(address.FST_NAM, address.LST_NAM) = N'' AND address.COMPANY <> '' THEN 'B' ELSE 'P' END,
            @CATEG_COD,
            @TAX_COD,
            @STR_ID,
            @LOCAL_NOW
        FROM (SELECT KIND = 'BILL') AS wanted
        LEFT JOIN dbo.fn_ErpAddress(@PERSON_JSON) AS address
            ON address.KIND = wanted.KIND;
    END;
    ELSE
    BEGIN
        /*
        Made like the row of: TMPLT_CUST_NO, EC_CTL.TMPLT_CUST_NO
        Not copied: CUST_NO NAM NAM_* FST_NAM* LST_NAM* *_UPR SALUTATION CUST_NAM_TYP CUST_FST_LST_NAM ADRS_* CITY STATE ZIP_COD* CNTRY
        PHONE_* MOBILE_PHONE* FAX_* CONTCT_* EMAIL_ADRS_* URL_* *_DAT *_DAT_* *_DT *_TIM *_LCK BAL *_BAL *_BAL_* NO_OF_* TOT_* LST_*_AMT
        LST_*_NO LST_*_PTS_* LST_*_PRD_* LST_*_PRDS LST_AGE_PAST_CUTOFF LST_MAINT_* LOY_CARD_NO LOY_PTS_* CR_CARD_* CREDIT_CARD* CARD_*
        *_CARD_* TAX_EXEMPT* EXEMPT_* FED_TAX* *_GUID NOTE* *_NOTE* COMMNT* BIRTH* *_PWD *_PASSWORD* RS_*
        */
        INSERT INTO dbo.AR_CUST
        (
            CUST_NO, NAM, NAM_UPR, FST_NAM, FST_NAM_UPR, LST_NAM, LST_NAM_UPR, ADRS_1, ADRS_2, ADRS_3, CITY, STATE, ZIP_COD, CNTRY, PHONE_1,
            EMAIL_ADRS_1, CUST_NAM_TYP, LST_MAINT_DT, CATEG_COD, TAX_COD, STR_ID, CUST_TYP, BAL_METH, TERMS_COD, PROF_COD_1
        )
        SELECT
            @CUST_NO,
            COALESCE
            (
                NULLIF(address.NAM, ''),
                NULLIF(address.COMPANY, ''),
                CONVERT(varchar(40), LEFT(@EMAIL, 40) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.NAM */
            ),
            UPPER(COALESCE
            (
                NULLIF(address.NAM, ''),
                NULLIF(address.COMPANY, ''),
                CONVERT(varchar(40), LEFT(@EMAIL, 40) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.NAM */
            )),
            NULLIF(address.FST_NAM, N''),
            UPPER(NULLIF(address.FST_NAM, N'')),
            NULLIF(address.LST_NAM, N''),
            UPPER(NULLIF(address.LST_NAM, N'')),
            NULLIF(address.ADRS_1, N''),
            NULLIF(address.ADRS_2, N''),
            NULLIF(address.ADRS_3, N''),
            NULLIF(address.CITY, N''),
            NULLIF(address.STATE, N''),
            NULLIF(address.ZIP_COD, N''),
            NULLIF(address.CNTRY, N''),
            NULLIF(address.PHONE, N''),
            CONVERT(varchar(100), @EMAIL COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.EMAIL_ADRS_1 */,
            CASE WHEN CONCAT(address.FST_NAM, address.LST_NAM) = N'' AND address.COMPANY <> '' THEN 'B' ELSE 'P' END,
            @LOCAL_NOW,
            COALESCE(NULLIF(template.CATEG_COD, ''), @CATEG_COD),
            COALESCE(NULLIF(template.TAX_COD, ''), @TAX_COD),
            COALESCE(NULLIF(template.STR_ID, ''), @STR_ID),
            template.CUST_TYP,
            template.BAL_METH,
            template.TERMS_COD,
            template.PROF_COD_1
        FROM dbo.AR_CUST AS template
        LEFT JOIN dbo.fn_ErpAddress(@PERSON_JSON) AS address
            ON address.KIND = 'BILL'
        WHERE template.CUST_NO = @TMPLT_CUST_NO;
    END;
END;
GO
