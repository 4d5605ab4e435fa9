// hpke.js - HPKE (RFC 9180) on WebCrypto, in the one suite that wraps keys here:
// DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, single-shot.
//
// WebCrypto has ECDH, HMAC and AES-GCM, and its HKDF does both halves in one;
// RFC 9180 wants them apart, so Extract and Expand are HMACs here (RFC 5869, 2).

import { concat, number, utf8 } from './bytes.js';

const { subtle } = globalThis.crypto;
const ECDH = { name: 'ECDH', namedCurve: 'P-256' };
const HMAC = { name: 'HMAC', hash: 'SHA-256' };
const HASH_LEN = 32;
const KEY_LEN = 16;
const NONCE_LEN = 12;
export const ENC_LEN = 65;
export const TAG_LEN = 16;
// RFC 9180, 7.1 to 7.3.
const KEM_SUITE = concat(utf8('KEM'), number(0x10, 2));
const HPKE_SUITE = concat(utf8('HPKE'), number(0x10, 2), number(1, 2), number(1, 2));
const VERSION = utf8('HPKE-v1');
const NOTHING = new Uint8Array(0);

async function hmac(key, data) {
  const imported = await subtle.importKey('raw', key, HMAC, false, ['sign']);
  return new Uint8Array(await subtle.sign(HMAC, imported, data));
}

function labeledExtract(suite, salt, label, secret) {
  // No salt is one of zeroes (RFC 5869, 2.2), and browsers refuse empty keys.
  const key = salt.length ? salt : new Uint8Array(HASH_LEN);
  return hmac(key, concat(VERSION, suite, utf8(label), secret));
}

/** Expand to at most one block: nothing here is longer than a digest. */
async function labeledExpand(suite, secret, label, info, length) {
  const named = concat(number(length, 2), VERSION, suite, utf8(label), info);
  return (await hmac(secret, concat(named, number(1, 1)))).subarray(0, length);
}

/** ExtractAndExpand (4.1) over the Diffie-Hellman of a key pair and a point. */
async function sharedSecret(privateKey, point, enc, recipient) {
  const theirs = await subtle.importKey('raw', point, ECDH, false, []);
  const request = { name: 'ECDH', public: theirs };
  const dh = new Uint8Array(await subtle.deriveBits(request, privateKey, 256));
  const extracted = await labeledExtract(KEM_SUITE, NOTHING, 'eae_prk', dh);
  const both = concat(enc, recipient);
  return labeledExpand(KEM_SUITE, extracted, 'shared_secret', both, HASH_LEN);
}

/** KeySchedule (5.1), base mode: what encrypts the first and only message. */
async function keySchedule(shared, info, usage) {
  const pskId = await labeledExtract(HPKE_SUITE, NOTHING, 'psk_id_hash', NOTHING);
  const infoHash = await labeledExtract(HPKE_SUITE, NOTHING, 'info_hash', info);
  const context = concat(number(0, 1), pskId, infoHash);
  const secret = await labeledExtract(HPKE_SUITE, shared, 'secret', NOTHING);
  const raw = await labeledExpand(HPKE_SUITE, secret, 'key', context, KEY_LEN);
  const iv = await labeledExpand(HPKE_SUITE, secret, 'base_nonce', context, NONCE_LEN);
  const key = await subtle.importKey('raw', raw, 'AES-GCM', false, [usage]);
  return [key, iv];
}

/** Seal to a public key (65 bytes); give enc and ciphertext in one. */
export async function seal(recipient, info, plaintext, additionalData = NOTHING, ephemeral) {
  // Given for known answers alone; whoever reuses one loses the plaintext.
  const own = ephemeral ?? (await subtle.generateKey(ECDH, false, ['deriveBits']));
  const enc = new Uint8Array(await subtle.exportKey('raw', own.publicKey));
  const shared = await sharedSecret(own.privateKey, recipient, enc, recipient);
  const [key, iv] = await keySchedule(shared, info, 'encrypt');
  const request = { name: 'AES-GCM', iv, additionalData };
  return concat(enc, new Uint8Array(await subtle.encrypt(request, key, plaintext)));
}

/** Open what was sealed to a key pair, whose public half is given as bytes. */
export async function open(privateKey, recipient, info, sealed, additionalData = NOTHING) {
  const enc = sealed.subarray(0, ENC_LEN);
  const shared = await sharedSecret(privateKey, enc, enc, recipient);
  const [key, iv] = await keySchedule(shared, info, 'decrypt');
  const request = { name: 'AES-GCM', iv, additionalData };
  return new Uint8Array(await subtle.decrypt(request, key, sealed.subarray(ENC_LEN)));
}
