"""diagnose(): the questions in their order, and the answers ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastframe.diagnosis.bench import Bench
from fastframe.diagnosis.budget import Budget
from fastframe.diagnosis.calls import call_of
from fastframe.diagnosis.case import Case, read_case
from fastframe.diagnosis.counters import judge_counters
from fastframe.diagnosis.findings import CERTAIN, Cause, Diagnosis, Finding, plural
from fastframe.diagnosis.header import prove_headers, suspect_headers
from fastframe.diagnosis.keyring import Keyring
from fastframe.diagnosis.order import judge_order
from fastframe.diagnosis.search import Search
from fastframe.diagnosis.structure import Judge
from fastframe.diagnosis.unsealed import is_searched, sort_out
from fastframe.diagnosis.words import findings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastframe._native import Buffer
    from fastframe.diagnosis.case import Frame
    from fastframe.diagnosis.search import Hit


def diagnose(
    frames: Buffer | Sequence[Buffer],
    keys: Mapping[int, Buffer | str] | Buffer | str | None = None,
    *,
    format: str | None = None,  # noqa: A002 - the contract's name
    codec: str | None = None,
    suite: str | int | None = None,
    frames_are: str | None = None,
    salt: Buffer | None = None,
    aad: Buffer | None = None,
    counter: Sequence[int] | None = None,
    replay_window: int = 1024,
    **format_options: Any,
) -> Diagnosis:
    """Find out why sealed frames do not open, and what to change.

    It looks at up to 256 frames, tries up to 8,000 keys on frames and derives
    up to 24 by PBKDF2: some two seconds at most, whatever the frames are.
    Nothing a peer sent raises, and no key bytes are shown.

    Args:
        frames: one sealed frame, or a sequence of them as they came.
        keys: as the Opener has them: key id -> key; or one key (a str is a
            passphrase), which is tried under whichever id is named; None to
            go by the frames' looks alone.
        format: as the Opener has it; None if it is not known.
        codec: as the Opener has it.
        suite: as the Opener has it.
        frames_are: what else is known of the frames, in words: "audio" or
            "video"; "key" or "delta" as you give key_frame= to open();
            "opened" if the Opener had them before.
        salt: as the Opener has it.
        aad: as you give it to open().
        counter: as you give it to open(), one for each frame.
        replay_window: as the Opener has it.
        **format_options: the format's own, as the Opener has them.

    Raises UsageError for arguments that no Opener takes.
    """
    beside = {
        "salt": salt,
        "aad": aad,
        "counter": counter,
        "replay_window": replay_window,
    }
    case = read_case(
        frames,
        keys,
        format_=format,
        codec=codec,
        suite=suite,
        frames_are=frames_are,
        beside=beside,
        options=format_options,
    )
    budget = Budget()
    keyring = Keyring(case.keys, case.given, budget)
    bench = Bench(case.given, keyring, budget)
    try:
        consultation = _Consultation(case, keyring, bench, budget)
        found = consultation.findings()
    finally:
        bench.close()
        keyring.close()
    ranked = _rank(found, len(case.frames))
    return Diagnosis(
        findings=tuple(ranked),
        num_frames=case.num_frames,
        num_looked=len(case.frames),
        num_opened=len(consultation.opened),
        call=call_of(ranked[0], case.given),
        is_cut_short=budget.is_spent and ranked[0].confidence < CERTAIN,
    )


class _Consultation:
    """The questions that are asked of one case."""

    def __init__(
        self, case: Case, keyring: Keyring, bench: Bench, budget: Budget
    ) -> None:
        self.case = case
        self.keyring = keyring
        self.bench = bench
        self.budget = budget
        self.opened: list[Frame] = []

    def findings(self) -> list[Finding]:
        """Ask until every frame is explained."""
        case = self.case
        if not case.frames:
            text = "No frames were given: none arrive, or none are handed on."
            return [Finding(Cause.NO_FRAMES, text, 0.95, "nothing to look at", 0)]
        found, sealed, self.opened = sort_out(case)
        if case.given.format == "raw" and case.keys:
            more, opened, sealed = judge_counters(case, sealed)
            self.opened += opened
            found += more
        if sealed:
            found += self._of_sealed(sealed)
        if self.opened:
            self.opened.sort(key=lambda frame: frame.index)
            found += judge_order(case, self.opened)
        return found or [self._all_is_well()]

    def _of_sealed(self, sealed: list[Frame]) -> list[Finding]:
        case = self.case
        search = Search(case, self.keyring, self.bench)
        found: list[Finding] = []
        hits: list[Hit] = []
        failing = sealed
        if case.keys:
            self.opened += [f for f in sealed if search.opens_as_given(f)]
            failing = _without(sealed, self.opened)
            found, failing = prove_headers(case, failing, self.keyring, self.budget)
            hits = search.explain([frame for frame in failing if is_searched(frame)])
        for hit in hits:
            if search.is_as_given(hit.way):
                self.opened += hit.frames
        hits = [hit for hit in hits if not search.is_as_given(hit.way)]
        explained = [frame for hit in hits for frame in hit.frames]
        left = _without(failing, [*explained, *self.opened])
        found += findings_of(hits, case.given, search.own, len(left) + len(explained))
        more, left = suspect_headers(case, left)
        found += more
        if left:
            opened = [*self.opened, *explained]
            found += Judge(case, self.bench, left, opened).findings()
        return found

    def _all_is_well(self) -> Finding:
        num = len(self.opened)
        text = (
            "These frames open with what you gave. If none come out, look behind the "
            "Opener: at what its result is handed to, and at frames it never gets."
        )
        evidence = f"{num} of {plural(num, 'frame')} opened"
        return Finding(Cause.OPENS, text, CERTAIN, evidence, num)


def _without(frames: list[Frame], known: list[Frame]) -> list[Frame]:
    indexes = {frame.index for frame in known}
    return [frame for frame in frames if frame.index not in indexes]


def _rank(found: list[Finding], num_frames: int) -> list[Finding]:
    """Put what is sure and explains much first; of one kind keep the best."""
    best: dict[tuple[Cause, str], Finding] = {}
    for finding in found:
        place = (finding.cause, repr(sorted(finding.change.items(), key=str)))
        if place not in best or finding.frames > best[place].frames:
            best[place] = finding

    def score(finding: Finding) -> float:
        return finding.confidence * (1 + finding.frames / max(num_frames, 1))

    return sorted(best.values(), key=score, reverse=True)
