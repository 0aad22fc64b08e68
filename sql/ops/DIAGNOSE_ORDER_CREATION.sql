SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
DIAGNOSE_ORDER_CREATION
    Everything there is to know about why one order was or was not created in CounterPoint. Reads only.

ERP          counterpoint
Use          put the order's number, its id in the store or its staging id into @ORDER, then run it all
Result       1 the staged row and any duplicates       2 its lines, each with the item it was matched to, price and stock
             3 the customer it is matched to           4 link, document and totals
             5 the document's lines                    6 its story: events, failed attempts, messages to the store
             7 the site settings and number series in force
*/
SET NOCOUNT ON;

DECLARE @ORDER varchar(50) = '4711';

DECLARE @STAGING_ID int =
(
    SELECT TOP (1)
        staged.STAGING_ID
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.WOO_ORDER_NO = @ORDER
    OR    staged.WOO_ORDER_ID = TRY_CONVERT(bigint, @ORDER)
    OR    staged.STAGING_ID = TRY_CONVERT(int, @ORDER)
    ORDER BY
        CASE WHEN staged.DUPLICATE_OF_ID IS NULL THEN 0 ELSE 1 END,
        CASE WHEN staged.WOO_ORDER_NO = @ORDER THEN 0 WHEN staged.WOO_ORDER_ID = TRY_CONVERT(bigint, @ORDER) THEN 1 ELSE 2 END,
        staged.STAGING_ID
);

DECLARE @STORE_ID varchar(50), @WOO_ORDER_ID bigint, @LINES nvarchar(max), @STK_LOC_ID varchar(10), @PRC_LOC_ID varchar(10);

SELECT
    @STORE_ID = staged.STORE_ID,
    @WOO_ORDER_ID = staged.WOO_ORDER_ID,
    @LINES = CASE WHEN ISJSON(staged.LINE_ITEMS_JSON) = 1 THEN staged.LINE_ITEMS_JSON END
FROM dbo.USER_ORDER_STAGING AS staged
WHERE staged.STAGING_ID = @STAGING_ID;

SELECT
    @STK_LOC_ID = MAX(CASE WHEN setting.NAME = 'STK_LOC_ID' THEN setting.VALUE END),
    @PRC_LOC_ID = MAX(CASE WHEN setting.NAME = 'PRC_LOC_ID' THEN setting.VALUE END)
FROM dbo.USER_ERP_SETTING AS setting;

-- 1 The staged row, and rows of the same order from before an upgrade.
SELECT
    staged.STAGING_ID,
    staged.STORE_ID,
    staged.WOO_ORDER_ID,
    staged.WOO_ORDER_NO,
    staged.ORD_STATUS,
    staged.STATUS_GROUP,
    staged.STATUS_MEANING,
    staged.STATE,
    staged.STATE_REASON,
    staged.PENDING_ACTION,
    staged.IS_VALIDATED,
    staged.VALIDATION_ERROR,
    staged.ERROR_CLASS,
    staged.ATTEMPT_NO,
    staged.NEXT_ATTEMPT_DT,
    staged.LEASE_OWNER,
    staged.LEASE_UNTIL_DT,
    staged.IS_APPLIED,
    staged.APPLIED_DT,
    staged.CP_DOC_ID,
    staged.TKT_NO,
    staged.CUST_NO,
    staged.CUST_EMAIL,
    staged.WOO_CUST_ID,
    staged.CURRENCY,
    staged.TOT_AMT,
    staged.DUPLICATE_OF_ID,
    staged.CREATED_DT,
    staged.LAST_SEEN_DT
FROM dbo.USER_ORDER_STAGING AS staged
WHERE staged.STORE_ID = @STORE_ID
AND   staged.WOO_ORDER_ID = @WOO_ORDER_ID
ORDER BY
    staged.STAGING_ID;

-- 2 Its lines. No ITEM_NO: neither an item nor a map entry answers to the SKU. No QTY_ON_HND: the item has no stock row here.
SELECT
    line.WOO_LINE_ID,
    line.SKU,
    line.DESCR,
    line.QTY,
    line.SUBTOT_AMT,
    line.TOT_AMT,
    MAPPED_TO = mapped.ITEM_NO,
    ITEM_NO = item.ITEM_NO,
    ITEM_STAT = item.STAT,
    price.PRC_1,
    stock.QTY_ON_HND,
    stock.QTY_ON_SO,
    stock.QTY_ON_ORD,
    stock.QTY_COMMIT
FROM OPENJSON(@LINES)
WITH
(
    WOO_LINE_ID bigint '$.WOO_LINE_ID',
    SKU nvarchar(100) '$.SKU',
    DESCR nvarchar(250) '$.DESCR',
    QTY decimal(15, 4) '$.QTY',
    SUBTOT_AMT decimal(15, 4) '$.SUBTOT_AMT',
    TOT_AMT decimal(15, 4) '$.TOT_AMT'
) AS line
OUTER APPLY
(
    SELECT TOP (1)
        entry.ITEM_NO
    FROM dbo.USER_ITEM_MAP AS entry
    WHERE entry.SKU = line.SKU
    AND   entry.STORE_ID IN (@STORE_ID, '*')
    ORDER BY
        CASE WHEN entry.STORE_ID = '*' THEN 1 ELSE 0 END
) AS mapped
LEFT OUTER JOIN dbo.IM_ITEM AS item
    ON item.ITEM_NO = COALESCE(mapped.ITEM_NO, line.SKU)
LEFT OUTER JOIN dbo.IM_PRC AS price
    ON  price.ITEM_NO = item.ITEM_NO
    AND price.LOC_ID = @PRC_LOC_ID
