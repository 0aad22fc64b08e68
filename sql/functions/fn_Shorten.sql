SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_Shorten
    As much of a text as a column takes, cut between whole characters: no half of a letter that takes two places, no letter without its
    accent, no part of a joined emoji.

Used by      each ERP's functions that cut texts to its columns
Parameters   @TEXT; @WIDTH of the column
Returns      the text, or its beginning without the blank that may then stand at its end
Example      SELECT dbo.fn_Shorten(N'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch', 20);
*/
CREATE OR ALTER FUNCTION dbo.fn_Shorten
(
    @TEXT nvarchar(4000),
    @WIDTH int
)
RETURNS nvarchar(4000)
AS
BEGIN
    DECLARE
        @LENGTH int = @WIDTH,
        @NEXT int,
        @SECOND int;

    IF LEN(@TEXT) <= @WIDTH
    BEGIN
        RETURN @TEXT;
    END;

    WHILE @LENGTH > 0
    BEGIN
        SET @NEXT = UNICODE(SUBSTRING(@TEXT, @LENGTH + 1, 1));
        SET @SECOND = UNICODE(SUBSTRING(@TEXT, @LENGTH + 2, 1));

        /* Second halves, accents, joiners and what they join, variants, skin tones. */
        IF @NEXT BETWEEN 56320 AND 57343
        OR @NEXT BETWEEN 768 AND 879
        OR @NEXT BETWEEN 8400 AND 8447
        OR @NEXT BETWEEN 65024 AND 65071
        OR @NEXT BETWEEN 127995 AND 127999
        OR @NEXT = 8205
        OR UNICODE(SUBSTRING(@TEXT, @LENGTH, 1)) = 8205
        OR (@NEXT = 55356 AND @SECOND BETWEEN 57339 AND 57343)
        BEGIN
            SET @LENGTH = @LENGTH - 1;
        END;
        ELSE
        BEGIN
            BREAK;
        END;
    END;

    RETURN RTRIM(LEFT(@TEXT, @LENGTH));
END;
GO
