"""The peers' wire formats by the reference alone, and the table of all models."""

# ruff: noqa: ARG002 - each model takes what any of them needs

from __future__ import annotations

from models import Bare, Insertable, Model, Raw, SFrame
from reference import clear, dave, dave_clear, jitsi, livekit, stream
from reference.errors import Rejected
from reference.escape import unescape_any

NAL = clear.NAL_CODECS
GENERATION_SHIFT = 24


class LiveKit(Model):
    """LiveKit, and Element Call's settings of it."""

    def derive(self, material, nonce=0, key_id=0):
        """HKDF: tables have no time for PBKDF2."""
        return livekit.derive(material, kdf="hkdf", size=self.key_size)

    def split(self, frame, kind):
        """Cut by slice, or by kind."""
        if not frame:
            return b"", b""
        length, escaped = clear.livekit_clear(self.codec, frame, key_frame=kind)
        misses = escaped and clear.livekit_misses(frame, length - 2)
        if length > len(frame) or misses:
            raise Rejected("MALFORMED")
        prefix = frame[:length]
        return clear.canonical(prefix) if escaped else prefix, frame[length:]

    def seal(self, frame, *, key, key_id, nonce, kind=None):
        """Seal under a 12-byte IV."""
        named = {"codec": self.codec, "key_frame": kind}
        return livekit.seal(frame, key=key, key_id=key_id, iv=nonce, **named)

    def open(self, sealed, keys, kind):
        """Open, the kind known or not."""
        return livekit.open_(sealed, keys=keys, codec=self.codec, key_frame=kind)

    def nonce_of(self, frame, sealed, kind):
        """Read the IV; an empty frame has none."""
        if not frame:
            return bytes(12)
        prefix, _ = self.split(frame, kind)
        tail = sealed[len(prefix) :]
        if clear.livekit_clear(self.codec, frame, key_frame=kind).escaped:
            tail = unescape_any(tail)
        return tail[-14:-2]

    def is_unfit(self, frame, sealed):
        """As the reference tells it."""
        return livekit.is_unfit(frame, sealed, self.codec)


class LiveKitData(Model):
    """Data packets, IV in front."""

    derive = LiveKit.derive

    def seal(self, frame, *, key, key_id, nonce, kind=None):
        """Seal under a 12-byte IV."""
        return nonce + livekit.seal_data(frame, key=key, iv=nonce)

    def open(self, sealed, keys, kind):
        """Open with the one key there is."""
        named = {"keys": keys, "key_id": min(keys), "iv": sealed[:12]}
        return livekit.open_data(sealed[12:], **named)

    def nonce_of(self, frame, sealed, kind):
        """Read the IV."""
        return sealed[:12]


class Jitsi(Model):
    """Jitsi."""

    def derive(self, material, nonce=0, key_id=0):
        """HKDF with Jitsi's salt."""
        return jitsi.derive(material)

    def split(self, frame, kind):
        """Cut by kind alone."""
        if kind is None:
            kind = bool(clear.key_frame_of(self.codec, frame))
        length = clear.jitsi_clear(self.codec, key_frame=kind)
        if length > len(frame):
            raise Rejected("MALFORMED")
        return frame[:length], frame[length:]

    def seal(self, frame, *, key, key_id, nonce, kind=None):
        """Seal under a 12-byte IV."""
        named = {"codec": self.codec, "key_frame": kind}
        return jitsi.seal(frame, key=key, key_id=key_id, iv=nonce, **named)

    def open(self, sealed, keys, kind):
        """Open, the kind known or not."""
        return jitsi.open_(sealed, keys=keys, codec=self.codec, key_frame=kind)

    def nonce_of(self, frame, sealed, kind):
        """Read the IV."""
        return sealed[-14:-2]


class Stream(Model):
    """GetStream; a frame type makes it video there, so Opus is told none."""

    def split(self, frame, kind):
        """Cut by codec; the trailer says where."""
        length, _ = clear.stream_clear(self.codec, frame, key_frame=self._kind(kind))
        if length > stream.CLEAR_MAX:
            raise Rejected("MALFORMED")
        return frame[:length], frame[length:]

    def _kind(self, kind):
        return None if self.codec == "opus" else kind

    def seal(self, frame, *, key, key_id, nonce, kind=None):
        """Seal under prefix || counter."""
        named = {"codec": self.codec, "key_frame": self._kind(kind)}
        return stream.seal(frame, key=key, key_id=key_id, iv=nonce, **named)

    def open(self, sealed, keys, kind):
        """Open."""
        return stream.open_(sealed, keys=keys)

    def nonce_of(self, frame, sealed, kind):
        """Read the trailer."""
        claim = stream.read(sealed)
        return stream.make_iv(claim.prefix, claim.counter)


class Dave(Model):
    """DAVE: ranges instead of a prefix, keys by generation."""

    def derive(self, material, nonce=0, key_id=0):
        """Make the key of the nonce's generation."""
        return dave.derive(material, generation=nonce >> GENERATION_SHIFT)

    def comes_back(self, frame, kind=None):
        """Join the pieces, as a depacketiser would hand them on."""
        pieces = dave_clear.split(self.codec, frame)
        dave.seal_pieces(pieces, key=bytes(16), nonce=dave.NONCE_MAX)  # if it fits
        return b"".join(data for _, data in pieces)

    def seal(self, frame, *, key, key_id, nonce, kind=None):
        """Seal under that very nonce."""
        pieces = dave_clear.split(self.codec, frame)
        return dave.seal_pieces(pieces, key=key, nonce=nonce)

    def open(self, sealed, keys, kind):
        """Open; keys are by generation."""
        return dave.open_(sealed, keys=keys)

    def nonce_of(self, frame, sealed, kind):
        """Read the footer."""
        return dave.read_footer(sealed).nonce

    def is_unfit(self, frame, sealed):
        """No start code may come of encrypting."""
        ranges = dave.read_footer(sealed).ranges
        return self.codec in NAL and dave.has_start_code(sealed, ranges)


MODELS: dict[str, type[Model]] = {
    "raw": Raw,
    "insertable": Insertable,
    "insertable-bare": Bare,
    "sframe": SFrame,
    "livekit": LiveKit,
    "element-call": LiveKit,
    "livekit-data": LiveKitData,
    "jitsi": Jitsi,
    "stream": Stream,
    "dave": Dave,
}
