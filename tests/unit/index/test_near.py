"""Near names are found, in bounded time whatever the names are."""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.run_events import case, feed_all

from graven.errors import NotFound
from graven.index.near import LONGEST, MOST, near_names
from graven.qa import FindTest, TestHistory


def test_the_nearest_name_comes_first() -> None:
    assert near_names("nightly-13", ["nightly-12", "release-1", "nightly-1"], cutoff=0.4)[0] == "nightly-1"


def test_the_nearest_of_many_is_found() -> None:
    known = [f"run-{number:04}" for number in range(MOST)]
    assert near_names("run-0777x", known, cutoff=0.4)[0] == "run-0777"


def test_nothing_is_near_to_what_is_like_none() -> None:
    assert near_names("zzz", ["nightly-12"], cutoff=0.4) == []


def test_only_the_newest_names_are_looked_at() -> None:
    known = ["first", *(f"run-{number}" for number in range(MOST))]
    assert near_names("first", known, cutoff=0.4) == []
    assert near_names("first", known[:MOST], cutoff=0.4) == ["first"]


def test_a_name_that_is_too_long_is_not_offered() -> None:
    assert near_names("n" * 300, ["n" * (LONGEST + 1), "n" * LONGEST], cutoff=0.4) == ["n" * LONGEST]


def test_many_long_names_take_no_time() -> None:
    rng = random.Random(1)
    known = ["".join(rng.choices("ab", k=LONGEST - 1)) for _ in range(MOST)]
    known += ["".join(rng.choices("ab", k=6_500)) for _ in range(300)]
    began = time.process_time()
    near_names("".join(rng.choices("ab", k=6_500)), known, cutoff=0.4)
    near_names("".join(rng.choices("ab", k=LONGEST - 1)), known, cutoff=0.4)
    assert time.process_time() - began < 5  # minutes, with every name whole


@pytest.mark.parametrize(
    "fail",
    [
        lambda asked, events: feed_all(TestHistory(asked), events).appearances(),
        lambda asked, events: feed_all(FindTest(asked), events).result(),
        lambda asked, events: feed_all(FindTest("x", asked), events).result(),
    ],
    ids=["history", "test", "run"],
)
def test_a_name_that_nobody_has_is_refused_in_bounded_time(fail: Callable[[str, list[Any]], object]) -> None:
    rng = random.Random(1)
    letters = [chr(0x4E00 + number) for number in range(150)]  # of fewer, difflib takes none for a long name
    names = ["".join(rng.choices(letters, k=4_000)) for _ in range(80)]
    asked, events = names[0] + "x", [case(name, name) for name in names]
    began = time.process_time()
    with pytest.raises(NotFound):
        fail(asked, events)
    assert time.process_time() - began < 2
