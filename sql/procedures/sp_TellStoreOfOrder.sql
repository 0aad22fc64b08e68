SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_TellStoreOfOrder
    Queues what the store is told of an order that was created, reopened or cancelled. Of an update it is told nothing: it knows.

Called by    sp_ApplyOrder, inside its caller's transaction
Parameters   @STAGING_ID; @DOC_ID, @TKT_NO, @REVISION of the document; @OUTCOME
Returns      no rows
Errors       none
Locks        the new message
Repeatable   yes: once a revision and kind
Note         A cancelled order gets a note, never a status: it is cancelled in the store already. From the second revision on a note carries
             its number: the store takes words that an order has already for told. The tag names the database, too.
Example      EXECUTE dbo.sp_TellStoreOfOrder @STAGING_ID = 1, @DOC_ID = 42, @TKT_NO = '101-1', @REVISION = 1, @OUTCOME = 'created';
*/
CREATE OR ALTER PROCEDURE dbo.sp_TellStoreOfOrder
    @STAGING_ID int,
    @DOC_ID bigint,
    @TKT_NO varchar(15),
    @REVISION int,
    @OUTCOME varchar(20),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @ERP_NAME nvarchar(500),
        @APPLIED_STATUS varchar(20),
        @DATABASE_ID nvarchar(20),
        @KIND varchar(20),
        @DEDUP_KEY nvarchar(100),
        @NOTE nvarchar(max),
        @TAG_VALUE nvarchar(100);

    IF @OUTCOME NOT IN ('created', 'reopened', 'cancelled')
    BEGIN
        RETURN;
    END;

    SELECT
        @ERP_NAME = erp.ERP_NAME
    FROM dbo.fn_ErpName() AS erp;

    SELECT
        @APPLIED_STATUS = NULLIF(CONVERT(varchar(20), setting.VALUE), '')
    FROM dbo.USER_ERP_SETTING AS setting
    WHERE setting.NAME = 'APPLIED_STATUS'
    AND   @OUTCOME <> 'cancelled';

    SELECT
        @DATABASE_ID = NULLIF(CONVERT(nvarchar(20), setting.VALUE), N'')
    FROM dbo.USER_ERP_SETTING AS setting
    WHERE setting.NAME = 'DATABASE_ID';

    SET @KIND = CASE WHEN @OUTCOME = 'cancelled' THEN 'cancelled' ELSE 'applied' END;
    SET @DEDUP_KEY = CONCAT(@KIND, N':', @REVISION);
    SET @NOTE = CONCAT
    (
        N'Order ', CASE WHEN @OUTCOME = 'cancelled' THEN N'closed' ELSE @OUTCOME END,
        CASE WHEN @REVISION > 1 THEN CONCAT(N' (', @REVISION, N')') END, N' in ', @ERP_NAME, N'. DOC_ID: ', @DOC_ID, N', TKT_NO: ', @TKT_NO
    );
    SET @TAG_VALUE = CASE WHEN @OUTCOME <> 'cancelled' THEN CONCAT(@DOC_ID, N'/', @REVISION, N'@' + @DATABASE_ID) END;

    EXECUTE dbo.sp_QueueOrderMessage
        @STAGING_ID = @STAGING_ID,
        @KIND = @KIND,
        @DEDUP_KEY = @DEDUP_KEY,
        @TARGET_STATUS = @APPLIED_STATUS,
        @NOTE = @NOTE,
        @TAG_VALUE = @TAG_VALUE,
        @NOW = @NOW;
END;
GO
