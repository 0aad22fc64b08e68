SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_ORDER_PAYMENT.BOOKED_AMT
    What the books have of an order's deposit in all, once a person has taken or given back a difference at the till; NULL until then:
    the ticket's own amount (AMT).

Repeatable   yes
*/
IF COL_LENGTH(N'dbo.USER_ORDER_PAYMENT', N'BOOKED_AMT') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_PAYMENT ADD BOOKED_AMT decimal(15, 2) NULL;
END;
GO
