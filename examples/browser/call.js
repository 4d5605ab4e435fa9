// call.js - a call from one side of this page to the other, sealed on the way.

export class Call {
  #from;
  #to;
  #sender;
  #receiver;

  /** Take both sides' Transforms, and the name under which the sender's keys come. */
  constructor(from, to, sender) {
    this.#from = from;
    this.#to = to;
    this.#sender = new RTCPeerConnection(from.configuration);
    this.#receiver = new RTCPeerConnection(to.configuration);
    this.#sender.onicecandidate = ({ candidate }) => this.#receiver.addIceCandidate(candidate);
    this.#receiver.onicecandidate = ({ candidate }) => this.#sender.addIceCandidate(candidate);
    this.stream = new MediaStream(); // what the other side shows
    this.#receiver.ontrack = ({ track, receiver }) => {
      this.#to.openReceiver(receiver, { sender });
      this.stream.addTrack(track);
    };
  }

  /** Send tracks, video in a codec such as 'VP8'. */
  async start(tracks, codec) {
    for (const track of tracks) {
      const transceiver = this.#sender.addTransceiver(track, { direction: 'sendonly' });
      this.#from.sealSender(transceiver); // at once: see transforms.js
      if (track.kind === 'video') prefer(transceiver, codec);
    }
    await this.#sender.setLocalDescription();
    await this.#receiver.setRemoteDescription(this.#sender.localDescription);
    await this.#receiver.setLocalDescription();
    await this.#sender.setRemoteDescription(this.#receiver.localDescription);
  }

  close() {
    this.#sender.close();
    this.#receiver.close();
  }
}

/** Agree on one codec, and none besides: AV1, say, has no rule for sealing. */
function prefer(transceiver, codec) {
  const { codecs } = RTCRtpSender.getCapabilities('video');
  transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType === `video/${codec}`));
}
