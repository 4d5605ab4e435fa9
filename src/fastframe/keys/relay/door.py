"""The door: challenge, hello, token, proof. Who passes is who it says."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from fastframe.keys.errors import BadSignature, InvalidPublicKey
from fastframe.keys.protocol import (
    NONCE_LEN,
    PROOF_PURPOSE,
    VERSION,
    Errors,
    Hello,
    ProtocolError,
    decode,
    encode,
    proof_input,
    read_hello,
)
from fastframe.keys.relay.log import say
from fastframe.keys.signing import verify
from fastframe.keys.tasks import run_within

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

Admit = Callable[[str, "str | None"], bool]


def _is_admitted(admit: Admit, hello: Hello) -> bool:
    """Ask the operator's hook; one that fails lets nobody in, and is logged.

    A coroutine is true whatever it would come to say, so it is a failure.
    """
    answer: object = False
    failure = ""
    try:
        answer = admit(hello.room, hello.token)
        if not isinstance(answer, bool):
            failure = type(answer).__name__
    except Exception as error:  # noqa: BLE001 - whatever the operator's code raises
        failure = type(error).__name__  # and not its words: they may hold the token
    if failure:
        say("admit_failed", logging.ERROR, got=failure)
    return answer is True


async def greet(
    connection: ServerConnection, admit: Admit | None, patience: float
) -> Hello:
    """Let whoever connected say and prove who it is.

    Without the proof anybody could take a member's place under its public key:
    read who writes to it, and have it look as if it had left.

    Raises ProtocolError, or ConnectionClosed if it has gone.
    """
    nonce = secrets.token_bytes(NONCE_LEN)
    await connection.send(encode("challenge", version=VERSION, nonce=nonce))
    try:
        frame = await run_within(patience, connection.recv())
    except asyncio.TimeoutError:
        raise ProtocolError(Errors.TIMED_OUT, "no hello came") from None
    hello = read_hello(decode(frame))
    # The token is cheap to check and the signature is not.
    if admit is not None and not _is_admitted(admit, hello):
        raise ProtocolError(Errors.NOT_ADMITTED, "the token does not open this room")
    signed = proof_input(nonce, hello.room, hello.public_key)
    try:
        verify(hello.proof, signed, sender=hello.public_key, purpose=PROOF_PURPOSE)
    except (BadSignature, InvalidPublicKey):
        raise ProtocolError(Errors.NOT_PROVEN, "the proof is not this key's") from None
    return hello
