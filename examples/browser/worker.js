// worker.js - seals and opens the frames of a page's tracks, with the keys that the
// page hands over; see transforms.js. Its name is the wire format.

import { claim } from './claimed-keys.js';
import { FrameOpener } from './frame-opener.js';
import { KeyTurns } from './key-turns.js';
import { SealingKey } from './sealing-key.js';
import { OpenedTrack, SealedTrack } from './tracks.js';

const format = self.name;
const turns = new KeyTurns();
const openers = new Map(); // member's name → FrameOpener
const tracks = [];

function openerOf(sender) {
  if (!openers.has(sender)) openers.set(sender, new FrameOpener(format));
  return openers.get(sender);
}

/** Put a track between two streams; the transformer is null in the old way. */
function begin(given, { readable, writable }, transformer) {
  const askPage = () => self.postMessage({ wantsKeyFrame: given.id });
  const track =
    given.op === 'seal'
      ? new SealedTrack(given, turns, transformer, askPage)
      : new OpenedTrack(given, openerOf(given.sender), transformer);
  tracks.push(track);
  const forget = () => tracks.splice(tracks.indexOf(track), 1);
  // Streams end when their sender or receiver does, well or not.
  track.run(readable, writable).then(forget, forget);
}

async function use({ key, keyId, at, wait }) {
  const until = performance.now() + wait;
  try {
    await claim(key);
    turns.use(await SealingKey.of(format, key, keyId), at, until);
  } catch (error) {
    turns.stop(); // somebody may know the key before, who is meant to be shut out
    throw error;
  }
}

const orders = {
  use,
  add: ({ sender, key, keyId }) => openerOf(sender).addKey(key, keyId),
  retire: ({ sender, keyId }) => openerOf(sender).retireKey(keyId),
  carry: ({ given, readable, writable }) => begin(given, { readable, writable }, null),
  tell: () => tracks.map((track) => track.told),
};

// One after the other: a key that comes and goes must not go and come.
let work = Promise.resolve();

self.onmessage = ({ data: { order, port, ...rest } }) => {
  work = work
    .then(() => orders[order](rest))
    .then(
      (told) => port.postMessage({ told }),
      (error) => port.postMessage({ error: `${error.name}: ${error.message}` }),
    );
};

self.onrtctransform = ({ transformer }) => begin(transformer.options, transformer, transformer);
