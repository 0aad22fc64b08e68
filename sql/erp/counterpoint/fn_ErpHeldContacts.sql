SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpHeldContacts
    The contacts that a document has now, 1 whom to bill and 2 where to ship, as text.

Used by      sp_WriteOrderContacts, sp_WriteOrderNotes
Returns      a row each: CONTACT_ID, PART (BILL-TO, SHIP-TO), CONTENT: what a person may correct, a line each (as fn_ErpContacts
             makes it from an order)
Example      SELECT held.CONTENT FROM dbo.fn_ErpHeldContacts(101000000001) AS held;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpHeldContacts
(
    @DOC_ID bigint
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        contact.CONTACT_ID,
        PART = CASE contact.CONTACT_ID WHEN 1 THEN 'BILL-TO' ELSE 'SHIP-TO' END,
        CONTENT = CONVERT(nvarchar(max), CONCAT
        (
            contact.NAM, NCHAR(10), contact.FST_NAM, NCHAR(10), contact.LST_NAM, NCHAR(10), contact.ADRS_1, NCHAR(10), contact.ADRS_2,
            NCHAR(10), contact.ADRS_3, NCHAR(10), contact.CITY, NCHAR(10), contact.STATE, NCHAR(10), contact.ZIP_COD, NCHAR(10),
            contact.CNTRY, NCHAR(10), contact.PHONE_1, NCHAR(10), contact.EMAIL_ADRS_1
        ))
    FROM dbo.PS_DOC_CONTACT AS contact
    WHERE contact.DOC_ID = @DOC_ID
    AND   contact.CONTACT_ID BETWEEN 1 AND 2
);
GO
