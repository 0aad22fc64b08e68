SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_PurgeHistory
    Forgets the history of one kind that is older than a moment, one batch of rows from an id on. Orders, links, maps, settings, claims
    and dead letters stay for ever.

Called by    syncctl db purge, once for each batch
Parameters   @KIND        events, attempts, messages (to the store), runs, calls (to carriers), notifications, incidents, documents, activities (of
                          customer queues)
             @BEFORE_DT   at least 30 days ago
             @AFTER_ID    the LAST_ID of the batch before; 0 at first
             @DOCUMENTS   1: proofs of delivery too that their claims still point to; else only those that no claim does
             @DRY_RUN     1: counts and deletes nothing
Returns      one row: PURGED_ROWS, and LAST_ID, from where the next batch goes on; NULL at the end
Kept         what belongs to an order that is not at rest (fn_OrderAtRest); the events that a reopened order or an audit asks for; the last
             run of each command for each store, and the last one that succeeded; what clients were told about a claim that has no proof yet;
             the activities of a queue that isn't at its end, or ended since
Errors       50001 bad argument
Locks        the rows of the batch, while they are deleted
Repeatable   yes
Example      EXECUTE dbo.sp_PurgeHistory @KIND = 'events', @BEFORE_DT = '2026-01-01', @DRY_RUN = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_PurgeHistory
    @KIND varchar(20),
    @BEFORE_DT datetime2(3),
    @AFTER_ID bigint = 0,
    @BATCH_SIZE int = 1000,
    @DOCUMENTS bit = 0,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE
            WHEN @KIND IS NULL
            OR   @KIND NOT IN ('events', 'attempts', 'messages', 'runs', 'calls', 'notifications', 'incidents', 'documents', 'activities')
            THEN N'@KIND takes events, attempts, messages, runs, calls, notifications, incidents, documents, activities. '
        END,
        CASE
            WHEN @BEFORE_DT IS NULL OR @BEFORE_DT > DATEADD(DAY, -30, @NOW) THEN N'@BEFORE_DT takes a moment at least 30 days ago. '
        END,
        CASE WHEN @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 4000 THEN N'@BATCH_SIZE takes 1 to 4000. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    /* Ids grow with time: the first batch that begins after the moment ends it. */
    DECLARE @BATCH table
    (
        ROW_ID bigint NOT NULL PRIMARY KEY,
        IS_OLD bit NOT NULL,
        MAY_GO bit NOT NULL
    );

    IF @KIND = 'events'
    BEGIN
        /* The first batch counts what is to be forgotten; a job that ran in the last weeks has left little. */
        IF @AFTER_ID = 0 AND @DRY_RUN = 0
        BEGIN
            BEGIN TRY
                BEGIN TRANSACTION;

                EXECUTE dbo.sp_NoteStatistics
                    @MOST = 1000000,
                    @NOW = @NOW;

                COMMIT TRANSACTION;
            END TRY
            BEGIN CATCH
                IF XACT_STATE() <> 0
                BEGIN
                    ROLLBACK TRANSACTION;
                END;
                THROW;
            END CATCH;
        END;

        INSERT INTO @BATCH
        (
            ROW_ID, IS_OLD, MAY_GO
        )
        SELECT TOP (@BATCH_SIZE)
            event.EVENT_ID,
            CASE WHEN event.EVENT_DT < @BEFORE_DT THEN 1 ELSE 0 END,
            CASE
                WHEN event.EVENT_DT < @BEFORE_DT
                AND  event.EVENT_TYPE NOT IN ('CREATED', 'REOPENED', 'CANCEL_STAGED', 'ROLLED_BACK')
                AND  EXISTS (SELECT 1 FROM dbo.fn_OrderAtRest(event.STORE_ID, event.WOO_ORDER_ID, @BEFORE_DT) AS rest)
                THEN 1
                ELSE 0
            END
        FROM dbo.USER_ORDER_EVENT AS event
        WHERE event.EVENT_ID > @AFTER_ID
        ORDER BY
            event.EVENT_ID;

        IF @DRY_RUN = 0
        BEGIN
            DELETE FROM dbo.USER_ORDER_EVENT
            WHERE EVENT_ID IN (SELECT found.ROW_ID FROM @BATCH AS found WHERE found.MAY_GO = 1);
        END;
    END;

    IF @KIND = 'attempts'
    BEGIN
        INSERT INTO @BATCH
        (
            ROW_ID, IS_OLD, MAY_GO
        )
        SELECT TOP (@BATCH_SIZE)
            attempt.ATTEMPT_ID,
            CASE WHEN attempt.ATTEMPT_DT < @BEFORE_DT THEN 1 ELSE 0 END,
            CASE
                WHEN attempt.ATTEMPT_DT < @BEFORE_DT
                AND  EXISTS
                (
                    SELECT
                        1
                    FROM dbo.USER_ORDER_STAGING AS staged
                    CROSS APPLY dbo.fn_OrderAtRest(staged.STORE_ID, staged.WOO_ORDER_ID, @BEFORE_DT) AS rest
                    WHERE staged.STAGING_ID = attempt.STAGING_ID
                )
                THEN 1
                ELSE 0
            END
        FROM dbo.USER_ORDER_ATTEMPT AS attempt
        WHERE attempt.ATTEMPT_ID > @AFTER_ID
        ORDER BY
            attempt.ATTEMPT_ID;

        IF @DRY_RUN = 0
        BEGIN
            DELETE FROM dbo.USER_ORDER_ATTEMPT
            WHERE ATTEMPT_ID IN (SELECT found.ROW_ID FROM @BATCH AS found WHERE found.MAY_GO = 1);
        END;
    END;

    IF @KIND = 'messages'
    BEGIN
        INSERT INTO @BATCH
        (
            ROW_ID, IS_OLD, MAY_GO
        )
        SELECT TOP (@BATCH_SIZE)
            message.OUTBOX_ID,
            CASE WHEN message.CREATED_DT < @BEFORE_DT THEN 1 ELSE 0 END,
            CASE
                WHEN message.CREATED_DT < @BEFORE_DT
                AND  message.STATE IN ('DONE', 'DROPPED')
                AND  EXISTS (SELECT 1 FROM dbo.fn_OrderAtRest(message.STORE_ID, message.WOO_ORDER_ID, @BEFORE_DT) AS rest)
                THEN 1
                ELSE 0
            END
        FROM dbo.USER_STORE_OUTBOX AS message
        WHERE message.OUTBOX_ID > @AFTER_ID
        ORDER BY
            message.OUTBOX_ID;

        IF @DRY_RUN = 0
        BEGIN
            DELETE FROM dbo.USER_STORE_OUTBOX
            WHERE OUTBOX_ID IN (SELECT found.ROW_ID FROM @BATCH AS found WHERE found.MAY_GO = 1);
        END;
    END;

    IF @KIND = 'runs'
    BEGIN
        INSERT INTO @BATCH
        (
            ROW_ID, IS_OLD, MAY_GO
        )
        SELECT TOP (@BATCH_SIZE)
            run.LOG_ID,
            CASE WHEN COALESCE(run.START_TIME, run.CREATED_DT, '1900-01-01') < @BEFORE_DT THEN 1 ELSE 0 END,
            CASE
                WHEN COALESCE(run.END_TIME, run.START_TIME, run.CREATED_DT) < @BEFORE_DT
                AND
                (
                    run.OPERATION_TYPE IS NULL
                    OR run.START_TIME IS NULL
                    OR EXISTS
                    (
                        SELECT
                            1
                        FROM dbo.USER_SYNC_LOG AS later
                        WHERE later.OPERATION_TYPE = run.OPERATION_TYPE
                        AND   EXISTS (SELECT later.STORE_ID INTERSECT SELECT run.STORE_ID)
                        AND   later.START_TIME >= run.START_TIME
                        AND   later.LOG_ID > run.LOG_ID
                        AND
                        (
                            COALESCE(run.SUCCESS, 0) = 0
                            OR run.DRY_RUN = 1
                            OR (later.SUCCESS = 1 AND later.DRY_RUN = 0)
                        )
                    )
                )
                THEN 1
                ELSE 0
            END
        FROM dbo.USER_SYNC_LOG AS run
        WHERE run.LOG_ID > @AFTER_ID
        ORDER BY
            run.LOG_ID;

        IF @DRY_RUN = 0
        BEGIN
            DELETE FROM dbo.USER_SYNC_LOG
            WHERE LOG_ID IN (SELECT found.ROW_ID FROM @BATCH AS found WHERE found.MAY_GO = 1);
        END;
    END;

    IF @KIND = 'calls'
    BEGIN
        INSERT INTO @BATCH
        (
            ROW_ID, IS_OLD, MAY_GO
        )
        SELECT TOP (@BATCH_SIZE)
            called.CALL_ID,
            CASE WHEN called.CALLED_DT < @BEFORE_DT THEN 1 ELSE 0 END,
            CASE WHEN called.CALLED_DT < @BEFORE_DT THEN 1 ELSE 0 END
        FROM dbo.USER_CARRIER_CALL AS called
        WHERE called.CALL_ID > @AFTER_ID
        ORDER BY
            called.CALL_ID;

        IF @DRY_RUN = 0
        BEGIN
            DELETE FROM dbo.USER_CARRIER_CALL
            WHERE CALL_ID IN (SELECT found.ROW_ID FROM @BATCH AS found WHERE found.MAY_GO = 1);
        END;
    END;

    IF @KIND = 'notifications'
    BEGIN
        INSERT INTO @BATCH
        (
            ROW_ID, IS_OLD, MAY_GO
        )
        SELECT TOP (@BATCH_SIZE)
            message.NOTIFICATION_ID,
            CASE WHEN message.CREATED_DT < @BEFORE_DT THEN 1 ELSE 0 END,
            CASE
                WHEN message.CREATED_DT < @BEFORE_DT
                AND  message.STATE IN ('SENT', 'DROPPED')
                AND  NOT EXISTS
                (
                    SELECT
                        1
                    FROM dbo.claims AS claim
                    WHERE message.DEDUP_KEY LIKE N'pod:%:%'
                    AND   claim.id = TRY_CONVERT
                    (
                        bigint, SUBSTRING(message.DEDUP_KEY, 5, CHARINDEX(N':', message.DEDUP_KEY + N':', 5) - 5)
                    )
                    AND   COALESCE(claim.pod_fetch_status, 'pending') <> 'success'
                )
                THEN 1
                ELSE 0
            END
        FROM dbo.USER_NOTIFICATION AS message
        WHERE message.NOTIFICATION_ID > @AFTER_ID
        ORDER BY
            message.NOTIFICATION_ID;

        IF @DRY_RUN = 0
        BEGIN
            DELETE FROM dbo.USER_NOTIFICATION
            WHERE NOTIFICATION_ID IN (SELECT found.ROW_ID FROM @BATCH AS found WHERE found.MAY_GO = 1);
        END;
    END;

    IF @KIND = 'incidents'
    BEGIN
        INSERT INTO @BATCH
        (
            ROW_ID, IS_OLD, MAY_GO
        )
        SELECT TOP (@BATCH_SIZE)
            incident.INCIDENT_ID,
            CASE WHEN incident.OPENED_DT < @BEFORE_DT THEN 1 ELSE 0 END,
            CASE WHEN incident.RECOVERED_DT < @BEFORE_DT THEN 1 ELSE 0 END
        FROM dbo.USER_INCIDENT AS incident
        WHERE incident.INCIDENT_ID > @AFTER_ID
        ORDER BY
            incident.INCIDENT_ID;

        IF @DRY_RUN = 0
        BEGIN
            DELETE FROM dbo.USER_INCIDENT
            WHERE INCIDENT_ID IN (SELECT found.ROW_ID FROM @BATCH AS found WHERE found.MAY_GO = 1);
        END;
    END;

    IF @KIND = 'documents'
    BEGIN
        INSERT INTO @BATCH
        (
            ROW_ID, IS_OLD, MAY_GO
        )
        SELECT TOP (@BATCH_SIZE)
            stored.DOCUMENT_ID,
            CASE WHEN stored.CREATED_DT < @BEFORE_DT THEN 1 ELSE 0 END,
            CASE
                WHEN stored.CREATED_DT < @BEFORE_DT
                AND  NOT EXISTS
                (
                    SELECT
                        1
                    FROM dbo.claims AS claim
                    WHERE claim.id = stored.CLAIM_ID
                    AND
                    (
                        COALESCE(claim.pod_fetch_status, 'pending') <> 'success'
                        OR (@DOCUMENTS = 0 AND claim.pod_sha256 = stored.SHA256)
                    )
                )
                THEN 1
                ELSE 0
            END
        FROM dbo.USER_POD_DOCUMENT AS stored
        WHERE stored.DOCUMENT_ID > @AFTER_ID
        ORDER BY
            stored.DOCUMENT_ID;

        IF @DRY_RUN = 0
        BEGIN
            DELETE FROM dbo.USER_POD_DOCUMENT
            WHERE DOCUMENT_ID IN (SELECT found.ROW_ID FROM @BATCH AS found WHERE found.MAY_GO = 1);
        END;
    END;

    IF @KIND = 'activities'
    BEGIN
        INSERT INTO @BATCH
        (
            ROW_ID, IS_OLD, MAY_GO
        )
        SELECT TOP (@BATCH_SIZE)
            activity.id,
            CASE WHEN activity.created_at < @BEFORE_DT THEN 1 ELSE 0 END,
            CASE
                WHEN activity.created_at < @BEFORE_DT
                AND  NOT EXISTS
                (
                    SELECT
                        1
                    FROM dbo.USER_CUSTOMER_QUEUE AS queue
                    WHERE queue.id = activity.queue_id
                    AND
                    (
                        queue.updated_at >= @BEFORE_DT
                        OR queue.filled_at IS NULL
                        OR EXISTS
                        (
                            SELECT
                                1
                            FROM dbo.woo_customer_sync_queue_line AS line
                            WHERE line.queue_id = queue.id
                            AND   line.state IN ('draft', 'processing')
                        )
                    )
                )
                THEN 1
                ELSE 0
            END
        FROM dbo.woo_sync_activity AS activity
        WHERE activity.id > @AFTER_ID
        ORDER BY
            activity.id;

        IF @DRY_RUN = 0
        BEGIN
            DELETE FROM dbo.woo_sync_activity
            WHERE id IN (SELECT found.ROW_ID FROM @BATCH AS found WHERE found.MAY_GO = 1);
        END;
    END;

    SELECT
        PURGED_ROWS = COALESCE(SUM(CASE WHEN found.MAY_GO = 1 THEN 1 ELSE 0 END), 0),
        LAST_ID = CASE
            WHEN COUNT(*) = @BATCH_SIZE AND MAX(CASE WHEN found.IS_OLD = 1 THEN 1 ELSE 0 END) = 1 THEN MAX(found.ROW_ID)
        END
    FROM @BATCH AS found;
END;
GO
