SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_LostLetters
    The letters of a text that a column of a code page has something else for: ?, or a letter that looks alike.

Used by      sp_CheckOrder, and each ERP's notes
Parameters   @TEXT whole; @HELD what the column has, read back, cut or not; @RAW its bytes
Returns      each letter once, in order; '' where nothing is lost
Note         A letter that needs two places (an emoji) is told as often as it stands there. The bytes are looked at for engines that read
             back what they would have lost: in a page of one byte a letter, a ? that stands for none.
Example      SELECT LETTERS = dbo.fn_LostLetters(N'Łódź', N'?ód?', 0x3FF3643F);
*/
CREATE OR ALTER FUNCTION dbo.fn_LostLetters
(
    @TEXT nvarchar(4000),
    @HELD nvarchar(4000),
    @RAW varbinary(8000)
)
RETURNS nvarchar(4000)
AS
BEGIN
    DECLARE
        @LETTERS nvarchar(4000) = N'',
        @LETTER nvarchar(2),
        @LENGTH int = LEN(CONCAT(@HELD, N'.')) - 1,
        @BY_BYTE bit,
        @PLACE int = 1;

    SET @BY_BYTE = CASE WHEN DATALENGTH(@RAW) = @LENGTH THEN 1 ELSE 0 END;

    WHILE @PLACE <= @LENGTH
    BEGIN
        SET @LETTER = SUBSTRING(@TEXT, @PLACE, 1);

        IF
        (
            @LETTER COLLATE Latin1_General_BIN2 <> SUBSTRING(@HELD, @PLACE, 1)
            OR (@BY_BYTE = 1 AND SUBSTRING(@RAW, @PLACE, 1) = 0x3F AND @LETTER COLLATE Latin1_General_BIN2 <> N'?')
        )
        AND
        (
            UNICODE(@LETTER) BETWEEN 55296 AND 57343
            OR UNICODE(@LETTER) > 65535
            OR CHARINDEX(@LETTER COLLATE Latin1_General_BIN2, @LETTERS) = 0
        )
        BEGIN
            SET @LETTERS = CONCAT(@LETTERS, @LETTER);
        END;

        SET @PLACE = @PLACE + 1;
    END;

    RETURN @LETTERS;
END;
GO
