"""SFrame keyed by MLS groups of a real MLS library: epochs, members, KIDs."""

import pickle

import pytest
from peers.mls_group import Client

import fastframe as ff
from fastframe.keys import MlsKeys
from fastframe.sframe import mls_base_key, mls_kid

SUITE = 4  # AES_128_GCM_SHA256_128
KEY_LEN = 16
LAYOUT = {"epoch_bits": 4, "sender_bits": 6}
LABEL = "SFrame 1.0 Base Key"


class Seat:
    """A client of an MLS group with its SFrame keys, sealer and opener."""

    def __init__(self, name, **options):
        """Draw the client's keys; it is in no group yet."""
        self.client = Client(name)
        self.keys = MlsKeys(SUITE, **(LAYOUT | options))
        self.opener = self.sealer = None

    def enter(self, seats):
        """Follow the group into its epoch, of which these are the members."""
        base_key = mls_base_key(self.client.exporter_secret, suite=SUITE)
        leaves = [seat.client.leaf for seat in seats]
        self.keys.enter(self.client.epoch, base_key, members=leaves)
        if self.opener is None:
            self.opener = self.keys.opener()
            self.sealer = self.keys.sealer(self.client.leaf)
        else:
            self.keys.follow(self.opener)
            self.keys.rotate(self.sealer, self.client.leaf)


class Group:
    """An MLS group that its founder leads from epoch to epoch."""

    def __init__(self, *names, **options):
        """Found a group and add all others."""
        self.options = options
        self.welcome = None
        founder = Seat(names[0], **options)
        founder.client.found()
        self.seats = [founder]
        self._enter()
        for name in names[1:]:
            self.add(name)

    def add(self, name):
        """Add a member, in an epoch of its own."""
        joiner = Seat(name, **self.options)
        founder, *others = (seat.client for seat in self.seats)
        self.welcome = founder.add(joiner.client, others)
        self.seats.append(joiner)
        self._enter()
        return joiner

    def remove(self, seat):
        """Remove a member, in an epoch of its own."""
        self.seats.remove(seat)
        founder, *others = (seat.client for seat in self.seats)
        founder.remove(seat.client.leaf, others)
        self._enter()

    def _enter(self):
        for seat in self.seats:
            seat.enter(self.seats)

    def check_all_hear_all(self):
        """Seal one frame at each seat and open it at all seats."""
        for seat in self.seats:
            frame = b"from leaf %d" % seat.client.leaf
            sealed = seat.sealer.seal(frame)
            assert [other.opener.open(sealed) for other in self.seats] == (
                [frame] * len(self.seats)
            )


def status_of(opener, sealed):
    """Give what becomes of a frame, as a status's name."""
    return ff.Status(opener.open_batch([sealed]).status[0]).name


# -- a group that changes --


def test_base_key_is_what_rfc_9420_exports():
    """An exporter of our own, written from the RFC, exports the same key."""
    group = Group(b"a")
    watcher = Client(b"b")
    welcome = group.seats[0].client.add(watcher)
    watcher.member.join(welcome.serialize())
    base_key = mls_base_key(watcher.exporter_secret, suite=SUITE)
    assert base_key == watcher.member.export(LABEL, b"", KEY_LEN)


@pytest.mark.parametrize(
    "changes",
    [(1, "+", 2, "+", 2, "+", 2), ("+", "+", 4, 3, 2, "+", "+")],
    ids=["take turns", "shrink and grow"],
)
def test_all_members_open_what_each_seals_in_every_epoch(changes):
    """Members come and go, epochs turn over, and nobody is left behind."""
    group = Group(b"a", b"b", b"c")
    for count, change in enumerate(changes):
        if change == "+":
            group.add(b"joiner %d" % count)
        else:
            group.remove(group.seats[change])
        group.check_all_hear_all()
    assert group.seats[0].client.epoch == 2 + len(changes)
    leaves = [seat.client.leaf for seat in group.seats]
    assert len(set(leaves)) == len(leaves)


def test_removed_member_opens_nothing_of_the_next_epoch():
    """Who left must not read the future, whichever KID it tries."""
    group = Group(b"a", b"b", b"c")
    gone = group.seats[1]
    group.remove(gone)
    sealed = group.seats[0].sealer.seal(b"without b")
    assert status_of(gone.opener, sealed) == "UNKNOWN_KEY"
    kid = ff.inspect("sframe", sealed, suite=SUITE).key_id
    old_key = mls_base_key(gone.client.exporter_secret, suite=SUITE)
    guess = ff.Opener("sframe", {kid: old_key}, suite=SUITE)
    assert status_of(guess, sealed) == "AUTH_FAILED"


