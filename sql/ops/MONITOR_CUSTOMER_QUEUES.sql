SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
MONITOR_CUSTOMER_QUEUES
    How the queues of customers stand: the documented monitoring queries. Reads only.

Use          set @ORG_ID (the store's name, where no SYNCCTL_ORG_ID is set) and @QUEUE_ID, and run it; a member of syncctl_monitor may
Result       1 the ten latest queues of the organisation
             2 the last hundred things that happened to the queue
             3 its failed customers
             4 queues of the organisation that need a person
             5 what happened to the queue, by hour
             6 the last ten errors of the queue
*/
SET NOCOUNT ON;

DECLARE @ORG_ID varchar(50) = 'woocommerce';
DECLARE @QUEUE_ID int = 1;

SELECT TOP (10)
    queue.id,
    queue.queue_name,
    queue.state,
    queue.total_count,
    queue.draft_count,
    queue.done_count,
    queue.failed_count,
    queue.process_count,
    queue.is_action_required,
    ROUND((queue.done_count + queue.cancelled_count) * 100.0 / NULLIF(queue.total_count, 0), 2) AS progress
FROM dbo.woo_customer_sync_queue AS queue
WHERE queue.org_id = @ORG_ID
ORDER BY
    queue.created_at DESC,
    queue.id DESC;

SELECT TOP (100)
    activity.activity_type,
    activity.status,
    activity.message,
    activity.created_at
FROM dbo.woo_sync_activity AS activity
WHERE activity.queue_id = @QUEUE_ID
AND   activity.org_id = @ORG_ID
ORDER BY
    activity.created_at DESC,
    activity.id DESC;

SELECT
    line.woo_customer_id,
    line.error_message,
    line.process_count,
    line.last_error_timestamp
FROM dbo.woo_customer_sync_queue_line AS line
WHERE line.queue_id = @QUEUE_ID
AND   line.org_id = @ORG_ID
AND   line.state = 'failed'
ORDER BY
    line.last_error_timestamp DESC,
    line.id DESC;

SELECT
    queue.id,
    queue.queue_name,
    queue.state,
    queue.process_count,
    queue.is_action_required,
    queue.action_required_reason,
    queue.last_process_date
FROM dbo.woo_customer_sync_queue AS queue
WHERE queue.is_action_required = 1
AND   queue.org_id = @ORG_ID
ORDER BY
    queue.id;

SELECT
    DATEPART(HOUR, activity.created_at) AS hour,
    activity.activity_type,
    activity.status,
    COUNT(*) AS count
FROM dbo.woo_sync_activity AS activity
WHERE activity.queue_id = @QUEUE_ID
AND   activity.org_id = @ORG_ID
GROUP BY
    DATEPART(HOUR, activity.created_at),
    activity.activity_type,
    activity.status
ORDER BY
    hour DESC,
    activity.activity_type,
    activity.status;

SELECT TOP (10)
    activity.message,
    activity.created_at
FROM dbo.woo_sync_activity AS activity
WHERE activity.queue_id = @QUEUE_ID
AND   activity.org_id = @ORG_ID
AND   activity.status = 'error'
ORDER BY
    activity.created_at DESC,
    activity.id DESC;
GO
