"""Private keys are wiped: another process looks for them in ours."""

import textwrap
from pathlib import Path

import pytest
from test_wiping import search_twice

from fastframe.keys import Identity

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/mem").exists(), reason="no /proc/<pid>/mem here"
)

PASSWORD = b"correct horse"
# Never has the private keys but out of the file, so that no copy is its own.
CHILD = textwrap.dedent("""
    import gc, os
    from fastframe.keys import Identity

    def hold():
        print("", flush=True)
        os.read(0, 1)

    pem = os.read(0, int.from_bytes(os.read(0, 2), "big"))
    identity = Identity.from_pem(pem, b"correct horse")
    identity.sign(b"message", purpose="test")
    hold()
    {let_go}
    hold()
""")


def private_keys(identity):
    """Give the private keys of an identity as they stand in memory."""
    kem_key, signing_key = identity._keys
    numbers = [signing_key.private_numbers().private_value]
    if identity.kem == "P-256":
        numbers.append(kem_key.for_hpke.private_numbers().private_value)
        halves = []
    else:
        seed_and_scalar = kem_key.private_bytes()
        halves = [seed_and_scalar[:32], seed_and_scalar[32:64], seed_and_scalar[64:]]
    # OpenSSL keeps the numbers of P-256 in words of the machine's own order.
    return [
        *(number.to_bytes(32, "little") for number in numbers),
        *(number.to_bytes(32, "big") for number in numbers),
        *halves,
    ]


@pytest.mark.parametrize("kem", ["P-256", "hybrid"])
@pytest.mark.parametrize("let_go", ["identity.close()", "del identity; gc.collect()"])
def test_no_copy_of_a_private_key_stays_in_memory(kem, let_go):
    """Core dumps and swap outlive rooms; who closes an identity is rid of it."""
    identity = Identity.generate(kem=kem)
    pem = identity.to_pem(PASSWORD)
    sent = len(pem).to_bytes(2, "big") + pem
    secrets = private_keys(identity)
    alive, gone = search_twice(CHILD.format(let_go=let_go), sent, secrets)
    # While in use they must be found, or the search itself is blind.
    assert alive[0] >= 1
    assert sum(alive) >= 2
    assert gone == [0] * len(secrets)
