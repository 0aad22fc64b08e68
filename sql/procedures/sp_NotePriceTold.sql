SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_NotePriceTold
    Notes what a store was told of items' prices, and what it refused.

Called by    syncctl price push
Parameters   @STORE_ID; @TOLD a JSON array of {"PRODUCT_ID", "REGULAR", "SALE", "SALE_FROM_DT", "SALE_TO_DT"} for what it took, moments in UTC,
             {"PRODUCT_ID", "ERROR"} for what it refused; {"PRODUCT_ID", "IS_LEFT": 1} for what it isn't told of any more: when it was
             told last, and what it refused, is forgotten
Returns      one row: TOOK, REFUSED
Errors       50001 bad argument
Locks        the items' rows
Repeatable   yes
Note         What was refused is tried again after 15 minutes, then half an hour, and so on up to a day, whatever its price is by then.
Example      EXECUTE dbo.sp_NotePriceTold @STORE_ID = 'woocommerce', @TOLD = N'[{"PRODUCT_ID":7,"REGULAR":"19.99"}]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_NotePriceTold
    @STORE_ID varchar(50),
    @TOLD nvarchar(max),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ANSWER table
    (
        PRODUCT_ID bigint NOT NULL PRIMARY KEY,
        REGULAR decimal(15, 4) NULL,
        SALE decimal(15, 4) NULL,
        SALE_FROM_DT datetime2(3) NULL,
        SALE_TO_DT datetime2(3) NULL,
        ERROR_MESSAGE nvarchar(500) NULL,
        IS_LEFT bit NOT NULL
    );

    IF COALESCE(ISJSON(@TOLD), 0) = 0 OR LEFT(LTRIM(@TOLD), 1) <> N'['
    BEGIN
        THROW 50001, N'@TOLD takes a JSON array.', 1;
    END;

    INSERT INTO @ANSWER
    (
        PRODUCT_ID, REGULAR, SALE, SALE_FROM_DT, SALE_TO_DT, ERROR_MESSAGE, IS_LEFT
    )
    SELECT
        told.PRODUCT_ID,
        MAX(TRY_CONVERT(decimal(15, 4), told.REGULAR)),
        MAX(TRY_CONVERT(decimal(15, 4), told.SALE)),
        MAX(TRY_CONVERT(datetime2(3), told.SALE_FROM_DT)),
        MAX(TRY_CONVERT(datetime2(3), told.SALE_TO_DT)),
        MAX(told.ERROR),
        MAX(COALESCE(told.IS_LEFT, 0))
    FROM OPENJSON(@TOLD)
    WITH
    (
        PRODUCT_ID bigint '$.PRODUCT_ID',
        REGULAR nvarchar(50) '$.REGULAR',
        SALE nvarchar(50) '$.SALE',
        SALE_FROM_DT nvarchar(50) '$.SALE_FROM_DT',
        SALE_TO_DT nvarchar(50) '$.SALE_TO_DT',
        ERROR nvarchar(500) '$.ERROR',
        IS_LEFT int '$.IS_LEFT'
    ) AS told
    WHERE told.PRODUCT_ID IS NOT NULL
    GROUP BY
        told.PRODUCT_ID;

    UPDATE
        item
    SET
        STORE_REGULAR = CASE WHEN answer.ERROR_MESSAGE IS NULL THEN answer.REGULAR ELSE item.STORE_REGULAR END,
        STORE_SALE = CASE WHEN answer.ERROR_MESSAGE IS NULL THEN answer.SALE ELSE item.STORE_SALE END,
        STORE_SALE_FROM_DT = CASE WHEN answer.ERROR_MESSAGE IS NULL THEN answer.SALE_FROM_DT ELSE item.STORE_SALE_FROM_DT END,
        STORE_SALE_TO_DT = CASE WHEN answer.ERROR_MESSAGE IS NULL THEN answer.SALE_TO_DT ELSE item.STORE_SALE_TO_DT END,
        PRICE_TOLD_DT = CASE WHEN answer.ERROR_MESSAGE IS NULL THEN @NOW ELSE item.PRICE_TOLD_DT END,
        PRICE_ATTEMPT_NO = CASE WHEN answer.ERROR_MESSAGE IS NULL THEN 0 ELSE item.PRICE_ATTEMPT_NO + 1 END,
        PRICE_NEXT_ATTEMPT_DT = CASE
            WHEN answer.ERROR_MESSAGE IS NULL THEN NULL
            WHEN item.PRICE_ATTEMPT_NO >= 6 THEN DATEADD(MINUTE, 1440, @NOW)
            ELSE DATEADD(MINUTE, 15 * POWER(2, item.PRICE_ATTEMPT_NO), @NOW)
        END,
        PRICE_ERROR_MESSAGE = answer.ERROR_MESSAGE
    FROM dbo.USER_STORE_ITEM AS item
    INNER JOIN @ANSWER AS answer
        ON answer.PRODUCT_ID = item.PRODUCT_ID
    WHERE item.STORE_ID = @STORE_ID
    AND   answer.IS_LEFT = 0;

    UPDATE
        item
    SET
        PRICE_TOLD_DT = NULL,
        PRICE_ATTEMPT_NO = 0,
        PRICE_NEXT_ATTEMPT_DT = NULL,
        PRICE_ERROR_MESSAGE = NULL
    FROM dbo.USER_STORE_ITEM AS item
    INNER JOIN @ANSWER AS answer
        ON answer.PRODUCT_ID = item.PRODUCT_ID
    WHERE item.STORE_ID = @STORE_ID
    AND   answer.IS_LEFT = 1;

    SELECT
        TOOK = COUNT(CASE WHEN answer.ERROR_MESSAGE IS NULL THEN 1 END),
        REFUSED = COUNT(answer.ERROR_MESSAGE)
    FROM @ANSWER AS answer
    WHERE answer.IS_LEFT = 0;
END;
GO
