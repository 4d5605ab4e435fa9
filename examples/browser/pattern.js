// pattern.js - something to send without a camera: four colours, a clock, a tone.

const WIDTH = 640;
const HEIGHT = 360;
const RATE = 30;
const COLOURS = ['rgb(200, 30, 30)', 'rgb(30, 180, 30)', 'rgb(30, 30, 200)', 'rgb(200, 200, 30)'];
const PLACES = [[0, 0], [1, 0], [0, 1], [1, 1]];

function paint(context, seconds) {
  PLACES.forEach(([x, y], at) => {
    context.fillStyle = COLOURS[at];
    context.fillRect((x * WIDTH) / 2, (y * HEIGHT) / 2, WIDTH / 2, HEIGHT / 2);
  });
  context.fillStyle = 'white';
  context.beginPath();
  context.arc(WIDTH / 2, HEIGHT / 2, 70, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = 'black';
  context.fillText(seconds.toFixed(1), WIDTH / 2, HEIGHT / 2);
}

/** Give a video track of a pattern with a clock. */
export function picture() {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext('2d');
  Object.assign(context, { font: '40px sans-serif', textAlign: 'center', textBaseline: 'middle' });
  const [track] = canvas.captureStream(RATE).getVideoTracks();
  const begun = performance.now();
  const timer = setInterval(() => {
    if (track.readyState === 'ended') clearInterval(timer);
    paint(context, (performance.now() - begun) / 1000);
  }, 1000 / RATE);
  return track;
}

/** Give an audio track of a soft tone. */
export function tone() {
  const context = new AudioContext();
  const end = context.createMediaStreamDestination();
  const oscillator = new OscillatorNode(context, { frequency: 220 });
  oscillator.connect(new GainNode(context, { gain: 0.2 })).connect(end);
  oscillator.start();
  return end.stream.getAudioTracks()[0];
}

/** Give the camera's and the microphone's tracks, if the visitor lets us. */
export async function camera() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  return stream.getTracks();
}
