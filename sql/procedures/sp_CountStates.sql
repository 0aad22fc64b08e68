SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CountStates
    Staged orders by state.

Called by    syncctl config check, syncctl demo
Returns      STATE, ORDERS, by state
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_CountStates;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CountStates
    @STORE_ID varchar(50) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        staged.STATE,
        COUNT(*) AS ORDERS
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE @STORE_ID IS NULL
    OR    staged.STORE_ID = @STORE_ID
    GROUP BY
        staged.STATE
    ORDER BY
        staged.STATE;
END;
GO
