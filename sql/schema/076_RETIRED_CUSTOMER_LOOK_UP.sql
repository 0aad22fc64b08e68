SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
sp_FindErpCustomer
    An earlier version's look-up of one customer by e-mail; fn_ErpCustomers names them all. Taken away where the journal says that a
    deploy made it; one of the site's own of the same name stays.

Repeatable   yes: it looks first
*/
IF EXISTS (SELECT 1 FROM dbo.USER_SCHEMA_JOURNAL AS journal WHERE journal.SCRIPT LIKE 'erp/%/sp_FindErpCustomer.sql')
BEGIN
    DROP PROCEDURE IF EXISTS dbo.sp_FindErpCustomer;
    DELETE FROM dbo.USER_SCHEMA_JOURNAL WHERE SCRIPT LIKE 'erp/%/sp_FindErpCustomer.sql';
END;
GO
