"""Janus's recordings (.mjr): the RTP packets of one track, as they came.

    "MJR00002"  [ length 2 ][ JSON ]  { "MEET" [ ms 4 ][ length 2 ][ packet ] } …

Numbers are big-endian. The file is read piece by piece, and frames are put
together within a window of packets, so a long one takes no more memory.
"""

from __future__ import annotations

import heapq
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import fastframe as ff
from fastframe.adapters.rtp import PAYLOADS, RtpPacket, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC = b"MJR00002"
_RECORD = b"MEET"
_HEAD = struct.Struct("!4sIH")
_RECORD_MAX = _HEAD.size + 0xFFFF + len(_RECORD)  # and the next one's mark
_CHUNK = 1 << 17
_WINDOW = 256  # packets that may come out of order; a wave of retransmissions
_PARTS_MAX = 1 << 24  # bytes of one frame: the library's own limit
_CLOCKS = {"opus": 48_000, "vp8": 90_000, "vp9": 90_000, "h264": 90_000}


@dataclass(frozen=True, slots=True)
class CallFrame:
    """One frame of a call, put together from its packets.

    Attributes:
        data: its bytes, still sealed if the call was.
        timestamp: ticks of the codec's clock since the first frame.
        is_complete: whether all its packets had arrived at Janus.
    """

    data: bytes
    timestamp: int
    is_complete: bool


class JanusRecording:
    """One track of a call, as Janus recorded it.

    Attributes:
        codec: "opus", "vp8", "vp9" or "h264".
        kind: "audio" or "video".
        clock_rate: ticks per second of timestamps.
        is_marked_sealed: whether Janus was told that the call is end to end
            encrypted; its own tools refuse such files.
        packets: RTP packets read so far.
        missing: packets that never arrived at Janus, as far as read.
        damaged: bytes of the file that were skipped, as far as read.

    Raises:
        UsageError: it is no such file, or of a codec that is not known here.
        OSError: it cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        """Read the header; no packet is read yet."""
        self._path = Path(path)
        with self._path.open("rb") as file:
            start = file.read(len(_MAGIC) + 2)
            if start[: len(_MAGIC)] != _MAGIC:
                raise ff.UsageError(f"{self._path.name} does not begin with MJR00002")
            length = int.from_bytes(start[len(_MAGIC) :], "big")
            header = _read_header(file.read(length))
            self._first = file.tell()
        self.codec = str(header.get("c", ""))
        if self.codec not in PAYLOADS:
            known = ", ".join(sorted(PAYLOADS))
            raise ff.UsageError(
                f"{self._path.name} holds {self.codec or 'no'} codec; known: {known}"
            )
        self.kind = "audio" if self.codec == "opus" else "video"
        self.clock_rate = _CLOCKS[self.codec]
        self.is_marked_sealed = header.get("e") is True
        self.packets = self.missing = self.damaged = 0

    def frames(self) -> Iterator[CallFrame]:
        """Give the frames in order; each packet once, late ones in their place."""
        depayload = PAYLOADS[self.codec]
        builder = _Builder(has_many=self.kind == "video")
        for at, packet in self._in_order():
            part = depayload(packet.payload)
            if part is not None:
                yield from builder.add(at, packet, part.data, is_first=part.is_first)
        yield from builder.finish()

    def _in_order(self) -> Iterator[tuple[int, RtpPacket]]:
        """Give packets by sequence number, counted on past 16 bits."""
        heap: list[tuple[int, int, RtpPacket]] = []
        highest: int | None = None
        last: int | None = None
        for number, packet in enumerate(self._packets()):
            if not packet.payload:
                continue  # a probe for bandwidth: padding and nothing else
            if highest is None:
                highest = packet.sequence
            # The nearest number to the highest so far with these 16 bits.
            ahead = (packet.sequence - highest + 0x8000 & 0xFFFF) - 0x8000
            at = highest + ahead
            highest = max(highest, at)
            heapq.heappush(heap, (at, number, packet))
            if len(heap) > _WINDOW:
                last = yield from self._release(heap, last)
        while heap:
            last = yield from self._release(heap, last)

    def _release(self, heap: list[tuple[int, int, RtpPacket]], last: int | None) -> Any:
        at, _number, packet = heapq.heappop(heap)
        if last is not None and at <= last:
            return last  # sent twice, or later than the window is long
        self.missing += 0 if last is None else at - last - 1
        yield at, packet
        return at

    def _packets(self) -> Iterator[RtpPacket]:
        with self._path.open("rb") as file:
            file.seek(self._first)
            for record in self._records(file):
                packet = parse(record)
                if packet is None:
                    self.damaged += len(record)
                else:
                    self.packets += 1
                    yield packet

    def _records(self, file: BinaryIO) -> Iterator[bytes]:
        """Give what the records hold; behind damage, go on at the next mark."""
        content, at, is_all = bytearray(), 0, False
        while at < len(content) or not is_all:
            if len(content) - at < _RECORD_MAX and not is_all:
                del content[:at]
                more = file.read(_CHUNK)
                content += more
                at, is_all = 0, not more
                continue
            end = _end_of_record(content, at)
            if end is not None:
                yield bytes(content[at + _HEAD.size : end])
                at = end
                continue
            found = content.find(_RECORD, at + 1)
            if found < 0:  # a mark may be cut by the end of what was read
                found = len(content) if is_all else len(content) - len(_RECORD) + 1
            self.damaged += found - at
            at = found


def _end_of_record(content: bytearray, at: int) -> int | None:
    """Give where a record ends, if there is one and another follows, or nothing."""
    start = at + _HEAD.size
    if start > len(content):
        return None
    mark, _ms, length = _HEAD.unpack_from(content, at)
    end: int = start + length
    follows = content[end : end + len(_RECORD)]
    is_one = mark == _RECORD and end <= len(content) and follows in (_RECORD, b"")
    return end if is_one else None


class _Builder:
    """Puts the parts of one frame after the other together."""

    def __init__(self, *, has_many: bool) -> None:
        self._has_many = has_many
        self._parts = bytearray()
        self._timestamp: int | None = None
        self._origin: int | None = None
        self._latest = 0
        self._next = 0
        self._is_complete = False

    def add(
        self, at: int, packet: RtpPacket, data: bytes, *, is_first: bool
    ) -> Iterator[CallFrame]:
        """Take a part; give the frame that ends with it, or before it."""
        is_next = at == self._next
        if packet.timestamp != self._timestamp:
            yield from self._end(is_whole=False)
            self._timestamp = packet.timestamp
            self._is_complete = is_first
        elif not is_next:
            self._is_complete = False
        self._next = at + 1
        if len(self._parts) + len(data) <= _PARTS_MAX:
            self._parts += data
        else:
            self._is_complete = False
        if packet.marker or not self._has_many:
            yield from self._end(is_whole=True)

    def finish(self) -> Iterator[CallFrame]:
        """Give the frame that the recording broke off in."""
        yield from self._end(is_whole=False)

    def _end(self, *, is_whole: bool) -> Iterator[CallFrame]:
        if self._timestamp is not None and self._parts:
            if self._origin is None:
                self._origin = self._latest = self._timestamp
            # Timestamps have 32 bits and wrap within a day.
            step = (self._timestamp - self._latest + (1 << 31) & 0xFFFFFFFF) - (1 << 31)
            self._latest += step
            yield CallFrame(
                bytes(self._parts),
                max(0, self._latest - self._origin),
                is_complete=self._is_complete and is_whole,
            )
        self._timestamp = None
        self._parts.clear()


def _read_header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise ff.UsageError("the recording's header is not the JSON of Janus")
    return header
