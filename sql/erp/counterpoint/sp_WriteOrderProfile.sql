SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteOrderProfile
    Writes the order's shipping method into the profile field that the site keeps for it.

Called by    sp_CreateErpDocument, sp_ChangeErpDocument, inside their transactions
Parameters   @STAGING_ID; @DOC_ID
Returns      no rows
Errors       none
Locks        the document's profile
Repeatable   yes
Note         Only with the site setting SHIP_VIA_PROF, PROF_ALPHA_1 to PROF_ALPHA_5. The other fields are the site's own.
Example      EXECUTE dbo.sp_WriteOrderProfile @STAGING_ID = 1, @DOC_ID = 101000000001;
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteOrderProfile
    @STAGING_ID int,
    @DOC_ID bigint,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @FIELD varchar(20),
        @SHIP_VIA varchar(100);

    SELECT
        @FIELD = CONVERT(varchar(20), NULLIF(setting.VALUE, N''))
    FROM dbo.USER_ERP_SETTING AS setting
    WHERE setting.NAME = 'SHIP_VIA_PROF';

    IF @FIELD IS NULL
    BEGIN
        RETURN;
    END;

    SELECT
        @SHIP_VIA = NULLIF
        (
            CONVERT(varchar(30), dbo.fn_Shorten(staged.SHIP_VIA, 30) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_HDR_PROF.PROF_ALPHA_1 */,
            ''
        )
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    IF EXISTS (SELECT 1 FROM dbo.PS_DOC_HDR_PROF AS profile WHERE profile.DOC_ID = @DOC_ID)
    BEGIN
        UPDATE
            dbo.PS_DOC_HDR_PROF
        SET
            PROF_ALPHA_1 = CASE WHEN @FIELD = 'PROF_ALPHA_1' THEN @SHIP_VIA ELSE PROF_ALPHA_1 END,
            PROF_ALPHA_2 = CASE WHEN @FIELD = 'PROF_ALPHA_2' THEN @SHIP_VIA ELSE PROF_ALPHA_2 END,
            PROF_ALPHA_3 = CASE WHEN @FIELD = 'PROF_ALPHA_3' THEN @SHIP_VIA ELSE PROF_ALPHA_3 END,
            PROF_ALPHA_4 = CASE WHEN @FIELD = 'PROF_ALPHA_4' THEN @SHIP_VIA ELSE PROF_ALPHA_4 END,
            PROF_ALPHA_5 = CASE WHEN @FIELD = 'PROF_ALPHA_5' THEN @SHIP_VIA ELSE PROF_ALPHA_5 END
        WHERE DOC_ID = @DOC_ID;
    END
    ELSE
    BEGIN
        INSERT INTO dbo.PS_DOC_HDR_PROF
        (
            DOC_ID, PROF_ALPHA_1, PROF_ALPHA_2, PROF_ALPHA_3, PROF_ALPHA_4, PROF_ALPHA_5
        )
        VALUES
        (
            @DOC_ID,
            CASE WHEN @FIELD = 'PROF_ALPHA_1' THEN @SHIP_VIA END,
            CASE WHEN @FIELD = 'PROF_ALPHA_2' THEN @SHIP_VIA END,
            CASE WHEN @FIELD = 'PROF_ALPHA_3' THEN @SHIP_VIA END,
            CASE WHEN @FIELD = 'PROF_ALPHA_4' THEN @SHIP_VIA END,
            CASE WHEN @FIELD = 'PROF_ALPHA_5' THEN @SHIP_VIA END
        );
    END;
END;
GO
