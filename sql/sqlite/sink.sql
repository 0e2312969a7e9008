-- Downstream sinks (Kafka, Snowflake): a lease and a pointer for each chain and sink. The pointer
-- is the last event that the sink confirmed; error is why it does not go on.
CREATE TABLE IF NOT EXISTS auditkeep_sink (
    chain TEXT NOT NULL REFERENCES auditkeep_chain,
    sink TEXT NOT NULL CHECK (sink <> '' AND length(sink) <= 255),
    epoch INTEGER NOT NULL DEFAULT 0,
    holder TEXT,
    lease_until_usec INTEGER NOT NULL DEFAULT 0,
    at_index INTEGER NOT NULL DEFAULT -1,
    at_id TEXT NOT NULL DEFAULT '',
    at_hash TEXT NOT NULL DEFAULT '',
    at_ts_usec INTEGER,
    moved_usec INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    error_usec INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (chain, sink)
);

-- What a wrong move would be, whoever makes it.
CREATE TRIGGER IF NOT EXISTS auditkeep_sink_ahead BEFORE UPDATE ON auditkeep_sink
WHEN NEW.epoch < OLD.epoch OR NEW.at_index < OLD.at_index
  OR (NEW.at_index = OLD.at_index AND (NEW.at_id, NEW.at_hash) IS NOT (OLD.at_id, OLD.at_hash))
BEGIN
    SELECT RAISE(ABORT, 'the pointer of a sink only moves ahead');
END;

-- An event that is archived is the one that its segment knows. (The row is looked at by who moves
-- the pointer: one database may hold several tables of events.)
CREATE TRIGGER IF NOT EXISTS auditkeep_sink_of_chain BEFORE UPDATE OF at_index ON auditkeep_sink
WHEN EXISTS (SELECT 1 FROM auditkeep_segment g
             WHERE g.chain = NEW.chain AND g.archived_usec IS NOT NULL
               AND ((g.first_index = NEW.at_index AND g.first_id <> NEW.at_id)
                 OR (g.last_index = NEW.at_index
                     AND (g.last_id, g.last_hash) IS NOT (NEW.at_id, NEW.at_hash))))
BEGIN
    SELECT RAISE(ABORT, 'the chain has no such event');
END;

CREATE TRIGGER IF NOT EXISTS auditkeep_sink_keep BEFORE DELETE ON auditkeep_sink
BEGIN
    SELECT RAISE(ABORT, 'pointers are not deleted');
END;
