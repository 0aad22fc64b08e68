SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
Role syncctl_monitor
    For people and monitoring systems: SELECT on the monitoring views and on the tables that the documented queries read. Nothing
    can be changed with it. The staged orders hold customers' names and addresses: give it to those who may see them.

Use          ALTER ROLE syncctl_monitor ADD MEMBER [DOMAIN\monitoring];
Repeatable   yes: each deploy runs it
*/
IF DATABASE_PRINCIPAL_ID(N'syncctl_monitor') IS NULL
BEGIN
    CREATE ROLE syncctl_monitor;
END;
GO
GRANT SELECT ON dbo.USER_V_FAILED_ORDERS TO syncctl_monitor;
GRANT SELECT ON dbo.USER_V_HEALTH TO syncctl_monitor;
GRANT SELECT ON dbo.USER_V_OUTBOX_BACKLOG TO syncctl_monitor;
GRANT SELECT ON dbo.USER_V_PENDING_ORDERS TO syncctl_monitor;
GRANT SELECT ON dbo.USER_V_RUNS_TODAY TO syncctl_monitor;
GRANT SELECT ON dbo.USER_V_THROUGHPUT_TODAY TO syncctl_monitor;
GRANT SELECT ON dbo.woo_customer_sync_queue TO syncctl_monitor;
GRANT SELECT ON dbo.woo_customer_sync_queue_line TO syncctl_monitor;
GRANT SELECT ON dbo.woo_sync_activity TO syncctl_monitor;
GRANT SELECT ON dbo.USER_ORDER_STAGING TO syncctl_monitor;
GRANT SELECT ON dbo.USER_SYNC_LOG TO syncctl_monitor;
GRANT SELECT ON dbo.USER_SYNC_STATISTIC TO syncctl_monitor;
GRANT SELECT ON dbo.USER_ORDER_EVENT TO syncctl_monitor;
GRANT SELECT ON dbo.USER_ORDER_ATTEMPT TO syncctl_monitor;
GRANT SELECT ON dbo.USER_ORDER_DEAD_LETTER TO syncctl_monitor;
GRANT SELECT ON dbo.USER_STORE_OUTBOX TO syncctl_monitor;
GRANT SELECT ON dbo.USER_ORDER_LINK TO syncctl_monitor;
GRANT SELECT ON dbo.USER_INCIDENT TO syncctl_monitor;
GRANT SELECT ON dbo.USER_SCHEMA_JOURNAL TO syncctl_monitor;
GO
