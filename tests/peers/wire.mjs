// What both drivers share: messages on stdin and stdout, streams of frames.
//
// A message is one line of JSON, then the bytes whose lengths "sizes" gives.
// Frames stay binary: hex in JSON took longer than the peers' own work.
import { setTimeout as sleep } from 'node:timers/promises';

// Time for a transform to pass on the last frame it took, if it does.
const DROP_MS = 100;

/** Reads lines and byte runs from a stream of chunks. */
class Reader {
  #chunks;
  #held = Buffer.alloc(0);

  constructor(stream) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Hold at least size bytes; false at the end of the stream. */
  async #hold(size) {
    if (this.#held.length >= size) return true;
    const parts = [this.#held];
    let have = this.#held.length;
    while (have < size) {
      const { value, done } = await this.#chunks.next();
      if (done) return false;
      parts.push(value);
      have += value.length;
    }
    this.#held = Buffer.concat(parts);
    return true;
  }

  async line() {
    for (;;) {
      const end = this.#held.indexOf(10);
      if (end >= 0) return this.#take(end + 1).toString().trimEnd();
      if (!(await this.#hold(this.#held.length + 1))) return undefined;
    }
  }

  async bytes(size) {
    if (!(await this.#hold(size))) throw new Error('stdin ended in a message');
    return this.#take(size);
  }

  #take(size) {
    const taken = this.#held.subarray(0, size);
    this.#held = this.#held.subarray(size);
    return taken;
  }
}

/** Cut bytes into ArrayBuffers of their own, as a browser hands frames over. */
function cut(bytes, sizes) {
  let at = 0;
  return sizes.map((size) => {
    const own = new Uint8Array(size);
    own.set(bytes.subarray(at, (at += size)));
    return own.buffer;
  });
}

function answer(message, blobs) {
  const sizes = blobs.map((blob) => (blob ? blob.byteLength : -1));
  process.stdout.write(JSON.stringify({ ...message, sizes }) + '\n');
  const present = blobs.filter(Boolean).map((blob) => Buffer.from(blob));
  process.stdout.write(Buffer.concat(present));
}

/**
 * Answer messages until stdin ends. An operation takes (request, blobs) and
 * gives [answer, blobs]; what it throws travels back as "error".
 */
export async function serve(operations) {
  const reader = new Reader(process.stdin);
  for (let line; (line = await reader.line()) !== undefined; ) {
    const request = JSON.parse(line);
    const sizes = request.sizes ?? [];
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const blobs = cut(await reader.bytes(total), sizes);
    try {
      answer(...(await operations[request.op](request, blobs)));
    } catch (error) {
      answer({ error: String(error?.stack ?? error) }, []);
    }
  }
  process.exit(0);
}

/** The two ends of one track's transform, as RTCRtpSender hands them out. */
export class Track {
  #source;
  #arrived = new Map();
  #wake = () => {};
  #died;

  constructor() {
    this.readable = new ReadableStream({
      start: (controller) => (this.#source = controller),
    });
    this.writable = new WritableStream({
      write: (frame) => {
        this.#arrived.set(frame.place, frame.data);
        if (frame.place === 'end') this.#wake();
      },
      abort: (reason) => {
        this.#died = String(reason);
        this.#wake();
      },
    });
  }

  /**
   * Push all frames, then wait for what comes of them; dropped ones are
   * undefined. Both workers let an empty frame through in order, so one with
   * the place "end" tells that all before it are done.
   */
  async run(frames, empty) {
    this.#arrived.clear();
    if (this.#died === undefined) {
      const ended = new Promise((resolve) => (this.#wake = resolve));
      this.#push(frames);
      empty.place = 'end';
      this.#source.enqueue(empty);
      await ended;
    }
    return this.#outcome(frames);
  }

  /** Push frames into a transform that drops everything, "end" included. */
  async drop(frames) {
    this.#arrived.clear();
    this.#push(frames);
    while (this.#source.desiredSize <= 0) await sleep(1);
    await sleep(DROP_MS);
    return this.#outcome(frames);
  }

  #push(frames) {
    frames.forEach((frame, place) => {
      frame.place = place;
      this.#source.enqueue(frame);
    });
  }

  #outcome(frames) {
    const blobs = frames.map((_, place) => this.#arrived.get(place));
    return { died: this.#died ?? null, blobs };
  }
}