def test_newcomer_opens_nothing_of_the_epoch_before():
    """Who joins must not read the past."""
    group = Group(b"a", b"b")
    sealed = group.seats[0].sealer.seal(b"before c")
    newcomer = group.add(b"c")
    assert status_of(newcomer.opener, sealed) == "UNKNOWN_KEY"


def test_frames_under_way_at_a_change_still_open():
    """A frame of the epoch before arrives late, and in the call nobody hears it."""
    group = Group(b"a", b"b")
    sealed = group.seats[0].sealer.seal(b"under way")
    group.add(b"c")
    assert group.seats[1].opener.open(sealed) == b"under way"


def test_removed_member_is_not_heard_after_retire():
    """Until then it can still seal under the epoch it knows."""
    group = Group(b"a", b"b", b"c")
    gone = group.seats[1]
    group.remove(gone)
    listener = group.seats[0]
    assert status_of(listener.opener, gone.sealer.seal(b"late")) == "OK"
    listener.keys.retire()
    listener.keys.follow(listener.opener)
    assert status_of(listener.opener, gone.sealer.seal(b"too late")) == "UNKNOWN_KEY"


def test_opener_knows_no_kid_of_an_empty_leaf():
    """A KID that no member has must not have a key."""
    group = Group(b"a", b"b", b"c")
    group.remove(group.seats[1])
    group.seats[0].keys.retire()
    group.seats[0].keys.follow(group.seats[0].opener)
    epoch = group.seats[0].client.epoch
    expected = {mls_kid(epoch, leaf, **LAYOUT) for leaf in (0, 2)}
    assert set(group.seats[0].opener.keys) == expected


def test_wrapped_epoch_number_takes_the_place_of_the_old_one():
    """With two bits, epoch 4 has the KIDs of epoch 0 and keys of its own."""
    group = Group(b"a", b"b", epoch_bits=2, past_epochs=3)
    early = group.seats[0].sealer.seal(b"epoch 1")
    for name in (b"c", b"d", b"e", b"f"):
        group.add(name)
    assert group.seats[0].client.epoch == 5
    assert len(group.seats[1].opener.keys) == 3 + 4 + 5 + 6
    assert status_of(group.seats[1].opener, early) == "AUTH_FAILED"
    group.check_all_hear_all()


# -- one end alone --


def base_key(fill):
    """Make a base key that is told from others."""
    return bytearray([fill]) * KEY_LEN


def entered(epoch=0, members=(0, 1), **options):
    """Make keys in an epoch."""
    keys = MlsKeys(SUITE, **(LAYOUT | options))
    keys.enter(epoch, base_key(epoch + 1), members=members)
    return keys


def test_kid_is_context_then_leaf_then_epoch():
    """The layout of RFC 9605, 5.2, bit by bit."""
    keys = entered(0x13, members=[5], contexts=3)
    sealed = keys.sealer(5, context=2).seal(b"frame")
    expected = 2 << 10 | 5 << 4 | 0x13 % 16
    assert ff.inspect("sframe", sealed, suite=SUITE).key_id == expected


def test_two_sealers_of_a_member_need_two_contexts():
    """One KID counted by two sealers would repeat nonces."""
    keys = entered(contexts=2)
    opener = keys.opener()
    camera, screen = keys.sealer(0), keys.sealer(0, context=1)
    assert opener.open(camera.seal(b"camera")) == b"camera"
    assert opener.open(screen.seal(b"screen")) == b"screen"
    with pytest.raises(ff.UsageError, match="key"):
        keys.sealer(0)


def test_follow_keeps_replay_windows_of_epochs_that_stay():
    """An epoch's frames must not open again because another epoch came."""
    keys = entered()
    opener = keys.opener()
    sealed = keys.sealer(0).seal(b"once")
    assert opener.open(sealed) == b"once"
    keys.enter(1, base_key(9), members=[0, 1])
    keys.follow(opener)
    assert status_of(opener, sealed) == "REPLAYED"


