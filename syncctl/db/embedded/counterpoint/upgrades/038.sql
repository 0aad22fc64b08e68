UPDATE dbo.USER_ERP_SETTING
SET DESCR = 'Y: no order is entered whose number the station has, not by syncctl; N: each; or further stations, with commas'
WHERE NAME = 'FORMER_ORDERS';
