"""Wrapped content keys: what they are bound to, and what a relay can do."""

import dataclasses
import itertools

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from peers.hpke import hpke_open

import fastframe as ff
from fastframe.keys import Context, Identity, InvalidPublicKey, UnwrapFailed
from fastframe.keys.context import join_fields
from fastframe.keys.signing import sign_fields
from fastframe.keys.wrapping import wrap_for

KEY = bytes(range(16))
ALICE, BOB, EVE = (Identity.generate() for _ in range(3))
HYBRID = Identity.generate(kem="hybrid")
CONTEXT = Context(room="room", sender=ALICE.public_key, key_id=3, generation=7)


def wrapped_for(recipient, context=CONTEXT, key=KEY):
    """Wrap a key as Alice."""
    [(public_key, wrapped)] = ALICE.wrap(
        key, to=[recipient.public_key], context=context
    ).items()
    assert public_key == recipient.public_key
    return wrapped


def check_refused(recipient, wrapped, context=CONTEXT, sender=None):
    """Check that a wrapped key does not open."""
    sender = context.sender if sender is None else sender
    with pytest.raises(UnwrapFailed) as caught:
        recipient.unwrap(wrapped, sender=sender, context=context)
    assert KEY.hex() not in str(caught.value)


# -- what works --


@pytest.mark.parametrize("recipient", [BOB, HYBRID], ids=lambda one: one.kem)
@pytest.mark.parametrize("size", [1, 16, 32, 64, 255])
def test_recipient_unwraps_what_the_sender_wrapped(recipient, size):
    """The whole purpose, for keys of every size a format has."""
    key = bytes(range(size))
    wrapped = wrapped_for(recipient, key=key)
    unwrapped = recipient.unwrap(wrapped, sender=ALICE.public_key, context=CONTEXT)
    assert unwrapped == key
    assert type(unwrapped) is bytearray


def test_members_with_different_kems_share_a_room():
    """Old and new clients meet: each is wrapped for with its own KEM."""
    members = [BOB, EVE, HYBRID]
    to = [member.public_key for member in members]
    context = dataclasses.replace(CONTEXT, sender=HYBRID.public_key)
    wrapped = HYBRID.wrap(bytearray(KEY), to=iter(to), context=context)
    assert list(wrapped) == to
    for member in members:
        one = wrapped[member.public_key]
        unwrapped = member.unwrap(one, sender=HYBRID.public_key, context=context)
        assert unwrapped == KEY


@pytest.mark.parametrize(("recipient", "size"), [(BOB, 164), (HYBRID, 1219)])
def test_wrapped_key_has_the_stated_size(recipient, size):
    """The relay's limits are set by it."""
    assert len(wrapped_for(recipient)) == size


def test_wrapped_key_is_what_the_description_says():
    """Another implementation, from the description alone, must open it."""
    wrapped = wrapped_for(BOB)
    version, kem, signature = wrapped[:1], wrapped[1:3], wrapped[3:67]
    enc, ciphertext = wrapped[67:132], wrapped[132:]
    binding = join_fields(
        b"fastframe wrapped key",
        version,
        kem,
        BOB.public_key,
        b"room",
        ALICE.public_key,
        (3).to_bytes(8, "big"),
        (7).to_bytes(8, "big"),
    )
    assert hpke_open(BOB._keys[0].for_hpke, enc, binding, ciphertext) == KEY
    label = b"fastframe signature v1"
    signed = join_fields(label, b"wrapped key", binding, enc + ciphertext)
    halves = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    ALICE._keys[1].public_key().verify(
        encode_dss_signature(*halves), signed, ec.ECDSA(SHA256())
    )


def test_no_two_wraps_of_a_key_are_alike():
    """A relay must not see that two members got, or one member again got, a key."""
    wrapped = [wrapped_for(BOB) for _ in range(20)]
    for part in (slice(3, 67), slice(67, 132), slice(132, 164)):
        assert len({one[part] for one in wrapped}) == len(wrapped)


# -- what a relay tries --


