"""GStreamer's elements: what passes them, what never does, and who is told."""

from __future__ import annotations

import itertools
import pipes
import subprocess
import sys
from pipes import DISCONT, SOUND, VIDEO, Frame, Gst, Run, push, sealed_by
from types import SimpleNamespace

import pytest
from gi_path import GstAudio, GstVideo, debian_last

import fastframe as ff
from fastframe.adapters.gst import OpenElement, SealElement, opening

SIZED = "video/x-vp8,width=160,height=120,framerate=30/1"
SOURCES = {"vp8": VIDEO, "opus": SOUND}


@pytest.fixture(scope="module")
def video():
    """Give sixty frames of VP8, four of them key frames."""
    frames = pipes.encoded(VIDEO)
    assert [f.is_key for f in frames].count(True) == 4
    return frames


def ends(codec=None, key_id=0, **options):
    """Make a sealer and the opener of its frames."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key, key_id=key_id, codec=codec)
    return sealer, ff.Opener("insertable", {key_id: key}, codec=codec, **options)


def data_of(frames):
    """Give the bytes of frames alone."""
    return [frame.data for frame in frames]


# -- what passes --


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


def test_stream_of_the_element_opens_without_gstreamer(video):
    """The wire format is the library's; the key flag is the buffer's."""
    sealer, opener = ends()
    out = push(video, "fastframeseal name=seal", sealer=sealer).seen["out"]
    opened = [opener.open(f.data, key_frame=f.is_key) for f in out]
    assert opened == data_of(video)


def test_stream_of_the_library_opens_in_the_element(video):
    """And the other way round, whether or not the flag came through."""
    sealer, opener = ends()
    sealed = sealed_by(sealer, video)
    sealed[20:] = [frame._replace(flags=0) for frame in sealed[20:]]
    out = push(sealed, "fastframeopen name=open", opener=opener).seen["out"]
    assert data_of(out) == data_of(video)


@pytest.mark.parametrize("muxer", ["matroskamux", "webmmux"])
def test_file_comes_back(muxer, tmp_path):
    """Sound and pictures through a container."""
    path = tmp_path / "sealed.mkv"
    pairs = {"video": ends(), "audio": ends()}
    run = Run(
        f"{muxer} name=mux ! filesink location={path} "
        f"{VIDEO} ! identity name=video ! queue ! fastframeseal name=sealvideo ! mux. "
        f"{SOUND} ! identity name=audio ! queue ! fastframeseal name=sealaudio ! mux.",
        pairs,
    )
    for kind, (sealer, _) in pairs.items():
        run[f"seal{kind}"].sealer = sealer
    sent = run.run().seen
    run = Run(
        f"filesrc location={path} ! matroskademux name=demux "
        "demux.video_0 ! queue ! fastframeopen name=openvideo ! fakesink name=video "
        "demux.audio_0 ! queue ! fastframeopen name=openaudio ! fakesink name=audio",
        pairs,
    )
    for kind, (_, opener) in pairs.items():
        run[f"open{kind}"].opener = opener
    got = run.run().seen
    for kind in pairs:
        assert len(sent[kind]) >= 60
        assert data_of(got[kind]) == data_of(sent[kind])
    assert [f.is_key for f in got["video"]] == [f.is_key for f in sent["video"]]
    assert data_of(sent["video"])[0][-64:] not in path.read_bytes()


def test_seek_goes_on_in_a_recording(video, tmp_path):
    """Back and forth in a file is no attack: replay protection is turned off."""
    path = tmp_path / "sealed.mkv"
    sealer, opener = ends(replay_window=0)
    launch = f"fastframeseal name=seal ! matroskamux ! filesink location={path}"
    run = Run(f'appsrc name=in format=time caps="{SIZED}" ! {launch}', sealer=sealer)
    run.play().feed(video).wait()
    run.stop()
    run = Run(
        f"filesrc location={path} ! matroskademux ! fastframeopen name=open "
        "! fakesink name=out sync=false",
        ["out"],
        opener=opener,
    )
    try:
        run.play().wait()
        assert data_of(run.seen["out"]) == data_of(video)
        for start in (15, 0):
            run.seen["out"].clear()
            flags = Gst.SeekFlags.FLUSH | Gst.SeekFlags.KEY_UNIT
            assert run.pipeline.seek_simple(Gst.Format.TIME, flags, video[start].pts)
            run.wait()
            assert data_of(run.seen["out"]) == data_of(video[start:])
    finally:
        run.stop()
    assert run["open"].tally.ok == run["open"].tally.total


def test_keys_change_in_the_stream(video):
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
        run["sink"].emit("try-pull-sample", pipes.LIMIT * Gst.SECOND).get_buffer()
        for _ in range(2)
    )
    run.stop()
    assert Frame.of(first).data == b"onetwothree"
    assert Frame.of(second) == Frame(b"", 4, 3, 2, int(flags))
    assert second.offset == 1
    meta = second.get_reference_timestamp_meta(stamp)
    assert (meta.timestamp, meta.duration) == (5, 7)


def test_metas_pass_but_for_those_with_content():
    """How much sound to trim is kept; captions would travel in the clear."""
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
    run.play()["in"].emit("push-buffer", buffer)
    limit = pipes.LIMIT * Gst.SECOND
    sealed = run["sink"].emit("try-pull-sample", limit).get_buffer()
    run.stop()
    assert opener.open(Frame.of(sealed).data) == b"frame"
    assert sealed.get_meta(GstAudio.audio_clipping_meta_api_get_type())
    assert not sealed.get_meta(GstVideo.video_caption_meta_api_get_type())


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


# -- what never passes --


def test_changed_frame_costs_itself_alone(video):
    """Dropped, counted, told; the next one says that something is missing."""
    sealer, opener = ends()
    sealed = sealed_by(sealer, video)
    broken = bytearray(sealed[7].data)
    broken[-20] ^= 1
    sealed[7] = sealed[7]._replace(data=bytes(broken))
    sealed.insert(30, sealed[20])
    sealed.append(sealed[0]._replace(data=b""))
    run = push(sealed, "fastframeopen name=open", opener=opener)
    out = run.seen["out"]
    assert data_of(out) == data_of(video[:7] + video[8:])
    assert [i for i, frame in enumerate(out) if frame.flags & DISCONT] == [0, 7, 29]
    assert run["open"].tally.counts() == {
        ff.Status.OK: 59,
        ff.Status.MALFORMED: 1,
        ff.Status.AUTH_FAILED: 1,
        ff.Status.REPLAYED: 1,
    }
    assert {(t.name, t.status, t.count) for t in run.told} == {
        (opening.DROPPED, name, 1) for name in ("MALFORMED", "AUTH_FAILED", "REPLAYED")
    }


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda: ff.Opener("insertable", {0: ff.generate_key()}), "AUTH_FAILED"),
        (lambda: ff.Opener("insertable", {5: ff.generate_key()}), "UNKNOWN_KEY"),
        (lambda: None, "NOT_RUN"),
    ],
    ids=["wrong key", "no key", "no opener"],
)
def test_nothing_that_does_not_open_passes(video, make, status):
    """Not a byte, and the pipeline comes to its end."""
    sealer, _ = ends()
    sealed = sealed_by(sealer, video)
    run = push(sealed, "fastframeopen name=open", opener=make())
    assert run.error is None
    assert run.seen["out"] == []
    assert run["open"].tally.counts() == {ff.Status[status]: 60}
    assert [(one.status, one.count) for one in run.told][:1] == [(status, 1)]


def test_nothing_passes_an_opener_that_is_none(video, caplog):
    """A mistake of the program's own ends the stream instead of passing it."""
    run = push(video, "fastframeopen name=open", opener=object())
    assert run.error is not None
    assert run.seen["out"] == []
    assert "no buffer goes on" in caplog.text


