SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ClaimStagedOrders
    Leases up to @BATCH_SIZE orders to one worker for @LEASE_SECONDS: what never failed first, then in the order in which they are due.

Called by    syncctl process, syncctl retry-failed
Returns      one row per claimed order: STAGING_ID, STORE_ID, WOO_ORDER_ID, WOO_ORDER_NO, PENDING_ACTION, ATTEMPT_NO, MAX_ATTEMPTS,
             LEASE_UNTIL_DT, IS_VALIDATED
Errors       50001 bad argument
Locks        the claimed rows for the length of this short transaction; rows locked by others are skipped
Repeatable   no: each call claims other rows
Note         @SCOPE: pending takes PENDING orders; failed takes FAILED ones that are due (all with @IGNORE_DUE); listed takes those of
             the JSON array @STAGING_IDS that are PENDING or FAILED, due or not. An order whose lease has run out (its worker died) is taken
             alike. Where it was in its worker's hands (IS_IN_HAND: the first of a claim; each of the others from the moment in which
             sp_ProcessStagedOrder comes to it), the lost run counts as an attempt; with no attempt left it goes to a person instead.
             One that waited behind another comes back as it was.
             With @WORKERS, of few orders no worker takes more than its share, so that the others have something to do.
             With @STORE_ID those of one store only: its settings may not fit another's. Those of the JSON array @PASSED are left out:
             this run has had them, so that one that fails doesn't keep the others from being taken.
             The predicate stands in the outer UPDATE too: two workers that read the same row can't both take it, whatever the
             engine does with the hints. Pending orders are read from the start of the index of what is open (IX_USER_ORDER_STAGING_DUE),
             failed ones from where they begin in that by state (IX_USER_ORDER_STAGING_STATE), however many are pending; listed ones by
             their ids. What is passed over in each is what others hold, or what is another store's.
