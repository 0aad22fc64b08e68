-- How often, and since when, a carrier has said that a parcel isn't delivered.
ALTER TABLE dbo.claims ADD COLUMN pod_not_yet_count INTEGER;
ALTER TABLE dbo.claims ADD COLUMN pod_not_yet_since DATETIME_TEXT;