def test_losses_are_told_and_key_frames_asked_for_at_a_pace(video, monkeypatch):
    """Ten frames a second for six: at 0, 1, 3 s and no more."""
    sealer, _ = ends()
    ticks = iter(range(10_000))
    # Two looks at the clock a frame.
    clock = SimpleNamespace(monotonic=lambda: (next(ticks) // 2) / 10)
    monkeypatch.setattr(opening, "time", clock)
    asked = []

    def look(_pad, info):
        structure = info.get_event().get_structure()
        if structure is not None and structure.get_name() == "GstForceKeyUnit":
            asked.append(structure.get_value("count"))
        return Gst.PadProbeReturn.OK

    run = Run(
        f"{VIDEO} ! fastframeseal name=seal ! fastframeopen name=open "
        "! fakesink name=out",
        ["out"],
        sealer=sealer,
        opener=ff.Opener("insertable"),
    )
    pad = run["seal"].get_static_pad("sink").get_peer()
    pad.add_probe(Gst.PadProbeType.EVENT_UPSTREAM, look)
    run.run()
    assert [one.count for one in run.told] == [1, 11, 31]
    assert asked == [1, 2, 3]
    assert run["open"].requests == 3


def test_encoder_answers_with_a_key_frame():
    """A key that comes late: pictures begin with the key frame asked for."""
    sealer, _ = ends()
    source = VIDEO.replace("keyframe-max-dist=15", "keyframe-max-dist=9999")
    run = Run(
        f"{source} ! fastframeseal name=seal ! identity name=sealed "
        "! fastframeopen name=open ! fakesink name=out",
        ["sealed", "out"],
        sealer=sealer,
        opener=ff.Opener("insertable"),
    ).run()
    keys = [i for i, frame in enumerate(run.seen["sealed"]) if frame.is_key]
    assert len(keys) >= 2
    assert keys[:2] == [0, 1]


def test_no_key_frame_is_asked_for_sound():
    """There is none, and the event would go to whatever stands upstream."""
    sealer, _ = ends()
    run = Run(
        f"{SOUND} ! fastframeseal name=seal ! fastframeopen name=open "
        "! fakesink name=out",
        ["out"],
        sealer=sealer,
        opener=ff.Opener("insertable"),
    ).run()
    assert run["open"].tally[ff.Status.UNKNOWN_KEY] >= 60
    assert run["open"].requests == 0


def closed_sealer():
    """Give a sealer that is closed."""
    sealer, _ = ends()
    sealer.close()
    return sealer


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (closed_sealer, ff.Status.NOT_RUN),
        (lambda: None, ff.Status.NOT_RUN),
        (object, ff.Status.INTERNAL),
    ],
    ids=["closed", "none", "no sealer at all"],
)
def test_nothing_leaves_unsealed(video, make, status):
    """The stream ends with an error that says why; no buffer comes out."""
    run = push(video, "fastframeseal name=seal", sealer=make())
    seal = run["seal"]
    assert run.seen["out"] == []
    assert run.culprit == "seal"
    assert run.error.matches(Gst.stream_error_quark(), Gst.StreamError.FAILED)
    assert str(seal.error) in run.error.message
    assert seal.tally.counts() == {status: 1}


