// janus.js - a VideoRoom of Janus, over its WebSocket: publish, see who else does,
// subscribe. Only what a sealed call needs; see Janus's documentation for the rest.

const KEEPALIVE = 20_000; // milliseconds; Janus forgets a session after 60 s
const GATHERING = 2000; // wait no longer for addresses: what came by then will do

/** A connection to Janus, and the room in it. */
export class VideoRoom {
  #socket;
  #session = null;
  #waiting = new Map(); // transaction → what to do with its answer
  #handles = new Map(); // number → what to do with the events of it
  #count = 0;
  #room;

  constructor({ url, room }) {
    this.#room = room;
    this.#socket = new WebSocket(url, 'janus-protocol');
    this.#socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
  }

  /** Connect, and begin a session. */
  async open() {
    await new Promise((resolve, reject) => {
      this.#socket.onopen = resolve;
      this.#socket.onerror = () => reject(new Error('Janus cannot be reached'));
    });
    this.#session = (await this.#request('create')).data.id;
    const timer = setInterval(() => this.#say({ janus: 'keepalive' }), KEEPALIVE);
    this.#socket.onclose = () => clearInterval(timer);
  }

  /**
   * Publish what a peer connection sends. The name is shown to everybody;
   * onPublisher is called with each other publisher: { id, display }.
   */
  async publish(connection, name, onPublisher) {
    const tell = ({ publishers }) => publishers?.forEach(onPublisher);
    const handle = await this.#attach(tell);
    const who = { request: 'join', ptype: 'publisher', room: this.#room, display: name };
    const { data } = await this.#ask(handle, who);
    await connection.setLocalDescription();
    await gathered(connection);
    const { sdp } = connection.localDescription;
    // e2ee: Janus then marks what it records as nothing that it could convert.
    const jsep = { type: 'offer', sdp, e2ee: true };
    const answer = await this.#ask(handle, { request: 'publish' }, jsep);
    await connection.setRemoteDescription(answer.jsep);
    tell(data);
  }

  /** Subscribe to a publisher; connection's "track" event must open its frames. */
  async subscribe(connection, id) {
    const handle = await this.#attach(() => {});
    const who = { request: 'join', ptype: 'subscriber', room: this.#room };
    const offer = await this.#ask(handle, { ...who, streams: [{ feed: id }] });
    await connection.setRemoteDescription(offer.jsep);
    await connection.setLocalDescription();
    await gathered(connection);
    const { sdp } = connection.localDescription;
    await this.#ask(handle, { request: 'start' }, { type: 'answer', sdp });
  }

  close() {
    this.#socket.close();
  }

  // -- inside --

  async #attach(tell) {
    const plugin = { plugin: 'janus.plugin.videoroom' };
    const { data } = await this.#request('attach', plugin);
    this.#handles.set(data.id, tell);
    return data.id;
  }

  async #ask(handle, body, jsep) {
    const said = await this.#request('message', { handle_id: handle, body, jsep });
    const { data } = said.plugindata;
    if (data.error) throw new Error(`Janus: ${data.error}`);
    return { data, jsep: said.jsep };
  }

  #request(janus, fields = {}) {
    const transaction = this.#say({ janus, ...fields });
    return new Promise((resolve, reject) => {
      this.#waiting.set(transaction, (said) => {
        if (said.janus === 'error') reject(new Error(`Janus: ${said.error.reason}`));
        else resolve(said);
      });
    });
  }

  #say(message) {
    const transaction = `t${(this.#count += 1)}`;
    const where = this.#session === null ? {} : { session_id: this.#session };
    this.#socket.send(JSON.stringify({ ...message, ...where, transaction }));
    return transaction;
  }

  #hear(said) {
    if (said.janus === 'ack') return; // the answer itself follows
    const answer = this.#waiting.get(said.transaction);
    this.#waiting.delete(said.transaction);
    if (answer) answer(said);
    else if (said.janus === 'event') this.#handles.get(said.sender)?.(said.plugindata.data);
  }
}

/** Wait until a description has the addresses: no trickling, to keep this short. */
function gathered(connection) {
  return new Promise((resolve) => {
    setTimeout(resolve, GATHERING);
    const look = () => connection.iceGatheringState === 'complete' && resolve();
    connection.addEventListener('icegatheringstatechange', look);
    look();
  });
}
