// Runs livekit-client's own end-to-end worker, unmodified, for the tests.
//
// Only the browser globals that the worker touches are stood in for. Every
// "start" loads the file anew, as a page does with a new Worker.
import { fileURLToPath } from 'node:url';

import { Track, serve } from './wire.mjs';

const SILENT = 5; // loglevel's number for no output at all
const workerUrl = import.meta.resolve('livekit-client/e2ee-worker');
const TEXTS = { error: (data) => String(data.error?.message ?? data.error) };

let posted = [];
let waiting = [];
let loads = 0;
let tracks = new Map();

globalThis.self = globalThis;
// The worker assigns to it as to a variable, which a module may not create.
globalThis.onmessage = null;
globalThis.postMessage = (message) => {
  posted.push(message);
  waiting = waiting.filter((each) => !each(message));
};

// The worker tells audio from video by "type" alone, but names both classes.
globalThis.RTCEncodedAudioFrame = class {
  constructor(data, { timestamp, metadata }) {
    Object.assign(this, { data, timestamp });
    this.getMetadata = () => metadata;
  }
};
globalThis.RTCEncodedVideoFrame = class {
  constructor(data, { type, timestamp, metadata }) {
    Object.assign(this, { data, type, timestamp });
    this.getMetadata = () => metadata;
  }
};

const send = (kind, data) => globalThis.onmessage({ data: { kind, data } });

/** Wait for a posted message that fits. */
const posts = (fits) =>
  new Promise((resolve) =>
    waiting.push((message) => fits(message) && (resolve(message), true)),
  );

/** The worker answers "enable" in turn, so all messages before it are done. */
async function settle(participantIdentity = '#settle', enabled = true) {
  const done = posts(
    ({ kind, data }) =>
      kind === 'enable' && data.participantIdentity === participantIdentity,
  );
  send('enable', { enabled, participantIdentity });
  await done;
}

async function start({ options }) {
  posted = [];
  tracks = new Map();
  await import(`${workerUrl}?load=${++loads}`);
  const ready = posts(({ kind }) => kind === 'initAck');
  send('init', { keyProviderOptions: options, loglevel: SILENT });
  await ready;
  return [{ worker: fileURLToPath(workerUrl) }, []];
}

async function enable({ participant, enabled }) {
  await settle(participant, enabled);
  return [{}, []];
}

async function setKey(request, [raw]) {
  const { participant, kdf, keyIndex, update } = request;
  // The client's key provider makes PBKDF2 keys of strings, HKDF keys of bytes.
  const usages = ['deriveBits', 'deriveKey'];
  send('setKey', {
    participantIdentity: participant,
    isPublisher: true,
    key: await crypto.subtle.importKey('raw', raw, kdf, false, usages),
    keyIndex,
    updateCurrentKeyIndex: update,
  });
  await settle();
  return [{}, []];
}

async function ratchet({ participant, keyIndex }) {
  const done = posts(({ kind }) => kind === 'ratchetKey');
  send('ratchetRequest', { participantIdentity: participant, keyIndex });
  const { data } = await done;
  await settle();
  return [{ keyIndex: data.keyIndex }, [data.ratchetResult.chainKey]];
}

async function setSifTrailer(_request, [trailer]) {
  send('setSifTrailer', { trailer: new Uint8Array(trailer) });
  await settle();
  return [{}, []];
}

async function getTrack({ direction, participant, track, codec, trailer }) {
  const id = [direction, participant, track].join();
  let ends = tracks.get(id);
  if (!ends) {
    ends = new Track();
    tracks.set(id, ends);
    send(direction, {
      participantIdentity: participant,
      readableStream: ends.readable,
      writableStream: ends.writable,
      trackId: id,
      codec: codec ?? undefined,
      isReuse: false,
      hasPacketTrailer: trailer !== null,
      packetTrailer: trailer ?? undefined,
    });
    await settle();
  }
  return ends;
}

async function run(request, blobs) {
  const { mime, ssrc, timestamp, step, types } = request;
  const ends = await getTrack(request);
  const metadata = { synchronizationSource: ssrc };
  if (mime) metadata.mimeType = mime;
  const Frame = types ? RTCEncodedVideoFrame : RTCEncodedAudioFrame;
  const make = (data, i) =>
    new Frame(data, {
      type: types?.[i] ?? 'delta',
      timestamp: (timestamp + i * step) >>> 0,
      metadata,
    });
  posted = [];
  const frames = blobs.map(make);
  const result = await ends.run(frames, make(new ArrayBuffer(0), blobs.length));
  const of = (wanted) => posted.filter(({ kind }) => kind === wanted);
  const answer = {
    died: result.died,
    errors: of('error').map(({ data }) => TEXTS.error(data)),
    ratchets: of('ratchetKey').length,
    metadata: of('packetTrailerMetadata').map(({ data }) => ({
      frameId: data.metadata.frameId,
      userTimestamp: String(data.metadata.userTimestamp),
    })),
  };
  return [answer, result.blobs];
}

/** Encrypt data packets; gives payload and IV of each, one after the other. */
async function sealData({ participant }, blobs) {
  const indices = [];
  const out = [];
  for (const [i, payload] of blobs.entries()) {
    const uuid = `seal-${i}`;
    const done = posts(({ data }) => data?.uuid === uuid);
    send('encryptDataRequest', {
      uuid,
      payload: new Uint8Array(payload),
      participantIdentity: participant,
    });
    const { data } = await done;
    indices.push(data.keyIndex);
    out.push(data.payload, data.iv);
  }
  return [{ indices }, out];
}

/** Decrypt data packets, given as payload and IV one after the other. */
async function openData({ participant, indices }, blobs) {
  const errors = [];
  const out = [];
  for (const [i, keyIndex] of indices.entries()) {
    const uuid = `open-${i}`;
    const done = posts(({ data }) => data?.uuid === uuid);
    send('decryptDataRequest', {
      uuid,
      payload: new Uint8Array(blobs[2 * i]),
      iv: new Uint8Array(blobs[2 * i + 1]),
      participantIdentity: participant,
      keyIndex,
    });
    const { kind, data } = await done;
    if (kind === 'error') errors.push(TEXTS.error(data));
    out.push(data.payload);
  }
  return [{ errors }, out];
}

await serve({
  start,
  enable,
  setKey,
  ratchet,
  setSifTrailer,
  run,
  sealData,
  openData,
});
