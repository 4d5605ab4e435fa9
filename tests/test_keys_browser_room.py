"""A browser and Python programs in one room: key-manager.js among Rooms."""

import pytest
from browser_rooms import Network, Page, Program
from peers.node import driven

from fastframe.keys import Identity


@pytest.fixture(scope="module")
def process():
    """Give the Node process."""
    yield from driven("browser.mjs")


@pytest.fixture
def network():
    """Give a network that loses nothing."""
    return Network()


@pytest.mark.parametrize("is_first", [True, False], ids=["page first", "page last"])
def test_browser_and_programs_hear_each_other(process, network, is_first):
    """Everybody's key reaches everybody, whoever came first."""
    ends = [Program(), Program()]
    ends.insert(0 if is_first else 2, Page(process))
    network.join(*ends)
    network.run()
    network.check_all_hear_all()
    assert [end.refused for end in ends] == [0, 0, 0]


def test_newcomer_gets_no_key_that_has_sealed_anything(process, network):
    """The past stays closed to who joins a room with a browser in it."""
    page, early, late = Page(process), Program(), Program()
    network.join(page, early)
    network.run()
    before = {key for _, key, _ in page.used}
    network.join(late)
    network.run()
    network.check_all_hear_all()
    assert before.isdisjoint(late.opening.values())
    assert page.used[-1][2] == "key_frame"


def test_page_waits_with_a_new_key_until_all_have_it(process, network):
    """A frame must not overtake its key; but one who is silent holds up nobody."""
    page, silent, late = Page(process), Program(), Program()
    network.join(page, silent)
    network.run()
    old = page.sealing
    network.deaf.add(silent)
    network.join(late)
    network.run(0.8)
    assert late.public_key in page.members
    assert page.sealing == old
    network.run(0.5)
    assert page.sealing != old


@pytest.mark.parametrize("way", ["leave", "farewell"])
def test_leaver_gets_no_key_of_afterwards(process, network, way):
    """By the relay's word or its own goodbye, a program that left is shut out."""
    page, stays, leaves = Page(process), Program(), Program()
    network.join(page, stays, leaves)
    network.run()
    getattr(network, way)(leaves)
    network.run()
    network.check_all_hear_all()
    assert not leaves.opens(page)
    assert page.used[-1][2] == "now"


def test_programs_shut_out_a_page_that_leaves(process, network):
    """leave() says goodbye, and the others change their keys for it."""
    page, one, other = Page(process), Program(), Program()
    network.join(page, one, other)
    network.run()
    held = dict(page.opening)
    network.farewell(page)
    network.run()
    network.check_all_hear_all()
    assert page.opening == {}
    for end in (one, other):
        assert end.sealing[1] not in held.values()


def test_page_comes_back(process, network):
    """The same identity, a new link: nothing of the old one is in the way."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run()
    network.farewell(page)
    network.run()
    network.join(page)
    network.run()
    network.check_all_hear_all()


def test_program_comes_back_to_a_page_that_did_not_see_it_go(process, network):
    """A crash: the relay says nothing, and a hello arrives out of the blue."""
    identity = Identity.generate()
    page, program = Page(process), Program(identity)
    network.join(page, program)
    network.run(2)
    for _ in range(12):  # so that its numbers fall far back when it begins anew
        network.rotate(program)
    del network.ends[program.public_key]
    again = Program(identity)
    network.join(again)
    network.run()
    network.check_all_hear_all()
    assert page.sealing[1] not in program.opening.values()
    # What it was before may be in other hands: nothing is to wait for.
    assert page.used[-1][2] == "now"


@pytest.mark.parametrize("seed", range(4))
def test_all_hear_all_although_messages_are_lost_and_come_in_any_order(process, seed):
    """A quarter of all messages lost, the rest shuffled, members coming and going."""
    network = Network(loss=0.25, seed=seed)
    page, leaver = Page(process), Program()
    network.join(page, leaver, Program())
    network.run(3)
    network.join(Program())
    network.run(0.3)
    network.leave(leaver)
    network.run(0.3)
    network.join(Program())
    network.run(30)
    network.check_all_hear_all()
    assert not leaver.opens(page)
    assert len(page.added) == len(set(page.added))


def test_page_follows_a_program_that_ratchets(process, network):
    """A step is announced, not sent: the page takes it from the key it has."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run()
    for _ in range(3):
        network.join(Program())
        network.run(4)
    network.check_all_hear_all()
    steps = [
        m for sender, to, m in network.log if to == page.public_key if b"step" in m
    ]
    assert steps


def test_page_gives_a_stranger_nothing(process, network):
    """The relay's word makes nobody a member."""
    friend, stranger = Program(), Program()
    page = Page(process, trusted=[friend.public_key])
    network.join(page, friend, stranger)
    network.run()
    assert page.members == {friend.public_key}
    assert not stranger.opens(page)
    assert stranger.public_key not in {sender for sender, _ in page.opening}
    to = [receiver for sender, receiver, _ in network.log if sender == page.public_key]
    assert stranger.public_key not in to


def test_page_passes_over_a_member_with_a_kem_it_lacks(process, network):
    """WebCrypto has no ML-KEM: such a member is not heard, and does no harm."""
    page, program = Page(process, maxMembers=1), Program()
    modern = Program(Identity.generate(kem="hybrid"))
    network.join(page, modern, program)
    network.run(3)
    assert page.members == {program.public_key}
    assert page.opens(program)
    assert program.opens(page)
    assert modern.opens(program)


def test_replayed_messages_change_nothing(process, network):
    """A relay plays everything again, twice, to everybody."""
    page, one, other = Page(process), Program(), Program()
    network.join(page, one, other)
    network.run()
    network.leave(other)
    network.run()
    seen = page.sealing, one.sealing
    played = list(network.log) * 2
    for sender, to, message in played:
        for end in (page, one):
            if to in {None, end.public_key} and sender != end.public_key:
                said = len(network.log)
                network.inject(end, sender, message)
                # Only a hello may be answered: it could be a new one's.
                is_authentic = b'"linked"' in message
                assert not is_authentic or len(network.log) == said
    network.run(4)
    assert (page.sealing, one.sealing) == seen
    network.check_all_hear_all()
    assert not other.opens(page)


def test_key_ids_are_high_and_go_round(process, network):
    """The first sealed byte must have its top bit for libwebrtc to show x264's."""
    page, guest = Page(process), Program()
    network.join(page)
    for _ in range(130):
        network.join(guest)
        network.run(0.2)
        network.leave(guest)
        guest = Program()
    ids = [key_id for key_id, _, at in page.used if at == "now"]
    assert len(ids) > 128
    assert min(ids) >= 128
    assert len({key for _, key, _ in page.used}) == len(page.used)


def test_page_takes_no_retired_key_again(process, network):
    """With its replay windows gone, each of its frames would open once more."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run(4)
    network.deaf.add(program)  # so that it says everything again
    network.rotate(program)
    key = program.sealing
    assert page.opens(program)
    network.deaf.add(page)  # a relay keeps back what is said again
    said = len(network.log)
    network.run(4)
    kept = [message for _, to, message in network.log[said:] if b"wrapped" in message]
    network.deaf.clear()
    network.run(2)
    network.rotate(program)
    network.run(10)
    assert key[1] not in page.opening.values()
    taken = len(page.added)
    for message in kept:
        network.inject(page, program.public_key, message)
    assert kept
    assert len(page.added) == taken
    network.check_all_hear_all()
