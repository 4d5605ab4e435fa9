// status.js - what can become of a frame, by the names that fastframe's Status has,
// and a count of each.

export const TEXTS = {
  OK: 'the frame is good',
  MALFORMED: 'too short, or its fields make no sense',
  UNKNOWN_KEY: 'there is no key for it',
  AUTH_FAILED: 'it did not authenticate: another key, or changed on the way',
  REPLAYED: 'it came before',
  TOO_OLD: 'it is older than the replay window reaches',
  KEY_EXHAUSTED: 'its key has no counter left',
  NOT_RUN: 'its codec has no rule here',
  INTERNAL: 'the cipher or the browser failed',
};

/** Counts frames by status; they only go up. */
export class Tally {
  #counts = new Map();

  add(status) {
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + 1);
  }

  get counts() {
    return Object.fromEntries(this.#counts);
  }
}
