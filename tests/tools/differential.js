// Node's side of tests/it/test_numbers.py.
//   differential.js PROGRAM numbers|documents COUNT SEED
// Feeds PROGRAM (differential.c) with drawn input and compares its answers with V8's.
'use strict';
const { spawnSync } = require('node:child_process');
const [program, what, countText, seedText] = process.argv.slice(2);
const count = Number(countText);

// splitmix64 on 32-bit halves would be longer; xorshift128 is enough to draw test data.
const state = new Uint32Array([Number(seedText) >>> 0, 0x9e3779b9, 0x243f6a88, 0xb7e15162]);
function next() {
  let t = state[3];
  const s = state[0];
  state[3] = state[2];
  state[2] = state[1];
  state[1] = s;
  t ^= t << 11;
  t ^= t >>> 8;
  state[0] = t ^ s ^ (s >>> 19);
  return state[0];
}
for (let i = 0; i < 32; i++) next();
const below = (n) => next() % n;
const pick = (list) => list[below(list.length)];

function run(mode, input) {
  const { status, stdout, stderr } = spawnSync(program, [mode], { input, maxBuffer: 2 ** 31 - 1 });
  if (status !== 0) fail(`${mode}: exit ${status}: ${stderr}`);
  return stdout;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

function same(kind, input, ours, theirs) {
  if (ours !== theirs) fail(`${kind} of ${input}: ours ${ours}, Node's ${theirs}`);
}

const scratch = new DataView(new ArrayBuffer(8));
function fromBits(high, low) {
  scratch.setUint32(0, high);
  scratch.setUint32(4, low);
  return scratch.getFloat64(0);
}

function drawDouble() {
  switch (below(8)) {
    case 0: return 2 ** (below(2098) - 1074) * (1 + (below(3) - 1) * Number.EPSILON);
    case 1: return Number(`${next()}e${below(660) - 340}`);
    case 2: return (below(5) - 2) + 2 ** 53 + below(1000) * 2 ** below(12);
    case 3: return fromBits(below(2) << 31 | below(4), next()); // subnormal and just above
    case 4: return next() / 10 ** below(12);
    default: return fromBits(next(), next());
  }
}

function checkDoubles(n) {
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    do values[i] = drawDouble(); while (!Number.isFinite(values[i]));
  }
  const lines = run('format', Buffer.from(values.buffer)).toString('latin1').split('\n');
  for (let i = 0; i < n; i++) same('text', values[i], lines[i], JSON.stringify(values[i]));
}

const digits = (n) => Array.from({ length: n }, () => below(10)).join('');

// The exact decimal in the middle between a double and the next above, and its neighbours.
function drawMiddle() {
  const e = below(1000) - 500;
  const significand = 2n ** 52n + BigInt(next()) * BigInt(next()) % 2n ** 52n;
  const odd = 2n * significand + 1n;
  if (e >= 0) return `${odd * 2n ** BigInt(e) + BigInt(below(3) - 1)}`;
  return `${odd * 5n ** BigInt(-e)}${pick(['', '0', '1', '000000001'])}e${e}`;
}

function drawDecimal() {
  switch (below(4)) {
    case 0: return drawMiddle();
    case 1: return `${1 + below(9)}.${digits(1 + below(40))}e${below(700) - 350}`;
    case 2: return `${below(2) ? '-' : ''}${1 + below(9)}${digits(below(30))}`;
    default: return `0.${'0'.repeat(below(330))}${digits(1 + below(25))}`;
  }
}

function checkDecimals(n) {
  const texts = Array.from({ length: n }, drawDecimal);
  const lines = run('parse', texts.join('\n') + '\n').toString('latin1').split('\n');
  for (let i = 0; i < n; i++) {
    scratch.setFloat64(0, Number(texts[i]));
    same('bits', texts[i], lines[i], scratch.getBigUint64(0).toString(16).padStart(16, '0'));
  }
}

// What the project's prototype does, but for integer-like keys, which JavaScript objects reorder.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value).sort().map((k) => `${JSON.stringify(k)}:${canonical(value[k])}`);
  return `{${members.join(',')}}`;
}

const alphabet = ['a', 'b', 'id', '"', '\\', '/', '\n', '\u0000', '\u001f', '\u007f', 'é', 'ж', '漢',
  '\ue000', '\uffff', '\u2028', '😀', '\u{10ffff}', '0', '10', ' ', 'key', 'abcdefgh', '__proto_'];
const drawString = () => Array.from({ length: below(below(8) ? 6 : 40) }, () => pick(alphabet)).join('');

function writeString(string) {
  let out = '"';
  for (const unit of string.split('')) {
    const code = unit.charCodeAt(0);
    const plain = JSON.stringify(unit).slice(1, -1);
    const isHalf = code >= 0xd800 && code < 0xe000;
    if (below(6) === 0 && !isHalf) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else if (unit === '/' && below(2)) out += '\\/';
    else out += isHalf ? unit : plain;
  }
  return out + '"';
}

function writeNumber() {
  const value = drawDouble();
  if (!Number.isFinite(value)) return '0';
  return pick([String(value), value.toExponential(), value.toPrecision(15), `${next()}.50`, '-0',
    `${below(100)}`, `${next()}E-${below(9)}`]);
}

const space = () => (below(3) ? '' : pick([' ', '\n', '\t ', '\r\n  ']));

function writeDocument(depth) {
  const kind = below(depth > 0 ? 9 : 6);
  if (kind < 2) return writeString(drawString());
  if (kind < 4) return writeNumber();
  if (kind < 6) return pick(['true', 'false', 'null', '{}', '[ ]']);
  const length = below(below(10) ? 6 : 40);
  if (kind === 6) {
    const items = Array.from({ length }, () => space() + writeDocument(depth - 1) + space());
    return `[${items.join(',')}]`;
  }
  const keys = [...new Set(Array.from({ length }, drawString))];
  const members = keys.map((k) => `${space()}${writeString(k)}${space()}:${space()}${writeDocument(depth - 1)}${space()}`);
  return `{${members.join(',')}}`;
}

function checkDocuments(n) {
  const texts = Array.from({ length: n }, () => space() + writeDocument(5) + space());
  const answers = run('canonical', texts.join('\0') + '\0').toString('utf8').split('\0');
  for (let i = 0; i < n; i++) same('canonical', texts[i], answers[i], canonical(JSON.parse(texts[i])));
}

const CHUNK = 250000;
for (let left = count; left > 0; left -= CHUNK) {
  const n = Math.min(left, CHUNK);
  if (what === 'numbers') {
    checkDoubles(n);
    checkDecimals(Math.ceil(n / 4));
  } else {
    checkDocuments(n);
  }
}
console.log(`${count} ${what} agree`);
