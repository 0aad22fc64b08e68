SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
ROLLBACK_ORDER
    Takes one order's document out of CounterPoint again where that is safe, by hand. The same as `syncctl rollback`.

Use          1 fill in @WOO_ORDER_NO (and @STORE_ID where there are several stores), @REASON, @DECIDED_BY, @THEN
             2 run it with @DRY_RUN = 1: it lists each row that would change, and changes nothing
             3 read the list; then run it with @DRY_RUN = 0
@THEN        'cancel': the order is not created again.  'reset': the next `syncctl process` creates it afresh, with a new number
Result       1 the order, its document, and REASONS: what forbids a rollback ('' when nothing does)
             2 one row for each row that changes

A refusal (error 50031) changes nothing and names every reason at once. What each means, and what to do:

    it was shipped on …               The goods have left. Enter a return in CounterPoint; leave the document.
    it was released: its type is …    The order became a ticket or another document. Void or return that one in CounterPoint.
    it is no longer among the open    It was posted to history, or somebody deleted it. Posted: enter a return. Deleted: run part B below.
      documents
    N of its lines were added,        Somebody works on this document. Ask who. To remove it all the same: delete the order in
      removed, changed by hand;         CounterPoint itself (which gives back the stock of the lines as they are now), then run part B.
      its total, its misc charges
    it has payments                   Somebody took them: refund them in CounterPoint first, then roll back again. The payment that came
                                        with the order (setting WRITE_PAYMENT = Y) goes with its document.
    the payment … was changed by hand The payment that came with the order is no longer as syncctl wrote it: put it back, or delete the order
                                        in CounterPoint, then part B.
    its deposit ticket … was …        The ticket that carries its deposit is no longer as syncctl wrote it: put it back; or delete both in
                                       CounterPoint, then part B.
    the deposit … is in the books     The ticket was posted. Give the deposit back at the till, delete the order in CounterPoint, then part B
                                       with 'cancel'.
    it has a tracking number          A parcel is on its way, or labelled. Void the label, delete the tracking number, roll back again.
    it is cancelled in the store      @THEN = 'reset' would create an order that the customer no longer wants: take 'cancel'.
    was not written by syncctl        The document comes from before syncctl kept links. Delete it in CounterPoint; then part B.
    error 50020                       Nothing is applied, or a worker holds the order right now: wait for its run to end.

docs/ROLLBACK_PROCEDURES.md says when to roll back and when to correct by hand.
*/
SET NOCOUNT ON;

DECLARE
    @STORE_ID varchar(50) = 'woocommerce',
    @WOO_ORDER_NO varchar(50) = '4711',
    @REASON nvarchar(500) = N'',
    @DECIDED_BY nvarchar(100) = SUSER_SNAME(),
    @THEN varchar(20) = 'cancel',
    @DRY_RUN bit = 1;

DECLARE @STAGING_ID int;

SELECT
    @STAGING_ID = staged.STAGING_ID
FROM dbo.USER_ORDER_STAGING AS staged
WHERE staged.STORE_ID = @STORE_ID
AND   staged.WOO_ORDER_NO = @WOO_ORDER_NO
AND   staged.DUPLICATE_OF_ID IS NULL;

IF @STAGING_ID IS NULL
BEGIN
    THROW 50004, N'No such order in that store: check @STORE_ID and @WOO_ORDER_NO.', 1;
END;

SELECT
    staged.STAGING_ID,
    staged.WOO_ORDER_NO,
    staged.STATE,
    staged.PENDING_ACTION,
    staged.ORD_STATUS,
    staged.TOT_AMT,
    state.DOC_ID,
    state.TKT_NO,
    state.LINK_STATE,
    state.LINK_TOT,
    state.PAYMENTS,
    state.REASONS
FROM dbo.USER_ORDER_STAGING AS staged
OUTER APPLY dbo.fn_ErpDocumentState(staged.STORE_ID, staged.WOO_ORDER_ID) AS state
WHERE staged.STAGING_ID = @STAGING_ID;

EXECUTE dbo.sp_RollbackOrder
    @STAGING_ID = @STAGING_ID,
    @REASON = @REASON,
    @DECIDED_BY = @DECIDED_BY,
    @THEN = @THEN,
    @DRY_RUN = @DRY_RUN;
