SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_CUSTOMER_QUEUE, dbo.woo_customer_sync_queue_line, dbo.woo_sync_activity
    Queues of a store's customers on their way to the ERP: one row a queue, one line a customer, and what happened.

Read it by   dbo.woo_customer_sync_queue, a view over the queue's own row that counts its lines: a counter that nobody writes can't drift.
Repeatable   yes: each step looks first
*/
IF OBJECT_ID(N'dbo.USER_CUSTOMER_QUEUE', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_CUSTOMER_QUEUE
    (
        id int IDENTITY(1, 1) NOT NULL,
        org_id varchar(50) NOT NULL,
        store_id varchar(50) NOT NULL,
        queue_name nvarchar(100) NOT NULL,
        phase varchar(20) NOT NULL CONSTRAINT DF_USER_CUSTOMER_QUEUE_phase DEFAULT ('draft'),
        batch_size int NOT NULL CONSTRAINT DF_USER_CUSTOMER_QUEUE_batch_size DEFAULT (50),
        batch_delay_ms int NOT NULL CONSTRAINT DF_USER_CUSTOMER_QUEUE_batch_delay_ms DEFAULT (2000),
        max_retries int NOT NULL CONSTRAINT DF_USER_CUSTOMER_QUEUE_max_retries DEFAULT (3),
        options_json nvarchar(max) NOT NULL CONSTRAINT DF_USER_CUSTOMER_QUEUE_options_json DEFAULT (N'{}'),
        fill_cursor nvarchar(500) NOT NULL CONSTRAINT DF_USER_CUSTOMER_QUEUE_fill_cursor DEFAULT (N''),
        filled_at datetime2(3) NULL,
        process_count int NOT NULL CONSTRAINT DF_USER_CUSTOMER_QUEUE_process_count DEFAULT (0),
        end_reason nvarchar(500) NULL,
        created_by nvarchar(100) NULL,
        created_at datetime2(3) NOT NULL CONSTRAINT DF_USER_CUSTOMER_QUEUE_created_at DEFAULT (SYSUTCDATETIME()),
        updated_at datetime2(3) NOT NULL CONSTRAINT DF_USER_CUSTOMER_QUEUE_updated_at DEFAULT (SYSUTCDATETIME()),
        CONSTRAINT PK_USER_CUSTOMER_QUEUE PRIMARY KEY CLUSTERED (id),
        CONSTRAINT CK_USER_CUSTOMER_QUEUE_phase CHECK (phase IN ('draft', 'processing', 'done', 'cancelled'))
    );
END;
GO
IF NOT EXISTS
(
    SELECT 1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_CUSTOMER_QUEUE')
    AND   UPPER(indexed.name) = N'IX_USER_CUSTOMER_QUEUE_ORG'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_CUSTOMER_QUEUE_ORG ON dbo.USER_CUSTOMER_QUEUE (org_id, store_id, id);
END;
GO
IF OBJECT_ID(N'dbo.woo_customer_sync_queue_line', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.woo_customer_sync_queue_line
    (
        id int IDENTITY(1, 1) NOT NULL,
        queue_id int NOT NULL,
        org_id varchar(50) NOT NULL,
        store_id varchar(50) NOT NULL,
        woo_customer_id bigint NOT NULL,
        email nvarchar(254) NOT NULL CONSTRAINT DF_woo_customer_sync_queue_line_email DEFAULT (N''),
        customer_json nvarchar(max) NOT NULL,
        state varchar(20) NOT NULL CONSTRAINT DF_woo_customer_sync_queue_line_state DEFAULT ('draft'),
        outcome varchar(20) NULL,
        cust_no varchar(15) NULL,
        error_message nvarchar(2000) NULL,
        process_count int NOT NULL CONSTRAINT DF_woo_customer_sync_queue_line_process_count DEFAULT (0),
        lost_count int NOT NULL CONSTRAINT DF_woo_customer_sync_queue_line_lost_count DEFAULT (0),
        is_action_required bit NOT NULL CONSTRAINT DF_woo_customer_sync_queue_line_is_action_required DEFAULT (0),
        last_error_timestamp datetime2(3) NULL,
        next_attempt_dt datetime2(3) NOT NULL,
        lease_owner nvarchar(100) NULL,
        lease_until_dt datetime2(3) NULL,
        attempt_no int NOT NULL CONSTRAINT DF_woo_customer_sync_queue_line_attempt_no DEFAULT (0),
        processed_at datetime2(3) NULL,
        created_at datetime2(3) NOT NULL CONSTRAINT DF_woo_customer_sync_queue_line_created_at DEFAULT (SYSUTCDATETIME()),
        CONSTRAINT PK_woo_customer_sync_queue_line PRIMARY KEY CLUSTERED (id),
        CONSTRAINT CK_woo_customer_sync_queue_line_state CHECK (state IN ('draft', 'processing', 'done', 'failed', 'cancelled')),
        CONSTRAINT CK_woo_customer_sync_queue_line_outcome CHECK (outcome IN ('created', 'updated', 'linked', 'unchanged'))
    );
END;
GO
-- A customer stands in a queue once: a registered one by the store's id, a guest by the e-mail address.
IF NOT EXISTS
(
    SELECT 1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.woo_customer_sync_queue_line')
    AND   UPPER(indexed.name) = N'UX_WOO_CUSTOMER_SYNC_QUEUE_LINE_CUSTOMER'
)
BEGIN
    CREATE UNIQUE NONCLUSTERED INDEX UX_woo_customer_sync_queue_line_customer
    ON dbo.woo_customer_sync_queue_line (queue_id, woo_customer_id)
    WHERE woo_customer_id > 0;
END;
GO
IF NOT EXISTS
(
    SELECT 1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.woo_customer_sync_queue_line')
    AND   UPPER(indexed.name) = N'UX_WOO_CUSTOMER_SYNC_QUEUE_LINE_GUEST'
)
BEGIN
    CREATE UNIQUE NONCLUSTERED INDEX UX_woo_customer_sync_queue_line_guest
    ON dbo.woo_customer_sync_queue_line (queue_id, email)
    WHERE woo_customer_id = 0;
END;
GO
-- What is open, in the order in which it is taken.
IF NOT EXISTS
(
    SELECT 1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.woo_customer_sync_queue_line')
    AND   UPPER(indexed.name) = N'IX_WOO_CUSTOMER_SYNC_QUEUE_LINE_OPEN'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_woo_customer_sync_queue_line_open
    ON dbo.woo_customer_sync_queue_line (queue_id, id)
    INCLUDE (org_id, store_id, state, next_attempt_dt, lease_until_dt, lost_count)
    WHERE state IN ('draft', 'processing');
END;
GO
-- What the view counts.
IF NOT EXISTS
(
    SELECT 1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.woo_customer_sync_queue_line')
    AND   UPPER(indexed.name) = N'IX_WOO_CUSTOMER_SYNC_QUEUE_LINE_STATE'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_woo_customer_sync_queue_line_state
    ON dbo.woo_customer_sync_queue_line (queue_id, state, id)
    INCLUDE (outcome, is_action_required, processed_at);
END;
GO
IF OBJECT_ID(N'dbo.woo_sync_activity', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.woo_sync_activity
    (
        id bigint IDENTITY(1, 1) NOT NULL,
        queue_id int NOT NULL,
        org_id varchar(50) NOT NULL,
        activity_type varchar(50) NOT NULL,
        status varchar(20) NOT NULL,
        message nvarchar(2000) NOT NULL,
        customers int NOT NULL CONSTRAINT DF_woo_sync_activity_customers DEFAULT (0),
        failures int NOT NULL CONSTRAINT DF_woo_sync_activity_failures DEFAULT (0),
        worker_id nvarchar(100) NULL,
        created_at datetime2(3) NOT NULL CONSTRAINT DF_woo_sync_activity_created_at DEFAULT (SYSUTCDATETIME()),
        CONSTRAINT PK_woo_sync_activity PRIMARY KEY CLUSTERED (id),
        CONSTRAINT CK_woo_sync_activity_status CHECK (status IN ('success', 'warning', 'error'))
    );
END;
GO
IF NOT EXISTS
(
    SELECT 1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.woo_sync_activity')
    AND   UPPER(indexed.name) = N'IX_WOO_SYNC_ACTIVITY_QUEUE'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_woo_sync_activity_queue ON dbo.woo_sync_activity (queue_id, id);
END;
GO
