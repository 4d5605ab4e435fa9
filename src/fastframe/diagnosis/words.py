"""A way that opened frames, put into words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastframe.diagnosis.calls import DEFAULT_KDF, DEFAULT_RING, shown_as
from fastframe.diagnosis.case import RINGED
from fastframe.diagnosis.findings import CERTAIN, Cause, Finding, plural, span
from fastframe.diagnosis.keyring import AS_GIVEN, FRONT_HALF, LIVEKIT_SALT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastframe.diagnosis.case import Given
    from fastframe.diagnosis.search import Hit, Way
    from fastframe.diagnosis.variants import Variant

LABELS = {
    "raw": "raw",
    "insertable": "insertable",
    "insertable-bare": "insertable-bare",
    "sframe": "SFrame",
    "livekit": "LiveKit",
    "livekit-data": "LiveKit data packet",
    "jitsi": "Jitsi",
    "stream": "GetStream",
    "dave": "DAVE",
}
_KDF_WORDS = {
    "pbkdf2": "makes its key with PBKDF2, as LiveKit does for a passphrase",
    "hkdf": "makes its key with HKDF, as LiveKit does for bytes (and Element Call)",
    "raw": "uses the key as it is",
    "jitsi": "makes its key with HKDF, as Jitsi does",
}
_KDF_NAMES = {
    "pbkdf2": "use PBKDF2",
    "hkdf": "use HKDF",
    "raw": "use it as it is",
    "jitsi": "use Jitsi's derivation",
}
_SPELLING_WORDS = {
    "read": "give the Opener the bytes, not the text",
    "written": "it took that text for a passphrase, so give the text",
    "without": "take it away",
}
_REPAIR_WORDS = {
    Cause.RTP_PADDING: (
        "RTP padding was left on the frames ({num} at the end; the last one counts "
        "them). Cut it off before opening, where the RTP header's P bit is set."
    ),
    Cause.STRAY_BYTES_AFTER: (
        "Something else stands behind the sealed frame ({num}). Find out who puts it "
        "there, and cut it off before opening."
    ),
    Cause.STRAY_BYTES_BEFORE: (
        "Something else stands in front of the sealed frame ({num}), such as a payload "
        "descriptor or a length. Cut it off before opening."
    ),
    Cause.RED: (
        "The sealed frame is wrapped in redundant audio (RED, RFC 2198). Unwrap it "
        "before opening, or turn RED off at the sender."
    ),
    Cause.FRAME_METADATA: (
        "LiveKit's frame metadata (LKTS) was left behind the sealed frame. Give "
        "packet_trailer=True."
    ),
    Cause.START_CODES: (
        "H.264 or H.265 start codes in the clear bytes were rewritten on the way "
        "({codes}), so what was authenticated has changed. Have the sender write "
        "four-byte start codes before it seals, as depacketisers do."
    ),
}


class Part(NamedTuple):
    """One thing that must change."""

    cause: Cause
    sentence: str
    change: dict[str, Any]


def findings_of(
    hits: list[Hit], given: Given, own: Variant | None, num_failing: int
) -> list[Finding]:
    """Say what it took to open frames; own is what was given."""
    told: set[str] = set()
    ranked = sorted(hits, key=lambda hit: len(hit.frames), reverse=True)
    return [_finding_of(hit, given, own, num_failing, told) for hit in ranked]


def _finding_of(
    hit: Hit, given: Given, own: Variant | None, num_failing: int, told: set[str]
) -> Finding:
    """Say it for one way; told are the sentences that need no repeating."""
    way = hit.way
    parts = list(_parts(hit, given, own))
    change: dict[str, Any] = {}
    for part in parts:
        change |= part.change
    evidence = f"{len(hit.frames)} of {plural(num_failing, 'frame')} opened so"
    if way.repair.num > 0 and way.repair.cause is not Cause.START_CODES:
        evidence += f"; {_place(hit)}"
    first, *others = [part.sentence for part in parts]
    sentences = [first, *(text for text in others if text not in told)]
    told.update(sentences)
    return Finding(
        parts[0].cause,
        " ".join(sentences),
        CERTAIN,
        evidence,
        len(hit.frames),
        change,
    )


def _place(hit: Hit) -> str:
    if hit.way.repair.cause in (Cause.STRAY_BYTES_BEFORE, Cause.RED):
        return f"the sealed frame begins {span(hit.nums)} after the start"
    return f"the sealed frame ends {span(hit.nums)} before the end"


# -- what must change --


def _parts(hit: Hit, given: Given, own: Variant | None) -> Iterator[Part]:
    way, repair = hit.way, hit.way.repair
    if repair.cause is not None:
        codes = "from three bytes to four" if repair.num > 0 else "from four to three"
        text = _REPAIR_WORDS[repair.cause].format(num=span(hit.nums), codes=codes)
        is_option = repair.cause is Cause.FRAME_METADATA
        yield Part(repair.cause, text, {"packet_trailer": True} if is_option else {})
    if own is None or way.variant.format != given.format:
        yield _other_format(way, given)
    else:
        yield from _key_parts(way, given)
        yield from _ring_parts(way, given)
        yield from _variant_parts(way, given, own)
    yield from _spelling_parts(way)
    yield from _id_parts(way)
    yield from _step_parts(way, given)


def _other_format(way: Way, given: Given) -> Part:
    variant, recipe = way.variant, way.secret.recipe
    label = LABELS[variant.format]
    change: dict[str, Any] = {"format": variant.format}
    cause = Cause.OTHER_FORMAT
    if variant.format in RINGED and recipe.kdf != DEFAULT_KDF and not recipe.steps:
        change["kdf"] = _option_of(recipe.kdf)
    if variant.format == "livekit" and recipe.kdf == "hkdf" and _is_far(way):
        change = {"format": "element-call"}
        label, cause = "Element Call", Cause.ELEMENT_CALL
    elif variant.format in RINGED and _is_far(way):
        change["ring"] = 256
    if recipe.salt not in (b"", LIVEKIT_SALT) and variant.format in RINGED:
        change["ratchet_salt"] = recipe.salt
    if variant.codec is not None and variant.format not in ("stream", "dave"):
        change["codec"] = variant.codec
    if variant.suite not in (None, "AES-128-GCM"):
        change["suite"] = variant.suite
    shown = ", ".join(f"{k}={shown_as(v)}" for k, v in change.items())
    rather = f", not {LABELS[given.format]} frames" if given.format else ""
    text = f"These are {label} frames{rather}. Make the Opener with {shown}."
    if {given.format, variant.format} == {"insertable", "insertable-bare"}:
        has = "begin" if variant.format == "insertable" else "do not begin"
        text += f" They {has} with a byte for the key id."
    return Part(cause, text, change)


def _is_far(way: Way) -> bool:
    return way.named is not None and way.named >= DEFAULT_RING


def _option_of(kdf: str) -> str:
    """Name what kdf= takes; no option stands for what must be done by hand."""
    return "raw" if kdf == "hkdf-empty-info" else kdf


def _is_element_call(way: Way, given: Given) -> bool:
    is_hkdf = way.secret.recipe.kdf == "hkdf" and given.kdf == DEFAULT_KDF
    named = way.named or 0
    return given.name == "livekit" and is_hkdf and named >= given.ring


def _key_parts(way: Way, given: Given) -> Iterator[Part]:
    recipe = way.secret.recipe
    if recipe.steps:
        return
    if _is_element_call(way, given):
        text = (
            f"These are frames of Element Call: the key goes through HKDF, and its "
            f'index is {way.named}. Make the Opener with format="element-call".'
        )
        yield Part(Cause.ELEMENT_CALL, text, {"format": "element-call"})
    elif recipe.kdf == "hkdf-empty-info":
        text = (
            "The sender derives its key with HKDF and an empty info, which LiveKit "
            'does not. Derive the key yourself and give it with kdf="raw".'
        )
        yield Part(Cause.WRONG_KDF, text, {"kdf": "raw"})
    elif recipe.kdf in _KDF_WORDS and recipe.kdf != given.kdf:
        text = f"The sender {_KDF_WORDS[recipe.kdf]}; you {_KDF_NAMES[given.kdf]}. "
        text += f'Give kdf="{recipe.kdf}".'
        yield Part(Cause.WRONG_KDF, text, {"kdf": recipe.kdf})
    salt = given.kdf_salt or LIVEKIT_SALT
    if recipe.kdf in ("pbkdf2", "hkdf") and recipe.salt != salt:
        is_default = recipe.salt == LIVEKIT_SALT
        what = "leave ratchet_salt out" if is_default else "give that as ratchet_salt"
        text = f"The sender's salt is {recipe.salt.decode()!r}: {what}."
        yield Part(
            Cause.WRONG_KDF_SALT,
            text,
            {"ratchet_salt": None if is_default else recipe.salt},
        )


def _ring_parts(way: Way, given: Given) -> Iterator[Part]:
    is_within = not given.ring or way.named is None or way.named < given.ring
    if is_within or _is_element_call(way, given):  # whose ring is larger
        return
    text = f"The frames name key index {way.named}, beyond ring={given.ring}."
    yield Part(Cause.RING_TOO_SMALL, f"{text} Give ring=256.", {"ring": 256})


def _variant_parts(way: Way, given: Given, own: Variant) -> Iterator[Part]:
    variant = way.variant
    if variant.window != own.window:
        text = (
            f"The frames are of a DAVE generation beyond "
            f"ratchet_window={given.ratchet_window}. Give a larger one."
        )
        change = {"ratchet_window": variant.window}
        yield Part(Cause.OTHER_GENERATION, text, change)
    if variant.suite != own.suite:
        text = (
            f'The frames are sealed with {variant.suite}. Give suite="{variant.suite}".'
        )
        yield Part(Cause.WRONG_SUITE, text, {"suite": variant.suite})
    if variant.codec != own.codec:
        shown = shown_as(variant.codec)
        text = (
            f"Other bytes stay clear than you say. Give codec={shown}, as the sender."
        )
        yield Part(Cause.WRONG_CODEC, text, {"codec": variant.codec})
    if not variant.uses_flag:
        text = (
            f"The frames are not what key_frame={given.key_frame} says. Give "
            "key_frame=None, and open() finds out."
        )
        yield Part(Cause.KEY_FRAME_FLAG, text, {})
    if not variant.uses_aad:
        text = "The sender authenticated no bytes of the application: give no aad=."
        yield Part(Cause.WRONG_AAD, text, {})
    if not variant.uses_ssrc:
        text = "The sender derived no key for the stream: give no ssrc=."
        yield Part(Cause.WRONG_SSRC, text, {"ssrc": None})


def _spelling_parts(way: Way) -> Iterator[Part]:
    spelling = way.secret.recipe.spelling
    if spelling == FRONT_HALF:
        text = "The sender uses AES-128 with the first 16 bytes of your key."
        yield Part(Cause.WRONG_SUITE, text, {})
    elif spelling != AS_GIVEN:
        what = _SPELLING_WORDS[spelling.split()[0]]
        text = f"Your key {spelling} is the sender's: {what}."
        yield Part(Cause.KEY_SPELLING, text, {})


def _id_parts(way: Way) -> Iterator[Part]:
    held = way.secret.key_id
    if held is None or way.named in (None, held):
        return
    text = (
        f"Key id {way.named} is named, but the frames open under the key that you "
        f"hold at {held}. Hold it at {way.named}."
    )
    yield Part(Cause.WRONG_KEY_ID, text, {"key_id": way.named})


def _step_parts(way: Way, given: Given) -> Iterator[Part]:
    steps = way.secret.recipe.steps
    is_own = way.variant.format == given.format
    if not steps or (is_own and steps <= given.ratchet_window):
        return
    ahead = f"The sender has ratcheted its key {plural(steps, 'step')}"
    if way.variant.format == "sframe":
        text = f"{ahead}: give what fastframe.sframe.ratchet() makes of yours."
        yield Part(Cause.RATCHETED, text, {})
        return
    text = (
        f"{ahead}, beyond ratchet_window={given.ratchet_window}. Give a larger "
        "window, or ask for the sender's key of now."
    )
    yield Part(Cause.RATCHETED, text, {"ratchet_window": min(steps, 64)})
