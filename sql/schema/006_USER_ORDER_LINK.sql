SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_ORDER_LINK, dbo.USER_ORDER_LINE_LINK
    Which ERP document belongs to which order, and which of its lines to which line of the store: what makes an order exactly one
    document, whatever is repeated, and the key of every later change.

Repeatable   yes: each step looks first
*/
IF OBJECT_ID(N'dbo.USER_ORDER_LINK', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_ORDER_LINK
    (
        STORE_ID varchar(50) NOT NULL,
        WOO_ORDER_ID bigint NOT NULL,
        STAGING_ID int NOT NULL,
        DOC_ID bigint NOT NULL,
        TKT_NO varchar(15) NOT NULL,
        REVISION int NOT NULL CONSTRAINT DF_USER_ORDER_LINK_REVISION DEFAULT (1),
        LINK_STATE varchar(20) NOT NULL CONSTRAINT DF_USER_ORDER_LINK_LINK_STATE DEFAULT ('OPEN'),
        TOT decimal(15, 2) NOT NULL,
        ERP_STATUS_TOLD varchar(20) NOT NULL CONSTRAINT DF_USER_ORDER_LINK_ERP_STATUS_TOLD DEFAULT ('open'),
        CREATED_DT datetime2(3) NOT NULL,
        UPDATED_DT datetime2(3) NULL,
        CONSTRAINT PK_USER_ORDER_LINK PRIMARY KEY CLUSTERED (STORE_ID, WOO_ORDER_ID),
        CONSTRAINT CK_USER_ORDER_LINK_LINK_STATE CHECK (LINK_STATE IN ('OPEN', 'CLOSED', 'ROLLED_BACK'))
    );

    CREATE UNIQUE NONCLUSTERED INDEX UX_USER_ORDER_LINK_DOC
    ON dbo.USER_ORDER_LINK (DOC_ID);
END;
GO
IF OBJECT_ID(N'dbo.USER_ORDER_LINE_LINK', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_ORDER_LINE_LINK
    (
        STORE_ID varchar(50) NOT NULL,
        WOO_ORDER_ID bigint NOT NULL,
        WOO_LINE_ID bigint NOT NULL,
        DOC_ID bigint NOT NULL,
        LIN_SEQ_NO int NOT NULL,
        ITEM_NO varchar(20) NOT NULL,
        QTY_SOLD decimal(15, 4) NOT NULL,
        EXT_PRC decimal(15, 2) NOT NULL,
        CONSTRAINT PK_USER_ORDER_LINE_LINK PRIMARY KEY CLUSTERED (STORE_ID, WOO_ORDER_ID, WOO_LINE_ID)
    );
END;
GO
