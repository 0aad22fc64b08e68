-- By when a claim's dispute has to be answered; several documents of one parcel, and how each was got.
ALTER TABLE dbo.claims ADD COLUMN dispute_deadline DATETIME_TEXT;
CREATE INDEX dbo.IX_claims_deadline ON claims (pod_fetch_status, dispute_deadline, pod_next_attempt_at);
ALTER TABLE dbo.USER_POD_DOCUMENT ADD COLUMN KIND TEXT NOT NULL DEFAULT 'proof';
ALTER TABLE dbo.USER_POD_DOCUMENT ADD COLUMN IS_MAIN BIT NOT NULL DEFAULT 1;
ALTER TABLE dbo.USER_POD_DOCUMENT ADD COLUMN EVIDENCE TEXT;
