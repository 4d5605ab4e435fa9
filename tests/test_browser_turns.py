"""When examples/browser goes over to a key, and when it asks for a key frame."""

import pytest
from peers.node import driven


@pytest.fixture(scope="module")
def driver():
    """Give the Node process."""
    yield from driven("browser-frames.mjs")


def test_tracks_go_over_to_a_key_when_it_is_time(driver):
    """At a key frame or the time limit; at once where somebody is shut out."""

    def play(*story):
        told, _ = driver.ask("turns", story=story)
        return [
            had
            for (what, *_), had in zip(story, told["had"], strict=True)
            if what == "frame"
        ]

    frame = "frame"
    assert play((frame, "v", True, 0)) == [None]
    first = ("use", "A", "now", 0)
    begun = [first, (frame, "v", False, 0)]
    later = ("use", "B", "key_frame", 100)
    assert play(*begun, later, (frame, "v", False, 1), (frame, "v", True, 2)) == [
        "A",
        "A",
        "B",
    ]
    assert play(*begun, later, (frame, "v", False, 99), (frame, "v", False, 100)) == [
        "A",
        "A",
        "B",
    ]
    # Each track by itself, and one that begins takes the newest.
    assert play(*begun, later, (frame, "a", False, 1), (frame, "v", False, 1)) == [
        "A",
        "B",
        "A",
    ]
    # A key that is skipped hands on its limit.
    skip = [later, (frame, "v", False, 1), ("use", "C", "key_frame", 900)]
    assert play(*begun, *skip, (frame, "v", False, 101))[-1] == "C"
    # One that shuts somebody out is not waited with, even if another comes after it.
    urgent = [("use", "B", "now", 0), ("use", "C", "key_frame", 900)]
    assert play(*begun, *urgent, (frame, "v", False, 1))[-1] == "C"
    # And the limits of keys that are in use are over.
    next_ = [later, (frame, "v", True, 1), ("use", "C", "key_frame", 900)]
    assert play(*begun, *next_, (frame, "v", False, 200))[-1] == "B"
    assert play(*begun, ("stop",), (frame, "v", True, 1)) == ["A", None]


def test_key_frames_are_asked_for_soon_and_never_in_a_storm(driver):
    """At once, then after 0.5, 1, 2, 4, 8, 8 s; soon again once frames open."""
    times = list(range(0, 40_000, 20))
    told, _ = driver.ask("pace", times=times, relaxed=[])
    assert told["granted"] == [0, 500, 1500, 3500, 7500, 15500, 23500, 31500, 39500]
    told, _ = driver.ask("pace", times=times, relaxed=[8000])
    assert told["granted"][:6] == [0, 500, 1500, 3500, 7500, 8000]
