-- The prices of the web: which columns of the ERP they are in.
ALTER TABLE dbo.IM_ITEM ADD COLUMN PRC_1 DECIMAL_TEXT;
ALTER TABLE dbo.IM_ITEM ADD COLUMN REG_PRC DECIMAL_TEXT;
ALTER TABLE dbo.IM_PRC ADD COLUMN PRC_2 DECIMAL_TEXT;
ALTER TABLE dbo.IM_PRC ADD COLUMN PRC_3 DECIMAL_TEXT;
ALTER TABLE dbo.IM_PRC ADD COLUMN PRC_4 DECIMAL_TEXT;
ALTER TABLE dbo.IM_PRC ADD COLUMN PRC_5 DECIMAL_TEXT;
ALTER TABLE dbo.IM_PRC ADD COLUMN PRC_6 DECIMAL_TEXT;
INSERT OR IGNORE INTO dbo.USER_ERP_SETTING VALUES
    ('WEB_PRICE_LIST', 'PRC_1', 'Column of IM_PRC that has the regular price of the web (price push): PRC_1 to PRC_6, or REG_PRC'),
    ('WEB_SALE_LIST', NULL, 'Column of IM_PRC that has the price of a sale where it is lower (price push); empty: no sales'),
    ('WEB_PRICES_INCLUDE_TAX', 'N', 'Y: the prices of WEB_PRICE_LIST and WEB_SALE_LIST include tax; N: they are without (price push)');
