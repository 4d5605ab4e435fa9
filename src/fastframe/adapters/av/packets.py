"""Sealing and opening single packets, each into a packet of its own.

Never in place: a muxer's queue or a decoder's threads may still hold a packet
that was handed on, and what is written over it reaches the file or the screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import av

if TYPE_CHECKING:
    import fastframe as ff
    from fastframe.adapters.tally import Buffer

# What FFmpeg's decoders may read behind a packet (AV_INPUT_BUFFER_PADDING_SIZE).
PADDING = 64
# How many samples not to play, at the beginning or end. The one kind of side
# data that is kept: it says nothing of the sound, and stays readable. Others do
# (alpha planes, captions), and are left out.
_TRIM: Literal["skip_samples"] = "skip_samples"


def seal_packet(sealer: ff.Sealer, packet: av.Packet[Any]) -> av.Packet[Any]:
    """Seal a packet into a new one with the same times, flags and stream.

    Side data but for trimming is left out: it would travel in the clear.
    Raises as seal().
    """
    is_video = packet.stream is not None and packet.stream.type == "video"
    key_frame = packet.is_keyframe if is_video else None
    return dressed(sealer.seal(packet, key_frame=key_frame), packet)


def open_packet(opener: ff.Opener, packet: av.Packet[Any]) -> av.Packet[Any]:
    """Open a packet into a new one with the same times, flags and stream.

    Behind its bytes stand the zeroes that decoders want. Raises as open().
    """
    return dressed(padded(opener.open(packet)), packet)


def padded(frame: bytes) -> Buffer:
    """Copy an opened frame to where a decoder may read past its end."""
    room = bytearray(len(frame) + PADDING)
    room[: len(frame)] = frame
    return memoryview(room)[: len(frame)]


def dressed(data: Buffer, like: av.Packet[Any]) -> av.Packet[Any]:
    """Make a packet of data with another's times, flags and stream."""
    packet: av.Packet[Any] = av.Packet(data)
    packet.pts, packet.dts = like.pts, like.dts
    if like.duration is not None:
        packet.duration = like.duration
    if like.time_base is not None:
        packet.time_base = like.time_base
    packet.is_keyframe = like.is_keyframe
    if like.stream is not None:
        packet.stream = like.stream
    if like.has_sidedata(_TRIM):
        packet.set_sidedata(like.get_sidedata(_TRIM))
    return packet
