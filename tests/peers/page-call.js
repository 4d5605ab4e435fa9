// One end of a call, for tests: sends a pattern of four colours and a tone, sealed,
// and shows what it receives, opened. The other end is Python's, or a server.
import { Transforms } from '/transforms.js';

const WIDTH = 320;
const HEIGHT = 240;
const COLOURS = ['rgb(200, 30, 30)', 'rgb(30, 180, 30)', 'rgb(30, 30, 200)', 'rgb(200, 200, 30)'];
const quadrants = [[0, 0], [1, 0], [0, 1], [1, 1]];

let connection;
let transforms;
let sender;

const bytes = (numbers) => Uint8Array.from(numbers);

function pattern() {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext('2d');
  let count = 0;
  setInterval(() => {
    quadrants.forEach(([x, y], at) => {
      context.fillStyle = COLOURS[at];
      context.fillRect((x * WIDTH) / 2, (y * HEIGHT) / 2, WIDTH / 2, HEIGHT / 2);
    });
    context.fillStyle = 'white'; // something that moves, in the middle
    context.fillRect(WIDTH / 2 - 20 + (count % 40), HEIGHT / 2 - 4, 8, 8);
    count += 1;
  }, 33);
  return canvas.captureStream(30).getVideoTracks()[0];
}

function tone() {
  const context = new AudioContext();
  const end = context.createMediaStreamDestination();
  const oscillator = context.createOscillator();
  oscillator.connect(end);
  oscillator.start();
  return end.stream.getAudioTracks()[0];
}

const gathered = () =>
  new Promise((resolve) => {
    const look = () => connection.iceGatheringState === 'complete' && resolve();
    connection.addEventListener('icegatheringstatechange', look);
    look();
  });

function prefer(transceiver, codec) {
  const { codecs } = RTCRtpSender.getCapabilities('video');
  const isMeant = ({ mimeType, sdpFmtpLine = '' }) =>
    mimeType.toLowerCase() === `video/${codec}` &&
    // What aiortc has: baseline, cut to fragments.
    (codec !== 'h264' || /packetization-mode=1.*42e01f/.test(sdpFmtpLine));
  transceiver.setCodecPreferences(codecs.filter(isMeant));
}

globalThis.call = {
  begin(given) {
    sender = given.sender;
    transforms = new Transforms(given);
    connection = new RTCPeerConnection({ ...transforms.configuration, iceServers: [] });
    connection.ontrack = ({ track, receiver }) => {
      transforms.openReceiver(receiver, { sender });
      const shown = document.querySelector(track.kind);
      shown.srcObject = new MediaStream([track]);
    };
  },

  useKey: (key, keyId, at, wait = 0) =>
    transforms.useKey({ key: bytes(key), keyId, at, until: performance.now() + wait }),
  addKey: (key, keyId) => transforms.addKey({ sender, key: bytes(key), keyId }),
  retireKey: (keyId) => transforms.retireKey({ sender, keyId }),

  /** Offer to send; give the SDP. */
  async send({ codec, hasSound = true }) {
    const video = connection.addTransceiver(pattern(), { direction: 'sendonly' });
    transforms.sealSender(video);
    prefer(video, codec);
    if (hasSound) transforms.sealSender(connection.addTransceiver(tone(), { direction: 'sendonly' }));
    await connection.setLocalDescription(await connection.createOffer());
    await gathered();
    return connection.localDescription.sdp;
  },

  accept: (sdp) => connection.setRemoteDescription({ type: 'answer', sdp }),

  /** Answer an offer to send; give the SDP. */
  async receive(sdp) {
    await connection.setRemoteDescription({ type: 'offer', sdp });
    await connection.setLocalDescription(await connection.createAnswer());
    await gathered();
    return connection.localDescription.sdp;
  },

  async tell() {
    const told = await transforms.tell();
    return Object.fromEntries(told.map(({ kind, codec, counts }) => [kind, { codec, counts }]));
  },

  async stats() {
    const found = {};
    for (const one of (await connection.getStats()).values()) {
      if (['inbound-rtp', 'outbound-rtp'].includes(one.type)) found[one.kind] = one;
    }
    return found;
  },

  /** Give the colours in the middle of each quadrant of what is shown. */
  colours() {
    const video = document.querySelector('video');
    if (!video.videoWidth) return null;
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: WIDTH, height: HEIGHT });
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0, WIDTH, HEIGHT);
    return quadrants.map(([x, y]) => {
      const [place, other] = [WIDTH * (0.25 + x / 2), HEIGHT * (0.25 + y / 2)];
      return [...context.getImageData(place, other, 1, 1).data].slice(0, 3);
    });
  },
};
