SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.claims
    One row per claim whose proof of delivery is wanted. The shop's own program adds the rows; syncctl keeps the pod_ columns.

Fresh        the table is created whole.
Live site    columns that are missing are added, one ALTER TABLE at a time; no row and no column is taken away. Failed claims keep
             their count and get the time of their next attempt.
View         a claims table that has another name or other columns is mapped by a view dbo.claims with these columns, over that one
             table, made before the deploy (docs/PROOF_OF_DELIVERY.md has an example); then nothing here touches it.
Errors       50020 there is a dbo.claims that lacks what only its owner can give: id, claim_reference, carrier, tracking_number
Repeatable   yes: each step looks first
*/
IF OBJECT_ID(N'dbo.claims') IS NULL
BEGIN
    CREATE TABLE dbo.claims
    (
        id bigint IDENTITY(1, 1) NOT NULL,
        claim_reference nvarchar(100) NOT NULL,
        carrier varchar(50) NULL,
        tracking_number nvarchar(100) NULL,
        client_id varchar(50) NULL,
        client_name nvarchar(100) NULL,
        client_email nvarchar(500) NULL,
        pod_fetch_status varchar(20) NULL CONSTRAINT DF_claims_pod_fetch_status DEFAULT ('pending'),
        pod_url nvarchar(max) NULL,
        pod_error nvarchar(max) NULL,
        pod_retry_count int NULL CONSTRAINT DF_claims_pod_retry_count DEFAULT (0),
        pod_last_retry_at datetime2(3) NULL,
        pod_next_attempt_at datetime2(3) NULL,
        pod_error_class varchar(20) NULL,
        pod_error_cause varchar(50) NULL,
        pod_error_code varchar(50) NULL,
        pod_document_path nvarchar(max) NULL,
        pod_sha256 char(64) NULL,
        pod_content_type varchar(50) NULL,
        pod_size_bytes int NULL,
        pod_signed_by nvarchar(100) NULL,
        pod_delivered_at datetime2(3) NULL,
        pod_fetched_at datetime2(3) NULL,
        pod_lease_owner nvarchar(100) NULL,
        pod_lease_until datetime2(3) NULL,
        pod_attempt_no bigint NOT NULL CONSTRAINT DF_claims_pod_attempt_no DEFAULT (0),
        pod_crash_count int NOT NULL CONSTRAINT DF_claims_pod_crash_count DEFAULT (0),
        created_at datetime2(3) NULL CONSTRAINT DF_claims_created_at DEFAULT (SYSUTCDATETIME()),
        pod_not_yet_count int NULL,
        pod_not_yet_since datetime2(3) NULL,
        CONSTRAINT PK_claims PRIMARY KEY CLUSTERED (id),
        CONSTRAINT UX_claims_claim_reference UNIQUE (claim_reference)
    );
END;
GO

-- What nobody but its owner can add.
IF COL_LENGTH(N'dbo.claims', N'id') IS NULL
OR COL_LENGTH(N'dbo.claims', N'claim_reference') IS NULL
OR COL_LENGTH(N'dbo.claims', N'carrier') IS NULL
OR COL_LENGTH(N'dbo.claims', N'tracking_number') IS NULL
BEGIN
    THROW 50020, N'dbo.claims lacks id, claim_reference, carrier or tracking_number. Rename it and map it by a view: docs/PROOF_OF_DELIVERY.md.', 1;
END;
GO

-- What a live site lacks.
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'client_id') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD client_id varchar(50) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'client_name') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD client_name nvarchar(100) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'client_email') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD client_email nvarchar(500) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_fetch_status') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_fetch_status varchar(20) NULL CONSTRAINT DF_claims_pod_fetch_status DEFAULT ('pending');
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_url') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_url nvarchar(max) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_error') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_error nvarchar(max) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_retry_count') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_retry_count int NULL CONSTRAINT DF_claims_pod_retry_count DEFAULT (0);
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_last_retry_at') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_last_retry_at datetime2(3) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_next_attempt_at') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_next_attempt_at datetime2(3) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_error_class') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_error_class varchar(20) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_error_cause') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_error_cause varchar(50) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_error_code') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_error_code varchar(50) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_document_path') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_document_path nvarchar(max) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_sha256') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_sha256 char(64) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_content_type') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_content_type varchar(50) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_size_bytes') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_size_bytes int NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_signed_by') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_signed_by nvarchar(100) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_delivered_at') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_delivered_at datetime2(3) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_fetched_at') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_fetched_at datetime2(3) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_lease_owner') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_lease_owner nvarchar(100) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_lease_until') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_lease_until datetime2(3) NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_attempt_no') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_attempt_no bigint NOT NULL CONSTRAINT DF_claims_pod_attempt_no DEFAULT (0);
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'pod_crash_count') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD pod_crash_count int NOT NULL CONSTRAINT DF_claims_pod_crash_count DEFAULT (0);
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND COL_LENGTH(N'dbo.claims', N'created_at') IS NULL
BEGIN
    ALTER TABLE dbo.claims
    ADD created_at datetime2(3) NULL CONSTRAINT DF_claims_created_at DEFAULT (SYSUTCDATETIME());
END;
GO

-- Claims that had failed before: 1, 6, 24, 72 hours after their last attempt, by their count.
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
BEGIN
    UPDATE dbo.claims
    SET pod_next_attempt_at = DATEADD
    (
        HOUR,
        CASE COALESCE(pod_retry_count, 0) WHEN 0 THEN 1 WHEN 1 THEN 6 WHEN 2 THEN 24 ELSE 72 END,
        pod_last_retry_at
    )
    WHERE pod_fetch_status = 'failed'
    AND   pod_next_attempt_at IS NULL
    AND   pod_last_retry_at IS NOT NULL
    AND   pod_error_class IS NULL;
END;
GO
IF NOT EXISTS (SELECT 1 FROM sys.views AS viewed WHERE viewed.object_id = OBJECT_ID(N'dbo.claims'))
AND NOT EXISTS
(
    SELECT 1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.claims')
    AND   UPPER(indexed.name) = N'IX_CLAIMS_POD'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_claims_pod ON dbo.claims (pod_fetch_status, pod_next_attempt_at, id);
END;
GO
