"""Keys for rooms: who holds which, and when, so that no server holds one.

Needs the `cryptography` package: pip install "fastframe[keys]".
"""

from fastframe.keys.actions import (
    AddKey,
    Event,
    RetireKey,
    Send,
    StepKey,
    StopSealing,
    UseKey,
)
from fastframe.keys.context import Context
from fastframe.keys.errors import (
    BadSignature,
    EncryptionRequired,
    InvalidPublicKey,
    KeysError,
    RelayRefused,
    UntrustedMember,
    UnwrapFailed,
    WrongPassword,
)
from fastframe.keys.identity import Identity
from fastframe.keys.media import RoomMedia
from fastframe.keys.mls import MlsKeys
from fastframe.keys.opening import Fate, Opened
from fastframe.keys.parking import ParkingLimits
from fastframe.keys.public import check_public_key, fingerprint, kem_name
from fastframe.keys.room import Room
from fastframe.keys.safety import safety_number
from fastframe.keys.sealing import RoomSealer
from fastframe.keys.signing import verify
from fastframe.keys.stats import OpenedTrackStats, RoomStats, SealedTrackStats
from fastframe.keys.timing import Timing
from fastframe.keys.track import Track
from fastframe.keys.webcrypto import PlainIdentity

__all__ = [
    "AddKey",
    "BadSignature",
    "Context",
    "EncryptionRequired",
    "Event",
    "Fate",
    "Identity",
    "InvalidPublicKey",
    "KeysError",
    "MlsKeys",
    "Opened",
    "OpenedTrackStats",
    "ParkingLimits",
    "PlainIdentity",
    "RelayRefused",
    "RetireKey",
    "Room",
    "RoomMedia",
    "RoomSealer",
    "RoomStats",
    "SealedTrackStats",
    "Send",
    "StepKey",
    "StopSealing",
    "Timing",
    "Track",
    "UntrustedMember",
    "UnwrapFailed",
    "UseKey",
    "WrongPassword",
    "check_public_key",
    "fingerprint",
    "kem_name",
    "safety_number",
    "verify",
]
