"""GStreamer's elements: what never passes them, and who is told."""

from __future__ import annotations

from types import SimpleNamespace

import gst_pipes
import pytest
from gst_pipes import (
    DISCONT,
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
from fastframe.adapters.gst import opening

# -- opening --


def test_changed_frame_costs_itself_alone():
    """Dropped, counted, told; the next one says that something is missing."""
    video = gst_pipes.clip()
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
def test_nothing_that_does_not_open_passes(make, status):
    """Not a byte, and the pipeline comes to its end."""
    video = gst_pipes.clip()
    sealer, _ = ends()
    sealed = sealed_by(sealer, video)
    run = push(sealed, "fastframeopen name=open", opener=make())
    assert run.error is None
    assert run.seen["out"] == []
    assert run["open"].tally.counts() == {ff.Status[status]: 60}
    assert [(one.status, one.count) for one in run.told][:1] == [(status, 1)]


def test_nothing_passes_an_opener_that_is_none(caplog):
    """A mistake of the program's own ends the stream instead of passing it."""
    video = gst_pipes.clip()
    run = push(video, "fastframeopen name=open", opener=object())
    assert run.error is not None
    assert run.seen["out"] == []
    assert "no buffer goes on" in caplog.text


def slow_down(monkeypatch):
    """Have ten frames that do not open take a second."""
    ticks = iter(range(10_000))
    # Two looks at the clock for each: for the message, for the request.
    clock = SimpleNamespace(monotonic=lambda: (next(ticks) // 2) / 10)
    monkeypatch.setattr(opening, "time", clock)


def test_losses_are_told_and_key_frames_asked_for_at_a_pace(monkeypatch):
    """Ten frames a second for six: at 0, 1, 3 s and no more."""
    sealer, _ = ends()
    slow_down(monkeypatch)
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


def test_request_comes_soon_when_frames_open_again(monkeypatch):
    """At 0, 1, 3 s; a frame opens at 4 s, so at 4 and 5 s and not at 7 s."""
    slow_down(monkeypatch)
    video = gst_pipes.clip()
    sealer, opener = ends()
    other, _ = ends()
    frames = sealed_by(other, video[:40])
    frames += sealed_by(sealer, video[40:41]) + sealed_by(other, video[41:])
    run = push(frames, "fastframeopen name=open", opener=opener)
    assert run["open"].tally.ok == 1
    assert run["open"].requests == 5


def test_second_copy_asks_for_nothing():
    """It spoils no picture, and whoever can replay could have key frames sent."""
    sealer, opener = ends()
    frames = sealed_by(sealer, gst_pipes.clip())
    run = push(frames + frames, "fastframeopen name=open", opener=opener)
    assert run["open"].tally[ff.Status.REPLAYED] == 60
    assert run["open"].requests == 0


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


# -- sealing --


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
def test_nothing_leaves_unsealed(make, status):
    """The stream ends with an error that says why; no buffer comes out."""
    video = gst_pipes.clip()
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


def test_spent_sealer_ends_the_stream():
    """The last counters are used, and no nonce a second time."""
    video, key = gst_pipes.clip(), ff.generate_key()
    sealer = ff.Sealer("insertable", key, counter=2**64 - 10)
    opener = ff.Opener("insertable", {0: key})
    run = push(video, "fastframeseal name=seal", sealer=sealer)
    assert isinstance(run["seal"].error, ff.KeyExhausted)
    assert run.culprit == "seal"
    assert [opener.open(f.data) for f in run.seen["out"]] == data_of(video[:10])
    counts = {ff.Status.OK: 10, ff.Status.KEY_EXHAUSTED: 1}
    assert run["seal"].tally.counts() == counts


def test_frame_too_large_is_an_error():
    """More than the core takes."""
    sealer, _ = ends()
    large = Frame(bytes(16 * 1024 * 1024 + 1))
    run = push([large], "fastframeseal name=seal", sealer=sealer)
    assert "16777216" in run.error.message
    assert run.seen["out"] == []
