"""Safety numbers: what people compare to know that no one listens in."""

import hashlib
import itertools
import random

import pytest

import fastframe as ff
from fastframe.keys import Identity, InvalidPublicKey, safety_number

KEYS = [Identity.generate().public_key for _ in range(5)]
KEYS.append(Identity.generate(kem="hybrid").public_key)


def test_number_is_sixty_digits_in_groups_of_five():
    """Short enough to read out, long enough to mean something."""
    groups = safety_number(KEYS[:2]).split(" ")
    assert len(groups) == 12
    assert all(len(group) == 5 and group.isdecimal() for group in groups)


def test_both_sides_see_the_same():
    """Whoever comes first in whose list."""
    for order in itertools.permutations(KEYS[:4]):
        assert safety_number(order) == safety_number(KEYS[:4])
    assert safety_number([*KEYS, KEYS[0]]) == safety_number(iter(KEYS))


def test_every_member_counts():
    """A number that ignored one would let that one be replaced."""
    whole = safety_number(KEYS)
    for key in KEYS:
        rest = [one for one in KEYS if one != key]
        assert safety_number(rest) != whole
        assert safety_number([*rest, Identity.generate().public_key]) != whole


def test_numbers_of_different_pairs_differ():
    """All pairs of a group."""
    numbers = {safety_number(pair) for pair in itertools.combinations(KEYS, 2)}
    assert len(numbers) == 15


def test_number_is_what_the_description_says():
    """A browser must come to the same one."""
    fields = [b"fastframe safety number v1", *sorted(KEYS)]
    joined = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    number = int.from_bytes(hashlib.sha512(joined).digest(), "big") % 10**60
    assert safety_number(KEYS).replace(" ", "") == str(number).zfill(60)


def test_leading_zeroes_are_kept(monkeypatch):
    """One number in ten starts with one, and must not be shorter."""

    class Low:
        def __init__(self, _data):
            pass

        def digest(self):
            return bytes(63) + b"\7"

    monkeypatch.setattr(hashlib, "sha512", Low)
    assert safety_number(KEYS[:2]) == "00000 " * 11 + "00007"


def test_digits_are_spread_evenly():
    """Each digit of the number carries what it can."""
    dice = random.Random(1)
    keys = [Identity.generate().public_key for _ in range(40)]
    digits = "".join(
        safety_number(dice.sample(keys, 3)).replace(" ", "") for _ in range(100)
    )
    for digit in "0123456789":
        assert 480 <= digits.count(digit) <= 720


@pytest.mark.parametrize("members", [[], KEYS[:1], [KEYS[0]] * 3])
def test_one_member_alone_has_no_number(members):
    """It would look like a match and prove nothing."""
    with pytest.raises(ff.UsageError, match="two different"):
        safety_number(members)


def test_number_over_what_is_no_public_key_is_refused():
    """Two sides that got rubbish must not agree on it."""
    with pytest.raises(InvalidPublicKey):
        safety_number([KEYS[0], b"rubbish"])
