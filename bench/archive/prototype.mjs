// The prototype's way of archiving: 1000 rows by keyset, JSON.stringify, one PutObject and one
// PutObjectRetention: prototype.mjs DATABASE_URL ENDPOINT
import { createRequire } from 'node:module';

// The packages lie in the bench's temporary folder, which is the working directory.
const require = createRequire(`${process.cwd()}/`);
const { Client } = require('pg');
const { S3Client, PutObjectCommand, PutObjectRetentionCommand } = require('@aws-sdk/client-s3');

const [url, endpoint] = process.argv.slice(2);
const db = new Client({ connectionString: url });
const s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true,
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' } });
const QUERY = `SELECT id, event_type, payload, prev_hash, hash, signature, signer_id, ts, metadata
  FROM audit_events WHERE ($1::timestamptz IS NULL OR (ts, id) > ($1, $2::uuid))
  ORDER BY ts, id LIMIT 1000`;

await db.connect();
const until = new Date(Date.now() + 7 * 365 * 86400000);
let last = [null, null];
let count = 0;
for (;;) {
  const { rows } = await db.query(QUERY, last);
  if (rows.length === 0) break;
  const { id, ts } = rows.at(-1);
  const day = ts.toISOString().slice(0, 10).replaceAll('-', '/');
  const object = { Bucket: 'bench', Key: `audit/${day}/${id}.json` };
  await s3.send(new PutObjectCommand({ ...object, Body: JSON.stringify(rows) }));
  await s3.send(new PutObjectRetentionCommand({ ...object,
    Retention: { Mode: 'COMPLIANCE', RetainUntilDate: until } }));
  last = [ts, id];
  count += rows.length;
}
await db.end();
console.log(count);
process.exit(0);
