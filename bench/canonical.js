// canonical.js FILE SECONDS: the prototype's way, for bench/canonical; prints bytes per second.
'use strict';
const { readFileSync } = require('node:fs');
const [file, seconds] = process.argv.slice(2);
const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
const bytes = lines.map((line) => Buffer.byteLength(line));

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const out = {};
  for (const key of Object.keys(value).sort()) out[key] = sorted(value[key]);
  return out;
}

function runOnce() {
  let n = 0;
  for (let i = 0; i < lines.length; i++) {
    if (JSON.stringify(sorted(JSON.parse(lines[i]))).length > 0) n += bytes[i];
  }
  return n;
}

runOnce();
let done = 0;
let spent;
const start = process.hrtime.bigint();
do {
  done += runOnce();
  spent = Number(process.hrtime.bigint() - start) / 1e9;
} while (spent < Number(seconds));
console.log(Math.round(done / spent));
