// identity.js - a member's long-term keys, as fastframe.keys.Identity has them.
//
// Public keys, wrapped keys, signatures and safety numbers are the same bytes as
// in Python; see wrapping.py and public.py there for what they are and why. Only
// the KEM of P-256: WebCrypto has no ML-KEM yet, so members with the hybrid one
// are unknown here.

import { compare, concat, isEqual, joinFields, number, utf8 } from './bytes.js';
import { ENC_LEN, TAG_LEN, open, seal } from './hpke.js';

const { subtle } = globalThis.crypto;
const ECDH = { name: 'ECDH', namedCurve: 'P-256' };
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGN = { name: 'ECDSA', hash: 'SHA-256' };
const POINT_LEN = 65;
const KEM_ID = number(0x10, 2);
const PUBLIC_LEN = KEM_ID.length + 2 * POINT_LEN;
const SIGNATURE_LEN = 64;
const HEAD = concat(number(1, 1), KEM_ID); // version, KEM
const SEALED_AT = HEAD.length + SIGNATURE_LEN;
const CONTENT_KEY_MAX = 255;
const FINGERPRINT_LEN = 16;
const PURPOSE = 'wrapped key';

/** Thrown by unwrap() for whatever is wrong with a wrapped key. */
export class UnwrapFailed extends Error {}

/** Split a public key; throws TypeError if it is not one of P-256. */
export async function readPublicKey(bytes) {
  const head = bytes.subarray(0, KEM_ID.length);
  if (bytes.length !== PUBLIC_LEN || !isEqual(head, KEM_ID)) {
    throw new TypeError('not a public key for P-256');
  }
  const kem = bytes.subarray(KEM_ID.length, KEM_ID.length + POINT_LEN);
  const signing = bytes.subarray(KEM_ID.length + POINT_LEN);
  try {
    // Importing checks that a point is on the curve.
    await subtle.importKey('raw', kem, ECDH, false, []);
    return { kem, verifier: await subtle.importKey('raw', signing, ECDSA, false, ['verify']) };
  } catch {
    throw new TypeError('not a public key for P-256');
  }
}

// Of s and n - s, which ECDSA cannot tell apart, only the lower one counts: see
// signing.py for what the other would be good for.
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const toInteger = (bytes) => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const isLow = (signature) => 2n * toInteger(signature.subarray(SIGNATURE_LEN / 2)) <= ORDER;

function lowered(signature) {
  if (isLow(signature)) return signature;
  const r = signature.subarray(0, SIGNATURE_LEN / 2);
  let rest = ORDER - toInteger(signature.subarray(SIGNATURE_LEN / 2));
  const s = new Uint8Array(SIGNATURE_LEN / 2);
  for (let at = s.length - 1; at >= 0; at -= 1, rest >>= 8n) s[at] = Number(rest & 255n);
  return concat(r, s);
}

const signedBytes = (purpose, fields) =>
  joinFields(utf8('fastframe signature v1'), utf8(purpose), ...fields);

/** Tell whether a signature is the sender's, for this purpose. */
export async function verify(signature, sender, purpose, ...fields) {
  const { verifier } = await readPublicKey(sender);
  if (signature.length !== SIGNATURE_LEN || !isLow(signature)) return false;
  return subtle.verify(SIGN, verifier, signature, signedBytes(purpose, fields));
}

/** What a wrapped key is bound to: both layers of it, and both ends. */
const binding = (recipient, { room, sender, keyId, generation }) =>
  joinFields(
    utf8('fastframe wrapped key'),
    HEAD.subarray(0, 1),
    KEM_ID,
    recipient,
    utf8(room),
    sender,
    number(keyId),
    number(generation),
  );

/** Two key pairs, neither of which can be exported: one wraps, one signs. */
export class Identity {
  #kem;
  #signing;

  constructor(kem, signing, publicKey) {
    this.#kem = kem;
    this.#signing = signing;
    this.publicKey = publicKey;
  }

  static async generate() {
    const kem = await subtle.generateKey(ECDH, false, ['deriveBits']);
    const signing = await subtle.generateKey(ECDSA, false, ['sign', 'verify']);
    return Identity.fromKeyPairs(kem, signing);
  }

  /** Take key pairs that were kept, as IndexedDB keeps CryptoKeys. */
  static async fromKeyPairs(kem, signing) {
    const points = [];
    for (const pair of [kem, signing]) {
      points.push(new Uint8Array(await subtle.exportKey('raw', pair.publicKey)));
    }
    return new Identity(kem, signing, concat(KEM_ID, ...points));
  }

  /** The key pairs, for fromKeyPairs() the next time. */
  get keyPairs() {
    return [this.#kem, this.#signing];
  }

  async sign(purpose, ...fields) {
    const data = signedBytes(purpose, fields);
    return lowered(new Uint8Array(await subtle.sign(SIGN, this.#signing.privateKey, data)));
  }

  /** Wrap a content key for one member; context is {room, sender, keyId, generation}. */
  async wrap(contentKey, recipient, context) {
    if (!isEqual(context.sender, this.publicKey)) throw new TypeError('another sender');
    const bound = binding(recipient, context);
    const { kem } = await readPublicKey(recipient);
    const sealed = await seal(kem, bound, contentKey);
    return concat(HEAD, await this.sign(PURPOSE, bound, sealed), sealed);
  }

  /** Give the content key that context.sender wrapped, or throw UnwrapFailed. */
  async unwrap(wrapped, context) {
    const length = wrapped.length - SEALED_AT - ENC_LEN - TAG_LEN;
    const head = wrapped.subarray(0, HEAD.length);
    if (!isEqual(head, HEAD) || length < 1 || length > CONTENT_KEY_MAX) {
      throw new UnwrapFailed('no wrapped key for P-256');
    }
    const bound = binding(this.publicKey, context);
    const signature = wrapped.subarray(HEAD.length, SEALED_AT);
    const sealed = wrapped.subarray(SEALED_AT);
    try {
      if (await verify(signature, context.sender, PURPOSE, bound, sealed)) {
        const own = this.publicKey.subarray(KEM_ID.length, KEM_ID.length + POINT_LEN);
        return await open(this.#kem.privateKey, own, bound, sealed);
      }
    } catch {
      // No key of the sender's, or a ciphertext that does not open.
    }
    throw new UnwrapFailed('changed, or for another room, sender, recipient or key');
  }
}

/** Give 128 bits of SHA-256 of a public key in hex, for logs and tables. */
export async function fingerprint(publicKey) {
  const digest = new Uint8Array(await subtle.digest('SHA-256', publicKey));
  const bytes = Array.from(digest.subarray(0, FINGERPRINT_LEN));
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Give the sixty digits that members read to each other: see safety.py. */
export async function safetyNumber(publicKeys) {
  const isFirst = (key, at, all) => at === 0 || !isEqual(key, all[at - 1]);
  const members = [...publicKeys].sort(compare).filter(isFirst);
  if (members.length < 2) throw new RangeError('two different members or more');
  const data = joinFields(utf8('fastframe safety number v1'), ...members);
  const digest = new Uint8Array(await subtle.digest('SHA-512', data));
  const digits = String(toInteger(digest) % 10n ** 60n).padStart(60, '0');
  return digits.match(/.{5}/g).join(' ');
}
