// messages.js - what members say to each other: the table in messages.py, read as
// strictly as there. Whoever reads throws, and what was read is exactly one
// message: every field, of its type, and no other.

import { fromText, toText, utf8 } from './bytes.js';

export const MESSAGE_MAX = 8192;
const VERSION = 1;
const ID_LEN = 16;
const MAC_LEN = 32;
const WRAPPED_MAX = 4096;
const HELD_MAX = 16;

export const here = () => write({ v: VERSION, type: 'here' });

export const hello = (secret, seen) =>
  write({ v: VERSION, type: 'hello', secret: toText(secret), seen: seen && toText(seen) });

/** Body is the JSON that the MAC is over. */
export const linked = (link, body, mac) =>
  write({ v: VERSION, type: 'linked', link: toText(link), body, mac: toText(mac) });

const write = (fields) => utf8(JSON.stringify(fields));

/** Read a message. */
export function readMessage(bytes) {
  if (bytes.length > MESSAGE_MAX) throw new RangeError('too long');
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const { v, type, ...fields } = readObject(text);
  if (v !== VERSION) throw new TypeError('another version');
  if (type === 'here') {
    expect(fields);
  } else if (type === 'hello') {
    expect(fields, 'secret', 'seen');
    fields.secret = readBytes(fields.secret);
    fields.seen = fields.seen === null ? null : readBytes(fields.seen, ID_LEN);
  } else if (type === 'linked') {
    expect(fields, 'link', 'body', 'mac');
    if (typeof fields.body !== 'string') throw new TypeError('no body');
    fields.link = readBytes(fields.link, ID_LEN);
    fields.mac = readBytes(fields.mac, MAC_LEN);
  } else {
    throw new TypeError('unknown type');
  }
  return { type, ...fields };
}

/** Read a body whose MAC was good. */
export function readBody(text) {
  const { type, n, ...fields } = readObject(text);
  expectNumber(n, 1);
  if (type === 'state') {
    expect(fields, 'mine', 'yours');
    expectNumber(fields.mine, 0);
    const { yours } = fields;
    if (!Array.isArray(yours) || yours.length > HELD_MAX) throw new TypeError('no list');
    yours.forEach((generation) => expectNumber(generation, 1));
  } else if (type === 'key' || type === 'step') {
    const wrapped = type === 'key' ? ['wrapped'] : [];
    expect(fields, 'generation', 'key_id', 'root', 'at', ...wrapped);
    expectNumber(fields.root, 1);
    expectNumber(fields.generation, fields.root);
    expectNumber(fields.key_id, 0);
    if (!['now', 'later'].includes(fields.at)) throw new TypeError('no time');
    if (type === 'key') fields.wrapped = readBytes(fields.wrapped);
  } else if (type === 'bye') {
    expect(fields);
  } else {
    throw new TypeError('unknown type');
  }
  return { type, n, ...fields };
}

function readObject(text) {
  const fields = JSON.parse(text);
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new TypeError('no object');
  }
  return fields;
}

function expect(fields, ...names) {
  const held = Object.keys(fields);
  if (held.length !== names.length || !names.every((name) => Object.hasOwn(fields, name))) {
    throw new TypeError('other fields than expected');
  }
}

function expectNumber(value, least) {
  if (!Number.isSafeInteger(value) || value < least) throw new RangeError('no number');
}

function readBytes(text, length) {
  const bytes = fromText(text);
  if (bytes.length > WRAPPED_MAX || (length !== undefined && bytes.length !== length)) {
    throw new RangeError('wrong length');
  }
  return bytes;
}
