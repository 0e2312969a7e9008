-- Without blocking writers, and therefore one by one outside a transaction. An index that an
-- interrupted run left behind is useless: it goes first.
@drop_invalid@
CREATE INDEX CONCURRENTLY IF NOT EXISTS "@table@_auditkeep_scan@of_tenant@" ON @events@ (@tenant@@ts@, id);

CREATE INDEX CONCURRENTLY IF NOT EXISTS "@table@_auditkeep_pending@of_tenant@"
    ON @events@ (@tenant@created_at) WHERE s3_archived_at IS NULL;

@prev_index@
CREATE INDEX CONCURRENTLY IF NOT EXISTS "@table@_auditkeep_head"
    ON @events@ (id) WHERE prev_hash IS NULL;
