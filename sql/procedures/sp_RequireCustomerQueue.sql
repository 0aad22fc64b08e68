SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RequireCustomerQueue
    Makes sure that an organisation has a queue of customers and, where asked for, that nobody has ended it.

Called by    the procedures of the customer queue, first thing
Parameters   @IS_OPEN 1: an ended queue is refused, too, and the queue's row is held for the caller's transaction
Returns      nothing
Errors       50004 the organisation has no such queue; 50020 a person ended it
Locks        with @IS_OPEN the queue's row, by an UPDATE, until the caller's transaction ends
Repeatable   yes
Example      EXECUTE dbo.sp_RequireCustomerQueue @QUEUE_ID = 7, @ORG_ID = 'woocommerce';
*/
CREATE OR ALTER PROCEDURE dbo.sp_RequireCustomerQueue
    @QUEUE_ID int,
    @ORG_ID varchar(50),
    @IS_OPEN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @MESSAGE nvarchar(2000);
    DECLARE @PHASE varchar(20);

    IF @IS_OPEN = 1
    BEGIN
        UPDATE dbo.USER_CUSTOMER_QUEUE
        SET process_count = process_count
        WHERE id = @QUEUE_ID
        AND   org_id = @ORG_ID;
    END;

    SELECT
        @PHASE = queue.phase,
        @MESSAGE = queue.end_reason
    FROM dbo.USER_CUSTOMER_QUEUE AS queue
    WHERE queue.id = @QUEUE_ID
    AND   queue.org_id = @ORG_ID;

    IF @PHASE IS NULL
    BEGIN
        SET @MESSAGE = CONCAT(N'There is no customer queue ', @QUEUE_ID, N' in organisation ', @ORG_ID, N'.');
        THROW 50004, @MESSAGE, 1;
    END;

    IF @IS_OPEN = 1 AND @PHASE IN ('done', 'cancelled')
    BEGIN
        SET @MESSAGE = CONCAT(N'Customer queue ', @QUEUE_ID, N' was ended (', @PHASE, N'): ', @MESSAGE, N'. Start another.');
        THROW 50020, @MESSAGE, 1;
    END;
END;
GO
