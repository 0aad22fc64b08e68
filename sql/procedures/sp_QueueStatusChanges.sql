SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_QueueStatusChanges
    Compares each linked ERP document with what the store was last told, and puts what has changed into the outbox, once.

Called by    syncctl sync-status
Parameters   @STORE_ID; @BATCH_SIZE 1 to 10000 changes, oldest order first; @DRY_RUN = 1 returns the changes and queues nothing;
             @AFTER_ID the staging id behind which to look: go on behind the last row until none comes
Returns      one row a change: STAGING_ID, WOO_ORDER_ID, DOC_ID, ERP_STATUS, WOO_STATUS (NULL: the store is told nothing), IS_MAPPED,
             TRACKING_NO, OUTBOX_ID (NULL in a dry run, and where nothing is told)
Errors       50001 bad argument
Locks        the changed links' rows, until the transaction ends
Repeatable   yes: each change is queued once
Note         A change is what follows on the state told: a shipping date that is taken out again doesn't undo a completed order.
             USER_STATUS_MAP says what each is in the store, NULL: nothing. A change that it has no row for (IS_MAPPED 0) is left as it
             is, and comes again with each call until it has one.
Example      EXECUTE dbo.sp_QueueStatusChanges @STORE_ID = 'woocommerce', @DRY_RUN = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_QueueStatusChanges
    @STORE_ID varchar(50),
    @BATCH_SIZE int = 1000,
    @DRY_RUN bit = 0,
    @AFTER_ID int = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
        CASE WHEN @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 10000 THEN N'@BATCH_SIZE takes 1 to 10000. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @PARCEL_NO int = 1;
    DECLARE @CANDIDATE table
    (
        WOO_ORDER_ID bigint NOT NULL PRIMARY KEY
    );
    DECLARE @CHANGE table
    (
        STAGING_ID int NOT NULL,
        WOO_ORDER_ID bigint NOT NULL,
        DOC_ID bigint NOT NULL,
        REVISION int NOT NULL,
        TOLD varchar(20) NOT NULL,
        ERP_STATUS varchar(20) NOT NULL,
        WOO_STATUS varchar(20) NULL,
        IS_MAPPED bit NOT NULL,
        TRACKING_NO nvarchar(max) NULL
    );
    DECLARE @PARCEL table
    (
        DOC_ID bigint NOT NULL,
        PARCEL_NO int NOT NULL,
        TRACKING_NO nvarchar(100) NOT NULL
    );

    BEGIN TRY
        BEGIN TRANSACTION;

        /* Only the few links that changed are held, and looked at again once they are: of two runs at a time one tells the store. */
        INSERT INTO @CANDIDATE
        (
            WOO_ORDER_ID
        )
        SELECT TOP (@BATCH_SIZE)
            link.WOO_ORDER_ID
        FROM dbo.USER_ORDER_LINK AS link
        INNER JOIN dbo.fn_ErpStatus(@STORE_ID, @AFTER_ID) AS status
            ON status.WOO_ORDER_ID = link.WOO_ORDER_ID
        INNER JOIN
        (
            VALUES
                ('open', 'shipped'), ('open', 'closed'), ('open', 'gone'), ('shipped', 'closed'), ('shipped', 'gone'), ('closed', 'gone')
        ) AS following (TOLD, ERP_STATUS)
            ON  following.TOLD = link.ERP_STATUS_TOLD
            AND following.ERP_STATUS = status.ERP_STATUS
        WHERE link.STORE_ID = @STORE_ID
        AND   link.LINK_STATE = 'OPEN'
        ORDER BY
            link.STAGING_ID;

        UPDATE
            dbo.USER_ORDER_LINK
        SET
            ERP_STATUS_TOLD = ERP_STATUS_TOLD
        WHERE STORE_ID = @STORE_ID
        AND   WOO_ORDER_ID IN (SELECT candidate.WOO_ORDER_ID FROM @CANDIDATE AS candidate);

        INSERT INTO @CHANGE
        (
            STAGING_ID, WOO_ORDER_ID, DOC_ID, REVISION, TOLD, ERP_STATUS, WOO_STATUS, IS_MAPPED
        )
        SELECT
            link.STAGING_ID,
            link.WOO_ORDER_ID,
            link.DOC_ID,
            link.REVISION,
            link.ERP_STATUS_TOLD,
            status.ERP_STATUS,
            CASE WHEN own.ERP_STATUS IS NOT NULL THEN own.WOO_STATUS ELSE shared.WOO_STATUS END,
            CASE WHEN COALESCE(own.ERP_STATUS, shared.ERP_STATUS) IS NULL THEN 0 ELSE 1 END
        FROM @CANDIDATE AS candidate
        INNER JOIN dbo.USER_ORDER_LINK AS link
            ON  link.STORE_ID = @STORE_ID
            AND link.WOO_ORDER_ID = candidate.WOO_ORDER_ID
            AND link.LINK_STATE = 'OPEN'
        INNER JOIN dbo.fn_ErpStatus(@STORE_ID, @AFTER_ID) AS status
            ON status.WOO_ORDER_ID = link.WOO_ORDER_ID
        INNER JOIN
        (
            VALUES
                ('open', 'shipped'), ('open', 'closed'), ('open', 'gone'), ('shipped', 'closed'), ('shipped', 'gone'), ('closed', 'gone')
        ) AS following (TOLD, ERP_STATUS)
            ON  following.TOLD = link.ERP_STATUS_TOLD
            AND following.ERP_STATUS = status.ERP_STATUS
        LEFT JOIN dbo.USER_STATUS_MAP AS own
            ON  own.STORE_ID = @STORE_ID
            AND own.ERP_STATUS = status.ERP_STATUS
        LEFT JOIN dbo.USER_STATUS_MAP AS shared
            ON  shared.STORE_ID = '*'
            AND shared.ERP_STATUS = status.ERP_STATUS;

        INSERT INTO @PARCEL
        (
            DOC_ID, PARCEL_NO, TRACKING_NO
        )
        SELECT
            change.DOC_ID,
            parcel.PARCEL_NO,
            parcel.TRACKING_NO
        FROM @CHANGE AS change
        CROSS APPLY dbo.fn_ErpParcels(change.DOC_ID) AS parcel
        WHERE change.ERP_STATUS = 'shipped';

        WHILE EXISTS (SELECT 1 FROM @PARCEL AS parcel WHERE parcel.PARCEL_NO = @PARCEL_NO)
        BEGIN
            UPDATE
                change
            SET
                TRACKING_NO = CONCAT(change.TRACKING_NO, CASE WHEN @PARCEL_NO > 1 THEN N', ' END, parcel.TRACKING_NO)
            FROM @CHANGE AS change
            INNER JOIN @PARCEL AS parcel
                ON parcel.DOC_ID = change.DOC_ID
            WHERE parcel.PARCEL_NO = @PARCEL_NO;

            SET @PARCEL_NO = @PARCEL_NO + 1;
        END;

        IF @DRY_RUN = 0
        BEGIN
            UPDATE
                link
            SET
                ERP_STATUS_TOLD = change.ERP_STATUS,
                UPDATED_DT = @NOW
            FROM dbo.USER_ORDER_LINK AS link
            INNER JOIN @CHANGE AS change
                ON change.WOO_ORDER_ID = link.WOO_ORDER_ID
            WHERE link.STORE_ID = @STORE_ID
            AND   change.IS_MAPPED = 1;

            INSERT INTO dbo.USER_STORE_OUTBOX
            (
                STORE_ID, WOO_ORDER_ID, STAGING_ID, KIND, DEDUP_KEY, TARGET_STATUS, NOTE, TRACKING_NO, STATE, ATTEMPT_NO, NEXT_ATTEMPT_DT,
                CREATED_DT
            )
            SELECT
                @STORE_ID,
                change.WOO_ORDER_ID,
                change.STAGING_ID,
                'status',
                CONCAT('status:', change.REVISION, ':', change.ERP_STATUS),
                change.WOO_STATUS,
                CASE
                    WHEN change.ERP_STATUS = 'shipped' AND change.TRACKING_NO IS NOT NULL
                    THEN CONCAT(N'Order shipped. Tracking number: ', LEFT(change.TRACKING_NO, 100))
                    WHEN change.ERP_STATUS = 'shipped' THEN N'Order shipped.'
                END,
                change.TRACKING_NO,
                'PENDING',
                0,
                @NOW,
                @NOW
            FROM @CHANGE AS change
            WHERE change.WOO_STATUS IS NOT NULL
            AND   NOT EXISTS
            (
                SELECT
                    1
                FROM dbo.USER_STORE_OUTBOX AS told
                WHERE told.STORE_ID = @STORE_ID
                AND   told.WOO_ORDER_ID = change.WOO_ORDER_ID
                AND   told.DEDUP_KEY = CONCAT('status:', change.REVISION, ':', change.ERP_STATUS)
            )
            ORDER BY
                change.STAGING_ID;

            INSERT INTO dbo.USER_ORDER_EVENT
            (
                STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, MESSAGE
            )
            SELECT
                @STORE_ID,
                change.WOO_ORDER_ID,
                change.STAGING_ID,
                @NOW,
                'ERP_STATUS',
                CONCAT
                (
                    N'ERP document ', change.DOC_ID, N': ', change.TOLD, N', now ', change.ERP_STATUS,
                    CASE
                        WHEN change.WOO_STATUS IS NULL THEN N'; the store is not told (status map)'
                        ELSE CONCAT(N'; the store will be told ', change.WOO_STATUS)
                    END
                )
            FROM @CHANGE AS change
            WHERE change.IS_MAPPED = 1
            ORDER BY
                change.STAGING_ID;
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
        change.STAGING_ID,
        change.WOO_ORDER_ID,
        change.DOC_ID,
        change.ERP_STATUS,
        change.WOO_STATUS,
        change.IS_MAPPED,
        TRACKING_NO = LEFT(change.TRACKING_NO, 100),
        OUTBOX_ID = CASE WHEN @DRY_RUN = 0 THEN told.OUTBOX_ID END
    FROM @CHANGE AS change
    LEFT JOIN dbo.USER_STORE_OUTBOX AS told
        ON  told.STORE_ID = @STORE_ID
        AND told.WOO_ORDER_ID = change.WOO_ORDER_ID
        AND told.DEDUP_KEY = CONCAT('status:', change.REVISION, ':', change.ERP_STATUS)
        AND change.WOO_STATUS IS NOT NULL
    ORDER BY
        change.STAGING_ID;
END;
GO
