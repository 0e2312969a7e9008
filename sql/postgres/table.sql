-- A new table of events, with guards that the adapted ones do not get: no two events can name the
-- same predecessor. Hash indexes, because marking a row as archived enters it into every index
-- again, and a B-tree of random hashes makes that half as dear again (docs/pointer.md).
CREATE TABLE IF NOT EXISTS @events@ (
    id uuid PRIMARY KEY,
    event_type text NOT NULL,
    payload jsonb,
    prev_hash text,
    hash text NOT NULL,
    signature text,
    signer_id text,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    s3_object_key text,
    s3_archived_at timestamptz,
    CONSTRAINT "@table@_no_fork" EXCLUDE USING hash (prev_hash WITH =)
);

CREATE UNIQUE INDEX IF NOT EXISTS "@table@_one_head"
    ON @events@ ((true)) WHERE prev_hash IS NULL OR prev_hash = '';