@pytest.mark.parametrize("past", [0, 1, 3])
def test_holds_as_many_past_epochs_as_asked(past):
    """No more, or a removed member could seal for ever."""
    keys = entered(past_epochs=past)
    opener, sealer = keys.opener(), keys.sealer(0)
    sealed = [sealer.seal(b"0")]
    for epoch in range(1, 6):
        keys.enter(epoch, base_key(epoch + 1), members=[0])
        keys.rotate(sealer, 0)
        sealed.append(sealer.seal(b"%d" % epoch))
    keys.follow(opener)
    ok = [status_of(opener, frame) == "OK" for frame in sealed]
    assert ok == [False] * (5 - past) + [True] * (past + 1)


def test_epoch_whose_number_comes_round_is_dropped():
    """Its KIDs are the new epoch's now, for members that may not be in it."""
    keys = entered(0, members=[0, 1], past_epochs=3)
    keys.enter(15, base_key(2), members=[0])
    assert len(keys.opener().keys) == 3
    keys.enter(16, base_key(3), members=[0])
    expected = {mls_kid(epoch, 0, **LAYOUT) for epoch in (15, 16)}
    assert set(keys.opener().keys) == expected


def test_epochs_never_go_back():
    """An old commit, played again, must not bring back an old key."""
    keys = entered(3)
    for epoch in (3, 2):
        with pytest.raises(ff.UsageError, match="above 3"):
            keys.enter(epoch, base_key(1), members=[0])
    assert keys.epoch == 3


@pytest.mark.parametrize(
    "call",
    [
        lambda: entered(members=[64]),
        lambda: entered(past_epochs=16),
        lambda: entered(epoch_bits=60, contexts=2, sender_bits=4),
        lambda: entered().enter(1, b"short", members=[0]),
        lambda: entered().sealer(2),
        lambda: entered().sealer(0, context=1),
        lambda: MlsKeys(SUITE, **LAYOUT).sealer(0),
        lambda: MlsKeys("AES-128-GCM-x", **LAYOUT),
        lambda: mls_base_key(bytes(31), suite=SUITE),
        lambda: mls_base_key(bytes(32), suite=SUITE, mls_hash="SHA-384"),
    ],
)
def test_wrong_calls_are_refused(call):
    """A layout that overflows, or a stranger's leaf, is the caller's mistake."""
    with pytest.raises(ff.UsageError):
        call()


def test_base_key_is_as_long_as_the_suites_key():
    """RFC 9605 exports Nk bytes, which count the HMAC key in."""
    lengths = {s: len(mls_base_key(bytes(32), suite=s)) for s in range(1, 9)}
    expected = {1: 48, 2: 48, 3: 48, 4: 16, 5: 32, 6: 96, 7: 96, 8: 96}
    assert lengths == expected


def test_keys_are_wiped_and_never_shown():
    """Neither repr nor pickle has a key; close() and retire() leave zeroes."""
    keys = entered()
    keys.enter(1, base_key(7), members=[0])
    held = [entry.base_key for entry in keys._epochs]
    assert repr(keys) == "<MlsKeys epochs [0, 1]>"
    with pytest.raises(ff.UsageTypeError):
        pickle.dumps(keys)
    keys.retire()
    assert held == [bytes(KEY_LEN), base_key(7)]
    keys.close()
    assert held == [bytes(KEY_LEN)] * 2


def test_key_of_an_epoch_seals_once_alone():
    """Closed or not, the first sealer has used the nonces from 0 on."""
    keys = entered(contexts=2)
    first = keys.sealer(0)
    first.seal(b"frame")
    first.close()
    with pytest.raises(ff.UsageError, match="before"):
        keys.sealer(0)
    assert keys.sealer(0, context=1).seal(b"frame")
    assert keys.sealer(0, ssrc=7).seal(b"frame")
    assert ff.inspect("sframe", keys.sealer(0, counter=9).seal(b"frame")).counter == 9
    keys.enter(1, base_key(8), members=[0, 1])
    assert keys.sealer(0).seal(b"frame")


def test_rotated_sealer_counts_as_the_keys_one():
    """Nor may a new sealer begin where a rotated one was."""
    keys = entered(contexts=2)
    sealer, other = keys.sealer(0), keys.sealer(0, context=1)
    keys.enter(1, base_key(8), members=[0, 1])
    keys.rotate(sealer, 0)
    sealer.close()
    with pytest.raises(ff.UsageError, match="before"):
        keys.sealer(0)
    with pytest.raises(ff.UsageError, match="before"):
        keys.rotate(other, 0)
    keys.rotate(other, 0, context=1)
    assert other.seal(b"frame")
