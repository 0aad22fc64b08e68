SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RequireRollbackIsSafe
    Holds an order's ERP document for the caller's transaction, and makes sure that nothing happened to it that removing it
    would undo behind somebody's back.

Called by    sp_RollbackOrder, inside its transaction
Parameters   @STAGING_ID; @THEN as there
Returns      no rows
Errors       50004 no such staging id; 50020 nothing is applied, or a worker holds the order; 50031 every reason at once
Locks        the document's header, until the caller's transaction ends
Repeatable   yes
Example      EXECUTE dbo.sp_RequireRollbackIsSafe @STAGING_ID = 1, @THEN = 'cancel';
*/
CREATE OR ALTER PROCEDURE dbo.sp_RequireRollbackIsSafe
    @STAGING_ID int,
    @THEN varchar(20),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @MESSAGE nvarchar(2000),
        @NAMED nvarchar(200),
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @STATE varchar(20),
        @IS_APPLIED bit,
        @LEASE_OWNER nvarchar(100),
        @LEASE_UNTIL_DT datetime2(3),
        @STATUS_GROUP varchar(20),
        @ORD_STATUS varchar(50),
        @CP_DOC_ID varchar(15),
        @DOC_ID bigint,
        @TKT_NO varchar(15),
        @REASONS nvarchar(2000),
        @ERP_NAME nvarchar(500);

    SELECT
        @NAMED = CONCAT
        (
            N'Order ', COALESCE(staged.WOO_ORDER_NO, CONVERT(nvarchar(50), staged.WOO_ORDER_ID)), N' (staging id ', staged.STAGING_ID, N')'
        ),
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @STATE = staged.STATE,
        @IS_APPLIED = staged.IS_APPLIED,
        @LEASE_OWNER = staged.LEASE_OWNER,
        @LEASE_UNTIL_DT = staged.LEASE_UNTIL_DT,
        @STATUS_GROUP = staged.STATUS_GROUP,
        @ORD_STATUS = staged.ORD_STATUS,
        @CP_DOC_ID = staged.CP_DOC_ID
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    IF @NAMED IS NULL
    BEGIN
        SET @MESSAGE = CONCAT(N'Staging id ', @STAGING_ID, N' does not exist.');
        THROW 50004, @MESSAGE, 1;
    END;

    IF @IS_APPLIED IS NULL OR @IS_APPLIED = 0
    BEGIN
        SET @MESSAGE = CONCAT(@NAMED, N' is ', @STATE, N' and not in the ERP: there is nothing to roll back.');
        THROW 50020, @MESSAGE, 1;
    END;

    IF @STATE = 'CLAIMED' AND @LEASE_UNTIL_DT > @NOW
    BEGIN
        SET @MESSAGE = CONCAT(@NAMED, N' is being worked on by ', @LEASE_OWNER, N': try again when that run has ended.');
        THROW 50020, @MESSAGE, 1;
    END;

    SELECT
        @DOC_ID = link.DOC_ID,
        @TKT_NO = link.TKT_NO
    FROM dbo.USER_ORDER_LINK AS link
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   link.LINK_STATE = 'OPEN';

    IF @DOC_ID IS NULL
    BEGIN
        SET @MESSAGE = CONCAT
        (
            @NAMED, N' can''t be rolled back: document ', COALESCE(@CP_DOC_ID, '?'), N' was not written by syncctl, which can''t tell what to undo.',
            N' Remove it in the ERP by hand (docs/ROLLBACK_PROCEDURES.md says how).'
        );
        THROW 50031, @MESSAGE, 1;
    END;

    EXECUTE dbo.sp_HoldErpDocument
        @DOC_ID = @DOC_ID;

    SELECT
        @ERP_NAME = erp.ERP_NAME
    FROM dbo.fn_ErpName() AS erp;

    SELECT
        @REASONS = CONCAT
        (
            CASE WHEN state.REASONS <> N'' THEN CONCAT(N'; ', state.REASONS) END,
            CASE WHEN state.PAYMENTS > 0 THEN N'; it has payments' END,
            CASE
                WHEN state.BOOKED <> 0
                THEN CONCAT
                (
                    N'; the deposit of ', CONVERT(varchar(30), CONVERT(decimal(15, 2), state.BOOKED)), N' on ticket ', state.BOOKED_ON,
                    N' is in the books: give it back at the till, then `syncctl dead-letter deposit ', @STAGING_ID, N' --given-back ',
                    CONVERT(varchar(30), CONVERT(decimal(15, 2), state.BOOKED)), N'`'
                )
            END,
            CASE WHEN state.PARCELS > 0 THEN N'; it has a tracking number' END,
            CASE
                WHEN @THEN = 'reset' AND @STATUS_GROUP <> 'live'
                THEN CONCAT(N'; it is ', @ORD_STATUS, N' in the store, so it must not be created again (cancel it instead of reset)')
            END
        )
    FROM dbo.fn_ErpDocumentState(@STORE_ID, @WOO_ORDER_ID) AS state;

    IF @REASONS <> N''
    BEGIN
        SET @MESSAGE = CONCAT
        (
            @NAMED, N': document ', @DOC_ID, N' (', @TKT_NO, N') can''t be rolled back: ', SUBSTRING(@REASONS, 3, 2000),
            N'. Settle that in ', @ERP_NAME, N' by hand (docs/ROLLBACK_PROCEDURES.md says how); nothing was changed.'
        );
        THROW 50031, @MESSAGE, 1;
    END;
END;
GO
