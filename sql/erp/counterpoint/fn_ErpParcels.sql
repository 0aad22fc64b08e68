SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpParcels
    The tracking numbers of a CounterPoint document's parcels, in capitals, without blanks and invisible marks.

Used by      sp_QueueStatusChanges
Returns      PARCEL_NO from 1; TRACKING_NO
Example      SELECT parcels.* FROM dbo.fn_ErpParcels(101000000001) AS parcels;
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
        PARCEL_NO = CONVERT(int, ROW_NUMBER() OVER (ORDER BY parcel.SEQ_NO)),
        TRACKING_NO = LEFT(plain.NUMBER, 100)
    FROM dbo.PS_DOC_PKG_TRK_NO AS parcel
    CROSS APPLY (SELECT NUMBER = dbo.fn_PlainNumber(LEFT(parcel.PKG_TRK_NO, 200))) AS plain
    WHERE parcel.DOC_ID = @DOC_ID
    AND   plain.NUMBER <> N''
);
GO
