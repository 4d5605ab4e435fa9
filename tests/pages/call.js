// A member of a call in a browser; Python carries the SDP and asks for figures.

import { Transforms } from '/transforms.js';
import { draw, reader } from './numbered.js';

const TONE = 48000 / 17 / (2 * Math.PI); // Hz, as tests/clips.py has it
const transforms = new Transforms({ format: 'insertable' });
let connection;
const shown = []; // of each decoded picture: its number, and when it came
const published = { pictures: 0, began: 0 };

const gathered = () =>
  new Promise((resolve) => {
    const look = () => connection.iceGatheringState === 'complete' && resolve();
    connection.onicegatheringstatechange = look;
    look();
  });

function pictures({ rate, width, height }) {
  const track = new MediaStreamTrackGenerator({ kind: 'video' });
  const writer = track.writable.getWriter();
  const canvas = new OffscreenCanvas(width, height);
  published.began = performance.now();
  const tick = () => {
    const due = published.began + (published.pictures * 1000) / rate;
    if (performance.now() >= due) {
      draw(canvas, published.pictures % 4096);
      const timestamp = Math.round((published.pictures * 1e6) / rate);
      writer.write(new VideoFrame(canvas, { timestamp }));
      published.pictures += 1;
    }
    if (published.ended) writer.close();
    else setTimeout(tick, 1);
  };
  tick();
  return track;
}

function tone() {
  const context = new AudioContext();
  const source = new OscillatorNode(context, { frequency: TONE });
  const loudness = new GainNode(context, { gain: 0.25 });
  const sink = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
  source.connect(loudness).connect(sink);
  source.start();
  return sink.stream.getAudioTracks()[0];
}

// Offer numbered pictures and a tone, sealed.
export async function offer(options) {
  connection = new RTCPeerConnection({ iceServers: [] });
  for (const track of [tone(), pictures(options)]) {
    const { sender } = connection.addTransceiver(track, {
      direction: 'sendonly',
      sendEncodings: (track.kind === 'video' && options.encodings) || [{}],
    });
    transforms.sealSender(sender);
  }
  for (const transceiver of connection.getTransceivers()) {
    if (transceiver.sender.track.kind !== 'video') continue;
    const { codecs } = RTCRtpSender.getCapabilities('video');
    const wanted = [`video/${options.codec}`.toLowerCase(), 'video/rtx'];
    transceiver.setCodecPreferences(
      codecs.filter(({ mimeType }) => wanted.includes(mimeType.toLowerCase())),
    );
  }
  await connection.setLocalDescription();
  await gathered();
  return connection.localDescription.sdp;
}

// Seal under a key from now on; bytes come as a list.
export const use = (keyId, key) =>
  transforms.useKey({ keyId, key: Uint8Array.from(key) });

// Open with a key, too.
export const add = (keyId, key) =>
  transforms.addKey({ sender: 'them', keyId, key: Uint8Array.from(key) });

export const accept = (sdp) =>
  connection.setRemoteDescription({ type: 'answer', sdp });

async function watch(track) {
  const read = reader();
  const processor = new MediaStreamTrackProcessor({ track });
  const from = processor.readable.getReader();
  for (;;) {
    const { done, value } = await from.read();
    if (done) return;
    shown.push([read(value), performance.now()]);
    value.close();
  }
}

// Answer an offer; open what comes, and show it.
export async function answer(sdp) {
  connection = new RTCPeerConnection({ iceServers: [] });
  connection.ontrack = ({ track, receiver }) => {
    transforms.openReceiver(receiver, { sender: 'them' });
    const element = document.querySelector(track.kind);
    element.srcObject = new MediaStream([track]);
    if (track.kind === 'video') watch(track.clone());
  };
  await connection.setRemoteDescription({ type: 'offer', sdp });
  await connection.setLocalDescription();
  await gathered();
  return connection.localDescription.sdp;
}

// What was published and shown, and WebRTC's own counts by kind (and rid).
export async function figures() {
  const counts = {};
  for (const one of (await connection.getStats()).values()) {
    if (one.type === 'inbound-rtp' || one.type === 'outbound-rtp') {
      counts[one.kind + (one.rid ?? '')] = one;
    }
  }
  const told = (await transforms.tell()).map(({ kind, counts: by }) => [kind, by]);
  const tally = Object.fromEntries(told);
  return { published: published.pictures, shown, counts, tally };
}

export function stop() {
  published.ended = true;
}

// The picture that is on the screen, as PNG in base64.
export function grab() {
  const video = document.querySelector('video');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext('2d').drawImage(video, 0, 0);
  return canvas.toDataURL('image/png').split(',')[1];
}
