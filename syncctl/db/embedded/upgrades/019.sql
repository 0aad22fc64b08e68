-- What a poll tells an order's staged version apart by, as it stood in the store's list.
ALTER TABLE dbo.USER_ORDER_STAGING ADD COLUMN READ_MARK TEXT;
