"""Run GStreamer pipelines to their end and keep what came by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from gi_path import Gst

import fastframe as ff

LIMIT = 60  # seconds for what takes one
VIDEO = (
    "videotestsrc num-buffers=60 pattern=ball "
    "! video/x-raw,width=160,height=120,framerate=30/1 "
    "! vp8enc deadline=1 cpu-used=8 keyframe-max-dist=15"
)
SOUND = (
    "audiotestsrc num-buffers=60 samplesperbuffer=960 "
    "! audio/x-raw,rate=48000,channels=1 ! opusenc"
)
CAPS = {"vp8": "video/x-vp8", "opus": "audio/x-opus,channel-mapping-family=0"}
SIZED = "video/x-vp8,width=160,height=120,framerate=30/1"
DELTA = Gst.BufferFlags.DELTA_UNIT
DISCONT = Gst.BufferFlags.DISCONT


class Frame(NamedTuple):
    """A buffer that came by."""

    data: bytes
    pts: int = Gst.CLOCK_TIME_NONE
    dts: int = Gst.CLOCK_TIME_NONE
    duration: int = Gst.CLOCK_TIME_NONE
    flags: int = 0

    @classmethod
    def of(cls, buffer):
        """Copy a buffer."""
        data = buffer.extract_dup(0, buffer.get_size())
        # Whose memory it is (TAG_MEMORY) says nothing of the frame.
        flags = int(buffer.get_flags() & ~Gst.BufferFlags.TAG_MEMORY)
        return cls(data, buffer.pts, buffer.dts, buffer.duration, flags)

    def as_buffer(self):
        """Make a buffer of it."""
        # new_wrapped() of nothing makes a buffer that ends the process.
        buffer = Gst.Buffer.new_wrapped(self.data) if self.data else Gst.Buffer()
        buffer.pts, buffer.dts, buffer.duration = self.pts, self.dts, self.duration
        buffer.set_flags(Gst.BufferFlags(self.flags))
        return buffer

    @property
    def is_key(self):
        """Tell whether it is no delta."""
        return not self.flags & DELTA


@dataclass
class Told:
    """An element message."""

    name: str
    status: str
    count: int


class Run:
    """A pipeline; what passes its identities and fakesinks with names is kept.

    Attributes:
        seen: by element's name, the frames that passed.
        told: the element messages of fastframe's elements.
        error: the first error on the bus, None without one.
        culprit: the element that it came from.
    """

    def __init__(self, launch, watched=(), **set_up):
        """Make it, or take one; give "seal" its sealer=, "open" its opener=."""
        made = Gst.parse_launch(launch) if isinstance(launch, str) else launch
        self.pipeline = made
        self.bus = self.pipeline.get_bus()
        self.seen = {name: [] for name in watched}
        self.told, self.error, self.culprit = [], None, None
        for name in watched:
            element = self[name]
            element.props.signal_handoffs = True
            element.connect("handoff", self._keep, name)
        for name, value in set_up.items():
            setattr(self[name.removesuffix("er")], name, value)

    def __getitem__(self, name):
        """Give an element by its name."""
        return self.pipeline.get_by_name(name)

    def _keep(self, _element, buffer, *rest):
        self.seen[rest[-1]].append(Frame.of(buffer))

    def play(self):
        """Let it flow."""
        self.pipeline.set_state(Gst.State.PLAYING)
        return self

    def wait(self, kinds=Gst.MessageType.EOS):
        """Wait for a message of a kind, or until a source ends with an error.

        Not for the first error: what a failing element let on would be missed.
        """
        wanted = kinds | Gst.MessageType.ERROR | Gst.MessageType.ELEMENT
        while True:
            limit = LIMIT if self.error is None else LIMIT // 6
            message = self.bus.timed_pop_filtered(limit * Gst.SECOND, wanted)
            assert message is not None, "the pipeline hangs"
            if message.type == Gst.MessageType.ELEMENT:
                self._note(message.get_structure())
                continue
            if message.type != Gst.MessageType.ERROR:
                return
            if self.error is None:
                self.error = message.parse_error()[0]
                self.culprit = message.src.get_name()
            if not message.src.sinkpads:
                return

    def _note(self, told):
        if told.get_name().startswith("fastframe"):
            value = told.get_value
            self.told.append(Told(told.get_name(), value("status"), value("count")))

    def stop(self):
        """End it."""
        self.pipeline.set_state(Gst.State.NULL)
        self.bus.set_flushing(True)

    def run(self):
        """Play to the end or an error, and stop."""
        try:
            self.play().wait()
        finally:
            self.stop()
        return self

    def feed(self, frames, name="in"):
        """Push frames, then the end, into an appsrc."""
        for frame in frames:
            self[name].emit("push-buffer", frame.as_buffer())
        self[name].emit("end-of-stream")
        return self


def encoded(source):
    """Give the frames of an encoder, as they are."""
    return Run(f"{source} ! fakesink name=out", ["out"]).run().seen["out"]


@cache
def clip():
    """Give sixty frames of VP8, four of them key frames."""
    frames = encoded(VIDEO)
    assert [frame.is_key for frame in frames].count(True) == 4
    return frames


def push(frames, middle, codec="vp8", **set_up):
    """Run frames through some elements; what comes out is in seen["out"]."""
    run = Run(
        f'appsrc name=in format=time caps="{CAPS[codec]}" ! {middle} '
        "! fakesink name=out",
        ["out"],
        **set_up,
    )
    try:
        run.play().feed(frames).wait()
    finally:
        run.stop()
    return run


def sealed_by(sealer, frames):
    """Seal frames without GStreamer."""
    return [
        frame._replace(data=sealer.seal(frame.data, key_frame=frame.is_key))
        for frame in frames
    ]


def ends(codec=None, key_id=0, **options):
    """Make a sealer and the opener of its frames."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key, key_id=key_id, codec=codec)
    return sealer, ff.Opener("insertable", {key_id: key}, codec=codec, **options)


def data_of(frames):
    """Give the bytes of frames alone."""
    return [frame.data for frame in frames]
