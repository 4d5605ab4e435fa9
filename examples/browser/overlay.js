// overlay.js - shows what became of frames: how many were sealed or opened, how many
// were dropped and why.

import { TEXTS } from './status.js';

const DONE = { seal: 'sealed', open: 'opened' };

function line(text, isBad = false) {
  const item = document.createElement('li');
  item.textContent = text;
  item.classList.toggle('bad', isBad);
  return item;
}

/** Spell one track as lines. */
function linesOf({ op, kind, codec, counts }) {
  const { OK = 0, ...dropped } = counts;
  const name = [kind, codec?.toUpperCase()].filter(Boolean).join(' ');
  return [
    line(`${name}: ${OK} ${DONE[op]}`),
    ...Object.entries(dropped).map(([status, count]) =>
      line(`${name}: ${count} dropped, ${status}: ${TEXTS[status]}`, true),
    ),
  ];
}

/** Show tracks, as Transforms.tell() gives them, in a list. */
export function show(list, tracks) {
  list.replaceChildren(...tracks.flatMap(linesOf));
}

/** Draw bytes as pixels: what somebody sees who has no key. */
export function draw(canvas, bytes) {
  const { width, height } = canvas;
  const image = new ImageData(width, height);
  for (let at = 0; at < width * height; at += 1) {
    const shade = bytes.length ? bytes[at % bytes.length] : 0;
    image.data.set([shade, shade, shade, 255], 4 * at);
  }
  canvas.getContext('2d').putImageData(image, 0, 0);
}
