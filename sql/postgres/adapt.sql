-- What a table that is there lacks. Nothing that a writer relies on changes; each ALTER only
-- touches the catalog, and gives up after the lock_timeout rather than make writers queue.
SET lock_timeout = '5s';

ALTER TABLE @events@ ADD COLUMN IF NOT EXISTS hash text;

ALTER TABLE @events@ ADD COLUMN IF NOT EXISTS s3_object_key text;

ALTER TABLE @events@ ADD COLUMN IF NOT EXISTS s3_archived_at timestamptz;

RESET lock_timeout;
