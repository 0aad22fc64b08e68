SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_ERP_SETTING, dbo.USER_NUMBER_SERIES
    The site's own settings of the ERP side, and the series that documents, tickets and customers take their numbers from.

Note         A setting or series that a site has changed stays as it is. Set both before the first order is processed.
Repeatable   yes: each step looks first
*/
IF OBJECT_ID(N'dbo.USER_ERP_SETTING', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_ERP_SETTING
    (
        NAME varchar(50) NOT NULL,
        VALUE nvarchar(500) NULL,
        DESCR nvarchar(500) NULL,
        CONSTRAINT PK_USER_ERP_SETTING PRIMARY KEY CLUSTERED (NAME)
    );
END;
GO
INSERT INTO dbo.USER_ERP_SETTING
(
    NAME, VALUE, DESCR
)
SELECT
    seed.NAME,
    seed.VALUE,
    seed.DESCR
FROM
(
    VALUES
        (N'APPLIED_STATUS', N'processing', N'Store status of an order that reached the ERP')
) AS seed (NAME, VALUE, DESCR)
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.USER_ERP_SETTING AS known
    WHERE known.NAME = seed.NAME
);
GO
IF OBJECT_ID(N'dbo.USER_NUMBER_SERIES', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_NUMBER_SERIES
    (
        SERIES varchar(20) NOT NULL,
        PREFIX varchar(10) NOT NULL,
        WIDTH int NOT NULL,
        NEXT_NO bigint NOT NULL,
        DESCR nvarchar(500) NULL,
        CONSTRAINT PK_USER_NUMBER_SERIES PRIMARY KEY CLUSTERED (SERIES)
    );
END;
GO
