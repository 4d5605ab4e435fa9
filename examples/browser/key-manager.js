// key-manager.js - one member of a room, in a browser: it tells the others the key
// it seals under and learns theirs, so that no server ever holds one. It speaks
// the messages of fastframe.keys.Room (see messages.py there) on nothing but
// WebCrypto, so that browsers and Python programs share a room, whose format is
// "insertable" with AES-128-GCM.
//
//   const manager = new KeyManager({
//     identity: await Identity.generate(),
//     room: 'stand-up',
//     trust: (publicKey) => isKnown(publicKey), // true or false, and no promise
//     send: (to, message) => relay.send(to, message), // to null: everybody
//     useKey: ({ keyId, key, at, until }) => …, // at 'now', or at a 'key_frame'
//     addKey: ({ sender, keyId, key }) => …, // opens frames of that sender's
//     retireKey: ({ sender, keyId }) => …,
//   });
//   await manager.join();
//
// Then tell it what the relay says, by memberJoined(), memberLeft() and receive(),
// and that time passes, by tick(), ten times a second: relay.js does both.

import { isEqual, toText } from './bytes.js';
import { HeldKeys } from './held-keys.js';
import { ANSWER_PAUSE, Bucket, GREETINGS, RESENDS, SILENCE, beat, pause } from './limits.js';
import { Member } from './member.js';
import { here, readMessage } from './messages.js';
import { OwnKeys } from './own-keys.js';
import { Work } from './work.js';

const MAX_MEMBERS = 255;

export class KeyManager {
  #given;
  #members = new Map(); // text of the public key → Member
  #held = new Map(); // the same → HeldKeys, for a while of those who left, too
  #own = null; // null outside the room
  #greetings = null; // each greeting costs public-key operations
  #hereAt = 0;
  #work = new Work();

  constructor(given) {
    this.#given = { clock: () => performance.now(), maxMembers: MAX_MEMBERS, ...given };
  }

  /** How many messages made no sense, were not authentic, or too many. */
  get refused() {
    return this.#work.refused;
  }

  /** The public keys of those who have proven to be here. */
  get members() {
    return this.#admitted().map((member) => member.publicKey);
  }

  // -- what the page and the relay say --

