-- How often and how far apart the store is asked again for an order that could not be read.
INSERT INTO dbo.USER_RETRY_POLICY VALUES
    ('unreadable', 24, 300, 2, 86400, 'review', 'The store has the order, and what it says of it can''t be read; asked again by stage');
