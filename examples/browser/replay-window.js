// replay-window.js - which counters were accepted under one key, for each sender.

const WIDTH = 1024; // counters
// Senders are told apart by four bytes that a peer may draw at random: beyond so
// many, the one heard least recently is forgotten. 2 MB for a key at most.
const SENDERS_MAX = 256;

class Window {
  #top = -1n;
  #slots = new BigUint64Array(WIDTH); // counter + 1, so that 0 is none

  judge(counter) {
    if (counter > this.#top) return 'OK';
    if (this.#top - counter >= WIDTH) return 'TOO_OLD';
    const isSeen = counter === this.#top || this.#slots[this.#slot(counter)] === counter + 1n;
    return isSeen ? 'REPLAYED' : 'OK';
  }

  accept(counter) {
    if (counter > this.#top) this.#top = counter;
    this.#slots[this.#slot(counter)] = counter + 1n;
  }

  #slot(counter) {
    return Number(counter % BigInt(WIDTH));
  }
}

export class ReplayWindows {
  #bySender = new Map(); // the one heard least recently comes first

  /** Say what becomes of a counter, and change nothing: nobody has verified it. */
  judge(sender, counter) {
    return this.#bySender.get(sender)?.judge(counter) ?? 'OK';
  }

  /** Note a counter that was verified, and that judge() let pass. */
  accept(sender, counter) {
    const window = this.#bySender.get(sender) ?? new Window();
    this.#bySender.delete(sender);
    this.#bySender.set(sender, window);
    if (this.#bySender.size > SENDERS_MAX) {
      this.#bySender.delete(this.#bySender.keys().next().value);
    }
    window.accept(counter);
  }
}
