"""What is said of frames that no key opens, by their looks alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastframe.diagnosis import looks
from fastframe.diagnosis.broken import broken, unknown
from fastframe.diagnosis.findings import Cause, Finding, plural
from fastframe.diagnosis.marks import mark_of, row_of
from fastframe.diagnosis.plain import guess_codec
from fastframe.diagnosis.words import LABELS

if TYPE_CHECKING:
    from fastframe.diagnosis.bench import Bench
    from fastframe.diagnosis.case import Case, Frame
    from fastframe.diagnosis.marks import Row

_FAMILY = {
    "tail": ("livekit", "jitsi"),
    "stream": ("stream",),
    "dave": ("dave",),
}
_TWINS = ("insertable-bare", "livekit-data")  # laid out alike
_ROWED = ("sframe", "insertable", "insertable-bare")
_ROW_CODECS = (None, "vp8", "h264", "h265")
_CODEC_FRAMES = 32  # looked at for their codec
_SHOWN = 4  # key ids
_SURE = 0.9
_WEAK = 0.5
_SAID = 0.3  # more, if the caller names the codec, too,
_FEW = 3  # and half that for so few frames
# Clear bytes of sealed frames look like a codec's, too.
_PLAIN_AMONG_SEALED = 0.6


@dataclass(frozen=True, slots=True)
class Sight:
    """Frames that look like a format, how sure that is, and what they name."""

    frames: list[Frame]
    formats: tuple[str, ...]
    confidence: float
    key_ids: tuple[int, ...]

    @property
    def label(self) -> str:
        """Name the formats."""
        return " or ".join(LABELS[name] for name in self.formats)


class Judge:
    """Judges the frames that are left over."""

    def __init__(
        self, case: Case, bench: Bench, left: list[Frame], opened: list[Frame]
    ) -> None:
        """Take the frames that nothing explains, beside those that open."""
        self._case = case
        self._given = case.given
        self._left = left
        self._opened_ids = _named(opened, case, bench)
        self._marks = {f.index: m for f in left if (m := mark_of(f.data, bench))}

    def findings(self) -> list[Finding]:
        """Look for marks, then for what follows, then for plain media."""
        found = self._by_marks()
        rest = [frame for frame in self._left if frame.index not in self._marks]
        if not rest:
            return found
        seen = self._without_marks(rest)
        if self._opened_ids is not None or (found and not seen):
            seen.append(broken(rest, self._given, lacks_mark=True))
        found += seen
        if all(finding.confidence < _WEAK for finding in found):
            has_keys = bool(self._case.keys)
            found.append(unknown(rest, self._given, has_keys=has_keys))
        return found

    def _without_marks(self, rest: list[Frame]) -> list[Finding]:
        plain, row = self._plain(rest), self._row(rest)
        # Nothing but counters goes up by so little, frame after frame.
        is_sealed = row is not None and row.confidence >= _SURE
        is_plain = plain is not None and (
            row is None or plain.confidence > row.confidence
        )
        if row is None or (is_plain and not is_sealed):
            return [plain] if plain else []
        is_likely = is_sealed or self._given.format in (None, row.format)
        return self._of_row(rest, row) if is_likely else []

    def _of_row(self, rest: list[Frame], row: Row) -> list[Finding]:
        is_twin = (row.format, self._given.format) == _TWINS
        formats = ("livekit-data",) if is_twin else (row.format,)
        return self._sealed(Sight(rest, formats, row.confidence, row.key_ids))

    # -- with marks --

    def _by_marks(self) -> list[Finding]:
        found = []
        for kind, num in Counter(m.kind for m in self._marks.values()).most_common():
            frames = [
                frame
                for frame in self._left
                if (mark := self._marks.get(frame.index)) and mark.kind == kind
            ]
            if kind == "tail" and 2 * num < len(self._left):
                for frame in frames:  # one in 256 ends so by chance
                    del self._marks[frame.index]
                continue
            found += self._of_kind(kind, frames)
        return found

    def _of_kind(self, kind: str, frames: list[Frame]) -> list[Finding]:
        pairs = [(frame, self._marks[frame.index]) for frame in frames]
        marks = [mark for _, mark in pairs]
        num = len(self._left)
        if kind == "xor":
            return [looks.xor_demo(marks, num)]
        found = []
        if any(mark.behind for mark in marks):
            found.append(looks.something_behind(frames, marks, self._case))
        others = [mark for mark in marks if looks.is_other_version(mark)]
        if others:
            found.append(looks.other_version(others, num))
        usual = [
            (frame, mark)
            for frame, mark in pairs
            if not mark.behind and not looks.is_other_version(mark)
        ]
        if usual:
            sure = looks.sureness(kind, [mark for _, mark in usual])
            ids = Counter(m.key_id for _, m in usual if m.key_id is not None)
            key_ids = tuple(key_id for key_id, _ in ids.most_common())
            seen = [frame for frame, _ in usual]
            found += self._sealed(Sight(seen, _FAMILY[kind], sure, key_ids))
        return found

    # -- sealed, but how --

    def _sealed(self, sight: Sight) -> list[Finding]:
        given, num = self._given, len(sight.frames)
        evidence = (
            f"{num} of {plural(len(self._left), 'frame')} look like {sight.label}"
        )
        if sight.key_ids:
            evidence += f", key id {_ids(sight.key_ids)}"
        if given.format is not None and given.format not in sight.formats:
            format_ = sight.formats[0]
            text = (
                f"These look like {sight.label} frames, not {LABELS[given.format]} "
                f'frames. Make the Opener with format="{format_}".'
            )
            if self._case.keys:
                text += " None of your keys opens them even so."
            sure = min(sight.confidence, _SURE)
            change = {"format": format_}
            return [Finding(Cause.OTHER_FORMAT, text, sure, evidence, num, change)]
        if not self._case.keys:
            text = f"These look like {sight.label} frames. Give keys to find out more."
            return [Finding(Cause.NO_KEYS, text, sight.confidence, evidence, num)]
        strange = set(sight.key_ids) - (self._opened_ids or set())
        if self._opened_ids is not None and not strange:
            return [broken(sight.frames, given, lacks_mark=False)]
        return [self._keyless(sight, evidence)]

    def _keyless(self, sight: Sight, evidence: str) -> Finding:
        """Say whether a key is missing, or those held are not the sender's."""
        num, sure = len(sight.frames), sight.confidence
        held = {key.key_id for key in self._case.keys}
        named, ring = sight.key_ids, self._given.ring
        if ring and named and named[0] >= ring:
            text = (
                f"The frames name key index {_ids(named)}, beyond ring={ring}. Give "
                "ring=256 and the key of that index; none of yours opens them."
            )
            change = {"ring": 256}
            return Finding(Cause.RING_TOO_SMALL, text, sure, evidence, num, change)
        if named and None not in held and not held & set(named):
            ids = sorted(key_id for key_id in held if key_id is not None)
            text = (
                f"The frames name key id {_ids(named)}; you hold {_ids(tuple(ids))}, "
                "and none of yours opens them. Ask for the key of that id."
            )
            return Finding(Cause.NO_KEY, text, sure, evidence, num)
        text = (
            f"All fits {sight.label}, yet no tag verifies, whatever was tried: the key "
            "is not the sender's. Compare fingerprints; ask whether it was rotated."
        )
        return Finding(Cause.WRONG_KEY, text, min(sure, _SURE), evidence, num)

    # -- without marks --

    def _row(self, frames: list[Frame]) -> Row | None:
        own = self._given.format
        formats = dict.fromkeys([own, *_ROWED] if own in _ROWED else _ROWED)
        codecs = dict.fromkeys((self._given.codec, *_ROW_CODECS))
        found = [
            row
            for format_ in formats
            for codec in codecs
            if format_ and codec in _ROW_CODECS
            if (row := row_of(format_, codec, frames))
        ]
        return max(found, key=lambda row: (row.confidence, -row.step), default=None)

    def _plain(self, frames: list[Frame]) -> Finding | None:
        said = self._given.said
        some = frames[:_CODEC_FRAMES]
        guess = guess_codec(
            [frame.data for frame in some],
            is_audio="audio" in said or self._given.codec == "opus",
            is_video="video" in said,
        )
        if guess is None:
            return None
        num = len(guess.fitting) * len(frames) // len(some)
        text = (
            f"These are plain {guess.codec} frames: they were never sealed, or have "
            "been opened already. Check that encryption is on at the sender, and "
            "that you do not open twice."
        )
        of_all = f"{num} of {plural(len(self._left), 'frame')}"
        evidence = f"reads as {guess.codec}: {of_all}"
        codec = guess.codec.replace(".", "").lower()
        more = _SAID if codec == self._given.codec else 0.0
        if len(guess.fitting) <= _FEW:
            more /= 2
        sure = min(guess.confidence + more, 0.95)
        finding = Finding(Cause.PLAINTEXT, text, sure, evidence, num)
        if self._opened_ids is not None and self._given.codec not in (None, "opus"):
            least = min(sure, _PLAIN_AMONG_SEALED)
            finding = replace(finding, confidence=least)
        return finding


def _named(opened: list[Frame], case: Case, bench: Bench) -> set[int | None] | None:
    """Give the key ids that frames named which opened; None if none did."""
    given = case.given
    if not opened:
        return None
    if given.format is None:
        return {None}
    infos = [bench.claim(given.format, given.codec, frame.data) for frame in opened]
    return {info.key_id for info in infos if info} | {None}


def _ids(key_ids: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, key_ids[:_SHOWN]))
    return shown if len(key_ids) <= _SHOWN else f"{shown} …"
