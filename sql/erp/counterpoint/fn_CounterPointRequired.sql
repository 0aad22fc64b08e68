SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_CounterPointRequired
    Columns of a document's tables that take no NULL at this site, and do at the trial ERP; each with what goes there where an
    order has nothing for it.

Used by      sp_SetDepositModel
Returns      TABLE_NAME, COLUMN_NAME, VALUE: what `config erp column` gave, else nothing as a text or a number has it; NULL where nobody said so
Note         A deploy writes the site's own columns: a login that may only execute sees none of them.
Example      SELECT required.* FROM dbo.fn_CounterPointRequired() AS required;
*/
CREATE OR ALTER FUNCTION dbo.fn_CounterPointRequired
(
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        required.TABLE_NAME,
        required.COLUMN_NAME,
        required.VALUE
    FROM
    (
        VALUES
            /* For each column that takes no NULL of tables like PS_DOC_%: */
            (CONVERT(varchar(128), ''), CONVERT(varchar(128), ''), CONVERT(nvarchar(1000), NULL))
            /* End. */
    ) AS required (TABLE_NAME, COLUMN_NAME, VALUE)
    WHERE required.TABLE_NAME <> ''
);
GO
