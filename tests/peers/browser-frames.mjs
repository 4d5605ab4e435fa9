// Runs the sealing and opening of examples/browser in Node's WebCrypto, for tests.
import { serve } from './wire.mjs';

const home = new URL('../../examples/browser/', import.meta.url);
const load = (name) => import(new URL(name, home));
const { FrameOpener } = await load('frame-opener.js');
const { sealFrame } = await load('frame-sealer.js');
const { KeyTurns } = await load('key-turns.js');
const { Pace } = await load('pace.js');
const { SealingKey } = await load('sealing-key.js');

const bytes = (blobs) => blobs.map((blob) => new Uint8Array(blob));
let sealing;
let opener;

async function useKey({ format, keyId }, blobs) {
  const [key] = bytes(blobs);
  sealing = await SealingKey.of(format, key, keyId);
  return [{ isWiped: key.every((byte) => byte === 0) }, []];
}

async function seal({ codec, isKey }, blobs) {
  // At the same time, as tracks do.
  const work = bytes(blobs).map((frame) => sealFrame(sealing, frame, { codec, isKey }));
  const outcomes = await Promise.all(work);
  return [{ statuses: outcomes.map(({ status }) => status) }, outcomes.map(({ data }) => data)];
}

/** Take so much of the key's blocks that no more than `left` nonces are left. */
async function wear({ left }) {
  const most = 2 ** 48;
  sealing.take(16 * (most - 1 - 2 * left));
  return [{}, []];
}

async function start({ format }) {
  opener = new FrameOpener(format);
  return [{}, []];
}

async function addKey({ keyId }, blobs) {
  await opener.addKey(...bytes(blobs), keyId);
  return [{}, []];
}

async function retireKey({ keyId }) {
  opener.retireKey(keyId);
  return [{}, []];
}

async function open({ codec, isKey, together }, blobs) {
  const one = (sealed) => opener.open(sealed, { codec, isKey });
  const outcomes = [];
  if (together) outcomes.push(...(await Promise.all(bytes(blobs).map(one))));
  else for (const sealed of bytes(blobs)) outcomes.push(await one(sealed));
  return [{ statuses: outcomes.map(({ status }) => status) }, outcomes.map(({ data }) => data)];
}

/** Play a story of keys and frames; give which key each frame of each track has. */
async function turns({ story }) {
  const keys = new KeyTurns();
  const tracks = {};
  const had = story.map(([what, ...rest]) => {
    if (what === 'use') return keys.use(...rest) ?? null;
    if (what === 'stop') return keys.stop() ?? null;
    const [track, isKey, now] = rest;
    return keys.keyFor((tracks[track] ??= { track }), isKey, now);
  });
  return [{ had }, []];
}

/** Want a key frame at each of some times; give when it is asked for. */
async function pace({ times, relaxed }) {
  const one = new Pace();
  const granted = times.filter((now) => {
    if (relaxed.includes(now)) one.relax();
    one.want();
    return one.grant(now);
  });
  return [{ granted }, []];
}

await serve({ useKey, seal, wear, start, addKey, retireKey, open, turns, pace });
