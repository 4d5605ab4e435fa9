// frame-opener.js - opens the frames of one member: what was sealed comes out, or
// nothing and why. Nothing that a frame claims changes anything until it is verified.

import { concat, toText } from './bytes.js';
import { isCutIntoUnits, isKeyFrame, longestUnseen, ruleOf, tellsType } from './clear-prefix.js';
import { trailingZeros, unescape } from './escape.js';
import { TAG_LEN, formatOf, nonceOf } from './formats.js';
import { ReplayWindows } from './replay-window.js';

const SLOTS_MAX = 256;
const refused = (status) => ({ status, data: null });

export class FrameOpener {
  #format;
  #slots = new Map(); // key id → { cipher, salt, name, windows }

  constructor(formatName) {
    this.#format = formatOf(formatName);
  }

  /** Hold a key, whose bytes are wiped; another of its key id goes. */
  async addKey(key, keyId) {
    const id = BigInt(keyId);
    try {
      const name = toText(new Uint8Array(await crypto.subtle.digest('SHA-256', key)));
      // The same one again must not open again what it has opened.
      if (this.#slots.get(id)?.name === name) return;
      const prepared = await this.#format.prepare(key, id, 'decrypt');
      this.#slots.delete(id);
      this.#slots.set(id, { ...prepared, name, windows: new ReplayWindows() });
      // No peer can have a page hold keys without end.
      if (this.#slots.size > SLOTS_MAX) this.retireKey(this.#slots.keys().next().value);
    } finally {
      key.fill(0);
    }
  }

  retireKey(keyId) {
    this.#slots.delete(BigInt(keyId));
  }

  /**
   * Open one frame. Give { status, data }: data only with OK. isKey is whether it
   * claims to be a key frame, where clear bytes do not tell.
   */
  async open(sealed, { codec, isKey = false }) {
    let first = null;
    for (const clearLen of this.#clearLengths(codec, sealed)) {
      const opened = await this.#openAt(sealed, clearLen, codec, isKey);
      if (opened.status === 'OK') return opened;
      first ??= opened;
    }
    return first;
  }

  /** A VP8 frame too short for its clear bytes is sealed whole, and does not show it. */
  #clearLengths(codec, sealed) {
    const rule = ruleOf(codec, sealed);
    if (sealed.length < rule + this.#format.headMin + TAG_LEN) return [0];
    const longest = longestUnseen(codec);
    return longest && sealed.length < longest + this.#format.headMax + TAG_LEN ? [rule, 0] : [rule];
  }

  async #openAt(sealed, clearLen, codec, isKey) {
    const clear = sealed.subarray(0, clearLen);
    const sent = sealed.subarray(clearLen);
    const run = isCutIntoUnits(codec) ? unescape(sent, trailingZeros(clear)) : sent;
    const claim = run.length ? this.#format.readHead(run) : null;
    if (!claim || run.length < claim.length + TAG_LEN) return refused('MALFORMED');
    const slot = this.#slots.get(claim.keyId);
    if (!slot) return refused('UNKNOWN_KEY');
    const judged = slot.windows.judge(claim.sender, claim.counter);
    if (judged !== 'OK') return refused(judged);
    for (const type of this.#types(codec, clear, isKey)) {
      const plain = await this.#decrypt(slot, claim, run, clear, type);
      if (plain) return accept(slot, claim, concat(clear, plain));
    }
    return refused('AUTH_FAILED');
  }

  /** The types to try: what clear bytes tell, or else the claim, and then the other. */
  #types(codec, clear, isKey) {
    if (tellsType(codec)) return [isKeyFrame(codec, clear)];
    return this.#format.bindsType ? [isKey, !isKey] : [isKey];
  }

  async #decrypt(slot, claim, run, clear, type) {
    const head = run.subarray(0, claim.length);
    const iv = claim.nonce ?? nonceOf(slot.salt, claim.counter);
    const additionalData = this.#format.aad(head, clear, type);
    const how = { name: 'AES-GCM', iv, additionalData, tagLength: 8 * TAG_LEN };
    try {
      return new Uint8Array(await crypto.subtle.decrypt(how, slot.cipher, run.subarray(claim.length)));
    } catch {
      return null; // WebCrypto says OperationError, and nothing else
    }
  }
}

/** Note the counter, unless the same frame was opened while this one was. */
function accept({ windows }, { sender, counter }, data) {
  const status = windows.judge(sender, counter);
  if (status !== 'OK') return refused(status);
  windows.accept(sender, counter);
  return { status, data };
}
