SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_PassingErrors
    The errors of SQL Server after which another try may succeed: deadlocks, locks that took too long, a server short of memory.

Used by      sp_ApplyCustomers, which judges a line's error where it happens. The program's own list is in db/sqlserver_errors.py.
Returns      ERROR_NO
Example      SELECT passing.ERROR_NO FROM dbo.fn_PassingErrors() AS passing;
*/
CREATE OR ALTER FUNCTION dbo.fn_PassingErrors()
RETURNS TABLE
AS
RETURN
(
    SELECT
        known.ERROR_NO
    FROM
    (
        VALUES
            (1205), (3960), (1222), (1204), (40501), (49918), (49919), (49920), (10928), (10929), (10936), (701), (8645), (8651)
    ) AS known (ERROR_NO)
);
GO
