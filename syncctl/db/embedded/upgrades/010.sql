-- Proofs counted by carrier and status, out of an index.
CREATE INDEX dbo.IX_claims_status ON claims (pod_fetch_status, carrier);
