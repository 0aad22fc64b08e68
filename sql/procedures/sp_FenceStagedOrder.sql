SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FenceStagedOrder
    Locks a staged order for the caller's transaction and makes sure that this worker's attempt still holds it.

Called by    every procedure that writes to a claimed order, first thing in its transaction
Returns      nothing
Errors       50004 no such staging id; 50010 another worker or attempt holds the order, or nobody does
Locks        the order's row, exclusively, until the caller's transaction ends
Repeatable   yes
Note         With @FINISHED (a state) an order that this same attempt has brought into that state passes too: the answer to the first
             try was lost. The caller looks at STATE. A lease that has run out, and that nobody has taken since, still passes.
Example      EXECUTE dbo.sp_FenceStagedOrder @STAGING_ID = 123, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_FenceStagedOrder
    @STAGING_ID int,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @FINISHED varchar(20) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @MESSAGE nvarchar(2000);
    DECLARE @STATE varchar(20);
    DECLARE @LEASE_OWNER nvarchar(100);
    DECLARE @HELD_ATTEMPT_NO int;
    DECLARE @ORDER_NO nvarchar(50);

    /* An UPDATE, not a hint: it holds the row on every engine and isolation level. */
    UPDATE dbo.USER_ORDER_STAGING
    SET UPDATED_DT = @NOW
    WHERE STAGING_ID = @STAGING_ID;

    IF @@ROWCOUNT = 0
    BEGIN
        SET @MESSAGE = CONCAT(N'Staging id ', @STAGING_ID, N' does not exist.');
        THROW 50004, @MESSAGE, 1;
    END;

    SELECT
        @STATE = staged.STATE,
        @LEASE_OWNER = staged.LEASE_OWNER,
        @HELD_ATTEMPT_NO = staged.ATTEMPT_NO,
        @ORDER_NO = COALESCE(staged.WOO_ORDER_NO, CAST(staged.WOO_ORDER_ID AS nvarchar(50)))
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    IF  @LEASE_OWNER = @WORKER_ID
    AND @HELD_ATTEMPT_NO = @ATTEMPT_NO
    AND (@STATE = 'CLAIMED' OR @STATE = @FINISHED)
    BEGIN
        RETURN;
    END;

    SET @MESSAGE = CONCAT
    (
        N'Order ', @ORDER_NO, N' (staging id ', @STAGING_ID, N'): attempt ', @ATTEMPT_NO, N' of ', @WORKER_ID,
        N' no longer holds it; it is ', @STATE, N' at attempt ', @HELD_ATTEMPT_NO, N' now. Nothing was written.'
    );
    THROW 50010, @MESSAGE, 1;
END;
GO
