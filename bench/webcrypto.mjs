// webcrypto.mjs - the insertable-streams article's worker, without a browser:
// seals frames one after the other, as a transform stream does, and prints the
// nanoseconds that each took. Usage: node webcrypto.mjs SIZE FRAMES
const { subtle } = globalThis.crypto;
const size = Number(process.argv[2]);
const count = Number(process.argv[3]);

const raw = new Uint8Array(16);
const key = await subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt"]);
const delta = new Uint8Array([0]);

async function seal(frame) {
  const iv = globalThis.crypto.getRandomValues(new Uint8Array(12));
  const sealed = await subtle.encrypt(
    { name: "AES-GCM", iv, additionalData: delta }, key, frame);
  const out = new Uint8Array(1 + iv.length + sealed.byteLength);
  out[0] = 1;
  out.set(iv, 1);
  out.set(new Uint8Array(sealed), 13);
  return out;
}

const frames = Array.from({ length: 32 }, () => new Uint8Array(size).fill(7));
for (let i = 0; i < count / 4; i++) await seal(frames[i % 32]);
const begin = process.hrtime.bigint();
for (let i = 0; i < count; i++) await seal(frames[i % 32]);
console.log(Number(process.hrtime.bigint() - begin) / count);
