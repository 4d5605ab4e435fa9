// member.js - another member as this one sees it: its link, and what it must get.

import { ANSWER_PAUSE, Bucket } from './limits.js';
import { Handshake } from './link.js';

/** May have keys once its link stands, which makes it admitted. */
export class Member {
  isAdmitted = false;
  meant = 0; // the newest generation of this side's that is meant for it
  owed = new Map(); // generation → {wrapped, sentAt, at, tries}, not acknowledged
  helloTries = 0;
  answeredAt = -Infinity;

  constructor(identity, room, publicKey, held, now) {
    this.publicKey = publicKey;
    this.held = held;
    this.handshake = new Handshake(identity, room, publicKey);
    this.messages = new Bucket(512, 64, now);
    this.offers = new Bucket(8, 0.5, now); // each costs public-key operations
    this.heardAt = this.helloAt = this.stateAt = now;
  }

  mayBeAnswered(now) {
    if (now - this.answeredAt < ANSWER_PAUSE) return false;
    this.answeredAt = now;
    return true;
  }
}
