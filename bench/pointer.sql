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
