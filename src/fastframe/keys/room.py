"""Room: who is a member, and which keys each one gets, as a pure state machine.

Nothing in here reads a clock, a socket or a thread: every call takes the time
and gives back what is to be done.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from fastframe import UsageError, UsageTypeError
from fastframe.keys.chain import scheme_of
from fastframe.keys.context import encode_room
from fastframe.keys.errors import KeysError
from fastframe.keys.messages import BadMessage, decode
from fastframe.keys.session import Session, Settings
from fastframe.keys.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from fastframe.keys.actions import Action
    from fastframe.keys.links import Wrapper

Encryption = Literal["required", "off"]
MAX_MEMBERS = 255


def _is_trusted(
    trust: Collection[bytes] | Callable[[bytes], bool], public_key: bytes
) -> bool:
    """Ask the caller, and let nobody in for an answer that is none.

    An `async def` answers with a coroutine, which counts as true whatever it
    would say: everybody would be let in.
    """
    if not callable(trust):
        return public_key in trust
    answer = trust(public_key)
    if not isinstance(answer, bool):
        raise UsageTypeError(
            f"trust must answer True or False, got {type(answer).__name__}"
        )
    return answer


class Room:
    """One member's view of a room.

    Every call takes the time in seconds, of any clock that does not go back,
    and gives the actions to carry out, in their order.

    Args:
        identity: who this member is: an Identity, or what wraps like one.
        room_id: the room's name, 1 to 255 bytes of UTF-8.
        trust: the public keys that may be members, or a function that says so
            of one. The relay's word alone makes nobody a member. To take
            whoever comes, say so: lambda public_key: True. It must answer with
            a bool, there and then; what it raises comes out of the call.
        format: a wire format whose frames name their key: "insertable",
            "sframe", "stream", "livekit", "element-call" or "jitsi".
        suite: as for Sealer.
        encryption: "required", or "off" for a room in the clear. No message
            changes it.
        ratchet_on_join: whether keys move on before a newcomer gets them, so
            that what was sealed before stays closed to it.
        timing: how long to wait for what.
        max_members: how many others may be in the room; more are ignored.

    Raises UsageError for a wrong argument, and from every call in a child that
    os.fork() made of a process that is in the room.
    """

    def __init__(
        self,
        identity: Wrapper,
        room_id: str,
        *,
        trust: Collection[bytes] | Callable[[bytes], bool],
        format: str = "insertable",  # noqa: A002 - the contract's name
        suite: str | int | None = None,
        encryption: Encryption = "required",
        ratchet_on_join: bool = True,
        timing: Timing | None = None,
        max_members: int = MAX_MEMBERS,
    ) -> None:
        """Stay outside: nothing happens before join()."""
        if encryption not in {"required", "off"}:
            raise UsageError(f"encryption is 'required' or 'off', got {encryption!r}")
        encode_room(room_id)
        self.id = room_id
        self.encryption = encryption
        self.format = format
        self.suite = suite
        self.public_key = identity.public_key
        self._refused = 0
        self._settings = Settings(
            wrapper=identity,
            room=room_id,
            trusts=partial(_is_trusted, trust),
            scheme=scheme_of(format, suite),
            ratchets=ratchet_on_join,
            timing=timing or Timing(),
            max_members=max_members,
        )
        self._session: Session | None = None
        self._now = float("-inf")

    # -- what there is --

    @property
    def members(self) -> frozenset[bytes]:
        """The public keys of the others that have proven to be here."""
        session = self._session
        admitted = [] if session is None else session.admitted()
        return frozenset(one.public_key for one in admitted)

    @property
    def generation(self) -> int:
        """The generation of the own key in use; 0 outside the room."""
        return (
            0 if self._session is None else self._session.sending.own.current.generation
        )

    @property
    def messages_refused(self) -> int:
        """How many messages made no sense, were not authentic, or too many."""
        session = self._session
        return self._refused + (0 if session is None else session.refused)

    def holds(self, sender: bytes) -> tuple[int, ...]:
        """Name the generations of a sender's keys that are held, newest first."""
        held = None if self._session is None else self._session.held.get(sender)
        return () if held is None else held.generations()

    def foresee(self, sender: bytes, key_id: int) -> bytearray | None:
        """Give the key that a frame of sender names, if it can be ratcheted to.

        RFC 9605, 5.1: the key id of an "sframe" frame has the ratchet step in
        it, so that a receiver need not wait for a message. Yours to wipe.
        """
        held = None if self._session is None else self._session.held.get(sender)
        return None if held is None else held.foresee(key_id)

    def foresees(self, sender: bytes, key_id: int) -> bool:
        """Whether foresee() would give a key; costs no ratchet step."""
        held = None if self._session is None else self._session.held.get(sender)
        return held is not None and held.steps_to(key_id) > 0

    def check_process(self) -> None:
        """Raise UsageError where this member's keys are another process's."""
        if self._session is not None:
            self._session.process.check()

    # -- what the caller does --

    def join(self, now: float) -> list[Action]:
        """Enter the room: draw a key, use it, and say that one is here."""
        if self._session is not None:
            raise UsageError("this member is in the room")
        self._now = max(self._now, now)
        if self.encryption == "required":
            self._session = Session(self._settings, self._now)
        return self._take()

    def leave(self, now: float) -> list[Action]:
        """Leave the room: say so, and wipe all keys."""
        session = self._enter(now)
        if session is None:
            return []
        self._refused += session.refused
        self._session = None
        session.close()
        return session.actions

    def rotate(self, now: float) -> list[Action]:
        """Take a new key, and use it when all have it, from a key frame on."""
        session = self._enter(now)
        if session is not None:
            session.sending.renew(session.admitted(), session.now)
        return self._take()

    # -- what the relay says --

    def member_joined(self, public_key: bytes, now: float) -> list[Action]:
        """Greet somebody who may have come, if it is trusted."""
        session = self._enter(now)
        if session is not None:
            session.greet(public_key)
        return self._take()

    def member_left(self, public_key: bytes, now: float) -> list[Action]:
        """Shut somebody out who has gone: what is sealed now is closed to it.

        A relay that lies about it costs a rotation and a new handshake. To
        throw somebody out, let trust say no first, or it comes back.
        """
        session = self._enter(now)
        if session is not None:
            session.remove([public_key])
        return self._take()

    def members_are(self, public_keys: Iterable[bytes], now: float) -> list[Action]:
        """Take the relay's list of the others, as after a new connection."""
        session = self._enter(now)
        if session is not None:
            present = set(public_keys)
            session.remove(session.members.keys() - present)
            for public_key in present:
                session.greet(public_key)
        return self._take()

    def receive(self, sender: bytes, message: bytes, now: float) -> list[Action]:
        """Read a message that the relay brought, as from sender.

        Never raises for what is in it.
        """
        session = self._enter(now)
        if session is not None:
            try:
                session.read(sender, decode(message))
            except (BadMessage, KeysError):
                self._refused += 1
        return self._take()

    def tick(self, now: float) -> list[Action]:
        """Let time pass; call it every 100 ms or so."""
        session = self._enter(now)
        if session is not None:
            session.tick()
        return self._take()

    # -- inside --

    def _enter(self, now: float) -> Session | None:
        """Give the session, at a time that never goes back."""
        self.check_process()
        self._now = max(self._now, now)
        if self._session is not None:
            self._session.now = self._now
        return self._session

    def _take(self) -> list[Action]:
        if self._session is None:
            return []
        actions = self._session.actions[:]
        self._session.actions.clear()
        return actions
