SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_STORE_PUSH
    How each store stands with being told of its stock (and of whatever else is pushed to it): when a push last came to its end, since
    when one is held until a person has looked, and what was left alone and why. One row for a store and a kind.

Repeatable   yes: each step looks first
*/
IF OBJECT_ID(N'dbo.USER_STORE_PUSH', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_STORE_PUSH
    (
        STORE_ID varchar(50) NOT NULL,
        KIND varchar(20) NOT NULL,
        TRIED_DT datetime2(3) NULL,
        ENDED_DT datetime2(3) NULL,
        HELD_DT datetime2(3) NULL,
        HELD_WHY varchar(20) NULL,
        HELD_MESSAGE nvarchar(500) NULL,
        ITEM_COUNT int NULL,
        CHANGE_COUNT int NULL,
        LEFT_JSON nvarchar(max) NULL,
        CONSTRAINT PK_USER_STORE_PUSH PRIMARY KEY CLUSTERED (STORE_ID, KIND)
    );

    INSERT INTO dbo.USER_STORE_PUSH
    (
        STORE_ID, KIND, TRIED_DT, ENDED_DT
    )
    SELECT
        told.STORE_ID,
        'stock',
        told.ENDED_DT,
        told.ENDED_DT
    FROM
    (
        SELECT
            item.STORE_ID,
            ENDED_DT = COALESCE
            (
                (
                    SELECT
                        CONVERT(datetime2(3), MAX(run.END_TIME))
                    FROM dbo.USER_SYNC_LOG AS run
                    WHERE run.OPERATION_TYPE = 'stock push'
                    AND   run.EXIT_CODE = 0
                    AND   run.DRY_RUN = 0
                ),
                MAX(item.TOLD_DT)
            )
        FROM dbo.USER_STORE_ITEM AS item
        WHERE item.TOLD_DT IS NOT NULL
        GROUP BY
            item.STORE_ID
    ) AS told;
END;
GO
