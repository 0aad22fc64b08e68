SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_Violations
    What sp_CheckOrder found, as rows.

Used by      sp_ValidateStagedOrder, sp_ProcessStagedOrder
Parameters   @VIOLATIONS: its JSON array, or NULL
Returns      POSITION_NO from 0; CODE, FIELD, VALUE, MESSAGE, SEVERITY
Example      SELECT found.* FROM dbo.fn_Violations(N'[{"CODE":"total","FIELD":"TOT_AMT","MESSAGE":"…","SEVERITY":"error"}]') AS found;
*/
CREATE OR ALTER FUNCTION dbo.fn_Violations
(
    @VIOLATIONS nvarchar(max)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        POSITION_NO = CONVERT(int, violation.[key]),
        CODE = CONVERT(varchar(50), MAX(CASE WHEN part.[key] = N'CODE' THEN part.value END)),
        FIELD = CONVERT(varchar(50), MAX(CASE WHEN part.[key] = N'FIELD' THEN part.value END)),
        VALUE = CONVERT(nvarchar(500), MAX(CASE WHEN part.[key] = N'VALUE' THEN part.value END)),
        MESSAGE = CONVERT(nvarchar(500), MAX(CASE WHEN part.[key] = N'MESSAGE' THEN part.value END)),
        SEVERITY = CONVERT(varchar(20), MAX(CASE WHEN part.[key] = N'SEVERITY' THEN part.value END))
    FROM OPENJSON(COALESCE(@VIOLATIONS, N'[]')) AS violation
    CROSS APPLY OPENJSON(violation.value) AS part
    GROUP BY
        violation.[key]
);
GO
