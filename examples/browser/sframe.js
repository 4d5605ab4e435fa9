// sframe.js - SFrame (RFC 9605) with AES-GCM, suites 4 and 5 by the key's length:
//
//     clear || header || ciphertext || tag 16    AAD = header || clear
//
// The clear bytes are ours, as the first part of the metadata of section 4.4.3;
// without them it is the RFC's frame.

import { concat, utf8 } from './bytes.js';

const NONCE_LEN = 12;
const FIELD_MAX = 8;
const WIDE = 8; // the bit that says: not the value itself, but a length
const KEY_ID_MAX = (1n << 64n) - 1n;
const SUITES = { 16: [4, 'SHA-256'], 32: [5, 'SHA-512'] }; // by the key's length

function bigEndian(value, length) {
  const out = new Uint8Array(length);
  for (let at = length - 1, rest = value; at >= 0; at -= 1, rest >>= 8n) out[at] = Number(rest & 255n);
  return out;
}

const read = (bytes) => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** Write one value: its four bits of the first byte, and the bytes behind (4.3). */
function field(value) {
  if (value < WIDE) return [Number(value), new Uint8Array()];
  const length = Math.ceil(value.toString(16).length / 2);
  return [WIDE | (length - 1), bigEndian(value, length)];
}

/** Derive one secret of section 4.4.2; both labels end in a space. */
async function derive(material, hash, label, keyId, suite, length) {
  const info = concat(utf8(`SFrame 1.0 Secret ${label} `), bigEndian(keyId, 8), bigEndian(BigInt(suite), 2));
  const how = { name: 'HKDF', hash, salt: new Uint8Array(), info };
  return new Uint8Array(await crypto.subtle.deriveBits(how, material, 8 * length));
}

export const sframe = {
  headMax: 1 + 2 * FIELD_MAX,
  headMin: 1,
  bindsType: false,

  /** Derive from a base key of 16 or 32 bytes. */
  async prepare(key, keyId, usage) {
    if (keyId > KEY_ID_MAX) throw new RangeError('a key id here has eight bytes');
    if (!Object.hasOwn(SUITES, key.length)) throw new RangeError('a base key has 16 or 32 bytes');
    const [suite, hash] = SUITES[key.length];
    const material = await crypto.subtle.importKey('raw', key, 'HKDF', false, ['deriveBits']);
    const secret = await derive(material, hash, 'key', keyId, suite, key.length);
    const cipher = await crypto.subtle.importKey('raw', secret, 'AES-GCM', false, [usage]);
    secret.fill(0);
    return { cipher, salt: await derive(material, hash, 'salt', keyId, suite, NONCE_LEN) };
  },

  /** The salt is the key's, so that only a key never used before may count from 0. */
  begin: ({ salt }) => ({ salt, counter: 0n }),

  writeHead(keyId, counter) {
    const [high, keyBytes] = field(keyId);
    const [low, counterBytes] = field(counter);
    return concat(Uint8Array.of((high << 4) | low), keyBytes, counterBytes);
  },

  /** Read what a frame claims; null if it is cut off, or longer than it need be. */
  readHead(run) {
    const values = [];
    let at = 1;
    for (const bits of [run[0] >> 4, run[0] & 15]) {
      const length = bits & WIDE ? (bits & 7) + 1 : 0;
      if (at + length > run.length) return null;
      const value = length ? read(run.subarray(at, at + length)) : BigInt(bits);
      if (field(value)[0] !== bits) return null;
      values.push(value);
      at += length;
    }
    const [keyId, counter] = values;
    return { keyId, counter, sender: 0, nonce: null, length: at };
  },

  aad: (head, clear) => concat(head, clear),
};
