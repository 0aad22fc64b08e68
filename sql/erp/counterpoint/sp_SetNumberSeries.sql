SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetNumberSeries
    Sets a series that documents, tickets or customers take their numbers from, or changes it. What isn't named stays; of a new series
    WIDTH is 9 for DOC_ID, 6 for the others, and NEXT_NO 1.

Called by    syncctl config erp series
Parameters   @SERIES DOC_ID, TKT_NO or CUST_NO; @PREFIX what each number begins with (of DOC_ID: digits); @WIDTH digits behind it;
             @NEXT_NO the next number
Returns      the row as it is now: SERIES, PREFIX, WIDTH, NEXT_NO, DESCR
Errors       50001 a value out of its range, or numbers too long for the ERP; 50004 no such series
Locks        the series' row
Repeatable   yes
Note         A number that is taken is passed over (sp_NextNumber), so that no value of NEXT_NO makes a document twice.
Example      EXECUTE dbo.sp_SetNumberSeries @SERIES = 'DOC_ID', @PREFIX = '103';
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetNumberSeries
    @SERIES varchar(20),
    @PREFIX varchar(10) = NULL,
    @WIDTH int = NULL,
    @NEXT_NO bigint = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MESSAGE nvarchar(2000),
        @ERRORS nvarchar(2000),
        @WIDEST int = CASE @SERIES WHEN 'DOC_ID' THEN 18 ELSE 15 END,
        @IS_NEW bit = 1;

    IF @SERIES NOT IN ('DOC_ID', 'TKT_NO', 'CUST_NO')
    BEGIN
        SET @MESSAGE = CONCAT(N'No number series is called ', @SERIES, N'; there are DOC_ID, TKT_NO and CUST_NO.');
        THROW 50004, @MESSAGE, 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        SELECT
            @IS_NEW = 0,
            @PREFIX = COALESCE(@PREFIX, series.PREFIX),
            @WIDTH = COALESCE(@WIDTH, series.WIDTH),
            @NEXT_NO = COALESCE(@NEXT_NO, series.NEXT_NO)
        FROM dbo.USER_NUMBER_SERIES AS series WITH (UPDLOCK, HOLDLOCK)
        WHERE series.SERIES = @SERIES;

        SET @WIDTH = COALESCE(@WIDTH, CASE @SERIES WHEN 'DOC_ID' THEN 9 ELSE 6 END);
        SET @NEXT_NO = COALESCE(@NEXT_NO, 1);
        SET @ERRORS = RTRIM(CONCAT
        (
            CASE WHEN COALESCE(@PREFIX, '') = '' THEN N'@PREFIX is required: the series has none yet. ' END,
            CASE WHEN @SERIES = 'DOC_ID' AND (@PREFIX LIKE '%[^0-9]%' OR @PREFIX LIKE '0%')
                THEN N'@PREFIX takes digits, of which the first is not 0: a document''s id is a number. ' END,
            CASE WHEN @WIDTH NOT BETWEEN 1 AND @WIDEST THEN CONCAT(N'@WIDTH takes 1 to ', @WIDEST, N'. ') END,
            CASE WHEN @NEXT_NO < 1 THEN N'@NEXT_NO takes 1 and above. ' END,
            CASE WHEN LEN(@PREFIX) + @WIDTH > @WIDEST OR LEN(@PREFIX) + LEN(CONVERT(varchar(20), @NEXT_NO)) > @WIDEST
                THEN CONCAT(N'@PREFIX and the number behind it are at most ', @WIDEST, N' characters long in the ERP. ') END
        ));

        IF @ERRORS <> N''
        BEGIN
            THROW 50001, @ERRORS, 1;
        END;

        IF @IS_NEW = 1
        BEGIN
            INSERT INTO dbo.USER_NUMBER_SERIES
            (
                SERIES, PREFIX, WIDTH, NEXT_NO, DESCR
            )
            VALUES
            (
                @SERIES,
                @PREFIX,
                @WIDTH,
                @NEXT_NO,
                CASE @SERIES WHEN 'CUST_NO' THEN N'Customers made from web orders' ELSE N'Prefix and a number of WIDTH digits' END
            );
        END;
        ELSE
        BEGIN
            UPDATE
                dbo.USER_NUMBER_SERIES
            SET
                PREFIX = @PREFIX,
                WIDTH = @WIDTH,
                NEXT_NO = @NEXT_NO
            WHERE SERIES = @SERIES;
        END;

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;

        THROW;
    END CATCH;

    SELECT
        series.SERIES,
        series.PREFIX,
        series.WIDTH,
        series.NEXT_NO,
        series.DESCR
    FROM dbo.USER_NUMBER_SERIES AS series
    WHERE series.SERIES = @SERIES;
END;
GO
