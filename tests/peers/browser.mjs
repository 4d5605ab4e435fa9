// Runs examples/browser in Node's WebCrypto, for tests: its HPKE, its identities,
// and a KeyManager whose clock and relay are the test's own. The plain form is
// what pages write themselves, so it is written here, straight from the manual.
import { serve } from './wire.mjs';

const home = new URL('../../examples/browser/', import.meta.url);
const load = (name) => import(new URL(name, home));
const { fromText, toText } = await load('bytes.js');
const hpke = await load('hpke.js');
const { Identity, fingerprint, safetyNumber, verify } = await load('identity.js');
const { KeyManager } = await load('key-manager.js');
const { HeldKeys } = await load('held-keys.js');
const { OwnKeys } = await load('own-keys.js');

const { subtle } = globalThis.crypto;
const ECDH = { name: 'ECDH', namedCurve: 'P-256' };
const GCM = { name: 'AES-GCM', length: 256 };

const bytes = (blobs) => blobs.map((blob) => new Uint8Array(blob));
const raw = async (key) => new Uint8Array(await subtle.exportKey('raw', key));

// -- HPKE --

const privateKey = (jwk) => subtle.importKey('jwk', jwk, ECDH, false, ['deriveBits']);

async function hpkeOpen({ jwk }, blobs) {
  const [recipient, info, sealed, aad] = bytes(blobs);
  return [{}, [await hpke.open(await privateKey(jwk), recipient, info, sealed, aad)]];
}

async function hpkeSeal({ ephemeral }, blobs) {
  const [recipient, info, plaintext, aad] = bytes(blobs);
  let pair;
  if (ephemeral) {
    const { d, ...open } = ephemeral;
    const publicKey = await subtle.importKey('jwk', open, ECDH, true, []);
    pair = { publicKey, privateKey: await privateKey(ephemeral) };
  }
  return [{}, [await hpke.seal(recipient, info, plaintext, aad, pair)]];
}

// -- identities --

let identity;

async function generate() {
  identity = await Identity.generate();
  const name = await fingerprint(identity.publicKey);
  return [{ fingerprint: name }, [identity.publicKey]];
}

async function keep() {
  identity = await Identity.fromKeyPairs(...structuredClone(identity.keyPairs));
  return [{}, [identity.publicKey]];
}

async function wrap({ context }, blobs) {
  const [contentKey, recipient, sender] = bytes(blobs);
  return [{}, [await identity.wrap(contentKey, recipient, { ...context, sender })]];
}

async function unwrap({ context }, blobs) {
  const [wrapped, sender] = bytes(blobs);
  try {
    return [{ failed: null }, [await identity.unwrap(wrapped, { ...context, sender })]];
  } catch (error) {
    return [{ failed: error.constructor.name }, []];
  }
}

async function sign({ purpose }, blobs) {
  return [{}, [await identity.sign(purpose, ...bytes(blobs))]];
}

async function check({ purpose }, blobs) {
  const [signature, sender, message] = bytes(blobs);
  return [{ ok: await verify(signature, sender, purpose, message) }, []];
}

async function safety(_request, blobs) {
  return [{ number: await safetyNumber(bytes(blobs)) }, []];
}

// -- the plain form --

let plain;

async function plainGenerate() {
  plain = await subtle.generateKey(ECDH, false, ['deriveKey']);
  return [{}, [await raw(plain.publicKey)]];
}

async function wrappingKey(point) {
  const theirs = await subtle.importKey('raw', point, ECDH, false, []);
  const usages = ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'];
  return subtle.deriveKey({ name: 'ECDH', public: theirs }, plain.privateKey, GCM, false, usages);
}

async function plainWrap({ way }, blobs) {
  const [contentKey, point, additionalData] = bytes(blobs);
  const wrapping = await wrappingKey(point);
  const iv = globalThis.crypto.getRandomValues(new Uint8Array(12));
  const request = { name: 'AES-GCM', iv, additionalData };
  let sealed;
  if (way === 'encrypt') {
    sealed = await subtle.encrypt(request, wrapping, contentKey);
  } else {
    const key = await subtle.importKey('raw', contentKey, 'AES-GCM', true, ['encrypt']);
    sealed = await subtle.wrapKey('raw', key, wrapping, request);
  }
  return [{}, [Buffer.concat([iv, Buffer.from(sealed)])]];
}

