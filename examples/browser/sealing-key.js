// sealing-key.js - a key to seal under. It owns its counter: nobody says a nonce, so
// nobody can say one twice.

import { formatOf, nonceOf } from './formats.js';

const COUNTER_MAX = (1n << 64n) - 1n;
const BLOCKS_MAX = 2 ** 48; // of 16 bytes, under one AES-GCM key
const BLOCK_LEN = 16;

export class SealingKey {
  #salt;
  #counter;
  #blocks = 0;

  constructor(format, keyId, prepared) {
    this.format = format;
    this.keyId = keyId;
    this.cipher = prepared.cipher;
    const { salt, counter } = format.begin(prepared);
    this.#salt = salt;
    this.#counter = counter;
  }

  /** Take over key bytes, which are wiped. Only one may ever be made of a key. */
  static async of(formatName, key, keyId) {
    const format = formatOf(formatName);
    const id = BigInt(keyId);
    try {
      return new SealingKey(format, id, await format.prepare(key, id, 'encrypt'));
    } finally {
      key.fill(0);
    }
  }

  /** Take the next nonce, for so many bytes; null when the key has come to its end. */
  take(length) {
    // Before anything is awaited: tracks share the key, and run at the same time.
    const blocks = Math.ceil(length / BLOCK_LEN) + 1;
    if (this.#counter > COUNTER_MAX || this.#blocks + blocks > BLOCKS_MAX) return null;
    const counter = this.#counter;
    this.#counter += 1n;
    this.#blocks += blocks;
    return { counter, nonce: nonceOf(this.#salt, counter) };
  }
}
