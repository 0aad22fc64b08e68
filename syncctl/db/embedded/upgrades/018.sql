-- What this database is called in the tags that orders get in the store.
INSERT OR IGNORE INTO dbo.USER_ERP_SETTING VALUES
    ('DATABASE_ID', lower(hex(randomblob(4))), 'This database''s own name in the tags that orders get in the store; made once, leave it as it is');
