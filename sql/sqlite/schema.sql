-- auditkeep's own state beside the events. Every file here may be run again. In all of them a
-- statement ends at a semicolon before an empty line.
PRAGMA journal_mode = WAL;

-- One row per chain: the writer's lease and the archive's pointer. Times are microseconds.
CREATE TABLE IF NOT EXISTS auditkeep_chain (
    chain TEXT PRIMARY KEY,
    events TEXT NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,
    holder TEXT,
    lease_until_usec INTEGER NOT NULL DEFAULT 0,
    archived_index INTEGER NOT NULL DEFAULT -1,
    archived_id TEXT NOT NULL DEFAULT '',
    archived_hash TEXT NOT NULL DEFAULT '',
    archived_usec INTEGER NOT NULL DEFAULT 0
);

-- Which rows a chain is made of, said by its first writer for good; the table is in its row above.
CREATE TABLE IF NOT EXISTS auditkeep_binding (
    chain TEXT PRIMARY KEY REFERENCES auditkeep_chain,
    where_column TEXT NOT NULL, -- '': all rows
    where_value TEXT NOT NULL
);

CREATE TRIGGER IF NOT EXISTS auditkeep_bound BEFORE UPDATE ON auditkeep_binding
BEGIN
    SELECT RAISE(ABORT, 'what a chain is made of does not change');
END;

-- What a writer ended with, until another one ends well.
CREATE TABLE IF NOT EXISTS auditkeep_trouble (
    chain TEXT PRIMARY KEY REFERENCES auditkeep_chain,
    usec INTEGER NOT NULL,
    what TEXT NOT NULL
);

-- Plans, and what became of them: archived_usec is set by the commit that moved the pointer.
CREATE TABLE IF NOT EXISTS auditkeep_segment (
    chain TEXT NOT NULL REFERENCES auditkeep_chain,
    first_index INTEGER NOT NULL,
    last_index INTEGER NOT NULL CHECK (last_index >= first_index),
    first_id TEXT NOT NULL,
    last_id TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    last_hash TEXT NOT NULL,
    day INTEGER NOT NULL,
    first_ts_usec INTEGER NOT NULL,
    last_ts_usec INTEGER NOT NULL,
    retain_until_usec INTEGER NOT NULL,
    content_sha256 BLOB NOT NULL CHECK (length(content_sha256) = 32),
    key TEXT NOT NULL CHECK (key <> ''),
    archived_usec INTEGER,
    version TEXT,
    object_bytes INTEGER,
    object_sha256 BLOB,
    root BLOB,
    edge BLOB,
    PRIMARY KEY (chain, first_index),
    UNIQUE (chain, key)
);

-- SQLite has no procedures that could stand between a user and the tables; these refuse what a
-- wrong move would be, whoever makes it.
CREATE TRIGGER IF NOT EXISTS auditkeep_plan BEFORE INSERT ON auditkeep_segment
WHEN NEW.first_index <> coalesce((SELECT max(last_index) + 1 FROM auditkeep_segment
                                  WHERE chain = NEW.chain), 0)
BEGIN
    SELECT RAISE(ABORT, 'a plan has to follow the last one');
END;

CREATE TRIGGER IF NOT EXISTS auditkeep_keep BEFORE DELETE ON auditkeep_segment
BEGIN
    SELECT RAISE(ABORT, 'segments are not deleted');
END;

-- Only where its object is may be recorded anew.
CREATE TRIGGER IF NOT EXISTS auditkeep_settled BEFORE UPDATE ON auditkeep_segment
WHEN OLD.archived_usec IS NOT NULL
 AND (NEW.chain, NEW.first_index, NEW.last_index, NEW.prev_hash, NEW.last_hash, NEW.day,
      NEW.retain_until_usec, NEW.content_sha256, NEW.key, NEW.archived_usec, NEW.object_sha256,
      NEW.root, NEW.edge)
  IS NOT (OLD.chain, OLD.first_index, OLD.last_index, OLD.prev_hash, OLD.last_hash, OLD.day,
      OLD.retain_until_usec, OLD.content_sha256, OLD.key, OLD.archived_usec, OLD.object_sha256,
      OLD.root, OLD.edge)
BEGIN
    SELECT RAISE(ABORT, 'an archived segment does not change');
END;

CREATE TRIGGER IF NOT EXISTS auditkeep_epoch BEFORE UPDATE OF epoch ON auditkeep_chain
WHEN NEW.epoch < OLD.epoch
BEGIN
    SELECT RAISE(ABORT, 'epochs only grow');
END;
