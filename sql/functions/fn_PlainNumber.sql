SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_PlainNumber
    A tracking number as carriers print and take it: in capitals, without blanks and invisible marks, such as a paste brings along.

Used by      each ERP's parcels
Returns      the number; '' where nothing is left
Example      SELECT NUMBER = dbo.fn_PlainNumber(N' 1z 999 aa1 ');
*/
CREATE OR ALTER FUNCTION dbo.fn_PlainNumber
(
    @TEXT nvarchar(200)
)
RETURNS nvarchar(200)
AS
BEGIN
    DECLARE
        @NUMBER nvarchar(200) = N'',
        @LENGTH int = LEN(CONCAT(@TEXT, N'.')) - 1,
        @PLACE int = 1,
        @CODE int;

    WHILE @PLACE <= @LENGTH
    BEGIN
        SET @CODE = UNICODE(SUBSTRING(@TEXT, @PLACE, 1));

        /* Unicode's separators, controls, and marks of format. */
        IF NOT
        (
            @CODE <= 32
            OR @CODE BETWEEN 127 AND 160
            OR @CODE IN (173, 1564, 1757, 1807, 5760, 6158, 8239, 12288, 65279)
            OR @CODE BETWEEN 8192 AND 8207
            OR @CODE BETWEEN 8232 AND 8238
            OR @CODE BETWEEN 8287 AND 8303
            OR @CODE BETWEEN 65529 AND 65531
        )
        BEGIN
            SET @NUMBER = CONCAT(@NUMBER, SUBSTRING(@TEXT, @PLACE, 1));
        END;

        SET @PLACE = @PLACE + 1;
    END;

    RETURN UPPER(@NUMBER);
END;
GO
