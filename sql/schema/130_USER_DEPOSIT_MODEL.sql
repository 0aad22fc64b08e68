SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_DEPOSIT_MODEL, dbo.USER_ORDER_PAYMENT.DEPOSIT_…
    What a deposit ticket of this site looks like, cell by cell, as read from one that a person keyed there; and which ticket carries
    the deposit of an order.

Note         PART says whose row a cell is of: TICKET or ORDER, the order beside it. SOURCE says what goes into it: MODEL copies VALUE, anything
             else is the new order's own.
             Of a payment with a deposit ticket PMT_SEQ_NO is that of its line on the order, 0 where the order has none; ON_ORDER_TND counts
             as tendered on the order, ON_ORDER_DUE is taken off what is due of it.
Repeatable   yes: each step looks first
*/
IF OBJECT_ID(N'dbo.USER_DEPOSIT_MODEL', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_DEPOSIT_MODEL
    (
        PART varchar(10) NOT NULL,
        TABLE_NAME varchar(128) NOT NULL,
        ROW_NO int NOT NULL,
        COLUMN_NAME varchar(128) NOT NULL,
        SOURCE varchar(20) NOT NULL,
        VALUE nvarchar(1000) NULL,
        CONSTRAINT PK_USER_DEPOSIT_MODEL PRIMARY KEY CLUSTERED (PART, TABLE_NAME, ROW_NO, COLUMN_NAME)
    );
END;
GO
IF COL_LENGTH(N'dbo.USER_ORDER_PAYMENT', N'DEPOSIT_DOC_ID') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_PAYMENT ADD DEPOSIT_DOC_ID bigint NULL;
END;
GO
IF COL_LENGTH(N'dbo.USER_ORDER_PAYMENT', N'DEPOSIT_TKT_NO') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_PAYMENT ADD DEPOSIT_TKT_NO varchar(15) NULL;
END;
GO
IF COL_LENGTH(N'dbo.USER_ORDER_PAYMENT', N'ON_ORDER_TND') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_PAYMENT ADD ON_ORDER_TND decimal(15, 2) NULL;
END;
GO
IF COL_LENGTH(N'dbo.USER_ORDER_PAYMENT', N'ON_ORDER_DUE') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_PAYMENT ADD ON_ORDER_DUE decimal(15, 2) NULL;
END;
GO
IF COL_LENGTH(N'dbo.USER_ORDER_PAYMENT', N'DESCR') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_PAYMENT ADD DESCR varchar(50) NULL;
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_PAYMENT')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_PAYMENT_DOC_ID'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_PAYMENT_DOC_ID
    ON dbo.USER_ORDER_PAYMENT (DOC_ID);
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_PAYMENT')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_PAYMENT_DEPOSIT_DOC_ID'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_PAYMENT_DEPOSIT_DOC_ID
    ON dbo.USER_ORDER_PAYMENT (DEPOSIT_DOC_ID);
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_PAYMENT')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_PAYMENT_DEPOSIT_TKT_NO'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_PAYMENT_DEPOSIT_TKT_NO
    ON dbo.USER_ORDER_PAYMENT (DEPOSIT_TKT_NO);
END;
GO
