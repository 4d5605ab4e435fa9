// own-keys.js - the keys that this member seals under: the one in use, and the one
// that waits until all others have it.
//
// Where fastframe.keys.Room ratchets for a newcomer, a new key is drawn here: that
// costs a wrap for each member, and keeps the past closed just the same.

import { KEY_FRAME_LIMIT, USE_AFTER } from './limits.js';
import { KEY_LEN } from './held-keys.js';

// From 128 on, as in chain.py: under a lower one libwebrtc shows nothing of x264's.
const KEY_ID_FIRST = 128;
const KEY_IDS = 128;

export class OwnKeys {
  #useKey;
  #drawn = crypto.getRandomValues(new Uint8Array(1))[0]; // begins anywhere, goes round
  #generation = 0;
  current = null;
  pending = null;

  /** The first key is used at once: nobody can open what it seals, until told. */
  constructor(useKey, now) {
    this.#useKey = useKey;
    this.replace(now);
  }

  /** The key that a newcomer gets. */
  get newest() {
    return this.pending ?? this.current;
  }

  /** Draw a key and use it now: it shuts somebody out. */
  replace(now) {
    this.#wipe(this.current, this.pending);
    this.pending = null;
    this.current = this.#draw('now');
    this.#use('now', now);
    return this.current;
  }

  /** Give a key that has sealed nothing yet, and will be used soon. */
  prepare(now) {
    this.pending ??= { ...this.#draw('later'), deadline: now + USE_AFTER };
    return this.pending;
  }

  find(generation) {
    return [this.current, this.pending].find((key) => key?.generation === generation);
  }

  /** Use the pending key once nobody waits for it, or it has waited long enough. */
  usePending(now, isAwaited) {
    if (!this.pending) return;
    if (isAwaited(this.pending.generation) && now < this.pending.deadline) return;
    this.#wipe(this.current);
    this.current = this.pending;
    this.pending = null;
    this.#use('key_frame', now + KEY_FRAME_LIMIT);
  }

  close() {
    this.#wipe(this.current, this.pending);
  }

  #draw(at) {
    this.#generation += 1;
    this.#drawn += 1;
    const keyId = KEY_ID_FIRST + (this.#drawn % KEY_IDS);
    const key = crypto.getRandomValues(new Uint8Array(KEY_LEN));
    return { generation: this.#generation, keyId, key, at };
  }

  #use(at, until) {
    const { keyId, key } = this.current;
    this.#useKey({ keyId, key: key.slice(), at, until });
  }

  #wipe(...keys) {
    for (const one of keys) one?.key.fill(0);
  }
}
