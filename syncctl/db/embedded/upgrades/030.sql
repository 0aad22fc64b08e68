-- Orders in review by their customer: what a queue of customers looks up for each customer that it has brought.
CREATE INDEX dbo.IX_USER_ORDER_STAGING_CUST ON USER_ORDER_STAGING (WOO_CUST_ID, STORE_ID);
CREATE INDEX dbo.IX_USER_ORDER_STAGING_REVIEW_EMAIL ON USER_ORDER_STAGING (STORE_ID, CUST_EMAIL COLLATE NOCASE) WHERE STATE = 'NEEDS_MANUAL_REVIEW';
CREATE INDEX dbo.IX_USER_CUSTOMER_QUEUE_STORE ON USER_CUSTOMER_QUEUE (store_id, org_id);
DROP VIEW dbo.woo_customer_sync_queue;
CREATE VIEW dbo.woo_customer_sync_queue AS
SELECT queue.id, queue.org_id, queue.store_id, queue.queue_name,
    CASE
        WHEN queue.phase = 'done' OR queue.phase = 'cancelled' THEN queue.phase
        WHEN queue.filled_at IS NULL OR EXISTS (
            SELECT 1 FROM woo_customer_sync_queue_line AS line
            WHERE line.queue_id = queue.id AND line.state IN ('draft', 'processing')) THEN queue.phase
        WHEN EXISTS (
            SELECT 1 FROM woo_customer_sync_queue_line AS line WHERE line.queue_id = queue.id AND line.state = 'failed') THEN 'failed'
        ELSE 'done'
    END AS state,
    (SELECT COUNT(*) FROM woo_customer_sync_queue_line AS line WHERE line.queue_id = queue.id) AS total_count,
    (SELECT COUNT(*) FROM woo_customer_sync_queue_line AS line WHERE line.queue_id = queue.id AND line.state = 'draft') AS draft_count,
    (SELECT COUNT(*) FROM woo_customer_sync_queue_line AS line WHERE line.queue_id = queue.id AND line.state = 'processing') AS processing_count,
    (SELECT COUNT(*) FROM woo_customer_sync_queue_line AS line WHERE line.queue_id = queue.id AND line.state = 'done') AS done_count,
    (SELECT COUNT(*) FROM woo_customer_sync_queue_line AS line WHERE line.queue_id = queue.id AND line.state = 'failed') AS failed_count,
    (SELECT COUNT(*) FROM woo_customer_sync_queue_line AS line WHERE line.queue_id = queue.id AND line.state = 'cancelled') AS cancelled_count,
    (SELECT COUNT(*) FROM woo_customer_sync_queue_line AS line WHERE line.queue_id = queue.id AND line.state = 'done' AND line.outcome = 'created') AS created_count,
    (SELECT COUNT(*) FROM woo_customer_sync_queue_line AS line WHERE line.queue_id = queue.id AND line.state = 'done' AND line.outcome = 'updated') AS updated_count,
    (SELECT COUNT(*) FROM woo_customer_sync_queue_line AS line WHERE line.queue_id = queue.id AND line.state = 'done' AND line.outcome = 'linked') AS linked_count,
    (SELECT COUNT(*) FROM woo_customer_sync_queue_line AS line WHERE line.queue_id = queue.id AND line.state = 'done' AND line.outcome = 'unchanged') AS unchanged_count,
    queue.process_count,
    EXISTS (
        SELECT 1 FROM woo_customer_sync_queue_line AS line
        WHERE line.queue_id = queue.id AND line.state = 'failed' AND line.is_action_required = 1) AS is_action_required,
    (
        SELECT counted.customers || CASE WHEN counted.customers = 1 THEN ' customer' ELSE ' customers' END
            || ' failed more often than the maximum of ' || queue.max_retries || ' retries. First: customer '
            || CASE WHEN line.woo_customer_id > 0 THEN line.woo_customer_id ELSE line.email END || ': ' || COALESCE(line.error_message, '')
        FROM (
            SELECT MIN(required.id) AS first_id, COUNT(*) AS customers FROM woo_customer_sync_queue_line AS required
            WHERE required.queue_id = queue.id AND required.state = 'failed' AND required.is_action_required = 1
        ) AS counted
        INNER JOIN woo_customer_sync_queue_line AS line ON line.id = counted.first_id
    ) AS action_required_reason,
    (SELECT MAX(line.processed_at) FROM woo_customer_sync_queue_line AS line WHERE line.queue_id = queue.id) AS last_process_date,
    queue.batch_size, queue.batch_delay_ms, queue.max_retries, queue.options_json, queue.fill_cursor, queue.filled_at,
    queue.end_reason, queue.created_by, queue.created_at, queue.updated_at
FROM USER_CUSTOMER_QUEUE AS queue;
