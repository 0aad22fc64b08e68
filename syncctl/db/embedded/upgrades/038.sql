-- What the books have of a deposit, once a person took or gave back a difference at the till.
ALTER TABLE dbo.USER_ORDER_PAYMENT ADD COLUMN BOOKED_AMT DECIMAL_TEXT;
