// A page in a Room of livekit-client, for tests: joins, publishes, tells what it sees.
import * as lk from './livekit-client.esm.mjs';

const [WIDTH, HEIGHT, RATE] = [320, 240, 30];
const video = document.body.appendChild(document.createElement('video'));
video.muted = true;
const sound = new AudioContext();
const ears = new AnalyserNode(sound, { fftSize: 8192 });

const seen = { errors: [], ratchets: [], messages: [], isEncrypted: {} };
let room;
let keys;
let picture;

// Keys by participant and index, made by HKDF, as Element Call has them.
class MemberKeys extends lk.BaseKeyProvider {
  constructor(options) {
    super(options);
    this.on(lk.KeyProviderEvent.KeyRatcheted, (_, identity) => seen.ratchets.push(identity));
  }

  async setKey(bytes, identity, index) {
    const material = await lk.createKeyMaterialFromBuffer(bytes);
    this.onSetEncryptionKey(material, identity, index);
  }
}

function show(track) {
  if (track.kind === lk.Track.Kind.Video) {
    picture = track;
    track.attach(video);
  } else {
    track.attach(); // without an element Chromium gives no sound to the graph
    const stream = new MediaStream([track.mediaStreamTrack]);
    new MediaStreamAudioSourceNode(sound, { mediaStream: stream }).connect(ears);
  }
}

// What the provider takes for a text, and for key bytes.
const spell = (key) => (typeof key === 'string' ? key : new Uint8Array(key).buffer);

// A shared key is all's; without one each has keys, by these options of the provider.
globalThis.join = async (url, shared, options, singlePeerConnection) => {
  if (shared) {
    keys = new lk.ExternalE2EEKeyProvider();
    await keys.setKey(spell(shared));
  } else {
    keys = new MemberKeys(options);
  }
  const worker = new Worker('./livekit-client.e2ee.worker.mjs', { type: 'module' });
  room = new lk.Room({
    encryption: { keyProvider: keys, worker },
    publishDefaults: { simulcast: false },
    singlePeerConnection,
  });
  room.on(lk.RoomEvent.EncryptionError, (error, participant) =>
    seen.errors.push([participant?.identity, error.message]),
  );
  room.on(lk.RoomEvent.ParticipantEncryptionStatusChanged, (on, participant) => {
    seen.isEncrypted[participant.identity] = on;
  });
  room.on(lk.RoomEvent.TrackSubscribed, show);
  room.on(lk.RoomEvent.DataReceived, (payload, participant, _, topic, encryption) =>
    seen.messages.push([participant?.identity, new TextDecoder().decode(payload), topic, encryption]),
  );
  await room.setE2EEEnabled(true);
  await room.connect(url, 'nobody reads this token');
};

globalThis.setKey = (key, identity, index) => keys.setKey(spell(key), identity, index);
globalThis.ratchet = (identity, index) => keys.ratchetKey(identity, index);
globalThis.sendData = (text, topic) =>
  room.localParticipant.publishData(new TextEncoder().encode(text), { reliable: true, topic });

// Two halves in these colours, and a dot that moves so that no two pictures are alike.
globalThis.publishPicture = async (codec, left, right) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext('2d');
  let number = 0;
  setInterval(() => {
    context.fillStyle = left;
    context.fillRect(0, 0, WIDTH / 2, HEIGHT);
    context.fillStyle = right;
    context.fillRect(WIDTH / 2, 0, WIDTH / 2, HEIGHT);
    context.fillStyle = 'white';
    context.fillRect((number += 2) % WIDTH, 0, 16, 16);
  }, 1000 / RATE);
  const [track] = canvas.captureStream(RATE).getVideoTracks();
  const source = lk.Track.Source.Camera;
  await room.localParticipant.publishTrack(track, { videoCodec: codec, source });
};

globalThis.publishTone = async (frequency) => {
  const sink = new MediaStreamAudioDestinationNode(sound);
  const tone = new OscillatorNode(sound, { frequency });
  tone.connect(sink);
  tone.start();
  const [track] = sink.stream.getAudioTracks();
  await room.localParticipant.publishTrack(track, { source: lk.Track.Source.Microphone });
};

// The colours in the middle of both halves of what is shown.
function colours() {
  if (!video.videoWidth) return null;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  return [0.25, 0.75].map((at) =>
    Array.from(context.getImageData(canvas.width * at, canvas.height / 2, 1, 1).data.slice(0, 3)),
  );
}

// The loudest frequency of what is heard, in hertz; 0 in silence.
function loudest() {
  const levels = new Float32Array(ears.frequencyBinCount);
  ears.getFloatFrequencyData(levels);
  const top = levels.reduce((best, level, at) => (level > levels[best] ? at : best), 0);
  return levels[top] > -60 ? (top * sound.sampleRate) / ears.fftSize : 0;
}

// How many frames of the picture were decoded, and by which codec.
async function decoded() {
  const report = await picture?.getRTCStatsReport();
  const stream = [...(report?.values() ?? [])].find(({ type }) => type === 'inbound-rtp');
  return {
    frames: stream?.framesDecoded ?? 0,
    codec: report?.get(stream?.codecId)?.mimeType,
  };
}

globalThis.look = async () => ({
  ...seen,
  ...(await decoded()),
  colours: colours(),
  tone: loudest(),
});
