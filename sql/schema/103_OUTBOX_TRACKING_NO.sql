SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_STORE_OUTBOX: the parcels that a message tells of
    Tracking numbers between commas, so that a store that books shipments gets them from the message and not out of its words.

Live site    What waits from before gets those of its words, where these were not cut.
Repeatable   yes: it looks first
*/
IF COL_LENGTH(N'dbo.USER_STORE_OUTBOX', N'TRACKING_NO') IS NULL
BEGIN
    ALTER TABLE dbo.USER_STORE_OUTBOX ADD TRACKING_NO nvarchar(max) NULL;
END;
GO
UPDATE
    dbo.USER_STORE_OUTBOX
SET
    TRACKING_NO = SUBSTRING(NOTE, LEN(N'Order shipped. Tracking number: .'), 100)
WHERE STATE IN ('PENDING', 'CLAIMED', 'FAILED')
AND   KIND = 'status'
AND   NOTE LIKE N'Order shipped. Tracking number: _%'
AND   LEN(NOTE) < LEN(N'Order shipped. Tracking number: .') + 98
AND   TRACKING_NO IS NULL;
GO
