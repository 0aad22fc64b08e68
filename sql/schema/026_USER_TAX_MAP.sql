SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_TAX_MAP
    Which tax authority and rule of the ERP a tax rate of a store is.

Note         RATE_COD is the store's code of the rate, as US-NY-TAX-1. A row of STORE_ID '*' counts where the store has none; a rate
             without a row is booked under the site's TAX_AUTH_COD and TAX_RUL_COD.
Repeatable   yes: it looks first
*/
IF OBJECT_ID(N'dbo.USER_TAX_MAP', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_TAX_MAP
    (
        STORE_ID varchar(50) NOT NULL,
        RATE_COD nvarchar(100) NOT NULL,
        AUTH_COD varchar(10) NOT NULL,
        RUL_COD varchar(10) NOT NULL,
        CONSTRAINT PK_USER_TAX_MAP PRIMARY KEY CLUSTERED (STORE_ID, RATE_COD)
    );
END;
GO
