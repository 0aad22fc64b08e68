SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListCustomerActions
    The queues of customers that need a person: each with how many customers failed more often than they are tried.

Called by    syncctl health, syncctl alerts run
Returns      one row for each such queue that is neither done nor cancelled: QUEUE_ID, QUEUE_NAME, STORE_ID, CUSTOMERS
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListCustomerActions;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListCustomerActions
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        queue.id AS QUEUE_ID,
        queue.queue_name AS QUEUE_NAME,
        queue.store_id AS STORE_ID,
        counted.CUSTOMERS
    FROM
    (
        SELECT
            line.queue_id,
            COUNT(*) AS CUSTOMERS
        FROM dbo.woo_customer_sync_queue_line AS line
        WHERE line.is_action_required = 1
        AND   line.state = 'failed'
        GROUP BY
            line.queue_id
    ) AS counted
    INNER JOIN dbo.USER_CUSTOMER_QUEUE AS queue
        ON queue.id = counted.queue_id
    WHERE queue.phase = 'draft'
    OR    queue.phase = 'processing'
    ORDER BY
        queue.id;
END;
GO
