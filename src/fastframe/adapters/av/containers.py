"""Which containers keep sealed packets as they are, and with which options.

FFmpeg's muxers and parsers look into packets. With their default settings
they rewrite, merge, drop or refuse sealed ones, mostly without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# Without it, parsers recompute key flags from ciphertext and merge packets.
READ_OPTIONS = {"fflags": "noparse"}
# Without it, muxers put bit-stream filters in that parse or alter packets.
WRITE_OPTIONS = {"fflags": "-autobsf"}
# MP4 keeps its index at the end; at the front, a truncated file still opens.
_MOVED_INDEX = {"movflags": "+faststart"}
_WITH_MOVED_INDEX = (".mp4", ".mov")

# By codec: the containers that gave every packet back unchanged, with its
# times and key flag, whatever its first byte (docs/pipelines.md). The first is
# taken when nothing else is asked for.
_KEEPS: dict[str, tuple[str, ...]] = {
    "vp8": (".mkv", ".webm", ".nut", ".avi"),
    "vp9": (".mkv", ".webm", ".mp4", ".nut"),
    "h264": (".mkv", ".mp4", ".mov", ".nut"),
    "hevc": (".mkv", ".mp4", ".mov", ".nut"),
    "av1": (".nut", ".avi"),
    "opus": (".mkv", ".webm", ".mp4", ".nut"),
    "aac": (".mkv", ".mp4", ".mov", ".nut"),
    "mp3": (".mkv", ".mp4"),
    "flac": (".mkv",),
}
# H.264 and HEVC with start codes: other muxers look for those in ciphertext.
_KEEPS_START_CODES = (".nut",)
_CALLED = {"libdav1d": "av1", "mp3float": "mp3", "libopus": "opus"}
_CALLED |= {"libvpx": "vp8", "libvpx-vp9": "vp9", "libaom-av1": "av1"}


def tracks_of(container: Any) -> Iterator[Any]:
    """Give the audio and video streams; cover art is no track."""
    for stream in container.streams:
        is_media = stream.type in ("video", "audio") and stream.codec_context
        if is_media and not stream.disposition & av.stream.Disposition.attached_pic:
            yield stream


def codec_of(stream: Any) -> str:
    """Name a stream's codec, whichever decoder FFmpeg takes for it."""
    name = str(stream.codec_context.name)
    return _CALLED.get(name, name)


def keeping(stream: Any) -> tuple[str, ...]:
    """List the endings of the containers that keep a stream's sealed packets."""
    codec = codec_of(stream)
    # ISO/IEC 14496-15: avcC and hvcC begin with version 1, start codes with 0.
    lengths = bytes(stream.codec_context.extradata or b"")[:1] == b"\1"
    if codec in ("h264", "hevc") and not lengths:
        return _KEEPS_START_CODES
    return _KEEPS.get(codec, ())


def keeping_all(streams: Iterable[Any]) -> list[str]:
    """List the endings that keep every one of the streams, the best first."""
    lists = [keeping(stream) for stream in streams]
    return [one for one in lists[0] if all(one in other for other in lists)]


def choose(target: Path, source: Path, streams: list[Any]) -> Path:
    """Give the name to write a sealed recording to.

    Without an ending of its own it gets the source's, which keeps times
    exactly, if that container will do. Raises UsageError, naming those that
    will, if target's does not keep the tracks.
    """
    able = keeping_all(streams)
    codecs = " and ".join(sorted({codec_of(stream) for stream in streams}))
    if not able:
        raise ff.UsageError(f"no container is known to keep sealed {codecs}")
    suffix = target.suffix.lower()
    if not suffix:
        own = source.suffix.lower()
        return target.with_name(target.name + (own if own in able else able[0]))
    if suffix not in able:
        raise ff.UsageError(
            f"{suffix} does not keep sealed {codecs} as it is; these do: "
            f"{', '.join(able)}"
        )
    return target


def write_options(target: Path) -> dict[str, str]:
    """Give what FFmpeg must be told to write sealed packets untouched."""
    moved = target.suffix.lower() in _WITH_MOVED_INDEX
    return WRITE_OPTIONS | (_MOVED_INDEX if moved else {})
