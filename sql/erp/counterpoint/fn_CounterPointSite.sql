SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_CounterPointSite
    The site settings that CounterPoint documents are written and found by, as the columns' own types have them.

Used by      fn_ErpAudit, fn_CounterPointTally, fn_ErpUnlinkedDocuments, sp_CreateOrderLines, sp_CloseErpDocument,
             sp_GetErpDocument
Returns      one row: STA_ID, STK_LOC_ID, DOC_TYP, TOT_TYP; STOCK_COLUMNS, those of IM_INV that an order moves, with commas between them,
             the documented QTY_ON_SO where none is named
Example      SELECT site.* FROM dbo.fn_CounterPointSite() AS site;
*/
CREATE OR ALTER FUNCTION dbo.fn_CounterPointSite
(
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        STA_ID = CONVERT(varchar(10), MAX(CASE WHEN setting.NAME = 'STA_ID' THEN setting.VALUE END)),
        STK_LOC_ID = CONVERT(varchar(10), MAX(CASE WHEN setting.NAME = 'STK_LOC_ID' THEN setting.VALUE END)),
        DOC_TYP = CONVERT(varchar(1), MAX(CASE WHEN setting.NAME = 'DOC_TYP' THEN setting.VALUE END)),
        TOT_TYP = CONVERT(varchar(1), MAX(CASE WHEN setting.NAME = 'TOT_TYP' THEN setting.VALUE END)),
        STOCK_COLUMNS = CONVERT(varchar(100), COALESCE
        (
            NULLIF
            (
                STUFF
                (
                    CONCAT
                    (
                        CASE WHEN MAX(CASE WHEN setting.NAME = 'STOCK_COLUMNS' THEN CHARINDEX(N'QTY_ON_SO', setting.VALUE) END) > 0 THEN ',QTY_ON_SO' END,
                        CASE WHEN MAX(CASE WHEN setting.NAME = 'STOCK_COLUMNS' THEN CHARINDEX(N'QTY_ON_ORD', setting.VALUE) END) > 0 THEN ',QTY_ON_ORD' END,
                        CASE WHEN MAX(CASE WHEN setting.NAME = 'STOCK_COLUMNS' THEN CHARINDEX(N'QTY_COMMIT', setting.VALUE) END) > 0 THEN ',QTY_COMMIT' END
                    ),
                    1,
                    1,
                    ''
                ),
                ''
            ),
            'QTY_ON_SO'
        ))
    FROM dbo.USER_ERP_SETTING AS setting
);
GO
