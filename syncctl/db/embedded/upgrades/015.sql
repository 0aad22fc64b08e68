-- The store's own key of an order, which never changes: under a known id another key is another order.
ALTER TABLE dbo.USER_ORDER_STAGING ADD COLUMN ORDER_KEY TEXT;
