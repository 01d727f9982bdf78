"""The budget of bytes in flight."""

import pytest

from graven.errors import Busy
from graven.server.limits import Budget


def test_what_does_not_fit_is_refused_and_takes_nothing() -> None:
    budget = Budget(200)
    with budget.reserve("a", 100), budget.reserve("b", 60):
        with pytest.raises(Busy):
            budget.reserve("c", 41)
        assert (budget.used, budget.refused) == (160, 1)
        with budget.reserve("c", 40):
            assert budget.used == 200


def test_one_owner_gets_at_most_half_and_the_rest_stays_for_others() -> None:
    budget = Budget(200)
    with budget.reserve("slow", 60), budget.reserve("slow", 40):
        with pytest.raises(Busy):
            budget.reserve("slow", 1)
        with budget.reserve("other", 100):
            assert budget.used == 200
    assert budget.held_by == {}


def test_everything_is_given_back_at_the_end_of_the_block() -> None:
    budget = Budget(200)
    with pytest.raises(Busy), budget.reserve("a", 10) as reservation:
        reservation.grow(200)
    assert budget.used == 0


def test_a_refused_growth_keeps_what_was_held() -> None:
    budget = Budget(200)
    with budget.reserve("a", 90) as reservation:
        with pytest.raises(Busy):
            reservation.grow(11)
        assert reservation.held == 90
        reservation.shrink(50)
        assert budget.used == 40


def test_releasing_twice_is_harmless() -> None:
    budget = Budget(200)
    reservation = budget.reserve("a", 10)
    reservation.release()
    reservation.release()
    assert budget.used == 0
