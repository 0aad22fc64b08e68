SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_CustomerAddress
    The addresses of a customer of the store out of its JSON, whole, in the parts that an order's have. Where the billing address names
    nobody, the account's name stands in; what the shipping address lacks of name and telephone is the billing address's.

Called by    fn_StagedAddress
Parameters   @CUSTOMER_JSON with first_name, last_name, company, phone, billing and shipping, each part at most 4,000 letters
Returns      a row of KIND 'BILL' and one of KIND 'SHIP', a part that is missing is ''; no row where it is no customer's JSON
Example      SELECT address.* FROM dbo.fn_CustomerAddress(N'{"billing": {"first_name": "Ada"}}') AS address;
*/
CREATE OR ALTER FUNCTION dbo.fn_CustomerAddress
(
    @CUSTOMER_JSON nvarchar(max)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        address.KIND,
        address.FST_NAM,
        address.LST_NAM,
        NAM = CASE WHEN address.PERSON <> N'' THEN address.PERSON ELSE address.COMPANY END,
        address.COMPANY,
        address.ADRS_1,
        address.ADRS_2,
        /* The ERP's address has no line for a company beside a person. */
        ADRS_3 = CASE WHEN address.PERSON <> N'' THEN address.COMPANY ELSE N'' END,
        address.CITY,
        address.STATE,
        address.ZIP_COD,
        address.CNTRY,
        address.PHONE
    FROM
    (
        SELECT
            part.KIND,
            part.FST_NAM,
            part.LST_NAM,
            PERSON = LTRIM(RTRIM(CONCAT(part.FST_NAM, N' ', part.LST_NAM))),
            part.COMPANY,
            part.ADRS_1,
            part.ADRS_2,
            part.CITY,
            part.STATE,
            part.ZIP_COD,
            part.CNTRY,
            part.PHONE
        FROM
        (
            SELECT
                FST_NAM = CASE WHEN whole.BILL_NAMED = N'' THEN whole.FST_NAM ELSE whole.BILL_FST_NAM END,
                LST_NAM = CASE WHEN whole.BILL_NAMED = N'' THEN whole.LST_NAM ELSE whole.BILL_LST_NAM END,
                COMPANY = CASE WHEN whole.BILL_NAMED = N'' THEN whole.COMPANY ELSE whole.BILL_COMPANY END,
                PHONE = CASE WHEN whole.BILL_PHONE = N'' THEN whole.PHONE ELSE whole.BILL_PHONE END,
                IS_SHIP_NAMED = CASE WHEN CONCAT(whole.SHIP_FST_NAM, whole.SHIP_LST_NAM, whole.SHIP_COMPANY) = N'' THEN 0 ELSE 1 END,
                whole.BILL_ADRS_1,
                whole.BILL_ADRS_2,
                whole.BILL_CITY,
                whole.BILL_STATE,
                whole.BILL_ZIP_COD,
                whole.BILL_CNTRY,
                whole.SHIP_FST_NAM,
                whole.SHIP_LST_NAM,
                whole.SHIP_COMPANY,
                whole.SHIP_ADRS_1,
                whole.SHIP_ADRS_2,
                whole.SHIP_CITY,
                whole.SHIP_STATE,
                whole.SHIP_ZIP_COD,
                whole.SHIP_CNTRY,
                whole.SHIP_PHONE
            FROM
            (
                SELECT
                    FST_NAM = COALESCE(LTRIM(RTRIM(customer.FST_NAM)), N''),
                    LST_NAM = COALESCE(LTRIM(RTRIM(customer.LST_NAM)), N''),
                    COMPANY = COALESCE(LTRIM(RTRIM(customer.COMPANY)), N''),
                    PHONE = COALESCE(LTRIM(RTRIM(customer.PHONE)), N''),
                    BILL_NAMED = LTRIM(RTRIM(CONCAT(customer.BILL_FST_NAM, customer.BILL_LST_NAM, customer.BILL_COMPANY))),
                    BILL_FST_NAM = COALESCE(LTRIM(RTRIM(customer.BILL_FST_NAM)), N''),
                    BILL_LST_NAM = COALESCE(LTRIM(RTRIM(customer.BILL_LST_NAM)), N''),
                    BILL_COMPANY = COALESCE(LTRIM(RTRIM(customer.BILL_COMPANY)), N''),
                    BILL_ADRS_1 = COALESCE(LTRIM(RTRIM(customer.BILL_ADRS_1)), N''),
                    BILL_ADRS_2 = COALESCE(LTRIM(RTRIM(customer.BILL_ADRS_2)), N''),
                    BILL_CITY = COALESCE(LTRIM(RTRIM(customer.BILL_CITY)), N''),
                    BILL_STATE = COALESCE(LTRIM(RTRIM(customer.BILL_STATE)), N''),
                    BILL_ZIP_COD = COALESCE(LTRIM(RTRIM(customer.BILL_ZIP_COD)), N''),
                    BILL_CNTRY = COALESCE(LTRIM(RTRIM(customer.BILL_CNTRY)), N''),
                    BILL_PHONE = COALESCE(LTRIM(RTRIM(customer.BILL_PHONE)), N''),
                    SHIP_FST_NAM = COALESCE(LTRIM(RTRIM(customer.SHIP_FST_NAM)), N''),
                    SHIP_LST_NAM = COALESCE(LTRIM(RTRIM(customer.SHIP_LST_NAM)), N''),
                    SHIP_COMPANY = COALESCE(LTRIM(RTRIM(customer.SHIP_COMPANY)), N''),
                    SHIP_ADRS_1 = COALESCE(LTRIM(RTRIM(customer.SHIP_ADRS_1)), N''),
                    SHIP_ADRS_2 = COALESCE(LTRIM(RTRIM(customer.SHIP_ADRS_2)), N''),
                    SHIP_CITY = COALESCE(LTRIM(RTRIM(customer.SHIP_CITY)), N''),
                    SHIP_STATE = COALESCE(LTRIM(RTRIM(customer.SHIP_STATE)), N''),
                    SHIP_ZIP_COD = COALESCE(LTRIM(RTRIM(customer.SHIP_ZIP_COD)), N''),
                    SHIP_CNTRY = COALESCE(LTRIM(RTRIM(customer.SHIP_CNTRY)), N''),
                    SHIP_PHONE = COALESCE(LTRIM(RTRIM(customer.SHIP_PHONE)), N'')
                /* An order's JSON, which has no billing, isn't parsed for it. */
                FROM OPENJSON(CASE WHEN CHARINDEX(N'"billing"', @CUSTOMER_JSON) > 0 AND ISJSON(@CUSTOMER_JSON) = 1 THEN @CUSTOMER_JSON ELSE N'{}' END)
                WITH
                (
                    FST_NAM nvarchar(4000) '$.first_name',
                    LST_NAM nvarchar(4000) '$.last_name',
                    COMPANY nvarchar(4000) '$.company',
                    PHONE nvarchar(4000) '$.phone',
                    BILL_FST_NAM nvarchar(4000) '$.billing.first_name',
                    BILL_LST_NAM nvarchar(4000) '$.billing.last_name',
                    BILL_COMPANY nvarchar(4000) '$.billing.company',
                    BILL_ADRS_1 nvarchar(4000) '$.billing.address_1',
                    BILL_ADRS_2 nvarchar(4000) '$.billing.address_2',
                    BILL_CITY nvarchar(4000) '$.billing.city',
                    BILL_STATE nvarchar(4000) '$.billing.state',
                    BILL_ZIP_COD nvarchar(4000) '$.billing.postcode',
                    BILL_CNTRY nvarchar(4000) '$.billing.country',
                    BILL_PHONE nvarchar(4000) '$.billing.phone',
                    SHIP_FST_NAM nvarchar(4000) '$.shipping.first_name',
                    SHIP_LST_NAM nvarchar(4000) '$.shipping.last_name',
                    SHIP_COMPANY nvarchar(4000) '$.shipping.company',
                    SHIP_ADRS_1 nvarchar(4000) '$.shipping.address_1',
                    SHIP_ADRS_2 nvarchar(4000) '$.shipping.address_2',
                    SHIP_CITY nvarchar(4000) '$.shipping.city',
                    SHIP_STATE nvarchar(4000) '$.shipping.state',
                    SHIP_ZIP_COD nvarchar(4000) '$.shipping.postcode',
                    SHIP_CNTRY nvarchar(4000) '$.shipping.country',
                    SHIP_PHONE nvarchar(4000) '$.shipping.phone',
                    BILLING nvarchar(max) '$.billing' AS JSON
                ) AS customer
                WHERE customer.BILLING IS NOT NULL
            ) AS whole
        ) AS customer
        CROSS APPLY
        (
            SELECT
                KIND = CONVERT(varchar(4), 'BILL'),
                customer.FST_NAM,
                customer.LST_NAM,
                customer.COMPANY,
                ADRS_1 = customer.BILL_ADRS_1,
                ADRS_2 = customer.BILL_ADRS_2,
                CITY = customer.BILL_CITY,
                STATE = customer.BILL_STATE,
                ZIP_COD = customer.BILL_ZIP_COD,
                CNTRY = customer.BILL_CNTRY,
                customer.PHONE
            UNION ALL
            SELECT
                'SHIP',
                CASE WHEN customer.IS_SHIP_NAMED = 1 THEN customer.SHIP_FST_NAM ELSE customer.FST_NAM END,
                CASE WHEN customer.IS_SHIP_NAMED = 1 THEN customer.SHIP_LST_NAM ELSE customer.LST_NAM END,
                CASE WHEN customer.IS_SHIP_NAMED = 1 THEN customer.SHIP_COMPANY ELSE customer.COMPANY END,
                customer.SHIP_ADRS_1,
                customer.SHIP_ADRS_2,
                customer.SHIP_CITY,
                customer.SHIP_STATE,
                customer.SHIP_ZIP_COD,
                customer.SHIP_CNTRY,
                CASE WHEN customer.SHIP_PHONE = N'' THEN customer.PHONE ELSE customer.SHIP_PHONE END
        ) AS part
    ) AS address
);
GO
