-- Indexes of what is open: proofs that somebody holds, and dead letters by order.
CREATE INDEX dbo.IX_claims_lease ON claims (pod_lease_until) WHERE pod_lease_until IS NOT NULL;
CREATE INDEX dbo.IX_USER_ORDER_DEAD_LETTER_ORDER ON USER_ORDER_DEAD_LETTER (STORE_ID, WOO_ORDER_ID);
