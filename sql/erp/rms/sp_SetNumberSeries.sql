SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetNumberSeries
    Sets the number series of account numbers; what isn't given stays as it is.

Called by    syncctl config erp series
Parameters   @SERIES CUST_NO; @PREFIX, @WIDTH, @NEXT_NO
Returns      the series as it is now: SERIES, PREFIX, WIDTH, NEXT_NO, DESCR
Errors       50001 RMS couldn't hold its numbers; 50004 there is no such series
Locks        the series
Repeatable   yes
Example      EXECUTE dbo.sp_SetNumberSeries @SERIES = 'CUST_NO', @PREFIX = 'W';
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
        @IS_NEW bit = 1;

    IF @SERIES <> 'CUST_NO'
    BEGIN
        SET @MESSAGE = CONCAT(N'No number series is called ', @SERIES, N'; there is CUST_NO.');
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

        SET @WIDTH = COALESCE(@WIDTH, 8);
        SET @NEXT_NO = COALESCE(@NEXT_NO, 1);
        SET @ERRORS = RTRIM(CONCAT
        (
            CASE WHEN COALESCE(@PREFIX, '') = '' THEN N'@PREFIX is required: the series has none yet. ' END,
            CASE WHEN @WIDTH NOT BETWEEN 1 AND 15 THEN N'@WIDTH takes 1 to 15. ' END,
            CASE WHEN @NEXT_NO < 1 THEN N'@NEXT_NO takes 1 and above. ' END,
            CASE WHEN LEN(@PREFIX) + @WIDTH > 15 OR LEN(@PREFIX) + LEN(CONVERT(varchar(20), @NEXT_NO)) > 15
                THEN N'@PREFIX and the number behind it are at most 15 characters long in the ERP. ' END
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
                @SERIES, @PREFIX, @WIDTH, @NEXT_NO, N'Customers made from web orders'
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
