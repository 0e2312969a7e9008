-- Where a person accepted that the chain goes on although it is broken. The signed statement is what
-- counts; the columns are for people and for the triggers. Rows are only ever added.
CREATE TABLE IF NOT EXISTS auditkeep_acceptance (
    chain TEXT NOT NULL REFERENCES auditkeep_chain,
    at_index INTEGER NOT NULL CHECK (at_index >= 0),
    kind TEXT NOT NULL CHECK (kind IN ('gap', 'fork')),
    head_hash TEXT NOT NULL,
    event_id TEXT NOT NULL,
    event_prev TEXT NOT NULL,
    rejected_id TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason <> ''),
    accepted_by TEXT NOT NULL,
    accepted_usec INTEGER NOT NULL,
    statement TEXT NOT NULL
);

CREATE INDEX IF NOT EXISTS auditkeep_acceptance_at ON auditkeep_acceptance (chain, at_index);

CREATE TRIGGER IF NOT EXISTS auditkeep_accept BEFORE INSERT ON auditkeep_acceptance
WHEN EXISTS (SELECT 1 FROM auditkeep_chain c WHERE c.chain = NEW.chain
             AND (NEW.at_index <= c.archived_index OR (NEW.at_index = c.archived_index + 1
                                                       AND NEW.head_hash <> c.archived_hash)))
BEGIN
    SELECT RAISE(ABORT, 'the pointer stands elsewhere: nothing can be accepted at this index');
END;

CREATE TRIGGER IF NOT EXISTS auditkeep_acceptance_change BEFORE UPDATE ON auditkeep_acceptance
BEGIN
    SELECT RAISE(ABORT, 'acceptances do not change');
END;

CREATE TRIGGER IF NOT EXISTS auditkeep_acceptance_delete BEFORE DELETE ON auditkeep_acceptance
BEGIN
    SELECT RAISE(ABORT, 'acceptances are not deleted');
END;

DROP TRIGGER IF EXISTS auditkeep_pointer;

CREATE TRIGGER auditkeep_pointer
BEFORE UPDATE OF archived_index, archived_id, archived_hash ON auditkeep_chain
WHEN NOT EXISTS (
    SELECT 1 FROM auditkeep_segment s
    WHERE s.chain = NEW.chain AND s.archived_usec IS NOT NULL
      AND s.first_index = OLD.archived_index + 1 AND s.last_index = NEW.archived_index
      AND s.last_hash = NEW.archived_hash AND s.last_id = NEW.archived_id
      AND (s.prev_hash = OLD.archived_hash OR EXISTS (
          SELECT 1 FROM auditkeep_acceptance a
          WHERE a.chain = s.chain AND a.at_index = s.first_index AND a.kind = 'gap'
            AND a.head_hash = OLD.archived_hash AND a.event_id = s.first_id
            AND a.event_prev = s.prev_hash)))
BEGIN
    SELECT RAISE(ABORT, 'the pointer moves over the archived segment that follows it, only');
END;
