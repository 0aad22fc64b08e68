SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_GetPodDocument
    Gives the latest main document that the database keeps for a claim, and for a tracking number where one is given; or the document
    of that claim which @DOCUMENT_ID names.

Called by    syncctl pod-fetch, syncctl pod-retry, syncctl pod document
Returns      the document: DOCUMENT_ID, CLAIM_ID, TRACKING_NUMBER, SHA256, CONTENT_TYPE, SIZE_BYTES, SOURCE_URL, SIGNED_BY, DELIVERED_DT,
             CREATED_DT, KIND, IS_MAIN, CONTENT
Errors       none
Locks        none
Repeatable   yes
Example      EXECUTE dbo.sp_GetPodDocument @CLAIM_ID = 42;
*/
CREATE OR ALTER PROCEDURE dbo.sp_GetPodDocument
    @CLAIM_ID bigint,
    @TRACKING_NUMBER nvarchar(100) = NULL,
    @DOCUMENT_ID bigint = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SELECT TOP (1)
        stored.DOCUMENT_ID,
        stored.CLAIM_ID,
        stored.TRACKING_NUMBER,
        stored.SHA256,
        stored.CONTENT_TYPE,
        stored.SIZE_BYTES,
        stored.SOURCE_URL,
        stored.SIGNED_BY,
        stored.DELIVERED_DT,
        stored.CREATED_DT,
        stored.KIND,
        stored.IS_MAIN,
        stored.CONTENT
    FROM dbo.USER_POD_DOCUMENT AS stored
    WHERE stored.CLAIM_ID = @CLAIM_ID
    AND   (@TRACKING_NUMBER IS NULL OR stored.TRACKING_NUMBER = @TRACKING_NUMBER)
    AND   (stored.DOCUMENT_ID = @DOCUMENT_ID OR (@DOCUMENT_ID IS NULL AND stored.IS_MAIN = 1))
    ORDER BY
        stored.DOCUMENT_ID DESC;
END;
GO
