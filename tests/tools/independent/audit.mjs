#!/usr/bin/env node
// A second opinion on audit chains, made from the data formats' description alone with Node's own
// crypto: it shares no code with auditkeep, so that the two can check each other.
//
//   audit.mjs make N SEED DIR [null|empty|zeros]  DIR/rows.ndjson and DIR/signers.json; the last
//                                                 argument is the first event's prev_hash
//   audit.mjs verify FILE SIGNERS                 prints 'fault NAME ID' lines, 'events N', 'head HASH'
//
// A row: id, event_type, payload (JSON text or null), prev_hash, hash, signature, signer_id, ts.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

// JSON.parse, members sorted by UTF-16 code units at every level, JSON.stringify.
function canonical(value) {
  if (Array.isArray(value)) return '[' + value.map(canonical).join(',') + ']';
  if (value !== null && typeof value === 'object') {
    const members = Object.keys(value).sort();
    return '{' + members.map((k) => JSON.stringify(k) + ':' + canonical(value[k])).join(',') + '}';
  }
  return JSON.stringify(value);
}

function preimage(payload, prevHash) {
  const text = payload === null ? 'null' : canonical(JSON.parse(payload));
  return Buffer.concat([Buffer.from(text, 'utf8'), Buffer.from(prevHash ?? '', 'hex')]);
}

const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest();

// ---- making ----

// Random numbers from a hashed counter: the same everywhere.
function generator(seed) {
  let counter = 0;
  let pool = Buffer.alloc(0);
  const u32 = () => {
    if (pool.length < 4) pool = sha256(Buffer.from(`${seed}:${counter++}`));
    const value = pool.readUInt32LE(0);
    pool = pool.subarray(4);
    return value;
  };
  const below = (n) => u32() % n;
  const pick = (list) => list[below(list.length)];
  return { u32, below, pick };
}

const WORDS = ['account', 'Übung', 'naïve', '日本語', '😀', 'line\nfeed', 'quote"', 'back\\slash',
  '\u2028', '€', 'ﬁ', '\u0007', 'a/b', '</script>', 'é', 'e\u0301', '', '\ufb33', '\u{1f600}x'];
const KEYS = ['b', 'a', 'ä', '10', '9', '1', 'Z', '€', '😀', '\ufb33', 'key with blank', '', '\r',
  'nested', 'value', 'actor', '\u0080', 'ö'];
const NUMBERS = [0, -1, 1e21, 1e-7, 123456789012345680000, 5e-324, 1.7976931348623157e308, 0.1,
  333333333.3333333, 1e20, -1.5, 9007199254740991, 4.5e-16, 2 ** 60, 100, 1e-6, 1.0e23];

function number(random) {
  if (random.below(2)) return random.pick(NUMBERS);
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32LE(random.u32(), 0);
  buffer.writeUInt32LE(random.u32(), 4);
  const value = buffer.readDoubleLE(0);
  return Number.isFinite(value) ? value : random.below(1000000) / 64;
}

function value(random, depth) {
  const kind = random.below(depth > 3 ? 5 : 8);
  if (kind === 0) return null;
  if (kind === 1) return random.below(2) === 1;
  if (kind === 2) return number(random);
  if (kind <= 4) return random.pick(WORDS) + random.pick(WORDS);
  if (kind === 5) return Array.from({ length: random.below(5) }, () => value(random, depth + 1));
  return object(random, depth + 1);
}

function object(random, depth) {
  const out = {};
  for (let i = random.below(7); i > 0; i--) out[random.pick(KEYS)] = value(random, depth);
  return out;
}

function uuid(seed, i) {
  const hex = sha256(Buffer.from(`id:${seed}:${i}`)).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

// Ed25519 keys follow from the seed (PKCS #8 is a fixed prefix and 32 bytes); RSA keys are new.
function makeSigners(seed) {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'),
    sha256(Buffer.from(`key:${seed}`))]);
  const ed = crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const spki = (key, format) => crypto.createPublicKey(key).export({ type: 'spki', format });
  return {
    sign: {
      'kernel-ed': (bytes) => crypto.sign(null, sha256(bytes), ed),
      'kernel-rsa': (bytes) => crypto.sign('sha256', bytes, rsa),
    },
    registry: {
      signers: [
        { signerId: 'kernel-ed', algorithm: 'ed25519', deployedAt: '2025-01-01T00:00:00Z',
          publicKey: spki(ed, 'der').subarray(-32).toString('base64') },
        { signerId: 'kernel-rsa', algorithm: 'RSA-SHA256', description: 'second signer',
          publicKey: spki(rsa, 'pem') },
      ],
    },
  };
}

// Times repeat, step back now and then, and go over midnight.
function* times(random) {
  let at = Date.UTC(2025, 1, 1, 23, 0, 0);
  for (;;) {
    const kind = random.below(20);
    if (kind === 0) at -= random.below(5000);
    else if (kind > 5) at += random.below(20000);
    const micros = random.below(4) === 0 ? random.below(1000) : 0;
    yield new Date(at).toISOString().replace(/Z$/, String(micros).padStart(3, '0') + 'Z');
  }
}