@pytest.mark.parametrize(
    "change",
    [
        {"room": "room2"},
        {"room": "roo"},
        {"key_id": 4},
        {"generation": 8},
        {"key_id": 7, "generation": 3},
    ],
    ids=str,
)
@pytest.mark.parametrize("recipient", [BOB, HYBRID], ids=lambda one: one.kem)
def test_wrapped_key_opens_in_its_context_only(recipient, change):
    """Replayed in another room, under another id, or as a newer generation."""
    check_refused(recipient, wrapped_for(recipient), context_with(change))


def context_with(change):
    """Give the context with fields changed."""
    return dataclasses.replace(CONTEXT, **change)


@pytest.mark.parametrize("recipient", [ALICE, EVE, HYBRID], ids=str)
def test_wrapped_key_opens_for_its_recipient_only(recipient):
    """Redirected to another member, or reflected to its sender."""
    check_refused(recipient, wrapped_for(BOB))


def test_wrapped_key_is_its_senders_only():
    """Bob must not take Alice's key for Eve's."""
    wrapped = wrapped_for(BOB)
    check_refused(BOB, wrapped, context_with({"sender": EVE.public_key}))
    check_refused(BOB, wrapped, sender=EVE.public_key)
    check_refused(BOB, wrapped, context_with({"sender": b"nobody"}))


def test_wrapped_key_cannot_be_taken_over():
    """Alice's signature cut off, and Eve's put in its place."""
    wrapped = wrapped_for(BOB)
    as_eve = context_with({"sender": EVE.public_key})
    binding = join_fields(
        b"fastframe wrapped key",
        wrapped[:1],
        wrapped[1:3],
        BOB.public_key,
        *as_eve.encode(),
    )
    signature = sign_fields(EVE._keys[1], "wrapped key", binding, wrapped[67:])
    check_refused(BOB, wrapped[:3] + signature + wrapped[67:], as_eve)


def test_relay_cannot_wrap_a_key_of_its_own():
    """Anyone can encrypt to a public key; only the sender can sign for it."""
    forged = wrap_for(BOB.public_key, KEY, CONTEXT, EVE._keys[1])
    check_refused(BOB, forged)


def test_thief_of_a_members_key_cannot_pass_for_others_towards_it():
    """Key-compromise impersonation, which HPKE's auth mode would allow.

    With all of Bob's private keys, and Alice's public ones, the best there is
    to sign with are Bob's.
    """
    forged = wrap_for(BOB.public_key, KEY, CONTEXT, BOB._keys[1])
    check_refused(BOB, forged)


def test_signature_of_another_kind_is_none_for_a_wrapped_key():
    """Whatever else members sign must not be of use here."""
    wrapped = wrapped_for(BOB)
    binding = join_fields(
        b"fastframe wrapped key",
        wrapped[:1],
        wrapped[1:3],
        BOB.public_key,
        *CONTEXT.encode(),
    )
    signature = sign_fields(ALICE._keys[1], "hello", binding, wrapped[67:])
    check_refused(BOB, wrapped[:3] + signature + wrapped[67:])


@pytest.mark.parametrize("recipient", [BOB, HYBRID], ids=lambda one: one.kem)
def test_every_changed_byte_is_noticed(recipient):
    """Version, KEM, signature, enc, ciphertext and tag alike."""
    wrapped = wrapped_for(recipient)
    step = 1 if recipient is BOB else 7
    for at in range(0, len(wrapped), step):
        changed = bytearray(wrapped)
        changed[at] ^= 1 << at % 8
        check_refused(recipient, bytes(changed))


def test_every_cut_is_noticed():
    """Half a message must not be half a key."""
    wrapped = wrapped_for(BOB)
    for size in range(len(wrapped)):
        check_refused(BOB, wrapped[:size])
    check_refused(BOB, wrapped + b"\0")


@given(st.binary(max_size=400))
def test_no_bytes_from_a_relay_raise_anything_else(data):
    """unwrap() is called with whatever came."""
    check_refused(BOB, data)
    check_refused(BOB, b"\1\0\x10" + data)


