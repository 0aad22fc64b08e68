-- What numbers new customers, and whom they are made like.
INSERT OR IGNORE INTO dbo.USER_ERP_SETTING VALUES
    ('CUST_NO_FROM', 'SERIES', 'What numbers new customers: SERIES (the CUST_NO series), EC_CTL or SY_WRKGRP (their NXT_CUST_NO)'),
    ('WRKGRP_ID', NULL, 'Workgroup whose NXT_CUST_NO numbers customers (CUST_NO_FROM SY_WRKGRP); empty: the only one'),
    ('TMPLT_CUST_NO', NULL, 'Customer that new ones are made like; empty: the one of EC_CTL, - for none');
