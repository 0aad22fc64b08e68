SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
Procedures of the ERP's side that go by another name now
    Taken away where the journal says that a deploy made them; one of the site's own of the same name stays.

Repeatable   yes: each step looks first
*/
IF EXISTS (SELECT 1 FROM dbo.USER_SCHEMA_JOURNAL AS journal WHERE journal.SCRIPT LIKE 'erp/%/sp_FollowOrderPayment.sql')
BEGIN
    DROP PROCEDURE IF EXISTS dbo.sp_FollowOrderPayment;
    DELETE FROM dbo.USER_SCHEMA_JOURNAL WHERE SCRIPT LIKE 'erp/%/sp_FollowOrderPayment.sql';
END;
GO
IF EXISTS (SELECT 1 FROM dbo.USER_SCHEMA_JOURNAL AS journal WHERE journal.SCRIPT LIKE 'erp/%/sp_MoveQtyOnSo.sql')
BEGIN
    DROP PROCEDURE IF EXISTS dbo.sp_MoveQtyOnSo;
    DELETE FROM dbo.USER_SCHEMA_JOURNAL WHERE SCRIPT LIKE 'erp/%/sp_MoveQtyOnSo.sql';
END;
GO
IF EXISTS (SELECT 1 FROM dbo.USER_SCHEMA_JOURNAL AS journal WHERE journal.SCRIPT LIKE 'erp/%/sp_ReturnQtyOnSo.sql')
BEGIN
    DROP PROCEDURE IF EXISTS dbo.sp_ReturnQtyOnSo;
    DELETE FROM dbo.USER_SCHEMA_JOURNAL WHERE SCRIPT LIKE 'erp/%/sp_ReturnQtyOnSo.sql';
END;
GO
