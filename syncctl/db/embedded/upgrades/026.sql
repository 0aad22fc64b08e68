-- An order's dead letters, decided ones included, without reading all of them.
CREATE INDEX dbo.IX_USER_ORDER_DEAD_LETTER_STAGING ON USER_ORDER_DEAD_LETTER (STAGING_ID, DEAD_LETTER_ID);
