// frame-sealer.js - seals a frame: all of it sealed comes out, or nothing and why.

import { concat } from './bytes.js';
import { isCutIntoUnits, isKeyFrame, split, tellsType } from './clear-prefix.js';
import { escape, trailingZeros } from './escape.js';
import { TAG_LEN } from './formats.js';

/**
 * Seal one frame under a SealingKey. Give { status, data }: data only with OK.
 * isKey says whether it is a key frame, where the frame's own bytes do not.
 */
export async function sealFrame(key, frame, { codec, isKey = false }) {
  const [clear, plain] = split(codec, frame);
  const type = tellsType(codec) ? isKeyFrame(codec, clear) : isKey;
  try {
    for (;;) {
      const taken = key.take(plain.length);
      if (!taken) return { status: 'KEY_EXHAUSTED', data: null };
      const sealed = await sealUnder(key, taken, { clear, plain, type, codec });
      // H.264 ends no frame in a zero: packetisers cut it off. Another nonce will do.
      if (!isCutIntoUnits(codec) || sealed.at(-1) !== 0) return { status: 'OK', data: sealed };
    }
  } catch {
    return { status: 'INTERNAL', data: null };
  }
}

async function sealUnder({ format, keyId, cipher }, { counter, nonce }, { clear, plain, type, codec }) {
  const head = format.writeHead(keyId, counter, nonce);
  const additionalData = format.aad(head, clear, type);
  const how = { name: 'AES-GCM', iv: nonce, additionalData, tagLength: 8 * TAG_LEN };
  const body = new Uint8Array(await crypto.subtle.encrypt(how, cipher, plain));
  const run = concat(head, body);
  return concat(clear, isCutIntoUnits(codec) ? escape(run, trailingZeros(clear)) : run);
}
