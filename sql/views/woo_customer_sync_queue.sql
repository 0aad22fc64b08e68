SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.woo_customer_sync_queue
    The queues of customers, each with its state and its counts. They are read from its lines, so they can't drift from them.

Used by      sp_ListCustomerQueues and people: SELECT * FROM dbo.woo_customer_sync_queue ORDER BY created_at DESC;
Note         state: draft (filled, not begun, or given another try), processing, done, failed (nothing is left to do, and customers failed),
             cancelled.
*/
CREATE OR ALTER VIEW dbo.woo_customer_sync_queue
AS
SELECT
    queue.id,
    queue.org_id,
    queue.store_id,
    queue.queue_name,
    CASE
        WHEN queue.phase = 'done' OR queue.phase = 'cancelled' THEN queue.phase
        WHEN queue.filled_at IS NULL OR counted.open_count > 0 THEN queue.phase
        WHEN counted.failed_count > 0 THEN 'failed'
        ELSE 'done'
    END AS state,
    COALESCE(counted.total_count, 0) AS total_count,
    COALESCE(counted.draft_count, 0) AS draft_count,
    COALESCE(counted.processing_count, 0) AS processing_count,
    COALESCE(counted.done_count, 0) AS done_count,
    COALESCE(counted.failed_count, 0) AS failed_count,
    COALESCE(counted.cancelled_count, 0) AS cancelled_count,
    COALESCE(counted.created_count, 0) AS created_count,
    COALESCE(counted.updated_count, 0) AS updated_count,
    COALESCE(counted.linked_count, 0) AS linked_count,
    COALESCE(counted.unchanged_count, 0) AS unchanged_count,
    queue.process_count,
    CAST(CASE WHEN counted.action_count > 0 THEN 1 ELSE 0 END AS bit) AS is_action_required,
    CASE
        WHEN counted.action_count > 0
        THEN CONCAT
        (
            counted.action_count, CASE WHEN counted.action_count = 1 THEN N' customer' ELSE N' customers' END,
            N' failed more often than the maximum of ', queue.max_retries, N' retries. First: ',
            (
                SELECT TOP (1)
                    CONCAT(N'customer ', COALESCE(NULLIF(CONVERT(nvarchar(20), line.woo_customer_id), N'0'), line.email), N': ', line.error_message)
                FROM dbo.woo_customer_sync_queue_line AS line
                WHERE line.queue_id = queue.id
                AND   line.state = 'failed'
                AND   line.is_action_required = 1
                ORDER BY
                    line.id
            )
        )
    END AS action_required_reason,
    counted.last_process_date,
    queue.batch_size,
    queue.batch_delay_ms,
    queue.max_retries,
    queue.options_json,
    queue.fill_cursor,
    queue.filled_at,
    queue.end_reason,
    queue.created_by,
    queue.created_at,
    queue.updated_at
FROM dbo.USER_CUSTOMER_QUEUE AS queue
OUTER APPLY
(
    SELECT
        COUNT(*) AS total_count,
        SUM(CASE WHEN line.state = 'draft' THEN 1 ELSE 0 END) AS draft_count,
        SUM(CASE WHEN line.state = 'processing' THEN 1 ELSE 0 END) AS processing_count,
        SUM(CASE WHEN line.state IN ('draft', 'processing') THEN 1 ELSE 0 END) AS open_count,
        SUM(CASE WHEN line.state = 'done' THEN 1 ELSE 0 END) AS done_count,
        SUM(CASE WHEN line.state = 'failed' THEN 1 ELSE 0 END) AS failed_count,
        SUM(CASE WHEN line.state = 'cancelled' THEN 1 ELSE 0 END) AS cancelled_count,
        SUM(CASE WHEN line.outcome = 'created' THEN 1 ELSE 0 END) AS created_count,
        SUM(CASE WHEN line.outcome = 'updated' THEN 1 ELSE 0 END) AS updated_count,
        SUM(CASE WHEN line.outcome = 'linked' THEN 1 ELSE 0 END) AS linked_count,
        SUM(CASE WHEN line.outcome = 'unchanged' THEN 1 ELSE 0 END) AS unchanged_count,
        SUM(CASE WHEN line.state = 'failed' AND line.is_action_required = 1 THEN 1 ELSE 0 END) AS action_count,
        MAX(line.processed_at) AS last_process_date
    FROM dbo.woo_customer_sync_queue_line AS line
    WHERE line.queue_id = queue.id
) AS counted;
GO
