SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_CUSTOMER_FIELD
    Of each field of a customer in the ERP that follows a customer of the store: what the store said when it was last looked at, and what
    the ERP held when it was last written or first linked. By them is told who changed it since, the store or a person in the ERP.

Note         IS_KEPT 1: the ERP's differs and was left. STORE_VALUE is what the store's text is in the ERP's column; of SHIP_TO, the whole
             shipping address.
Repeatable   yes: it looks first
*/
IF OBJECT_ID(N'dbo.USER_CUSTOMER_FIELD', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_CUSTOMER_FIELD
    (
        STORE_ID varchar(50) NOT NULL,
        CUST_NO varchar(15) NOT NULL,
        FIELD varchar(40) NOT NULL,
        STORE_VALUE nvarchar(1000) NOT NULL,
        ERP_VALUE nvarchar(1000) NOT NULL,
        IS_KEPT bit NOT NULL CONSTRAINT DF_USER_CUSTOMER_FIELD_IS_KEPT DEFAULT (0),
        UPDATED_DT datetime2(3) NOT NULL,
        CONSTRAINT PK_USER_CUSTOMER_FIELD PRIMARY KEY CLUSTERED (STORE_ID, CUST_NO, FIELD)
    );
END;
GO
