SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ReleaseCustomers
    Gives claimed lines of a queue back untried, their attempt not counted. Those that are no longer this worker's are left alone.

Called by    sp_ApplyCustomers; syncctl customers start, syncctl customers resume
Parameters   @LINES a JSON array of {LINE_ID, ATTEMPT_NO}
Returns      nothing
Errors       50001 bad argument
Locks        the rows it changes
Repeatable   yes
Example      EXECUTE dbo.sp_ReleaseCustomers @QUEUE_ID = 7, @WORKER_ID = N'host-1234', @LINES = N'[{"LINE_ID":42,"ATTEMPT_NO":1}]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ReleaseCustomers
    @QUEUE_ID int,
    @WORKER_ID nvarchar(100),
    @LINES nvarchar(max),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @LINES IS NULL OR ISJSON(@LINES) = 0 OR LEFT(@LINES, 1) <> N'['
    BEGIN
        THROW 50001, N'@LINES takes a JSON array.', 1;
    END;

    DECLARE @GIVEN_BACK table
    (
        LINE_ID int NOT NULL PRIMARY KEY,
        ATTEMPT_NO int NOT NULL
    );

    INSERT INTO @GIVEN_BACK
    (
        LINE_ID, ATTEMPT_NO
    )
    SELECT
        CONVERT(int, JSON_VALUE(element.[value], N'$.LINE_ID')),
        MAX(CONVERT(int, JSON_VALUE(element.[value], N'$.ATTEMPT_NO')))
    FROM OPENJSON(@LINES) AS element
    GROUP BY
        CONVERT(int, JSON_VALUE(element.[value], N'$.LINE_ID'));

    UPDATE line
    SET
        state = 'draft',
        attempt_no = line.attempt_no - 1,
        lease_owner = NULL,
        lease_until_dt = NULL
    FROM dbo.woo_customer_sync_queue_line AS line
    INNER JOIN @GIVEN_BACK AS given
        ON  given.LINE_ID = line.id
        AND given.ATTEMPT_NO = line.attempt_no
    WHERE line.queue_id = @QUEUE_ID
    AND   line.state = 'processing'
    AND   line.lease_owner = @WORKER_ID;
END;
GO
