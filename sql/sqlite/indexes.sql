CREATE INDEX IF NOT EXISTS "@events@_auditkeep_scan@of_tenant@" ON "@events@" (@tenant@@ts@, id);

CREATE INDEX IF NOT EXISTS "@events@_auditkeep_pending@of_tenant@"
    ON "@events@" (@tenant@created_at) WHERE s3_archived_at IS NULL;

@prev_index@
