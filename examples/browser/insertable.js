// insertable.js - the layout of the insertable-streams article:
//
//     clear || key id 1 || IV 12 || ciphertext || tag 16    AAD = type || clear
//
// The type is 1 for a key frame, 0 for any other. The IV is 4 bytes of prefix and 8
// of counter; others may draw theirs at random.

import { concat, number } from './bytes.js';

const PREFIX_LEN = 4;
const IV_LEN = 12;
const HEAD_LEN = 1 + IV_LEN;
const KEY_ID_MAX = 255n;

export const insertable = {
  headMax: HEAD_LEN,
  headMin: HEAD_LEN,
  bindsType: true,

  /** Import a key of 16 or 32 bytes. */
  async prepare(key, keyId, usage) {
    if (keyId > KEY_ID_MAX) throw new RangeError('a key id here has one byte');
    return { cipher: await crypto.subtle.importKey('raw', key, 'AES-GCM', false, [usage]) };
  },

  /** What nonces begin with and count from: random, lest two pages under one key meet. */
  begin() {
    const salt = crypto.getRandomValues(new Uint8Array(IV_LEN));
    salt.fill(0, PREFIX_LEN);
    // Half of what there is to count is left, whatever is drawn.
    return { salt, counter: crypto.getRandomValues(new BigUint64Array(1))[0] >> 1n };
  },

  writeHead: (keyId, _counter, nonce) => concat(number(Number(keyId), 1), nonce),

  /** Read what a frame claims; null if it is cut off. */
  readHead(run) {
    if (run.length < HEAD_LEN) return null;
    const nonce = run.slice(1, HEAD_LEN);
    const { buffer } = nonce;
    return {
      keyId: BigInt(run[0]),
      counter: new DataView(buffer).getBigUint64(PREFIX_LEN),
      sender: new DataView(buffer).getUint32(0),
      nonce,
      length: HEAD_LEN,
    };
  },

  aad: (_head, clear, isKey) => concat(Uint8Array.of(isKey ? 1 : 0), clear),
};
