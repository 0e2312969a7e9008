-- Where a person accepted that the chain goes on although it is broken. The signed statement is what
-- counts; the columns are for people and for the procedures. Rows are only ever added.
CREATE TABLE IF NOT EXISTS auditkeep.acceptance (
    chain text NOT NULL REFERENCES auditkeep.chain,
    at_index bigint NOT NULL CHECK (at_index >= 0),
    kind text NOT NULL CHECK (kind IN ('gap', 'fork')),
    head_hash text NOT NULL,
    event_id text NOT NULL,
    event_prev text NOT NULL,
    rejected_id text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    accepted_by text NOT NULL,
    accepted_at timestamptz NOT NULL,
    statement text NOT NULL
);

CREATE INDEX IF NOT EXISTS acceptance_at ON auditkeep.acceptance (chain, at_index);

CREATE OR REPLACE FUNCTION auditkeep.keep_acceptance() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'acceptances are neither changed nor deleted' USING ERRCODE = 'AK002';
END $$;

CREATE OR REPLACE TRIGGER auditkeep_keep BEFORE UPDATE OR DELETE OR TRUNCATE
    ON auditkeep.acceptance FOR EACH STATEMENT EXECUTE FUNCTION auditkeep.keep_acceptance();

-- Records an acceptance. The very same again is success.
CREATE OR REPLACE FUNCTION auditkeep.accept_break(
    p_chain text, p_events text, p_index bigint, p_kind text, p_head_hash text, p_event_id text,
    p_event_prev text, p_rejected_id text, p_reason text, p_accepted_by text,
    p_accepted_at timestamptz, p_statement text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c auditkeep.chain;
BEGIN
    INSERT INTO auditkeep.chain (chain, events) VALUES (p_chain, p_events) ON CONFLICT DO NOTHING;
    SELECT * INTO c FROM auditkeep.chain WHERE chain = p_chain FOR UPDATE;
    IF c.events <> p_events THEN
        RAISE EXCEPTION 'chain ''%'' belongs to table %, not to %', p_chain, c.events, p_events
            USING ERRCODE = 'AK002';
    END IF;
    PERFORM FROM auditkeep.acceptance WHERE chain = p_chain AND statement = p_statement;
    IF FOUND THEN
        RETURN;
    END IF;
    IF p_index <= c.archived_index
       OR (p_index = c.archived_index + 1 AND p_head_hash <> c.archived_hash) THEN
        RAISE EXCEPTION 'the pointer of chain ''%'' stands at index %, hash ''%'': nothing can be '
            'accepted at index % after ''%''', p_chain, c.archived_index, c.archived_hash, p_index,
            p_head_hash USING ERRCODE = 'AK002';
    END IF;
    INSERT INTO auditkeep.acceptance VALUES (p_chain, p_index, p_kind, p_head_hash, p_event_id,
        p_event_prev, p_rejected_id, p_reason, p_accepted_by, p_accepted_at, p_statement);
END $$;

-- May the chain go on with this event after one that it does not name?
CREATE OR REPLACE FUNCTION auditkeep.is_accepted(
    p_chain text, p_index bigint, p_head_hash text, p_event_id text, p_event_prev text)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM auditkeep.acceptance a WHERE a.kind = 'gap'
        AND (a.chain, a.at_index, a.head_hash, a.event_id, a.event_prev)
          = (p_chain, p_index, p_head_hash, p_event_id, p_event_prev))
$$;
