"""LiveKit beside its media frames: data packets and frame metadata.

Media frames are the format "livekit" of Sealer and Opener; "element-call" is
the same with HKDF and a ring of 256 keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastframe import _native
from fastframe.errors import REJECTIONS, Status, UnknownKey, UsageError
from fastframe.opener import Opener
from fastframe.sealer import Sealer

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "DataOpener",
    "DataSealer",
    "FrameMetadata",
    "SealedData",
    "add_metadata",
    "read_metadata",
]

IV_LEN = _native.NONCE_LEN


# -- data packets --


@dataclass(frozen=True, slots=True)
class SealedData:
    """The fields of an EncryptedPacket, as LiveKit's protocol names them."""

    iv: bytes
    key_index: int
    encrypted_value: bytes

    def __iter__(self) -> Any:
        """Unpack as iv, key_index, encrypted_value."""
        return iter((self.iv, self.key_index, self.encrypted_value))


class DataSealer:
    """Seals payloads of data packets (a serialised EncryptedPacketPayload).

    Takes the options of Sealer("livekit", …): kdf, ratchet_salt, suite, ring.
    """

    def __init__(self, key: Any, *, key_id: int = 0, **options: Any) -> None:
        """Copy the key; see Sealer."""
        self._sealer = Sealer("livekit-data", key, key_id=key_id, **options)

    def seal(self, payload: _native.Buffer) -> SealedData:
        """Seal one payload."""
        sealed = self._sealer.seal(payload)
        return SealedData(sealed[:IV_LEN], self._sealer.key_id, sealed[IV_LEN:])

    def ratchet(self) -> None:
        """Move the key one step forward, see Sealer.ratchet()."""
        self._sealer.ratchet()

    def close(self) -> None:
        """Wipe the key."""
        self._sealer.close()


class DataOpener:
    """Opens payloads of data packets under any of the keys it holds."""

    def __init__(self, keys: Mapping[int, Any], **options: Any) -> None:
        """Copy the keys: key index -> key; options as those of DataSealer."""
        self._openers = {
            index: Opener("livekit-data", {index: key}, **options)
            for index, key in keys.items()
        }

    def open(
        self, encrypted_value: _native.Buffer, *, iv: _native.Buffer, key_index: int
    ) -> bytes:
        """Open one payload; raises FrameRejected as Opener.open() does."""
        _native.check_int(key_index, "key_index", 0, _native.COUNTER_MAX)
        opener = self._openers.get(key_index)
        if opener is None:
            raise UnknownKey(
                f"no key is held under key index {key_index}",
                status=Status.UNKNOWN_KEY,
                key_id=key_index,
                index=None,
            )
        head = _native.copy_bytes(iv, "iv")
        if len(head) != IV_LEN:  # the peer's fault, not the caller's
            raise REJECTIONS[Status.MALFORMED](
                f"iv must be {IV_LEN} bytes, got {len(head)}",
                status=Status.MALFORMED,
                key_id=key_index,
                index=None,
            )
        return opener.open(head + _native.copy_bytes(encrypted_value, "value"))

    def close(self) -> None:
        """Wipe all keys."""
        for opener in self._openers.values():
            opener.close()


# -- frame metadata: behind a sealed video frame, never authenticated --

MAGIC = b"LKTS"
_TIMESTAMP, _FRAME_ID, _USER_DATA = 1, 2, 3
_ENVELOPE = 1 + len(MAGIC)
_TLV_HEAD = 2  # tag, length
_MASK = 0xFF


@dataclass(frozen=True, slots=True)
class FrameMetadata:
    """What a sender may say beside a frame, in the clear for all to see.

    Attributes:
        timestamp_us: microseconds since 1970, None if not said.
        frame_id: a number of 32 bits, None if not said.
        user_data: bytes of the application, None if not said.
    """

    timestamp_us: int | None = None
    frame_id: int | None = None
    user_data: bytes | None = None


def add_metadata(sealed: _native.Buffer, metadata: FrameMetadata) -> bytes:
    """Put metadata behind a sealed frame.

    Open such frames with Opener("livekit", …, packet_trailer=True), once the
    track says that it carries them. Raises UsageError for more than 255 bytes.
    """
    values = []
    if metadata.timestamp_us is not None:
        stamp = _native.check_int(metadata.timestamp_us, "timestamp_us", 0, 2**64 - 1)
        values.append((_TIMESTAMP, stamp.to_bytes(8, "big")))
    if metadata.frame_id is not None:
        number = _native.check_int(metadata.frame_id, "frame_id", 0, 2**32 - 1)
        values.append((_FRAME_ID, number.to_bytes(4, "big")))
    if metadata.user_data is not None:
        values.append((_USER_DATA, _native.copy_bytes(metadata.user_data, "user_data")))
    size = sum(2 + len(value) for _, value in values) + _ENVELOPE
    if size > _MASK:
        raise UsageError(f"frame metadata is at most {_MASK} bytes, got {size}")
    text = b"".join(bytes([tag, len(value)]) + value for tag, value in values)
    masked = bytes(byte ^ _MASK for byte in text + bytes([size]))
    return _native.copy_bytes(sealed, "sealed") + masked + MAGIC


def read_metadata(sealed: _native.Buffer) -> tuple[bytes, FrameMetadata | None]:
    """Split a frame as received into the sealed frame and its metadata, if any.

    Metadata is for statistics and displays: nobody vouches for it.
    """
    data = _native.copy_bytes(sealed, "sealed")
    if len(data) <= _ENVELOPE or not data.endswith(MAGIC):
        return data, None
    size = data[-_ENVELOPE] ^ _MASK
    if not _ENVELOPE <= size <= len(data):
        return data, None
    text = bytes(byte ^ _MASK for byte in data[-size:-_ENVELOPE])
    found: dict[int, bytes] = {}
    while len(text) >= _TLV_HEAD and len(text) >= _TLV_HEAD + text[1]:
        end = _TLV_HEAD + text[1]
        found[text[0]] = text[_TLV_HEAD:end]
        text = text[end:]
    return data[:-size], FrameMetadata(
        timestamp_us=_number(found.get(_TIMESTAMP), 8),
        frame_id=_number(found.get(_FRAME_ID), 4),
        user_data=found.get(_USER_DATA),
    )


def _number(value: bytes | None, length: int) -> int | None:
    """Read a number of the length it must have; another is not understood."""
    return int.from_bytes(value, "big") if value and len(value) == length else None
