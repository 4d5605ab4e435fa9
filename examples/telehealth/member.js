// member.js - a member of a consultation: in touch with the others by the relay, in
// a call with them by Janus, and sealed from both. The address says where they are:
//
//   member.html?name=doctor&room=1&relay=ws://…/&janus=ws://…/

import { fromText, toText } from '../browser/bytes.js';
import { Identity, safetyNumber } from '../browser/identity.js';
import { KeyManager } from '../browser/key-manager.js';
import { Relay } from '../browser/relay.js';
import { Transforms } from '../browser/transforms.js';
import { drawnCamera } from './camera.js';
import { VideoRoom } from './janus.js';

const KEY_LENGTH = 200; // characters a public key's text may have at most
const GLANCE = 500; // milliseconds between two looks at the counts

const asked = new URLSearchParams(location.search);
const name = asked.get('name') ?? 'member';
const trusted = new Set(); // texts of public keys
const people = document.getElementById('people');

const identity = await Identity.generate();
const transforms = new Transforms({ format: 'insertable' });
const relay = new Relay({ url: asked.get('relay'), room: `consultation ${asked.get('room')}`, identity });
const manager = new KeyManager({
  identity,
  room: `consultation ${asked.get('room')}`,
  trust: (publicKey) => trusted.has(toText(publicKey)),
  send: (to, message) => relay.send(to, message),
  useKey: transforms.useKey,
  addKey: transforms.addKey,
  retireKey: transforms.retireKey,
});

/** Show somebody: a picture, and below it what became of the frames. */
function show(whose, stream, isOwn) {
  const figure = document.createElement('figure');
  const video = document.createElement('video');
  const caption = document.createElement('figcaption');
  Object.assign(video, { srcObject: stream, autoplay: true, muted: true, playsInline: true });
  figure.dataset.whose = whose;
  caption.textContent = isOwn ? `${whose} (you)` : whose;
  figure.append(video, caption);
  people.append(figure);
}

/** Send what the camera sees, sealed from the task on in which it is added. */
async function publish(room) {
  const stream = drawnCamera(name);
  const connection = new RTCPeerConnection(transforms.configuration);
  for (const track of stream.getTracks()) {
    const transceiver = connection.addTransceiver(track, { direction: 'sendonly' });
    transforms.sealSender(transceiver);
  }
  show(name, stream, true);
  // The name that everybody sees is the public key: whose keys open these frames.
  const display = `${name} ${toText(identity.publicKey)}`;
  await room.publish(connection, display, (publisher) => watch(room, publisher));
}

/** See and hear another member, once its keys are here. */
async function watch(room, { id, display }) {
  const [whose, text] = display.split(' ');
  const sender = fromText(text);
  const connection = new RTCPeerConnection(transforms.configuration);
  const stream = new MediaStream();
  connection.ontrack = ({ receiver, track }) => {
    transforms.openReceiver(receiver, { sender });
    stream.addTrack(track);
  };
  show(whose, stream, false);
  await room.subscribe(connection, id);
}

async function count() {
  const tracks = await transforms.tell();
  const lines = tracks.map(({ op, kind, counts }) => {
    const words = Object.entries(counts).map(([status, number]) => `${status} ${number}`);
    return `${op} ${kind}: ${words.join(', ') || 'nothing yet'}`;
  });
  document.getElementById('counts').textContent = lines.join('\n');
  const members = [...manager.members, identity.publicKey];
  const said = members.length > 1 ? `Read this to each other: ${await safetyNumber(members)}` : 'Nobody else is here yet.';
  document.getElementById('safety').textContent = said;
}

document.getElementById('name').textContent = `A sealed consultation: ${name}`;
document.getElementById('own').textContent = toText(identity.publicKey);
document.getElementById('let-in').onsubmit = (event) => {
  event.preventDefault();
  const { key } = event.target.elements;
  if (key.value.length > KEY_LENGTH) return;
  trusted.add(key.value.trim());
  manager.memberJoined(fromText(key.value.trim())); // it may have knocked before
  key.value = '';
};

const leaving = new AbortController();
addEventListener('pagehide', () => leaving.abort());
relay.connect(manager, leaving.signal);
const room = new VideoRoom({ url: asked.get('janus'), room: Number(asked.get('room')) });
await room.open();
await publish(room);
setInterval(count, GLANCE);
document.body.dataset.state = 'in the call';
