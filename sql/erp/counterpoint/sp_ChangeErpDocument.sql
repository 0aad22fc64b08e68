SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ChangeErpDocument
    Brings a linked CounterPoint document in line with the staged order: lines changed, added and removed, stock by the difference,
    customer, ship-to, charges, totals, notes. A closed document that is changed is open again. Contacts and notes that a person has
    corrected stay as they are (sp_DecideOrderPart).

Called by    sp_ApplyOrder, inside its caller's transaction, which holds the document and has looked at its state
Parameters   @STAGING_ID; @CUST_NO whose it is now; @CHANGES OUTPUT: what changed, for people, each part ending in '; '
Returns      no rows
Errors       50030 the order's total does not add up, or it is another customer's now and its deposit is in the books; 50040 an item has no counterpart
Locks        header, lines, totals and stock rows (in the order of ITEM_NO), until the caller's transaction ends
Repeatable   yes: the second time nothing differs
Note         Lines are told apart by the store's line id, so two lines of one item stay two; one keeps its item unless its product
             changes. A line with quantity 0 goes. Charges are no lines: nothing that is removed from the order takes the shipping
             with it.
Example      EXECUTE dbo.sp_ChangeErpDocument @STAGING_ID = 1, @CUST_NO = 'C100', @CHANGES = @CHANGES OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ChangeErpDocument
    @STAGING_ID int,
    @CUST_NO varchar(15),
    @CHANGES nvarchar(2000) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @MESSAGE nvarchar(2000),
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @WOO_ORDER_NO nvarchar(50),
        @DOC_ID bigint,
        @TKT_NO varchar(15),
        @STK_LOC_ID varchar(10),
        @ADDED int,
        @IS_MOVED bit,
        @KEPT nvarchar(200),
        @MOVE_NO int,
        @ITEM_NO varchar(20),
        @STOCK_COLUMNS varchar(100),
        @HELD_AT varchar(10),
        @QUANTITY decimal(15, 4);
    DECLARE @BEFORE table
    (
        ITEM_NO varchar(20) NOT NULL,
        STOCK_COLUMNS varchar(100) NULL,
        LOC_ID varchar(10) NULL,
        QTY_SOLD decimal(15, 4) NOT NULL
    );
    DECLARE @MOVED table
    (
        MOVE_NO int NOT NULL PRIMARY KEY,
        ITEM_NO varchar(20) NOT NULL,
        STOCK_COLUMNS varchar(100) NULL,
        LOC_ID varchar(10) NULL,
        QUANTITY decimal(15, 4) NOT NULL
    );
    DECLARE @LINE table
    (
        WOO_LINE_ID bigint NOT NULL,
        LIN_SEQ_NO int NOT NULL,
        WHAT varchar(10) NOT NULL,
        SKU nvarchar(4000) NULL,
        ITEM_NO varchar(20) NULL,
        CATEG_COD varchar(10) NULL,
        DESCR nvarchar(4000) NULL,
        QTY decimal(15, 4) NULL,
        PRC decimal(15, 4) NULL,
        EXT_PRC decimal(15, 2) NULL,
        GROSS_EXT_PRC decimal(15, 2) NULL,
        PRODUCT_ID bigint NULL,
        VARIATION_ID bigint NULL
    );

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @WOO_ORDER_NO = staged.WOO_ORDER_NO,
        @DOC_ID = link.DOC_ID,
        @TKT_NO = link.TKT_NO,
        @STK_LOC_ID = document.STK_LOC_ID
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN dbo.USER_ORDER_LINK AS link
        ON  link.STORE_ID = staged.STORE_ID
        AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
    INNER JOIN dbo.PS_DOC_HDR AS document
        ON document.DOC_ID = link.DOC_ID
    WHERE staged.STAGING_ID = @STAGING_ID;

    INSERT INTO @BEFORE
    (
        ITEM_NO, STOCK_COLUMNS, LOC_ID, QTY_SOLD
    )
    SELECT
        linked.ITEM_NO,
        linked.STOCK_COLUMNS,
        COALESCE(linked.STOCK_LOCATION, @STK_LOC_ID),
        linked.QTY_SOLD
    FROM dbo.USER_ORDER_LINE_LINK AS linked
    WHERE linked.STORE_ID = @STORE_ID
    AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID;

    /* Each line that we wrote: gone from the order, different, or as it should be. DESCR is compared as the ERP holds it. */
    INSERT INTO @LINE
    (
        WOO_LINE_ID, LIN_SEQ_NO, WHAT, SKU, ITEM_NO, CATEG_COD, DESCR, QTY, PRC, EXT_PRC, GROSS_EXT_PRC, PRODUCT_ID, VARIATION_ID
    )
    SELECT
        linked.WOO_LINE_ID,
        linked.LIN_SEQ_NO,
        CASE
            WHEN wanted.WOO_LINE_ID IS NULL THEN 'removed'
            WHEN line.ITEM_NO = wanted.ITEM_NO
            AND  line.DESCR = CONVERT(varchar(250), wanted.DESCR COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_LIN.DESCR */
            AND  line.QTY_SOLD = wanted.QTY
            AND  line.PRC = wanted.PRC
            AND  line.EXT_PRC = wanted.EXT_PRC
            AND  line.GROSS_EXT_PRC = wanted.GROSS_EXT_PRC THEN 'same'
            ELSE 'changed'
        END,
        wanted.SKU,
        wanted.ITEM_NO,
        wanted.CATEG_COD,
        wanted.DESCR,
        wanted.QTY,
        wanted.PRC,
        wanted.EXT_PRC,
        wanted.GROSS_EXT_PRC,
        wanted.PRODUCT_ID,
        wanted.VARIATION_ID
    FROM dbo.USER_ORDER_LINE_LINK AS linked
    INNER JOIN dbo.PS_DOC_LIN AS line
        ON  line.DOC_ID = linked.DOC_ID
        AND line.LIN_SEQ_NO = linked.LIN_SEQ_NO
    LEFT JOIN
    (
        SELECT
            parsed.WOO_LINE_ID,
            parsed.SKU,
            parsed.ITEM_NO,
            parsed.CATEG_COD,
            parsed.DESCR,
            parsed.QTY,
            parsed.PRC,
            parsed.EXT_PRC,
            parsed.GROSS_EXT_PRC,
            parsed.PRODUCT_ID,
            parsed.VARIATION_ID
        FROM dbo.USER_ORDER_STAGING AS staged
        CROSS APPLY dbo.fn_ErpLines(staged.STORE_ID, staged.WOO_ORDER_ID, staged.LINE_ITEMS_JSON) AS parsed
        WHERE staged.STAGING_ID = @STAGING_ID
        AND   parsed.QTY > 0
    ) AS wanted
        ON wanted.WOO_LINE_ID = linked.WOO_LINE_ID
    WHERE linked.STORE_ID = @STORE_ID
    AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID;

    SELECT TOP (1)
        @MESSAGE = CONCAT
        (
            N'Order ', @WOO_ORDER_NO, N', line ', line.WOO_LINE_ID, N': SKU ''', line.SKU, N''' has no item in the ERP any more.',
            N' Add the item, or name one (`syncctl map item`), then `syncctl dead-letter retry`.'
        )
    FROM @LINE AS line
    WHERE line.WHAT = 'changed'
    AND   line.ITEM_NO IS NULL
    ORDER BY
        line.LIN_SEQ_NO;

    IF @MESSAGE IS NOT NULL
    BEGIN
        THROW 50040, @MESSAGE, 1;
    END;

    DELETE FROM dbo.PS_DOC_LIN
    WHERE DOC_ID = @DOC_ID
    AND   LIN_SEQ_NO IN (SELECT line.LIN_SEQ_NO FROM @LINE AS line WHERE line.WHAT = 'removed');

    DELETE FROM dbo.USER_ORDER_LINE_LINK
    WHERE STORE_ID = @STORE_ID
    AND   WOO_ORDER_ID = @WOO_ORDER_ID
    AND   WOO_LINE_ID IN (SELECT line.WOO_LINE_ID FROM @LINE AS line WHERE line.WHAT = 'removed');

    UPDATE
        line
    SET
        ITEM_NO = wanted.ITEM_NO,
        CATEG_COD = wanted.CATEG_COD,
        DESCR = CONVERT(varchar(250), wanted.DESCR COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_LIN.DESCR */,
        QTY_SOLD = wanted.QTY,
        PRC = CONVERT(money, wanted.PRC),
        EXT_PRC = wanted.EXT_PRC,
        GROSS_EXT_PRC = wanted.GROSS_EXT_PRC,
        CALC_EXT_PRC = wanted.EXT_PRC,
        QTY_UNIT = item.STK_UNIT,
        NORM_IS_TXBL = item.IS_TXBL,
        ITEM_TYP = item.ITEM_TYP,
        TRK_METH = item.TRK_METH,
        IS_DISCNTBL = item.IS_DISCNTBL,
        IS_WEIGHED = item.IS_WEIGHED,
        IS_KIT_PAR = item.IS_KIT_PAR,
        ORIG_QTY = wanted.QTY,
        QTY_TO_REL = wanted.QTY,
        UNIT_COST = item.UNIT_COST,
        EXT_COST = CONVERT(decimal(15, 2), ROUND(wanted.QTY * item.UNIT_COST, 2)),
        REG_PRC = item.REG_PRC,
        PRC_1 = item.PRC_1,
        CALC_PRC = wanted.PRC,
        UNIT_RETL_VAL = item.PRC_1,
        DISP_EXT_PRC = wanted.EXT_PRC,
        GROSS_DISP_EXT_PRC = wanted.GROSS_EXT_PRC,
        BARCOD = item.BARCOD,
        SUBCAT_COD = item.SUBCAT_COD,
        ITEM_VEND_NO = item.ITEM_VEND_NO,
        TAX_CATEG = item.TAX_CATEG_COD,
        QTY_DECS = item.QTY_DECS,
        PRC_DECS = item.PRC_DECS
    FROM dbo.PS_DOC_LIN AS line
    INNER JOIN @LINE AS wanted
        ON wanted.LIN_SEQ_NO = line.LIN_SEQ_NO
    CROSS APPLY dbo.fn_ErpItem(wanted.ITEM_NO, line.PRC_LOC_ID, line.STK_LOC_ID) AS item
    WHERE line.DOC_ID = @DOC_ID
    AND   wanted.WHAT = 'changed';

    UPDATE
        linked
    SET
        ITEM_NO = wanted.ITEM_NO,
        QTY_SOLD = wanted.QTY,
        EXT_PRC = wanted.EXT_PRC
    FROM dbo.USER_ORDER_LINE_LINK AS linked
    INNER JOIN @LINE AS wanted
        ON wanted.WOO_LINE_ID = linked.WOO_LINE_ID
    WHERE linked.STORE_ID = @STORE_ID
    AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   wanted.WHAT = 'changed';

    /* A product that was deleted in the store (0) stays known. */
    UPDATE
        linked
    SET
        PRODUCT_ID = wanted.PRODUCT_ID,
        VARIATION_ID = wanted.VARIATION_ID
    FROM dbo.USER_ORDER_LINE_LINK AS linked
    INNER JOIN @LINE AS wanted
        ON wanted.WOO_LINE_ID = linked.WOO_LINE_ID
    WHERE linked.STORE_ID = @STORE_ID
    AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   COALESCE(wanted.PRODUCT_ID, 0) <> 0
    AND   (COALESCE(wanted.VARIATION_ID, 0) <> 0 OR COALESCE(linked.PRODUCT_ID, 0) <> COALESCE(wanted.PRODUCT_ID, 0));

    EXECUTE dbo.sp_CreateOrderLines
        @STAGING_ID = @STAGING_ID,
        @DOC_ID = @DOC_ID,
        @TKT_NO = @TKT_NO,
        @STK_LOC_ID = @STK_LOC_ID,
        @ADDED = @ADDED OUTPUT,
        @NOW = @NOW;

    EXECUTE dbo.sp_WriteOrderContacts
        @STAGING_ID = @STAGING_ID,
        @DOC_ID = @DOC_ID,
        @CUST_NO = @CUST_NO,
        @IS_MOVED = @IS_MOVED OUTPUT,
        @NOW = @NOW;

    /* Before the totals, which say that syncctl was the last to save the document. */
    EXECUTE dbo.sp_WriteOrderNotes
        @STAGING_ID = @STAGING_ID,
        @DOC_ID = @DOC_ID,
        @NOW = @NOW;

    SELECT
        @KEPT = CONCAT
        (
            MAX(CASE WHEN kept.PART = 'BILL-TO' THEN N', billing address' END),
            MAX(CASE WHEN kept.PART = 'SHIP-TO' THEN N', ship-to address' END),
            MAX(CASE WHEN kept.PART = 'WEB-ORDER' THEN N', note WEB-ORDER' END),
            MAX(CASE WHEN kept.PART = 'WEB-CUSTOMER' THEN N', note WEB-CUSTOMER' END)
        )
    FROM dbo.USER_ORDER_PART AS kept
    WHERE kept.STORE_ID = @STORE_ID
    AND   kept.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   kept.KEPT_DT IS NOT NULL
    AND   COALESCE(kept.KEPT_DT, @NOW) = @NOW;

    SELECT
        @CHANGES = CONCAT
        (
            CASE
                WHEN document.CUST_NO IS NULL OR document.CUST_NO <> @CUST_NO
                THEN CONCAT(N'customer ', COALESCE(document.CUST_NO, 'none'), N' → ', @CUST_NO, N'; ')
            END,
            CASE
                WHEN @IS_MOVED = 1
                THEN N'other ship-to address; '
            END,
            CASE
                WHEN @KEPT <> N''
                THEN CONCAT(N'kept as a person changed it in CounterPoint, though the store did, too: ', STUFF(@KEPT, 1, 2, N''), N'; ')
            END
        )
    FROM dbo.PS_DOC_HDR AS document
    WHERE document.DOC_ID = @DOC_ID;

    /* A deposit in the books is the former customer's: only a person can move it. */
    SELECT
        @MESSAGE = CONCAT
        (
            N'Order ', @WOO_ORDER_NO, N': the deposit of ', CONVERT(varchar(30), deposit.BOOKED_AMT), N' on ticket ', deposit.TICKET_TKT_NO,
            N' is in the books for customer ', document.CUST_NO, N', and the order is customer ', @CUST_NO,
            N'''s now: correct that at the till, give the order that customer there, too, then `syncctl dead-letter retry ', @STAGING_ID, N'`.'
        )
    FROM dbo.PS_DOC_HDR AS document
    CROSS APPLY dbo.fn_CounterPointDeposit(document.DOC_ID) AS deposit
    WHERE document.DOC_ID = @DOC_ID
    AND   COALESCE(document.CUST_NO, @CUST_NO) <> @CUST_NO
    AND   deposit.IS_OPEN = 0
    AND   deposit.IS_POSTED = 1
    AND   deposit.BOOKED_AMT <> 0;

    IF @MESSAGE IS NOT NULL
    BEGIN
        THROW 50030, @MESSAGE, 1;
    END;

    UPDATE
        dbo.PS_DOC_HDR
    SET
        CUST_NO = @CUST_NO,
        CUST_PO_NO = LEFT(CONVERT(varchar(50), @WOO_ORDER_NO), 20),
        REF = CONVERT(varchar(50), @WOO_ORDER_NO)
    WHERE DOC_ID = @DOC_ID;

    /* A deposit may take a number: before the stock, as where the order is entered. */
    EXECUTE dbo.sp_WriteOrderPayment
        @STAGING_ID = @STAGING_ID,
        @DOC_ID = @DOC_ID,
        @NOW = @NOW;

    /* The stock last of what others may wait for, as in sp_CreateOrderFromStaging: no two orders wait for each other in a circle. */
    INSERT INTO @MOVED
    (
        MOVE_NO, ITEM_NO, STOCK_COLUMNS, LOC_ID, QUANTITY
    )
    SELECT
        ROW_NUMBER() OVER (ORDER BY moved.ITEM_NO, moved.LOC_ID, moved.STOCK_COLUMNS),
        moved.ITEM_NO,
        moved.STOCK_COLUMNS,
        moved.LOC_ID,
        SUM(moved.QUANTITY)
    FROM
    (
        SELECT
            linked.ITEM_NO,
            linked.STOCK_COLUMNS,
            COALESCE(linked.STOCK_LOCATION, @STK_LOC_ID) AS LOC_ID,
            linked.QTY_SOLD AS QUANTITY
        FROM dbo.USER_ORDER_LINE_LINK AS linked
        WHERE linked.STORE_ID = @STORE_ID
        AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
        UNION ALL
        SELECT
            held.ITEM_NO,
            held.STOCK_COLUMNS,
            held.LOC_ID,
            -held.QTY_SOLD
        FROM @BEFORE AS held
    ) AS moved
    GROUP BY
        moved.ITEM_NO,
        moved.LOC_ID,
        moved.STOCK_COLUMNS
    HAVING SUM(moved.QUANTITY) <> 0;

    WHILE EXISTS (SELECT 1 FROM @MOVED AS moved)
    BEGIN
        SELECT TOP (1)
            @MOVE_NO = moved.MOVE_NO,
            @ITEM_NO = moved.ITEM_NO,
            @STOCK_COLUMNS = moved.STOCK_COLUMNS,
            @HELD_AT = moved.LOC_ID,
            @QUANTITY = moved.QUANTITY
        FROM @MOVED AS moved
        ORDER BY
            moved.MOVE_NO;

        EXECUTE dbo.sp_MoveStock
            @ITEM_NO = @ITEM_NO,
            @LOC_ID = @HELD_AT,
            @QUANTITY = @QUANTITY,
            @STOCK_COLUMNS = @STOCK_COLUMNS,
            @NOW = @NOW;

        DELETE FROM @MOVED
        WHERE MOVE_NO = @MOVE_NO;
    END;

    EXECUTE dbo.sp_WriteOrderTotals
        @STAGING_ID = @STAGING_ID,
        @DOC_ID = @DOC_ID,
        @NOW = @NOW;

    EXECUTE dbo.sp_WriteOrderProfile
        @STAGING_ID = @STAGING_ID,
        @DOC_ID = @DOC_ID,
        @NOW = @NOW;

    /* What asked a person to look, or said that the order was closed, is settled by now. */
    DELETE FROM dbo.PS_DOC_NOTE
    WHERE DOC_ID = @DOC_ID
    AND   NOTE_ID IN ('SYNC-CANCEL', 'SYNC-REVIEW');

    SELECT
        @CHANGES = CONCAT
        (
            COUNT(CASE WHEN line.WHAT = 'changed' THEN 1 END), N' lines changed, ', @ADDED, N' added, ',
            COUNT(CASE WHEN line.WHAT = 'removed' THEN 1 END), N' removed; ', @CHANGES
        )
    FROM @LINE AS line;
END;
GO