async function plainUnwrap({ way }, blobs) {
  const [wrapped, point, additionalData] = bytes(blobs);
  const wrapping = await wrappingKey(point);
  const request = { name: 'AES-GCM', iv: wrapped.subarray(0, 12), additionalData };
  const sealed = wrapped.subarray(12);
  if (way === 'encrypt') return [{}, [await subtle.decrypt(request, wrapping, sealed)]];
  const as = ['AES-GCM', true, ['encrypt']];
  const key = await subtle.unwrapKey('raw', sealed, wrapping, request, ...as);
  return [{}, [await raw(key)]];
}

// -- a member of a room --

let manager;
let isFailing = false;
let now = 0;
let actions = [];
let carried = [];

function note(kind, fields, blob) {
  actions.push({ kind, ...fields });
  carried.push(blob);
}

/** Give what the manager asked for since the last time. */
function taken() {
  const told = { actions, refused: manager.refused, members: manager.members.map(toText) };
  const answer = [told, carried];
  actions = [];
  carried = [];
  return answer;
}

async function enter({ room, trusted, options }) {
  identity ??= await Identity.generate();
  isFailing = false;
  manager = new KeyManager({
    ...options,
    identity,
    room,
    trust: (key) => {
      if (trusted === 'promise') return Promise.resolve(false);
      return trusted === null || trusted.includes(toText(key));
    },
    clock: () => 1000 * now,
    send: (to, message) => {
      if (isFailing) throw new Error('no connection');
      note('send', { to: to && toText(to) }, message);
    },
    useKey: ({ key, ...rest }) => note('use', rest, key),
    addKey: ({ key, sender, keyId }) => note('add', { keyId, sender: toText(sender) }, key),
    retireKey: ({ sender, keyId }) =>
      note('retire', { keyId, sender: toText(sender) }, new Uint8Array()),
  });
  return [{}, [identity.publicKey]];
}

async function tell(request, blobs) {
  now = request.now;
  const peer = request.peer && fromText(request.peer);
  await {
    join: () => manager.join(),
    leave: () => manager.leave(),
    joined: () => manager.memberJoined(peer),
    left: () => manager.memberLeft(peer),
    receive: () => manager.receive(peer, ...bytes(blobs)),
    tick: () => manager.tick(),
  }[request.what]();
  return taken();
}

/** Tell which keys are there before they end, each in its way, and which after. */
async function wipes() {
  const own = new OwnKeys(() => {}, 0);
  const first = own.current.key;
  own.prepare(0);
  const isThere = (keys) => keys.map((key) => key.some(Boolean));
  const nothing = { addKey: () => {}, retireKey: () => {} };
  const held = new HeldKeys(new Uint8Array(1), nothing);
  const theirs = [1, 2].map((byte) => new Uint8Array(16).fill(byte));
  for (const [at, key] of theirs.entries()) {
    const news = { generation: at + 1, root: at + 1, key_id: at, at: 'now', wrapped: key };
    await held.take(news, async () => key, 0);
  }
  const keys = [first, own.pending.key, ...theirs];
  const before = isThere(keys);
  own.replace(0);
  keys.push(own.current.key);
  before.push(...isThere(keys.slice(-1)));
  held.expire(1e6);
  own.close();
  held.close();
  return [{ before, after: isThere(keys) }, []];
}

/** Let nothing through from now on. */
async function fail() {
  isFailing = true;
  return [{}, []];
}

/** Say the same so many times, without waiting for what comes of it. */
async function flood({ peer, count }, blobs) {
  const [message] = bytes(blobs);
  const before = manager.refused;
  const work = Array.from({ length: count }, () => manager.receive(fromText(peer), message));
  const refusedAtOnce = manager.refused - before;
  await Promise.all(work);
  return [{ refusedAtOnce }, []];
}

await serve({
  hpkeOpen, hpkeSeal, generate, keep, wrap, unwrap, sign, check, safety,
  plainGenerate, plainWrap, plainUnwrap, enter, tell, flood, fail, wipes,
});
