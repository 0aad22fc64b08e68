SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_ORDER_PAYMENT
    The payment that came with an order, as syncctl last wrote it into the ERP. Any other payment on the document is a person's.

Repeatable   yes: it looks first
*/
IF OBJECT_ID(N'dbo.USER_ORDER_PAYMENT', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_ORDER_PAYMENT
    (
        STORE_ID varchar(50) NOT NULL,
        WOO_ORDER_ID bigint NOT NULL,
        DOC_ID bigint NOT NULL,
        PMT_SEQ_NO int NOT NULL,
        PAY_COD varchar(10) NOT NULL,
        AMT decimal(15, 2) NOT NULL,
        UPDATED_DT datetime2(3) NOT NULL,
        CONSTRAINT PK_USER_ORDER_PAYMENT PRIMARY KEY CLUSTERED (STORE_ID, WOO_ORDER_ID)
    );
END;
GO
