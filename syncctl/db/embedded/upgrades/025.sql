-- Queues of customers on their way to the ERP, a line for each customer, and what happened.
CREATE TABLE dbo.USER_CUSTOMER_QUEUE (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    queue_name TEXT NOT NULL,
    phase TEXT NOT NULL DEFAULT 'draft' CHECK (phase IN ('draft', 'processing', 'done', 'cancelled')),
    batch_size INTEGER NOT NULL DEFAULT 50,
    batch_delay_ms INTEGER NOT NULL DEFAULT 2000,
    max_retries INTEGER NOT NULL DEFAULT 3,
    options_json TEXT NOT NULL DEFAULT '{}',
    fill_cursor TEXT NOT NULL DEFAULT '',
    filled_at DATETIME_TEXT,
    process_count INTEGER NOT NULL DEFAULT 0,
    end_reason TEXT,
    created_by TEXT,
    created_at DATETIME_TEXT NOT NULL,
    updated_at DATETIME_TEXT NOT NULL
);
CREATE INDEX dbo.IX_USER_CUSTOMER_QUEUE_ORG ON USER_CUSTOMER_QUEUE (org_id, store_id, id);

CREATE TABLE dbo.woo_customer_sync_queue_line (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue_id INTEGER NOT NULL,
    org_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    woo_customer_id INTEGER NOT NULL,
    email TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
    customer_json TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'processing', 'done', 'failed', 'cancelled')),
    outcome TEXT CHECK (outcome IN ('created', 'updated', 'linked', 'unchanged')),
    cust_no TEXT,
    error_message TEXT,
    process_count INTEGER NOT NULL DEFAULT 0,
    lost_count INTEGER NOT NULL DEFAULT 0,
    is_action_required BIT NOT NULL DEFAULT 0,
    last_error_timestamp DATETIME_TEXT,
    next_attempt_dt DATETIME_TEXT NOT NULL,
    lease_owner TEXT,
    lease_until_dt DATETIME_TEXT,
    attempt_no INTEGER NOT NULL DEFAULT 0,
    processed_at DATETIME_TEXT,
    created_at DATETIME_TEXT NOT NULL
);
CREATE UNIQUE INDEX dbo.UX_woo_customer_sync_queue_line_customer ON woo_customer_sync_queue_line (queue_id, woo_customer_id) WHERE woo_customer_id > 0;
CREATE UNIQUE INDEX dbo.UX_woo_customer_sync_queue_line_guest ON woo_customer_sync_queue_line (queue_id, email) WHERE woo_customer_id = 0;
CREATE INDEX dbo.IX_woo_customer_sync_queue_line_open ON woo_customer_sync_queue_line (queue_id, id) WHERE state IN ('draft', 'processing');
CREATE INDEX dbo.IX_woo_customer_sync_queue_line_state ON woo_customer_sync_queue_line (queue_id, state, outcome, is_action_required, processed_at);

CREATE TABLE dbo.woo_sync_activity (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue_id INTEGER NOT NULL,
    org_id TEXT NOT NULL,
    activity_type TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('success', 'warning', 'error')),
    message TEXT NOT NULL,
    customers INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    worker_id TEXT,
    created_at DATETIME_TEXT NOT NULL
);
CREATE INDEX dbo.IX_woo_sync_activity_queue ON woo_sync_activity (queue_id, id);

CREATE VIEW dbo.woo_customer_sync_queue AS
SELECT queue.id, queue.org_id, queue.store_id, queue.queue_name,
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
    COALESCE(counted.action_count, 0) > 0 AS is_action_required,
    CASE WHEN counted.action_count > 0 THEN (
        SELECT counted.action_count || CASE WHEN counted.action_count = 1 THEN ' customer' ELSE ' customers' END
            || ' failed more often than the maximum of ' || queue.max_retries || ' retries. First: customer '
            || CASE WHEN line.woo_customer_id > 0 THEN line.woo_customer_id ELSE line.email END || ': ' || COALESCE(line.error_message, '')
        FROM woo_customer_sync_queue_line AS line
        WHERE line.queue_id = queue.id AND line.state = 'failed' AND line.is_action_required = 1
        ORDER BY line.id
        LIMIT 1
    ) END AS action_required_reason,
    counted.last_process_date,
    queue.batch_size, queue.batch_delay_ms, queue.max_retries, queue.options_json, queue.fill_cursor, queue.filled_at,
    queue.end_reason, queue.created_by, queue.created_at, queue.updated_at
FROM USER_CUSTOMER_QUEUE AS queue
LEFT JOIN (
    SELECT line.queue_id,
        COUNT(*) AS total_count,
        SUM(line.state = 'draft') AS draft_count,
        SUM(line.state = 'processing') AS processing_count,
        SUM(line.state IN ('draft', 'processing')) AS open_count,
        SUM(line.state = 'done') AS done_count,
        SUM(line.state = 'failed') AS failed_count,
        SUM(line.state = 'cancelled') AS cancelled_count,
        SUM(line.outcome = 'created') AS created_count,
        SUM(line.outcome = 'updated') AS updated_count,
        SUM(line.outcome = 'linked') AS linked_count,
        SUM(line.outcome = 'unchanged') AS unchanged_count,
        SUM(line.state = 'failed' AND line.is_action_required) AS action_count,
        MAX(line.processed_at) AS last_process_date
    FROM woo_customer_sync_queue_line AS line
    GROUP BY line.queue_id
) AS counted ON counted.queue_id = queue.id;
