-- Which ERP a database belongs to is recorded in it.
INSERT OR IGNORE INTO dbo.USER_ERP_SETTING VALUES
    ('ERP', 'counterpoint', 'Which ERP this database belongs to, as it was deployed'),
    ('ERP_NAME', 'CounterPoint', 'What people call it, in notes and messages');
