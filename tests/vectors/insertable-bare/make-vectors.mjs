// make-vectors.mjs - frames as the insertable-streams article's worker sends them.
// Usage: node make-vectors.mjs > insertable-bare-vectors.json
// WebCrypto seals (IV || AES-GCM with a random IV, AAD = 1 for a key frame), and
// opens again before anything is printed.
const { subtle } = globalThis.crypto;
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const pattern = (size, seed) =>
  Uint8Array.from({ length: size }, (_, i) => (i * 7 + seed) & 0xff);

async function vector(name, keyLen, isKeyFrame, plaintext) {
  const key = crypto.getRandomValues(new Uint8Array(keyLen));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = Uint8Array.of(isKeyFrame ? 1 : 0);
  const imported = await subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);
  const params = { name: 'AES-GCM', iv, additionalData };
  const sealed = new Uint8Array(await subtle.encrypt(params, imported, plaintext));
  const opened = new Uint8Array(await subtle.decrypt(params, imported, sealed));
  if (hex(opened) !== hex(plaintext)) throw new Error(`${name} does not open`);
  return {
    name, key: hex(key), iv: hex(iv), is_key_frame: isKeyFrame,
    aad: hex(additionalData), plaintext: hex(plaintext),
    wire: hex(iv) + hex(sealed),
  };
}

const vectors = [
  await vector('key', 16, true, pattern(50, 3)),
  await vector('delta', 16, false, pattern(23, 5)),
  await vector('empty', 16, false, new Uint8Array(0)),
  await vector('one-byte', 16, true, pattern(1, 9)),
  await vector('key-256', 32, true, pattern(300, 11)),
  await vector('delta-256', 32, false, pattern(160, 13)),
];
console.log(JSON.stringify({
  source: `WebCrypto of Node ${process.version}, by make-vectors.mjs in this folder`,
  vectors,
}, null, 1));
