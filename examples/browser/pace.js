// pace.js - when to ask for a key frame: soon, but never in a storm. A member without
// the key fails on every frame: if each asked, the sender would send little else.

const PAUSE_FIRST = 500; // milliseconds between two requests
const PAUSE_LONGEST = 8000;

export class Pace {
  #isWanted = false;
  #pause = PAUSE_FIRST;
  #latest = -Infinity;
  #due = -Infinity;

  want() {
    this.#isWanted = true;
  }

  /** Ask soon again: when the key has come, a key frame is still needed. */
  relax() {
    this.#pause = PAUSE_FIRST;
    this.#due = Math.min(this.#due, this.#latest + PAUSE_FIRST);
  }

  grant(now) {
    if (!this.#isWanted || now < this.#due) return false;
    this.#isWanted = false;
    this.#latest = now;
    this.#due = now + this.#pause;
    this.#pause = Math.min(2 * this.#pause, PAUSE_LONGEST);
    return true;
  }
}
