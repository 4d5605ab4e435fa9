// bytes.js - what all the modules here do with bytes: join, compare, spell.

const LENGTH_LEN = 4;
const NUMBER_LEN = 8;

/** Give text as UTF-8. Half a surrogate pair, which UTF-8 cannot say, throws. */
export function utf8(text) {
  if (/\p{Surrogate}/u.test(text)) throw new TypeError('no UTF-8');
  return new TextEncoder().encode(text);
}

export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Write a whole number, big-endian. */
export function number(value, length = NUMBER_LEN) {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('no number');
  const out = new Uint8Array(length);
  for (let at = length - 1, rest = value; at >= 0; at -= 1) {
    out[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return out;
}

/** Join fields behind their lengths, so that no other fields give these bytes. */
export function joinFields(...fields) {
  return concat(...fields.flatMap((field) => [number(field.length, LENGTH_LEN), field]));
}

/** Order as bytes: below 0, 0 or above 0. For public values: its time tells. */
export function compare(one, other) {
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at += 1) {
    if (one[at] !== other[at]) return one[at] - other[at];
  }
  return one.length - other.length;
}

export const isEqual = (one, other) => compare(one, other) === 0;

/** Spell bytes as base64url without padding. */
export function toText(bytes) {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Read what toText() gave, and no other spelling of it; or throw. */
export function fromText(text) {
  if (typeof text !== 'string' || /[^\w-]/.test(text)) throw new TypeError('no base64url');
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  // Two spellings of one public key would be two members.
  if (toText(bytes) !== text) throw new TypeError('no base64url');
  return bytes;
}
