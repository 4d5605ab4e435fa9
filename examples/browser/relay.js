// relay.js - keeps a KeyManager in touch with its room over `fastframe relay`: see
// protocol.py for the frames. Comes back when the connection is lost.

import { fromText, joinFields, toText, utf8 } from './bytes.js';

const VERSION = 1;
const PURPOSE = 'relay hello 1';
const TICK = 100; // milliseconds
const PAUSE_FIRST = 250;
const PAUSE_LAST = 10_000;
const NONCE_LEN = 32;
const REPLACED = 4001; // a close code: see protocol.py

/** A relay as a KeyManager's `send`; connect() gives it the manager. */
export class Relay {
  #url;
  #room;
  #identity;
  #token;
  #socket = null;
  #isLetIn = false;
  #isProven = false;

  constructor({ url, room, identity, token }) {
    this.#url = url;
    this.#room = room;
    this.#identity = identity;
    this.#token = token;
  }

  /** Send a message, to null for everybody. What is lost, the manager repeats. */
  send(to, message) {
    if (!this.#isLetIn) return;
    this.#say({ type: 'send', to: to && toText(to), blob: toText(message) });
  }

  /**
   * Serve a manager until the signal aborts; it joins here and leaves here. Throws
   * where the same identity came in elsewhere: to come back would only throw out
   * the other, and so for ever.
   */
  async connect(manager, signal) {
    const timer = setInterval(() => manager.tick(), TICK);
    await manager.join();
    try {
      for (let tries = 0; !signal.aborted; tries += 1) {
        const code = await this.#session(manager, signal, () => (tries = 0));
        if (code === REPLACED) throw new Error('this identity came in by another connection');
        // Spread out: all members of a relay that died come back at once.
        const most = Math.min(PAUSE_FIRST * 2 ** tries, PAUSE_LAST);
        if (!signal.aborted) await sleep(most * (0.5 + Math.random() / 2), signal);
      }
    } finally {
      clearInterval(timer);
      await manager.leave();
    }
  }

  /** One connection, from its opening to its end. */
  #session(manager, signal, onLetIn) {
    return new Promise((resolve) => {
      const socket = new WebSocket(this.#url);
      this.#isProven = false;
      const leave = async () => {
        await manager.leave();
        socket.close();
      };
      signal.addEventListener('abort', leave, { once: true });
      socket.onmessage = ({ data }) => {
        try {
          this.#hear(JSON.parse(data), manager, onLetIn);
        } catch {
          socket.close(); // it speaks another language
        }
      };
      socket.onclose = ({ code }) => {
        this.#isLetIn = false;
        signal.removeEventListener('abort', leave);
        resolve(code);
      };
      this.#socket = socket;
    });
  }

  /** The manager keeps the order of what it is told. */
  #hear(frame, manager, onLetIn) {
    if (frame.type === 'challenge') this.#answer(fromText(frame.nonce));
    else if (frame.type === 'members') {
      onLetIn();
      this.#isLetIn = true;
      // Who is not among them may have lost the relay as well, and be back in a
      // moment: to take its silence for a leave is up to the manager.
      for (const text of frame.public_keys) manager.memberJoined(fromText(text));
    } else if (frame.type === 'joined') manager.memberJoined(fromText(frame.public_key));
    else if (frame.type === 'left') manager.memberLeft(fromText(frame.public_key));
    else if (frame.type === 'deliver') {
      manager.receive(fromText(frame.from), fromText(frame.blob));
    }
  }

  /** Sign once in a connection: a relay that asks for more is none. */
  #answer(nonce) {
    if (this.#isProven || nonce.length !== NONCE_LEN) throw new TypeError('no challenge');
    this.#isProven = true;
    const socket = this.#socket;
    this.#prove(nonce).catch(() => socket.close());
  }

  async #prove(nonce) {
    const { publicKey } = this.#identity;
    const signed = joinFields(nonce, utf8(this.#room), publicKey);
    const proof = await this.#identity.sign(PURPOSE, signed);
    const token = this.#token === undefined ? {} : { token: this.#token };
    this.#say({
      type: 'hello',
      version: VERSION,
      room: this.#room,
      public_key: toText(publicKey),
      proof: toText(proof),
      ...token,
    });
  }

  #say(frame) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }
}

const sleep = (milliseconds, signal) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', resolve, { once: true });
  });
