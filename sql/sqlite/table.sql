-- A new table of events. No two of them can name the same predecessor. Text that is fixed in width
-- sorts by time: 2025-02-01T00:00:00.000000Z.
CREATE TABLE IF NOT EXISTS "@events@" (
    id TEXT PRIMARY KEY NOT NULL,
    event_type TEXT NOT NULL,
    payload TEXT,
    prev_hash TEXT,
    hash TEXT NOT NULL,
    signature TEXT,
    signer_id TEXT,
    metadata TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    s3_object_key TEXT,
    s3_archived_at TEXT
);

CREATE UNIQUE INDEX IF NOT EXISTS "@events@_no_fork" ON "@events@" (prev_hash);

CREATE UNIQUE INDEX IF NOT EXISTS "@events@_one_head" ON "@events@" (ifnull(prev_hash, ''))
    WHERE prev_hash IS NULL OR prev_hash = '';
