SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_STORE_OUTBOX: whether the store may have been told of a message already
    0 until the message is claimed for the first time: its note can't be in the store yet, and isn't looked for.

Note         1 for what waits from before this column, and for whatever is put there by hand.
Repeatable   yes: it looks first
*/
IF COL_LENGTH(N'dbo.USER_STORE_OUTBOX', N'LOOK_FIRST') IS NULL
BEGIN
    ALTER TABLE dbo.USER_STORE_OUTBOX ADD LOOK_FIRST bit NOT NULL CONSTRAINT DF_USER_STORE_OUTBOX_LOOK_FIRST DEFAULT (1);
END;
GO
