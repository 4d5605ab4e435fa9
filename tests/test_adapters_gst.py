"""GStreamer's elements: what passes them, and how it looks in between."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import gst_pipes
import pytest
from gi_path import GstAudio, GstVideo, debian_last
from gst_pipes import (
    SIZED,
    SOUND,
    VIDEO,
    Frame,
    Gst,
    Run,
    data_of,
    ends,
    push,
    sealed_by,
)

import fastframe as ff
from fastframe.adapters.gst import OpenElement, SealElement

SOURCES = {"vp8": VIDEO, "opus": SOUND}


@pytest.mark.parametrize("codec", SOURCES)
@pytest.mark.parametrize("is_whole", [True, False], ids=["whole", "clear bytes"])
def test_pipeline_gives_every_frame_back(codec, is_whole):
    """Bit for bit with its times and flags; in between it is ciphertext."""
    sealer, opener = ends(None if is_whole else codec)
    run = Run(
        f"{SOURCES[codec]} ! identity name=plain ! fastframeseal name=seal "
        "! identity name=sealed ! fastframeopen name=open ! fakesink name=out",
        ["plain", "sealed", "out"],
        sealer=sealer,
        opener=opener,
    ).run()
    plain, sealed, out = run.seen.values()
    assert run.error is None
    assert len(plain) >= 60
    assert out == plain
    assert [frame[1:] for frame in sealed] == [frame[1:] for frame in plain]
    for one, other in zip(plain, sealed, strict=True):
        assert len(other.data) == len(one.data) + sealer.overhead
        assert one.data[-16:] not in other.data
    assert {run["seal"].tally.ok, run["open"].tally.ok} == {len(plain)}
    assert run["open"].tally.total == len(plain)
    assert run.told == []


def test_elements_made_by_code_need_no_name():
    """Nothing is registered for these."""
    sealer, opener = ends()
    run = Run(f"{VIDEO} name=enc fakesink name=out", ["out"])
    elements = [run["enc"], SealElement(sealer), OpenElement(opener), run["out"]]
    for element in elements[1:3]:
        run.pipeline.add(element)
    for one, other in itertools.pairwise(elements):
        assert one.link(other)
    run.run()
    assert run.error is None
    assert elements[2].tally.ok == len(run.seen["out"]) == 60


def test_stream_of_the_element_opens_without_gstreamer():
    """The wire format is the library's; the key flag is the buffer's."""
    video = gst_pipes.clip()
    sealer, opener = ends()
    out = push(video, "fastframeseal name=seal", sealer=sealer).seen["out"]
    opened = [opener.open(f.data, key_frame=f.is_key) for f in out]
    assert opened == data_of(video)


def test_stream_of_the_library_opens_in_the_element():
    """And the other way round, whether or not the flag came through."""
    video = gst_pipes.clip()
    sealer, opener = ends()
    sealed = sealed_by(sealer, video)
    sealed[20:] = [frame._replace(flags=0) for frame in sealed[20:]]
    out = push(sealed, "fastframeopen name=open", opener=opener).seen["out"]
    assert data_of(out) == data_of(video)


def test_keys_change_in_the_stream():
    """From one buffer to the next; both keys are held meanwhile."""
    sealer, opener = ends(key_id=1)
    later = ff.generate_key()
    run = Run(
        f"{VIDEO} ! identity name=plain ! fastframeseal name=seal "
        "! identity name=sealed ! fastframeopen name=open ! fakesink name=out",
        ["plain", "sealed", "out"],
        sealer=sealer,
        opener=opener,
    )

    def change(_element, _buffer):
        if len(run.seen["plain"]) == 25:
            opener.keys[2] = later
            sealer.rotate(later, 2)

    run["plain"].connect("handoff", change)
    run.run()
    assert run.seen["out"] == run.seen["plain"]
    ids = [ff.inspect("insertable", f.data).key_id for f in run.seen["sealed"]]
    assert ids == [1] * 24 + [2] * 36


def test_buffer_of_many_memories_and_of_none():
    """Demuxers give the first kind; a flag and a meta go with the second."""
    sealer, opener = ends()
    launch = "fastframeseal name=seal ! fastframeopen name=open"
    run = Run(
        f'appsrc name=in format=time caps="{SIZED}" ! {launch} ! appsink name=sink',
        sealer=sealer,
        opener=opener,
    )
    buffer = Gst.Buffer.new_wrapped(b"one")
    for part in (b"two", b"three"):
        buffer.append_memory(Gst.Buffer.new_wrapped(part).get_memory(0))
    assert buffer.n_memory() == 3
    empty = Gst.Buffer.new()
    flags = Gst.BufferFlags.GAP | Gst.BufferFlags.MARKER | Gst.BufferFlags.HEADER
    empty.set_flags(flags)
    empty.pts, empty.dts, empty.duration, empty.offset = 4, 3, 2, 1
    stamp = Gst.Caps.from_string("timestamp/x-ntp")
    empty.add_reference_timestamp_meta(stamp, 5, 7)
    run.play()
    for one in (buffer, empty):
        run["in"].emit("push-buffer", one)
    first, second = (
        run["sink"].emit("try-pull-sample", gst_pipes.LIMIT * Gst.SECOND).get_buffer()
        for _ in range(2)
    )
    run.stop()
    assert Frame.of(first).data == b"onetwothree"
    assert Frame.of(second) == Frame(b"", 4, 3, 2, int(flags))
    assert second.offset == 1
    meta = second.get_reference_timestamp_meta(stamp)
    assert (meta.timestamp, meta.duration) == (5, 7)


def test_metas_pass_that_hold_no_content():
    """How much sound to trim is kept; captions would travel in the clear.

    So would whatever a program of its own has hung on.
    """
    Gst.meta_register_custom("FastframeTest", [], None, None, None)
    sealer, opener = ends()
    run = Run(
        f'appsrc name=in format=time caps="{SIZED}" ! fastframeseal name=seal '
        "! appsink name=sink",
        sealer=sealer,
    )
    buffer = Frame(b"frame").as_buffer()
    GstAudio.buffer_add_audio_clipping_meta(buffer, Gst.Format.DEFAULT, 312, 5)
    caption = GstVideo.VideoCaptionType.CEA608_RAW
    assert GstVideo.buffer_add_video_caption_meta(buffer, caption, b"Hi")
    assert buffer.add_custom_meta("FastframeTest")
    run.play()["in"].emit("push-buffer", buffer)
    limit = gst_pipes.LIMIT * Gst.SECOND
    sealed = run["sink"].emit("try-pull-sample", limit).get_buffer()
    run.stop()
    assert opener.open(Frame.of(sealed).data) == b"frame"
    assert sealed.get_meta(GstAudio.audio_clipping_meta_api_get_type())
    assert not sealed.get_meta(GstVideo.video_caption_meta_api_get_type())
    assert not sealed.get_custom_meta("FastframeTest")


def test_caps_and_events_pass_as_they_are():
    """Codec headers stay where decoders look for them; gaps and the end, too."""
    sealer, opener = ends()
    caps = "video/x-h264,stream-format=avc,alignment=au,codec_data=(buffer)0142c01e"
    launch = "fastframeseal name=seal ! fastframeopen name=open"
    run = Run(
        f'appsrc name=in format=time caps="{caps}" ! {launch} ! fakesink name=out',
        sealer=sealer,
        opener=opener,
    )
    events = []
    run["out"].get_static_pad("sink").add_probe(
        Gst.PadProbeType.EVENT_DOWNSTREAM,
        lambda _pad, info: events.append(info.get_event()) or Gst.PadProbeReturn.OK,
    )
    run.play()
    run["in"].emit("push-buffer", Frame(b"frame", 0, 0, 1).as_buffer())
    gap = Gst.Event.new_gap(1, 10)
    run["in"].send_event(gap)
    run["in"].emit("end-of-stream")
    run.wait()
    run.stop()
    by_type = {event.type: event for event in events}
    assert by_type[Gst.EventType.CAPS].parse_caps().is_equal(Gst.Caps.from_string(caps))
    assert by_type[Gst.EventType.GAP].parse_gap() == (1, 10)
    assert events[-1].type == Gst.EventType.EOS


# -- set up --


def test_properties_hold_no_key():
    """Properties are printed in dumps and set on command lines."""
    for element in (SealElement(), OpenElement()):
        names = {spec.name for spec in element.list_properties()}
        assert names == {"name", "parent", "qos"}


def in_a_process(program):
    """Run a program and give what it printed."""
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own program
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_import_registers_nothing():
    """register() does, and may be called again."""
    with debian_last():
        path = sys.path[-1]
    assert in_a_process(
        f"import sys; sys.path.append({path!r})\n"
        "from fastframe.adapters.gst import register\n"
        "from gi.repository import Gst\n"
        "find = Gst.ElementFactory.find\n"
        "names = 'fastframeseal', 'fastframeopen'\n"
        "print(*(find(name) is None for name in names))\n"
        "register(); register()\n"
        "print(*(find(name).get_rank() for name in names))"
    ) == ["True", "True", "0", "0"]


def test_no_buffer_comes_once_python_ends():
    """A program may end while frames flow; what comes then is refused in C."""
    with debian_last():
        path = sys.path[-1]
    assert in_a_process(
        f"import atexit, sys, time; sys.path.append({path!r})\n"
        "held = []\n"
        # Called after what is registered later, the adapter's.
        "@atexit.register\n"
        "def look():\n"
        "    Gst, pad, seen = held\n"
        "    known = len(seen)\n"
        "    flow = pad.chain(Gst.Buffer.new_wrapped(b'frame'))\n"
        "    print(flow.value_nick, known > 0, len(seen) - known)\n"
        "import fastframe as ff\n"
        "from fastframe.adapters.gst import register\n"
        "from gi.repository import Gst\n"
        "register()\n"
        "pipeline = Gst.parse_launch('videotestsrc ! fastframeseal name=seal '\n"
        "    '! fakesink name=out signal-handoffs=true')\n"
        "sealer = ff.Sealer('insertable', ff.generate_key())\n"
        "pipeline.get_by_name('seal').sealer = sealer\n"
        "pad, seen = pipeline.get_by_name('seal').get_static_pad('sink'), []\n"
        "pipeline.get_by_name('out').connect('handoff', lambda *_: seen.append(1))\n"
        "held += Gst, pad, seen\n"
        "pipeline.set_state(Gst.State.PLAYING)\n"
        "for _ in range(6000): seen or time.sleep(0.01)\n"
    ) == ["flushing", "True", "0"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_forked_child_ends_while_frames_flow():
    """Its parent's streaming threads are not there to give up their locks."""
    with debian_last():
        path = sys.path[-1]
    assert (
        in_a_process(
            f"import os, signal, sys, time; sys.path.append({path!r})\n"
            "import fastframe as ff\n"
            "from fastframe.adapters.gst import register\n"
            "from gi.repository import Gst\n"
            "register()\n"
            "pipeline = Gst.parse_launch(\n"
            "    'videotestsrc ! fastframeseal name=seal ! fakesink')\n"
            "seal = pipeline.get_by_name('seal')\n"
            "seal.sealer = ff.Sealer('insertable', ff.generate_key())\n"
            "pipeline.set_state(Gst.State.PLAYING)\n"
            "for _ in range(6000): seal.tally.ok or time.sleep(0.01)\n"
            "for _ in range(5):\n"
            "    child = os.fork()\n"
            "    if not child:\n"
            "        signal.alarm(30)\n"
            "        sys.exit()\n"
            "    print(os.waitpid(child, 0)[1])\n"
        )
        == ["0"] * 5
    )


def test_missing_gi_names_its_packages():
    """It is not on PyPI as a wheel: nobody guesses where it comes from."""
    words = in_a_process(
        "import sys; sys.modules['gi'] = None\n"
        "try: import fastframe.adapters.gst\n"
        "except ImportError as error: print(error)"
    )
    assert {"python3-gi", "gir1.2-gst-plugins-base-1.0"} <= set(words)
