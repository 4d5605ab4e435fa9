// formats.js - the wire formats by name, and the nonce that both make alike.

import { insertable } from './insertable.js';
import { sframe } from './sframe.js';

const FORMATS = { insertable, sframe };

export const TAG_LEN = 16;

export function formatOf(name) {
  if (!Object.hasOwn(FORMATS, name)) throw new RangeError(`no format called ${name}`);
  return FORMATS[name];
}

/** XOR a counter into the end of a salt. */
export function nonceOf(salt, counter) {
  const nonce = salt.slice();
  const view = new DataView(nonce.buffer);
  const at = nonce.length - 8;
  view.setBigUint64(at, view.getBigUint64(at) ^ counter);
  return nonce;
}