GO
/*
Part B: the document was deleted by hand in CounterPoint, stock included. Tells syncctl so; takes no stock and no document away.
It does nothing as long as the document is there, open or posted. Uncomment, fill in, run.

DECLARE
    @STORE_ID varchar(50) = 'woocommerce',
    @WOO_ORDER_NO varchar(50) = '4711',
    @REASON nvarchar(500) = N'deleted in CounterPoint by hand: …',
    @THEN varchar(20) = 'cancel';

BEGIN TRANSACTION;

UPDATE
    staged
SET
    STATE = CASE @THEN WHEN 'reset' THEN 'PENDING' ELSE 'CANCELLED' END,
    PENDING_ACTION = CASE @THEN WHEN 'reset' THEN 'create' END,
    STATE_REASON = @REASON,
    IS_APPLIED = 0,
    IS_VALIDATED = 0,
    APPLIED_DT = NULL,
    APPLIED_HASH = NULL,
    CP_DOC_ID = NULL,
    TKT_NO = NULL,
    VALIDATION_ERROR = NULL,
    ERROR_CLASS = NULL,
    ATTEMPT_NO = 0,
    NEXT_ATTEMPT_DT = NULL,
    LEASE_OWNER = NULL,
    LEASE_UNTIL_DT = NULL,
    UPDATED_DT = SYSUTCDATETIME()
FROM dbo.USER_ORDER_STAGING AS staged
WHERE staged.STORE_ID = @STORE_ID
AND   staged.WOO_ORDER_NO = @WOO_ORDER_NO
AND   staged.IS_APPLIED = 1
AND   staged.STATE <> 'CLAIMED'
AND   NOT EXISTS
(
    SELECT
        1
    FROM dbo.fn_ErpDocument(TRY_CONVERT(bigint, staged.CP_DOC_ID)) AS document
    WHERE document.IS_OPEN = 1
    OR    document.IS_POSTED = 1
);

UPDATE
    letter
SET
    DECISION = CASE @THEN WHEN 'reset' THEN 'retry' ELSE 'cancel' END,
    DECIDED_BY = SUSER_SNAME(),
    DECIDED_DT = SYSUTCDATETIME(),
    DECISION_REASON = @REASON
FROM dbo.USER_ORDER_DEAD_LETTER AS letter
INNER JOIN dbo.USER_ORDER_STAGING AS staged
    ON staged.STAGING_ID = letter.STAGING_ID
WHERE staged.STORE_ID = @STORE_ID
AND   staged.WOO_ORDER_NO = @WOO_ORDER_NO
AND   staged.STATE_REASON = @REASON
AND   letter.DECISION IS NULL;

UPDATE
    link
SET
    LINK_STATE = 'ROLLED_BACK',
    UPDATED_DT = SYSUTCDATETIME()
FROM dbo.USER_ORDER_LINK AS link
INNER JOIN dbo.USER_ORDER_STAGING AS staged
    ON  staged.STORE_ID = link.STORE_ID
    AND staged.WOO_ORDER_ID = link.WOO_ORDER_ID
WHERE staged.STORE_ID = @STORE_ID
AND   staged.WOO_ORDER_NO = @WOO_ORDER_NO
AND   staged.STATE_REASON = @REASON
AND   NOT EXISTS
(
    SELECT
        1
    FROM dbo.fn_ErpDocument(link.DOC_ID) AS document
    WHERE document.IS_OPEN = 1
    OR    document.IS_POSTED = 1
);

INSERT INTO dbo.USER_ORDER_EVENT
(
    STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, MESSAGE
)
SELECT
    staged.STORE_ID,
    staged.WOO_ORDER_ID,
    staged.STAGING_ID,
    SYSUTCDATETIME(),
    'ROLLED_BACK',
    CONCAT(@REASON, N' (by ', SUSER_SNAME(), N'; now ', staged.STATE, N')')
FROM dbo.USER_ORDER_STAGING AS staged
WHERE staged.STORE_ID = @STORE_ID
AND   staged.WOO_ORDER_NO = @WOO_ORDER_NO
AND   staged.STATE_REASON = @REASON;

COMMIT TRANSACTION;
*/
GO
