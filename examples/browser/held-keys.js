// held-keys.js - the keys of one other member: what is held, and how long.
//
// The newest stays until a newer one comes, and then for a while: frames sealed
// under it are under way. An older one that comes late opens what waits for it,
// and changes nothing else. One that was retired is not taken again: its replay
// windows are gone, and each of its frames would open once more.

import { utf8 } from './bytes.js';
import { overlap } from './limits.js';
import { hkdf } from './link.js';

const KEY_ID_MAX = 255; // "insertable" has one byte for it
const HELD_MAX = 16;
const STEPS_MAX = 64;
export const KEY_LEN = 16; // AES-128-GCM

/** The next key; the one before cannot be had from it. */
const ratchet = (key) => hkdf(key, utf8('fastframe ratchet 1'), key.length);

export class HeldKeys {
  #sender;
  #addKey;
  #retireKey;
  #slots = []; // oldest first
  #retired = new Set(); // generations, none far behind newest
  newest = 0;

  constructor(sender, { addKey, retireKey }) {
    this.#sender = sender;
    this.#addKey = addKey;
    this.#retireKey = retireKey;
  }

  get isEmpty() {
    return this.#slots.length === 0;
  }

  /** The generations held, newest first; what was before a restart has none. */
  get generations() {
    return this.#slots.map((slot) => slot.generation).filter(Boolean).reverse();
  }

  /** Take a key that was announced, if it is new; unwrap() gives a drawn one. */
  async take(news, unwrap, now) {
    if (!this.#isWelcome(news)) return;
    const key = news.wrapped ? await unwrap() : await this.#derive(news);
    if (!key || key.length !== KEY_LEN) return;
    this.#drop((slot) => slot.key_id === news.key_id, { isReplaced: true });
    const until = news.generation < this.newest ? now + overlap(news.at) : Infinity;
    const { generation, root, key_id } = news;
    this.#slots.push({ generation, root, key_id, key, until });
    this.#slots.sort((one, other) => one.generation - other.generation);
    this.newest = Math.max(this.newest, generation);
    for (const slot of this.#slots) {
      if (slot.generation < this.newest) slot.until = Math.min(slot.until, now + overlap(news.at));
    }
    this.#addKey({ sender: this.#sender, keyId: key_id, key: key.slice() });
    const surplus = this.#slots.slice(0, Math.max(0, this.#slots.length - HELD_MAX));
    this.#drop((slot) => surplus.includes(slot));
    const isLate = (one) => one <= this.newest - HELD_MAX;
    for (const one of [...this.#retired].filter(isLate)) this.#retired.delete(one);
  }

  /** Let what is held run out: the sender has left, or begins anew. */
  restart(now) {
    this.newest = 0;
    this.#retired.clear();
    for (const slot of this.#slots) {
      slot.generation = 0;
      slot.until = Math.min(slot.until, now + overlap('now'));
    }
  }

  expire(now) {
    this.#drop((slot) => slot.until <= now);
  }

  close() {
    this.#drop(() => true);
  }

  #isWelcome({ generation, key_id }) {
    if (key_id > KEY_ID_MAX || generation <= this.newest - HELD_MAX) return false;
    if (this.#retired.has(generation)) return false;
    return !this.#slots.some(
      (slot) =>
        slot.generation === generation ||
        (slot.key_id === key_id && slot.generation > generation),
    );
  }

  async #derive({ generation, root }) {
    const base = this.#slots.findLast(
      (slot) => slot.root === root && slot.generation > 0 && slot.generation < generation,
    );
    if (!base || generation - root > STEPS_MAX) return null;
    let { key } = base;
    for (let at = base.generation; at < generation; at += 1) key = await ratchet(key);
    return key;
  }

  #drop(isGone, { isReplaced = false } = {}) {
    const gone = this.#slots.filter(isGone);
    this.#slots = this.#slots.filter((slot) => !gone.includes(slot));
    for (const slot of gone) {
      slot.key.fill(0);
      if (slot.generation) this.#retired.add(slot.generation);
      if (!isReplaced) this.#retireKey({ sender: this.#sender, keyId: slot.key_id });
    }
  }
}