@pytest.mark.parametrize("member", [BOB, HYBRID], ids=lambda one: one.kem)
@pytest.mark.parametrize(
    "spoil", ["noise", "infinity", "off the curve", "empty", "huge"]
)
def test_hostile_member_can_send_no_more_than_a_bad_key(member, spoil):
    """A member signs what it likes: the KEM then sees it."""
    enc_len = {"P-256": 65, "hybrid": 1120}[member.kem]
    sealed = {
        "noise": b"\4" + b"\x5a" * (enc_len + 31),
        "infinity": bytes(enc_len + 32),
        "off the curve": b"\4" + bytes(enc_len - 1) + bytes(32),
        "empty": bytes(enc_len + 16),
        "huge": bytes(enc_len + 300),
    }[spoil]
    version = wrapped_for(member)[:3]
    binding = join_fields(
        b"fastframe wrapped key",
        version[:1],
        version[1:],
        member.public_key,
        *CONTEXT.encode(),
    )
    signature = sign_fields(ALICE._keys[1], "wrapped key", binding, sealed)
    check_refused(member, version + signature + sealed)


@pytest.mark.parametrize("size", [0, 256, 10_000])
def test_hostile_member_cannot_wrap_what_is_no_key(size):
    """Signed and sealed as it should be, but of a size that no key has."""
    wrapped = wrap_for(BOB.public_key, bytes(size), CONTEXT, ALICE._keys[1])
    check_refused(BOB, wrapped)


# -- what callers get wrong --


def test_sender_wraps_in_its_own_name_only():
    """A context with someone else as sender would never unwrap."""
    with pytest.raises(ff.UsageError, match="this identity"):
        EVE.wrap(KEY, to=[BOB.public_key], context=CONTEXT)


@pytest.mark.parametrize("key", [b"", bytes(256)])
def test_content_key_must_have_a_size_that_is_one(key):
    """An empty key, or a file taken for one."""
    with pytest.raises(ff.UsageError, match="1 to 255"):
        ALICE.wrap(key, to=[BOB.public_key], context=CONTEXT)


def test_bad_public_key_among_the_recipients_is_named_and_nothing_is_given():
    """Better no key out than some out and an exception."""
    with pytest.raises(InvalidPublicKey):
        ALICE.wrap(KEY, to=[BOB.public_key, b"bogus"], context=CONTEXT)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("room", ""),
        ("room", "x" * 256),
        ("room", "é" * 128),
        ("room", "\ud800"),
        ("room", b"room"),
        ("sender", "alice"),
        ("key_id", -1),
        ("key_id", 2**64),
        ("key_id", True),
        ("key_id", 1.0),
        ("generation", -1),
        ("generation", 2**64),
    ],
)
def test_context_refuses_what_it_could_not_encode(field, value):
    """It is built from what people type, before any key is touched."""
    with pytest.raises(ff.UsageError, match=field):
        context_with({field: value})


# -- the encoding --

CONTEXTS = st.builds(
    Context,
    room=st.text("ab\0", min_size=1, max_size=4),
    sender=st.binary(max_size=4),
    key_id=st.integers(0, 3),
    generation=st.integers(0, 3),
)


@given(CONTEXTS, CONTEXTS)
def test_two_contexts_have_one_encoding_only_if_they_are_one(first, second):
    """Otherwise a key could be moved between them."""
    alike = join_fields(*first.encode()) == join_fields(*second.encode())
    assert alike == (first == second)


@given(st.lists(st.binary(max_size=6), max_size=4))
def test_joined_fields_can_be_told_apart_again(fields):
    """The bytes mean one thing, however the fields are cut."""
    data, found = join_fields(*fields), []
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        found.append(data[4:end])
        data = data[end:]
    assert found == fields


def test_fields_that_run_together_are_different():
    """The classic: "ab", "c" and "a", "bc"."""
    cuts = [(b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""), (b"", b"abc")]
    for one, other in itertools.combinations(cuts, 2):
        assert join_fields(*one) != join_fields(*other)
