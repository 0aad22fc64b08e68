SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
USER_ERP_SETTING, DATABASE_ID
    What this database is called in the tags that orders get in the store. The DOC_IDs of a trial made anew begin where the last one's
    did: by its own name it isn't taken for that one. A backup that is restored keeps its name.

Repeatable   yes: it looks first
*/
INSERT INTO dbo.USER_ERP_SETTING
(
    NAME, VALUE, DESCR
)
SELECT
    'DATABASE_ID',
    LOWER(LEFT(REPLACE(CONVERT(varchar(36), NEWID()), '-', ''), 8)),
    N'This database''s own name in the tags that orders get in the store; made once, leave it as it is'
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.USER_ERP_SETTING AS known
    WHERE known.NAME = 'DATABASE_ID'
);
GO
