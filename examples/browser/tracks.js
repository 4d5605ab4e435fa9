// tracks.js - what a worker does with the frames of one track: they go on sealed, or
// opened, or not at all.

import { codecOf } from './clear-prefix.js';
import { sealFrame } from './frame-sealer.js';
import { Pace } from './pace.js';
import { Tally } from './status.js';

const SAMPLE_MAX = 4096;
const isVideo = (frame) => 'type' in frame;
const isKey = (frame) => frame.type === 'key';

class Track {
  #given;
  #pace = new Pace();
  #tally = new Tally();
  #codec = null;
  #sample = new Uint8Array();

  /** ask() asks for a key frame, where the browser can. */
  constructor(given, ask) {
    this.#given = given;
    this.ask = ask;
  }

  /** What the page is shown, the last frame as it travels included. */
  get told() {
    const { op, kind } = this.#given;
    return { op, kind, codec: this.#codec, counts: this.#tally.counts, sample: this.#sample };
  }

  /** Connect both ends; whatever a frame does, the next one gets its turn. */
  async run(readable, writable) {
    const transform = (frame, controller) => this.#pass(frame, controller);
    await readable.pipeThrough(new TransformStream({ transform })).pipeTo(writable);
  }

  async #pass(frame, controller) {
    // Padding, by which browsers probe the network: there is nothing to lose in it.
    if (this.#given.op === 'open' && frame.data.byteLength === 0) return;
    let status = 'INTERNAL';
    try {
      const outcome = await this.#changed(frame);
      ({ status } = outcome);
      if (status === 'OK') {
        frame.data = outcome.data.buffer;
        controller.enqueue(frame);
      }
    } catch {
      status = 'INTERNAL'; // the frame is gone, and with it what was wrong
    }
    this.#tally.add(status);
    this.#attend(frame, status);
  }

  async #changed(frame) {
    this.#codec = codecOf(frame.getMetadata().mimeType) ?? this.#given.codec ?? null;
    if (!this.#codec) return { status: 'NOT_RUN' };
    const before = new Uint8Array(frame.data);
    const outcome = await this.change(before, this.#codec, frame);
    const sealed = this.#given.op === 'seal' ? outcome.data : before;
    if (sealed) this.#sample = sealed.slice(0, SAMPLE_MAX);
    return outcome;
  }

  #attend(frame, status) {
    if (!isVideo(frame)) return;
    if (status === 'OK') this.#pace.relax();
    // A second copy spoils no picture.
    if (status !== 'REPLAYED' && (status !== 'OK' || this.wantsKeyFrame())) this.#pace.want();
    // A frame that nobody could seal or open is missed by those that build on it.
    if (this.#pace.grant(performance.now())) this.ask().catch(() => {});
  }
}

export class SealedTrack extends Track {
  #turns;

  /** askPage() has the page ask, where the worker has no way. */
  constructor(given, turns, transformer, askPage) {
    super(given, async () => (transformer?.generateKeyFrame ? transformer.generateKeyFrame() : askPage()));
    this.#turns = turns;
  }

  async change(plain, codec, frame) {
    const goesOver = !isVideo(frame) || isKey(frame);
    const key = this.#turns.keyFor(this, goesOver, performance.now());
    if (!key) return { status: 'UNKNOWN_KEY' };
    return sealFrame(key, plain, { codec, isKey: isKey(frame) });
  }

  /** The next key begins at a key frame: better soon than when one comes. */
  wantsKeyFrame() {
    return this.#turns.awaitsKeyFrame(this);
  }
}

export class OpenedTrack extends Track {
  #opener;

  constructor(given, opener, transformer) {
    super(given, async () => transformer?.sendKeyFrameRequest?.());
    this.#opener = opener;
  }

  change(sealed, codec, frame) {
    return this.#opener.open(sealed, { codec, isKey: isKey(frame) });
  }

  wantsKeyFrame() {
    return false;
  }
}
