-- The only way to move the lease, the plans and the pointer. Each runs with its owner's rights and
-- a fixed search_path, and takes the chain's row first, so that writers queue there.
-- SQLSTATE AK001: fenced, AK002: a wrong move, AK003: somebody else holds the chain.
CREATE OR REPLACE FUNCTION auditkeep.lock_chain(p_chain text, p_epoch bigint)
RETURNS auditkeep.chain
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c auditkeep.chain;
BEGIN
    SELECT * INTO c FROM auditkeep.chain WHERE chain = p_chain FOR UPDATE;
    IF NOT FOUND OR c.epoch <> p_epoch OR c.holder IS NULL THEN
        RAISE EXCEPTION 'epoch % of chain ''%'' is over: % (epoch %)', p_epoch, p_chain,
            coalesce('''' || c.holder || ''' holds it now', 'nobody holds it'), coalesce(c.epoch, 0)
            USING ERRCODE = 'AK001';
    END IF;
    RETURN c;
END $$;

CREATE OR REPLACE FUNCTION auditkeep.rows_of(p_column text, p_value text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN p_column = '' THEN 'all rows of its table'
                ELSE format('the rows with %L in %I', p_value, p_column) END
$$;

-- Without a column the chain is the whole table.
CREATE OR REPLACE FUNCTION auditkeep.bind_chain(p_chain text, p_column text, p_value text)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    b auditkeep.binding;
BEGIN
    INSERT INTO auditkeep.binding VALUES (p_chain, coalesce(p_column, ''), coalesce(p_value, ''))
    ON CONFLICT DO NOTHING;
    SELECT * INTO b FROM auditkeep.binding WHERE chain = p_chain;
    IF (b.where_column, b.where_value) <> (coalesce(p_column, ''), coalesce(p_value, '')) THEN
        RAISE EXCEPTION 'chain ''%'' is made of %, not of %', p_chain,
            auditkeep.rows_of(b.where_column, b.where_value),
            auditkeep.rows_of(coalesce(p_column, ''), coalesce(p_value, ''))
            USING ERRCODE = 'AK002', HINT = 'give these rows a chain of their own: --chain NAME';
    END IF;
END $$;

DROP FUNCTION IF EXISTS auditkeep.lease_acquire(text, text, text, integer);

CREATE OR REPLACE FUNCTION auditkeep.lease_acquire(
    p_chain text, p_events text, p_column text, p_value text, p_holder text, p_ttl_ms integer)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c auditkeep.chain;
BEGIN
    INSERT INTO auditkeep.chain (chain, events) VALUES (p_chain, p_events) ON CONFLICT DO NOTHING;
    SELECT * INTO c FROM auditkeep.chain WHERE chain = p_chain FOR UPDATE;
    IF c.events <> p_events THEN
        RAISE EXCEPTION 'chain ''%'' belongs to table %, not to %', p_chain, c.events, p_events
            USING ERRCODE = 'AK002', HINT = 'give this table a chain of its own: --chain NAME';
    END IF;
    PERFORM auditkeep.bind_chain(p_chain, p_column, p_value);
    -- its own lease, which a lost connection left behind, does not keep a holder waiting
    IF c.holder <> p_holder AND c.lease_until > clock_timestamp() THEN
        RAISE EXCEPTION 'chain ''%'' is held by ''%'' until %', p_chain, c.holder,
            to_char(c.lease_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            USING ERRCODE = 'AK003';
    END IF;
    UPDATE auditkeep.chain SET epoch = c.epoch + 1, holder = p_holder,
        lease_until = clock_timestamp() + p_ttl_ms * interval '1 millisecond'
    WHERE chain = p_chain;
    RETURN c.epoch + 1;
END $$;

CREATE OR REPLACE FUNCTION auditkeep.lease_renew(p_chain text, p_epoch bigint, p_ttl_ms integer)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM auditkeep.lock_chain(p_chain, p_epoch);
    UPDATE auditkeep.chain
    SET lease_until = clock_timestamp() + p_ttl_ms * interval '1 millisecond'
    WHERE chain = p_chain;
END $$;

CREATE OR REPLACE FUNCTION auditkeep.lease_release(p_chain text, p_epoch bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM auditkeep.lock_chain(p_chain, p_epoch);
    UPDATE auditkeep.chain SET holder = NULL, lease_until = NULL WHERE chain = p_chain;
END $$;

-- What a writer ended with; NULL: it ended well. For people to read, so no epoch is asked for.
CREATE OR REPLACE FUNCTION auditkeep.note_trouble(p_chain text, p_what text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_what IS NULL THEN
        DELETE FROM auditkeep.trouble WHERE chain = p_chain;
    ELSE
        INSERT INTO auditkeep.trouble SELECT chain, clock_timestamp(), left(p_what, 4000)
        FROM auditkeep.chain WHERE chain = p_chain
        ON CONFLICT (chain) DO UPDATE SET at = EXCLUDED.at, what = EXCLUDED.what;
    END IF;
END $$;

-- Records a plan: it has to follow the last one. The very same plan again is success; for rows that
-- have changed since, and while nothing is archived under it, it takes their content.
CREATE OR REPLACE FUNCTION auditkeep.plan_segment(
    p_chain text, p_epoch bigint, p_first_index bigint, p_last_index bigint, p_first_id text,
    p_last_id text, p_prev_hash text, p_last_hash text, p_day integer, p_first_ts timestamptz,
    p_last_ts timestamptz, p_retain_until timestamptz, p_content_sha256 bytea, p_key text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last auditkeep.segment;
    next_index bigint;
BEGIN
    PERFORM auditkeep.lock_chain(p_chain, p_epoch);
    PERFORM FROM auditkeep.segment s
    WHERE (s.chain, s.first_index, s.last_index, s.first_id, s.last_id, s.prev_hash, s.last_hash,
           s.day, s.first_ts, s.last_ts, s.retain_until, s.content_sha256, s.key)
        = (p_chain, p_first_index, p_last_index, p_first_id, p_last_id, p_prev_hash, p_last_hash,
           p_day, p_first_ts, p_last_ts, p_retain_until, p_content_sha256, p_key);
    IF FOUND THEN
        RETURN;
    END IF;
    UPDATE auditkeep.segment s
    SET content_sha256 = p_content_sha256, first_ts = p_first_ts, last_ts = p_last_ts
    WHERE s.archived_at IS NULL
      AND (s.chain, s.first_index, s.last_index, s.first_id, s.last_id, s.prev_hash, s.last_hash,
           s.day, s.retain_until, s.key)
        = (p_chain, p_first_index, p_last_index, p_first_id, p_last_id, p_prev_hash, p_last_hash,
           p_day, p_retain_until, p_key);
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO last FROM auditkeep.segment WHERE chain = p_chain
    ORDER BY first_index DESC LIMIT 1;
    next_index := coalesce(last.last_index + 1, 0);
    IF p_first_index <> next_index THEN
        RAISE EXCEPTION 'a plan from index % does not follow the last one of chain ''%'', which '
            'calls for index %', p_first_index, p_chain, next_index USING ERRCODE = 'AK002';
    END IF;
    IF p_prev_hash <> coalesce(last.last_hash, '') AND NOT auditkeep.is_accepted(p_chain,
        p_first_index, coalesce(last.last_hash, ''), p_first_id, p_prev_hash) THEN
        RAISE EXCEPTION 'a plan from index % of chain ''%'' links to ''%'', but the event before '
            'has ''%''', p_first_index, p_chain, p_prev_hash, coalesce(last.last_hash, '')
            USING ERRCODE = 'AK002';
    END IF;
    INSERT INTO auditkeep.segment (chain, first_index, last_index, first_id, last_id, prev_hash,
        last_hash, day, first_ts, last_ts, retain_until, content_sha256, key)
    VALUES (p_chain, p_first_index, p_last_index, p_first_id, p_last_id, p_prev_hash, p_last_hash,
        p_day, p_first_ts, p_last_ts, p_retain_until, p_content_sha256, p_key);
END $$;

-- Marks rows: first where they were read, then those that have moved since, by id. Joins other
-- than nested loops would read the whole table, and compiling takes longer than they do.
CREATE OR REPLACE FUNCTION auditkeep.mark_rows(
    p_events text, p_key text, p_at timestamptz, p_ids text[], p_tids tid[], p_hashes text[])
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
DECLARE
    id_type text := (SELECT format_type(atttypid, NULL) FROM pg_attribute
                     WHERE attrelid = p_events::regclass AND attname = 'id');
    hash_too text := CASE WHEN p_hashes IS NULL THEN ''
                          ELSE ', hash = coalesce(e.hash, u.hash)' END;
    marked bigint;
    moved bigint := 0;
BEGIN
    EXECUTE format('UPDATE %s e SET s3_object_key = $1, s3_archived_at = $2 %s '
                   'FROM unnest($3, $4, $5) u(at, id, hash) WHERE e.ctid = u.at '
                   'AND e.id = u.id::%s', p_events, hash_too, id_type)
    USING p_key, p_at, p_tids, p_ids, p_hashes;
    GET DIAGNOSTICS marked = ROW_COUNT;
    IF marked < cardinality(p_ids) THEN
        EXECUTE format('UPDATE %s e SET s3_object_key = $1, s3_archived_at = $2 %s '
                       'FROM unnest($3, $4) u(id, hash) WHERE e.id = u.id::%s AND '
                       '(e.s3_object_key, e.s3_archived_at) IS DISTINCT FROM ($1, $2)',
                       p_events, hash_too, id_type)
        USING p_key, p_at, p_ids, p_hashes;
        GET DIAGNOSTICS moved = ROW_COUNT;
    END IF;
    RETURN marked + moved;
END $$;

-- Moves the pointer over the plan that follows it and marks its rows. The same again is success, and
-- records where the object is now.
CREATE OR REPLACE FUNCTION auditkeep.commit_segment(
    p_chain text, p_epoch bigint, p_first_index bigint, p_last_index bigint,
    p_content_sha256 bytea, p_version text, p_object_bytes bigint, p_object_sha256 bytea,
    p_root bytea, p_edge bytea, p_ids text[], p_tids tid[], p_hashes text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c auditkeep.chain;
    s auditkeep.segment;
    at timestamptz := clock_timestamp();
BEGIN
    c := auditkeep.lock_chain(p_chain, p_epoch);
    SELECT * INTO s FROM auditkeep.segment WHERE chain = p_chain AND first_index = p_first_index;
    IF NOT FOUND OR s.last_index <> p_last_index OR s.content_sha256 <> p_content_sha256 THEN
        RAISE EXCEPTION 'indexes % to % of chain ''%'' are not a segment that was planned',
            p_first_index, p_last_index, p_chain USING ERRCODE = 'AK002';
    END IF;
    IF s.archived_at IS NOT NULL AND s.object_sha256 = p_object_sha256 AND s.root = p_root THEN
        UPDATE auditkeep.segment SET version = p_version
        WHERE chain = p_chain AND first_index = p_first_index AND version IS DISTINCT FROM p_version;
        RETURN auditkeep.mark_rows(c.events, s.key, s.archived_at, p_ids, p_tids, p_hashes);
    END IF;
    IF p_first_index <> c.archived_index + 1 OR (s.prev_hash <> c.archived_hash
        AND NOT auditkeep.is_accepted(p_chain, p_first_index, c.archived_hash, s.first_id,
                                      s.prev_hash)) THEN
        RAISE EXCEPTION 'the pointer of chain ''%'' stands at index %: it cannot move over % to %',
            p_chain, c.archived_index, p_first_index, p_last_index USING ERRCODE = 'AK002';
    END IF;
    UPDATE auditkeep.segment SET archived_at = at, version = p_version,
        object_bytes = p_object_bytes, object_sha256 = p_object_sha256, root = p_root,
        edge = p_edge
    WHERE chain = p_chain AND first_index = p_first_index;
    UPDATE auditkeep.chain SET archived_index = s.last_index, archived_id = s.last_id,
        archived_hash = s.last_hash, archived_at = at
    WHERE chain = p_chain;
    RETURN auditkeep.mark_rows(c.events, s.key, at, p_ids, p_tids, p_hashes);
END $$;

-- For a person (runbook 4.4): marks the rows of a segment that is archived, for instance after the
-- table was restored from a backup:  CALL auditkeep.mark_archived('main', 'audit/2025/…');
-- It follows the links from the segment's first event, and refuses to mark anything else.
CREATE OR REPLACE PROCEDURE auditkeep.mark_archived(p_chain text, p_key text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c auditkeep.chain;
    s auditkeep.segment;
    id_type text;
    ids text[];
BEGIN
    SELECT * INTO c FROM auditkeep.chain WHERE chain = p_chain FOR UPDATE;
    SELECT * INTO s FROM auditkeep.segment WHERE chain = p_chain AND key = p_key;
    IF s.chain IS NULL THEN
        RAISE EXCEPTION 'chain ''%'' has no segment ''%''', p_chain, p_key USING ERRCODE = 'AK002',
            HINT = 'SELECT key FROM auditkeep.segment lists them';
    END IF;
    IF s.archived_at IS NULL THEN
        RAISE EXCEPTION 'segment ''%'' is planned, but nobody has checked its object', p_key
            USING ERRCODE = 'AK002',
            HINT = 'run ''auditkeep archive --once'': it checks the object and moves the pointer';
    END IF;
    id_type := (SELECT format_type(atttypid, NULL) FROM pg_attribute
                WHERE attrelid = c.events::regclass AND attname = 'id');
    EXECUTE format('WITH RECURSIVE part(n, id, hash) AS ('
        'SELECT $1, id::text, hash FROM %1$s WHERE id = $2::%2$s UNION ALL '
        'SELECT n + 1, e.id::text, e.hash FROM part JOIN %1$s e ON e.prev_hash = part.hash '
        'WHERE n < $3) SELECT array_agg(id ORDER BY n) FROM part', c.events, id_type)
    INTO ids USING s.first_index, s.first_id, s.last_index;
    IF coalesce(cardinality(ids), 0) <> s.last_index - s.first_index + 1
       OR ids[cardinality(ids)] <> s.last_id THEN
        RAISE EXCEPTION 'the rows of segment ''%'' do not link from ''%'' to ''%''', p_key,
            s.first_id, s.last_id USING ERRCODE = 'AK002',
            HINT = 'run ''auditkeep verify --what cross''';
    END IF;
    PERFORM auditkeep.mark_rows(c.events, s.key, s.archived_at, ids, NULL, NULL);
END $$;