LEFT OUTER JOIN dbo.IM_INV AS stock
    ON  stock.ITEM_NO = item.ITEM_NO
    AND stock.LOC_ID = @STK_LOC_ID
ORDER BY
    line.WOO_LINE_ID;

-- 3 The customer: through the map, and by e-mail address. No row at all is an unknown customer.
SELECT
    FOUND_BY = 'USER_CUSTOMER_MAP',
    customer.CUST_NO,
    customer.NAM,
    customer.EMAIL_ADRS_1
FROM dbo.USER_ORDER_STAGING AS staged
INNER JOIN dbo.USER_CUSTOMER_MAP AS mapped
    ON  mapped.WOO_USER_ID = staged.WOO_CUST_ID
    AND mapped.STORE_ID IN (staged.STORE_ID, '')
    AND mapped.IS_ACTIVE = 1
LEFT OUTER JOIN dbo.AR_CUST AS customer
    ON customer.CUST_NO = mapped.CUST_NO
WHERE staged.STAGING_ID = @STAGING_ID
UNION ALL
SELECT
    FOUND_BY = 'e-mail address',
    customer.CUST_NO,
    customer.NAM,
    customer.EMAIL_ADRS_1
FROM dbo.USER_ORDER_STAGING AS staged
INNER JOIN dbo.AR_CUST AS customer
    ON customer.EMAIL_ADRS_1 = CONVERT(varchar(100), staged.CUST_EMAIL)
WHERE staged.STAGING_ID = @STAGING_ID;

-- 4 Link, document, totals. A link without a document: it was posted or deleted in CounterPoint.
SELECT
    link.DOC_ID,
    link.TKT_NO,
    link.REVISION,
    link.LINK_STATE,
    LINK_TOT = link.TOT,
    DOCUMENT_IS_THERE = CASE WHEN header.DOC_ID IS NULL THEN 'no' ELSE 'yes' END,
    header.DOC_TYP,
    header.CUST_NO,
    header.TKT_DT,
    header.SHIP_DAT,
    total.SUB_TOT,
    total.TOT_LIN_DISC,
    total.TOT_MISC,
    total.TAX_AMT,
    total.TOT
FROM dbo.USER_ORDER_LINK AS link
LEFT OUTER JOIN dbo.PS_DOC_HDR AS header
    ON header.DOC_ID = link.DOC_ID
LEFT OUTER JOIN dbo.PS_DOC_HDR_TOT AS total
    ON total.DOC_ID = link.DOC_ID
WHERE link.STORE_ID = @STORE_ID
AND   link.WOO_ORDER_ID = @WOO_ORDER_ID;

-- 5 The document's lines, each with the store's line that it came from. No WOO_LINE_ID: a line added by hand.
SELECT
    line.LIN_SEQ_NO,
    linked.WOO_LINE_ID,
    line.ITEM_NO,
    line.DESCR,
    line.QTY_SOLD,
    WRITTEN_QTY = linked.QTY_SOLD,
    line.PRC,
    line.EXT_PRC,
    WRITTEN_EXT_PRC = linked.EXT_PRC
FROM dbo.USER_ORDER_LINK AS link
INNER JOIN dbo.PS_DOC_LIN AS line
    ON line.DOC_ID = link.DOC_ID
LEFT OUTER JOIN dbo.USER_ORDER_LINE_LINK AS linked
    ON  linked.DOC_ID = line.DOC_ID
    AND linked.LIN_SEQ_NO = line.LIN_SEQ_NO
WHERE link.STORE_ID = @STORE_ID
AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
ORDER BY
    line.LIN_SEQ_NO;

-- 6 Its story.
SELECT
    WHEN_DT = story.WHEN_DT,
    SOURCE = story.SOURCE,
    WHAT = story.WHAT,
    ATTEMPT_NO = story.ATTEMPT_NO,
    WORKER_ID = story.WORKER_ID,
    MESSAGE = story.MESSAGE
FROM
(
    SELECT
        WHEN_DT = event.EVENT_DT,
        SOURCE = 'event',
        WHAT = event.EVENT_TYPE,
        ATTEMPT_NO = event.ATTEMPT_NO,
        WORKER_ID = event.WORKER_ID,
        MESSAGE = event.MESSAGE
    FROM dbo.USER_ORDER_EVENT AS event
    WHERE event.STORE_ID = @STORE_ID
    AND   event.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        attempt.ATTEMPT_DT,
        'attempt',
        attempt.ERROR_CLASS,
        attempt.ATTEMPT_NO,
        attempt.WORKER_ID,
        attempt.ERROR_MESSAGE
    FROM dbo.USER_ORDER_ATTEMPT AS attempt
    WHERE attempt.STAGING_ID = @STAGING_ID
    UNION ALL
    SELECT
        message.CREATED_DT,
        'outbox',
        message.STATE,
        message.ATTEMPT_NO,
        message.LEASE_OWNER,
        CONCAT(message.KIND, N': ', message.NOTE, N' ', message.ERROR_MESSAGE)
    FROM dbo.USER_STORE_OUTBOX AS message
    WHERE message.STORE_ID = @STORE_ID
    AND   message.WOO_ORDER_ID = @WOO_ORDER_ID
) AS story
ORDER BY
    story.WHEN_DT;

-- 7 What is in force.
SELECT
    setting.NAME,
    setting.VALUE,
    setting.DESCR
FROM dbo.USER_ERP_SETTING AS setting
UNION ALL
SELECT
    CONCAT('series ', series.SERIES),
    CONCAT(series.PREFIX, N'… next ', series.NEXT_NO, N', ', series.WIDTH, N' digits'),
    series.DESCR
FROM dbo.USER_NUMBER_SERIES AS series
ORDER BY
    1;
GO
