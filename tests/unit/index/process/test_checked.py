"""Which sealed segment is looked at when."""

import pytest

from graven.index.process.checked import AGAIN_S, PAUSE_S, Checked


class Segment:
    def __init__(self, wrong=""):
        self.wrong = wrong
        self.looks = 0

    def check(self):
        self.looks += 1
        return self.wrong


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def checked(now):
    return Checked(lambda: now[0])


def test_the_newest_is_looked_at_first_and_the_next_after_a_pause(checked, now) -> None:
    old, new = segments = [Segment(), Segment()]
    checked.look(lambda: segments)
    checked.look(lambda: segments)
    assert (old.looks, new.looks) == (0, 1)
    now[0] += PAUSE_S
    checked.look(lambda: segments)
    assert (old.looks, new.looks) == (1, 1)


def test_after_a_day_it_is_looked_at_again(checked, now) -> None:
    segments = [Segment()]
    for _ in range(3):
        checked.look(lambda: segments)
        now[0] += AGAIN_S / 2
    assert segments[0].looks == 2


def test_what_is_suspected_is_looked_at_soon(checked, now) -> None:
    segments = [Segment()]
    checked.look(lambda: segments)
    checked.suspect()
    now[0] += PAUSE_S
    checked.look(lambda: segments)
    assert segments[0].looks == 2


def test_what_is_wrong_is_said(checked) -> None:
    segments = [Segment("a bit is lost")]
    assert checked.look(lambda: segments) == "a bit is lost"


def test_of_one_that_was_replaced_meanwhile_nothing_is_said(checked) -> None:
    sealed = iter([[Segment("its files are gone")], []])
    assert checked.look(lambda: next(sealed)) == ""
