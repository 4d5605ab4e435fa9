// transforms.js - seals what a page sends and opens what it receives, on any
// RTCPeerConnection, whoever made it:
//
//   const transforms = new Transforms({ format: 'insertable' });
//   const connection = new RTCPeerConnection(transforms.configuration);
//   const manager = new KeyManager({ …, useKey: transforms.useKey,
//     addKey: transforms.addKey, retireKey: transforms.retireKey });
//   transforms.sealSender(connection.addTransceiver(track));
//   connection.ontrack = ({ receiver }) => transforms.openReceiver(receiver, { sender });
//
// Call sealSender() and openReceiver() in the very task that made the sender or the
// receiver, or that was told of it: later is too late, and frames are lost or pass as
// they are. Frames without a key are dropped, so that keys may come when they come.

import { toText } from './bytes.js';

const nameOf = (sender) => (sender instanceof Uint8Array ? toText(sender) : String(sender ?? ''));

/** Have a sender make a key frame, in a browser whose workers cannot. */
async function makeKeyFrame(sender) {
  const parameters = sender.getParameters();
  const encodingOptions = parameters.encodings.map(() => ({ keyFrame: true }));
  // A sender that has stopped needs none, and some browsers know no such option.
  await sender.setParameters(parameters, { encodingOptions }).catch(() => {});
}

export class Transforms {
  #worker;
  #broken;
  #isLegacy;
  #senders = []; // by the id that their tracks have in the worker

  /**
   * format is 'insertable' or 'sframe'. isLegacy takes createEncodedStreams(), as
   * browsers without RTCRtpScriptTransform have to.
   */
  constructor({ format = 'insertable', isLegacy = !('RTCRtpScriptTransform' in globalThis) } = {}) {
    this.#isLegacy = isLegacy;
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: format });
    this.#broken = new Promise((_, reject) => {
      this.#worker.onerror = ({ message }) => reject(new Error(message || 'no worker'));
    });
    this.#worker.onmessage = ({ data }) => makeKeyFrame(this.#senders[data.wantsKeyFrame]);
    this.#broken.catch(() => {}); // whoever orders something is told
  }

  /** What RTCPeerConnection must be made with. */
  get configuration() {
    return this.#isLegacy ? { encodedInsertableStreams: true } : {};
  }

  // -- keys, as KeyManager hands them over; the bytes are wiped here --

  /** Seal under a key, which no worker has sealed under before; or reject. */
  useKey = ({ keyId, key, at = 'now', until = performance.now() }) =>
    this.#hand(key, { order: 'use', keyId, at, wait: until - performance.now() });

  /** Open a member's frames with a key. */
  addKey = ({ sender, keyId, key }) =>
    this.#hand(key, { order: 'add', sender: nameOf(sender), keyId });

  retireKey = ({ sender, keyId }) => this.#order({ order: 'retire', sender: nameOf(sender), keyId });

  // -- tracks --

  /** Seal all that an RTCRtpSender, or a transceiver's, sends. */
  sealSender(target, { codec } = {}) {
    const sender = target.sender ?? target;
    const id = this.#senders.push(sender) - 1;
    this.#attach(sender, { op: 'seal', id, kind: sender.track?.kind ?? null, codec });
  }

  /** Open all that an RTCRtpReceiver, or a transceiver's, receives from a member. */
  openReceiver(target, { sender, codec } = {}) {
    const receiver = target.receiver ?? target;
    this.#attach(receiver, { op: 'open', kind: receiver.track.kind, sender: nameOf(sender), codec });
  }

  /** Give each track's { op, kind, codec, counts by status, sample }. */
  tell() {
    return this.#order({ order: 'tell' });
  }

  /** End the worker: nothing is sent or shown any more, in the clear least of all. */
  close() {
    this.#worker.terminate();
  }

  #attach(end, given) {
    if (!this.#isLegacy) {
      end.transform = new RTCRtpScriptTransform(this.#worker, given);
      return;
    }
    const { readable, writable } = end.createEncodedStreams();
    this.#order({ order: 'carry', given, readable, writable }, [readable, writable]);
  }

  #hand(key, order) {
    const handed = key.slice();
    key.fill(0);
    return this.#order({ ...order, key: handed }, [handed.buffer]);
  }

  /** Have the worker do something; give what comes of it. */
  #order(order, transferred = []) {
    const { port1, port2 } = new MessageChannel();
    const told = new Promise((resolve, reject) => {
      port1.onmessage = ({ data }) => {
        port1.close();
        if (data.error) reject(new Error(data.error));
        else resolve(data.told);
      };
    });
    this.#worker.postMessage({ ...order, port: port2 }, [...transferred, port2]);
    return Promise.race([told, this.#broken]);
  }
}
