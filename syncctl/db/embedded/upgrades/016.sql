-- Whether orders of more than is available are told.
INSERT OR IGNORE INTO dbo.USER_ERP_SETTING VALUES
    ('STOCK_CHECK', 'N', 'Y warns of orders of more than is available: on hand without what STOCK_COLUMNS says open orders hold');
