// escape.js - emulation prevention (7.4.1 of H.264 and H.265): without it ciphertext
// would hold start codes now and then, and be cut there.
//
// `zeros` is how many zero bytes, two at most, stand right before the run, so that
// no start code comes of both together.

const ESCAPE = 3;

export function trailingZeros(bytes) {
  let zeros = 0;
  while (zeros < 2 && zeros < bytes.length && bytes[bytes.length - 1 - zeros] === 0) zeros += 1;
  return zeros;
}

/** Put 03 before each byte up to 03 that follows two zeros. */
export function escape(run, zeros) {
  const out = new Uint8Array(Math.ceil(run.length * 1.5) + 1);
  let at = 0;
  for (const byte of run) {
    if (zeros >= 2 && byte <= ESCAPE) {
      out[at] = ESCAPE;
      at += 1;
      zeros = 0;
    }
    out[at] = byte;
    at += 1;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return out.subarray(0, at);
}

/** Take out each 03 behind two zeros and before a byte up to 03. */
export function unescape(run, zeros) {
  const out = new Uint8Array(run.length);
  let at = 0;
  run.forEach((byte, from) => {
    if (zeros >= 2 && byte === ESCAPE && run[from + 1] <= ESCAPE) {
      zeros = 0;
      return;
    }
    out[at] = byte;
    at += 1;
    zeros = byte === 0 ? zeros + 1 : 0;
  });
  return out.subarray(0, at);
}
