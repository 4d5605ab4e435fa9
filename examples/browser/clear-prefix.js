// clear-prefix.js - which bytes of a frame stay readable, and what they tell.
//
// The browser's packetiser and depacketiser, and servers between, read the start of
// video frames before any transform has run: without the clear bytes of VP8 and
// H.264 nothing plays. They are authenticated, though not secret.

import { concat } from './bytes.js';

const VP8_KEY = 10;
const VP8_DELTA = 3;
const NAL_CODECS = {
  h264: { type: (header) => header & 0x1f, isSlice: (type) => type === 1 || type === 5 },
  h265: {
    type: (header) => (header >> 1) & 0x3f,
    isSlice: (type) => type <= 9 || (type >= 16 && type <= 21),
  },
};
const CODECS = ['vp8', 'vp9', 'h264', 'h265', 'opus'];

/** Name the codec of a MIME type; undefined where there is no rule, as for AV1. */
export function codecOf(mimeType) {
  const name = mimeType?.split('/').at(-1).toLowerCase();
  return CODECS.includes(name) ? name : undefined;
}

export const isCutIntoUnits = (codec) => Object.hasOwn(NAL_CODECS, codec);

/** Tell whether clear bytes say what is a key frame. */
export const tellsType = (codec) => codec === 'vp8' || isCutIntoUnits(codec);

/** The longest prefix whose absence the sealed bytes may not show. */
export const longestUnseen = (codec) => (codec === 'vp8' ? VP8_KEY : 0);

/** Give how many bytes the codec wants clear, however short the frame is. */
export function ruleOf(codec, frame) {
  if (codec === 'vp8' && frame.length) return frame[0] & 1 ? VP8_DELTA : VP8_KEY;
  return isCutIntoUnits(codec) ? sliceEnd(codec, frame) : 0;
}

/** Cut a frame into clear bytes, in the form in which they arrive, and the rest. */
export function split(codec, frame) {
  const rule = ruleOf(codec, frame);
  const length = rule <= frame.length ? rule : 0;
  const clear = frame.subarray(0, length);
  return [isCutIntoUnits(codec) ? canonical(clear) : clear, frame.subarray(length)];
}

/** Read from clear bytes whether it is a key frame; with none it counts as none. */
export function isKeyFrame(codec, clear) {
  if (!clear.length) return false;
  if (codec === 'vp8') return !(clear[0] & 1);
  const type = NAL_CODECS[codec].type(clear[sliceEnd(codec, clear) - 2]);
  return codec === 'h264' ? type === 5 : type >= 16;
}

const isStartCode = (bytes, at) =>
  bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 1;

/** Reach up to the first slice's NAL unit header byte and one more; 0 without one. */
function sliceEnd(codec, frame) {
  const { type, isSlice } = NAL_CODECS[codec];
  for (let at = 0; at + 3 < frame.length; at += 1) {
    if (isStartCode(frame, at) && isSlice(type(frame[at + 3]))) return at + 5;
  }
  return 0;
}

/** Write start codes with four bytes, as every depacketiser rebuilds them. */
function canonical(clear) {
  const parts = [];
  let from = 0;
  for (let at = 0; at + 2 < clear.length; at += 1) {
    if (!isStartCode(clear, at) || (at > 0 && clear[at - 1] === 0)) continue;
    parts.push(clear.subarray(from, at), Uint8Array.of(0));
    from = at;
  }
  return concat(...parts, clear.subarray(from));
}
