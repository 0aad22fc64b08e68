SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.woo_customer_sync_queue_line
    An index of the customers that need a person: what health looks at every few minutes.

Repeatable   yes: each step looks first
*/
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.woo_customer_sync_queue_line')
    AND   UPPER(indexed.name) = N'IX_WOO_CUSTOMER_SYNC_QUEUE_LINE_ACTION'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_woo_customer_sync_queue_line_action
    ON dbo.woo_customer_sync_queue_line (queue_id)
    INCLUDE (state)
    WHERE is_action_required = 1;
END;
GO
