SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ClaimCustomers
    Leases up to @BATCH_SIZE due lines of a queue of customers to one worker, in the order in which they came.

Called by    syncctl customers start, syncctl customers resume
Returns      one row a line: LINE_ID, WOO_CUSTOMER_ID, EMAIL, ATTEMPT_NO, PROCESS_COUNT, LEASE_UNTIL_DT
Errors       50001 bad argument
Locks        the claimed rows for the length of the UPDATE; rows locked by others are skipped
Repeatable   no: each call claims other rows
Note         A line whose lease has run out is due again. One that was lost twice is given out alone, behind the others; one that was lost
             five times is given up: failed, and a person has to look.
Example      EXECUTE dbo.sp_ClaimCustomers @QUEUE_ID = 7, @ORG_ID = 'woocommerce', @WORKER_ID = N'host-1234';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ClaimCustomers
    @QUEUE_ID int,
    @ORG_ID varchar(50),
    @WORKER_ID nvarchar(100),
    @BATCH_SIZE int = 50,
    @LEASE_SECONDS int = 300,
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
        CASE WHEN @LEASE_SECONDS IS NULL OR @LEASE_SECONDS NOT BETWEEN 1 AND 86400 THEN N'@LEASE_SECONDS takes 1 to 86400. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @MESSAGE nvarchar(2000);
    DECLARE @LOST int;
    DECLARE @IS_ALONE bit = 0;
    DECLARE @TAKEN table
    (
        LINE_ID int NOT NULL PRIMARY KEY
    );

    /* What was lost with its worker is due again; what was lost again and again is given up. */
    UPDATE dbo.woo_customer_sync_queue_line WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)
    SET
        state = CASE WHEN lost_count >= 4 THEN 'failed' ELSE 'draft' END,
        is_action_required = CASE WHEN lost_count >= 4 THEN 1 ELSE 0 END,
        lost_count = lost_count + 1,
        error_message = N'The worker died (or was stopped hard) while it held this customer.',
        last_error_timestamp = @NOW,
        processed_at = CASE WHEN lost_count >= 4 THEN @NOW ELSE processed_at END,
        next_attempt_dt = @NOW,
        lease_owner = NULL,
        lease_until_dt = NULL
    WHERE queue_id = @QUEUE_ID
    AND   org_id = @ORG_ID
    AND   state = 'processing'
    AND   lease_until_dt <= @NOW;

    SET @LOST = @@ROWCOUNT;

    IF @LOST > 0
    BEGIN
        SET @MESSAGE = CONCAT(N'The lease of a worker ran out: ', @LOST, N' customers are taken up again.');

        EXECUTE dbo.sp_WriteCustomerActivity
            @QUEUE_ID = @QUEUE_ID,
            @ACTIVITY_TYPE = 'lease_lost',
            @STATUS = 'warning',
            @MESSAGE = @MESSAGE,
            @WORKER_ID = @WORKER_ID,
            @NOW = @NOW;
    END;

    /* Where nothing else is due, one of those that were lost with their worker, by itself. */
    IF NOT EXISTS
    (
        SELECT 1
        FROM dbo.woo_customer_sync_queue_line AS candidate WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)
        WHERE candidate.queue_id = @QUEUE_ID
        AND   candidate.org_id = @ORG_ID
        AND   candidate.state IN ('draft', 'processing')
        AND   candidate.lost_count < 2
        AND
        (
            (candidate.state = 'draft' AND candidate.next_attempt_dt <= @NOW)
            OR (candidate.state = 'processing' AND candidate.lease_until_dt <= @NOW)
        )
    )
    BEGIN
        SET @IS_ALONE = 1;
        SET @BATCH_SIZE = 1;
    END;

    UPDATE dbo.woo_customer_sync_queue_line
    SET
        state = 'processing',
        lease_owner = @WORKER_ID,
        lease_until_dt = DATEADD(SECOND, @LEASE_SECONDS, @NOW),
        attempt_no = attempt_no + 1
    OUTPUT
        inserted.id
    INTO @TAKEN (LINE_ID)
    WHERE id IN
    (
        SELECT TOP (@BATCH_SIZE)
            candidate.id
        FROM dbo.woo_customer_sync_queue_line AS candidate WITH (ROWLOCK, UPDLOCK, READPAST, READCOMMITTEDLOCK)
        WHERE candidate.queue_id = @QUEUE_ID
        AND   candidate.org_id = @ORG_ID
        AND   candidate.state IN ('draft', 'processing')
        AND
        (
            (candidate.state = 'draft' AND candidate.next_attempt_dt <= @NOW)
            OR (candidate.state = 'processing' AND candidate.lease_until_dt <= @NOW)
        )
        AND   (candidate.lost_count < 2 OR @IS_ALONE = 1)
        ORDER BY
            candidate.id
    )
    AND
    (
        (state = 'draft' AND next_attempt_dt <= @NOW)
        OR (state = 'processing' AND lease_until_dt <= @NOW)
    );

    IF @@ROWCOUNT > 0
    BEGIN
        UPDATE dbo.USER_CUSTOMER_QUEUE
        SET
            phase = 'processing',
            process_count = process_count + 1,
            updated_at = @NOW
        WHERE id = @QUEUE_ID
        AND   phase = 'draft';
    END;

    SELECT
        LINE_ID = line.id,
        WOO_CUSTOMER_ID = line.woo_customer_id,
        EMAIL = line.email,
        ATTEMPT_NO = line.attempt_no,
        PROCESS_COUNT = line.process_count,
        LEASE_UNTIL_DT = line.lease_until_dt
    FROM @TAKEN AS taken
    INNER JOIN dbo.woo_customer_sync_queue_line AS line
        ON line.id = taken.LINE_ID
    ORDER BY
        line.id;
END;
GO
