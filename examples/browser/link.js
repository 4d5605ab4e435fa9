// link.js - what two members authenticate each other's messages with: how a link
// comes about, and why what was recorded cannot make one, is in messages.py.

import { compare, concat, isEqual, number, toText, utf8 } from './bytes.js';
import { hello, linked, readBody } from './messages.js';

const { subtle } = globalThis.crypto;
const HMAC = { name: 'HMAC', hash: 'SHA-256' };
const SECRET_LEN = 32;
const ID_LEN = 16;
const MAC_LEN = 32;
const WINDOW = 64n;

/** HKDF-SHA-256 without a salt. */
export async function hkdf(secret, info, length) {
  const key = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  const request = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info };
  return new Uint8Array(await subtle.deriveBits(request, key, 8 * length));
}

/** Half of what a link is derived from; wrapped is the secret as it travels. */
async function makeOffer(secret, wrapped) {
  const named = concat(utf8('fastframe offer 1'), secret);
  const digest = new Uint8Array(await subtle.digest('SHA-256', named));
  return { id: digest.subarray(0, ID_LEN), secret, wrapped };
}

/** Numbers and authenticates the messages of both directions. */
class Link {
  #keyIn;
  #keyOut;
  #sent = 0;
  #highest = 0;
  #seen = 0n; // bit i: the number i below the highest has been here

  static async derive(room, ownKey, theirKey, own, theirs) {
    const isLow = compare(ownKey, theirKey) < 0;
    const [low, high] = isLow ? [ownKey, theirKey] : [theirKey, ownKey];
    const names = [utf8('fastframe link 1'), utf8(room), low, high];
    const info = concat(...names.flatMap((name) => [number(name.length, 2), name]));
    const secrets = [own.secret, theirs.secret];
    const secret = concat(...(isLow ? secrets : secrets.reverse()));
    const derived = await hkdf(secret, info, ID_LEN + 2 * MAC_LEN);
    const link = new Link();
    link.id = derived.subarray(0, ID_LEN);
    link.own = own;
    link.theirs = theirs;
    const keys = [];
    for (const at of [ID_LEN, ID_LEN + MAC_LEN]) {
      const raw = derived.subarray(at, at + MAC_LEN);
      keys.push(await subtle.importKey('raw', raw, HMAC, false, ['sign', 'verify']));
    }
    [link.#keyOut, link.#keyIn] = isLow ? keys : keys.reverse();
    return link;
  }

  /** Give a body a number and a MAC: the whole message. */
  async seal({ type, ...fields }) {
    this.#sent += 1;
    const body = JSON.stringify({ type, n: this.#sent, ...fields });
    const mac = new Uint8Array(await subtle.sign(HMAC, this.#keyOut, utf8(body)));
    return linked(this.id, body, mac);
  }

  /** Give the body of a message that is the other one's and new, or null. */
  async open(message) {
    if (!isEqual(message.link, this.id)) return null;
    const data = utf8(message.body);
    if (!(await subtle.verify(HMAC, this.#keyIn, message.mac, data))) return null;
    const body = readBody(message.body);
    return this.#isNew(body.n) ? body : null;
  }

  #isNew(n) {
    const ahead = BigInt(n - this.#highest);
    if (ahead > 0n) {
      const shift = ahead < WINDOW ? ahead : WINDOW;
      this.#seen = BigInt.asUintN(Number(WINDOW), (this.#seen << shift) | 1n);
      this.#highest = n;
      return true;
    }
    if (-ahead >= WINDOW || (this.#seen >> -ahead) & 1n) return false;
    this.#seen |= 1n << -ahead;
    return true;
  }
}

/**
 * The way to a link with one other member, and to the next one. A link stands
 * until a message arrives under the next: a hello alone, which may be an old
 * one played back, ends nothing.
 */
export class Handshake {
  #identity;
  #room;
  #peer;
  #offer = null;
  #heard = null;
  #next = null;
  link = null;

  constructor(identity, room, peer) {
    this.#identity = identity;
    this.#room = room;
    this.#peer = peer;
  }

  /** Whether an offer of this member's waits for an answer. */
  get isOpen() {
    return this.#offer !== null;
  }

  /** What to say: a hello, and the proof if there is something to prove. */
  async greeting() {
    if (!this.#offer && this.link) return [hello(this.link.own.wrapped, this.link.theirs.id)];
    const offer = await this.#makeOffer();
    const said = [hello(offer.wrapped, this.#heard && this.#heard.id)];
    if (this.#next) said.push(await this.#next.seal({ type: 'state', mine: 0, yours: [] }));
    return said;
  }

  /** Whether a hello brings an offer that has been heard before. */
  isKnown({ secret }) {
    const known = [this.#heard, this.link && this.link.theirs];
    return known.some((offer) => offer && isEqual(offer.wrapped, secret));
  }

  /** Whether a hello's sender holds the offer that is out. */
  isHeard({ seen }) {
    const current = this.#offer ?? (this.link && this.link.own);
    return Boolean(current && seen && isEqual(current.id, seen));
  }

  /** Take the other one's new offer; throws if it is not its to this one. */
  async hear({ secret }) {
    const context = { room: this.#room, sender: this.#peer, keyId: 0, generation: 0 };
    const heard = await makeOffer(await this.#identity.unwrap(secret, context), secret);
    const own = await this.#makeOffer();
    this.#next = await Link.derive(this.#room, this.#identity.publicKey, this.#peer, own, heard);
    this.#heard?.secret.fill(0);
    this.#heard = heard;
  }

  /** Give {body, isFirst} of an authentic message, or null. */
  async open(message) {
    if (this.#next && toText(message.link) === toText(this.#next.id)) {
      const body = await this.#next.open(message);
      if (!body) return null;
      this.link = this.#next;
      this.abandon();
      return { body, isFirst: true };
    }
    const body = this.link && (await this.link.open(message));
    return body ? { body, isFirst: false } : null;
  }

  /** Stop waiting for the next link, and wipe what it was made of. */
  abandon() {
    for (const offer of [this.#offer, this.#heard]) offer?.secret.fill(0);
    this.#offer = this.#heard = this.#next = null;
  }

  async #makeOffer() {
    if (!this.#offer) {
      const secret = crypto.getRandomValues(new Uint8Array(SECRET_LEN));
      const sender = this.#identity.publicKey;
      const context = { room: this.#room, sender, keyId: 0, generation: 0 };
      const wrapped = await this.#identity.wrap(secret, this.#peer, context);
      this.#offer = await makeOffer(secret, wrapped);
    }
    return this.#offer;
  }
}
