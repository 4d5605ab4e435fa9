// limits.js - how long a member waits for what, and how much it does for others.
// Times are in milliseconds; see timing.py and member.py for what each is for.

export const GRACE = 3000;
export const USE_AFTER = 1000;
export const KEY_FRAME_LIMIT = 2000;
export const RESENDS = 8;
export const SILENCE = 4;
export const ANSWER_PAUSE = 200;
export const GREETINGS = 20; // a second: see session.py
const RESEND_FIRST = 400;
const RESEND_MOST = 5000;
const HEARTBEAT = 5000;
const HEARTBEAT_PER_MEMBER = 100;

/** How long to wait for an answer after so many tries. */
export const pause = (tries) => Math.min(RESEND_FIRST * 2 ** tries, RESEND_MOST);

/** The time between two heartbeats in a room of so many. */
export const beat = (members) => HEARTBEAT + HEARTBEAT_PER_MEMBER * members;

/** How long the key before one that is used at this time is needed. */
export const overlap = (at) => (at === 'later' ? USE_AFTER + KEY_FRAME_LIMIT : 0) + GRACE;

/** Lets through so much at once, and so much a second. */
export class Bucket {
  #atOnce;
  #perSecond;
  #level;
  #at;

  constructor(atOnce, perSecond, now) {
    this.#atOnce = this.#level = atOnce;
    this.#perSecond = perSecond;
    this.#at = now;
  }

  take(now) {
    // A clock that goes back must neither give nor take.
    const passed = Math.max(0, now - this.#at) / 1000;
    this.#level = Math.min(this.#atOnce, this.#level + passed * this.#perSecond);
    this.#at = Math.max(this.#at, now);
    if (this.#level < 1) return false;
    this.#level -= 1;
    return true;
  }
}
