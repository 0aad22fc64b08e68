SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpParcels
    The tracking number of an order in RMS, which has one, in capitals, without blanks and invisible marks.

Called by    sp_QueueStatusChanges
Parameters   @DOC_ID
Returns      PARCEL_NO, TRACKING_NO; no row where there is none
Example      SELECT parcel.TRACKING_NO FROM dbo.fn_ErpParcels(1) AS parcel;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpParcels
(
    @DOC_ID bigint
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        PARCEL_NO = 1,
        TRACKING_NO = LEFT(plain.NUMBER, 100)
    FROM dbo.[Order] AS held
    CROSS APPLY (SELECT NUMBER = dbo.fn_PlainNumber(LEFT(held.ShippingTrackingNumber, 200))) AS plain
    WHERE held.ID = @DOC_ID
    AND   plain.NUMBER <> N''
);
GO
