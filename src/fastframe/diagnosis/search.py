"""The search: change one assumption, then two, until a tag verifies."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING

from fastframe.diagnosis.keyring import AS_GIVEN, LIVEKIT_SALT
from fastframe.diagnosis.repairs import Repair, repairs
from fastframe.diagnosis.variants import own_variant, variants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastframe.diagnosis.bench import Bench
    from fastframe.diagnosis.case import Case, Frame
    from fastframe.diagnosis.keyring import Keyring, Secret
    from fastframe.diagnosis.variants import Variant
    from fastframe.info import FrameInfo

PROBES_MAX = 6  # frames that are searched in every way
_MISSES_MAX = 3  # in a row
_WAYS_MAX = 2500  # tried on one of them
_TIES_MAX = 8
_PROBE_LEN = 48  # tiny frames fit too many descriptions
_NEAR = range(-8, 9)  # ratchet steps between frames of one stream

_OTHER_ID = 1.0
_OTHER_RING = 1.0
_OTHER_KDF = 1.0
_KDF_OF_OTHER_FORMAT = 0.5
_OTHER_SALT = 1.0
_OTHER_SPELLING = 1.0
_RATCHETED = 1.0
_PER_STEP = 0.005  # nearer ones first


@dataclass(frozen=True, slots=True)
class Way:
    """One full set of assumptions about one frame."""

    weight: float
    repair: Repair
    variant: Variant
    secret: Secret
    named: int | None


@dataclass(frozen=True, slots=True)
class Hit:
    """A way in which a frame opened, and all the frames that did.

    nums: bytes taken off, fewest first, each number once.
    """

    way: Way
    frames: tuple[Frame, ...]
    nums: tuple[int, ...]


class Search:
    """Looks for what opens frames that did not."""

    def __init__(self, case: Case, keyring: Keyring, bench: Bench) -> None:
        """Start with nothing known."""
        self._given = case.given
        self._keyring = keyring
        self._bench = bench
        self._variants = variants(case.given, case.keys)
        self._sorted: dict[tuple[str, int | None], list[tuple[float, Secret]]] = {}
        self.own = own_variant(case.given, case.keys)

    def opens_as_given(self, frame: Frame) -> bool:
        """Tell whether the caller's own Opener could open this frame."""
        if self.own is None:
            return False
        info = self._bench.claim(self.own.format, self.own.codec, frame.data)
        if info is None:
            return False
        ways = self._ways_of(Repair(None, frame.data, cut=0.0), self.own, info.key_id)
        return any(self._try(way) for way in ways)

    def is_as_given(self, way: Way) -> bool:
        """Tell whether a ratchet step that the Opener takes by itself is all."""
        steps = way.secret.recipe.steps
        far = way.weight - _RATCHETED - _PER_STEP * steps
        return 0 < steps <= self._given.ratchet_window and far < _PER_STEP

    def explain(self, failing: list[Frame]) -> list[Hit]:
        """Find out for frame after frame how it opens."""
        hits: list[Hit] = []
        left = list(failing)
        num_missed = 0
        for _ in range(PROBES_MAX):
            if not left or num_missed >= _MISSES_MAX:
                break
            probe = _choose(left)
            hit = self._search(probe, left)
            known = {probe.index}
            if hit is not None:
                hits.append(hit)
                known |= {frame.index for frame in hit.frames}
            num_missed = 0 if hit else num_missed + 1
            left = [frame for frame in left if frame.index not in known]
        return hits

    # -- one frame --

    def _search(self, probe: Frame, left: list[Frame]) -> Hit | None:
        """Try the likely ways first; of equal ones take what opens most."""
        best: Hit | None = None
        ties = 0
        ways = nsmallest(_WAYS_MAX, self._ways(probe), key=lambda way: way.weight)
        for way in ways:
            if best is not None and way.weight > best.way.weight + 1e-9:
                break
            if not self._try(way):
                continue
            hit = self._gather(way, probe, left)
            if best is None or len(hit.frames) > len(best.frames):
                best = hit
            ties += 1
            if len(best.frames) == len(left) or ties >= _TIES_MAX:
                break
        return best

    def _try(self, way: Way) -> bool:
        named = way.named or 0
        return self._bench.opens(way.variant, way.secret, named, way.repair.data)

    def _ways(self, probe: Frame) -> Iterator[Way]:
        for repair in repairs(probe.data):
            read: dict[tuple[str, str | None], FrameInfo | None] = {}
            for variant in self._variants:
                is_near = repair.weight + variant.weight <= repair.cut
                if not is_near or variant.format not in repair.formats:
                    continue
                place = (variant.format, variant.codec)
                if place not in read:
                    read[place] = self._bench.claim(*place, repair.data)
                info = read[place]
                if info is not None:
                    yield from self._ways_of(repair, variant, info.key_id)

    def _ways_of(
        self, repair: Repair, variant: Variant, named: int | None
    ) -> Iterator[Way]:
        far = repair.weight + variant.weight
        for weight, secret in self._weighed(variant.format, named):
            if far + weight > repair.cut:
                break
            yield Way(far + weight, repair, variant, secret, named)

    def _weighed(self, format_: str, named: int | None) -> list[tuple[float, Secret]]:
        """List the keys to try in a format, those nearest to the given first."""
        place = (format_, named)
        if place not in self._sorted:
            secrets = self._keyring.secrets(format_, named)
            pairs = [(self._weigh(format_, one, named), one) for one in secrets]
            self._sorted[place] = sorted(pairs, key=lambda pair: pair[0])
        return self._sorted[place]

    def _weigh(self, format_: str, secret: Secret, named: int | None) -> float:
        recipe = secret.recipe
        is_own = format_ == self._given.format
        weight = 0.0
        if named is not None and secret.key_id not in (None, named):
            weight += _OTHER_ID
        if is_own and self._given.ring and (named or 0) >= self._given.ring:
            weight += _OTHER_RING
        if recipe.spelling != AS_GIVEN:
            weight += _OTHER_SPELLING
        if recipe.steps:
            weight += _RATCHETED + _PER_STEP * recipe.steps
        elif recipe.kdf != self._expected_kdf(format_):
            weight += _OTHER_KDF if is_own else _KDF_OF_OTHER_FORMAT
        expected_salt = (is_own and self._given.kdf_salt) or LIVEKIT_SALT
        if recipe.kdf in ("pbkdf2", "hkdf") and recipe.salt != expected_salt:
            weight += _OTHER_SALT
        return weight

    def _expected_kdf(self, format_: str) -> str:
        if format_ == self._given.format:
            return self._given.kdf
        return {
            "livekit": "pbkdf2",
            "livekit-data": "pbkdf2",
            "jitsi": "jitsi",
            "sframe": "sframe",
            "dave": "dave",
        }.get(format_, "raw")

    # -- the others --

    def _gather(self, way: Way, probe: Frame, left: list[Frame]) -> Hit:
        """Find the frames that open in the same way as the probe."""
        taken = {probe.index: way.repair.num}
        for frame in left:
            num = None if frame is probe else self._fits(way, frame)
            if num is not None:
                taken[frame.index] = num
        frames = tuple(frame for frame in left if frame.index in taken)
        return Hit(way, frames, tuple(sorted(set(taken.values()))))

    def _fits(self, way: Way, frame: Frame) -> int | None:
        """Give the bytes to take off for a frame to open so; None if it does not."""
        for repair in repairs(frame.data):
            if repair.cause is not way.repair.cause:
                continue
            variant = way.variant
            info = self._bench.claim(variant.format, variant.codec, repair.data)
            if info is None:
                continue
            for secret in self._alike(way, info.key_id):
                named = info.key_id or 0
                if self._bench.opens(variant, secret, named, repair.data):
                    return repair.num
        return None

    def _alike(self, way: Way, named: int | None) -> list[Secret]:
        """Give the keys that would be meant by the same mistake."""
        recipe = way.secret.recipe
        near = {recipe.steps + by for by in _NEAR} - {0} if recipe.steps else {0}
        is_named = way.secret.key_id in (None, way.named) or way.named is None
        return [
            secret
            for secret in self._keyring.secrets(way.variant.format, named)
            if secret.recipe.steps in near
            and secret.recipe.kdf == recipe.kdf
            and secret.recipe.salt == recipe.salt
            and secret.recipe.spelling == recipe.spelling
            and (named is None or (secret.key_id in (None, named)) == is_named)
        ]


def _choose(left: list[Frame]) -> Frame:
    """Choose the next frame to search: small ones are cheap to try."""
    fitting = [frame for frame in left if len(frame.data) >= _PROBE_LEN] or left
    return min(fitting, key=lambda frame: len(frame.data))
