// Runs @stream-io/video-client's own end-to-end worker, unmodified, for tests.
//
// The package ships the worker as a function whose text becomes a Worker; here
// it is called. Every call has a state of its own, as a new Worker has.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { Track, serve } from './wire.mjs';

const require = createRequire(import.meta.url);
const main = require.resolve('@stream-io/video-client');
const file = join(dirname(main), 'e2ee-worker.browser.es.js');
const { e2eeWorker } = await import(pathToFileURL(file).href);

let posted = [];
let onState = () => {};
let handlers = {};
let tracks = new Map();

globalThis.addEventListener = (type, handler) => (handlers[type] = handler);
globalThis.self = {
  postMessage(message) {
    if (message.type === 'e2ee.key_state') onState(message);
    else posted.push(message);
  },
};

/** Send a command, and wait until the worker has done all up to it. */
async function command(data) {
  const state = new Promise((resolve) => (onState = resolve));
  handlers.message({ data });
  handlers.message({ data: { type: 'cmd.request_key_state' } });
  return await state;
}

async function start() {
  posted = [];
  handlers = {};
  tracks = new Map();
  e2eeWorker();
  return [{ worker: file }, []];
}

async function setKey({ user, keyIndex }, [rawKey]) {
  const type = user === null ? 'cmd.set_shared_key' : 'cmd.set_key';
  const state = await command({ type, userId: user, keyIndex, rawKey });
  return [{ state }, []];
}

async function run(request, blobs) {
  const { direction, user, track, codec, types } = request;
  const id = [direction, user, track].join();
  let ends = tracks.get(id);
  if (!ends) {
    ends = new Track();
    tracks.set(id, ends);
    await command({
      type: 'cmd.setup_transform',
      readable: ends.readable,
      writable: ends.writable,
      operation: direction,
      userId: user,
      codec: codec ?? undefined,
      trackType: track,
    });
  }
  const make = (data, i) => ({ data, type: types?.[i], timestamp: i });
  const frames = blobs.map(make);
  const result = request.isRefused
    ? await ends.drop(frames)
    : await ends.run(frames, make(new ArrayBuffer(0), -1));
  const events = posted;
  posted = [];
  return [{ died: result.died, events }, result.blobs];
}

await serve({ start, setKey, run });
