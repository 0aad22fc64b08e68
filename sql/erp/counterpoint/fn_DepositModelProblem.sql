SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_DepositModelProblem
    Whether there is a model of a deposit ticket.

Used by      fn_MissingErpSettings, sp_CheckErpSetting
Returns      no row where there is, else one with PROBLEM
Example      SELECT model.PROBLEM FROM dbo.fn_DepositModelProblem() AS model;
*/
CREATE OR ALTER FUNCTION dbo.fn_DepositModelProblem
(
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        PROBLEM = CONVERT(nvarchar(500), N'none was read yet')
    WHERE NOT EXISTS (SELECT 1 FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'DEPOSIT_MODEL' AND setting.VALUE <> N'')
    OR    NOT EXISTS (SELECT 1 FROM dbo.USER_DEPOSIT_MODEL AS model WHERE model.PART = 'TICKET' AND model.TABLE_NAME = 'PS_DOC_HDR')
);
GO
