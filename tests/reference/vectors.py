"""The vectors of all formats in one shape, each able to seal and open itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reference import dave, jitsi, livekit, sframe, stream

if TYPE_CHECKING:
    from collections.abc import Iterator

VECTORS = Path(__file__).parent.parent / "vectors"
KEY_FRAME = {None: None, "key": True, "delta": False}


def load(name: str) -> Any:
    """Read tests/vectors/<name>.json as it stands."""
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Frame:
    """One frame: what went in, what travels, what comes out.

    how is what seal() takes beside key, key id and frame, asked what open_()
    takes beside keys. key is derived, from material and derived_with.
    """

    format: str
    name: str
    key: bytes
    key_id: int
    plaintext: bytes
    sealed: bytes
    opened: bytes
    is_by_peer: bool
    material: bytes = b""
    how: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    derived_with: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Name the vector in test reports."""
        side = "sent" if self.is_by_peer else "taken"
        return f"{self.format}-{self.name}-{side}"

    @property
    def module(self) -> Any:
        """Give the reference's module for the format."""
        modules = {
            "sframe": sframe,
            "livekit": livekit,
            "element-call": livekit,
            "jitsi": jitsi,
            "stream": stream,
            "dave": dave,
        }
        return modules[self.format]

    def seal(self) -> bytes:
        """Seal the plaintext as the vector's sender did."""
        named = {} if self.format == "dave" else {"key_id": self.key_id}
        sealed: bytes = self.module.seal(
            self.plaintext, key=self.key, **named, **self.how
        )
        return sealed

    def open(self, sealed: bytes | None = None) -> bytes:
        """Open the vector, or another frame as if it stood in its place."""
        wire = self.sealed if sealed is None else sealed
        keys = {self.key_id: self.key}
        opened: bytes = self.module.open_(wire, keys=keys, **self.asked)
        return opened


def _label(frame: dict[str, Any]) -> dict[str, Any]:
    """Read codec and frame type."""
    return {
        "codec": frame["codec"],
        "key_frame": KEY_FRAME[frame["frame_type"]],
    }


def _sides(session: dict[str, Any]) -> Iterator[tuple[bool, dict[str, Any]]]:
    """Go over what a peer sent and what it took: (is by peer, frame)."""
    for frame in session["peer_encrypts"]:
        yield True, frame
    for frame in session["peer_decrypts"]:
        yield False, frame


def livekit_frames(name: str = "livekit") -> Iterator[Frame]:
    """Give LiveKit's frames, or Element Call's."""
    for session in load(f"{name}/{name}-frames")["sessions"]:
        told, options = session["key"], session["options"]
        for is_by_peer, frame in _sides(session):
            opened = "decrypts_to" if is_by_peer else "peer_output"
            yield Frame(
                name,
                f"{session['name']}-{frame['name']}",
                bytes.fromhex(told["derived_aes_key"]),
                session["key_index"],
                bytes.fromhex(frame["plaintext"]),
                bytes.fromhex(frame["wire"]),
                bytes.fromhex(frame[opened]),
                is_by_peer,
                bytes.fromhex(told["material_hex"]),
                {"iv": bytes.fromhex(frame["iv"])} | _label(frame),
                _label(frame),
                {
                    "kdf": told["kdf"].lower(),
                    "salt": options["ratchetSalt"].encode(),
                    "size": options["keySize"] // 8,
                },
            )


def jitsi_frames() -> Iterator[Frame]:
    """Give Jitsi's frames."""
    for session in load("jitsi/jitsi-frames")["sessions"]:
        for is_by_peer, frame in _sides(session):
            plaintext = bytes.fromhex(frame["plaintext"])
            opened = plaintext if is_by_peer else bytes.fromhex(frame["peer_output"])
            yield Frame(
                "jitsi",
                f"{session['name']}-{frame['name']}",
                bytes.fromhex(session["key"]["aes_key"]),
                session["key_index"],
                plaintext,
                bytes.fromhex(frame["wire"]),
                opened,
                is_by_peer,
                bytes.fromhex(session["key"]["material"]),
                {"iv": bytes.fromhex(frame["iv"])} | _label(frame),
                _label(frame),
            )


def stream_frames() -> Iterator[Frame]:
    """Give GetStream's frames, the three of its specification first."""
    told = load("stream/conformance-vectors")
    own = [
        frame | {"plaintext": frame["input"], "wire": frame["output"]}
        for frame in told["vectors"]
    ]
    sessions = load("stream/getstream-frames")["sessions"]
    specified = told | {"name": "spec", "peer_encrypts": own, "peer_decrypts": []}
    for session in [specified, *sessions]:
        for is_by_peer, frame in _sides(session):
            plaintext, sealed = (
                bytes.fromhex(frame[part]) for part in ("plaintext", "wire")
            )
            # What the peer took says only on the wire under which IV.
            claim = stream.read(sealed)
            if is_by_peer:
                assert claim.prefix.hex() == session["iv_prefix"]
            yield Frame(
                "stream",
                f"{session['name']}-{frame['name']}",
                bytes.fromhex(session["key"]),
                session["key_index"],
                plaintext,
                sealed,
                bytes.fromhex(frame.get("peer_output", frame["plaintext"])),
                is_by_peer,
                bytes.fromhex(session["key"]),
                {"iv": stream.make_iv(claim.prefix, claim.counter)} | _label(frame),
            )


def sframe_frames() -> Iterator[Frame]:
    """Give SFrame's official full vectors, suites 1 to 8."""
    found = load("sframe/rfc9605-test-vectors")["sframe"]
    found += load("sframe/aes256-ctr-hmac-test-vectors")["sframe_aes_256_ctr_hmac"]
    for one in found:
        how = {"suite": one["cipher_suite"], "aad": bytes.fromhex(one["metadata"])}
        plaintext = bytes.fromhex(one["pt"])
        yield Frame(
            "sframe",
            f"suite{one['cipher_suite']}",
            bytes.fromhex(one["sframe_key"] + one["sframe_salt"]),
            one["kid"],
            plaintext,
            bytes.fromhex(one["ct"]),
            plaintext,
            is_by_peer=True,
            material=bytes.fromhex(one["base_key"]),
            how=how | {"counter": one["ctr"]},
            asked=how,
            derived_with={"key_id": one["kid"], "suite": one["cipher_suite"]},
        )


def dave_frames() -> Iterator[Frame]:
    """Give the frames that davey sealed; silence is not among them."""
    told = load("dave/dave-frames")
    for frame in told["peer_encrypts"]:
        if "nonce" not in frame:
            continue
        yield Frame(
            "dave",
            frame["name"],
            bytes.fromhex(told["sender_davey"]["generation0_key"]),
            frame["generation"],
            bytes.fromhex(frame["plaintext"]),
            bytes.fromhex(frame["wire"]),
            bytes.fromhex(frame["decrypts_to"]),
            is_by_peer=True,
            material=bytes.fromhex(told["sender_davey"]["base_secret"]),
            how={"codec": frame["codec"], "counter": frame["nonce"]},
        )


def all_frames() -> list[Frame]:
    """Give every frame that can be sealed and opened by itself."""
    return [
        *sframe_frames(),
        *livekit_frames(),
        *livekit_frames("element-call"),
        *jitsi_frames(),
        *stream_frames(),
        *dave_frames(),
    ]