  join() {
    return this.#work.add(() => {
      const now = this.#now();
      this.#own ??= new OwnKeys(this.#given.useKey, now);
      const atOnce = Math.max(GREETINGS, this.#given.maxMembers);
      this.#greetings ??= new Bucket(atOnce, GREETINGS, now);
      this.#sayHere();
    });
  }

  leave() {
    return this.#inside(async () => {
      try {
        for (const member of this.#admitted()) await this.#tell(member, { type: 'bye' });
      } finally {
        // A page that fails to send goodbye keeps no key for it.
        this.#own.close();
        this.#own = null;
        for (const member of this.#members.values()) member.handshake.abandon();
        for (const held of this.#held.values()) held.close();
        this.#members.clear();
        this.#held.clear();
      }
    });
  }

  memberJoined(publicKey) {
    return this.#obey(() => this.#greet(this.#meet(publicKey)));
  }

  memberLeft(publicKey) {
    return this.#obey(() => this.#remove([this.#members.get(toText(publicKey))]));
  }

  receive(sender, bytes) {
    return this.#obey(async () => {
      const message = readMessage(bytes);
      const member = this.#meet(sender);
      if (!member?.messages.take(this.#now())) this.#work.refused += 1;
      else if (message.type === 'hello') await this.#readHello(member, message);
      else if (message.type === 'linked') await this.#readLinked(member, message);
      else if (!member.isAdmitted) await this.#greet(member);
      // It may have begun anew, without the link that this state is under.
      else if (member.mayBeAnswered(this.#now())) await this.#tellState(member);
    });
  }

  tick() {
    return this.#inside(async () => {
      const now = this.#now();
      for (const [text, held] of this.#held) {
        held.expire(now);
        if (held.isEmpty && !this.#members.has(text)) this.#held.delete(text);
      }
      const limit = SILENCE * this.#beat();
      await this.#remove(this.#admitted().filter(({ heardAt }) => now - heardAt > limit));
      for (const member of [...this.#members.values()]) await this.#attend(member, now);
      if (now >= this.#hereAt) this.#sayHere();
      this.#usePending();
    });
  }

  #inside(job) {
    return this.#work.add(() => (this.#own ? job() : undefined));
  }

  #obey(job) {
    return this.#work.obey(() => (this.#own ? job() : undefined));
  }

  // -- what the others say --

  async #readHello(member, message) {
    const now = this.#now();
    if (!member.handshake.isKnown(message)) {
      if (!member.offers.take(now)) return;
      await member.handshake.hear(message);
      member.helloTries = 0;
      await this.#sayHello(member);
    } else if (member.mayBeAnswered(now)) {
      // It lacks what it was sent in return, or it would not repeat.
      if (!member.handshake.isHeard(message) || !member.isAdmitted) await this.#sayHello(member);
      if (member.isAdmitted) await this.#tellState(member);
    }
  }

  async #readLinked(member, message) {
    const opened = await member.handshake.open(message);
    if (!opened) {
      this.#work.refused += 1;
      await this.#greet(member);
      return;
    }
    const { body, isFirst } = opened;
    member.heardAt = this.#now();
    if (isFirst) await this.#admit(member);
    if (body.type === 'bye') {
      await this.#remove([member]);
    } else if (body.type === 'state') {
      await this.#readState(member, body);
    } else {
      const { key_id: keyId, generation, wrapped } = body;
      const context = { room: this.#given.room, sender: member.publicKey, keyId, generation };
      const unwrap = () => this.#given.identity.unwrap(wrapped, context);
      await member.held.take(body, unwrap, this.#now());
      await this.#tellState(member);
    }
  }

  async #readState(member, { mine, yours }) {
    const now = this.#now();
    for (const generation of yours) member.owed.delete(generation);
    if (member.meant && !yours.includes(member.meant)) {
      const owed = member.owed.get(member.meant);
      const key = this.#own.find(member.meant);
      if (!owed && key) await this.#distribute(key, [member]);
      else if (owed && now - owed.sentAt >= ANSWER_PAUSE) owed.at = now;
    }
    this.#usePending();
    if (mine > member.held.newest && member.mayBeAnswered(now)) await this.#tellState(member);
  }

  // -- members come and go --

  /** Know somebody, if it may be a member. */
  #meet(publicKey) {
    const text = toText(publicKey);
    const { identity, room, maxMembers } = this.#given;
    if (this.#members.has(text)) return this.#members.get(text);
    if (isEqual(publicKey, identity.publicKey) || !this.#trusts(publicKey)) return undefined;
    if (this.#members.size >= maxMembers || !this.#greetings.take(this.#now())) return undefined;
    const held = this.#held.get(text) ?? new HeldKeys(publicKey, this.#given);
    const member = new Member(identity, room, publicKey, held, this.#now());
    this.#held.set(text, held);
    this.#members.set(text, member);
    return member;
  }

  /** Ask the page. A promise is true whatever it comes to say: it lets nobody in. */
  #trusts(publicKey) {
    const answer = this.#given.trust(publicKey);
    if (typeof answer !== 'boolean') throw new TypeError('trust must answer true or false');
    return answer;
  }

  /** Let in whoever has proven to be here, or to be here anew. */
  async #admit(member) {
    const wasHere = member.isAdmitted;
    if (wasHere) member.held.restart(this.#now());
    member.owed.clear();
    member.meant = 0;
    member.helloTries = 0;
    member.isAdmitted = true;
    if (wasHere) {
      await this.#replace();
    } else {
      // A key that waits has sealed nothing: only the newcomer lacks it.
      const others = this.#own.pending ? [member] : this.#admitted();
      await this.#distribute(this.#own.prepare(this.#now()), others);
    }
  }

  async #remove(members) {
    let wasAdmitted = false;
    for (const member of members.filter(Boolean)) {
      wasAdmitted ||= member.isAdmitted;
      member.held.restart(this.#now());
      this.#forget(member);
    }
    if (wasAdmitted) await this.#replace();
  }

  #forget(member) {
    member.handshake.abandon();
    this.#members.delete(toText(member.publicKey));
  }

  #admitted() {
    return [...this.#members.values()].filter((member) => member.isAdmitted);
  }

  // -- what they are told --

  /** Use a new key from now on, which only those get who are here. */
  async #replace() {
    await this.#distribute(this.#own.replace(this.#now()), this.#admitted());
  }

  async #distribute(key, members) {
    const { identity, room } = this.#given;
    const { generation, keyId } = key;
    const context = { room, sender: identity.publicKey, keyId, generation };
    for (const member of members) {
      const wrapped = await identity.wrap(key.key, member.publicKey, context);
      member.meant = Math.max(member.meant, generation);
      member.owed.set(generation, { wrapped, tries: 0 });
      await this.#sendOwed(member, key);
    }
  }

  async #sendOwed(member, { generation, keyId, at }) {
    const now = this.#now();
    const owed = member.owed.get(generation);
    Object.assign(owed, { sentAt: now, at: now + pause(owed.tries), tries: owed.tries + 1 });
    const wrapped = toText(owed.wrapped);
    const root = generation;
    await this.#tell(member, { type: 'key', generation, key_id: keyId, root, at, wrapped });
  }

  #usePending() {
    const lacks = (generation) => this.#admitted().some(({ owed }) => owed.has(generation));
    this.#own.usePending(this.#now(), lacks);
  }

  /** See to what is due for one member. */
  async #attend(member, now) {
    for (const [generation, owed] of [...member.owed]) {
      const key = this.#own.find(generation);
      if (!key || owed.tries > RESENDS) member.owed.delete(generation);
      else if (now >= owed.at) await this.#sendOwed(member, key);
    }
    if (member.isAdmitted && now >= member.stateAt) await this.#tellState(member);
    const { isOpen } = member.handshake;
    if (isOpen && now < member.helloAt) return;
    if (isOpen && member.helloTries <= RESENDS) await this.#sayHello(member);
    // Who said nothing true is forgotten, or made-up names would fill the room.
    else if (!member.isAdmitted) this.#forget(member);
    else if (isOpen) member.handshake.abandon();
  }

  /** Say hello to whoever has not had one. */
  async #greet(member) {
    if (!member || member.isAdmitted || member.handshake.isOpen) return;
    try {
      await this.#sayHello(member);
    } catch (error) {
      this.#forget(member); // trusted, and yet no public key that is known here
      throw error;
    }
  }

  async #sayHello(member) {
    member.helloAt = this.#now() + pause(member.helloTries);
    member.helloTries += 1;
    for (const message of await member.handshake.greeting()) this.#send(member, message);
  }

  /** Acknowledge what is held, and ask for what is missing. */
  async #tellState(member) {
    member.stateAt = this.#now() + this.#beat();
    const yours = member.held.generations;
    await this.#tell(member, { type: 'state', mine: member.meant, yours });
  }

  async #tell(member, body) {
    this.#send(member, await member.handshake.link.seal(body));
  }

  #sayHere() {
    this.#hereAt = this.#now() + this.#beat();
    this.#given.send(null, here());
  }

  /** By those who are here: the relay could make up any number of others. */
  #beat() {
    return beat(this.#admitted().length);
  }

  #send(member, message) {
    this.#given.send(member.publicKey, message);
  }

  #now() {
    return this.#given.clock();
  }
}
