"""Every public name, used as its type says; mypy reads this, nobody runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping
    from pathlib import Path


def show(*values: object) -> None:
    """Stand for whatever a caller does with what it got."""


def seal_frames(path: Path) -> bytes:
    """Seal in each way there is."""
    key: bytearray = ff.generate_key(suite="AES-256-GCM")
    counter = ff.PersistentCounter(path, ahead=1000)
    with counter, ff.Sealer("insertable", key, key_id=1, counter=counter) as sealer:
        sealed: bytes = sealer.seal(memoryview(b"frame"), key_frame=True)
        length: int = sealer.seal_into(bytearray(9), bytearray(99), key_frame=None)
        result: ff.BatchResult = sealer.seal_batch([b"a", bytearray(b"b")])
        result = sealer.seal_batch((b"a", b"b"), key_frame=[True, False])
        batch: ff.Batch = ff.Batch(capacity=4, arena=4096)
        batch.append(b"frame", key_frame=False, source=0, aad=b"", counter=0)
        room: memoryview = batch.reserve(10, key_frame=True, source=1)
        room[:] = bytes(10)
        result = sealer.seal_batch(batch, in_place=True)
        batch.clear()
        result = ff.seal_many([sealer, sealer], batch, in_place=False)
        sealer.rotate(key, 2, suite="AES-256-GCM")
        numbers: tuple[int, int, int] = (sealer.key_id, sealer.counter, length)
        texts: tuple[str, str] = (sealer.format, sealer.fingerprint)
        show(numbers, texts, sealer.overhead, batch.capacity, len(batch), result)
    raw = ff.Sealer("raw", key, salt=bytes(12), counter=7, codec=None)
    return sealed + raw.seal(b"frame", aad=b"header")


def open_frames(sealed: bytes, keys: Mapping[int, bytes]) -> list[bytes]:
    """Open in each way there is."""
    opener = ff.Opener("insertable", keys, replay_window=64, suite=None, salt=None)
    slots: MutableMapping[int, object] = opener.keys
    opener.keys[3] = bytes(16)
    slot: ff.KeySlot = opener.keys[3]
    show(len(slots), slot.key_id, slot.fingerprint)
    del opener.keys[3]
    frame: bytes = opener.open(sealed, key_frame=None, aad=None, counter=0)
    length: int = opener.open_into(sealed, bytearray(100), key_frame=True)
    result: ff.BatchResult = opener.open_batch([sealed], counter=[1], aad=[b""])
    result = ff.open_many([opener], ff.Batch(), in_place=True)
    result.raise_first()
    one: memoryview = result[0]
    some: list[memoryview] = result[1:]
    every: Iterator[memoryview] = iter(result)
    tables: tuple[memoryview, ...] = (result.status, result.counters, result.key_ids)
    ok: int = result.ok
    opener.close()
    show(frame, length, one, some, tables, ok, len(result))
    return [bytes(view) for view in every]


def read_facts(sealed: bytes, sealer: ff.Sealer, opener: ff.Opener) -> list[str]:
    """Read what the library says of itself, of frames and of its work."""
    info: ff.FrameInfo = ff.inspect("insertable", sealed)
    key_id: int | None = info.key_id
    counter: int | None = info.counter
    nonce: bytes | None = info.nonce
    sizes: int = info.header_len + info.clear_len + info.body_len
    sizes += info.tag_len + info.trailer_len - info.sealed_len
    sealed_stats: ff.SealerStats = sealer.stats()
    opened_stats: ff.OpenerStats = opener.stats()
    per_key: Mapping[int, ff.KeyStats] = opened_stats.keys
    counts: int = sealed_stats.frames_sealed + opened_stats.frames_rejected
    counts += sum(stats.senders for stats in per_key.values())
    build: ff.BuildInfo = ff.build_info()
    vaes: bool | None = build.vaes
    codecs: tuple[str | None, ...] = ff.codecs()
    show(key_id, counter, nonce, sizes, counts, vaes, codecs, build.cpu_features)
    return [ff.__version__, build.openssl, build.linked, *ff.formats(), *ff.suites()]


def explain(frames: list[bytes], key: bytes) -> str:
    """Ask why frames do not open."""
    diagnosis: ff.Diagnosis = ff.diagnose(frames, {1: key}, format="insertable")
    best: ff.Finding | None = diagnosis.best
    return str(diagnosis) if best is None else f"{best.message} {best.confidence}"


def name_error(error: ff.FastframeError) -> str:
    """Tell every error from every other."""
    match error:
        case ff.MalformedFrame() | ff.NotEncrypted() | ff.UnknownKey():
            return "not for us"
        case ff.AuthenticationFailed() | ff.ReplayedFrame() | ff.StaleFrame():
            return "not now"
        case ff.FrameRejected():
            status: ff.Status = error.status
            key_id: int | None = error.key_id
            index: int | None = error.index
            return f"{status.name} {key_id} {index}"
        case ff.UsageTypeError() | ff.UsageError():
            value_error: ValueError = error
            return str(value_error)
        case ff.KeyExhausted() | ff.LibraryFailure():
            return "the key's or the machine's fault"
    return "unheard of"
