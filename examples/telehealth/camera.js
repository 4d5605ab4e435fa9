// camera.js - a drawn person with a tone for a voice, for machines without a camera
// and for pictures that one can tell apart.

const WIDTH = 640;
const HEIGHT = 360;
const RATE = 30;
const PEOPLE = {
  doctor: { wall: '#bfe3d9', coat: '#ffffff', skin: '#c98d66', hair: '#3a2a20', tone: 330 },
  patient: { wall: '#f6d9a8', coat: '#4f6fb5', skin: '#e8b996', hair: '#8a5a2b', tone: 220 },
};
const OTHER = { wall: '#d8d3ea', coat: '#7a6aa8', skin: '#d9a682', hair: '#222222', tone: 275 };

/** Give a MediaStream of somebody by this name: video with sound. */
export function drawnCamera(name) {
  const person = PEOPLE[name] ?? OTHER;
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = canvas.getContext('2d');
  const start = performance.now();
  const paint = () => draw(pen, person, name, (performance.now() - start) / 1000);
  paint();
  setInterval(paint, 1000 / RATE); // requestAnimationFrame stops in hidden pages
  const stream = canvas.captureStream(RATE);
  stream.addTrack(voice(person.tone));
  return stream;
}

function draw(pen, { wall, coat, skin, hair }, name, seconds) {
  const nod = Math.sin(seconds * 2) * 8;
  pen.fillStyle = wall;
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  disc(pen, coat, WIDTH / 2, HEIGHT + 60, 190, 150);
  disc(pen, hair, WIDTH / 2, 148 + nod, 78, 88);
  disc(pen, skin, WIDTH / 2, 165 + nod, 66, 78);
  for (const side of [-24, 24]) disc(pen, '#222', WIDTH / 2 + side, 155 + nod, 6, 8);
  const open = 4 + 8 * Math.abs(Math.sin(seconds * 5));
  disc(pen, '#8c2f2f', WIDTH / 2, 200 + nod, 18, open);
  pulse(pen, seconds);
  pen.fillStyle = '#222';
  pen.font = 'bold 26px sans-serif';
  pen.fillText(name, 20, 40);
  pen.fillText(`${seconds.toFixed(1)} s`, WIDTH - 110, 40);
}

function disc(pen, colour, x, y, width, height) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.ellipse(x, y, width, height, 0, 0, 2 * Math.PI);
  pen.fill();
}

/** A heart's line along the bottom: what nobody else is to read. */
function pulse(pen, seconds) {
  pen.strokeStyle = '#c2185b';
  pen.lineWidth = 3;
  pen.beginPath();
  for (let x = 0; x <= WIDTH; x += 4) {
    const phase = (x / 160 + seconds * 0.9) % 1;
    const beat = phase > 0.42 && phase < 0.5 ? Math.sin((phase - 0.42) * 78.5) * 40 : 0;
    pen.lineTo(x, HEIGHT - 40 - beat);
  }
  pen.stroke();
}

function voice(tone) {
  const context = new AudioContext();
  const source = context.createOscillator();
  const level = context.createGain();
  const sink = context.createMediaStreamDestination();
  source.frequency.value = tone;
  level.gain.value = 0.1;
  source.connect(level).connect(sink);
  source.start();
  return sink.stream.getAudioTracks()[0];
}
