SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpCustomerFields
    What a customer's fields in RMS hold, and what they would hold of a person, cut to their widths.

Called by    sp_FollowCustomer
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
    FROM dbo.fn_DynamicsCustomer(@CUST_NO) AS known
    INNER JOIN dbo.Customer AS customer
        ON customer.ID = known.ID
    CROSS JOIN
    (
        SELECT
            address.FST_NAM,
            LAST_NAME = CASE
                WHEN CONCAT(address.FST_NAM, address.LST_NAM) <> N'' THEN address.LST_NAM
                WHEN address.NAM <> address.COMPANY THEN address.NAM
                ELSE N''
            END,
            address.COMPANY,
            address.ADRS_1,
            address.ADRS_2,
            address.CITY,
            address.STATE,
            address.ZIP_COD,
            address.CNTRY,
            address.PHONE,
            HAS_ADDRESS = CASE WHEN CONCAT(address.ADRS_1, address.CITY, address.ZIP_COD) <> N'' THEN 1 ELSE 0 END
        FROM dbo.fn_ErpAddress(@PERSON_JSON) AS address
        WHERE address.KIND = 'BILL'
    ) AS held
    CROSS APPLY
    (
        VALUES
            (1, 'name', 'FirstName', held.FST_NAM, customer.FirstName),
            (2, 'name', 'LastName', held.LAST_NAME, customer.LastName),
            (3, 'name', 'Company', held.COMPANY, customer.Company),
            (4, 'address', 'Address', held.ADRS_1, customer.Address),
            (5, 'address', 'Address2', held.ADRS_2, customer.Address2),
            (6, 'address', 'City', held.CITY, customer.City),
            (7, 'address', 'State', held.STATE, customer.State),
            (8, 'address', 'Zip', held.ZIP_COD, customer.Zip),
            (9, 'address', 'Country', held.CNTRY, customer.Country),
            (10, 'telephone', 'PhoneNumber', held.PHONE, customer.PhoneNumber),
            (11, 'e-mail', 'EmailAddress', CONVERT(nvarchar(250), @EMAIL), customer.EmailAddress)
    ) AS field (POSITION_NO, PART, FIELD, WANTED, THERE)
);
GO
