-- Downstream sinks (Kafka, Snowflake): a lease and a pointer for each chain and sink, apart from
-- the archive's, so that neither waits for the other. The pointer is the last event that the sink
-- confirmed; error is why it does not go on.
CREATE TABLE IF NOT EXISTS auditkeep.sink (
    chain text NOT NULL REFERENCES auditkeep.chain,
    sink text NOT NULL CHECK (sink <> '' AND length(sink) <= 255),
    epoch bigint NOT NULL DEFAULT 0,
    holder text,
    lease_until timestamptz,
    at_index bigint NOT NULL DEFAULT -1,
    at_id text NOT NULL DEFAULT '',
    at_hash text NOT NULL DEFAULT '',
    at_ts timestamptz,
    moved_at timestamptz,
    error text,
    error_at timestamptz,
    PRIMARY KEY (chain, sink)
);

CREATE OR REPLACE FUNCTION auditkeep.lock_sink(p_chain text, p_sink text, p_epoch bigint)
RETURNS auditkeep.sink
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s auditkeep.sink;
BEGIN
    SELECT * INTO s FROM auditkeep.sink WHERE chain = p_chain AND sink = p_sink FOR UPDATE;
    IF NOT FOUND OR s.epoch <> p_epoch OR s.holder IS NULL THEN
        RAISE EXCEPTION 'epoch % of sink ''%'' of chain ''%'' is over: % (epoch %)', p_epoch,
            p_sink, p_chain, coalesce('''' || s.holder || ''' holds it now', 'nobody holds it'),
            coalesce(s.epoch, 0) USING ERRCODE = 'AK001';
    END IF;
    RETURN s;
END $$;

CREATE OR REPLACE FUNCTION auditkeep.sink_acquire(
    p_chain text, p_events text, p_column text, p_value text, p_sink text, p_holder text,
    p_ttl_ms integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s auditkeep.sink;
    owner text;
BEGIN
    INSERT INTO auditkeep.chain (chain, events) VALUES (p_chain, p_events) ON CONFLICT DO NOTHING;
    SELECT events INTO owner FROM auditkeep.chain WHERE chain = p_chain;
    IF owner <> p_events THEN
        RAISE EXCEPTION 'chain ''%'' belongs to table %, not to %', p_chain, owner, p_events
            USING ERRCODE = 'AK002', HINT = 'give this table a chain of its own: --chain NAME';
    END IF;
    PERFORM auditkeep.bind_chain(p_chain, p_column, p_value);
    INSERT INTO auditkeep.sink (chain, sink) VALUES (p_chain, p_sink) ON CONFLICT DO NOTHING;
    SELECT * INTO s FROM auditkeep.sink WHERE chain = p_chain AND sink = p_sink FOR UPDATE;
    IF s.holder <> p_holder AND s.lease_until > clock_timestamp() THEN
        RAISE EXCEPTION 'sink ''%'' of chain ''%'' is held by ''%'' until %', p_sink, p_chain,
            s.holder, to_char(s.lease_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            USING ERRCODE = 'AK003';
    END IF;
    UPDATE auditkeep.sink SET epoch = s.epoch + 1, holder = p_holder,
        lease_until = clock_timestamp() + p_ttl_ms * interval '1 millisecond'
    WHERE chain = p_chain AND sink = p_sink;
    RETURN s.epoch + 1;
END $$;

-- 0 milliseconds give the lease back.
CREATE OR REPLACE FUNCTION auditkeep.sink_renew(
    p_chain text, p_sink text, p_epoch bigint, p_ttl_ms integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM auditkeep.lock_sink(p_chain, p_sink, p_epoch);
    UPDATE auditkeep.sink SET holder = CASE WHEN p_ttl_ms > 0 THEN holder END,
        lease_until = CASE WHEN p_ttl_ms > 0
                           THEN clock_timestamp() + p_ttl_ms * interval '1 millisecond' END
    WHERE chain = p_chain AND sink = p_sink;
END $$;

CREATE OR REPLACE FUNCTION auditkeep.sink_fail(
    p_chain text, p_sink text, p_epoch bigint, p_error text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM auditkeep.lock_sink(p_chain, p_sink, p_epoch);
    UPDATE auditkeep.sink
    SET error = p_error, error_at = CASE WHEN p_error IS NOT NULL THEN clock_timestamp() END
    WHERE chain = p_chain AND sink = p_sink;
END $$;

-- Is there such an event in the chain? What is archived is checked against its segment, too, as far
-- as that knows the event; of rows that are pruned the segment is all there is.
CREATE OR REPLACE FUNCTION auditkeep.check_event(
    p_chain text, p_index bigint, p_id text, p_hash text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c auditkeep.chain;
    g auditkeep.segment;
    id_type text;
    found text;
    is_there boolean;
BEGIN
    SELECT * INTO c FROM auditkeep.chain WHERE chain = p_chain;
    SELECT * INTO g FROM auditkeep.segment
    WHERE chain = p_chain AND first_index <= p_index AND archived_at IS NOT NULL
    ORDER BY first_index DESC LIMIT 1;
    id_type := (SELECT format_type(atttypid, NULL) FROM pg_attribute
                WHERE attrelid = c.events::regclass AND attname = 'id');
    EXECUTE format('SELECT true, lower(hash) FROM %s WHERE id = $1::%s', c.events, id_type)
    INTO is_there, found USING p_id;
    IF (is_there IS NULL AND p_index > c.archived_index)
       OR ltrim(left(found, 64), '0') <> ltrim(p_hash, '0')
       OR (p_index = g.first_index AND p_id <> g.first_id)
       OR (p_index = g.last_index AND (p_id, p_hash) <> (g.last_id, g.last_hash)) THEN
        RAISE EXCEPTION 'chain ''%'' has no event ''%'' with hash ''%'' at index %', p_chain, p_id,
            p_hash, p_index USING ERRCODE = 'AK002',
            HINT = 'run ''auditkeep verify --what source''';
    END IF;
END $$;

-- Fills in where events went, as far as the table has columns for it.
CREATE OR REPLACE FUNCTION auditkeep.mark_produced(
    p_events text, p_topic text, p_ids text[], p_partitions bigint[], p_offsets bigint[],
    p_produced_usec bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
DECLARE
    columns text;
    id_type text;
BEGIN
    SELECT string_agg(format('%I = %s', attname, value), ', ') INTO columns
    FROM (VALUES ('kafka_topic', '$1'), ('kafka_partition', 'u.part'), ('kafka_offset', 'u.off'),
                 ('kafka_produced_at',
                  'to_timestamp(0) + u.at_usec * interval ''1 microsecond''')) v(name, value)
    JOIN pg_attribute ON attname = v.name
    WHERE attrelid = p_events::regclass AND NOT attisdropped;
    IF columns IS NULL THEN
        RETURN;
    END IF;
    id_type := (SELECT format_type(atttypid, NULL) FROM pg_attribute
                WHERE attrelid = p_events::regclass AND attname = 'id');
    EXECUTE format('UPDATE %s e SET %s FROM unnest($2, $3, $4, $5) u(id, part, off, at_usec) '
                   'WHERE e.id = u.id::%s', p_events, columns, id_type)
    USING p_topic, p_ids, p_partitions, p_offsets, p_produced_usec;
END $$;

-- Moves the pointer: ahead only, and only to an event of the chain. The same again is success.
CREATE OR REPLACE FUNCTION auditkeep.sink_move(
    p_chain text, p_sink text, p_epoch bigint, p_index bigint, p_id text, p_hash text,
    p_ts timestamptz, p_topic text, p_ids text[], p_partitions bigint[], p_offsets bigint[],
    p_produced_usec bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s auditkeep.sink;
BEGIN
    s := auditkeep.lock_sink(p_chain, p_sink, p_epoch);
    IF p_index < s.at_index OR (p_index = s.at_index AND (p_id, p_hash) <> (s.at_id, s.at_hash))
       OR p_index < 0 THEN
        RAISE EXCEPTION 'the pointer of sink ''%'' of chain ''%'' stands at index %: it cannot move '
            'to %', p_sink, p_chain, s.at_index, p_index USING ERRCODE = 'AK002';
    END IF;
    PERFORM auditkeep.check_event(p_chain, p_index, p_id, p_hash);
    UPDATE auditkeep.sink SET at_index = p_index, at_id = p_id, at_hash = p_hash, at_ts = p_ts,
        moved_at = clock_timestamp(), error = NULL, error_at = NULL
    WHERE chain = p_chain AND sink = p_sink;
    IF cardinality(p_ids) > 0 THEN
        PERFORM auditkeep.mark_produced((SELECT events FROM auditkeep.chain WHERE chain = p_chain),
            p_topic, p_ids, p_partitions, p_offsets, p_produced_usec);
    END IF;
END $$;