Example      EXECUTE dbo.sp_ClaimStagedOrders @WORKER_ID = N'host-1234', @BATCH_SIZE = 50, @LEASE_SECONDS = 300;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ClaimStagedOrders
    @WORKER_ID nvarchar(100),
    @BATCH_SIZE int,
    @LEASE_SECONDS int = 300,
    @SCOPE varchar(20) = 'pending',
    @STAGING_IDS nvarchar(max) = NULL,
    @IGNORE_DUE bit = 0,
    @STORE_ID varchar(50) = NULL,
    @PASSED nvarchar(max) = NULL,
    @WORKERS int = 1,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@WORKER_ID, N'') IS NULL THEN N'@WORKER_ID is required. ' END,
        CASE WHEN @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 1000 THEN N'@BATCH_SIZE takes 1 to 1000. ' END,
        CASE WHEN @LEASE_SECONDS IS NULL OR @LEASE_SECONDS NOT BETWEEN 1 AND 86400 THEN N'@LEASE_SECONDS takes 1 to 86400. ' END,
        CASE WHEN @SCOPE IS NULL OR @SCOPE NOT IN ('pending', 'failed', 'listed') THEN N'@SCOPE takes pending, failed, listed. ' END,
        CASE WHEN @SCOPE = 'listed' AND COALESCE(ISJSON(@STAGING_IDS), 0) = 0 THEN N'@STAGING_IDS takes a JSON array with @SCOPE listed. ' END,
        CASE WHEN ISJSON(@PASSED) = 0 THEN N'@PASSED takes a JSON array. ' END,
        CASE WHEN @WORKERS IS NULL OR @WORKERS NOT BETWEEN 1 AND 1000 THEN N'@WORKERS takes 1 to 1000. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @LEASE_UNTIL_DT datetime2(3) = DATEADD(SECOND, @LEASE_SECONDS, @NOW);

    DECLARE @DUE_DT datetime2(3) = CASE WHEN @IGNORE_DUE = 1 THEN '99991231' ELSE @NOW END;

    DECLARE @OPEN_ORDERS int;

    DECLARE @LISTED table
    (
        STAGING_ID int NOT NULL PRIMARY KEY
    );

    DECLARE @LEFT_OUT table
    (
        STAGING_ID int NOT NULL PRIMARY KEY
    );

    DECLARE @EXPIRED table
    (
        STAGING_ID int NOT NULL PRIMARY KEY,
        LEASE_OWNER nvarchar(100) NULL,
        ATTEMPT_NO int NOT NULL,
        IS_IN_HAND bit NOT NULL
    );

    DECLARE @TAKEN table
    (
        STAGING_ID int NOT NULL PRIMARY KEY,
        ATTEMPT_NO int NOT NULL
    );

    BEGIN TRY
        IF @SCOPE = 'listed'
        BEGIN
            INSERT INTO @LISTED (STAGING_ID)
            SELECT DISTINCT
                TRY_CONVERT(int, element.[value])
            FROM OPENJSON(@STAGING_IDS) AS element
            WHERE TRY_CONVERT(int, element.[value]) IS NOT NULL;
        END;

        IF @PASSED IS NOT NULL
        BEGIN
            INSERT INTO @LEFT_OUT (STAGING_ID)
            SELECT DISTINCT
                TRY_CONVERT(int, element.[value])
            FROM OPENJSON(@PASSED) AS element
            WHERE TRY_CONVERT(int, element.[value]) IS NOT NULL;
        END;

        BEGIN TRANSACTION;

        EXECUTE dbo.sp_ReviewCrashedOrders
            @NOW = @NOW;

        IF @WORKERS > 1
        BEGIN
            SELECT
                @OPEN_ORDERS = COUNT(*)
            FROM
            (
                SELECT TOP (CASE WHEN @SCOPE = 'pending' THEN @BATCH_SIZE * @WORKERS ELSE 0 END)
                    pending.STAGING_ID
                FROM dbo.USER_ORDER_STAGING AS pending WITH (READPAST, READCOMMITTEDLOCK)
                WHERE pending.STATE = 'PENDING'
                AND   pending.DUPLICATE_OF_ID IS NULL
                AND   (@STORE_ID IS NULL OR pending.STORE_ID = @STORE_ID)
                UNION ALL
                SELECT TOP (CASE WHEN @SCOPE = 'failed' THEN @BATCH_SIZE * @WORKERS ELSE 0 END)
                    failed.STAGING_ID
                FROM dbo.USER_ORDER_STAGING AS failed WITH (READPAST, READCOMMITTEDLOCK)
                WHERE failed.STATE = 'FAILED'
                AND   (failed.NEXT_ATTEMPT_DT IS NULL OR failed.NEXT_ATTEMPT_DT <= @DUE_DT)
                AND   failed.DUPLICATE_OF_ID IS NULL
                AND   (@STORE_ID IS NULL OR failed.STORE_ID = @STORE_ID)
                UNION ALL
                SELECT TOP (@BATCH_SIZE * @WORKERS)
                    lost.STAGING_ID
                FROM dbo.USER_ORDER_STAGING AS lost WITH (READPAST, READCOMMITTEDLOCK)
                WHERE lost.STATE = 'CLAIMED'
                AND   lost.LEASE_UNTIL_DT <= @NOW
                AND   lost.DUPLICATE_OF_ID IS NULL
                AND   (@STORE_ID IS NULL OR lost.STORE_ID = @STORE_ID)
            ) AS waiting;

            SET @OPEN_ORDERS = CASE WHEN @OPEN_ORDERS > @BATCH_SIZE * @WORKERS THEN @BATCH_SIZE * @WORKERS ELSE @OPEN_ORDERS END;
            SET @BATCH_SIZE = CASE WHEN @OPEN_ORDERS > @WORKERS THEN (@OPEN_ORDERS + @WORKERS - 1) / @WORKERS ELSE 1 END;
        END;

        /* Whose runs were lost, for the story. Only what the UPDATE below takes at the very next attempt counts as lost. */
        INSERT INTO @EXPIRED (STAGING_ID, LEASE_OWNER, ATTEMPT_NO, IS_IN_HAND)
        SELECT
            held.STAGING_ID,
            held.LEASE_OWNER,
            held.ATTEMPT_NO,
            held.IS_IN_HAND
        FROM dbo.USER_ORDER_STAGING AS held WITH (READPAST, READCOMMITTEDLOCK)
        WHERE held.STATE = 'CLAIMED'
        AND   held.LEASE_UNTIL_DT <= @NOW;

        IF @SCOPE = 'pending'
        BEGIN
            UPDATE dbo.USER_ORDER_STAGING
            SET
                STATE = 'CLAIMED',
                LEASE_OWNER = @WORKER_ID,
                LEASE_UNTIL_DT = @LEASE_UNTIL_DT,
                ATTEMPT_NO = ATTEMPT_NO + CASE WHEN STATE = 'CLAIMED' AND IS_IN_HAND = 0 THEN 0 ELSE 1 END,
                IS_IN_HAND = 0,
                UPDATED_DT = @NOW
            OUTPUT
                inserted.STAGING_ID,
                inserted.ATTEMPT_NO
            INTO @TAKEN (STAGING_ID, ATTEMPT_NO)
            WHERE STAGING_ID IN
            (
                SELECT TOP (@BATCH_SIZE)
                    candidate.STAGING_ID
                FROM dbo.USER_ORDER_STAGING AS candidate WITH (ROWLOCK, UPDLOCK, READPAST, READCOMMITTEDLOCK)
                WHERE candidate.STATE IN ('PENDING', 'FAILED', 'CLAIMED')
                AND   (candidate.STATE = 'PENDING' OR (candidate.STATE = 'CLAIMED' AND candidate.LEASE_UNTIL_DT <= @NOW))
                AND   candidate.DUPLICATE_OF_ID IS NULL
                AND   (@STORE_ID IS NULL OR candidate.STORE_ID = @STORE_ID)
                AND   NOT EXISTS (SELECT 1 FROM @LEFT_OUT AS passed WHERE passed.STAGING_ID = candidate.STAGING_ID)
                ORDER BY
                    candidate.NEXT_ATTEMPT_DT,
                    candidate.STAGING_ID
            )
            AND   (STATE = 'PENDING' OR (STATE = 'CLAIMED' AND LEASE_UNTIL_DT <= @NOW))
            AND   DUPLICATE_OF_ID IS NULL
            AND   (@STORE_ID IS NULL OR STORE_ID = @STORE_ID);
        END
        ELSE
        BEGIN
            UPDATE dbo.USER_ORDER_STAGING
            SET
                STATE = 'CLAIMED',
                LEASE_OWNER = @WORKER_ID,
                LEASE_UNTIL_DT = @LEASE_UNTIL_DT,
                ATTEMPT_NO = ATTEMPT_NO + CASE WHEN STATE = 'CLAIMED' AND IS_IN_HAND = 0 THEN 0 ELSE 1 END,
                IS_IN_HAND = 0,
                UPDATED_DT = @NOW
            OUTPUT
                inserted.STAGING_ID,
                inserted.ATTEMPT_NO
            INTO @TAKEN (STAGING_ID, ATTEMPT_NO)
            WHERE STAGING_ID IN
            (
                SELECT TOP (@BATCH_SIZE)
                    candidate.STAGING_ID
                FROM
                (
                    SELECT
                        due.STAGING_ID,
                        due.NEXT_ATTEMPT_DT
                    FROM
                    (
                        SELECT TOP (CASE WHEN @SCOPE = 'failed' THEN @BATCH_SIZE ELSE 0 END)
                            failed.STAGING_ID,
                            failed.NEXT_ATTEMPT_DT
                        FROM dbo.USER_ORDER_STAGING AS failed WITH (ROWLOCK, UPDLOCK, READPAST, READCOMMITTEDLOCK)
                        WHERE failed.STATE = 'FAILED'
                        AND   (failed.NEXT_ATTEMPT_DT IS NULL OR failed.NEXT_ATTEMPT_DT <= @DUE_DT)
                        AND   failed.DUPLICATE_OF_ID IS NULL
                        AND   (@STORE_ID IS NULL OR failed.STORE_ID = @STORE_ID)
                        AND   NOT EXISTS (SELECT 1 FROM @LEFT_OUT AS passed WHERE passed.STAGING_ID = failed.STAGING_ID)
                        ORDER BY
                            failed.NEXT_ATTEMPT_DT,
                            failed.STAGING_ID
                    ) AS due
                    UNION ALL
                    SELECT
                        lost.STAGING_ID,
                        lost.NEXT_ATTEMPT_DT
                    FROM dbo.USER_ORDER_STAGING AS lost WITH (ROWLOCK, UPDLOCK, READPAST, READCOMMITTEDLOCK)
                    WHERE lost.STATE = 'CLAIMED'
                    AND   lost.LEASE_UNTIL_DT <= @NOW
                    AND   lost.DUPLICATE_OF_ID IS NULL
                    AND   (@STORE_ID IS NULL OR lost.STORE_ID = @STORE_ID)
                    AND   @SCOPE = 'failed'
                    AND   NOT EXISTS (SELECT 1 FROM @LEFT_OUT AS passed WHERE passed.STAGING_ID = lost.STAGING_ID)
                    UNION ALL
                    SELECT
                        named.STAGING_ID,
                        named.NEXT_ATTEMPT_DT
                    FROM @LISTED AS listed
                    INNER JOIN dbo.USER_ORDER_STAGING AS named WITH (ROWLOCK, UPDLOCK, READPAST, READCOMMITTEDLOCK)
                        ON named.STAGING_ID = listed.STAGING_ID
                    WHERE (named.STATE IN ('PENDING', 'FAILED') OR (named.STATE = 'CLAIMED' AND named.LEASE_UNTIL_DT <= @NOW))
                    AND   named.DUPLICATE_OF_ID IS NULL
                    AND   (@STORE_ID IS NULL OR named.STORE_ID = @STORE_ID)
                    AND   NOT EXISTS (SELECT 1 FROM @LEFT_OUT AS passed WHERE passed.STAGING_ID = named.STAGING_ID)
                ) AS candidate
                ORDER BY
                    candidate.NEXT_ATTEMPT_DT,
                    candidate.STAGING_ID
            )
            AND
            (
                (STATE = 'PENDING' AND @SCOPE = 'listed')
                OR (STATE = 'FAILED' AND (@SCOPE = 'listed' OR NEXT_ATTEMPT_DT IS NULL OR NEXT_ATTEMPT_DT <= @DUE_DT))
                OR (STATE = 'CLAIMED' AND LEASE_UNTIL_DT <= @NOW)
            )
            AND   DUPLICATE_OF_ID IS NULL
            AND   (@STORE_ID IS NULL OR STORE_ID = @STORE_ID);
        END;

        UPDATE dbo.USER_ORDER_STAGING
        SET IS_IN_HAND = 1
        WHERE STAGING_ID IN
        (
            SELECT TOP (1)
                first.STAGING_ID
            FROM @TAKEN AS taken
            INNER JOIN dbo.USER_ORDER_STAGING AS first
                ON first.STAGING_ID = taken.STAGING_ID
            ORDER BY
                first.NEXT_ATTEMPT_DT,
                first.STAGING_ID
        );

        INSERT INTO dbo.USER_ORDER_ATTEMPT
            (STAGING_ID, ATTEMPT_DT, ATTEMPT_NO, WORKER_ID, PENDING_ACTION, ERROR_CLASS, ERROR_CODE, ERROR_MESSAGE)
        SELECT
            expired.STAGING_ID,
            @NOW,
            expired.ATTEMPT_NO,
            expired.LEASE_OWNER,
            staged.PENDING_ACTION,
            'crash',
            NULL,
            N'The worker died (or was stopped hard) while it held this order.'
        FROM @TAKEN AS taken
        INNER JOIN @EXPIRED AS expired
            ON  expired.STAGING_ID = taken.STAGING_ID
            AND expired.ATTEMPT_NO = taken.ATTEMPT_NO - 1
            AND expired.IS_IN_HAND = 1
        INNER JOIN dbo.USER_ORDER_STAGING AS staged
            ON staged.STAGING_ID = taken.STAGING_ID
        ORDER BY
            expired.STAGING_ID;

        INSERT INTO dbo.USER_ORDER_EVENT
            (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, SYNC_ID, WORKER_ID, ATTEMPT_NO, MESSAGE)
        SELECT
            staged.STORE_ID,
            staged.WOO_ORDER_ID,
            staged.STAGING_ID,
            @NOW,
            'CLAIMED',
            NULL,
            @WORKER_ID,
            taken.ATTEMPT_NO,
            CASE WHEN expired.STAGING_ID IS NOT NULL THEN CONCAT(N'The lease of ', expired.LEASE_OWNER, N' ran out.') END
        FROM @TAKEN AS taken
        INNER JOIN dbo.USER_ORDER_STAGING AS staged
            ON staged.STAGING_ID = taken.STAGING_ID
        LEFT JOIN @EXPIRED AS expired
            ON  expired.STAGING_ID = taken.STAGING_ID
            AND expired.ATTEMPT_NO = taken.ATTEMPT_NO - expired.IS_IN_HAND
        WHERE taken.ATTEMPT_NO > 1
        OR    expired.STAGING_ID IS NOT NULL
        ORDER BY
            staged.STAGING_ID;

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
        staged.STAGING_ID,
        staged.STORE_ID,
        staged.WOO_ORDER_ID,
        staged.WOO_ORDER_NO,
        staged.PENDING_ACTION,
        taken.ATTEMPT_NO,
        staged.MAX_ATTEMPTS,
        LEASE_UNTIL_DT = @LEASE_UNTIL_DT,
        staged.IS_VALIDATED
    FROM @TAKEN AS taken
    INNER JOIN dbo.USER_ORDER_STAGING AS staged
        ON staged.STAGING_ID = taken.STAGING_ID
    ORDER BY
        staged.NEXT_ATTEMPT_DT,
        staged.STAGING_ID;
END;
GO
