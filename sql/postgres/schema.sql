-- auditkeep's own state beside the events. Every file here may be run again. In all of them a
-- statement ends at a semicolon before an empty line.
CREATE SCHEMA IF NOT EXISTS auditkeep;

-- The tables that init has seen: the only ones that the procedures touch.
CREATE TABLE IF NOT EXISTS auditkeep.source (
    events text PRIMARY KEY
);

INSERT INTO auditkeep.source VALUES (@events_literal@) ON CONFLICT DO NOTHING;

-- One row per chain: the writer's lease and the archive's pointer.
CREATE TABLE IF NOT EXISTS auditkeep.chain (
    chain text PRIMARY KEY CHECK (chain ~ '^[a-z0-9_-]{1,63}$'),
    events text NOT NULL REFERENCES auditkeep.source,
    epoch bigint NOT NULL DEFAULT 0,
    holder text,
    lease_until timestamptz,
    archived_index bigint NOT NULL DEFAULT -1,
    archived_id text NOT NULL DEFAULT '',
    archived_hash text NOT NULL DEFAULT '',
    archived_at timestamptz
);

-- Which rows a chain is made of, said by its first writer for good; the table is in its row above.
CREATE TABLE IF NOT EXISTS auditkeep.binding (
    chain text PRIMARY KEY REFERENCES auditkeep.chain,
    where_column text NOT NULL, -- '': all rows
    where_value text NOT NULL
);

-- What a writer ended with, until another one ends well.
CREATE TABLE IF NOT EXISTS auditkeep.trouble (
    chain text PRIMARY KEY REFERENCES auditkeep.chain,
    at timestamptz NOT NULL,
    what text NOT NULL
);

-- Plans, and what became of them: archived_at is set by the commit that moved the pointer.
CREATE TABLE IF NOT EXISTS auditkeep.segment (
    chain text NOT NULL REFERENCES auditkeep.chain,
    first_index bigint NOT NULL,
    last_index bigint NOT NULL CHECK (last_index >= first_index),
    first_id text NOT NULL,
    last_id text NOT NULL,
    prev_hash text NOT NULL,
    last_hash text NOT NULL,
    day integer NOT NULL,
    first_ts timestamptz NOT NULL,
    last_ts timestamptz NOT NULL,
    retain_until timestamptz NOT NULL,
    content_sha256 bytea NOT NULL CHECK (length(content_sha256) = 32),
    key text NOT NULL CHECK (key <> ''),
    archived_at timestamptz,
    version text,
    object_bytes bigint,
    object_sha256 bytea CHECK (length(object_sha256) = 32),
    root bytea CHECK (length(root) = 32),
    edge bytea,
    PRIMARY KEY (chain, first_index),
    UNIQUE (chain, key)
);
