"""Places: so many for one token, so many for all."""

import pytest

from graven.errors import Busy
from graven.server.access import EVERYTHING, Principal
from graven.server.places import Places

ONE = Principal("t1", "one", frozenset({"reader"}))
TWO = Principal("t2", "two", frozenset({"reader"}))


def made(of_one: int = 2, of_all: int = 3) -> Places:
    return Places("exports", of_one=of_one, of_all=of_all, hint="close one of them")


def test_a_token_gets_no_more_than_its_own() -> None:
    places = made()
    held = [places.take(ONE), places.take(ONE)]
    with pytest.raises(Busy) as refused:
        places.take(ONE)
    assert (refused.value.code, refused.value.hint) == ("too_many_open", "close one of them")
    held.append(places.take(TWO))


def test_all_together_get_no_more_than_there_are() -> None:
    places = made()
    held = [places.take(ONE), places.take(ONE), places.take(TWO)]
    with pytest.raises(Busy) as refused:
        places.take(TWO)
    assert (refused.value.message, len(held)) == ("3 exports are open", 3)


def test_a_place_that_is_given_back_twice_is_one_place() -> None:
    places = made(of_one=1)
    place = places.take(ONE)
    places.give_back(place)
    places.give_back(place)
    held = places.take(ONE)
    with pytest.raises(Busy):
        places.take(ONE)
    assert held is not place


def test_a_place_that_is_forgotten_is_free() -> None:
    places = made(of_one=1)
    place = places.take(ONE)
    del place
    places.take(ONE)


def test_without_authentication_only_the_bound_of_all_holds() -> None:
    places = made()
    held = [places.take(EVERYTHING) for _ in range(3)]
    with pytest.raises(Busy):
        places.take(EVERYTHING)
    assert len(held) == 3
