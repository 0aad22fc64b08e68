-- Each store's runs of a job are read from the latest on.
CREATE INDEX dbo.IX_USER_SYNC_LOG_STORE ON USER_SYNC_LOG (STORE_ID, OPERATION_TYPE, START_TIME);
