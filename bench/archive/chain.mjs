// Payloads on stdin, one a line → rows of a signed chain for COPY (text format) on stdout, and
// signers.json in DIR: chain.mjs DIR
import crypto from 'node:crypto';
import fs from 'node:fs';
import readline from 'node:readline';

const key = crypto.createPrivateKey({ format: 'der', type: 'pkcs8',
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)]) });
const publicKey = crypto.createPublicKey(key).export({ type: 'spki', format: 'der' });
fs.writeFileSync(`${process.argv[2]}/signers.json`, JSON.stringify(
  [{ signerId: 'bench', algorithm: 'ed25519', publicKey: publicKey.toString('base64') }]));

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((k) => `${JSON.stringify(k)}:${canonical(value[k])}`).join(',')}}`;
}

const escaped = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const TYPES = ['user.login', 'contract.approve', 'policy.update', 'export.create'];
const DAY_MS = 86400000;
let prev = null;
let n = 0;
let out = [];

for await (const line of readline.createInterface({ input: process.stdin })) {
  const hash = crypto.createHash('sha256').update(canonical(JSON.parse(line)))
    .update(Buffer.from(prev ?? '', 'hex')).digest();
  const id = crypto.createHash('md5').update(`bench ${n}`).digest('hex')
    .replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
  // 50,000 events a day
  const ts = new Date(Date.UTC(2025, 1, 1) + Math.floor(n * (DAY_MS / 50000))).toISOString();
  out.push([id, TYPES[n % TYPES.length], line.replace(/[\\\t\n\r]/g, (c) => escaped[c]), prev ?? '\\N',
    hash.toString('hex'), crypto.sign(null, hash, key).toString('base64'), 'bench', ts].join('\t'));
  prev = hash.toString('hex');
  n++;
  if (out.length === 1000) {
    fs.writeSync(1, out.join('\n') + '\n');
    out = [];
  }
}
if (out.length > 0) fs.writeSync(1, out.join('\n') + '\n');
