// webcrypto.mjs - the insertable-streams article's worker, without a browser:
// seals frames one after the other, as a transform stream does.
// Usage: node webcrypto.mjs SIZE FRAMES      prints ns per frame
//        node webcrypto.mjs --seal IV FRAME  prints one sealed frame (all hex)
const { subtle } = globalThis.crypto;

const raw = new Uint8Array(16); // peers.py has the same key
raw[0] = 1;
const key = await subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt"]);
const delta = new Uint8Array([0]);

async function seal(frame, given) {
  const iv = given ?? globalThis.crypto.getRandomValues(new Uint8Array(12));
  const sealed = await subtle.encrypt(
    { name: "AES-GCM", iv, additionalData: delta }, key, frame);
  const out = new Uint8Array(1 + iv.length + sealed.byteLength);
  out[0] = 1;
  out.set(iv, 1);
  out.set(new Uint8Array(sealed), 13);
  return out;
}

async function time(size, count) {
  const frames = Array.from({ length: 32 }, () => new Uint8Array(size).fill(7));
  for (let i = 0; i < count / 4; i++) await seal(frames[i % 32]);
  const begin = process.hrtime.bigint();
  for (let i = 0; i < count; i++) await seal(frames[i % 32]);
  return Number(process.hrtime.bigint() - begin) / count;
}

const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const [first, second, third] = process.argv.slice(2);
if (first === "--seal") {
  const sealed = await seal(bytes(third), bytes(second));
  console.log(Buffer.from(sealed).toString("hex"));
} else {
  console.log(await time(Number(first), Number(second)));
}
