"""aiortc: seal what its senders send, open what its receivers receive.

>>> from fastframe.adapters.aiortc import SealedTrack, on_encoded, open_receiver
"""

from fastframe.adapters.aiortc.hooks import MovedHook
from fastframe.adapters.aiortc.receiving import OpenedReceiver, open_receiver
from fastframe.adapters.aiortc.tap import EncodedFrame, Tap, on_encoded
from fastframe.adapters.aiortc.track import SealedTrack

__all__ = [
    "EncodedFrame",
    "MovedHook",
    "OpenedReceiver",
    "SealedTrack",
    "Tap",
    "on_encoded",
    "open_receiver",
]