def test_sealer_closed_in_the_stream_ends_it():
    """What was sealed before is out, and not one frame more."""
    sealer, opener = ends()
    run = Run(
        f"{VIDEO} ! identity name=plain ! fastframeseal name=seal ! fakesink name=out",
        ["plain", "out"],
        sealer=sealer,
    )

    def close(_element, _buffer):
        if len(run.seen["plain"]) == 20:
            sealer.close()

    run["plain"].connect("handoff", close)
    run.run()
    assert run.culprit == "seal"
    plain, out = run.seen["plain"], run.seen["out"]
    assert [opener.open(f.data) for f in out] == data_of(plain[:19])
    assert len(plain) == 20  # whoever pushed the frame was told, too


def test_frame_too_large_is_an_error(video):
    """More than the core takes."""
    sealer, _ = ends()
    large = Frame(bytes(16 * 1024 * 1024 + 1))
    run = push([large], "fastframeseal name=seal", sealer=sealer)
    assert "16777216" in run.error.message
    assert run.seen["out"] == []


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


def test_missing_gi_names_its_packages():
    """It is not on PyPI as a wheel: nobody guesses where it comes from."""
    words = in_a_process(
        "import sys; sys.modules['gi'] = None\n"
        "try: import fastframe.adapters.gst\n"
        "except ImportError as error: print(error)"
    )
    assert {"python3-gi", "gir1.2-gst-plugins-base-1.0"} <= set(words)
