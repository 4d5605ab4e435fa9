// local-room.js - a room whose members are all in this page: what a relay does
// between computers, without one. See relay.js for the real thing.

import { toText } from './bytes.js';
import { Identity } from './identity.js';
import { KeyManager } from './key-manager.js';

const TICK = 100; // milliseconds

export class LocalRoom {
  #name;
  #members = new Map(); // text of the public key → KeyManager

  constructor(name) {
    this.#name = name;
    setInterval(() => this.#each((manager) => manager.tick()), TICK);
  }

  /** Give an identity; join() lets it in. */
  invite() {
    return Identity.generate();
  }

  /** Let somebody in, who hears of keys by useKey, addKey and retireKey. */
  async join(identity, { useKey, addKey, retireKey }) {
    const manager = new KeyManager({
      identity,
      room: this.#name,
      trust: (publicKey) => this.#members.has(toText(publicKey)),
      send: (to, message) => this.#carry(identity.publicKey, to, message),
      useKey,
      addKey,
      retireKey,
    });
    this.#members.set(toText(identity.publicKey), manager);
    await manager.join();
    this.#each((other) => other.memberJoined(identity.publicKey), manager);
  }

  async leave(identity) {
    const manager = this.#members.get(toText(identity.publicKey));
    await manager.leave();
    this.#members.delete(toText(identity.publicKey));
    this.#each((other) => other.memberLeft(identity.publicKey));
  }

  #carry(from, to, message) {
    const sender = this.#members.get(toText(from));
    if (to === null) this.#each((other) => other.receive(from, message), sender);
    else this.#members.get(toText(to))?.receive(from, message);
  }

  #each(job, except) {
    for (const manager of this.#members.values()) if (manager !== except) job(manager);
  }
}
