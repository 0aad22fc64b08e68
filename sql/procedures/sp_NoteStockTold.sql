SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_NoteStockTold
    Notes what a store was told of items' stock, and what it refused.

Called by    syncctl stock push
Parameters   @STORE_ID; @TOLD a JSON array of {"PRODUCT_ID", "QTY"} for what it took, {"PRODUCT_ID", "ERROR"} for what it refused;
             with "DOUBTED", the item's DOUBTED_DT when that was reckoned: a later doubt stays; {"PRODUCT_ID", "IS_LEFT": 1} for what it
             isn't told of any more: when it was told last, and what it refused, is forgotten
Returns      one row: TOOK, REFUSED
Errors       50001 bad argument
Locks        the items' rows
Repeatable   yes
Note         What was refused is tried again after 15 minutes, then half an hour, and so on up to a day, whatever its stock is by then.
Example      EXECUTE dbo.sp_NoteStockTold @STORE_ID = 'woocommerce', @TOLD = N'[{"PRODUCT_ID":7,"QTY":3}]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_NoteStockTold
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
        QTY decimal(15, 4) NULL,
        DOUBTED_DT datetime2(3) NULL,
        ERROR_MESSAGE nvarchar(500) NULL,
        IS_LEFT bit NOT NULL
    );

    IF COALESCE(ISJSON(@TOLD), 0) = 0 OR LEFT(LTRIM(@TOLD), 1) <> N'['
    BEGIN
        THROW 50001, N'@TOLD takes a JSON array.', 1;
    END;

    INSERT INTO @ANSWER
    (
        PRODUCT_ID, QTY, DOUBTED_DT, ERROR_MESSAGE, IS_LEFT
    )
    SELECT
        told.PRODUCT_ID,
        MAX(TRY_CONVERT(decimal(15, 4), told.QTY)),
        MIN(TRY_CONVERT(datetime2(3), told.DOUBTED)),
        MAX(told.ERROR),
        MAX(COALESCE(told.IS_LEFT, 0))
    FROM OPENJSON(@TOLD)
    WITH
    (
        PRODUCT_ID bigint '$.PRODUCT_ID',
        QTY nvarchar(50) '$.QTY',
        DOUBTED nvarchar(50) '$.DOUBTED',
        ERROR nvarchar(500) '$.ERROR',
        IS_LEFT int '$.IS_LEFT'
    ) AS told
    WHERE told.PRODUCT_ID IS NOT NULL
    GROUP BY
        told.PRODUCT_ID;

    UPDATE
        item
    SET
        STORE_QTY = CASE WHEN answer.ERROR_MESSAGE IS NULL THEN answer.QTY ELSE item.STORE_QTY END,
        DOUBTED_DT = CASE
            WHEN answer.ERROR_MESSAGE IS NOT NULL OR answer.DOUBTED_DT IS NULL OR item.DOUBTED_DT > answer.DOUBTED_DT THEN item.DOUBTED_DT
        END,
        TOLD_DT = CASE WHEN answer.ERROR_MESSAGE IS NULL THEN @NOW ELSE item.TOLD_DT END,
        ATTEMPT_NO = CASE WHEN answer.ERROR_MESSAGE IS NULL THEN 0 ELSE item.ATTEMPT_NO + 1 END,
        NEXT_ATTEMPT_DT = CASE
            WHEN answer.ERROR_MESSAGE IS NULL THEN NULL
            WHEN item.ATTEMPT_NO >= 6 THEN DATEADD(MINUTE, 1440, @NOW)
            ELSE DATEADD(MINUTE, 15 * POWER(2, item.ATTEMPT_NO), @NOW)
        END,
        ERROR_MESSAGE = answer.ERROR_MESSAGE
    FROM dbo.USER_STORE_ITEM AS item
    INNER JOIN @ANSWER AS answer
        ON answer.PRODUCT_ID = item.PRODUCT_ID
    WHERE item.STORE_ID = @STORE_ID
    AND   answer.IS_LEFT = 0;

    UPDATE
        item
    SET
        TOLD_DT = NULL,
        ATTEMPT_NO = 0,
        NEXT_ATTEMPT_DT = NULL,
        ERROR_MESSAGE = NULL
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
