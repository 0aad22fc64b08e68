SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FenceCustomer
    Locks a customer's line for the caller's transaction and makes sure that this worker's attempt still holds it.

Called by    sp_ApplyCustomers, sp_FailCustomer, first thing in their transaction
Returns      nothing
Errors       50004 no such line; 50010 another worker or attempt holds the line, or nobody does
Locks        the line's row, exclusively, until the caller's transaction ends
Repeatable   yes
Example      EXECUTE dbo.sp_FenceCustomer @LINE_ID = 42, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_FenceCustomer
    @LINE_ID int,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @MESSAGE nvarchar(2000);
    DECLARE @STATE varchar(20);
    DECLARE @LEASE_OWNER nvarchar(100);
    DECLARE @HELD_ATTEMPT_NO int;
    DECLARE @NAME nvarchar(500);

    /* An UPDATE, not a hint: it holds the row on every engine and isolation level. */
    UPDATE dbo.woo_customer_sync_queue_line
    SET attempt_no = attempt_no
    WHERE id = @LINE_ID;

    IF @@ROWCOUNT = 0
    BEGIN
        SET @MESSAGE = CONCAT(N'Customer line ', @LINE_ID, N' does not exist.');
        THROW 50004, @MESSAGE, 1;
    END;

    SELECT
        @STATE = line.state,
        @LEASE_OWNER = line.lease_owner,
        @HELD_ATTEMPT_NO = line.attempt_no,
        @NAME = CONCAT
        (
            N'Customer ', COALESCE(CONVERT(nvarchar(254), NULLIF(line.woo_customer_id, 0)), line.email), N' of queue ', line.queue_id
        )
    FROM dbo.woo_customer_sync_queue_line AS line
    WHERE line.id = @LINE_ID;

    IF  @LEASE_OWNER = @WORKER_ID
    AND @HELD_ATTEMPT_NO = @ATTEMPT_NO
    AND @STATE = 'processing'
    BEGIN
        RETURN;
    END;

    SET @MESSAGE = CONCAT
    (
        @NAME, N': attempt ', @ATTEMPT_NO, N' of ', @WORKER_ID,
        N' no longer holds it; it is ', @STATE, N' at attempt ', @HELD_ATTEMPT_NO, N' now. Nothing was written.'
    );
    THROW 50010, @MESSAGE, 1;
END;
GO