function make(count, seed, dir, first) {
  const random = generator(seed);
  const { sign, registry } = makeSigners(seed);
  const clock = times(random);
  const out = fs.openSync(path.join(dir, 'rows.ndjson'), 'w');
  let prev = { null: null, empty: '', zeros: '0'.repeat(64) }[first];
  for (let i = 0; i < count; i++) {
    const kind = random.below(20);
    const payload = kind === 0 ? null
      : JSON.stringify(kind === 1 ? value(random, 9) : object(random, 0), null, random.below(3));
    const bytes = preimage(payload, prev);
    const hash = sha256(bytes).toString('hex');
    const signer = random.below(4) === 0 ? 'kernel-rsa' : 'kernel-ed';
    const signature = sign[signer](bytes).toString(random.below(8) === 0 ? 'hex' : 'base64');
    const row = { id: uuid(seed, i), event_type: random.pick(['user.login', 'doc.edit', 'größe', 'x y']),
      payload, prev_hash: prev, hash, signature, signer_id: signer, ts: clock.next().value };
    fs.writeSync(out, JSON.stringify(row) + '\n');
    prev = hash;
  }
  fs.closeSync(out);
  fs.writeFileSync(path.join(dir, 'signers.json'), JSON.stringify(registry, null, 2) + '\n');
  console.log(`head ${prev}`);
}

// ---- verifying ----

const first = (object, names) => names.map((name) => object[name]).find((v) => v !== undefined);

function publicKey(text) {
  if (text.includes('BEGIN')) return crypto.createPublicKey(text);
  let der = Buffer.from(text, 'base64');
  if (der.length === 32) der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), der]);
  return crypto.createPublicKey({ key: der, format: 'der', type: 'spki' });
}

function readSigners(file) {
  const json = JSON.parse(fs.readFileSync(file, 'utf8'));
  const list = Array.isArray(json.signers ?? json) ? json.signers ?? json
    : Object.entries(json).map(([id, key]) =>
      (typeof key === 'string' ? { id, key } : { ...key, id }));
  const signers = new Map();
  for (const item of list) {
    const key = publicKey(first(item, ['publicKey', 'public_key', 'public_key_pem', 'key']));
    signers.set(first(item, ['signerId', 'signer_id', 'signer_kid', 'id']), key);
  }
  return signers;
}

function signatureIsGood(key, bytes, text) {
  const signature = /^([0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex')
    : Buffer.from(text, 'base64');
  return key.asymmetricKeyType === 'ed25519' ? crypto.verify(null, sha256(bytes), key, signature)
    : crypto.verify('sha256', bytes, key, signature);
}

function rowFaults(row, signers) {
  const faults = [];
  const bytes = preimage(row.payload, row.prev_hash);
  const hash = sha256(bytes).toString('hex');
  if (row.hash !== null && row.hash !== undefined && row.hash !== hash) faults.push('hash_mismatch');
  if (!row.signature) faults.push('signature_missing');
  else if (!signers.has(row.signer_id)) faults.push('signer_unknown');
  else if (!signatureIsGood(signers.get(row.signer_id), bytes, row.signature)) faults.push('signature_invalid');
  return { hash, faults };
}

function verify(file, signersFile) {
  const signers = readSigners(signersFile);
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');
  const rows = lines.map((line) => JSON.parse(line));
  const followers = new Map();
  const hashes = new Set();
  let faults = 0;
  const fault = (name, id) => { faults++; console.log(`fault ${name} ${id}`); };
  for (const row of rows) {
    const seen = rowFaults(row, signers);
    seen.faults.forEach((name) => fault(name, row.id));
    row.computed = seen.hash;
    hashes.add(row.hash ?? seen.hash);
    const prev = /^0*$/.test(row.prev_hash ?? '') ? '' : row.prev_hash;
    if (followers.has(prev)) fault('prev_hash_fork', row.id);
    else followers.set(prev, row);
  }
  for (const row of followers.values()) {
    if (!/^0*$/.test(row.prev_hash ?? '') && !hashes.has(row.prev_hash)) fault('prev_hash_gap', row.id);
  }
  let head = '';
  let linked = 0;
  for (let row = followers.get(''); row; row = followers.get(head)) {
    head = row.hash ?? row.computed;
    linked++;
  }
  if (linked !== rows.length && faults === 0) fault('prev_hash_gap', '-');
  console.log(`events ${rows.length}`);
  console.log(`head ${head}`);
  return faults === 0 ? 0 : 1;
}

const [command, ...args] = process.argv.slice(2);
if (command === 'make' && args.length >= 3) make(Number(args[0]), args[1], args[2], args[3] ?? 'null');
else if (command === 'verify' && args.length === 2) process.exitCode = verify(...args);
else {
  console.error('usage: audit.mjs make N SEED DIR [null|empty|zeros] | verify FILE SIGNERS');
  process.exitCode = 2;
}
