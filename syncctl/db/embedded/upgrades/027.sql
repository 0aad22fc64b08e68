-- What was last written of a customer in the ERP, and what the site wants of matching customers.
CREATE TABLE dbo.USER_CUSTOMER_FIELD (
    STORE_ID TEXT NOT NULL,
    CUST_NO TEXT NOT NULL COLLATE NOCASE,
    FIELD TEXT NOT NULL,
    STORE_VALUE TEXT NOT NULL,
    ERP_VALUE TEXT NOT NULL,
    IS_KEPT BIT NOT NULL DEFAULT 0,
    UPDATED_DT DATETIME_TEXT NOT NULL,
    CONSTRAINT PK_USER_CUSTOMER_FIELD PRIMARY KEY (STORE_ID, CUST_NO, FIELD)
);
INSERT INTO dbo.USER_ERP_SETTING (NAME, VALUE, DESCR) VALUES
    ('CUST_MATCH_NAME', 'N', 'Y matches a customer of the store by name and postcode, too, where the e-mail address finds nobody'),
    ('CUST_CHANGES', 'ERP', 'Whose word counts where both the store and a person in the ERP changed a customer: ERP or STORE');
