-- Since when what a store has of an item isn't known: an order of it changed, and the store counts by itself.
ALTER TABLE dbo.USER_STORE_ITEM ADD COLUMN DOUBTED_DT DATETIME_TEXT;
