SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListPodDocuments
    Lists the documents that the database keeps for a claim, with how each was got, without their bytes.

Called by    syncctl pod document, syncctl pod export
Returns      one row per document, as they were kept: DOCUMENT_ID, CLAIM_ID, TRACKING_NUMBER, SHA256, CONTENT_TYPE, SIZE_BYTES, SOURCE_URL,
             SIGNED_BY, DELIVERED_DT, CREATED_DT, KIND, IS_MAIN, EVIDENCE
Errors       none
Locks        none
Repeatable   yes
Example      EXECUTE dbo.sp_ListPodDocuments @CLAIM_ID = 42;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListPodDocuments
    @CLAIM_ID bigint,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SELECT
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
        stored.EVIDENCE
    FROM dbo.USER_POD_DOCUMENT AS stored
    WHERE stored.CLAIM_ID = @CLAIM_ID
    ORDER BY
        stored.DOCUMENT_ID;
END;
GO
