// A member of a room by examples/browser alone, over a real relay, for tests.
// Prints a line of JSON for each key; leaves and ends when stdin does.
// Usage: node browser-member.mjs URL ROOM
const home = new URL('../../examples/browser/', import.meta.url);
const load = (name) => import(new URL(name, home));
const { toText } = await load('bytes.js');
const { Identity } = await load('identity.js');
const { KeyManager } = await load('key-manager.js');
const { Relay } = await load('relay.js');

const [url, room] = process.argv.slice(2);
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const spell = ({ sender, key, keyId }) => ({
  sender: sender && toText(sender),
  key: key && toText(key),
  keyId,
});

const identity = await Identity.generate();
const relay = new Relay({ url, room, identity });
const manager = new KeyManager({
  identity,
  room,
  trust: () => true,
  send: (to, message) => relay.send(to, message),
  useKey: (told) => say({ use: spell(told) }),
  addKey: (told) => say({ add: spell(told) }),
  retireKey: (told) => say({ retire: spell(told) }),
});
say({ publicKey: toText(identity.publicKey) });
const leaving = new AbortController();
process.stdin.on('end', () => leaving.abort()).resume();
await relay.connect(manager, leaving.signal);
process.exit(0);
