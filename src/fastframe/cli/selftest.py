"""fastframe selftest: is this build right? Needs nothing but the library."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import fastframe as ff
from fastframe.cli import answers
from fastframe.cli.failure import FAILED, OK

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from fastframe.cli.answer import Answer

_FRAME = bytes(range(256)) * 5 + b"odd"
# LiveKit's and Jitsi's frames hold an IV and no counter.
_WITHOUT_COUNTER = ("livekit", "element-call", "livekit-data", "jitsi")
# GetStream's trailer is not authenticated. Flipping its flag makes receivers
# undo escapes, and where there are none the same frame comes out.
_STREAM_FLAG = -7
_Check = tuple[str, "Callable[[], None]"]


def run(_args: argparse.Namespace) -> int:
    """Run all checks, print a line for each; exit code 1 if one fails."""
    start = time.perf_counter()
    failures = total = 0
    for name, check in _checks():
        total += 1
        try:
            check()
        except Exception as error:  # noqa: BLE001 - a check may fail in any way
            failures += 1
            print(f"FAILED  {name}: {type(error).__name__}: {error}")
        else:
            print(f"ok      {name}")
    took = time.perf_counter() - start
    build = ff.build_info()
    where = f"fastframe {build.version}, {build.openssl} ({build.linked})"
    if failures:
        print(f"{failures} of {total} checks FAILED: do not use this build. {where}")
        return FAILED
    print(f"all {total} checks passed in {took:.2f} s: {where}")
    return OK


def _checks() -> Iterator[_Check]:
    for answer in answers.ANSWERS:
        yield f"known answer: {answer.name}", lambda a=answer: _known(a)  # type: ignore[misc]
    yield "every format and suite has a known answer", _covered
    for format_, suite in dict.fromkeys((a.format, a.suite) for a in answers.ANSWERS):
        what = f"{format_}, {suite}"
        for name, check in (
            ("round trip, six ways", _round_trip),
            ("one flipped bit anywhere is refused", _flips),
            ("every truncation is refused", _truncations),
            ("a repeated frame is refused", _replay),
            ("a wrong key opens nothing", _wrong_key),
        ):
            if check is _replay and format_ in _WITHOUT_COUNTER:
                continue
            yield (
                f"{name}: {what}",
                lambda c=check, f=format_, s=suite: c(f, s),  # type: ignore[misc]
            )
    yield "one bad frame costs one frame of a batch", _bad_frame_in_batch


def _expect(what: str, got: Any, wanted: Any) -> None:
    if got != wanted:
        raise AssertionError(f"{what}: not as expected")


def _refused(status: ff.Status, call: Callable[[], object]) -> None:
    try:
        call()
    except ff.FrameRejected as rejected:
        _expect(f"status {rejected.status.name}", rejected.status, status)
    else:
        raise AssertionError(f"opened, where {status.name} was due")


# -- known answers --


def _known(answer: Answer) -> None:
    frame, sealed = bytes.fromhex(answer.frame), bytes.fromhex(answer.sealed)
    for name, seal in _SEALS.items():
        with answer.sealer() as sealer:
            _expect(name, seal(sealer, frame, answer), sealed)
    for name, open_ in _OPENS.items():
        with answer.opener() as opener:
            due = bytes.fromhex(answer.opened) if answer.opened else frame
            _expect(name, open_(opener, sealed, answer), due)


def _seal_into(sealer: ff.Sealer, frame: bytes, answer: Answer) -> bytes:
    out = bytearray(len(frame) + sealer.overhead)
    return bytes(out[: sealer.seal_into(frame, out, **answer.beside())])


def _seal_in_place(sealer: ff.Sealer, frame: bytes, answer: Answer) -> bytes:
    memory = bytearray(frame) + bytearray(sealer.overhead)
    with memoryview(memory)[: len(frame)] as own:
        size = sealer.seal_into(own, memory, **answer.beside())
    return bytes(memory[:size])


def _open_into(opener: ff.Opener, sealed: bytes, answer: Answer) -> bytes:
    out = bytearray(len(sealed))
    return bytes(out[: opener.open_into(sealed, out, **answer.beside())])


def _open_in_place(opener: ff.Opener, sealed: bytes, answer: Answer) -> bytes:
    memory = bytearray(sealed)
    return bytes(memory[: opener.open_into(memory, memory, **answer.beside())])


def _by_batch(call: Callable[..., ff.BatchResult], *, in_place: bool) -> Any:
    def pass_through(actor: Any, frame: bytes, answer: Answer) -> bytes:
        batch = ff.Batch(1, len(frame) + 1024)
        batch.append(frame, **answer.beside())
        result = call(actor, batch, in_place=in_place)
        result.raise_first()
        return bytes(result[0])

    return pass_through


def _by_list(call: Callable[..., ff.BatchResult]) -> Any:
    def pass_through(actor: Any, frame: bytes, answer: Answer) -> bytes:
        result = call(actor, [frame], **answer.beside())
        result.raise_first()
        return bytes(result[0])

    return pass_through


_SEALS: dict[str, Any] = {
    "seal": lambda sealer, frame, a: sealer.seal(frame, **a.beside()),
    "seal_into": _seal_into,
    "seal_into in place": _seal_in_place,
    "seal_batch": _by_batch(ff.Sealer.seal_batch, in_place=False),
    "seal_batch in place": _by_batch(ff.Sealer.seal_batch, in_place=True),
    "seal_batch of a list": _by_list(ff.Sealer.seal_batch),
}
_OPENS: dict[str, Any] = {
    "open": lambda opener, sealed, a: opener.open(sealed, **a.beside()),
    "open_into": _open_into,
    "open_into in place": _open_in_place,
    "open_batch": _by_batch(ff.Opener.open_batch, in_place=False),
    "open_batch in place": _by_batch(ff.Opener.open_batch, in_place=True),
    "open_batch of a list": _by_list(ff.Opener.open_batch),
}


def _covered() -> None:
    told = answers.ANSWERS
    _expect("formats", {a.format for a in told}, set(ff.formats()))
    _expect("suites", {a.suite for a in told}, set(ff.suites()))


# -- round trips and attacks --


def _pair(format_: str, suite: str) -> tuple[ff.Sealer, ff.Opener, Answer]:
    """Make both ends under a fresh key, and describe their frames."""
    like = next(a for a in answers.ANSWERS if (a.format, a.suite) == (format_, suite))
    length = len(like.key) // 2
    described = replace(
        like,
        key=secrets.token_hex(length),
        iv=secrets.token_hex(12) if like.format == "raw" else "00" * 12,
        kdf="hkdf" if format_ == "livekit" else like.kdf,
        codec="opus" if format_ == "stream" else None,
        frame="",
        sealed="",
        key_frame=True,
        aad="0102" if like.aad else "",
    )
    return described.sealer(), described.opener(), described


def _round_trip(format_: str, suite: str) -> None:
    for (name, seal), open_ in zip(_SEALS.items(), _OPENS.values(), strict=True):
        sealer, opener, described = _pair(format_, suite)
        sealed = seal(sealer, _FRAME, described)
        fits = len(_FRAME) < len(sealed) <= len(_FRAME) + sealer.overhead
        _expect(f"size after {name}", fits, wanted=True)
        _expect(f"{name} and back", open_(opener, sealed, described), _FRAME)


def _flips(format_: str, suite: str) -> None:
    sealer, opener, described = _pair(format_, suite)
    frame = _FRAME[:20]
    sealed = sealer.seal(frame, **described.beside())
    out = bytearray(len(frame))
    flag = 8 * (len(sealed) + _STREAM_FLAG) + 7 if format_ == "stream" else None
    for bit in range(8 * len(sealed)):
        if bit == flag:
            continue
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        out[:] = bytes(len(frame))
        try:
            opener.open_into(changed, out, **described.beside())
        except ff.FrameRejected:
            _expect(f"output after bit {bit}", out, bytes(len(frame)))
        else:
            raise AssertionError(f"bit {bit} flipped, and it opened")
    _expect("the true frame after all", _opens(opener, sealed, described), frame)


def _truncations(format_: str, suite: str) -> None:
    sealer, opener, described = _pair(format_, suite)
    sealed = sealer.seal(_FRAME[:20], **described.beside())
    for size in range(1, len(sealed)):  # LiveKit's empty frames mean silence
        try:
            _opens(opener, sealed[:size], described)
        except ff.FrameRejected:
            continue
        raise AssertionError(f"opened, cut to {size} bytes")


def _replay(format_: str, suite: str) -> None:
    sealer, opener, described = _pair(format_, suite)
    sealed = sealer.seal(_FRAME, **described.beside())
    _expect("the first copy", _opens(opener, sealed, described), _FRAME)
    _refused(ff.Status.REPLAYED, lambda: _opens(opener, sealed, described))


def _wrong_key(format_: str, suite: str) -> None:
    sealer, _, described = _pair(format_, suite)
    _, stranger, _ = _pair(format_, suite)
    sealed = sealer.seal(_FRAME, **described.beside())
    _refused(ff.Status.AUTH_FAILED, lambda: _opens(stranger, sealed, described))


def _opens(opener: ff.Opener, sealed: bytes, described: Answer) -> bytes:
    return opener.open(sealed, **described.beside())


def _bad_frame_in_batch() -> None:
    sealer, opener, described = _pair("insertable", ff.suites()[0])
    frames = [_FRAME[:n] for n in range(9)]
    sealed = [sealer.seal(frame, key_frame=described.key_frame) for frame in frames]
    sealed[3] = sealed[3][:-1] + bytes([sealed[3][-1] ^ 1])
    sealed[5] = sealed[4]
    sealed[7] = b""
    due = [ff.Status.OK] * len(frames)
    due[3], due[5] = ff.Status.AUTH_FAILED, ff.Status.REPLAYED
    due[7] = ff.Status.MALFORMED
    result = opener.open_batch(sealed, key_frame=described.key_frame)
    _expect("statuses", list(result.status), due)
    for index, frame in enumerate(frames):
        good = due[index] == ff.Status.OK
        _expect(f"frame {index}", bytes(result[index]), frame if good else b"")
