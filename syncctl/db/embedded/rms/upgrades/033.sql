-- The prices of the web: of sales, and of customer groups.
ALTER TABLE dbo.Item ADD COLUMN SaleStartDate DATETIME_TEXT;
ALTER TABLE dbo.Item ADD COLUMN SaleEndDate DATETIME_TEXT;
ALTER TABLE dbo.Item ADD COLUMN PriceA DECIMAL_TEXT NOT NULL DEFAULT '0.0000';
ALTER TABLE dbo.Item ADD COLUMN PriceB DECIMAL_TEXT NOT NULL DEFAULT '0.0000';
ALTER TABLE dbo.Item ADD COLUMN PriceC DECIMAL_TEXT NOT NULL DEFAULT '0.0000';
INSERT OR IGNORE INTO dbo.USER_ERP_SETTING VALUES
    ('WEB_PRICE_LIST', 'Price', 'Column of Item that has the regular price of the web (price push): Price, PriceA, PriceB or PriceC');
