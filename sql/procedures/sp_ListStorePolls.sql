SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListStorePolls
    Every store that the database knows, from a walk or from a staged order, and how it stands with being polled.

Called by    syncctl health
Returns      STORE_ID, FINISHED_DT (when a walk through its orders last came to its end), SINCE_DT and LAST_ID (of one under way),
             UPDATED_DT (when that one last got on), by name; nothing but the name for a store that was never polled
Errors       none
Locks        none beyond the read
Repeatable   yes
Note         The stores among the staged orders are found by going from one name to the next in the index, not by reading every order.
Example      EXECUTE dbo.sp_ListStorePolls;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListStorePolls
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @STORE_ID varchar(50) = '';
    DECLARE @STORE table
    (
        STORE_ID varchar(50) NOT NULL PRIMARY KEY
    );

    INSERT INTO @STORE
    (
        STORE_ID
    )
    SELECT DISTINCT
        walk.STORE_ID
    FROM dbo.USER_SYNC_WALK AS walk;

    WHILE @STORE_ID IS NOT NULL
    BEGIN
        SET @STORE_ID =
        (
            SELECT
                MIN(staged.STORE_ID)
            FROM dbo.USER_ORDER_STAGING AS staged
            WHERE staged.STORE_ID > @STORE_ID
            AND   staged.DUPLICATE_OF_ID IS NULL
        );

        INSERT INTO @STORE
        (
            STORE_ID
        )
        SELECT
            @STORE_ID
        WHERE @STORE_ID IS NOT NULL
        AND   NOT EXISTS (SELECT 1 FROM @STORE AS known WHERE known.STORE_ID = @STORE_ID);
    END;

    SELECT
        store.STORE_ID,
        walk.FINISHED_DT,
        walk.SINCE_DT,
        walk.LAST_ID,
        walk.UPDATED_DT
    FROM @STORE AS store
    LEFT JOIN dbo.USER_SYNC_WALK AS walk
        ON  walk.STORE_ID = store.STORE_ID
        AND walk.WALK_NAME = 'orders'
    ORDER BY
        store.STORE_ID;
END;
GO
