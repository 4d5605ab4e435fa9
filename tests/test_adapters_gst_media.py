"""GStreamer's elements before muxers and payloaders, as docs/pipelines.md has it."""

from __future__ import annotations

import gst_pipes
import pytest
from documents import examples
from gst_pipes import SIZED, SOUND, VIDEO, Gst, Run, data_of, ends

import fastframe as ff

PICTURES = VIDEO.split("! vp8enc")[0]
TONE = SOUND.split("! opusenc")[0]
SOURCES = {
    "vp8": VIDEO,
    "vp9": f"{PICTURES} ! vp9enc deadline=1 cpu-used=8 keyframe-max-dist=15",
    "jpeg": f"{PICTURES} ! jpegenc",
    "theora": f"{PICTURES} ! theoraenc",
    "opus": SOUND,
    "mp3": f"{TONE} ! lamemp3enc",
    "vorbis": f"{TONE} ! audioconvert ! vorbisenc",
}
DEMUXERS = {
    "matroskamux": "matroskademux",
    "webmmux": "matroskademux",
    "mp4mux": "qtdemux",
    "avimux": "avidemux",
    "rtpgstpay": "rtpgstdepay",
    "rtpopuspay": "rtpopusdepay",
}
KEPT = [
    ("matroskamux", ("vp8", "vp9", "jpeg", "theora", "opus", "mp3", "vorbis")),
    ("webmmux", ("vp8", "vp9", "opus", "vorbis")),
    ("mp4mux", ("opus",)),
    ("avimux", ("vp8", "jpeg")),
    ("rtpgstpay", ("vp8", "vp9", "jpeg")),
    ("rtpopuspay", ("opus",)),
]
HEADERS = {"theora": 3, "vorbis": 3}


@pytest.mark.parametrize(
    ("muxer", "codec"), [(muxer, codec) for muxer, codecs in KEPT for codec in codecs]
)
def test_container_keeps_sealed_frames(muxer, codec, tmp_path):
    """Every frame with its key flag; headers from the caps are refused."""
    sealer, opener = ends()
    path = tmp_path / "sealed"
    sealing = f"{SOURCES[codec]} ! identity name=plain ! fastframeseal name=seal"
    opening = f"{DEMUXERS[muxer]} ! fastframeopen name=open ! fakesink name=out"
    if muxer.startswith("rtp"):
        launch = f"{sealing} ! {muxer} ! {opening}"
        run = Run(launch, ["plain", "out"], sealer=sealer, opener=opener).run()
        plain = run.seen["plain"]
    else:
        launch = f"{sealing} ! {muxer} ! filesink location={path}"
        plain = Run(launch, ["plain"], sealer=sealer).run().seen["plain"]
        run = Run(f"filesrc location={path} ! {opening}", ["out"], opener=opener).run()
    out, headers = run.seen["out"], HEADERS.get(codec, 0)
    assert run.error is None
    assert len(out) > 40
    frames = plain[headers:]
    assert data_of(out) == data_of(frames)
    assert [frame.is_key for frame in out] == [frame.is_key for frame in frames]
    tally = run["open"].tally
    assert tally.total - tally.ok == headers


@pytest.mark.parametrize("codec", ["vp8", "vp9"])
def test_payloaders_that_parse_refuse(codec):
    """They look into the frame, and say so on the bus."""
    sealer, _ = ends()
    launch = f"{SOURCES[codec]} ! fastframeseal name=seal ! rtp{codec}pay name=pay"
    assert Run(f"{launch} ! fakesink", sealer=sealer).run().culprit == "pay"


def test_examples_of_the_documents_run_as_written(tmp_path, monkeypatch):
    """From one to the other through a file; every frame opens."""
    monkeypatch.chdir(tmp_path)
    sealer, opener = ends()
    names = {"sealer": sealer, "opener": opener}
    for example in examples("python", "docs/pipelines.md", "## GStreamer"):
        exec(example, names)  # noqa: S102 - our own documents
        run = Run(names["pipeline"])
        run.wait()
        run.stop()
        assert run.error is None
    assert run["open"].tally.counts() == {ff.Status.OK: 60}


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


def test_seek_goes_on_in_a_recording(tmp_path):
    """Back and forth in a file is no attack: replay protection is turned off."""
    video = gst_pipes.clip()
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
