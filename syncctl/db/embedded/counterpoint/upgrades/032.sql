-- Whose stock is for the web.
INSERT OR IGNORE INTO dbo.USER_ERP_SETTING VALUES
    ('STOCK_LOCATIONS', NULL, 'Locations whose stock is for the web, with commas (stock push); empty: STK_LOC_ID');
