"""What several answers have in common."""

from types import SimpleNamespace

import pytest

from graven.errors import NotFound, Unavailable
from graven.index.process.answering import METHODS
from graven.index.process.bodies import index_asked
from graven.index.process.exporting import STREAMED
from graven.index.process.messages import Call

BEHIND = SimpleNamespace(index=SimpleNamespace(size=4), committed=7)
"""A log of seven entries, four of them indexed."""


def call(index):
    return Call(1, "view", "shop", {"index": str(index)})


def test_an_entry_that_is_indexed_is_asked_about():
    assert index_asked(BEHIND, call(3)) == 3


def quiet():
    """Nobody is in a hurry."""


@pytest.mark.parametrize(
    "asked",
    [
        lambda log: METHODS["view"](log, call(5), quiet),
        lambda log: METHODS["around"](log, call(5), quiet),
        lambda log: STREAMED["value"](log, call(5), 0, quiet),
    ],
)
def test_an_entry_that_is_not_indexed_yet_is_there_in_a_moment(asked):
    with pytest.raises(Unavailable) as caught:
        asked(BEHIND)
    assert (caught.value.code, caught.value.hint) == ("index_away", "ask again in a moment")


def test_an_entry_that_there_is_not_is_not_waited_for():
    with pytest.raises(NotFound) as caught:
        index_asked(BEHIND, call(7))
    assert (caught.value.code, caught.value.why) == ("entry_not_found", "its size is 7")
