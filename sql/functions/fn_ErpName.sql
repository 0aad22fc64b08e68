SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpName
    What people call the ERP that this database belongs to, as its folder of SQL has recorded it (USER_ERP_SETTING, ERP_NAME).

Used by      every procedure that says something about a document to a person or to the store
Returns      one row: ERP_NAME
Example      SELECT erp.ERP_NAME FROM dbo.fn_ErpName() AS erp;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpName
(
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        ERP_NAME = COALESCE(MAX(setting.VALUE), N'the ERP')
    FROM dbo.USER_ERP_SETTING AS setting
    WHERE setting.NAME = 'ERP_NAME'
);
GO
