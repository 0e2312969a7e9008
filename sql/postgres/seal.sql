-- Day seals: what was planned to be sealed, and what became of it. One seal covers the days
-- first_day to day; last_index is the chain's last event up to then.
CREATE TABLE IF NOT EXISTS auditkeep.seal (
    chain text NOT NULL REFERENCES auditkeep.chain,
    day integer NOT NULL,
    first_day integer NOT NULL CHECK (first_day <= day),
    last_index bigint NOT NULL,
    key text NOT NULL CHECK (key <> ''),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    retain_until timestamptz NOT NULL,
    archived_at timestamptz,
    version text,
    PRIMARY KEY (chain, day)
);

-- Records the plan of a seal: everything of its days has to be archived, and no day may be left
-- out. The very same plan again is success; while it is not archived, another content is taken.
CREATE OR REPLACE FUNCTION auditkeep.seal_plan(
    p_chain text, p_epoch bigint, p_day integer, p_first_day integer, p_last_index bigint,
    p_key text, p_sha256 bytea, p_retain_until timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last auditkeep.seal;
    next_day integer;
    reached bigint;
BEGIN
    PERFORM auditkeep.lock_chain(p_chain, p_epoch);
    UPDATE auditkeep.seal s SET sha256 = p_sha256
    WHERE (s.chain, s.day, s.first_day, s.last_index, s.key, s.retain_until)
        = (p_chain, p_day, p_first_day, p_last_index, p_key, p_retain_until)
      AND (s.archived_at IS NULL OR s.sha256 = p_sha256);
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO last FROM auditkeep.seal WHERE chain = p_chain ORDER BY day DESC LIMIT 1;
    next_day := coalesce(last.day + 1, (SELECT min(day) FROM auditkeep.segment
                                        WHERE chain = p_chain AND archived_at IS NOT NULL));
    IF next_day IS NULL OR p_first_day <> next_day OR p_day < p_first_day THEN
        RAISE EXCEPTION 'a seal of the days % to % does not follow what is sealed of chain ''%'', '
            'which calls for day %', p_first_day, p_day, p_chain, next_day USING ERRCODE = 'AK002';
    END IF;
    IF last.day IS NOT NULL AND last.archived_at IS NULL THEN
        RAISE EXCEPTION 'the seal ''%'' is planned and not archived yet', last.key
            USING ERRCODE = 'AK002';
    END IF;
    reached := (SELECT max(last_index) FROM auditkeep.segment
                WHERE chain = p_chain AND day <= p_day AND archived_at IS NOT NULL);
    IF p_last_index <> reached OR EXISTS (SELECT FROM auditkeep.segment
            WHERE chain = p_chain AND day <= p_day AND archived_at IS NULL) THEN
        RAISE EXCEPTION 'day % of chain ''%'' is not archived up to index %', p_day, p_chain,
            p_last_index USING ERRCODE = 'AK002';
    END IF;
    INSERT INTO auditkeep.seal (chain, day, first_day, last_index, key, sha256, retain_until)
    VALUES (p_chain, p_day, p_first_day, p_last_index, p_key, p_sha256, p_retain_until);
END $$;

-- Records that the planned seal is in the archive. The same again is success.
CREATE OR REPLACE FUNCTION auditkeep.seal_commit(
    p_chain text, p_epoch bigint, p_day integer, p_sha256 bytea, p_version text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM auditkeep.lock_chain(p_chain, p_epoch);
    UPDATE auditkeep.seal
    SET archived_at = coalesce(archived_at, clock_timestamp()), version = p_version
    WHERE chain = p_chain AND day = p_day AND sha256 = p_sha256;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this seal of day % of chain ''%'' was not planned', p_day, p_chain
            USING ERRCODE = 'AK002';
    END IF;
END $$;

-- Nothing is filed under a day that is sealed, whoever plans it.
CREATE OR REPLACE FUNCTION auditkeep.keep_sealed() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.day <= (SELECT max(day) FROM auditkeep.seal WHERE chain = NEW.chain) THEN
        RAISE EXCEPTION 'day % of chain ''%'' is sealed: a late event goes into the next open day',
            NEW.day, NEW.chain USING ERRCODE = 'AK002';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER auditkeep_sealed BEFORE INSERT ON auditkeep.segment
    FOR EACH ROW EXECUTE FUNCTION auditkeep.keep_sealed();
