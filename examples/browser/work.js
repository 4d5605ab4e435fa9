// work.js - one thing after the other, and no more of it than can wait.

// What the relay may say ahead of the work on it. Rooms bear losses.
const WAITING_MAX = 2000;

export class Work {
  #done = Promise.resolve();
  #waiting = 0;
  refused = 0; // what failed, or was too much

  /** Do a job after those before it; nothing that a peer sent throws at the caller. */
  add(job) {
    this.#done = this.#done.then(job).catch(() => (this.refused += 1));
    return this.#done;
  }

  /** Do what the relay wants, unless it has wanted too much at once. */
  obey(job) {
    if (this.#waiting >= WAITING_MAX) {
      this.refused += 1;
      return this.#done;
    }
    this.#waiting += 1;
    return this.add(job).finally(() => (this.#waiting -= 1));
  }
}
