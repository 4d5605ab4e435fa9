// demo.js - the page: Alice calls Bob; Carol comes and goes; Bob loses his keys.

import { Call } from './call.js';
import { LocalRoom } from './local-room.js';
import { draw, show } from './overlay.js';
import { camera, picture, tone } from './pattern.js';
import { Transforms } from './transforms.js';

const LOOK = 250; // milliseconds
const NOBODY = { useKey() {}, addKey() {}, retireKey() {} }; // hears keys, has no call

const the = (id) => document.getElementById(id);
const say = (text) => (the('said').textContent = text);
const room = new LocalRoom('demo');

let changes = 0;
let carol = null;
let running = null; // the call's { alice, bob, held }

async function start({ format, codec, source }) {
  const tracks = source === 'camera' ? await camera() : [picture(), tone()];
  const [aliceId, bobId] = await Promise.all([room.invite(), room.invite()]);
  const alice = new Transforms({ format });
  const bob = new Transforms({ format });
  const held = new Map(); // key id → what retires it: Alice's keys, as Bob has them
  await room.join(aliceId, {
    ...NOBODY,
    useKey: async (told) => {
      await alice.useKey(told);
      changes += 1;
      say(`Alice seals under key ${told.keyId}, number ${changes} of this call.`);
    },
  });
  // Without this wait all would be well, too: frames without a key are dropped.
  await new Promise((resolve) => {
    const addKey = (told) => {
      held.set(told.keyId, told);
      resolve(bob.addKey(told));
    };
    const retireKey = (told) => {
      held.delete(told.keyId);
      bob.retireKey(told);
    };
    room.join(bobId, { ...NOBODY, addKey, retireKey });
  });
  const call = new Call(alice, bob, aliceId.publicKey);
  the('sent').srcObject = new MediaStream(tracks);
  the('shown').srcObject = call.stream;
  the('shown').muted = true;
  await call.start(tracks, codec);
  running = { alice, bob, held };
  setInterval(look, LOOK);
}

async function look() {
  const [sealed, opened] = await Promise.all([running.alice.tell(), running.bob.tell()]);
  show(the('sealed'), sealed);
  show(the('opened'), opened);
  const video = sealed.find(({ kind }) => kind === 'video');
  if (video) draw(the('noise'), video.sample);
}

the('choices').onsubmit = async (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(event.target));
  for (const one of event.target.elements) one.disabled = true;
  try {
    await start(given);
    the('doings').hidden = false;
  } catch (error) {
    say(`No call: ${error.message}. Reload the page to try again.`);
  }
};

the('carol').onclick = async ({ target }) => {
  target.disabled = true;
  if (carol) {
    await room.leave(carol);
    carol = null;
  } else {
    carol = await room.invite();
    await room.join(carol, NOBODY);
  }
  target.textContent = carol ? 'Let Carol go' : 'Let Carol in';
  target.disabled = false;
};

the('forget').onclick = async () => {
  const { bob, held } = running;
  for (const { sender, keyId } of held.values()) await bob.retireKey({ sender, keyId });
  say('Bob has no key of Alice’s. Let Carol in or go, and he gets the next one.');
};

the('listen').onclick = ({ target }) => {
  const isOn = target.ariaPressed !== 'true';
  target.ariaPressed = String(isOn);
  target.textContent = isOn ? 'Mute' : 'Listen';
  the('shown').muted = !isOn;
};
