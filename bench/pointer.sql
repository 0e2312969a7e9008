-- Rows like those of the field: 70 % under 0.6 KB, 25 % 1-4 KB, 5 % 8-16 KB; linked.
CREATE UNLOGGED TABLE seed AS
SELECT n, gen_random_uuid() AS id,
       timestamptz '2025-02-01' + n * interval '10 ms' AS created_at,
       encode(sha256(n::text::bytea), 'hex') AS hash,
       CASE WHEN n > 1 THEN encode(sha256((n - 1)::text::bytea), 'hex') END AS prev_hash,
       jsonb_build_object('actor', 'user-' || n % 1000, 'n', n, 'items',
           (SELECT jsonb_agg(md5(n::text || k)) FROM generate_series(1,
               CASE WHEN n % 20 = 0 THEN 330 WHEN n % 20 < 6 THEN 70 ELSE 8 END) k)) AS payload,
       encode(sha512(n::text::bytea), 'base64') AS signature
FROM generate_series(1, :rows) n;

-- Microseconds that this server process has used (proc(5): fields 14 and 15, in hundredths).
CREATE FUNCTION cpu_usec() RETURNS numeric LANGUAGE sql VOLATILE AS $$
    SELECT (split_part(stat, ' ', 14)::numeric + split_part(stat, ' ', 15)::numeric) * 10000
    FROM pg_read_file('/proc/self/stat') stat
$$;

CREATE PROCEDURE make_events(options text, indexes text, size integer) LANGUAGE plpgsql AS $$
BEGIN
    DROP VIEW IF EXISTS events_view;
    DROP TABLE IF EXISTS events, mark, batch;
    EXECUTE format('CREATE TABLE events (id uuid PRIMARY KEY, event_type text NOT NULL, '
        'payload jsonb, prev_hash text, hash text NOT NULL, signature text, signer_id text, '
        'created_at timestamptz NOT NULL, s3_object_key text, s3_archived_at timestamptz) '
        'WITH (%s, autovacuum_enabled = off)', options);
    INSERT INTO events
    SELECT id, 'login', payload, prev_hash, hash, signature, 'signer', created_at FROM seed
    ORDER BY n;
    EXECUTE indexes;
    CREATE TABLE batch AS
    SELECT b, array_agg(id ORDER BY n) AS ids, array_agg(at ORDER BY n) AS tids
    FROM (SELECT s.n, (s.n - 1) / size AS b, s.id, e.ctid AS at FROM seed s JOIN events e USING (id)) x
    GROUP BY b;
    CREATE TABLE mark (id uuid PRIMARY KEY, s3_object_key text, s3_archived_at timestamptz);
    CREATE VIEW events_view AS
    SELECT e.id, e.hash, e.created_at, m.s3_object_key, m.s3_archived_at
    FROM events e LEFT JOIN mark m USING (id);
END $$;

CREATE PROCEDURE run(statement text, n integer, OUT usec numeric) LANGUAGE plpgsql AS $$
DECLARE
    one record;
    before numeric;
BEGIN
    PERFORM set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false);
    usec := 0;
    FOR one IN SELECT * FROM batch ORDER BY b LOOP
        before := cpu_usec();
        EXECUTE statement USING one.ids, one.tids,
            'audit/2025/02/01/main-000000000000-000000004999.ndjson.zst';
        COMMIT;
        usec := usec + cpu_usec() - before;
    END LOOP;
    usec := usec / n;
END $$;
