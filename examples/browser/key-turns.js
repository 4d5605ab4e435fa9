// key-turns.js - which key each track seals under, and when it goes over to the next.

export class KeyTurns {
  #newest = null; // { key, until, generation }
  #urgent = 0; // tracks whose key is of an earlier generation go over at once
  #generation = 0;
  #states = new WeakMap(); // track → { key, generation, next }

  /** Take up a key: at 'now', or at each track's next 'key_frame', but by `until`. */
  use(key, at, until) {
    this.#generation += 1;
    this.#newest = { key, until, generation: this.#generation };
    if (at === 'now') this.#urgent = this.#generation;
  }

  /** Seal no more until there is a key again. */
  stop() {
    this.#newest = null;
    this.#states = new WeakMap();
  }

  /** Give the key for a track's next frame; null without any. */
  keyFor(track, isKeyFrame, now) {
    const state = this.#stateOf(track);
    const { next, generation } = state;
    if (next && (generation < this.#urgent || isKeyFrame || now >= next.until)) {
      Object.assign(state, { key: next.key, generation: next.generation, next: null });
    }
    return state.key;
  }

  /** Tell whether a track would go over at a key frame. */
  awaitsKeyFrame(track) {
    return this.#stateOf(track).next !== null;
  }

  #stateOf(track) {
    const newest = this.#newest;
    if (!this.#states.has(track)) this.#states.set(track, { key: null, generation: 0, next: null });
    const state = this.#states.get(track);
    if (!newest || newest.generation === (state.next ?? state).generation) return state;
    if (state.key) {
      // A key that is skipped hands on its time limit, or a track without key frames
      // would never go over where new keys keep coming.
      const until = Math.min(newest.until, state.next?.until ?? Infinity);
      state.next = { ...newest, until };
    } else {
      Object.assign(state, newest);
    }
    return state;
  }
}
