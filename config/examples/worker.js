#!/usr/bin/env node
// A worker for a pool with mode = "worker", for Node.js. Put your own work in: the task's bytes
// come as a Buffer; return a string or Buffer (or a promise of one), throw to make the task fail.
const fs = require('fs');

async function work(task) {
  return require('crypto').createHash('sha256').update(task).digest('hex');
}

const CODES = { '\t': '\\t', '\n': '\\n', '\\': '\\\\', '\0': '\\0' };
const CHARS = { '\\t': '\t', '\\n': '\n', '\\\\': '\\', '\\0': '\0', '\\-': '-' };
const escape = (result) => {
  const text = Buffer.from(result ?? '').toString('latin1'); // one character a byte
  return text === '-' ? '\\-' : text.replace(/[\t\n\\\0]/g, (c) => CODES[c]) || '-';
};
const unescape = (field) =>
  Buffer.from(field === '-' ? '' : field.replace(/\\./g, (c) => CHARS[c]), 'latin1');
const say = (...fields) => fs.writeSync(3, fields.join('\t') + '\n', null, 'latin1');

async function handle([verb, id, attempt, ms, payload]) {
  if (verb === 'PING') say('BEAT');
  if (verb === 'QUIET' || verb === 'STOP') process.exit(0);
  if (verb !== 'TASK') return;
  try {
    say('OK', id, escape(await work(unescape(payload))));
  } catch (error) {
    console.error(error);
    say('FAIL', id, escape(String(error)));
  }
}

let rest = '', turn = Promise.resolve();
process.stdin.setEncoding('latin1').on('data', (chunk) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop();
  for (const line of lines) turn = turn.then(() => handle(line.split('\t'))); // one at a time
});
say('READY');
