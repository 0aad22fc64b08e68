SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RequireAction
    Makes sure that a fenced order waits for this action, and with @VALIDATED = 1 that it has passed validation.

Called by    sp_ApplyOrder, inside its caller's transaction
Parameters   @STAGING_ID; @ACTION create, update or cancel; @VALIDATED
Returns      no rows
Errors       50020 the order waits for something else, or is not validated
Locks        none of its own: the caller holds the staging row
Repeatable   yes
Example      EXECUTE dbo.sp_RequireAction @STAGING_ID = 1, @ACTION = 'update', @VALIDATED = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_RequireAction
    @STAGING_ID int,
    @ACTION varchar(20),
    @VALIDATED bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @MESSAGE nvarchar(2000);

    SELECT
        @MESSAGE = CONCAT
        (
            N'Order ', COALESCE(staged.WOO_ORDER_NO, CONVERT(nvarchar(50), staged.WOO_ORDER_ID)), N' (staging id ', @STAGING_ID, N') ',
            CASE
                WHEN COALESCE(staged.PENDING_ACTION, '') <> @ACTION
                THEN CONCAT(N'waits for ', COALESCE(staged.PENDING_ACTION, 'nothing'), N', not for ', @ACTION, N'.')
                ELSE CONCAT(N'has not passed validation: run `syncctl validate ', @STAGING_ID, N'` first.')
            END
        )
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   (COALESCE(staged.PENDING_ACTION, '') <> @ACTION OR (@VALIDATED = 1 AND staged.IS_VALIDATED = 0));

    IF @MESSAGE IS NOT NULL
    BEGIN
        THROW 50020, @MESSAGE, 1;
    END;
END;
GO
