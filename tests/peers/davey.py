"""A DAVE call of two davey members and us, in one process.

davey is the peer: Alice seals and opens, Bob only listens, as a judge of what
Alice sealed. We are the third member, so that we know everybody's keys.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from peers.mls import ExternalSender, Member

ALICE, BOB, OURS = 1158497100000000001, 2158497100000000002, 3158497100000000003
CHANNEL = 927310423890473011
VERSION = 1
LABEL = "Discord Secure Frames v0"
BASE_LEN = 16
CODECS = ("opus", "vp8", "vp9", "h264", "h265", "av1")


class Call:
    """One group in its first epoch: fresh keys, counters and windows."""

    def __init__(self) -> None:
        """Let Alice make the group and add Bob and us."""
        # Only here: where davey is not installed the tests are skipped.
        davey = import_module("davey")
        self._davey = davey
        self.alice = davey.DaveSession(VERSION, ALICE, CHANNEL)
        self.bob = davey.DaveSession(VERSION, BOB, CHANNEL)
        ours = Member(OURS.to_bytes(8, "big"))
        server = ExternalSender(CHANNEL.to_bytes(8, "big"))
        for session in (self.alice, self.bob):
            session.set_external_sender(server.describe())
        self.alice.get_serialized_key_package()
        packages = [self.bob.get_serialized_key_package(), ours.package]
        made = self.alice.process_proposals(
            davey.ProposalsOperationType.append, server.propose(packages)
        )
        self.alice.process_commit(made.commit)
        self.bob.process_welcome(made.welcome)
        ours.join(made.welcome)
        # A wrong step above would show here, not as frames that fail to open.
        assert ours.authenticator() == self.alice.get_epoch_authenticator()
        assert ours.authenticator() == self.bob.get_epoch_authenticator()
        self._ours = ours

    def base_secret(self, user: int) -> bytes:
        """Give a member's base secret; DAVE writes the user little-endian."""
        return self._ours.export(LABEL, user.to_bytes(8, "little"), BASE_LEN)

    def seal(self, codec: str, frame: bytes) -> bytes:
        """Have Alice seal a frame."""
        kind = getattr(self._davey.Codec, codec)
        return bytes(self.alice.encrypt(self._media(codec), kind, frame))

    def open(
        self, codec: str, sealed: bytes, sender: int = OURS, *, by_bob: bool = False
    ) -> bytes | None:
        """Have Alice, or Bob, open a frame; None if it is refused."""
        session = self.bob if by_bob else self.alice
        try:
            return bytes(session.decrypt(sender, self._media(codec), sealed))
        except ValueError:  # all that davey's frame layer raises
            return None

    def _media(self, codec: str) -> Any:
        kinds = self._davey.MediaType
        return kinds.audio if codec == "opus" else kinds.video
