-- Whether the store may have been told of a message already: what waits from before this column may have been.
ALTER TABLE dbo.USER_STORE_OUTBOX ADD COLUMN LOOK_FIRST BIT NOT NULL DEFAULT 1;
