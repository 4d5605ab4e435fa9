"""Safety numbers: what people read to each other to know that no one listens.

The relay hands out public keys, so a dishonest one could hand out its own. Who
compares the safety number over another channel (face to face, by voice) knows
that both have the same public keys.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from fastframe import UsageError
from fastframe.keys.context import join_fields
from fastframe.keys.public import check_public_key

if TYPE_CHECKING:
    from collections.abc import Iterable

_LABEL = b"fastframe safety number v1"
DIGITS = 60
GROUP = 5  # as many digits as people keep in mind while they look across
LEAST_MEMBERS = 2


def safety_number(public_keys: Iterable[bytes]) -> str:
    """Give the safety number of two members or of a group.

    Sixty decimal digits in twelve groups of five: SHA-512 over the sorted public
    keys, taken modulo 10^60. It depends on who is a member, not on the order or
    on how often one is named, and changes with every one who comes or goes.

    Sixty digits are 199 bits. A relay that shows a key of its own to either side
    looks for two sets with one number, which takes some 2^100 tries; that holds
    for all digits only: of those who compare the first four groups it takes
    2^33.

    Raises:
        UsageError: fewer than two different members.
        InvalidPublicKey: one of them is no public key.
    """
    members = sorted({bytes(key) for key in public_keys})
    if len(members) < LEAST_MEMBERS:
        raise UsageError("a safety number takes two different public keys or more")
    for member in members:
        check_public_key(member)
    digest = hashlib.sha512(join_fields(_LABEL, *members)).digest()
    # The bias of the modulus is 10^60 / 2^512, below 2^-312.
    digits = f"{int.from_bytes(digest, 'big') % 10**DIGITS:0{DIGITS}}"
    return " ".join(digits[at : at + GROUP] for at in range(0, DIGITS, GROUP))
