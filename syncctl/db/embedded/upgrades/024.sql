-- Whether a claimed order is in its worker's hands, or waits for its turn behind others that were claimed with it.
ALTER TABLE dbo.USER_ORDER_STAGING ADD COLUMN IS_IN_HAND BIT NOT NULL DEFAULT 1;
