-- Day seals: what was planned to be sealed, and what became of it. One seal covers the days
-- first_day to day; last_index is the chain's last event up to then.
CREATE TABLE IF NOT EXISTS auditkeep_seal (
    chain TEXT NOT NULL REFERENCES auditkeep_chain,
    day INTEGER NOT NULL,
    first_day INTEGER NOT NULL CHECK (first_day <= day),
    last_index INTEGER NOT NULL,
    key TEXT NOT NULL CHECK (key <> ''),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    retain_until_usec INTEGER NOT NULL,
    archived_usec INTEGER,
    version TEXT,
    PRIMARY KEY (chain, day)
);

-- No day may be left out, everything of the days has to be archived, and one seal comes after the
-- other.
CREATE TRIGGER IF NOT EXISTS auditkeep_seal_follows BEFORE INSERT ON auditkeep_seal
WHEN NEW.first_day IS NOT coalesce(
        (SELECT max(day) + 1 FROM auditkeep_seal WHERE chain = NEW.chain),
        (SELECT min(day) FROM auditkeep_segment
         WHERE chain = NEW.chain AND archived_usec IS NOT NULL))
  OR EXISTS (SELECT 1 FROM auditkeep_seal WHERE chain = NEW.chain AND archived_usec IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'a seal has to follow what is sealed');
END;

CREATE TRIGGER IF NOT EXISTS auditkeep_seal_whole BEFORE INSERT ON auditkeep_seal
WHEN NEW.last_index IS NOT (SELECT max(last_index) FROM auditkeep_segment
        WHERE chain = NEW.chain AND day <= NEW.day AND archived_usec IS NOT NULL)
  OR EXISTS (SELECT 1 FROM auditkeep_segment
             WHERE chain = NEW.chain AND day <= NEW.day AND archived_usec IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'a day is sealed once all of it is archived');
END;

CREATE TRIGGER IF NOT EXISTS auditkeep_seal_keep BEFORE DELETE ON auditkeep_seal
BEGIN
    SELECT RAISE(ABORT, 'seals are not deleted');
END;

-- Only where its object is may be recorded anew.
CREATE TRIGGER IF NOT EXISTS auditkeep_seal_settled BEFORE UPDATE ON auditkeep_seal
WHEN (NEW.chain, NEW.day, NEW.first_day, NEW.last_index, NEW.key, NEW.retain_until_usec)
  IS NOT (OLD.chain, OLD.day, OLD.first_day, OLD.last_index, OLD.key, OLD.retain_until_usec)
  OR (OLD.archived_usec IS NOT NULL
      AND (NEW.sha256, NEW.archived_usec) IS NOT (OLD.sha256, OLD.archived_usec))
BEGIN
    SELECT RAISE(ABORT, 'an archived seal does not change');
END;

-- Nothing is filed under a day that is sealed, whoever plans it.
CREATE TRIGGER IF NOT EXISTS auditkeep_sealed BEFORE INSERT ON auditkeep_segment
WHEN NEW.day <= (SELECT max(day) FROM auditkeep_seal WHERE chain = NEW.chain)
BEGIN
    SELECT RAISE(ABORT, 'its day is sealed: a late event goes into the next open day');
END;
