"""PyAV: packets, and recordings that stay containers with every packet sealed.

>>> from fastframe.adapters.av import SealedFile, open_recording, seal_recording
"""

from fastframe.adapters.av.containers import READ_OPTIONS, WRITE_OPTIONS
from fastframe.adapters.av.files import SealedFile
from fastframe.adapters.av.janus import kind_of_janus, open_janus
from fastframe.adapters.av.packets import open_packet, seal_packet
from fastframe.adapters.av.recordings import open_recording, plan_target, seal_recording
from fastframe.adapters.av.report import Loss, NothingOpened, Report, TrackReport

__all__ = [
    "READ_OPTIONS",
    "WRITE_OPTIONS",
    "Loss",
    "NothingOpened",
    "Report",
    "SealedFile",
    "TrackReport",
    "kind_of_janus",
    "open_janus",
    "open_packet",
    "open_recording",
    "plan_target",
    "seal_packet",
    "seal_recording",
]
