SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_StorePodDocument
    Keeps a document in the database; the same one again is found, not kept twice. Nothing is ever overwritten.

Called by    syncctl pod-fetch, syncctl pod-retry
Returns      the document: DOCUMENT_ID, CLAIM_ID, TRACKING_NUMBER, SHA256, CONTENT_TYPE, SIZE_BYTES, SOURCE_URL, SIGNED_BY, DELIVERED_DT,
             CREATED_DT, KIND, IS_MAIN
Errors       50004 no such claim; 50010 lease lost
Locks        the claim's row, for this short transaction
Repeatable   yes
Example      EXECUTE dbo.sp_StorePodDocument @CLAIM_ID = 42, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1, …;
*/
CREATE OR ALTER PROCEDURE dbo.sp_StorePodDocument
    @CLAIM_ID bigint,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO bigint,
    @TRACKING_NUMBER nvarchar(100),
    @SHA256 char(64),
    @CONTENT_TYPE varchar(50),
    @SIZE_BYTES int,
    @CONTENT varbinary(max),
    @SOURCE_URL nvarchar(max) = NULL,
    @SIGNED_BY nvarchar(100) = NULL,
    @DELIVERED_DT datetime2(3) = NULL,
    @KIND varchar(20) = 'proof',
    @IS_MAIN bit = 1,
    @EVIDENCE nvarchar(max) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FencePod
            @CLAIM_ID = @CLAIM_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @NOW = @NOW;

        INSERT INTO dbo.USER_POD_DOCUMENT
        (
            CLAIM_ID,
            TRACKING_NUMBER,
            SHA256,
            CONTENT_TYPE,
            SIZE_BYTES,
            SOURCE_URL,
            SIGNED_BY,
            DELIVERED_DT,
            CONTENT,
            CREATED_DT,
            KIND,
            IS_MAIN,
            EVIDENCE
        )
        SELECT
            @CLAIM_ID,
            @TRACKING_NUMBER,
            @SHA256,
            @CONTENT_TYPE,
            @SIZE_BYTES,
            @SOURCE_URL,
            @SIGNED_BY,
            @DELIVERED_DT,
            @CONTENT,
            @NOW,
            @KIND,
            @IS_MAIN,
            @EVIDENCE
        WHERE NOT EXISTS
        (
            SELECT 1
            FROM dbo.USER_POD_DOCUMENT AS present
            WHERE present.CLAIM_ID = @CLAIM_ID
            AND   present.SHA256 = @SHA256
        );

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;

        THROW;
    END CATCH;

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
        stored.IS_MAIN
    FROM dbo.USER_POD_DOCUMENT AS stored
    WHERE stored.CLAIM_ID = @CLAIM_ID
    AND   stored.SHA256 = @SHA256;
END;
GO
