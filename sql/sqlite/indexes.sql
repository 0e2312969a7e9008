CREATE INDEX IF NOT EXISTS "@events@_auditkeep_scan" ON "@events@" (@ts@, id);

CREATE INDEX IF NOT EXISTS "@events@_auditkeep_pending" ON "@events@" (created_at)
    WHERE s3_archived_at IS NULL;

@prev_index@
